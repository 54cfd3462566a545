"""Numbers for Prometheus. What workers do is counted in the database, so that any page server can tell it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from media_tracker.ingest.documents import Result
from media_tracker.ingest.health import Health, diagnose
from media_tracker.outlets.documents import Feed
from media_tracker.wiring import Services


class Snapshot(Collector):
    """What was counted at one moment."""

    def __init__(
        self, pending: int, position: int, totals: Mapping[str, int], feeds: Sequence[Feed], now: datetime
    ) -> None:
        self._pending = pending
        self._position = position
        self._totals = totals
        self._health = Counter(diagnose(feed, now).health for feed in feeds)
        self._lag = max((lag(feed, now) for feed in feeds), default=timedelta(0))

    def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily]:
        yield GaugeMetricFamily("media_tracker_stories_pending", "Stories that wait for an editor", value=self._pending)
        yield GaugeMetricFamily(
            "media_tracker_events_position", "Highest position in the event log", value=self._position
        )
        fetches = CounterMetricFamily("media_tracker_fetches", "Looks at feeds, by result", labels=["result"])
        for result in Result:
            fetches.add_metric([result.value], self._totals.get(f"fetches_{result.value}", 0))
        yield fetches
        stories = CounterMetricFamily(
            "media_tracker_stories_read", "Entries of feeds, by what they turned out to be", labels=["found"]
        )
        for label, name in (("new", "new"), ("changed", "changed"), ("duplicate", "known")):
            stories.add_metric([label], self._totals.get(f"stories_{name}", 0))
        yield stories
        feeds = GaugeMetricFamily("media_tracker_feeds", "Feeds, by how they are doing", labels=["health"])
        for health in Health:
            feeds.add_metric([health.value], self._health.get(health, 0))
        yield feeds
        yield GaugeMetricFamily(
            "media_tracker_feeds_lag_seconds",
            "How far behind its schedule the feed is that waits longest",
            value=self._lag.total_seconds(),
        )


async def snapshot(services: Services) -> Snapshot:
    """Count now."""
    return Snapshot(
        await services.stories.count_pending(),
        await services.log.last_position(),
        await services.ingest.ledger.totals(),
        await services.outlets.feeds(),
        services.clock(),
    )


def lag(feed: Feed, now: datetime) -> timedelta:
    """How long ago ``feed`` was due; nothing for one that nobody polls, or that is being read."""
    due, leased = feed.state.next_check_at, feed.state.leased_until
    if not feed.active or due is None or (leased is not None and leased > now):
        return timedelta(0)
    return max(now - due, timedelta(0))
