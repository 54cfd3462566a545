from __future__ import annotations

import io
import json
import os
import pickle
import warnings
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tracker.errors import InvalidInput, Unavailable
from media_tracker.ingest.entries import NotAFeed, ParsedFeed
from media_tracker.ingest.identity import duplicated_guids, identity_key
from media_tracker.ingest.list_page import PageRules
from media_tracker.ingest.read import WebPage, read_document
from tests.bounded import bounded

GOLDEN = Path(__file__).parent / "golden"
SAMPLES = sorted(
    path
    for ending in ("xml", "rss", "atom", "json", "html")
    for path in GOLDEN.glob(f"*.{ending}")
    if not path.name.endswith(".expected.json")
)
RULES = {"list_page": PageRules("ul.news > li", date=".date", summary="p")}
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2022, 12, 31, 4, 0, 30, tzinfo=UTC)


def read(body: bytes, content_type: str | None = None, rules: PageRules | None = None) -> ParsedFeed:
    url = "http://feed.example/rss.xml"
    return read_document(body, content_type=content_type, url=url, zone=ZONE, now=NOW, rules=rules)


def plain(value: object) -> str:
    """What JSON has no word for."""
    if isinstance(value, timedelta):
        return str(value)
    assert isinstance(value, datetime)
    return value.isoformat()


def outcome(path: Path) -> dict[str, Any]:
    """What a golden file expects, as JSON: the feed, or the sentence that says why there is none."""
    try:
        feed = read(path.read_bytes(), rules=RULES.get(path.stem))
    except NotAFeed as error:
        return {"error": str(error)}
    result: dict[str, Any] = json.loads(json.dumps(asdict(feed), default=plain))
    return result


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_gives_what_lies_beside_it(path: Path) -> None:
    assert outcome(path) == json.loads(path.with_suffix(".expected.json").read_text("utf-8"))


def test_every_format_has_a_sample() -> None:
    assert {
        *("rss091", "rss092", "rss10", "rss20", "atom03", "atom10", "cdf"),
        *("jsonfeed10", "jsonfeed11", "list_page"),
    } <= {path.stem for path in SAMPLES}


@pytest.mark.parametrize("content_type", ["text/html", "application/octet-stream", "image/png", None])
def test_what_a_document_is_its_content_says(content_type: str | None) -> None:
    assert read((GOLDEN / "rss20.xml").read_bytes(), content_type).title == "示例晨报 & 民生"
    assert read((GOLDEN / "jsonfeed11.json").read_bytes(), content_type).title == "示例县融媒中心"


def test_a_web_page_is_told_with_the_feeds_that_it_offers() -> None:
    body = (
        "<!doctype html><title>报</title><link rel='alternate' type='application/atom+xml' href='/atom.xml'>".encode()
    )

    with pytest.raises(WebPage, match=r"The feed that it names is http://feed\.example/atom\.xml\.") as caught:
        read(body)

    assert [feed.url for feed in caught.value.feeds] == ["http://feed.example/atom.xml"]
    with pytest.raises(Unavailable, match="it names none"):
        read(b"<html><body>nothing here</body></html>")


def test_the_error_passes_from_one_process_to_another() -> None:
    with pytest.raises(WebPage) as caught:
        read(b"<html><a href='/rss.xml?2'>RSS</a></html>")

    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes

    assert (str(copy), copy.feeds) == (str(caught.value), caught.value.feeds)


def test_a_web_page_with_a_feed_pasted_into_it_is_read() -> None:
    body = b"<html><!-- by our firewall --></html>" + (GOLDEN / "rss20.xml").read_bytes().partition(b"?>")[2]

    assert len(read(body).entries) == 3


def test_wrong_selectors_of_a_feed_are_said() -> None:
    with pytest.raises(InvalidInput, match="li >> a is not a CSS selector"):
        read((GOLDEN / "list_page.html").read_bytes(), rules=PageRules("li >> a"))
    with pytest.raises(NotAFeed, match=r"The selector \.nothing matches nothing on this page\."):
        read((GOLDEN / "list_page.html").read_bytes(), rules=PageRules(".nothing"))


def holds(feed: ParsedFeed) -> None:
    """What is true of every feed that could be read."""
    assert len(feed.entries) <= 2_000
    assert len(feed.title) <= 500
    duplicated = duplicated_guids(feed.entries)
    for entry in feed.entries:
        assert len(identity_key(entry, duplicated)) == 64
        assert "\x00" not in entry.title + entry.html + entry.author + (entry.guid or "")
        assert all(link is None or link.startswith(("http://", "https://")) for link in (entry.link, entry.image))
        assert entry.published is None or 1990 <= entry.published.year <= 2023


def readable(body: bytes, content_type: str | None = None, rules: PageRules | None = None) -> bool:
    """``body`` gives a feed that holds what feeds promise, or a sentence that a person can be told, and soon."""
    with bounded():
        try:
            holds(read(body, content_type, rules))
        except NotAFeed as error:
            return bool(str(error))
    return True


@given(st.binary(max_size=400))
def test_any_bytes_give_a_feed_or_a_sentence(noise: bytes) -> None:
    assert readable(noise)
    assert readable(b"<rss><channel><item>" + noise)
    assert readable(b'{"items": [{"id": "' + noise)
    assert readable(b"<html><ul><li><a href='" + noise, rules=PageRules("li"))


