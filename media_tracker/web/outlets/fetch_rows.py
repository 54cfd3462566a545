"""The last fetches of a feed, as a table and as a row of bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from media_tracker.errors import N_
from media_tracker.ingest.documents import FetchRecord, Note, Result
from media_tracker.ingest.ledger import FETCHES_KEPT
from media_tracker.web.outlets.feed_words import State

RESULTS: Mapping[Result, tuple[str, str]] = {
    Result.READ: ("ok", N_("read")),
    Result.NOT_MODIFIED: ("same", N_("nothing new")),
    Result.FAILED: ("bad", N_("failed")),
}
FAULTS: Mapping[str, str] = {
    "dns": N_("name not found"),
    "connect": N_("not reachable"),
    "tls": N_("not trusted"),
    "protocol": N_("no proper HTTP"),
    "too_slow": N_("too slow"),
    "too_big": N_("too big"),
    "too_many_redirects": N_("too many redirects"),
    "blocked": N_("not a public address"),
    "bad_url": N_("no web address"),
    "unreadable": N_("not readable"),
}
"""Codes of ``net.errors``, and that of what came but could not be read."""
HTTP_CODE = "http_"
BAR_ROOM = 44
"""Pixels for the highest bar."""


@dataclass(frozen=True, slots=True)
class FetchRow:
    """One fetch. ``answer``: how the server answered, or why it did not; ``notes``: what was done about its oddities."""

    at: datetime
    result: State
    answer: State
    seconds: float
    size: int
    new: int
    changed: int
    known: int
    notes: Sequence[Note]


@dataclass(frozen=True, slots=True)
class Bar:
    """A fetch in the picture: ``x`` and ``width`` in percent, ``height`` in pixels."""

    x: float
    width: float
    height: float
    failed: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """New stories per fetch, the latest at the right; and what it says in numbers."""

    bars: Sequence[Bar]
    room: int
    most: int
    new: int
    failed: int


def fetch_row(record: FetchRecord, *, by_hand: bool) -> FetchRow:
    tone, result = RESULTS[record.result]
    return FetchRow(
        at=record.at,
        result=State(tone, result),
        answer=_answer(record, by_hand=by_hand),
        seconds=record.seconds,
        size=record.size,
        new=record.new,
        changed=record.changed,
        known=record.known,
        notes=record.notes,
    )


def picture(records: Sequence[FetchRecord]) -> Picture:
    """``records``, the latest first, as bars."""
    slot = 100 / FETCHES_KEPT
    most = max((record.new for record in records), default=0)
    bars = [
        Bar(
            x=round(100 - slot * (index + 1) + slot * 0.15, 2),
            width=round(slot * 0.7, 2),
            height=round(BAR_ROOM * record.new / max(most, 1), 1),
            failed=record.result is Result.FAILED,
        )
        for index, record in enumerate(records[:FETCHES_KEPT])
    ]
    return Picture(bars, BAR_ROOM, most, sum(record.new for record in records), sum(bar.failed for bar in bars))


def _answer(record: FetchRecord, *, by_hand: bool) -> State:
    if record.pushed:
        return State("ok", N_("pushed by the hub"))
    match record.result:
        case Result.FAILED if record.code.startswith(HTTP_CODE):
            return State("bad", "HTTP {status}", {"status": record.code.removeprefix(HTTP_CODE)})
        case Result.FAILED:
            return State("bad", FAULTS.get(record.code, record.code))
        case Result.NOT_MODIFIED:
            return State("same", N_("HTTP 200, the same bytes")) if record.size else State("same", "HTTP 304")
        case Result.READ:
            return State("ok", N_("handed in")) if by_hand else State("ok", "HTTP 200")
