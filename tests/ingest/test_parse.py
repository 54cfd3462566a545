from __future__ import annotations

import io
import json
import os
import warnings
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.errors import Unavailable
from media_tracker.ingest.clean import clean_html
from media_tracker.ingest.identity import duplicated_guids, identity_key
from media_tracker.ingest.parse import MAX_ENTRIES, NotAFeed, ParsedFeed, absolute_link, parse_feed

GOLDEN = Path(__file__).parent / "golden"
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2022, 12, 31, tzinfo=UTC)


def parse(body: bytes, content_type: str | None = "application/xml", encoding: str | None = None) -> ParsedFeed:
    return parse_feed(
        body,
        content_type=content_type,
        url="http://feed.example/rss.xml",
        zone=ZONE,
        now=NOW,
        encoding=encoding,
    )


def rss(items: str, head: str = "<title>t</title>") -> str:
    return f"<rss version='2.0'><channel>{head}{items}</channel></rss>"


def outcome(body: bytes) -> dict[str, Any]:
    """What a golden file expects, as JSON: the feed, or the sentence that says why there is none."""
    try:
        feed = parse(body)
    except NotAFeed as error:
        return {"error": str(error)}
    result: dict[str, Any] = json.loads(json.dumps(asdict(feed), default=datetime.isoformat))
    return result


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.xml")), ids=lambda path: path.stem)
def test_a_sample_feed_gives_what_lies_beside_it(path: Path) -> None:
    expected = json.loads(path.with_suffix(".expected.json").read_text("utf-8"))
    assert outcome(path.read_bytes()) == expected


def test_a_script_in_every_field_leaves_no_markup() -> None:
    (entry,) = parse((GOLDEN / "script_everywhere.xml").read_bytes()).entries
    for text in (entry.title, entry.author, entry.column, entry.summary):
        assert "<" not in text
        assert "alert" not in text
    assert entry.link is None
    assert entry.image is None
    assert clean_html(entry.html, entry.base) == "<p>正文</p><a>链接</a>".replace(
        "<a>", '<a rel="noopener noreferrer nofollow">'
    )


def test_the_failure_is_one_that_a_person_can_be_told() -> None:
    with pytest.raises(Unavailable, match="web page, not a feed"):
        parse((GOLDEN / "web_page.xml").read_bytes())


