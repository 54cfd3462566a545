"""``GET /api/v1/figures``: the monitor's figures and their lists for other programs. The same numbers, by the same module."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Annotated, Any
from urllib.parse import urlencode

from bson import ObjectId
from litestar import Request, get
from litestar.params import FromPath, QueryParameter

from media_tracker.accounts.actor import Actor
from media_tracker.deeds.reading import is_staff, stands
from media_tracker.errors import N_, InvalidInput, NotFound
from media_tracker.ingest.blind import is_hidden_from
from media_tracker.ingest.documents import Story
from media_tracker.monitor.definitions import DEFINITIONS, Dimension, Key
from media_tracker.monitor.facts import Period, Row, Subject
from media_tracker.monitor.service import Overview, Stretch, Subjects
from media_tracker.web.api.answers import HANDLERS
from media_tracker.web.api.figure_answers import (
    BreakdownAnswer,
    Days,
    DurationAnswer,
    FigureAnswer,
    FiguresAnswer,
    LineAnswer,
    RateAnswer,
    RowAnswer,
    RowsAnswer,
)
from media_tracker.web.figure_links import Asked, asked_of
from media_tracker.web.guards import anyone, signed_in
from media_tracker.web.monitor.lists import WAITS_FOR_YOU, as_undecided, tells_decisions
from media_tracker.web.monitor.view import RATES, STRETCH_NAMES
from media_tracker.web.naming import Names, names_of
from media_tracker.web.stories.view import MASKED, may_read
from media_tracker.web.visitor import services, visitor

PATH = "/api/v1/figures"
ROWS = 100
MOST_ROWS = 500
FARTHEST = 10_000_000

First = Annotated[str, QueryParameter(name="from", description="first day, as 2026-03-01; else the year's first")]
Last = Annotated[str, QueryParameter(name="to", description="last day, included; else today")]
AsOf = Annotated[
    str, QueryParameter(name="as_of", description="a moment that has passed (RFC 3339): the figures as they stood")
]
By = Annotated[str, QueryParameter(name="by", description=f"break down by one of {', '.join(Dimension)}")]
StretchAsked = Annotated[
    str, QueryParameter(name="stretch", description=f"of problems: those over which {', '.join(Stretch)} is measured")
]
Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=MOST_ROWS, description="rows of one page")]
After = Annotated[str, QueryParameter(name="after", description="the cursor in the address “next” of the page before")]
Filter = Annotated[str | None, QueryParameter(description="a code or id; empty: what has none; absent: all")]


@get(PATH, guards=[anyone], exception_handlers=HANDLERS, include_in_schema=True, tags=["figures"])
async def figures(
    request: Request[Any, Any, Any],
    first: First = "",
    last: Last = "",
    as_of: AsOf = "",
    by: By = "",
    outlet: Filter = None,
    column: Filter = None,
    project: Filter = None,
    district: Filter = None,
    street: Filter = None,
    community: Filter = None,
    category: Filter = None,
    subcategory: Filter = None,
    unit: Filter = None,
    severity: Filter = None,
    source: Filter = None,
    stage: Filter = None,
    month: Filter = None,
    day: Filter = None,
) -> FiguresAnswer:
    """Every figure of a period beside the period before, with its definition; with ``by`` broken down by one dimension."""
    await _may_read(request)
    asked, names = asked_of(request), await names_of(request)
    dimension = _dimension(by)
    found = await services(request).monitor.overview(
        asked.period, tuple(Key), asked.part, dimensions=(dimension,) if dimension else (), as_of=asked.as_of
    )
    return FiguresAnswer(
        period=_days(asked.period),
        period_before=_days(found.earlier.period),
        as_of=asked.as_of,
        counted_at=found.counted_at or services(request).clock(),
        filters=_filters(asked),
        figures=[_figure(key, found, asked, names) for key in Key],
        rates=[
            RateAnswer(
                *(names.gettext(label), part.value, whole.value, found.figures[part].value, found.figures[whole].value)
            )
            for label, part, whole in RATES
        ],
        durations=[_duration(stretch, found, asked, names) for stretch in Stretch],
        breakdown=_breakdown(dimension, found, names) if dimension else None,
    )


@get(
    f"{PATH}/{{key:str}}",
    guards=[anyone],
    exception_handlers=HANDLERS,
    include_in_schema=True,
    tags=["figures"],
)
async def figure_rows(
    request: Request[Any, Any, Any],
    key: FromPath[str],
    first: First = "",
    last: Last = "",
    as_of: AsOf = "",
    stretch: StretchAsked = "",
    limit: Limit = ROWS,
    after: After = "",
    outlet: Filter = None,
    column: Filter = None,
    project: Filter = None,
    district: Filter = None,
    street: Filter = None,
    community: Filter = None,
    category: Filter = None,
    subcategory: Filter = None,
    unit: Filter = None,
    severity: Filter = None,
    source: Filter = None,
    stage: Filter = None,
    month: Filter = None,
    day: Filter = None,
) -> RowsAnswer:
    """The list behind a figure, a page at a time, newest first. Its total is the figure."""
    await _may_read(request)
    if key not in set(Key):
        raise NotFound(N_("There is nothing at this address."))
    asked, names, use = asked_of(request), await names_of(request), services(request)
    figure, start = Key(key), _start(after)
    hours: Mapping[ObjectId, float] = {}
    counted_at = None
    if asked.stretch is not None:
        found = await use.monitor.figure(figure, asked.period, asked.part, asked.stretch, as_of=asked.as_of)
        total, rows, hours = found.value, found.rows[start : start + limit], found.hours
        counted_at = found.counted_at
    else:
        part = await use.monitor.part(figure, asked.period, asked.part, start, limit, as_of=asked.as_of)
        total, rows, counted_at = part.count, part.rows, part.counted_at
    subjects, who = await use.monitor.subjects(rows), visitor(request).actor
    behind = start + len(rows)
    return RowsAnswer(
        key=figure.value,
        name=names.gettext(DEFINITIONS[figure].name),
        definition=names.gettext(DEFINITIONS[figure].text),
        period=_days(asked.period),
        as_of=asked.as_of,
        counted_at=counted_at or use.clock(),
        filters=_filters(asked),
        total=total,
        rows=[
            _kept_back(row, asked, names)
            if _waits(row, subjects, who) and tells_decisions(figure, asked.part)
            else _row(_told(row, subjects, names, who), subjects, hours, names, who)
            for row in rows
        ],
        next=_address(figure, asked, {"limit": limit, "after": _cursor(behind)}) if rows and behind < total else None,
    )


async def _may_read(request: Request[Any, Any, Any]) -> None:
    """Let people in who are signed in, and programs with a token for figures; ``NotSignedIn`` or ``Forbidden`` else."""
    if visitor(request).user is not None:
        signed_in(request, request.route_handler)
        return
    await services(request).tokens.use(request.headers.get("authorization"), reading=True)


def _figure(key: Key, found: Overview, asked: Asked, names: Names) -> FigureAnswer:
    definition = DEFINITIONS[key]
    return FigureAnswer(
        key.value,
        names.gettext(definition.name),
        names.gettext(definition.text),
        found.figures[key].value,
        found.before[key].value,
        _address(key, asked),
    )


def _duration(stretch: Stretch, found: Overview, asked: Asked, names: Names) -> DurationAnswer:
    took = found.durations[stretch]
    return DurationAnswer(
        stretch.value,
        names.gettext(STRETCH_NAMES[stretch]),
        took.count,
        took.median_hours,
        took.p90_hours,
        _address(Key.PROBLEMS, replace(asked, stretch=stretch)),
    )


def _breakdown(by: Dimension, found: Overview, names: Names) -> BreakdownAnswer:
    table = found.tables[by]
    lines = [
        LineAnswer(column.value, names.of(by, column.value), {key.value: column.counts[key] for key in Key})
        for column in sorted(table.columns, key=lambda column: column.value)
    ]
    return BreakdownAnswer(by.value, sorted(key.value for key in table.not_additive), lines)


def _told(row: Row, subjects: Subjects, names: Names, who: Actor | None) -> Row:
    """``row`` without what ``who`` must not know of its story: what was decided before a blind second look, what is masked."""
    story = subjects.stories.get(row.story_id) if row.story_id is not None and row.problem_id is None else None
    if story is None:
        return row
    if not _readable(story, who):
        return replace(row, district=None, street=None, community=None, categories=(), columns=frozenset())
    return as_undecided(row, story, names) if who is not None and is_hidden_from(story, who) else row


def _waits(row: Row, subjects: Subjects, who: Actor | None) -> bool:
    """Whether the story of ``row`` waits for a blind second look of ``who``."""
    story = subjects.stories.get(row.story_id) if row.story_id is not None else None
    return story is not None and who is not None and is_hidden_from(story, who)


def _kept_back(row: Row, asked: Asked, names: Names) -> RowAnswer:
    """A row of a list in which to stand tells a decision that must not be known yet: that there is one, and nothing else."""
    return RowAnswer(
        subject=row.subject.value,
        id="",
        at=datetime.combine(asked.period.start, time(), UTC),
        number=None,
        title=names.gettext(WAITS_FOR_YOU),
        problem=None,
        story=None,
        outlets=[],
        columns=[],
        projects=[],
        district=None,
        street=None,
        community=None,
        categories=[],
        unit=None,
        severity=None,
        source=None,
        hours=None,
    )


def _readable(story: Story, who: Actor | None) -> bool:
    """Whether the story may be read; a program may not read what its outlet has withdrawn."""
    return may_read(story, who) if who is not None else story.withdrawn_at is None


def _row(row: Row, subjects: Subjects, hours: Mapping[ObjectId, float], names: Names, who: Actor | None) -> RowAnswer:
    problem = subjects.problems.get(row.problem_id) if row.problem_id else None
    return RowAnswer(
        subject=row.subject.value,
        id=str(row.id),
        at=row.at,
        number=problem.number if problem else None,
        title=_title(row, subjects, names, who),
        problem=_text(row.problem_id),
        story=_text(row.story_id),
        outlets=_texts(row.outlets),
        columns=sorted(row.columns - {""}),
        projects=_texts(row.projects),
        district=row.district,
        street=row.street,
        community=row.community,
        categories=row.categories,
        unit=_text(row.unit_id),
        severity=row.severity,
        source=row.source,
        hours=hours.get(row.id),
    )


def _title(row: Row, subjects: Subjects, names: Names, who: Actor | None) -> str:
    """What the row is called; a good deed without a name that may not be shown, and what was withdrawn without its title."""
    if row.subject is Subject.DEED:
        deed = subjects.deeds.get(row.id)
        if deed is not None and not stands(deed) and not is_staff(who):
            return names.gettext(MASKED)
        return names.deed_title(deed) if deed is not None else ""
    if row.problem_id is not None:
        return subjects.problems[row.problem_id].title if row.problem_id in subjects.problems else ""
    story = subjects.stories.get(row.story_id) if row.story_id is not None else None
    if story is None:
        return ""
    return story.title if _readable(story, who) else names.gettext(MASKED)


def _text(found: ObjectId | None) -> str | None:
    return str(found) if found is not None else None


def _texts(found: frozenset[ObjectId]) -> Sequence[str]:
    return sorted(map(str, found))


def _days(period: Period) -> Days:
    return Days(period.start, period.end)


def _filters(asked: Asked) -> dict[str, str]:
    return {dimension.value: value for dimension, value in asked.filters.items()}


def _address(key: Key, asked: Asked, more: Mapping[str, object] | None = None) -> str:
    return f"{PATH}/{key.value}?{urlencode([*asked.query(), *(more or {}).items()])}"


def _dimension(by: str) -> Dimension | None:
    if not by:
        return None
    if by not in set(Dimension):
        raise InvalidInput(N_("This is none of {choices}."), {"by": by}, choices=", ".join(Dimension))
    return Dimension(by)


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(str(place).encode()).decode().rstrip("=")


def _start(cursor: str) -> int:
    """The place that a cursor stands for; ``InvalidInput`` for what is none of ours."""
    if not cursor:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor[:40] + "=" * (-len(cursor[:40]) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    if not text.isdecimal() or int(text) > FARTHEST:
        sentence = N_("This cursor is none of ours: take the address “next” of the page before.")
        raise InvalidInput(sentence, {"after": sentence})
    return int(text)


ROUTES = [figures, figure_rows]
