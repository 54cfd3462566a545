from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.ingest.entries import MAX_ENTRIES, NotAFeed, ParsedFeed
from media_tracker.ingest.json_feed import is_json, parse_json

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2022, 12, 31, tzinfo=UTC)
VERSION = "https://jsonfeed.org/version/1.1"


def parse(document: str | dict[str, Any]) -> ParsedFeed:
    text = document if isinstance(document, str) else json.dumps({"version": VERSION, **document}, ensure_ascii=False)
    return parse_json(text, [], url="https://feed.example/feed.json", zone=ZONE, now=NOW)


def items(*listed: object) -> ParsedFeed:
    return parse({"title": "t", "items": list(listed)})


@pytest.mark.parametrize("text", ['{"a": 1}', " \n[1]", "[", "{"])
def test_json_begins_like_this(text: str) -> None:
    assert is_json(text)
    assert not is_json("<rss>" + text)


@pytest.mark.parametrize(
    ("written", "guid"),
    [
        ("12", "12"),
        ("12.0", "12.0"),
        ('"12"', "12"),
        ("9" * 1_000, "9" * 1_000),
        ('" a\\u0000b "', "ab"),
        ('"\\ud800x"', "x"),
        ("1e999", "1e999"),
        ("NaN", None),
        ("-Infinity", None),
        ("null", None),
        ("true", None),
        ("{}", None),
        ('""', None),
    ],
)
def test_an_id_is_kept_as_it_is_written(written: str, guid: str | None) -> None:
    feed = parse(f'{{"version": "{VERSION}", "items": [{{"id": {written}}}]}}')
    assert feed.entries[0].guid == guid


def test_plain_text_becomes_paragraphs() -> None:
    one, two = items({"content_text": "一行，5 < 6"}, {"content_text": "第一段\r\n\r\n第二段\n"}).entries
    assert one.html == "<p>一行，5 &lt; 6</p>"
    assert two.html == "<p>第一段</p><p>第二段</p>"


def test_the_fullest_text_is_taken_and_the_summary_kept_beside_it() -> None:
    both = items({"content_html": "<p>短</p>", "content_text": "相当长的一段正文", "summary": "摘要"}).entries[0]
    assert (both.html, both.summary) == ("<p>相当长的一段正文</p>", "摘要")
    alone = items({"summary": "只有摘要"}).entries[0]
    assert (alone.html, alone.summary, alone.title) == ("<p>只有摘要</p>", "", "只有摘要")


@pytest.mark.parametrize(
    ("item", "author"),
    [
        ({"author": {"name": "甲"}}, "甲"),
        ({"authors": [{"name": "甲"}, {"name": "乙"}, {"name": "甲"}], "author": {"name": "甲"}}, "甲, 乙"),
        ({"author": "甲"}, "甲"),
        ({"authors": ["甲", 5, None, {"url": "x"}]}, "甲, 5"),
        ({"authors": {"name": "甲"}}, "编辑部"),
        ({}, "编辑部"),
    ],
)
def test_who_wrote_an_entry(item: dict[str, Any], author: str) -> None:
    feed = parse({"authors": [{"name": "编辑部"}], "items": [item]})
    assert feed.entries[0].author == author


def test_dates_are_read_as_everywhere() -> None:
    dated = items(
        {"date_published": "2022-03-24T08:30:00+08:00", "date_modified": "2022-03-25T08:30:00+08:00"},
        {"date_modified": "2022-03-24 08:30"},
        {"date_published": 1648081800},
        {"date_published": "9999-01-01", "date_modified": "0000-00-00"},
    )
    moment = datetime(2022, 3, 24, 0, 30, tzinfo=UTC)
    assert [entry.published for entry in dated.entries] == [moment, moment, moment, None]
    assert dated.entries[0].updated == datetime(2022, 3, 25, 0, 30, tzinfo=UTC)
    assert dated.warnings[0].startswith("3 dates were not used")


def test_links_and_pictures_lead_to_the_web_or_nowhere() -> None:
    one, two, three = items(
        {"url": "javascript:alert(1)", "image": "data:image/png;base64,A", "banner_image": "/b.jpg"},
        {
            "url": "a/1",
            "external_url": "https://other.example/",
            "attachments": [{"url": "x", "mime_type": "image/png"}],
        },
        {"external_url": "https://other.example/", "attachments": ["x", {"url": "y", "mime_type": "text/html"}]},
    ).entries
    assert (one.link, one.image) == (None, "https://feed.example/b.jpg")
    assert (two.link, two.image) == ("https://feed.example/a/1", "https://feed.example/a/x")
    assert (three.link, three.image) == ("https://other.example/", None)


@pytest.mark.parametrize("version", [None, 1, "", "https://jsonfeed.org/version/7"])
def test_another_version_is_read_all_the_same_and_said(version: object) -> None:
    feed = parse({"version": version, "items": [{"id": "1"}]})
    assert len(feed.entries) == 1
    assert feed.warnings == ("The document does not say that it is a JSON Feed, version 1 or 1.1; it was read as one.",)


def test_wrong_types_are_absent_fields() -> None:
    feed = parse(
        {
            "title": ["t"],
            "home_page_url": {"x": 1},
            "language": 5,
            "hubs": {"url": "https://hub.example/"},
            "items": [None, [], 7, {"id": [], "title": {}, "tags": "x", "attachments": 3, "content_html": False}],
        }
    )
    assert (feed.title, feed.link, feed.hub) == ("", None, None)
    assert feed.entries[0].column == ""
    assert feed.warnings == ("3 items were left out: they are not objects.",)


def test_of_two_fields_with_one_name_the_last_counts() -> None:
    feed = parse(f'{{"version": "{VERSION}", "items": [], "items": [{{"id": "1", "id": "2"}}]}}')
    assert [entry.guid for entry in feed.entries] == ["2"]


def test_line_breaks_in_strings_and_what_follows_the_document_are_forgiven() -> None:
    feed = parse(f'{{"version": "{VERSION}", "title": "a\nb", "items": []}}\n<!-- 0.2 s -->')
    assert feed.title == "a b"
    assert feed.warnings == ("Something follows the JSON; it was left out.",)


def test_at_most_two_thousand_items_are_taken() -> None:
    feed = items(*({"id": str(number)} for number in range(MAX_ENTRIES + 2)))
    assert len(feed.entries) == MAX_ENTRIES
    assert feed.warnings == ("2 entries beyond the first 2000 were left out.",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[1, 2]", "no list of items"),
        ("{}", "no list of items"),
        ('{"items": {"id": 1}}', "no list of items"),
        ('{"items": [{"id": "1"}', "breaks off or is malformed, at character 22"),
        ("{'items': []}", "breaks off or is malformed"),
        ("[" * 100_000, "breaks off or is malformed"),
        ('{"items": [' + "[]," * 600_000 + "[]]}", "too many parts"),
    ],
    ids=["a list", "no items", "items no list", "cut", "not JSON", "deep", "many"],
)
def test_what_is_no_json_feed_is_told_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(NotAFeed, match=sentence):
        parse(text)


FIELDS = [
    "id",
    "url",
    "title",
    "content_html",
    "content_text",
    "summary",
    "date_published",
    "author",
    "authors",
    "tags",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FIELDS, "name"]), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["title", "hubs", "author", "feed_url"]), VALUES), st.lists(VALUES, max_size=4))
def test_any_values_in_any_place_give_a_feed(head: dict[str, Any], listed: list[Any]) -> None:
    feed = parse({**head, "items": listed})
    assert len(feed.entries) == sum(isinstance(item, dict) for item in listed)
