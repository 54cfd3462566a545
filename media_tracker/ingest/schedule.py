"""When a feed is looked at again. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

INTERVAL = timedelta(minutes=15)
LONGEST = timedelta(hours=24)


def next_check(now: datetime, failures: int) -> datetime:
    """After ``failures`` failures in a row: twice the wait for each, at most a day, and never the end."""
    wait: timedelta = INTERVAL * (1 << min(failures, 10))
    return now + min(wait, LONGEST)


def retry_after(value: str | None, now: datetime) -> datetime | None:
    """When a server asks to be asked again: seconds or an HTTP date (RFC 9110 §10.2.3), at most a day away; None: it does not."""
    text = (value or "").strip()
    if text.isdecimal() and len(text) < 10:
        return now + min(timedelta(seconds=int(text)), LONGEST)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):  # the last for a zone that is years away
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(moment, now + LONGEST)
