"""What Prometheus is told of reading feeds."""

from __future__ import annotations

from datetime import timedelta

from bson import ObjectId
from prometheus_client import CollectorRegistry, generate_latest

from media_tracker.outlets.documents import Feed, FeedSource, FeedState
from media_tracker.web.metrics import Snapshot, lag
from tests.fake_clock import FakeClock

NOW = FakeClock.START
HOUR = timedelta(hours=1)


def feed(*, active: bool = True, source: FeedSource = FeedSource.FEED, state: FeedState | None = None) -> Feed:
    return Feed.model_construct(
        outlet_id=ObjectId(), url="http://a.example/", active=active, source=source, state=state or FeedState()
    )


def told(*feeds: Feed, **totals: int) -> set[str]:
    registry = CollectorRegistry()
    registry.register(Snapshot(3, 17, totals, feeds, NOW))
    return set(generate_latest(registry).decode().splitlines())


def test_looks_are_counted_by_result_and_entries_by_what_they_were() -> None:
    lines = told(fetches_read=5, fetches_failed=2, stories_new=40, stories_known=9)

    assert {
        'media_tracker_fetches_total{result="read"} 5.0',
        'media_tracker_fetches_total{result="not_modified"} 0.0',
        'media_tracker_fetches_total{result="failed"} 2.0',
        'media_tracker_stories_read_total{found="new"} 40.0',
        'media_tracker_stories_read_total{found="changed"} 0.0',
        'media_tracker_stories_read_total{found="duplicate"} 9.0',
        "media_tracker_stories_pending 3.0",
        "media_tracker_events_position 17.0",
    } <= lines


def test_feeds_are_counted_by_how_they_are() -> None:
    failing = feed(state=FeedState(failures=3, checked_at=NOW))
    silent = feed(state=FeedState(published=[NOW - timedelta(days=20 + n) for n in range(9)], checked_at=NOW))

    lines = told(failing, failing, silent, feed(active=False))

    assert 'media_tracker_feeds{health="failing"} 2.0' in lines
    assert 'media_tracker_feeds{health="silent"} 1.0' in lines
    assert 'media_tracker_feeds{health="resting"} 1.0' in lines
    assert 'media_tracker_feeds{health="well"} 0.0' in lines


def test_the_lag_is_that_of_the_feed_that_waits_longest() -> None:
    late, later = (feed(state=FeedState(next_check_at=NOW - HOUR * hours)) for hours in (1, 2))

    assert "media_tracker_feeds_lag_seconds 7200.0" in told(late, later, feed())
    assert "media_tracker_feeds_lag_seconds 0.0" in told()


def test_who_is_not_due_rests_or_is_being_read_has_no_lag() -> None:
    due = NOW - HOUR
    assert lag(feed(state=FeedState(next_check_at=NOW + HOUR)), NOW) == timedelta(0)
    assert lag(feed(active=False, state=FeedState(next_check_at=due)), NOW) == timedelta(0)
    assert lag(feed(state=FeedState(next_check_at=due, leased_until=NOW + HOUR)), NOW) == timedelta(0)
    assert lag(feed(state=FeedState(next_check_at=due, leased_until=due)), NOW) == HOUR
