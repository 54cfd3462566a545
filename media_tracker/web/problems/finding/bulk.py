"""One step for many problems: ticked in the list or all that it shows, looked at first, then taken one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath

from media_tracker.errors import N_, InvalidInput, MediaTrackerError
from media_tracker.problems.documents import Problem
from media_tracker.problems.finding.bulk import MOST, STEPS, Came, Item, Planned
from media_tracker.problems.steps import Step
from media_tracker.web.choices import Option, unit_groups
from media_tracker.web.forms import LONGEST_LINE, Form, read_form
from media_tracker.web.guards import dispatchers
from media_tracker.web.naming import Names, names_of
from media_tracker.web.once import FIELD, new_key
from media_tracker.web.problems.case.proposal import NAMED, NO_REGION
from media_tracker.web.problems.finding.listed import wanted_by
from media_tracker.web.problems.finding.views import LONGEST_QUERY, read_query
from media_tracker.web.problems.words import STATE_NAMES, STEP_WORDS
from media_tracker.web.render import page, see_other
from media_tracker.web.visitor import actor, origin, services

PATH = "/problems/bulk"
SENT_BEFORE = N_("This form had been sent before. Nothing was done a second time.")
DONE = N_("{done} done, {failed} not done.")


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """One problem, and what would come of it. ``value`` empty: nothing can, and ``refused`` says why."""

    value: str
    number: str
    title: str
    place: str
    state: str
    unit: str
    reason: str
    due_at: datetime | None
    refused: str


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """``templates/problems/finding/bulk.html``"""

    step: str
    label: str
    rows: Sequence[PlannedRow]
    possible: int
    units: Sequence[Option]
    unit_id: str
    form_key: str
    back: str
    error: str


@dataclass(frozen=True, slots=True)
class RunRow:
    """What came of one problem."""

    number: str
    title: str
    unit: str
    came: str
    why: str


@dataclass(frozen=True, slots=True)
class RunPage:
    """``templates/problems/finding/bulk_run.html``"""

    label: str
    at: datetime
    rows: Sequence[RunRow]
    done: int
    failed: int
    waiting: int


@post(PATH, guards=[dispatchers])
async def look(request: Request[Any, Any, Any]) -> Response[Any]:
    """What the step would do with each of the problems. Nothing is changed."""
    form = await read_form(request)
    return await _preview(request, form, new_key())


@post(PATH + "/run", guards=[dispatchers])
async def take(request: Request[Any, Any, Any]) -> Response[Any]:
    """Take the step for each problem that can have it, as it was looked at."""
    form = await read_form(request)
    room, step = services(request), _step(form)
    key = form.text(FIELD)
    if not ObjectId.is_valid(key):
        return await _preview(request, form, new_key())
    try:
        items = _items(form)
        run_id, now = await room.bulk_steps.take(key, step, items, actor(request), origin(request))
    except InvalidInput as error:
        return await _preview(request, form, new_key(), error)
    if not now:
        return await see_other(request, f"{PATH}/{run_id}", SENT_BEFORE)
    run = await room.bulk_steps.run(str(run_id), actor(request))
    failed = sum(item.came is not Came.DONE for item in run.items)
    return await see_other(request, f"{PATH}/{run_id}", DONE, done=len(run.items) - failed, failed=failed)


@get(PATH + "/{run_id:str}", guards=[dispatchers])
async def result(request: Request[Any, Any, Any], run_id: FromPath[str]) -> Response[str]:
    """What came of it, problem by problem."""
    room, names = services(request), await names_of(request)
    run = await room.bulk_steps.run(run_id, actor(request))
    numbers = [item.number for item in run.items]
    titles = {
        row["number"]: row["title"]
        async for row in room.database["problems"].find({"number": {"$in": numbers}}, {"number": 1, "title": 1})
    }
    came = [item.came for item in run.items]
    context = RunPage(
        label=names.gettext(STEP_WORDS[run.step].label),
        at=run.at,
        rows=[_run_row(item, titles, names) for item in run.items],
        done=came.count(Came.DONE),
        failed=came.count(Came.FAILED),
        waiting=came.count(Came.WAITING),
    )
    return await page(request, "problems/finding/bulk_run.html", context)


async def _preview(
    request: Request[Any, Any, Any], form: Form, key: str, wrong: InvalidInput | None = None
) -> Response[str]:
    room, names, step = services(request), await names_of(request), _step(form)
    asked = read_query(form.text("query", longest=LONGEST_QUERY))
    unit_id = form.id("unit_id")
    if unit_id is not None and unit_id not in {unit.id for unit in names.units.active()}:
        wrong, unit_id = InvalidInput(N_("Please choose from the list.")), None
    planned: list[Planned] = []
    try:
        numbers = [value.partition(":")[0] for value in (*form.texts("number"), *form.texts("row"))]
        wanted = (await wanted_by(request, asked))[0] if form.flag("all") else None
        chosen = await room.bulk_steps.chosen(numbers, wanted)
        planned = await room.bulk_steps.plan(chosen, step, unit_id, actor(request))
    except InvalidInput as error:
        wrong = error
    catalogue = names.pages.catalogue
    context = PreviewPage(
        step=step.value,
        label=catalogue.gettext(STEP_WORDS[step].label),
        rows=[_row(each, names) for each in planned],
        possible=sum(each.error is None for each in planned),
        units=unit_groups(names) if step is Step.ASSIGN else (),
        unit_id=str(unit_id or ""),
        form_key=key,
        back=asked.href(),
        error=catalogue.explain(wrong) if wrong is not None else "",
    )
    return await page(request, "problems/finding/bulk.html", context, status=422 if wrong is not None else 200)


def _row(planned: Planned, names: Names) -> PlannedRow:
    problem, error = planned.problem, planned.error
    return PlannedRow(
        value=f"{problem.number}:{problem.case.version}:{planned.unit_id or ''}" if error is None else "",
        number=problem.number,
        title=problem.title,
        place=problem.place,
        state=problem.case.state.value,
        unit=names.unit(planned.unit_id),
        reason=_reason(planned, problem, names),
        due_at=planned.due_at,
        refused=_explained(error, names) if error is not None else "",
    )


def _reason(planned: Planned, problem: Problem, names: Names) -> str:
    """Which row of the table names the unit."""
    row = planned.proposal.row if planned.proposal is not None else None
    if row is None or planned.error is not None:
        return ""
    return names.pages.catalogue.translate(
        NAMED,
        row_category=names.category(row.category) if row.category else names.gettext(N_("every category")),
        row_region=names.region(row.region) if row.region else names.gettext(N_("every region")),
        unit=names.unit(row.unit_id),
        day=names.pages.formats.date_text(row.valid_from),
        category=names.category(problem.case.category),
        region=names.region(problem.case.region) or names.gettext(NO_REGION),
    )


def _explained(error: MediaTrackerError, names: Names) -> str:
    """The sentence, that of a field first; a state in it by its name."""
    fields = error.fields.values() if isinstance(error, InvalidInput) else ()
    return _in_words(next(iter(fields), error.message), error.params, names)


def _in_words(message: str, params: Mapping[str, Any], names: Names) -> str:
    states = {state.value: name for state, name in STATE_NAMES.items()}
    said = {name: names.gettext(states[value]) if value in states else value for name, value in params.items()}
    return names.pages.catalogue.translate(message, None, **said)


def _run_row(item: Item, titles: Mapping[str, str], names: Names) -> RunRow:
    why = _in_words(item.message, item.params or {}, names) if item.message else ""
    return RunRow(item.number, titles.get(item.number, ""), names.unit(item.unit_id), item.came.value, why)


def _step(form: Form) -> Step:
    step = form.choice("step", Step)
    return step if step in STEPS else Step.ASSIGN


def _items(form: Form) -> list[Item]:
    """The rows of the preview; ``InvalidInput`` for one that was tampered with."""
    items: list[Item] = []
    for value in form.texts("row")[: MOST + 1]:
        number, _, rest = value[:LONGEST_LINE].partition(":")
        version, _, unit = rest.partition(":")
        if not version.isdecimal() or len(version) > 9 or (unit and not ObjectId.is_valid(unit)):
            raise InvalidInput(N_("Please look at the marked fields."))
        items.append(Item(number, int(version), ObjectId(unit) if unit else None))
    return items


ROUTES = [look, take, result]
"""``/problems/bulk`` and what lies under it."""
