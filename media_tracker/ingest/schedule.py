"""When a feed is looked at again. Pure: history, the server's hints and failures go in, a moment comes out.

- A feed that brings something is asked twice as often as it publishes; one that has fallen quiet more and more rarely.
- A server may ask for more time (``max-age``, ``Expires``, ``ttl``, ``sy:update*``, ``Retry-After``), never for less.
- Failures add up by their weight, as Media Cloud's rss-fetcher counts them, and each whole one doubles the wait. It ends at a
  day, and never in giving up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from media_tracker.errors import MediaTrackerError
from media_tracker.net.answers import ResponseHeaders
from media_tracker.net.errors import Fault, HttpStatus, TooSlow, Unreachable

SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(hours=24)
UNKNOWN = timedelta(minutes=30)
"""Between two looks at a feed of which nothing is known yet."""
JITTER = 0.1
"""Waits are spread by a tenth to both sides, so that feeds added together do not stay together."""
STORIES_REMEMBERED = 20
QUIET_SHARE = 10
"""A feed that has been quiet for so many times a wait is asked after that wait."""
MOST_DOUBLINGS = 12.0

HARD, SOFT, NAME = 1.0, 0.5, 0.25
_SOFT_STATUSES = frozenset({404, 408, 425, 429, *range(500, 600)})
_RETRY_STATUSES = frozenset({429, 503})
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a feed. ``published``: when its latest stories came out, in any order."""

    published: Sequence[datetime] = ()
    failures: float = 0.0
    """The weights of the failures since the last success, added up."""
    pushed: bool = False
    """A hub brings its stories, and polling only makes sure."""


def next_check(
    now: datetime, history: History, hint: timedelta | None = None, not_before: datetime | None = None, *, chance: float
) -> datetime:
    """When to look again: 5 minutes to 24 hours from ``now``.

    ``hint`` is the server's own interval, ``not_before`` what it asked for after a refusal, ``chance`` a random number from 0
    to 1 that spreads feeds.
    """
    wait = max(usual_wait(now, history), _within(hint) if hint is not None else SHORTEST)
    wait = _within(wait * 2 ** min(history.failures, MOST_DOUBLINGS))
    wait = _within(wait * (1 - JITTER + 2 * JITTER * chance))
    again = now + wait
    if not_before is not None and not_before > now:
        spread = timedelta(seconds=round((not_before - now).total_seconds() * JITTER * chance))
        again = max(again, min(not_before, now + LONGEST) + spread)
    return min(again, now + LONGEST)


def usual_wait(now: datetime, history: History) -> timedelta:
    """The wait that a feed's own rhythm asks for: half of the mean gap between its latest stories."""
    moments = sorted((moment for moment in history.published if moment <= now), reverse=True)[:STORIES_REMEMBERED]
    if not moments:
        wait = UNKNOWN
    else:
        wait = (now - moments[0]) / QUIET_SHARE
        if len(moments) > 1:
            wait = max(wait, (moments[0] - moments[-1]) / (len(moments) - 1) / 2)
    return _within(max(wait, timedelta(hours=1)) if history.pushed else wait)


def hinted(headers: ResponseHeaders, ttl: timedelta | None, now: datetime) -> timedelta | None:
    """The interval that a server asks for, by HTTP or in the feed itself; the longest, at most a day. None: it does not."""
    hints = [ttl] if ttl is not None and ttl > timedelta(0) else []
    max_age = _MAX_AGE.search(headers.cache_control or "")
    if max_age is not None:
        hints.append(timedelta(seconds=int(max_age[1])))
    elif headers.expires is not None:
        expires = _http_date(headers.expires)
        if expires is not None:
            hints.append(expires - (_http_date(headers.date or "") or now))
    wanted = max(hints, default=timedelta(0))
    return min(wanted, LONGEST) if wanted > timedelta(0) else None


def weight(error: MediaTrackerError) -> float:
    """How much one failure counts: a name that is not found little, what may well pass half, everything else in full."""
    match error:
        case Unreachable(kind=Fault.DNS):
            return NAME
        case Unreachable(kind=Fault.CONNECT | Fault.PROTOCOL) | TooSlow():
            return SOFT
        case HttpStatus(status=status) if status in _SOFT_STATUSES:
            return SOFT
        case _:
            return HARD


def asked_to_wait(error: MediaTrackerError, now: datetime) -> datetime | None:
    """Until when a server that is too busy (429, 503) asked us to stay away; None if it did not."""
    if isinstance(error, HttpStatus) and error.status in _RETRY_STATUSES:
        return retry_after(error.retry_after, now)
    return None


def retry_after(value: str | None, now: datetime) -> datetime | None:
    """When a server asks to be asked again: seconds or an HTTP date (RFC 9110 §10.2.3), at most a day away; None: it does not."""
    text = (value or "").strip()
    if text.isdecimal() and len(text) < 10:
        return now + min(timedelta(seconds=int(text)), LONGEST)
    moment = _http_date(text)
    return None if moment is None else min(moment, now + LONGEST)


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):  # the last for a zone that is years away
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _within(wait: timedelta) -> timedelta:
    """``wait`` in whole seconds, within bounds."""
    return max(SHORTEST, min(timedelta(seconds=round(wait.total_seconds())), LONGEST))
