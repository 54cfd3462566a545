"""When a letter that could not be sent is tried again, and when no more. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST = timedelta(minutes=1)
LONGEST = timedelta(hours=4)
GIVEN_UP_AFTER = timedelta(days=3)
"""What could not be handed over for so long has been overtaken by events."""


def next_try(tries: int, written_at: datetime, now: datetime) -> datetime | None:
    """After ``tries`` (from 1) that failed: the moment of the next one; None when the letter is given up.

    A minute, four, sixteen, about an hour, then every four hours, for three days from when it was written.
    """
    wait = min(FIRST * 4 ** min(tries - 1, 8), LONGEST)
    return now + wait if now + wait <= written_at + GIVEN_UP_AFTER else None
