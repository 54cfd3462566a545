"""Small campaigns to count: facts told in a line, and random ones for properties."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from media_tracker.accounts.actor import Level
from media_tracker.monitor.counting import rows
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.facts import CaseFact, DeedFact, Facts, Period, StoryFact, View
from media_tracker.problems.case import Case, Channel, Outcome, Precision
from tests.problems.cases import UNIT, Tale, at, oid

YEAR = Period(date(2022, 1, 1), date(2022, 12, 31))
MARCH = Period(date(2022, 3, 1), date(2022, 3, 31))


def view(period: Period = MARCH, now: str = "04-30", level: Level = Level.CITY) -> View:
    """March as seen at the end of April, unless told otherwise."""
    return View(period, at(now), level)


def days(start: str, end: str) -> Period:
    """``03-01`` to ``03-31``, both included."""
    return Period(date.fromisoformat(f"2022-{start}"), date.fromisoformat(f"2022-{end}"))


def fact(told: Tale | Case, district: str | None = "370303", categories: tuple[str, ...] = ("A01", "A")) -> CaseFact:
    return CaseFact(told.case if isinstance(told, Tale) else told, district, categories)


def cases(*told: Tale | Case) -> Facts:
    """Nothing but these problems."""
    return Facts(cases=[fact(each) for each in told])


def story(
    outlet: str,
    moment: str | datetime,
    *,
    name: str = "",
    cluster: str | None = None,
    withdrawn: bool = False,
    behaviour: bool = False,
) -> StoryFact:
    own = f"{outlet} {moment} {name}"
    return StoryFact(
        oid(own), oid(outlet), oid(cluster or own), at(moment), withdrawn, behaviour, "370303", ("A01", "A")
    )


def number(key: Key, facts: Facts, seen: View | None = None) -> int:
    return len(rows(key, facts, seen or view()))


# Random campaigns. Hours are counted from the first moment of 20 February in Shanghai: 24 to a day, no summer time.

START = at("02-20")
OUTLETS = ["evening news", "radio", "portal"]
DISTRICTS = [None, "370303", "370304"]
CATEGORIES: list[tuple[str, ...]] = [(), ("A",), ("A01", "A"), ("B02", "B")]
ENDS = [
    "registered",
    "assigned",
    "claimed",
    "failed",
    "deferred",
    "returned",
    "refused",
    "duplicate",
    "nothing found",
    "verified",
    "verified",
    "closed",
    "closed",
    "relapsed",
    "revoked",
    "fixed again",
]


def moment(hour: float) -> datetime:
    return START + timedelta(hours=hour)


@dataclass(frozen=True)
class Told:
    """An exposure as a plan has it."""

    outlet: str
    hour: int
    received: int
    by_day: bool
    occasion: int
    withdrawn: bool


@dataclass(frozen=True)
class Ticket:
    """What another channel had."""

    channel: Channel
    hour: int
    received: int
    numbered: bool
    due: int | None
    closed: int | None


@dataclass(frozen=True)
class Plan:
    """A problem's life, before it is told. Kept so that figures can be recounted from it by other means."""

    told: tuple[Told, ...]
    ticket: Ticket | None
    asked: int | None
    assigned: int
    due: int
    fixed: int
    fix_by_day: bool
    verified: int
    again_fixed: int
    again_verified: int
    partly: bool
    district_check: bool
    end: str
    place: int
    kind: int

    def tale(self, name: str) -> Tale:
        """The events of it."""
        tale = Tale(name, "02-01 08:00")
        for each in self.told:
            precision = Precision.DAY if each.by_day else Precision.MINUTE
            tale.exposed(
                each.outlet,
                moment(each.hour),
                received=moment(each.received),
                precision=precision,
                occasion=each.occasion,
            )
            if each.withdrawn:
                tale.withdraw_last("12-01")
        if self.ticket is not None:
            ticket = self.ticket
            tale.reported(
                ticket.channel,
                moment(ticket.hour),
                received=moment(ticket.received),
                number="12345-1" if ticket.numbered else None,
                due=None if ticket.due is None else moment(ticket.due),
                closed_elsewhere=None if ticket.closed is None else moment(ticket.closed),
            )
        if self.asked is not None:
            tale.asked(OUTLETS[0], moment(self.asked))
        return self._ended(tale)

    def _ended(self, tale: Tale) -> Tale:
        if self.end == "registered":
            return tale
        if self.end == "refused":
            return tale.refused(moment(self.assigned))
        if self.end == "duplicate":
            return tale.duplicate_of("another", moment(self.assigned))
        tale.assigned(UNIT, moment(self.assigned), due=moment(self.due))
        if self.end == "assigned":
            return tale
        if self.end == "deferred":
            return tale.deferred(moment(self.assigned + 1))
        if self.end == "returned":
            return tale.returned(moment(self.assigned + 1))
        return self._worked_on(tale)

    def _worked_on(self, tale: Tale) -> Tale:
        outcome = Outcome.PARTLY_RESOLVED if self.partly else Outcome.RESOLVED
        outcome = Outcome.NOTHING_FOUND if self.end == "nothing found" else outcome
        precision = Precision.DAY if self.fix_by_day else Precision.MINUTE
        level = Level.DISTRICT if self.district_check else Level.CITY
        tale.claimed(moment(self.verified - 1), fixed=moment(self.fixed), outcome=outcome, precision=precision)
        if self.end == "claimed":
            return tale
        if self.end == "failed":
            return tale.failed(moment(self.verified), due=moment(self.due + 77))
        if self.end == "nothing found":
            return tale.nothing_found(moment(self.verified), level=level)
        tale.verified(moment(self.verified), outcome=outcome, level=level)
        if self.end == "verified":
            return tale
        tale.closed(moment(self.verified + 1))
        if self.end == "relapsed":
            tale.relapsed(moment(self.verified + 24 * 40))
        if self.end in ("revoked", "fixed again"):
            tale.revoked(moment(self.verified + 2), due=moment(self.due + 777))
        if self.end == "fixed again":
            tale.claimed(moment(self.again_verified - 1), fixed=moment(self.again_fixed), precision=precision)
            tale.verified(moment(self.again_verified), level=level)
        return tale


