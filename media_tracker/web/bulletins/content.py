"""What a bulletin says: counted figures and chosen texts become words, in the language that is current."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import count
from typing import Any

from bson import ObjectId

from media_tracker.db.connection import Json
from media_tracker.deeds.documents import GoodDeed
from media_tracker.errors import N_
from media_tracker.monitor.bulletin_counts import Counted
from media_tracker.monitor.bulletin_rules import BY, MOST_PRINTED, PLACES, TREND, Texts, shown_stretches
from media_tracker.monitor.definitions import DEFINITIONS, Dimension, Key
from media_tracker.monitor.facts import Period, Row
from media_tracker.monitor.releases import Seen
from media_tracker.monitor.service import Column, Stretch, Subjects
from media_tracker.papers.bulletin_charts import with_charts
from media_tracker.papers.bulletin_content import (
    BulletinContent,
    CaseLine,
    DeedLine,
    FigureLine,
    PlaceLine,
    Said,
    TrendLine,
    UnitCases,
)
from media_tracker.papers.safe_text import one_line
from media_tracker.papers.shipped import Paper
from media_tracker.problems.documents import Problem
from media_tracker.web.i18n import NOTHING
from media_tracker.web.monitor.view import RATES
from media_tracker.web.naming import Names
from media_tracker.web.papers.files import filled
from media_tracker.wiring import Services

TITLE = N_("Bulletin on problems that the media exposed")
SHOWN = (
    *(Key.EXPOSURES, Key.PROBLEMS, Key.RESOLVED, Key.RESOLVED_NET, Key.BEFORE_PRINT, Key.ALSO_REPORTED),
    *(Key.CLAIMED, Key.DEFERRED, Key.OVERDUE, Key.RELAPSED, Key.STORIES, Key.CLUSTERS, Key.GOOD_DEEDS),
)
"""The figures of the first table, in their order."""
SHORT: Mapping[Key, str] = {
    Key.EXPOSURES: N_("Exposures"),
    Key.PROBLEMS: N_("Problems"),
    Key.RESOLVED: N_("Resolved"),
    Key.CLAIMED: N_("Claimed"),
    Key.OVERDUE: N_("Overdue"),
}
"""Heads of narrow columns."""
WITHHELD = N_("(This case is withheld.)")
NOT_ADDING = N_("A problem that several outlets exposed stands with each of them: these columns do not add up.")
_Day = Callable[[Row, Problem], str]
"""How the day in a line of a list is found."""


@dataclass(frozen=True, slots=True)
class Signing:
    """What a bulletin is given when it is signed; ``serial`` of None: a draft without a number."""

    year: int
    serial: int | None
    at: datetime
    signer: str = ""


async def compose(
    room: Services, names: Names, counted: Counted, texts: Texts, deeds: Sequence[ObjectId], signing: Signing
) -> BulletinContent:
    """All that the bulletin says."""
    writer = _Writer(names, counted)
    rows = [row for key in (Key.RESOLVED, Key.OVERDUE, Key.RELAPSED) for row in counted.rows[key]]
    subjects = await room.monitor.subjects(rows)
    chosen = await deeds_of(room, deeds)
    say, formats = writer.say, names.pages.formats
    number = say(N_("Draft")) if signing.serial is None else writer.number(signing.year, signing.serial)
    overdue = writer.cases(
        Key.OVERDUE, subjects, lambda row, problem: formats.deadline_text(problem.case.due_at, "day")
    )
    return BulletinContent(
        office=room.settings.office_name,
        title=texts.title or say(TITLE),
        number=number,
        date=formats.date_text(signing.at),
        period=writer.days(counted.period),
        before=writer.days(counted.earlier),
        lead=_paragraphs(texts.lead) or [writer.lead()],
        figures=writer.figures(),
        rates=writer.rates(),
        times=writer.times(),
        trend_heads=[say(SHORT[key]) for key in TREND],
        trend=writer.trend(),
        place_heads=[say(SHORT[key]) for key in PLACES],
        districts=writer.places(Dimension.DISTRICT),
        outlets=writer.places(Dimension.OUTLET),
        adding=say(NOT_ADDING) if any(counted.tables[by].not_additive for by in BY) else "",
        resolved=writer.cases(Key.RESOLVED, subjects, lambda row, _: formats.date_text(row.at, "day")),
        resolved_more=writer.more(Key.RESOLVED),
        overdue=_by_unit(overdue),
        overdue_more=writer.more(Key.OVERDUE),
        relapsed=writer.cases(Key.RELAPSED, subjects, lambda row, _: formats.date_text(row.at, "day")),
        relapsed_more=writer.more(Key.RELAPSED),
        deeds=[writer.deed(deed) for deed in chosen],
        remarks=_paragraphs(texts.remarks),
        outlook=_paragraphs(texts.outlook),
        definitions=writer.definitions(),
        counted=say(
            N_("Counted as of {moment}. Each figure is the length of a list that is kept with this bulletin."),
            moment=formats.datetime_text(counted.as_of),
        ),
        signer=signing.signer,
    )


async def word_of(room: Services, content: BulletinContent, language: str) -> bytes:
    """The Word file. Raises ``Conflict`` when the office's own template cannot be filled in."""
    return await filled(room, Paper.BULLETIN, language, {"bulletin": with_charts(content)})


