"""Which photos and documents belong to a problem, and how many a round of work may have. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bson import ObjectId

from media_tracker.errors import N_
from media_tracker.problems.case import Case, Round, State
from media_tracker.problems.steps import Command, Step

MOST_PER_ROUND = 20
"""Photos and documents that a unit files in one round of work, in however many parts; and photos of one check."""
_FILES_OF_THE_ROUND = frozenset({Step.ADD_EVIDENCE, Step.CLAIM})


class Part(StrEnum):
    """What a photo shows, by who filed it and when."""

    BEFORE = "before"
    AFTER = "after"
    CHECK = "check"
    PROTECTION = "protection"
    LOOK_BACK = "look_back"


@dataclass(frozen=True, slots=True)
class Filed:
    """One photo of a problem. ``round`` counts from 1; 0: it belongs to none."""

    id: ObjectId
    part: Part
    round: int


def photos_of(case: Case) -> list[Filed]:
    """Every photo of the problem once, round by round, in the order in which a page shows them."""
    return list({each.id: each for each in _photos(case)}.values())


def _photos(case: Case) -> Iterator[Filed]:
    for protected in (*case.earlier_protected, *([case.protected] if case.protected else [])):
        yield from (Filed(photo, Part.PROTECTION, 0) for photo in protected.photos)
    for each in case.rounds:
        yield from (Filed(photo, Part.BEFORE, each.number) for photo in each.before)
        yield from (Filed(photo, Part.AFTER, each.number) for photo in each.after)
        for check in (*each.earlier_checks, *([each.verification] if each.verification else [])):
            yield from (Filed(photo, Part.CHECK, each.number) for photo in check.photos)
    for look in case.look_backs:
        yield from (Filed(photo, Part.LOOK_BACK, 0) for photo in look.photos)


def documents_of(case: Case) -> list[ObjectId]:
    """Every document of the problem, round by round."""
    return [paper for each in case.rounds for paper in each.documents]


def files_of(case: Case) -> list[ObjectId]:
    """Every photo and document of the problem."""
    return [*(photo.id for photo in photos_of(case)), *documents_of(case)]


def under_way(case: Case) -> Round | None:
    """The round of work that a unit is in; None: there is none, or it has reported already."""
    return case.round if case.state is State.IN_PROGRESS else None


def too_many(case: Case, command: Command) -> dict[str, str]:
    """The field, with a sentence, by which ``command`` brings more than may be; empty when it does not."""
    given = {name: len(getattr(command, name)) for name in ("documents", "after", "before")}
    at_work = under_way(case) if command.step in _FILES_OF_THE_ROUND else None
    there = len(at_work.before) + len(at_work.after) + len(at_work.documents) if at_work is not None else 0
    if not any(given.values()) or there + sum(given.values()) <= MOST_PER_ROUND:
        return {}
    field = max(given, key=lambda name: given[name])
    return {
        field: N_("At most 20 photos and documents belong to one round of work, all parts together. Leave some out.")
    }
