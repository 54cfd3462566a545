"""What reading a feed would bring, without storing anything and without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from media_tracker.ingest.parse import parse_feed
from media_tracker.ingest.prepare import Prepared, prepare
from media_tracker.net.fetch import Fetcher, NotModified


@dataclass(frozen=True, slots=True)
class Checked:
    """A feed as it would be taken in now."""

    title: str
    moved_to: str | None
    entries: Sequence[Prepared]
    warnings: Sequence[str]

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
        }


async def check(fetcher: Fetcher, url: str, zone: ZoneInfo, now: datetime) -> Checked:
    """Fetch and read ``url``. Raises what fetching and parsing raise, each with its sentence."""
    answer = await fetcher.get(url)
    assert not isinstance(answer, NotModified)  # no validators were sent
    parsed = parse_feed(answer.body, content_type=answer.headers.content_type, url=answer.url, zone=zone, now=now)
    return Checked(parsed.title, answer.permanent_url, prepare(parsed.entries, "", now), parsed.warnings)
