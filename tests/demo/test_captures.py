"""The sample captures are whole, invented, recent, and served as an outlet would serve them."""

from __future__ import annotations

import asyncio
import calendar
import csv
import io
import json
import re
import socket
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import feedparser
import pytest
from defusedxml import ElementTree

from media_tracker.demo.captures import DEFAULT_PORT, CaptureServer, load_captures
from media_tracker.demo.dates import render
from media_tracker.errors import Conflict, InvalidInput, NotFound

FEEDS = Path(__file__).resolve().parents[2] / "feeds"
CAPTURES = FEEDS / "captures"
ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 3, 29)

REAL_OUTLETS = (
    "鲁中晨报",
    "鲁中网",
    "齐鲁晚报",
    "大众日报",
    "大众网",
    "海报新闻",
    "速豹",
    "山东商报",
    "经济导报",
    "闪电新闻",
    "淄博日报",
    "淄博晚报",
    "掌中淄博",
    "淄博市广播电视台",
    "天桥融媒",
    "活力天桥",
    "高新融媒",
    "爱淄博",
    "人民日报",
    "新华社",
    "央视",
    "澎湃",
    "今日头条",
)


@dataclass(frozen=True)
class Story:
    feed: str
    guid: str
    title: str
    text: str
    published: datetime
    link: str


@dataclass(frozen=True)
class Samples:
    stories: dict[str, Story]
    labels: list[dict[str, Any]]
    outlets: dict[str, str] = field(default_factory=dict)
    """Feed slug → name of its outlet."""


def published_of(entry: Any) -> datetime:
    parsed = entry.get("published_parsed") or entry["updated_parsed"]
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC)


def parse(body: bytes) -> Any:
    return feedparser.parse(io.BytesIO(body), sanitize_html=False)


def read_labels() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CAPTURES / "labels.jsonl").read_text("utf-8").splitlines()]


def read_opml_feeds() -> list[dict[str, str]]:
    root = ElementTree.fromstring((FEEDS / "partners.opml").read_bytes())
    return [dict(outline.attrib) for outline in root.iter("outline") if "xmlUrl" in outline.attrib]


def slug_of(url: str) -> str:
    return url.rpartition("/")[2].partition(".")[0]


@pytest.fixture(scope="module")
def samples() -> Samples:
    stories: dict[str, Story] = {}
    for slug, capture in load_captures(CAPTURES, TODAY, ZONE).items():
        for entry in parse(capture.body).entries:
            text = entry["content"][0]["value"] if "content" in entry else entry["summary"]
            assert entry["id"] not in stories, f"{entry['id']} is used twice"
            stories[entry["id"]] = Story(slug, entry["id"], entry["title"], text, published_of(entry), entry["link"])
    outlets = {slug_of(outline["xmlUrl"]): outline["outlet"] for outline in read_opml_feeds()}
    return Samples(stories, read_labels(), outlets)


@pytest.mark.parametrize("path", sorted(CAPTURES.glob("*.xml")), ids=lambda path: path.name)
def test_every_capture_is_a_feed_without_a_flaw_and_without_a_token(path: Path) -> None:
    capture = load_captures(CAPTURES, TODAY, ZONE)[path.name.partition(".")[0]]
    parsed = parse(capture.body)
    # A declared GB2312 is read as GB18030: feedparser says so and goes on, it is the one override that is meant.
    assert not parsed.bozo or isinstance(parsed.bozo_exception, feedparser.CharacterEncodingOverride)
    assert parsed.entries
    assert b"@{" not in capture.body


def test_all_formats_and_both_encodings_are_there() -> None:
    captures = load_captures(CAPTURES, TODAY, ZONE)
    versions = Counter(parse(capture.body).version for capture in captures.values())
    assert versions["rss20"] >= 6
    assert versions["atom10"] >= 2
    assert versions["rss10"] == 1
    gb = captures["qiyuan-daily"].body
    assert b'encoding="GB2312"' in gb
    assert "谭一垚" in gb.decode("gb18030")  # a character that GB2312 lacks
    with pytest.raises(UnicodeDecodeError):
        gb.decode("gb2312")


def test_at_least_150_stories_come_from_nine_outlets(samples: Samples) -> None:
    assert len(samples.stories) >= 150
    assert {story.feed for story in samples.stories.values()} == set(samples.outlets)
    assert len(set(samples.outlets.values())) == 9
    assert max(Counter(samples.outlets.values()).values()) >= 2


@pytest.mark.parametrize("today", [TODAY, date(2028, 1, 2), date(2024, 2, 29)])
def test_every_story_is_of_the_last_eighty_days(today: date) -> None:
    for capture in load_captures(CAPTURES, today, ZONE).values():
        for entry in parse(capture.body).entries:
            day = published_of(entry).astimezone(ZONE).date()
            assert today - timedelta(days=80) <= day <= today