@pytest.mark.parametrize(
    "encoding", ["utf-8", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"]
)
@pytest.mark.parametrize("declared", ["right", "wrong", "missing"])
def test_chinese_is_read_in_every_encoding_it_comes_in(encoding: str, declared: str) -> None:
    title = "垃圾桶满了，环卫工人前来清运"
    name = {"right": encoding.removesuffix("-sig"), "wrong": "utf-8", "missing": ""}[declared]
    head = f"<?xml version='1.0' encoding='{name}'?>" if name else ""
    assert parse((head + rss("", f"<title>{title}</title>")).encode(encoding)).title == title


def test_big5_is_read_where_it_is_declared() -> None:
    # Undeclared, nothing tells it from GB 18030: its bytes are valid there too.
    body = "<?xml version='1.0' encoding='Big5'?>" + rss("", "<title>垃圾桶滿了</title>")
    assert parse(body.encode("big5")).title == "垃圾桶滿了"


@pytest.mark.parametrize(
    ("declared", "content_type", "encoding", "said"),
    [
        ("gb2312", None, "gb18030", False),
        ("GBK", None, "gb18030", False),
        (None, "text/xml; charset=gb2312", "gb18030", False),
        (None, 'text/xml; charset="GBK"', "gb18030", False),
        ("utf-8", "text/xml; charset=utf-8", "gb18030", True),
        ("iso-8859-1", None, "utf-8", True),
        ("gb2312", "text/xml", "utf-8", True),
        ("no-such-encoding", None, "utf-8", True),
        ("utf-7", None, "gb18030", True),
        ("rot13", None, "utf-8", True),
    ],
)
def test_a_wrong_declaration_is_overruled_and_said(
    declared: str | None, content_type: str | None, encoding: str, said: bool
) -> None:
    head = f"<?xml version='1.0' encoding='{declared}'?>" if declared else ""
    feed = parse((head + rss("", "<title>曝光台：朱镕</title>")).encode(encoding), content_type)
    assert feed.title == "曝光台：朱镕"
    assert any("says that its encoding is" in warning for warning in feed.warnings) is said


def test_an_editor_overrules_every_declaration() -> None:
    body = ("<?xml version='1.0' encoding='gb2312'?>" + rss("", "<title>環衛</title>")).encode("big5")
    assert parse(body, encoding="big5").title == "環衛"


def test_ascii_is_what_it_was_declared_to_be() -> None:
    body = "<?xml version='1.0' encoding='gb2312'?>" + rss("", "<title>plain</title>")
    assert parse(body.encode()).warnings == ()


def test_control_characters_and_nul_are_removed_and_said() -> None:
    feed = parse(rss("<item><title>a\x00b\x08c&#x9;d</title><guid>1\x00</guid></item>").encode())
    assert (feed.entries[0].title, feed.entries[0].guid) == ("abc d", "1")
    assert feed.warnings == ("Control characters were removed.",)


def test_at_most_two_thousand_entries_are_taken_and_the_rest_counted() -> None:
    feed = parse(rss("<item><guid>1</guid><title>x</title></item>" * (MAX_ENTRIES + 3)).encode())
    assert len(feed.entries) == MAX_ENTRIES
    assert feed.warnings == ("3 entries beyond the first 2000 were left out.",)


def test_a_title_is_one_line_of_at_most_five_hundred_characters() -> None:
    feed = parse(rss(f"<item><title>{'长' * 100_000}\n标题</title></item>").encode())
    assert len(feed.entries[0].title) == 500
    assert feed.entries[0].title.endswith("长…")


def test_an_entry_without_a_title_is_called_by_its_first_words() -> None:
    feed = parse(rss("<item><description>&lt;p&gt;井盖&lt;b&gt;破损&lt;/b&gt;&lt;/p&gt;</description></item>").encode())
    assert feed.entries[0].title == "井盖破损"


def test_the_fullest_of_content_and_summary_is_taken() -> None:
    feed = parse(
        rss(
            "<item><title>x</title><description>一段相当长的摘要，其实就是全文。</description>"
            "<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'>"
            "&lt;img src='http://a.example/a-long-address-but-no-text.png'&gt;</content:encoded></item>"
        ).encode()
    )
    assert feed.entries[0].html == "一段相当长的摘要，其实就是全文。"
    assert feed.entries[0].image == "http://a.example/a-long-address-but-no-text.png"


def test_a_declared_entity_is_read() -> None:
    body = '<!DOCTYPE rss [\n<!ENTITY place "示例社区">\n]>\n' + rss("<item><title>&place;</title></item>")
    assert parse(body.encode()).entries[0].title == "示例社区"


@pytest.mark.parametrize(
    "declaration",
    [
        '\n<!ENTITY a "' + "x" * 100_000 + '">\n',
        '\n<!ENTITY a "<b>' + "x" * 100_000 + '</b>">\n',
        '\n<!ENTITY z "xxxxxxxxxx">\n'
        + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">\n' for a, b in zip("zyxwvuts", "yxwvutsa", strict=True)),
    ],
    ids=["quadratic", "with an element", "billion laughs"],
)
def test_an_entity_bomb_does_not_go_off(declaration: str) -> None:
    body = f"<!DOCTYPE rss [{declaration}]>\n" + rss(f"<item><title>{'&a;' * 20_000}</title></item>")
    feed = parse(body.encode())
    assert len(feed.entries[0].title) <= 500
    assert feed.warnings


def test_a_guid_of_absurd_length_is_kept_as_its_digest() -> None:
    feed = parse(rss(f"<item><guid isPermaLink='false'>{'x' * 5000}</guid></item>").encode())
    assert feed.entries[0].guid is not None
    assert feed.entries[0].guid.startswith("sha256:")


def test_a_document_is_never_taken_for_a_path(tmp_path: Path) -> None:
    hidden = tmp_path / "secret.xml"
    hidden.write_text(rss("<item><title>secret</title></item>"))
    with pytest.raises(NotAFeed):
        parse(str(hidden).encode())
    with pytest.raises(NotAFeed):
        parse(hidden.as_uri().encode())


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("http://a.example/x", "http://a.example/x"),
        (" /x y\n", "http://feed.example/x%20y"),
        ("//b.example/x", "http://b.example/x"),
        ("?page=2", "http://feed.example/dir/?page=2"),
        ("javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:text/html,x", None),
        ("ftp://a.example/", None),
        ("http://", None),
        ("http://[::1", None),
        ("", None),
        ("http://a.example/" + "x" * 2048, None),
    ],
)
def test_only_web_links_are_kept(link: str, expected: str | None) -> None:
    assert absolute_link(link, "http://feed.example/dir/") == expected


@given(st.binary(max_size=400))
def test_any_bytes_give_a_feed_or_a_sentence(noise: bytes) -> None:
    for body in (
        noise,
        rss("<item><title>x</title></item>").encode() + noise,
        b"<rss><channel><item>" + noise,
    ):
        try:
            feed = parse(body, content_type=None)
        except NotAFeed:
            continue
        duplicated = duplicated_guids(feed.entries)
        for entry in feed.entries:
            assert len(identity_key(entry, duplicated)) == 64
            assert "\x00" not in entry.title + entry.html + entry.author


@given(st.data())
def test_a_feed_with_a_hole_in_it_gives_a_feed_or_a_sentence(data: st.DataObject) -> None:
    body = (GOLDEN / "rss20.xml").read_bytes()
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 200)))
    try:
        feed = parse(body[:start] + data.draw(st.binary(max_size=8)) + body[end:])
    except NotAFeed:
        return
    assert len(feed.entries) <= 4


def real_feeds() -> list[Path]:
    """Our samples, and, where the developer names a folder of them, feeds whose licences keep them out of this tree."""
    folder = os.environ.get("MEDIA_TRACKER_TEST_DATA")
    elsewhere = [p for end in ("xml", "rss", "atom") for p in Path(folder).rglob(f"*.{end}")] if folder else []
    return sorted([*GOLDEN.glob("*.xml"), *elsewhere])


CUT_IN_AN_ENTRY = {  # feedparser keeps the half entry, we wait for the whole one
    "truncated.xml": 1,
    "truncated_early.xml": 0,
    "rss_incomplete_cdata.xml": 0,
}


@pytest.mark.parametrize("path", real_feeds(), ids=lambda path: path.name)
def test_as_many_entries_are_read_as_feedparser_finds(path: Path) -> None:
    body = path.read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = len(feedparser.parse(io.BytesIO(body)).entries)
    try:
        ours = len(parse(body).entries)
    except NotAFeed:
        ours = 0
    assert ours == CUT_IN_AN_ENTRY.get(path.name, theirs)