def content_of(frozen: Json) -> BulletinContent:
    """What a frozen record says."""
    lines = {
        "figures": FigureLine,
        "rates": Said,
        "times": Said,
        "trend": TrendLine,
        "districts": PlaceLine,
        "outlets": PlaceLine,
        "resolved": CaseLine,
        "relapsed": CaseLine,
        "deeds": DeedLine,
        "definitions": Said,
    }
    values: dict[str, Any] = {
        name: [lines[name](**each) for each in value] if name in lines else value for name, value in frozen.items()
    }
    values["overdue"] = [
        UnitCases(each["unit"], [CaseLine(**line) for line in each["lines"]]) for each in frozen["overdue"]
    ]
    return BulletinContent(**values)


async def deeds_of(room: Services, ids: Iterable[ObjectId]) -> list[GoodDeed]:
    """Good deeds by id, in that order; what is gone is left out."""
    wanted = list(ids)
    rows = room.database[GoodDeed.Settings.name].find({"_id": {"$in": wanted}})
    found = {row["_id"]: GoodDeed.model_validate(row) async for row in rows}
    return [found[each] for each in wanted if each in found]


class _Writer:
    """Says what was counted."""

    def __init__(self, names: Names, counted: Counted) -> None:
        self._names = names
        self._counted = counted
        self._formats = names.pages.formats

    def say(self, message: str, /, **params: object) -> str:
        return self._names.pages.catalogue.translate(message, None, **params)

    def number(self, year: int, serial: int) -> str:
        return self.say(N_("No. {serial} of {year}"), serial=serial, year=year)

    def days(self, period: Period) -> str:
        first, last = self._formats.date_text(period.start), self._formats.date_text(period.end)
        return first if first == last else self.say(N_("{first} to {last}"), first=first, last=last)

    def lead(self) -> str:
        counted = self._counted
        return self.say(
            N_(
                "In this period the media exposed {problems} problems ({exposures} exposures); "
                "{resolved} problems were resolved via media and verified, {change} against the period before."
            ),
            problems=self._formats.number(counted.value(Key.PROBLEMS)),
            exposures=self._formats.number(counted.value(Key.EXPOSURES)),
            resolved=self._formats.number(counted.value(Key.RESOLVED)),
            change=_signed(counted.value(Key.RESOLVED) - counted.before[Key.RESOLVED]),
        )

    def figures(self) -> list[FigureLine]:
        return [
            FigureLine(
                self.say(DEFINITIONS[key].name),
                self._formats.number(self._counted.value(key)),
                self._formats.number(self._counted.before[key]),
                _signed(self._counted.value(key) - self._counted.before[key]),
            )
            for key in SHOWN
        ]

    def rates(self) -> list[Said]:
        """With numerator and denominator; nothing is due, no rate."""
        found = []
        for label, part, whole in RATES:
            top, below = self._counted.value(part), self._counted.value(whole)
            if below:
                text = self.say(N_("{part} of {whole} ({share})"), part=top, whole=below,
                                share=self._formats.percent(top / below))  # fmt: skip
                found.append(Said(self.say(label), text))
        return found

    def times(self) -> list[Said]:
        found = []
        for stretch in Stretch:
            duration = self._counted.durations[stretch]
            if duration.median_hours is None or duration.p90_hours is None:
                continue
            text = self.say(
                N_("median {median}, nine tenths within {p90}, over {count} problems"),
                median=self._formats.duration(duration.median_hours / 24),
                p90=self._formats.duration(duration.p90_hours / 24),
                count=duration.count,
            )
            found.append(Said(self.say(duration.name), text))
        return found

    def trend(self) -> list[TrendLine]:
        """Stretches before anything was ever counted are left out."""
        longest = {key: max((counts[key] for _, counts in self._counted.trend), default=0) or 1 for key in TREND}
        return [
            TrendLine(
                self._short_days(stretch),
                [self._formats.number(counts[key]) for key in TREND],
                [counts[key] / longest[key] for key in TREND],
                [counts[key] for key in TREND],
            )
            for stretch, counts in shown_stretches(self._counted.trend)
        ]

    def places(self, by: Dimension) -> list[PlaceLine]:
        """Districts in their official order, outlets by name, never by number: no ranking; what has none stands last."""

        def order(column: Column) -> tuple[bool, str]:
            return not column.value, column.value if by is Dimension.DISTRICT else self._names.of(by, column.value)

        columns = sorted(self._counted.tables[by].columns, key=order)
        return [
            PlaceLine(
                self._names.of(by, each.value),
                [self._formats.number(each.counts[key]) for key in PLACES],
                [each.counts[key] for key in PLACES],
            )
            for each in columns
        ]

    def cases(self, key: Key, subjects: Subjects, day: _Day) -> list[CaseLine]:
        found = []
        for index, row in enumerate(self._counted.rows[key], start=1):
            problem = subjects.problems.get(row.problem_id) if row.problem_id is not None else None
            if problem is None or problem.case.masked:
                found.append(CaseLine(index, "", self.say(WITHHELD), "", NOTHING, "", "", ""))
            else:
                found.append(self._case(index, row, problem, day(row, problem)))
        return found

    def more(self, key: Key) -> str:
        total = self._counted.value(key)
        if total <= MOST_PRINTED:
            return ""
        return self.say(
            N_(
                "{total} in all; the last {printed} stand here. The frozen record of this bulletin lists every one of them."
            ),
            total=self._formats.number(total),
            printed=MOST_PRINTED,
        )

    def deed(self, deed: GoodDeed) -> DeedLine:
        outlets = self._names.joined({story.outlet_id for story in deed.stories if story.withdrawn_at is None})
        day = self._formats.date_text(deed.first_published_at, "day")
        return DeedLine(
            one_line(self._names.deed_title(deed), 200),
            one_line(self._names.deed_told(deed), 1_000),
            ", ".join(part for part in (outlets, day) if part),
        )

    def definitions(self) -> list[Said]:
        return [Said(self.say(DEFINITIONS[key].name), self.say(DEFINITIONS[key].text)) for key in SHOWN]

    def _case(self, index: int, row: Row, problem: Problem, day: str) -> CaseLine:
        return CaseLine(
            index=index,
            number=problem.number,
            title=one_line(problem.title, 200),
            place=one_line(problem.place, 120),
            unit=self._names.unit(problem.case.unit_id) or NOTHING,
            outlets=self._names.joined(row.outlets),
            exposed=self._formats.date_text(problem.first_exposed_at, "day") if problem.first_exposed_at else "",
            day=day,
        )

    def _short_days(self, period: Period) -> str:
        years = {day.year for stretch, _ in self._counted.trend for day in (stretch.start, stretch.end)}
        form = "day" if len(years) == 1 else "date"
        first, last = self._formats.date_text(period.start, form), self._formats.date_text(period.end, form)
        return first if first == last else f"{first}–{last}"


