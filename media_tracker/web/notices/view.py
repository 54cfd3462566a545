"""Notices as the page and the letters show them: one line each, in the reader's language, saying no more than they may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from media_tracker.accounts.actor import Actor
from media_tracker.notices.documents import Notice
from media_tracker.notices.readers import may_read
from media_tracker.problems.documents import Problem
from media_tracker.web.notices.words import KIND_NAMES, NOTHING_TO_SEE, TONES

MINE = "/problems?show=mine"


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One notice. Without ``href`` there is nothing that its reader may see."""

    id: str
    kind: str
    """An untranslated name."""
    icon: str
    number: str
    title: str
    place: str
    href: str
    at: datetime
    deadline: datetime | None
    read: bool


def lines(notices: Sequence[Notice], problems: Mapping[ObjectId, Problem], reader: Actor) -> list[NoticeLine]:
    """A line for each notice, in the same order."""
    return [_line(each, problems.get(each.problem_id) if each.problem_id else None, reader) for each in notices]


def href_of(notice: Notice, problem: Problem | None, reader: Actor) -> str:
    """Where a notice leads; empty when its reader may see nothing there."""
    if notice.problem_id is not None and problem is None:
        return ""
    if not may_read(notice.kind, reader, problem.case if problem is not None else None):
        return ""
    return f"/problems/{problem.number}" if problem is not None else MINE


def _line(notice: Notice, problem: Problem | None, reader: Actor) -> NoticeLine:
    href = href_of(notice, problem, reader)
    seen = problem if href else None
    return NoticeLine(
        id=str(notice.id),
        kind=KIND_NAMES[notice.kind] if href else NOTHING_TO_SEE,
        icon=TONES.get(notice.kind, "info") if href else "none",
        number=seen.number if seen is not None else "",
        title=seen.title if seen is not None else "",
        place=seen.place if seen is not None else "",
        href=href,
        at=notice.at,
        deadline=notice.deadline if href else None,
        read=notice.read,
    )
