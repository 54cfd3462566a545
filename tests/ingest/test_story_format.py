"""In which form a story is told, from what a feed says of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from media_tracker.ingest.json_feed import parse_json
from media_tracker.ingest.parse import parse_feed
from media_tracker.ingest.prepare import prepare
from media_tracker.ingest.story_format import StoryFormat, format_of, on_platform
from media_tracker.outlets.documents import Platform

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ITEM = "<rss version='2.0'><channel><title>t</title><item><title>x</title><link>https://a.example/1</link>{}</item></channel></rss>"


@pytest.mark.parametrize(
    ("html", "url", "told"),
    [
        ("<p>路面破损。</p>", "https://a.example/1", StoryFormat.TEXT),
        ("<p>路面破损。</p><IMG src='1.jpg'>", "https://a.example/1", StoryFormat.PHOTO),
        ("<img src='1.jpg'><video src='1.mp4'></video>", "https://a.example/1", StoryFormat.VIDEO),
        ("<iframe src='https://v.example/player?id=1'></iframe>", "https://a.example/1", StoryFormat.VIDEO),
        ("<iframe src='https://map.example/'></iframe>", "https://a.example/1", StoryFormat.TEXT),
        ("<video></video>", "https://h5.a.example/1", StoryFormat.H5),
        ("", "https://a.example/h5/2026/1.html", StoryFormat.H5),
        ("", "https://a.example/path5/1", StoryFormat.TEXT),
        ("", "https://[", StoryFormat.TEXT),
    ],
)
def test_what_stands_in_it_says_in_which_form_it_is_told(html: str, url: str, told: StoryFormat) -> None:
    assert format_of(html, url) is told
    assert on_platform(told, Platform.DOUYIN) is StoryFormat.VIDEO


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        ("<enclosure url='https://a.example/1.mp4' type='video/mp4' length='1'/>", StoryFormat.VIDEO),
        ("<enclosure url='https://a.example/1.jpg' type='image/jpeg' length='1'/>", StoryFormat.PHOTO),
        ("<enclosure url='https://a.example/1.mp3' type='audio/mpeg' length='1'/>", StoryFormat.TEXT),
    ],
)
def test_an_enclosure_of_a_feed_tells(inside: str, told: StoryFormat) -> None:
    body = ITEM.format(inside).encode()
    feed = parse_feed(body, content_type="text/xml", url="https://a.example/", zone=ZoneInfo("Asia/Shanghai"), now=NOW)
    assert [each.format for each in prepare(feed.entries, "", NOW)] == [told]


def test_a_film_attached_to_a_json_feed_tells() -> None:
    item = {
        "id": "1",
        "content_text": "x",
        "attachments": [{"url": "https://a.example/1.mp4", "mime_type": "video/mp4"}],
    }
    text = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": [item]})
    feed = parse_json(text, [], url="https://a.example/", zone=ZoneInfo("Asia/Shanghai"), now=NOW)
    assert [each.format for each in prepare(feed.entries, "", NOW)] == [StoryFormat.VIDEO]