BODIES = {path.name: path.read_bytes() for path in SAMPLES}
ENCODINGS = ("gb18030", "big5hkscs", "utf-16", "utf-16-be", "utf-32-le", "utf-7", "latin-1", "cp037")


@st.composite
def mutated(draw: st.DrawFn) -> tuple[bytes, str | None, PageRules | None]:
    """A sample that something has happened to, a content type, and the rules of a page."""
    name = draw(st.sampled_from(sorted(BODIES)))
    body = bytearray(BODIES[name])
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 200)))
        match draw(st.sampled_from(["flip", "cut", "insert", "repeat", "break off", "transcode"])):
            case "flip":
                body[start:end] = bytes(byte ^ draw(st.integers(1, 255)) for byte in body[start : min(end, start + 4)])
            case "cut":
                del body[start:end]
            case "insert":
                body[start:start] = draw(st.one_of(st.binary(max_size=20), st.text(max_size=10).map(str.encode)))
            case "repeat":
                body[start:start] = body[start:end] * draw(st.integers(1, 20))
            case "break off":
                del body[start:]
            case _:
                encoding = draw(st.sampled_from(ENCODINGS))
                body = bytearray(body.decode("utf-8", "replace").encode(encoding, "replace"))
    content_type = draw(st.sampled_from([None, "text/xml; charset=gb2312", "text/html; charset=utf-16", "charset=x"]))
    return bytes(body), content_type, RULES.get(name.partition(".")[0])


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_a_mutated_document_gives_a_feed_or_a_sentence(case: tuple[bytes, str | None, PageRules | None]) -> None:
    assert readable(*case)


@pytest.mark.parametrize(
    "body",
    [
        b"<a " + b" ".join(b"b%d=1" % number for number in range(200_000)) + b">",
        b"<html>" + b"<div>" * 500_000,
        b"<html>" + b"<p>x" * 300_000,
        b"<html><ul>" + b"<li><a href=1>x</a>" * 100_000,
        b"<html><title>" + b"x" * 10_000_000,
        b"<rss " + b" ".join(b"b%d='>'" % number for number in range(100_000)) + b"><channel/></rss>",
        b"<rss version='2.0'><channel><item " + b" ".join(b"b%d" % number for number in range(100_000)) + b"/>",
        b"<rss version='2.0'><channel><item>" + b"<link>http://a.example/</link>" * 600_000,
        b"<rss version='2.0'><channel>" + b"<item>" * 100_000,
        b"<rss version='2.0'><channel><item><title>" + b"<b>" * 50_000,
        b"<rss version='2.0'><channel><item><title>" + b"x" * 10_000_000,
        b"[" * 1_000_000,
        b'{"items":' * 200_000,
        b'{"items": [' + b"{}," * 3_000_000 + b"{}]}",
        b'{"items": [{"id": ' + b"9" * 1_000_000 + b"}]}",
        b'{"items": [{"title": "' + b"\\u4e00" * 1_000_000 + b'"}]}',
        b"\xff\xfe" * 1_000_000,
        b"\x00" * 1_000_000,
    ],
    ids=[
        *("many attributes", "a deep page", "a flat page", "many items", "a long page title"),
        *(
            "many attributes of a feed",
            "many words in a tag",
            "many links",
            "nested items",
            "a deep title",
            "a long title",
        ),
        *("deep lists", "deep objects", "many objects", "a long number", "a long JSON title", "only marks", "only NUL"),
    ],
)
def test_a_hostile_document_is_done_with_soon(body: bytes) -> None:
    assert readable(body)
    assert readable(body, rules=PageRules("li, p, div", link="*", title="div div div", date="p:nth-child(2n)"))


def real_documents() -> list[Path]:
    """Our samples, and, where the developer names a folder of them, feeds whose licences keep them out of this tree."""
    folder = os.environ.get("MEDIA_TRACKER_TEST_DATA")
    endings = ("xml", "rss", "atom", "json", "html")
    elsewhere = [path for end in endings for path in Path(folder).rglob(f"*.{end}")] if folder else []
    return sorted([*SAMPLES, *elsewhere])


NOT_AS_FEEDPARSER = {
    # It keeps the entry that the document breaks off in; we wait for the whole one.
    "truncated.xml": 1,
    "truncated_early.xml": 0,
    "rss_incomplete_cdata.xml": 0,
    # JSON Feed is no format of this version of it.
    "jsonfeed10.json": 2,
    "jsonfeed11.json": 2,
    "example.json": 2,
}


@pytest.mark.parametrize("path", real_documents(), ids=lambda path: path.name)
def test_as_many_entries_are_read_as_feedparser_finds(path: Path) -> None:
    body = path.read_bytes()
    try:
        feed = read(body)
    except NotAFeed:
        ours = 0
    else:
        ours = len(feed.entries)
        holds(feed)
    theirs = NOT_AS_FEEDPARSER.get(path.name)
    if theirs is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = len(feedparser.parse(io.BytesIO(body)).entries)
    assert ours == theirs
