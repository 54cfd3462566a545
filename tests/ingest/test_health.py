"""How a feed is doing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId

from media_tracker.ingest.health import ALARMS, Health, diagnose, longest_pause
from media_tracker.outlets.documents import Feed, FeedSource, FeedState

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def feed(
    *stories_ago: timedelta,
    failures: int = 0,
    active: bool = True,
    source: FeedSource = FeedSource.FEED,
    read: bool = True,
) -> Feed:
    state = FeedState(
        published=[NOW - ago for ago in stories_ago], failures=failures, checked_at=NOW - HOUR if read else None
    )
    return Feed.model_construct(
        outlet_id=ObjectId(), url="http://a.example/", active=active, source=source, state=state
    )


DAILY = [DAY * number for number in range(1, 9)]

CASES = {
    "never read": (feed(read=False), Health.NEW),
    "read, and empty": (feed(), Health.WELL),
    "as always": (feed(*DAILY), Health.WELL),
    "two days late": (feed(*(ago + 2 * DAY - HOUR for ago in DAILY)), Health.WELL),
    "three pauses late": (feed(*(ago + 2 * DAY + HOUR for ago in DAILY)), Health.SILENT),
    "hourly, and quiet over the weekend": (feed(*(2 * DAY - 5 * HOUR + HOUR * n for n in range(5))), Health.WELL),
    "hourly, and quiet for longer": (feed(*(2 * DAY + HOUR + HOUR * n for n in range(5))), Health.SILENT),
    "too few to know": (feed(*(100 * DAY + DAY * n for n in range(4))), Health.WELL),
    "failed once": (feed(*DAILY, failures=1), Health.STUMBLING),
    "failed thrice": (feed(*DAILY, failures=3), Health.FAILING),
    "silent and stumbling": (feed(*(ago + 20 * DAY for ago in DAILY), failures=1), Health.SILENT),
    "resting, whatever was": (feed(*DAILY, failures=9, active=False), Health.RESTING),
    "by hand, whatever is": (feed(*(ago + 20 * DAY for ago in DAILY), source=FeedSource.HAND), Health.BY_HAND),
}


@pytest.mark.parametrize(("one", "health"), CASES.values(), ids=CASES.keys())
def test_a_feed_is_judged_by_its_own_habit(one: Feed, health: Health) -> None:
    assert diagnose(one, NOW).health is health


def test_who_is_silent_is_told_since_when_and_what_would_be_usual() -> None:
    silent = diagnose(feed(*(ago + 20 * DAY for ago in DAILY)), NOW)

    assert (silent.since, silent.usual) == (NOW - 21 * DAY, DAY)
    assert silent.health in ALARMS


def test_a_pause_is_the_longest_one() -> None:
    assert longest_pause([NOW, NOW - DAY, NOW - 3 * DAY, NOW - 4 * DAY, NOW - 5 * DAY]) == 2 * DAY
