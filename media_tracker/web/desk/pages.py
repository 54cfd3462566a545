"""The editor's desk: say what a story is, then what comes of it; then the next one."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from media_tracker.deeds.documents import NewDeed
from media_tracker.desk.reprints import Reprints
from media_tracker.desk.service import TIEABLE, Decision
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound
from media_tracker.ingest.documents import DeskState, Disposition, Kind, Story
from media_tracker.problems.case import Severity
from media_tracker.problems.service import NewProblem
from media_tracker.web.desk.decide_form import several
from media_tracker.web.desk.view import CHANGED_PATH, Stage, Typed, Which, desk_page, story_path
from media_tracker.web.forms import LONGEST_TEXT, Form, read_form
from media_tracker.web.guards import editors
from media_tracker.web.region_input import resolve_region
from media_tracker.web.render import page, see_other
from media_tracker.web.visitor import actor, origin, services

TEMPLATE = "desk/desk.html"


@get("/desk", guards=[editors])
async def desk(
    request: Request[Any, Any, Any],
    story: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
    again: FromQuery[str | None] = None,
    queue: FromQuery[str | None] = None,
    take: FromQuery[str | None] = None,
) -> Response[Any]:
    """The queue, and one story of it open."""
    context = await desk_page(request, story, after, again=bool(again), which=_which(queue), take=bool(take))
    return await page(request, TEMPLATE, context)


@post("/desk/{story_id:str}/decide", guards=[editors])
async def decide(request: Request[Any, Any, Any], story_id: FromPath[str]) -> Response[Any]:
    """Say what a story is; then tie it, file it, or go on to the next one."""
    form = await read_form(request)
    try:
        kind = form.choice("kind", Kind, required=N_("Please say what kind of story this is."))
        category, place, region = form.optional("category"), form.text("place"), await _region(request, form)
        units, people = several(form.text("units")), several(form.text("people"))
        outcome, deed = form.optional("outcome"), form.optional("deed_kind")
        form.check()
        assert kind is not None  # or check() would have raised
        decision = Decision(kind, category, region, place, outcome, deed, units, people)
        found = services(request)
        story = await found.desk.decide(story_id, form.version(), decision, actor(request), origin(request))
    except (InvalidInput, Conflict) as error:
        return await _once_more(request, story_id, form, error, "decide")
    changed = _which(form.text("queue")) == "changed"
    if changed and story.desk is DeskState.DECIDED:
        return await see_other(request, CHANGED_PATH, N_("Decided."))
    if story.decision is not None and story.decision.kind in {*TIEABLE, Kind.GOOD_DEED}:
        return await see_other(request, story_path(story.id))
    return await _go_on(request, story, N_("Decided."))


@post("/desk/{story_id:str}/reprints", guards=[editors])
async def decide_alike(request: Request[Any, Any, Any], story_id: FromPath[str]) -> Response[Any]:
    """Decide the reprints of a story like it, and have them lead to where it has led; then go on."""
    form = await read_form(request)
    found = services(request)
    seen = _seen(form)
    reprints = Reprints(found.desk, found.stories, found.problems, found.deeds)
    outcome = await reprints.decide_alike(story_id, seen, actor(request), origin(request))
    message = N_("{done} stories with the same text are decided alike.")
    if outcome.left:
        message = N_("{done} stories with the same text are decided alike; {left} need a look of their own.")
    behind = await found.stories.next_pending(behind=await found.stories.get(story_id))
    path = story_path(behind.id) if behind else "/desk"
    return await see_other(request, path, message, done=outcome.done, left=outcome.left)


@post("/stories/{story_id:str}/attach", guards=[editors])
async def attach(request: Request[Any, Any, Any], story_id: FromPath[str]) -> Response[Any]:
    """Tie a story to a problem that is known, by its number."""
    form = await read_form(request)
    found = services(request)
    try:
        number = form.text("number", required=N_("Please give the number of the problem."))
        form.check()
        story = await found.stories.get(story_id)
        try:
            await found.problems.get(number)
        except NotFound:
            form.errors["number"] = N_("There is no problem with this number.")
        form.check()
        await found.desk.attach(str(story.id), form.version(), number, actor(request), origin(request))
    except (InvalidInput, Conflict) as error:
        return await _once_more(request, story_id, form, error, "tie")
    return await see_other(request, story_path(story.id), N_("Tied to problem {number}."), number=number)


@post("/desk/{story_id:str}/expose", guards=[editors])
async def expose(request: Request[Any, Any, Any], story_id: FromPath[str]) -> Response[Any]:
    """Register the problem that a story exposes; with ``relapse_of`` as one that has come back.

    With ``look`` nothing is registered: the form comes back with the unit that the responsibility table names.
    """
    form = await read_form(request)
    found = services(request)
    if form.flag("look"):
        typed = Typed("tie", form.values, {}, "", {})
        return await page(request, TEMPLATE, await desk_page(request, story_id, typed=typed))
    try:
        severity = form.choice("severity", Severity, required=N_("Please choose from the list."))
        title, place, category = form.text("title"), form.text("place"), form.text("category")
        region, relapse_of = await _region(request, form), form.text("relapse_of")
        form.check()
        former = await found.problems.get(relapse_of) if relapse_of else None
        new = NewProblem(
            number="",
            title=title,
            place=place,
            category=category,
            region=region,
            severity=severity or Severity.NORMAL,
            long_standing=form.flag("long_standing"),
            relapse_of=former.case.id if former else None,
        )
        problem = await found.desk.expose(story_id, form.version(), new, actor(request), origin(request))
    except (InvalidInput, Conflict) as error:
        return await _once_more(request, story_id, form, error, "tie")
    return await see_other(request, story_path(story_id), N_("Registered as problem {number}."), number=problem.number)


@post("/desk/{story_id:str}/nowhere", guards=[editors])
async def lead_nowhere(request: Request[Any, Any, Any], story_id: FromPath[str]) -> Response[Any]:
    """Say why a story leads to no problem, and go on."""
    form = await read_form(request)
    found = services(request)
    try:
        why = form.choice("why", Disposition, required=N_("Please choose a reason from the list."))
        form.check()
        assert why is not None  # or check() would have raised
        story = await found.desk.lead_nowhere(story_id, form.version(), why, actor(request), origin(request))
    except (InvalidInput, Conflict) as error:
        return await _once_more(request, story_id, form, error, "tie")
    return await _go_on(request, story, N_("Decided: it leads to no problem."))


@post("/desk/{story_id:str}/deed", guards=[editors])
async def file_deed(request: Request[Any, Any, Any], story_id: FromPath[str]) -> Response[Any]:
    """File the good deed that a story tells of, or have the story tell of one that is known; and go on."""
    form = await read_form(request)
    found = services(request)
    try:
        known = None
        if form.flag("known"):
            known = form.id("deed_id", required=N_("Please choose from the list."))
        new = NewDeed(
            title=form.text("deed_title"),
            deed=form.text("deed", longest=LONGEST_TEXT),
            person=form.text("person"),
            consent=form.flag("consent"),
            minor=form.flag("minor"),
            region=await _region(request, form),
            place=form.text("place"),
        )
        form.check()
        await found.desk.file_deed(story_id, form.version(), new, known, actor(request), origin(request))
    except (InvalidInput, Conflict) as error:
        return await _once_more(request, story_id, form, error, "deed")
    return await _go_on(request, await found.stories.get(story_id), N_("The good deed has been filed."))


async def _region(request: Request[Any, Any, Any], form: Form) -> str | None:
    """The code of the region that was typed; what is wrong with it goes into the form."""
    try:
        return await resolve_region(services(request).places, form.text("region"))
    except InvalidInput as error:
        form.errors.update(error.fields)
        return None


def _which(queue: str | None) -> Which:
    return "changed" if queue == "changed" else "waiting"


def _seen(form: Form) -> dict[str, int]:
    """The reprints that the page showed: version by id; what is none is left out."""
    seen: dict[str, int] = {}
    for value in form.texts("seen"):
        story_id, _, version = value.partition("-")
        if ObjectId.is_valid(story_id) and version.isdecimal() and len(version) < 10:
            seen[story_id] = int(version)
    return seen


async def _once_more(
    request: Request[Any, Any, Any], story_id: str, form: Form, error: InvalidInput | Conflict, stage: Stage
) -> Response[Any]:
    """The same page with what was typed, and what is wrong with it, or what somebody else has done meanwhile."""
    late = isinstance(error, Conflict)
    errors = {} if isinstance(error, Conflict) else error.fields
    typed = Typed(stage, form.values, errors, error.message, error.params, late)
    which = _which(form.text("queue"))
    context = await desk_page(request, story_id, again=stage == "decide", which=which, typed=typed)
    return await page(request, TEMPLATE, context, status=409 if late else 422)


async def _go_on(request: Request[Any, Any, Any], story: Story, message: str) -> Response[Any]:
    """To the story behind ``story`` in the queue."""
    behind = await services(request).stories.next_pending(behind=story)
    return await see_other(request, story_path(behind.id) if behind else "/desk", message)


ROUTES = [desk, decide, decide_alike, attach, expose, lead_nowhere, file_deed]
