"""One problem that is two: which reports go, what the new one starts with, and what is left. Pure.

The new problem starts as the unit's, with the deadlines that were given (one that was given never shifts), or as registered, to
be assigned. Rounds and their evidence stay with the first one: what was done was done about it. Undoing a split is merging the
new one back, which gives every report the place that it had.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput
from media_tracker.problems.case import Case, Channel, EventType, Report, Severity, State
from media_tracker.problems.lifecycle import Decided
from media_tracker.problems.regrouping.merging import FRESH, SETTLED, UNDER_WAY, occasions_among

SPLITTABLE = FRESH | UNDER_WAY | SETTLED


class Share(StrEnum):
    """What becomes of a report."""

    STAYS = "stays"
    GOES = "goes"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Division:
    """What goes to the new problem, and what that one is."""

    category: str
    region: str | None
    severity: Severity
    shares: Mapping[ObjectId, Share] = field(default_factory=dict)
    """By the reports' ids; those without one stay."""
    keeps_unit: bool = False
    """The unit in charge has the new one too, by the same deadlines."""
    differs: bool = True
    """Whether place, category, region or unit differ: only then are they two (DESIGN §2)."""


def may_split(case: Case, actor: Actor) -> Forbidden | None:
    """Why ``actor`` may not split ``case``: dispatchers may, and the office alone where there was work."""
    if actor.has(Role.PUBLICITY) or (case.state in FRESH and actor.has(Role.EDITOR)):
        return None
    return Forbidden(N_("Your role does not allow this."))


def split(case: Case, division: Division, fresh: Mapping[ObjectId, ObjectId]) -> list[Decided]:
    """The first events of the problem that is split off from ``case``. ``fresh``: an id for each report that both get.

    Raises:
        Conflict: the state does not allow it.
        InvalidInput: nothing goes, nothing stays, or what goes is nothing of its own; ``fields`` says where.
    """
    _check(case, division)
    moved = [report for report in case.reports if division.shares.get(report.id) is Share.GOES]
    copied = [report for report in case.reports if division.shares.get(report.id) is Share.BOTH]
    _check_moved(case, moved)
    told = sorted([*moved, *copied], key=lambda report: (report.occurred_at, report.id))
    numbers = occasions_among(told, ())
    reports = [
        report.model_copy(
            update={
                "id": fresh.get(report.id, report.id) if report in copied else report.id,
                "occasion": _occasion(report, numbers),
            }
        )
        for report in told
    ]
    return [
        Decided(EventType.REGISTERED, _registered(case, division)),
        Decided(EventType.SPLIT_FROM, _start(case, division.keeps_unit)),
        *(Decided(EventType.REPORTED, report.model_dump()) for report in reports),
    ]


def split_off(case: Case, new_id: ObjectId, division: Division) -> Decided:
    """What happens to ``case`` itself: the reports that go leave it for the problem ``new_id``."""
    moved = [report.id for report in case.reports if division.shares.get(report.id) is Share.GOES]
    return Decided(EventType.SPLIT_OFF, {"problem": new_id, "report_ids": moved})


def _occasion(report: Report, numbers: Mapping[tuple[ObjectId | None, int], int]) -> int:
    if report.channel is not Channel.EXPOSURE:
        return report.occasion
    return numbers[report.outlet_id, report.occasion]


def _check(case: Case, division: Division) -> None:
    if case.state not in SPLITTABLE:
        raise Conflict(
            N_(
                "This cannot be done while the problem is “{state}”. Somebody may have been faster: look at its history."
            ),
            state=case.state,
        )
    if case.objections:  # the new one would be shown in public, with what somebody objects to
        raise Conflict(N_("Somebody has objected to this one and waits for an answer. Answer first, then split."))
    standing = [report.id for report in case.reports if report.withdrawn_at is None]
    shares = [division.shares.get(each, Share.STAYS) for each in standing]
    fields: dict[str, str] = {}
    if Share.GOES not in shares and Share.BOTH not in shares:
        fields["reports"] = N_("Choose at least one report that tells of the new problem.")
    elif Share.STAYS not in shares and Share.BOTH not in shares:
        fields["reports"] = N_(
            "At least one report has to stay. If all of it is something else, correct the description."
        )
    if not division.differs:
        fields["place"] = N_("Split only where place, category or unit differs.")
    if division.keeps_unit and case.unit_id is None:
        fields["unit"] = N_("No unit is in charge of this one.")
    if fields:
        raise InvalidInput(N_("Please look at the marked fields."), fields)


def _check_moved(case: Case, moved: list[Report]) -> None:
    stories = {report.story_id for report in moved} - {None}
    checks = [each.verification for each in case.rounds if each.verification is not None]
    if any(check.story_id in stories for check in checks):
        sentence = N_("A check of this problem rests on one of these stories: let both have it.")
        raise InvalidInput(sentence, {"reports": sentence})


def _registered(case: Case, division: Division) -> dict[str, Any]:
    return {
        "category": division.category,
        "region": division.region,
        "severity": division.severity,
        "long_standing": case.long_standing,
        "relapse_of": None,
        "hand_over": case.hand_over.model_dump() if case.hand_over is not None else None,
    }


def _start(case: Case, keeps_unit: bool) -> dict[str, Any]:
    """What the new problem has from the first one; without the unit, only that it is kept from the public."""
    had = case if keeps_unit else None
    return {
        "problem": case.id,
        "state": State.ASSIGNED if had else State.REGISTERED,
        "unit_id": had.unit_id if had else None,
        "co_unit_ids": list(had.co_unit_ids) if had else [],
        "assigned_at": had.assigned_at if had else None,
        "original_due_at": had.original_due_at if had else None,
        "due_at": had.due_at if had else None,
        "warn_at": had.warn_at if had else None,
        "official": had.official if had else True,
        "protection": had.protection.model_dump() if had and had.protection is not None else None,
        "withheld": case.withheld,
    }
