"""Clock rules: how long the hand-over, the fix and interim protection may take, by category, severity and source. Pure.

A rule says for which problems it is, and a limit. Of the rules that fit a problem those count that no other fitting rule is more
special than; where several are left (one names the category, another the severity), the one whose limit ends first applies, and
the pages say so. The limit that the table of categories has is such a rule, too, for the fix and for that category: a rule for
the very category takes its place. To change what a deadline comes to, look here first; docs/problems.md says how.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from media_tracker.calendar.deadlines import LimitUnit, deadline
from media_tracker.errors import N_
from media_tracker.problems.case import Case, Given, Severity

DANGER = "danger"
"""In place of a category: every category that the table of categories calls a danger."""

DEFAULT_WORKDAYS = 5
"""For the fix, where the table of categories says nothing."""

LONGEST = {"workday": 250, "hour": 24 * 365}


class ClockKind(StrEnum):
    """What a clock waits for."""

    HAND_OVER = "hand_over"  # 曝光→交办: from the first exposure received, or the registration, until a unit has it
    FEEDBACK = "feedback"  # 交办→反馈: from the hand-over until the unit says that it is done
    PROTECTION = "protection"  # 临时防护: from the hand-over of a danger until a barrier is there
    REVIEW = "review"  # 复查: a deferred problem is to be looked at again; its day is set by hand


RULED = (ClockKind.HAND_OVER, ClockKind.FEEDBACK, ClockKind.PROTECTION)
"""The clocks that rules are made for."""


class Source(StrEnum):
    """Where a problem comes from, as far as clocks care."""

    MEDIA = "media"  # an outlet has exposed it
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ClockRule:
    """A limit, and for which problems it is. ``category``: a code, ``DANGER``, or None for any; severity and source alike."""

    kind: ClockKind
    category: str | None
    severity: Severity | None
    source: Source | None
    limit: int
    unit: LimitUnit
    warning_hours: int | None = None
    """Yellow so many hours before the end; None: in the last quarter, or the last day of more than two."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """For which problems it is. There is one rule for each key."""
        return self.kind.value, self.category or "", self.severity or "", self.source or ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What rules know of a problem. ``path``: its category, then the class above it."""

    path: tuple[str, ...]
    danger: bool
    severity: Severity
    source: Source
    own: ClockRule
    """The limit for the fix that the table of categories has."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The rule that applies. ``beside``: others that nothing puts behind it, but whose limit ends later."""

    rule: ClockRule
    given: Given
    beside: tuple[ClockRule, ...] = ()


def source_of(case: Case) -> Source:
    """Whether an outlet's exposure of the problem stands."""
    return Source.MEDIA if case.exposures else Source.OTHER


def own_rule(category: str, limit: int | None, unit: LimitUnit | None) -> ClockRule:
    """The limit of the table of categories as a rule; ``DEFAULT_WORKDAYS`` where it has none."""
    if limit is None or unit is None:
        limit, unit = DEFAULT_WORKDAYS, "workday"
    return ClockRule(ClockKind.FEEDBACK, category, None, None, limit, unit)


def verdict(
    kind: ClockKind, rules: Iterable[ClockRule], about: Circumstances, start: datetime, zone: ZoneInfo
) -> Verdict | None:
    """The limit of one clock that starts at ``start``; None: there is no such clock for this problem."""
    strongest = contenders(kind, rules, about)
    if not strongest:
        return None
    ordered = sorted(((given(rule, start, zone), rule) for rule in strongest), key=lambda each: each[0].due_at)
    limit, rule = ordered[0]
    return Verdict(rule, limit, tuple(other for later, other in ordered[1:] if later.due_at != limit.due_at))


def contenders(kind: ClockKind, rules: Iterable[ClockRule], about: Circumstances) -> tuple[ClockRule, ...]:
    """The rules that fit and that no other fitting rule is more special than, in the order of ``rules``."""
    fitting = [rule for rule in rules if rule.kind is kind and fits(rule, about)]
    if kind is ClockKind.FEEDBACK and all(rule.key != about.own.key for rule in fitting):
        fitting.append(about.own)
    return tuple(rule for rule in fitting if not any(_is_more_special(other, rule, about) for other in fitting))


def fits(rule: ClockRule, about: Circumstances) -> bool:
    """Whether ``rule`` is for such a problem."""
    return (
        (rule.category is None or (about.danger if rule.category == DANGER else rule.category in about.path))
        and rule.severity in (None, about.severity)
        and rule.source in (None, about.source)
    )


def _rank(rule: ClockRule, about: Circumstances) -> tuple[int, int, int]:
    """How much a fitting rule says of category, severity and source: any, a class, every danger, the very category."""
    if rule.category is None:
        of_category = 0
    elif rule.category == DANGER:
        of_category = 2
    else:
        of_category = 3 if rule.category == about.path[0] else 1
    return of_category, int(rule.severity is not None), int(rule.source is not None)


def _is_more_special(one: ClockRule, other: ClockRule, about: Circumstances) -> bool:
    mine, yours = _rank(one, about), _rank(other, about)
    return mine != yours and all(a >= b for a, b in zip(mine, yours, strict=True))


def given(rule: ClockRule, start: datetime, zone: ZoneInfo) -> Given:
    """The limit of ``rule`` for what begins at ``start``."""
    end = deadline(start, rule.limit, rule.unit, zone)
    warn_at = None if rule.warning_hours is None else max(start, end.at - timedelta(hours=rule.warning_hours))
    return Given(due_at=end.at, warn_at=warn_at, official=end.official)


def mistakes(rule: ClockRule, others: Sequence[ClockRule], categories: Iterable[str]) -> dict[str, str]:
    """Why ``rule`` cannot stand beside ``others``: a sentence for each field that is wrong; empty when it can."""
    wrong: dict[str, str] = {}
    if not 1 <= rule.limit <= LONGEST[rule.unit]:
        wrong["limit"] = N_("Please give a limit between one hour or day and a year.")
    elif rule.warning_hours is not None and not 1 <= rule.warning_hours <= _hours(rule):
        wrong["warning_hours"] = N_("The warning comes an hour before the end at least, and within the limit.")
    if rule.category is not None and rule.category != DANGER and rule.category not in set(categories):
        wrong["category"] = N_("Please choose a category from the list.")
    if rule.kind is ClockKind.PROTECTION and rule.unit != "hour":
        wrong["unit"] = N_("Interim protection is counted in hours: a danger does not wait for a working day.")
    if rule.category == DANGER and rule.kind is ClockKind.FEEDBACK and rule.unit != "hour":
        wrong["unit"] = N_("Dangers are counted in hours, day and night.")
    if any(other.key == rule.key for other in others):
        wrong["category"] = N_("There is a rule for just these problems already. Change that one.")
    return wrong


def _hours(rule: ClockRule) -> int:
    return rule.limit if rule.unit == "hour" else rule.limit * 24