def _by_unit(lines: Sequence[CaseLine]) -> list[UnitCases]:
    """Unit by unit, by name: whose problems they are is told, who has most is not."""
    groups: dict[str, list[CaseLine]] = {}
    for line in lines:
        groups.setdefault(line.unit, []).append(line)
    numbers, found = count(1), []
    for unit in sorted(groups, key=lambda unit: (unit == NOTHING, unit)):
        found.append(UnitCases(unit, [replace(line, index=next(numbers)) for line in groups[unit]]))
    return found


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _signed(change: int) -> str:
    """A change with its sign; the minus is the sign, not a hyphen."""
    return f"+{change}" if change > 0 else f"\u2212{-change}" if change < 0 else "\u00b10"


def spelt(seen: Seen) -> str:
    """What was seen, as a form field carries it."""
    return ",".join(str(value) for value in (seen.latest, *seen.values))


def read_seen(text: str) -> Seen:
    """What a form says was seen; what it does not say was not seen, and agrees with nothing."""
    parts = text.split(",")
    if not all(part.isascii() and part.isdecimal() for part in parts):
        return Seen((), 0)
    latest, *values = map(int, parts)
    return Seen(tuple(values), latest)


def today_of(room: Services) -> date:
    """The local day."""
    return room.clock().astimezone(room.settings.zone).date()
