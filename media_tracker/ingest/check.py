"""What reading a feed would bring, without storing anything and without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from media_tracker.errors import N_, Sentence
from media_tracker.ingest.discover import FeedLink
from media_tracker.ingest.list_page import PageRules
from media_tracker.ingest.prepare import Prepared
from media_tracker.ingest.read import WebPage
from media_tracker.ingest.reading import InThreads, Job, Runner, read_job
from media_tracker.net.fetch import Fetcher, NotModified


@dataclass(frozen=True, slots=True)
class Checked:
    """A feed as it would be taken in now."""

    title: str
    moved_to: str | None
    entries: Sequence[Prepared]
    warnings: Sequence[Sentence]
    feeds: Sequence[FeedLink] = ()
    """Of a web page, which has no entries: the feeds that it offers, the likeliest first."""
    hub: str | None = None
    """The WebSub hub that the feed names."""

    def summary(self) -> dict[str, Any]:
        """For programs: counts, warnings, and each entry's title, address and time."""
        return {
            "title": self.title,
            "moved_to": self.moved_to,
            "entries": [
                {"title": e.title, "url": e.url, "published_at": e.published_at.isoformat(), "column": e.column}
                for e in self.entries
            ],
            "warnings": list(self.warnings),
            "feeds": [{"url": feed.url, "title": feed.title, "type": feed.type} for feed in self.feeds],
        }


async def check(
    fetcher: Fetcher,
    url: str,
    zone: ZoneInfo,
    now: datetime,
    *,
    encoding: str | None = None,
    rules: PageRules | None = None,
    runner: Runner | None = None,
) -> Checked:
    """Fetch and read ``url``; by ``rules``, if it is a list page.

    A web page that offers feeds is an answer too: it has no entries, but ``feeds``. Raises what fetching and reading raise,
    each with its sentence. ``runner``: where it is read, if not in a thread.
    """
    answer = await fetcher.get(url)
    assert not isinstance(answer, NotModified)  # no validators were sent
    job = Job(answer.body, answer.headers.content_type, answer.url, zone, now, encoding=encoding, rules=rules)
    try:
        reading = await (runner or InThreads()).run(read_job, job)
        return Checked(reading.title, answer.permanent_url, reading.prepared, reading.notes, hub=reading.hub)
    except WebPage as page:
        if not page.feeds:
            raise
        found = tuple(
            Sentence(N_("It offers this feed: {feed}"), feed=feed.url + (f" ({feed.title})" if feed.title else ""))
            for feed in page.feeds
        )
        said = (Sentence(N_("This is a web page, not a feed.")), *found)
        return Checked("", answer.permanent_url, (), said, page.feeds)
