"""Forms of dispatchers: a problem that came through another channel, another report of a known one, a correction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath
from pymongo.errors import DuplicateKeyError

from media_tracker.errors import N_, Conflict, InvalidInput, NotFound
from media_tracker.problems.case import Channel, Precision, Report, Severity, State
from media_tracker.problems.closing import revocable
from media_tracker.problems.documents import Problem
from media_tracker.problems.entries import mistake_in_number
from media_tracker.problems.service import NewProblem
from media_tracker.problems.steps import Command, Step
from media_tracker.web.choices import Option, category_options, outlet_options, unit_groups
from media_tracker.web.forms import LONGEST_TEXT, Form, read_form
from media_tracker.web.guards import dispatchers
from media_tracker.web.i18n import NOTHING
from media_tracker.web.naming import CHANNEL_NAMES, Names, names_of, say_severity
from media_tracker.web.once import FIELD, OneTimeKeys, new_key
from media_tracker.web.problems.case.proposal import ProposalView, read_proposal_for
from media_tracker.web.problems.words import (
    CHANNEL_HINTS,
    OTHER_CHANNELS,
    SEVERITIES,
    STATE_NAMES,
)
from media_tracker.web.region_input import region_options, region_text, resolve_region
from media_tracker.web.render import page, see_other
from media_tracker.web.visitor import actor, origin, services

ONCE = N_("This form had been sent before. It is registered as {number}, once.")


@dataclass(frozen=True, slots=True)
class FormPage:
    """``templates/problems/case/new.html``, ``report.html`` and ``correct.html``"""

    number: str
    version: int
    title: str
    values: Mapping[str, str]
    errors: Mapping[str, str]
    channels: Sequence[Option]
    outlets: Sequence[Option]
    categories: Sequence[Option]
    regions: Sequence[Option]
    severities: Sequence[str]
    units: Sequence[Option]
    """To be put in charge of a new problem at once."""
    proposal: ProposalView | None
    """Whom the responsibility table puts in charge of what the form describes."""
    form_key: str
    notice: str
    """Why the form came back though nothing in it is wrong."""
    present: Sequence[Mapping[str, str]]
    """What the problem says now, beside what was typed: {label, value}."""


@dataclass(slots=True)
class Description:
    """What a problem is, and where, as a form says it."""

    title: str
    place: str
    category: str
    region: str | None
    severity: Severity
    long_standing: bool


@dataclass(frozen=True, slots=True)
class _Filled:
    """A form that is shown: empty, with what is known, or with what was typed and is wrong or came too late."""

    problem: Problem | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    late: Conflict | None = None
    proposal: ProposalView | None = None


@get("/problems/new", guards=[dispatchers])
async def new_page(request: Request[Any, Any, Any]) -> Response[str]:
    """The form for a problem that came through another channel than a story."""
    return await _show(request, "problems/case/new.html", _Filled(values={"severity": Severity.NORMAL.value}))


@post("/problems/new", guards=[dispatchers])
async def register(request: Request[Any, Any, Any]) -> Response[Any]:
    """Register it, with its report, and assign it if a unit is chosen. The same form sent twice makes one problem.

    With ``look`` nothing is registered: the form comes back with the unit that the responsibility table names.
    """
    form = await read_form(request)
    if form.flag("look"):
        return await _show(request, "problems/case/new.html", await _proposed(request, form))
    room = services(request)
    keys = OneTimeKeys(room.database, room.clock)
    try:
        described = await _description(request, form)
        report = await _report(request, form)
        relapse_of = await _former(request, form)
        text = form.text("text", longest=LONGEST_TEXT)
        unit_id = await _unit(request, form)
        form.check()
        number = await keys.number_for(form.text(FIELD), actor(request).user_id, room.problems.draw_number)
        if await _is_registered(request, number):
            return await see_other(request, f"/problems/{number}", ONCE, number=number)
        new = NewProblem(
            number,
            described.title,
            described.place,
            described.category,
            described.region,
            described.severity,
            described.long_standing,
            relapse_of,
        )
        problem = await room.problems.register(new, [report], actor(request), origin(request), text)
    except InvalidInput as error:
        filled = replace(await _proposed(request, form), errors=error.fields)
        return await _show(request, "problems/case/new.html", filled, status=422)
    except Conflict as error:
        return await _show(request, "problems/case/new.html", _Filled(values=form.values, late=error), status=409)
    except DuplicateKeyError:
        return await see_other(request, f"/problems/{number}", ONCE, number=number)
    if unit_id is None:
        return await see_other(request, f"/problems/{number}", N_("Registered as {number}."), number=number)
    await _assign(request, problem, unit_id)
    unit = (await room.places.units()).name(unit_id)
    message = N_("Registered as {number}, and assigned to {unit}.")
    return await see_other(request, f"/problems/{number}", message, number=number, unit=unit)


@get("/problems/{number:str}/reports", guards=[dispatchers])
async def report_page(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[str]:
    """The form for another report of a known problem."""
    problem = await services(request).problems.get(number)
    return await _show(request, "problems/case/report.html", _Filled(problem))


@post("/problems/{number:str}/reports", guards=[dispatchers])
async def add_report(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """Tie a report from another channel to a problem. It counts as received now, whatever date it states."""
    form = await read_form(request)
    room = services(request)
    try:
        report = await _report(request, form)
        text = form.text("text", longest=LONGEST_TEXT)
        form.check()
        await room.problems.report(number, form.version(), report, actor(request), origin(request), text)
    except InvalidInput as error:
        filled = _Filled(await room.problems.get(number), form.values, error.fields)
        return await _show(request, "problems/case/report.html", filled, status=422)
    except Conflict as error:
        filled = _Filled(await room.problems.get(number), form.values, late=error)
        return await _show(request, "problems/case/report.html", filled, status=409)
    return await see_other(request, f"/problems/{number}", N_("The report has been added."))


@get("/problems/{number:str}/correct", guards=[dispatchers])
async def correct_page(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[str]:
    """The form for correcting what a problem is, or where."""
    room = services(request)
    problem = await room.problems.get(number)
    values = {
        "title": problem.title,
        "place": problem.place,
        "category": problem.case.category,
        "region": await region_text(room.places, problem.case.region),
        "severity": problem.case.severity.value,
        "long_standing": "1" if problem.case.long_standing else "",
    }
    return await _show(request, "problems/case/correct.html", _Filled(problem, values))


@post("/problems/{number:str}/correct", guards=[dispatchers])
async def correct(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """Correct it. The history and the unit stay."""
    form = await read_form(request)
    room = services(request)
    try:
        described = await _description(request, form)
        form.check()
        await room.problems.correct(
            number,
            form.version(),
            title=described.title,
            place=described.place,
            category=described.category,
            region=described.region,
            severity=described.severity,
            long_standing=described.long_standing,
            actor=actor(request),
            origin=origin(request),
        )
    except InvalidInput as error:
        filled = _Filled(await room.problems.get(number), form.values, error.fields)
        return await _show(request, "problems/case/correct.html", filled, status=422)
    except Conflict as error:
        filled = _Filled(await room.problems.get(number), form.values, late=error)
        return await _show(request, "problems/case/correct.html", filled, status=409)
    return await see_other(request, f"/problems/{number}", N_("Corrected."))


async def _show(request: Request[Any, Any, Any], template: str, filled: _Filled, status: int = 200) -> Response[str]:
    room = services(request)
    names = await names_of(request)
    pages = request.app.state.pages
    channels = [
        {
            "value": channel.value,
            "label": pages.catalogue.gettext(CHANNEL_NAMES[channel]),
            "hint": pages.catalogue.gettext(CHANNEL_HINTS.get(channel, "")),
        }
        for channel in OTHER_CHANNELS
    ]
    problem, late = filled.problem, filled.late
    context = FormPage(
        number=problem.number if problem else "",
        version=problem.case.version if problem else 0,
        title=problem.title if problem else "",
        values=filled.values,
        errors=filled.errors,
        channels=channels,
        outlets=outlet_options(names),
        categories=category_options(names, (filled.values.get("category", ""),)),
        regions=await region_options(room.places),
        severities=[severity.value for severity in SEVERITIES],
        units=unit_groups(names),
        proposal=filled.proposal,
        form_key=filled.values.get(FIELD) or new_key(),
        notice=pages.catalogue.explain(late) if late else "",
        present=_present(problem, names) if problem and late else (),
    )
    return await page(request, template, context, status=status)


def _present(problem: Problem, names: Names) -> list[Mapping[str, str]]:
    """What the problem says now, for somebody whose form was made from what it said before."""
    case = problem.case
    say = names.gettext
    return [
        {"label": say(N_("State")), "value": say(STATE_NAMES[case.state])},
        {"label": say(N_("What is wrong")), "value": problem.title},
        {"label": say(N_("Place")), "value": problem.place},
        {"label": say(N_("Region")), "value": names.region(case.region) or NOTHING},
        {"label": say(N_("Category")), "value": names.category(case.category)},
        {"label": say(N_("Severity")), "value": say_severity(names.pages.catalogue, case.severity)},
    ]


async def _is_registered(request: Request[Any, Any, Any], number: str) -> bool:
    try:
        await services(request).problems.get(number)
    except NotFound:
        return False
    return True


async def _description(request: Request[Any, Any, Any], form: Form) -> Description:
    """Title, place and the rest; mistakes are kept in the form."""
    region = None
    try:
        region = await resolve_region(services(request).places, form.text("region"))
    except InvalidInput as error:
        form.errors.update(error.fields)
    table = await services(request).taxonomy.table()
    category = form.text("category", required=N_("Please choose a category from the list."))
    if category and (category not in table or table[category].parent is None):
        form.errors["category"] = N_("Please choose a category from the list.")
    return Description(
        title=form.text("title", required=N_("Please say in a few words what the problem is.")),
        place=form.text("place", required=N_("Please say where it is. Without a place nobody can go and look.")),
        category=category,
        region=region,
        severity=form.choice("severity", Severity) or Severity.NORMAL,
        long_standing=form.flag("long_standing"),
    )


async def _proposed(request: Request[Any, Any, Any], form: Form) -> _Filled:
    """The form as it was sent, with whom the table names; a unit that was chosen stays chosen."""
    values = dict(form.values)
    category = values.get("category", "")
    try:
        region = await resolve_region(services(request).places, values.get("region", ""))
    except InvalidInput:
        region = None
    proposal = await read_proposal_for(request, category, region, await names_of(request))
    if proposal is not None and not values.get("unit_id"):
        values["unit_id"] = proposal.unit_id
    return _Filled(values=values, proposal=proposal)


async def _unit(request: Request[Any, Any, Any], form: Form) -> ObjectId | None:
    """The unit that is to be put in charge at once; None: that is for later."""
    unit_id = form.id("unit_id")
    if unit_id is not None and unit_id not in {unit.id for unit in (await services(request).places.units()).active()}:
        form.errors["unit_id"] = N_("Please choose from the list.")
    return unit_id


async def _assign(request: Request[Any, Any, Any], problem: Problem, unit_id: ObjectId) -> None:
    """Put ``unit_id`` in charge of a new problem, with the co-handlers of the table if it is the one that the table names."""
    room = services(request)
    proposal = await room.problems.proposal(problem)
    co_units = proposal.co_units if proposal.lead == unit_id else ()
    command = Command(Step.ASSIGN, room.clock(), unit_id=unit_id, co_unit_ids=co_units)
    await room.problems.act(problem.number, problem.case.version, command, actor(request), origin(request))


async def _report(request: Request[Any, Any, Any], form: Form) -> Report:
    """The report that the form describes, received now; mistakes are kept in the form."""
    room = services(request)
    now = room.clock()
    channel = form.choice("channel", Channel, required=N_("Please choose how it came in."))
    if channel is not None and channel not in OTHER_CHANNELS:
        form.errors["channel"] = N_("Please choose from the list.")
    outlet_id = form.id("outlet_id")
    outlet = next((each for each in await room.outlets.all() if each.id == outlet_id), None) if outlet_id else None
    if channel is Channel.INQUIRY and outlet is None:
        form.errors.setdefault("outlet_id", N_("Please choose the outlet that asks."))
    by_day = form.flag("by_day")
    stated = form.moment("occurred_at") or now
    for name, moment in (("occurred_at", stated), ("closed_elsewhere_at", form.moment("closed_elsewhere_at"))):
        if moment is not None and moment > now:
            form.errors[name] = N_("This lies in the future.")
    if by_day:
        stated = datetime.combine(stated.astimezone(form.zone).date(), time(), form.zone)
    asks = channel is Channel.INQUIRY and outlet is not None
    return Report(
        id=ObjectId(),
        channel=channel or Channel.LIST,
        occurred_at=stated,
        precision=Precision.DAY if by_day else Precision.MINUTE,
        received_at=now,
        outlet_id=outlet_id if asks else None,
        partner=outlet.partner if asks and outlet is not None else False,
        outside_number=_outside_number(form),
        due_at=form.moment("due_at"),
        closed_elsewhere_at=form.moment("closed_elsewhere_at"),
    )


def _outside_number(form: Form) -> str | None:
    """The number that the report has elsewhere."""
    number = form.optional("outside_number")
    if (mistake := mistake_in_number(number)) is not None:
        form.errors["outside_number"] = mistake
    return number


async def _former(request: Request[Any, Any, Any], form: Form) -> ObjectId | None:
    """The closed problem that this is a relapse of, by the number that was typed."""
    number = form.text("relapse_of")
    if not number:
        return None
    try:
        former = await services(request).problems.get(number)
    except NotFound:
        form.errors["relapse_of"] = N_("There is no problem with this number.")
        return None
    case = former.case
    if case.state is not State.CLOSED or case.relapsed_as is not None or revocable(case, services(request).clock()):
        form.errors["relapse_of"] = N_(
            "A relapse needs a problem that was closed more than 30 days ago, and has not come back since."
        )
        return None
    return former.case.id


ROUTES = [new_page, register, report_page, add_report, correct_page, correct]
