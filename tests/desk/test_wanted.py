"""What a story asks for when its problem is looked for."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from bson import ObjectId

from media_tracker.desk.wanted import linked_addresses, story_wanted
from media_tracker.ingest.documents import Story
from media_tracker.problems.linking.matching import Wanted

AT = datetime(2026, 3, 26, 2, tzinfo=UTC)
OUTLET = ObjectId()
TITLE, TEXT = "垃圾桶清空了", "3月24日本报曝光的晴岚社区北门垃圾桶满溢一事有了结果,三个桶已经清空。"


def _wanted(title: str, text: str) -> Wanted:
    story = Story.model_construct(title=title, text=text, published_at=AT, outlet_id=OUTLET)
    return story_wanted(story, (), (), "", zone=ZoneInfo("Asia/Shanghai"), linked=frozenset())


def test_a_story_asks_with_its_words_and_the_days_that_it_names() -> None:
    wanted = _wanted(TITLE, TEXT)
    assert [(first.isoformat(), last.isoformat()) for first, last in wanted.days] == [("2026-03-24", "2026-03-24")]
    assert len(wanted.sketch.grams) > 20


def test_of_a_title_and_a_text_without_end_the_beginning_is_asked_with() -> None:
    filler = "。" * 300_000
    short, long = _wanted(TITLE, TEXT), _wanted(TITLE + filler, TEXT + filler + "4月1日本报曝光的路灯不亮")
    assert long.days == short.days
    assert np.array_equal(long.sketch.grams, short.sketch.grams)


def test_addresses_are_read_from_links_and_from_the_text_without_the_storys_own() -> None:
    html = '<a href="https://a.example/1?x=1&amp;y=2">一</a> https://b.example/2 <a href="https://own.example/">我</a>'
    assert linked_addresses(html, "https://own.example/") == ["//a.example/1?x=1&y=2", "//b.example/2"]


def test_twenty_addresses_are_read_and_none_behind_the_beginning() -> None:
    assert len(linked_addresses("".join(f'<a href="https://a.example/{n}">' for n in range(90)), "")) == 20
    assert linked_addresses("字" * 200_000 + '<a href="https://a.example/1">', "") == []