def test_some_stories_are_of_today_so_that_the_queue_looks_alive(samples: Samples) -> None:
    ages = [(TODAY - story.published.astimezone(ZONE).date()).days for story in samples.stories.values()]
    assert ages.count(0) >= 3
    assert sum(age <= 3 for age in ages) >= 15


def test_every_story_has_one_label_and_every_label_its_story(samples: Samples) -> None:
    assert sorted(label["guid"] for label in samples.labels) == sorted(samples.stories)
    for label in samples.labels:
        story = samples.stories[label["guid"]]
        assert story.feed == label["feed"]
        assert samples.outlets[label["feed"]] == label["outlet"]


def test_a_follow_up_follows_an_earlier_exposure_of_the_same_problem(samples: Samples) -> None:
    by_guid = {label["guid"]: label for label in samples.labels}
    follow_ups = [label for label in samples.labels if label["kind"] == "follow_up"]
    assert len(follow_ups) >= 30
    for label in follow_ups:
        exposure = by_guid[label["follows"]]
        assert exposure["kind"] == "exposure"
        assert exposure["problem"] == label["problem"]
        assert samples.stories[exposure["guid"]].published < samples.stories[label["guid"]].published


def test_stories_of_one_deed_praise_the_same_person(samples: Samples) -> None:
    named = [label for label in samples.labels if label["deed"]]
    assert all(label["kind"] == "good_deed" for label in named)
    by_guid = {label["guid"]: label for label in samples.labels}
    for label in named:
        others = [other for other in named if other["deed"] == label["deed"]]
        assert len(others) > 1
        assert set(others[0]["people"]) & set(label["people"]) or others[0]["place"] is None or not label["place"]
    for label in samples.labels:
        source = label["reprint_of"] or label["copy_of"]
        assert source is None or by_guid[source]["deed"] == label["deed"]


def test_a_reprint_is_later_and_elsewhere_and_a_copy_is_later_and_of_the_same_outlet(
    samples: Samples,
) -> None:
    by_guid = {label["guid"]: label for label in samples.labels}
    reprints = [label for label in samples.labels if label["reprint_of"]]
    copies = [label for label in samples.labels if label["copy_of"]]
    assert len(reprints) >= 10
    assert len(copies) >= 10
    for label in reprints:
        assert by_guid[label["reprint_of"]]["outlet"] != label["outlet"]
    for label in copies:
        assert by_guid[label["copy_of"]]["outlet"] == label["outlet"]
        assert by_guid[label["copy_of"]]["feed"] != label["feed"]
    for label in reprints + copies:
        source = samples.stories[label["reprint_of"] or label["copy_of"]]
        assert source.published < samples.stories[label["guid"]].published


def test_a_label_says_what_its_story_says(samples: Samples) -> None:
    for label in samples.labels:
        if label["reprint_of"] or label["copy_of"]:
            continue  # shortened
        story = samples.stories[label["guid"]]
        for name in [label["place"], *label["units"], *label["people"]]:
            assert name is None or name in story.title + story.text, f"{label['guid']}: {name}"


def test_no_real_outlet_phone_number_or_address_is_left(samples: Samples) -> None:
    labels = (CAPTURES / "labels.jsonl").read_text("utf-8")
    texts = [story.title + story.text for story in samples.stories.values()]
    everything = "\n".join([labels, (FEEDS / "partners.opml").read_text("utf-8"), *texts])
    assert [name for name in REAL_OUTLETS if name in everything] == []
    assert re.findall(r"\d{3,4}-\d{6,}|(?<!\d)\d{7,}", "\n".join(texts)) == []
    assert all(re.match(r"https://[a-z-]+\.example/", story.link) for story in samples.stories.values())


def test_the_opml_names_every_capture_with_its_outlet() -> None:
    outlines = read_opml_feeds()
    files = {path.name for path in CAPTURES.glob("*.xml")}
    assert {outline["xmlUrl"] for outline in outlines} == {f"http://127.0.0.1:{DEFAULT_PORT}/{name}" for name in files}
    kinds = {"newspaper", "broadcaster", "portal", "app", "district_media"}
    assert {outline["outletKind"] for outline in outlines} == kinds
    assert {outline["platform"] for outline in outlines} == {"paper", "app", "wechat", "douyin", "web"}
    assert all(outline["partner"] == "true" and outline["type"] == "rss" for outline in outlines)


