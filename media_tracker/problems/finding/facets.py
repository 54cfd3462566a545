"""What a problem is looked up by besides its words: unit, area, category, channel, outlet and more, as marked entries. Pure.

They stand among the words in ``Problem.search``, so that one index in the order of a list serves every filter. A mark that no
word begins with keeps them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

from bson import ObjectId

from media_tracker.problems.case import Case, Channel, Severity, State
from media_tracker.problems.independence import parties

MARK = "§"


class Flag(StrEnum):
    """What is either so or not."""

    EXPOSED = "exposed"
    UNEXPOSED = "unexposed"
    RELAPSE = "relapse"  # it came back after a closing
    LONG_STANDING = "long_standing"
    SUPERVISED = "supervised"


class Waiting(StrEnum):
    """What somebody is waited for to do, beside what the state says."""

    SIGN = "sign"  # 签收: the unit in charge has not acknowledged it
    ASKED = "asked"  # the unit has asked for more time or a deferral, and nobody has answered
    RETURNED = "returned"  # 退单: a unit has sent it back, and it is in nobody's hands
    PROTECT = "protect"  # 临时防护: a danger without interim protection


def of_unit(unit_id: ObjectId) -> str:
    """In charge, or beside."""
    return f"{MARK}unit:{unit_id}"


def of_area(code: str) -> str:
    """In this region, or administered by this body."""
    return f"{MARK}area:{code}"


def of_category(code: str) -> str:
    """Of this category, or of one below it."""
    return f"{MARK}category:{code}"


def of_severity(severity: Severity) -> str:
    return f"{MARK}severity:{severity.value}"


def of_channel(channel: Channel) -> str:
    """With a standing report by this channel."""
    return f"{MARK}channel:{channel.value}"


def of_outlet(outlet_id: ObjectId) -> str:
    """Exposed by this outlet."""
    return f"{MARK}outlet:{outlet_id}"


def of_flag(flag: Flag) -> str:
    return f"{MARK}{flag.value}"


def of_waiting(waiting: Waiting, unit_id: ObjectId | None = None) -> str:
    """Waited for, by anybody or by this unit."""
    return f"{MARK}{waiting.value}" if unit_id is None else f"{MARK}{waiting.value}:{unit_id}"


def of_party(unit_id: ObjectId) -> str:
    """This unit has a stake in its being called solved."""
    return f"{MARK}party:{unit_id}"


def of_claimant(user_id: ObjectId) -> str:
    """This person has called it fixed, or let the answer go out."""
    return f"{MARK}claimant:{user_id}"


def of_number(number: str) -> str:
    """Known elsewhere under this number; capitals do not matter."""
    return f"{MARK}number:{folded(number)}"


def folded(number: str) -> str:
    """A number as it is compared: without blanks, in small letters."""
    return "".join(number.split()).casefold()


def numbers_beginning(start: str) -> str:
    """A regular expression for numbers that begin with ``start``; an index finds them."""
    return f"^{re.escape(of_number(start))}"


def facets_of(case: Case, areas: Iterable[str], categories: Iterable[str]) -> set[str]:
    """Every entry of ``case``. ``areas``: the routing path of its region; ``categories``: its own and those above."""
    standing = [report for report in case.reports if report.withdrawn_at is None]
    exposures = case.exposures
    of = parties(case, ())
    units = [*([case.unit_id] if case.unit_id is not None else []), *case.co_unit_ids]
    return {
        *map(of_area, areas),
        *map(of_category, categories),
        *map(of_unit, units),
        *map(of_party, of.units),
        *map(of_claimant, of.claimants | of.reviewers),
        *(of_channel(report.channel) for report in standing),
        *(of_outlet(report.outlet_id) for report in exposures if report.outlet_id is not None),
        *(of_number(report.outside_number) for report in case.reports if report.outside_number),
        of_severity(case.severity),
        *map(of_flag, _flags(case, bool(exposures))),
        *(entry for waiting, unit in _waiting(case) for entry in _both(waiting, unit)),
    }


def _flags(case: Case, exposed: bool) -> Iterable[Flag]:
    yield Flag.EXPOSED if exposed else Flag.UNEXPOSED
    if case.relapse_of is not None:
        yield Flag.RELAPSE
    if case.long_standing:
        yield Flag.LONG_STANDING
    if case.supervised:
        yield Flag.SUPERVISED


def _waiting(case: Case) -> Sequence[tuple[Waiting, ObjectId | None]]:
    found: list[tuple[Waiting, ObjectId | None]] = []
    if case.state is State.ASSIGNED and case.acknowledged_at is None:
        found.append((Waiting.SIGN, case.unit_id))
    if case.asked is not None:
        found.append((Waiting.ASKED, case.unit_id))
    if case.state is State.RETURNED and case.former_unit_ids:
        found.append((Waiting.RETURNED, case.former_unit_ids[-1]))
    if case.protection is not None and case.protected is None and case.state in _AT_WORK:
        found.append((Waiting.PROTECT, case.unit_id))
    return found


_AT_WORK = frozenset({State.ASSIGNED, State.IN_PROGRESS, State.REWORK})


def _both(waiting: Waiting, unit: ObjectId | None) -> Iterable[str]:
    yield of_waiting(waiting)
    if unit is not None:
        yield of_waiting(waiting, unit)