@dataclass(frozen=True)
class Campaign:
    """Plans of problems, stories and deeds."""

    plans: tuple[Plan, ...]
    stories: tuple[StoryFact, ...]
    deeds: tuple[DeedFact, ...]

    @property
    def facts(self) -> Facts:
        told = [
            CaseFact(plan.tale(f"problem {index}").case, DISTRICTS[plan.place], CATEGORIES[plan.kind])
            for index, plan in enumerate(self.plans)
        ]
        return Facts(self.stories, told, self.deeds)


HOURS = st.integers(0, 60 * 24)


@st.composite
def tolds(draw: st.DrawFn) -> Told:
    hour = draw(HOURS)
    return Told(
        draw(st.sampled_from(OUTLETS)),
        hour,
        hour + draw(st.integers(0, 40)),
        draw(st.booleans()),
        draw(st.integers(1, 2)),
        draw(st.integers(0, 4)) == 0,
    )


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    hour = draw(HOURS)
    return Ticket(
        draw(st.sampled_from([Channel.TICKET, Channel.PATROL, Channel.LIST, Channel.SNAPSHOT])),
        hour,
        hour + draw(st.sampled_from([0, 0, 5, 500])),
        draw(st.booleans()),
        draw(st.one_of(st.none(), HOURS)),
        draw(st.one_of(st.none(), HOURS)),
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    assigned, fixed = draw(HOURS), draw(HOURS)
    verified = max(assigned, fixed) + draw(st.integers(25, 300))
    again_fixed = verified + draw(st.integers(3, 300))
    return Plan(
        told=tuple(draw(st.lists(tolds(), max_size=4))),
        ticket=draw(st.one_of(st.none(), tickets())),
        asked=draw(st.one_of(st.none(), HOURS)),
        assigned=assigned,
        due=assigned + draw(st.integers(1, 300)),
        fixed=fixed,
        fix_by_day=draw(st.booleans()),
        verified=verified,
        again_fixed=again_fixed,
        again_verified=again_fixed + draw(st.integers(25, 300)),
        partly=draw(st.integers(0, 5)) == 0,
        district_check=draw(st.integers(0, 3)) == 0,
        end=draw(st.sampled_from(ENDS)),
        place=draw(st.integers(0, len(DISTRICTS) - 1)),
        kind=draw(st.integers(0, len(CATEGORIES) - 1)),
    )


@st.composite
def campaigns(draw: st.DrawFn) -> Campaign:
    """Up to six problems, eight stories and three deeds in two months of 2022."""
    stories = [
        StoryFact(
            oid(f"story {index}"),
            oid(draw(st.sampled_from(OUTLETS))),
            oid(f"cluster {draw(st.integers(0, 3))}"),
            moment(draw(HOURS)),
            withdrawn=draw(st.booleans()),
            behaviour=draw(st.booleans()),
            district=draw(st.sampled_from(DISTRICTS)),
            categories=draw(st.sampled_from(CATEGORIES)),
        )
        for index in range(draw(st.integers(0, 8)))
    ]
    deeds = [
        DeedFact(
            oid(f"deed {index}"),
            frozenset(map(oid, draw(st.sets(st.sampled_from(OUTLETS))))),
            moment(draw(HOURS)),
            draw(st.sampled_from(DISTRICTS)),
        )
        for index in range(draw(st.integers(0, 3)))
    ]
    return Campaign(tuple(draw(st.lists(plans(), max_size=6))), tuple(stories), tuple(deeds))


# A second opinion: DESIGN §2 counted from the plans, slowly, in hours.


def recounted_exposures(told: Iterable[Plan], first_day: int, last_day: int) -> int:
    """Exposures by publication: one for each outlet, problem and occasion, in days from 20 February."""
    total = 0
    for plan in told:
        if plan.end == "duplicate":
            continue
        for outlet in OUTLETS:
            for occasion in (1, 2):
                copies = [e.hour for e in plan.told if (e.outlet, e.occasion, e.withdrawn) == (outlet, occasion, False)]
                total += bool(copies) and first_day <= min(copies) // 24 <= last_day
    return total


def recounted_problems(told: Iterable[Plan], first_day: int, last_day: int) -> int:
    """Distinct problems by the day of their first exposure that stands; what was turned away was none."""
    total = 0
    for plan in told:
        days_exposed = [each.hour // 24 for each in plan.told if not each.withdrawn]
        turned_away = plan.end in ("duplicate", "refused")
        total += bool(days_exposed) and not turned_away and first_day <= min(days_exposed) <= last_day
    return total


def recounted_resolved(told: Sequence[Plan], first_day: int, last_day: int, level: Level) -> int:
    """Resolved via media, by the day of the verification that stands."""
    total = 0
    for plan in told:
        again = plan.end == "fixed again"
        if plan.end not in ("verified", "closed", "relapsed", "fixed again") or (plan.partly and not again):
            continue
        if plan.district_check and level is Level.CITY:
            continue
        day = (plan.again_verified if again else plan.verified) // 24
        total += first_day <= day <= last_day and any(_led(plan, each) for each in plan.told if not each.withdrawn)
    return total


def _led(plan: Plan, told: Told) -> bool:
    """True when this exposure surely came before the fix, and nobody else was dealing with it then."""
    fixed = plan.again_fixed if plan.end == "fixed again" else plan.fixed
    fixed_from = fixed // 24 * 24 if plan.fix_by_day else fixed
    out_from = told.hour // 24 * 24 if told.by_day else told.hour
    out_by = min(out_from + 23.9, told.received) if told.by_day else told.hour
    if out_by >= fixed_from:
        return False
    ticket = plan.ticket
    if ticket is None or not (ticket.received < out_from or (ticket.numbered and ticket.hour < out_from)):
        return True
    ran_out = [ticket.due, ticket.closed]
    if plan.end == "fixed again":
        ran_out.append(plan.verified)
    else:
        ran_out.append(plan.due)
    return any(hour is not None and hour < out_from for hour in ran_out)