def test_the_projects_belong_to_the_nine_outlets_and_name_their_columns() -> None:
    rendered = render((FEEDS / "projects.csv").read_bytes(), TODAY, ZONE, "utf-8").decode("utf-8")
    projects = list(csv.DictReader(io.StringIO(rendered)))
    assert len(projects) == 13
    assert {project["outlet"] for project in projects} == {o["outlet"] for o in read_opml_feeds()}
    for project in projects:
        assert project["year"] == "2026"
        assert project["columns"]
        assert int(project["planned_stories"]) >= 0


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("@{-5 08:30 rfc822}", "Tue, 24 Mar 2026 08:30:00 +0800"),
        ("@{-5 rfc822}", "Tue, 24 Mar 2026"),
        ("@{-5 08:30 iso}", "2026-03-24T08:30:00+08:00"),
        ("@{-5 date}", "2026-03-24"),
        ("@{-5 ymd}", "2026年3月24日"),
        ("@{-5 md}", "3月24日"),
        ("@{-5 d}", "24日"),
        ("@{+8 md}", "4月6日"),
        ("@{-90 year}", "2025"),
        ("@{0 week}", "周日"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_token_becomes_its_date(token: str, expected: str, encoding: str) -> None:
    template = f"本报{token}讯 垃圾桶".encode(encoding)
    assert render(template, TODAY, ZONE, encoding).decode(encoding) == f"本报{expected}讯 垃圾桶"


@pytest.mark.parametrize("token", ["@{-5 iso}", "@{-5 08:30 md}", "@{-5 dm}", "@{md}", "@{0 25:00 iso}", "@{"])
def test_a_token_that_cannot_be_read_is_named(token: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be read") as caught:
        render(f"<pubDate>{token}</pubDate>".encode(), TODAY, ZONE, "utf-8")
    assert token in str(caught.value)


async def test_the_server_sends_bytes_validators_and_304() -> None:
    async with CaptureServer(CAPTURES, TODAY, ZONE, port=0) as server, aiohttp.ClientSession() as session:
        assert len(server.slugs) == 11
        for slug in server.slugs:
            async with session.get(server.url(slug)) as first:
                body = await first.read()
                assert first.status == 200
                assert parse(body).entries
                etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
            async with session.get(server.url(slug)) as again:
                assert await again.read() == body
            for condition in ({"If-None-Match": etag}, {"If-Modified-Since": modified}):
                async with session.get(server.url(slug), headers=condition) as known:
                    assert known.status == 304
                    assert known.headers["ETag"] == etag
                    assert await known.read() == b""
            stale = {"If-None-Match": '"other"', "If-Modified-Since": modified}
            async with session.get(server.url(slug), headers=stale) as changed:
                assert changed.status == 200


async def test_the_server_says_the_type_of_each_feed_and_lists_them_all() -> None:
    async with CaptureServer(CAPTURES, TODAY, ZONE, port=0) as server, aiohttp.ClientSession() as session:
        types = {}
        for slug in server.slugs:
            async with session.get(server.url(slug)) as response:
                types[slug] = response.headers["Content-Type"]
        assert types["qichuan-paper"] == "application/rss+xml; charset=utf-8"
        assert types["qisheng-tv"] == "application/atom+xml; charset=utf-8"
        assert types["liuxi-evening"] == "application/rdf+xml; charset=utf-8"
        assert types["qiyuan-daily"] == "text/xml"
        async with session.get(f"http://127.0.0.1:{server.port}/") as listing:
            page = await listing.text()
        assert all(f"/{slug}." in page for slug in server.slugs)


@pytest.mark.parametrize(
    "path", ["none.rss.xml", "qichuan-paper", "labels.jsonl", "../partners.opml", "%2e%2e%2fpartners.opml"]
)
async def test_the_server_has_nothing_but_the_captures(path: str) -> None:
    async with CaptureServer(CAPTURES, TODAY, ZONE, port=0) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"GET /{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert answer.startswith(b"HTTP/1.1 404 ")
        with pytest.raises(NotFound):
            server.url("none")


async def test_the_opml_can_be_moved_to_the_port_that_was_free() -> None:
    async with CaptureServer(CAPTURES, TODAY, ZONE, port=0) as server:
        moved = server.rebase((FEEDS / "partners.opml").read_bytes()).decode("utf-8")
        assert all(server.url(slug) in moved for slug in server.slugs)
        assert f":{DEFAULT_PORT}/" not in moved


async def test_a_taken_port_and_an_empty_folder_each_get_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = holder.getsockname()[1]
        with pytest.raises(Conflict, match=f"Port {taken} is taken"):
            async with CaptureServer(CAPTURES, TODAY, ZONE, port=taken):
                pass
    with pytest.raises(InvalidInput, match="no captures"):
        load_captures(tmp_path, TODAY, ZONE)
    (tmp_path / "odd.rss.xml").write_bytes(b'<?xml version="1.0" encoding="Big5"?><rss/>')
    with pytest.raises(InvalidInput, match="encoding big5"):
        load_captures(tmp_path, TODAY, ZONE)
