from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from media_tracker.ingest.clean import clean_html
from media_tracker.ingest.entries import MAX_ENTRIES, NotAFeed, ParsedFeed, absolute_link
from media_tracker.ingest.parse import parse_feed

GOLDEN = Path(__file__).parent / "golden"
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2022, 12, 31, tzinfo=UTC)


def parse(body: bytes) -> ParsedFeed:
    return parse_feed(body, content_type="application/xml", url="http://feed.example/rss.xml", zone=ZONE, now=NOW)


def rss(items: str, head: str = "<title>t</title>") -> str:
    return f"<rss version='2.0'><channel>{head}{items}</channel></rss>"


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


@pytest.mark.parametrize(
    ("head", "minutes"),
    [
        ("<ttl> 60 </ttl>", 60),
        ("<ttl>60</ttl><sy:updatePeriod>daily</sy:updatePeriod>", 60),
        ("<ttl>soon</ttl><sy:updatePeriod>daily</sy:updatePeriod>", 24 * 60),
        ("<sy:updatePeriod>Hourly</sy:updatePeriod>", 60),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 6 * 60),
        ("<sy:updatePeriod>weekly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", None),
        ("<sy:updateFrequency>4</sy:updateFrequency>", None),
        ("<sy:updatePeriod>often</sy:updatePeriod>", None),
        ("<ttl>0</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>1e3</ttl>", None),
        ("<ttl>999999</ttl>", None),
        (f"<ttl>{'9' * 5_000}</ttl>", None),
        ("", None),
    ],
)
def test_how_long_a_feed_stays_as_it_is(head: str, minutes: int | None) -> None:
    namespace = "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'"
    feed = parse(f"<rss version='2.0' {namespace}><channel><title>t</title>{head}</channel></rss>".encode())
    assert feed.ttl == (None if minutes is None else timedelta(minutes=minutes))


def test_a_hub_and_the_address_that_it_knows_the_feed_by() -> None:
    head = "<link rel='hub' href='javascript:x'/><link rel='HUB' href='https://hub.example/'/>"
    own = "<link rel='self' href='/atom.xml'/><link rel='hub' href='https://second.example/'/>"
    feed = parse(f"<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title>{head}{own}</feed>".encode())
    assert (feed.hub, feed.topic) == ("https://hub.example/", "http://feed.example/atom.xml")
