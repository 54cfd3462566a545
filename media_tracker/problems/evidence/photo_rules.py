"""Who may do what with photos, and what their times and places give to think about. Pure.

A hint is no verdict: clocks of cameras go wrong, and a fix may be photographed late. It says where to look.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from media_tracker.accounts.actor import Actor, Role
from media_tracker.files.camera import metres_between
from media_tracker.problems.case import Case, Round
from media_tracker.problems.evidence.material import Filed, Part

CLOCK_SLACK = timedelta(minutes=10)
"""By so much a camera's clock may be wrong without a hint."""
LONG = timedelta(days=7)
FAR = 500.0
"""Metres between photos of one problem from which on it is a hint: further than a long building site, nearer than the next street
but three."""


class Hint(StrEnum):
    """What a photo's time or place gives to think about."""

    BEFORE_EXPOSURE = "before_exposure"  # a photo of the fix, taken before anybody told of the problem
    AFTER_FIX = "after_fix"  # a photo from before the fix, taken after it
    LONG_AFTER = "long_after"  # a photo of the fix, taken a week or more after it
    AFTER_FILING = "after_filing"  # taken later than it was filed: a clock is wrong
    BEFORE_CLAIM = "before_claim"  # a photo of the check, taken before there was anything to check
    FAR_AWAY = "far_away"  # from where the other photos of the problem were taken


@dataclass(frozen=True, slots=True)
class Taken:
    """When and where a photo was taken, as far as its camera says, and when it came here."""

    at: datetime | None
    position: tuple[float, float] | None
    filed_at: datetime


def may_black_out(case: Case, photo: Filed, actor: Actor) -> bool:
    """The office and the inspectors every photo, the unit in charge its own."""
    if actor.has(Role.PUBLICITY, Role.INSPECTOR):
        return True
    return actor.has(Role.OFFICIAL) and photo.part is not Part.CHECK and _is_of(case, photo, actor)


def _is_of(case: Case, photo: Filed, actor: Actor) -> bool:
    worked = _round(case, photo)
    unit = worked.unit_id if worked is not None else case.unit_id
    return photo.part is not Part.LOOK_BACK and unit is not None and unit == case.unit_id and unit in actor.units


def may_open_original(actor: Actor) -> bool:
    """Admins, who have to say why."""
    return actor.has(Role.ADMIN)


def may_read_camera(actor: Actor) -> bool:
    """Who may know when and where a photo was taken; that they looked is written down."""
    return actor.has(Role.ADMIN, Role.INSPECTOR)


def may_see_uses(actor: Actor) -> bool:
    """Who is told that a photo was used before: the office and the inspectors, not who has filed it."""
    return actor.has(Role.EDITOR, Role.PUBLICITY, Role.INSPECTOR, Role.ADMIN)


def hints(case: Case, photo: Filed, taken: Taken, elsewhere: float | None = None) -> tuple[Hint, ...]:
    """What gives to think about ``photo``. ``elsewhere``: metres to the nearest other photo of the problem."""
    worked = _round(case, photo)
    claim = worked.claim if worked is not None else None
    told, at = case.first_exposed_at, taken.at
    found = {Hint.FAR_AWAY: elsewhere is not None and elsewhere >= FAR}
    if at is not None:
        early, late = at + CLOCK_SLACK, at - CLOCK_SLACK
        of_fix = photo.part is Part.AFTER
        found |= {
            Hint.BEFORE_EXPOSURE: of_fix and told is not None and early < told,
            Hint.AFTER_FIX: photo.part is Part.BEFORE and claim is not None and late > claim.fixed_at,
            Hint.LONG_AFTER: of_fix and claim is not None and at >= claim.fixed_at + LONG,
            Hint.AFTER_FILING: late > taken.filed_at,
            Hint.BEFORE_CLAIM: photo.part is Part.CHECK and claim is not None and early < claim.fixed_at,
        }
    return tuple(hint for hint in Hint if found.get(hint))


def nearest(position: tuple[float, float] | None, others: list[tuple[float, float]]) -> float | None:
    """Metres to the nearest of ``others``; None where nothing is known."""
    if position is None or not others:
        return None
    return min(metres_between(position, other) for other in others)


def _round(case: Case, photo: Filed) -> Round | None:
    return next((each for each in case.rounds if each.number == photo.round), None)
