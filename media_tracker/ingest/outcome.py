"""What follows for a feed from one look at it. Pure: the feed as it was and what happened go in, changes come out.

::

    unchanged   304, or the same bytes as last time
    read        a document that was read
    failed      anything else
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from media_tracker.db.connection import Json
from media_tracker.errors import MediaTrackerError, Sentence
from media_tracker.ingest.documents import Result
from media_tracker.ingest.schedule import (
    LONGEST,
    STORIES_REMEMBERED,
    History,
    asked_to_wait,
    hinted,
    next_check,
    weight,
)
from media_tracker.ingest.websub_rules import advertised
from media_tracker.net.answers import Fetched, NotModified
from media_tracker.net.errors import FetchError, HttpStatus
from media_tracker.outlets.documents import Feed, FeedState, Notice

RELEASED: Json = {"state.leased_by": None, "state.leased_until": None}
PUSH_TRUSTED = timedelta(hours=24)
"""After a push, polling only makes sure for so long."""
GONE = 410


@dataclass(frozen=True, slots=True)
class FetchLine:
    """One line of a feed's log: what a fetch brought. ``code``: of a failure, a stable word."""

    at: datetime
    result: Result
    seconds: float
    size: int = 0
    """Bytes after decompression."""
    new: int = 0
    changed: int = 0
    known: int = 0
    code: str = ""
    notes: tuple[Sentence, ...] = ()
    """What had to be put right, in sentences."""
    pushed: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What to set of the feed (dotted paths), and how its log goes on."""

    feed: Json
    line: FetchLine
    moved_to: str | None = None
    """A new address, to be taken over unless another feed has it."""


@dataclass(frozen=True, slots=True)
class Read:
    """What reading a document came to."""

    entries: int
    published: Sequence[datetime]
    ttl: timedelta | None = None
    hub: str | None = None
    topic: str | None = None
    whole: bool = True
    notes: tuple[Sentence, ...] = ()
    new: int = 0
    changed: int = 0
    body_hash: str | None = None


def unchanged(feed: Feed, answer: Fetched | NotModified, now: datetime, seconds: float, chance: float) -> Changes:
    """The validators still hold, or the bytes are those of last time."""
    headers, state = answer.headers, feed.state
    hint = hinted(headers, _stored_ttl(state), now)
    size = len(answer.body) if isinstance(answer, Fetched) else 0
    changes = {
        "etag": headers.etag or state.etag,
        "last_modified": headers.last_modified or state.last_modified,
        "hint_seconds": int(hint.total_seconds()) if hint else None,
        **_well(now, next_check(now, _history(state, state.published, now), hint, chance=chance)),
    }
    line = FetchLine(now, Result.NOT_MODIFIED, seconds, size, known=state.stories_last)
    return Changes(_state(changes), line, _moved(feed, answer))


def read(feed: Feed, answer: Fetched, what: Read, now: datetime, seconds: float, chance: float) -> Changes:
    """A document was read and its stories are saved.

    The half of a document bears the validators of the whole: who kept them would never be sent the rest.
    """
    state, headers, whole = feed.state, answer.headers, what.whole
    published = latest((*state.published, *what.published), now)
    hint = hinted(headers, what.ttl, now)
    by_header = advertised(headers.link, answer.url)
    hub, topic = (by_header.hub, by_header.topic) if by_header else (what.hub, what.topic)
    changes = {
        "etag": headers.etag if whole else None,
        "last_modified": headers.last_modified if whole else None,
        "body_hash": what.body_hash if whole else None,
        "read_as": read_as(feed),
        "stories_last": what.entries,
        "published": published,
        "ttl_seconds": int(min(what.ttl, LONGEST).total_seconds()) if what.ttl and what.ttl > timedelta(0) else None,
        "hint_seconds": int(hint.total_seconds()) if hint else None,
        "hub": hub,
        "topic": topic,
        **_well(now, next_check(now, _history(state, published, now), hint, chance=chance)),
    }
    known = max(0, what.entries - what.new - what.changed)
    line = FetchLine(now, Result.READ, seconds, len(answer.body), what.new, what.changed, known, notes=what.notes)
    return Changes(_state(changes), line, _moved(feed, answer))


def pushed(feed: Feed, size: int, what: Read, now: datetime, seconds: float) -> Changes:
    """A hub brought a document. It says nothing of the address that is polled, so nothing of that changes.

    But if it has changed a story it may have brought an older text: then the whole is polled at once, and has the last word.
    """
    published = latest((*feed.state.published, *what.published), now)
    known = max(0, what.entries - what.new - what.changed)
    line = FetchLine(now, Result.READ, seconds, size, what.new, what.changed, known, notes=what.notes, pushed=True)
    again: Json = dict.fromkeys(("state.etag", "state.last_modified", "state.body_hash"), None)
    doubted = again | {"state.next_check_at": now} if what.changed else {}
    return Changes({"state.published": published, "state.pushed_at": now, **doubted}, line)


def entered(feed: Feed, what: Read, now: datetime, seconds: float) -> Changes:
    """Stories came in by hand."""
    line = FetchLine(now, Result.READ, seconds, 0, what.new, what.changed, notes=what.notes)
    published = latest((*feed.state.published, *what.published), now)
    return Changes({"state.published": published, "state.checked_at": now, "state.stories_last": what.entries}, line)


def failed(feed: Feed, error: MediaTrackerError, now: datetime, seconds: float, chance: float) -> Changes:
    """Nothing was taken in. Later again, however often; only a server that says *gone* is believed."""
    state = feed.state
    heavier = state.failure_weight + weight(error)
    again = next_check(
        now,
        History(state.published, heavier),
        _stored_hint(state),
        asked_to_wait(error, now),
        chance=chance,
    )
    changes: Json = {
        "checked_at": now,
        "failures": state.failures + 1,
        "failure_weight": heavier,
        "next_check_at": again,
        **_told(error),
    }
    gone = isinstance(error, HttpStatus) and error.status == GONE
    feed_changes = _state(changes) | ({"active": False, **noticed(Notice.GONE, now)} if gone else {})
    code = error.code if isinstance(error, FetchError) else "unreadable"
    if isinstance(error, HttpStatus):
        code = f"http_{error.status}"
    return Changes(
        feed_changes,
        FetchLine(now, Result.FAILED, seconds, code=code, notes=(Sentence(error.message, **error.params),)),
    )


def read_as(feed: Feed) -> str:
    """All that decides, besides its bytes, what a document says."""
    selectors = feed.selectors.model_dump_json() if feed.selectors else ""
    parts = (feed.url, feed.source.value, selectors, feed.encoding or "", feed.column)
    return sha256("\0".join(parts).encode()).hexdigest()[:16]


def noticed(notice: Notice, now: datetime, before: str = "") -> Json:
    """Tell whoever looks after the feeds."""
    return {"state.notice": notice.value, "state.notice_at": now, "state.notice_from": before}


def latest(published: Iterable[datetime], now: datetime) -> list[datetime]:
    """The newest moments, each once; what lies in the future is no rhythm."""
    return sorted({moment for moment in published if moment <= now}, reverse=True)[:STORIES_REMEMBERED]


def _history(state: FeedState, published: Sequence[datetime], now: datetime) -> History:
    pushed = state.pushed_at is not None and now - state.pushed_at < PUSH_TRUSTED
    return History(published, pushed=pushed)


def _stored_ttl(state: FeedState) -> timedelta | None:
    return timedelta(seconds=state.ttl_seconds) if state.ttl_seconds else None


def _stored_hint(state: FeedState) -> timedelta | None:
    return timedelta(seconds=state.hint_seconds) if state.hint_seconds else None


def _moved(feed: Feed, answer: Fetched | NotModified) -> str | None:
    return answer.permanent_url if answer.permanent_url not in (None, feed.url) else None


def _well(now: datetime, again: datetime) -> Json:
    return {"checked_at": now, "failures": 0, "failure_weight": 0.0, "next_check_at": again, **_told(None)}


def _told(error: MediaTrackerError | None) -> Json:
    """A failure as a feed's state keeps it: in English, and in parts for other languages."""
    if error is None:
        return {"error": None, "error_message": None, "error_params": {}}
    params = {name: str(value) for name, value in error.params.items()}
    return {"error": str(error), "error_message": error.message, "error_params": params}


def _state(changes: Json) -> Json:
    return {**{f"state.{name}": value for name, value in changes.items()}, **RELEASED}
