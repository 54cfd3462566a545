"""The editor's desk: say what a story is, then what comes of it; then the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from media_tracker.deeds.deed import ConsentWay
from media_tracker.deeds.documents import NewDeed
from media_tracker.desk.decision import TIEABLE, Decision
from media_tracker.desk.done import Group
from media_tracker.desk.filters import QueueFilter, read_filter
from media_tracker.desk.reprints import Reprints
from media_tracker.desk.saved_queues import SavedQueue
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound
from media_tracker.ingest.documents import DeskState, Disposition, Kind, Story
from media_tracker.problems.case import Severity
from media_tracker.problems.service import NewProblem
from media_tracker.web.desk.ahead import holds, load_ahead, only_looks
from media_tracker.web.desk.decide_form import several
from media_tracker.web.desk.moving_on import TEMPLATE, to_desk
from media_tracker.web.desk.view import desk_page, queue_of, work_page
from media_tracker.web.desk.work import Stage, Typed
from media_tracker.web.forms import LONGEST_LINE, LONGEST_TEXT, Form, read_form
from media_tracker.web.guards import editors
from media_tracker.web.naming import names_of
from media_tracker.web.region_input import resolve_region
from media_tracker.web.render import page, see_other
from media_tracker.web.stories.deed_words import age_of
from media_tracker.web.stories.view import KINDS
from media_tracker.web.visitor import actor, origin, services

NEW = "new"
"""A problem that is registered with the decision."""


@get("/desk", guards=[editors])
async def desk(
    request: Request[Any, Any, Any],
    story: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
    again: FromQuery[str | None] = None,
    take: FromQuery[str | None] = None,
) -> Response[Any]:
    """A queue, and one story of it open; for a browser that only loads a story ahead, that one alone."""
    saved: Sequence[SavedQueue] | None = None
    if not request.query_params and request.headers.get("hx-request") != "true":
        saved = await services(request).saved_queues.of(actor(request))
        own = next((each for each in saved if each.default), None)
        if own is not None and own.query:
            return await see_other(request, f"/desk?{own.query}")
    wanted = read_filter(request.query_params)
    if story is not None and only_looks(request):
        alone, tag = await work_page(request, wanted, story)
        return load_ahead(request, TEMPLATE, alone, tag)
    context = await desk_page(
        request, wanted, story, after, again=bool(again), take=bool(take), holds=holds(request), saved=saved
    )
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
        together = Group(ObjectId()) if form.text("then") else None  # one key, one thing to undo
        story = await found.desk.decide(story_id, form.version(), decision, actor(request), origin(request), together)
    except (InvalidInput, Conflict) as error:
        return await _once_more(request, story_id, form.values, error, "decide")
    said, waits = (await names_of(request)).gettext(KINDS[kind]), story.desk is DeskState.PENDING
    if waits and kind in TIEABLE and (then := form.text("then")):
        return await _tie_at_once(request, form, story, then, said, together)
    if waits:
        return await to_desk(request, _queue(form), story.id)
    return await _go_on(request, form, story, N_("Decided: {kind}."), kind=said)


async def _tie_at_once(
    request: Request[Any, Any, Any], form: Form, story: Story, then: str, said: str, together: Group | None
) -> Response[Any]:
    """The second step with the first: tie the story that has just been decided to the problem ``then``, or register a new one.

    What cannot be done so leads to the form that ties, with the reason; the decision stands.
    """
    use, key, who = services(request).desk, str(story.id), actor(request)
    values = {"version": str(story.version), "wanted": form.text("wanted")}
    try:
        if then == NEW:
            problem = await use.expose(key, story.version, _as_new(story), who, origin(request), together)
        else:
            problem = await use.attach(key, story.version, then, who, origin(request), together)
    except NotFound as missing:
        mistake = InvalidInput(missing.message, {"number": missing.message}, **missing.params)
        return await _once_more(request, key, values, mistake, "tie")
    except (InvalidInput, Conflict) as error:
        return await _once_more(request, key, values, error, "tie")
    message = N_("Decided: {kind}. Tied to problem {number}.")
    if then == NEW:
        message = N_("Decided: {kind}. Registered as problem {number}.")
    return await _go_on(request, form, story, message, kind=said, number=problem.number)


def _as_new(story: Story) -> NewProblem:
    """The problem that a decided exposure tells of, as far as the decision says it."""
    decision = story.decision
    assert decision is not None  # it has just been made
    missing = [name for name in ("category", "place") if not getattr(decision, name)]
    if missing:
        sentence = N_("A new problem needs a category and a place.")
        raise InvalidInput(sentence, dict.fromkeys(missing, sentence))
    return NewProblem("", story.title[:LONGEST_LINE], decision.place, decision.category or "", decision.region)


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
    model = await found.stories.get(story_id)
    return await _go_on(request, form, model, message, done=outcome.done, left=outcome.left)


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
        return await _once_more(request, story_id, form.values, error, "tie")
    return await _tied(request, form, story, N_("Tied to problem {number}."), number)


@post("/desk/{story_id:str}/expose", guards=[editors])
async def expose(request: Request[Any, Any, Any], story_id: FromPath[str]) -> Response[Any]:
    """Register the problem that a story exposes; with ``relapse_of`` as one that has come back.

    With ``look`` nothing is registered: the form comes back with the unit that the responsibility table names.
    """
    form = await read_form(request)
    found = services(request)
    if form.flag("look"):
        typed = Typed("tie", form.values, {}, "", {})
        context = await desk_page(request, _queue(form), story_id, typed=typed)
        return await page(request, TEMPLATE, context)
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
        return await _once_more(request, story_id, form.values, error, "tie")
    story = await found.stories.get(story_id)
    return await _tied(request, form, story, N_("Registered as problem {number}."), problem.number)


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
        return await _once_more(request, story_id, form.values, error, "tie")
    return await _go_on(request, form, story, N_("Decided: it leads to no problem."))


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
            consent=form.choice("consent", ConsentWay),
            minor=age_of(form.text("minor")),
            region=await _region(request, form),
            place=form.text("place"),
        )
        form.check()
        await found.desk.file_deed(story_id, form.version(), new, known, actor(request), origin(request))
    except (InvalidInput, Conflict) as error:
        return await _once_more(request, story_id, form.values, error, "deed")
    return await _go_on(request, form, await found.stories.get(story_id), N_("The good deed has been filed."))


async def _region(request: Request[Any, Any, Any], form: Form) -> str | None:
    """The code of the region that was typed; what is wrong with it goes into the form."""
    try:
        return await resolve_region(services(request).places, form.text("region"))
    except InvalidInput as error:
        form.errors.update(error.fields)
        return None


def _queue(form: Form) -> QueueFilter:
    """The queue that the form's page showed."""
    return queue_of(form.text("wanted", longest=LONGEST_TEXT))


def _seen(form: Form) -> dict[str, int]:
    """The reprints that the page showed: version by id; what is none is left out."""
    seen: dict[str, int] = {}
    for value in form.texts("seen"):
        story_id, _, version = value.partition("-")
        if ObjectId.is_valid(story_id) and version.isdecimal() and len(version) < 10:
            seen[story_id] = int(version)
    return seen


async def _once_more(
    request: Request[Any, Any, Any],
    story_id: str,
    values: Mapping[str, str],
    error: InvalidInput | Conflict,
    stage: Stage,
) -> Response[Any]:
    """The same page with what was typed, and what is wrong with it, or what somebody else has done meanwhile."""
    late = isinstance(error, Conflict)
    errors = {} if isinstance(error, Conflict) else error.fields
    typed = Typed(stage, values, errors, error.message, error.params, late)
    wanted = queue_of(values.get("wanted", ""))
    context = await desk_page(request, wanted, story_id, again=stage == "decide", typed=typed)
    response = await page(request, TEMPLATE, context, status=409 if late else 422)
    response.headers["HX-Push-Url"] = "false"
    return response


async def _tied(request: Request[Any, Any, Any], form: Form, story: Story, message: str, number: str) -> Response[Any]:
    """On from a story that has been tied; or once more to it, where the editor wants to tie it to another problem as well."""
    if form.flag("stay"):
        return await to_desk(request, _queue(form), story.id, message, number=number)
    return await _go_on(request, form, story, message, number=number)


async def _go_on(
    request: Request[Any, Any, Any], form: Form, story: Story, message: str, **params: str | int
) -> Response[Any]:
    """To the story behind ``story`` in the queue that the form's page showed."""
    wanted = _queue(form)
    behind = await services(request).queue.next(wanted, actor(request), after=story)
    return await to_desk(request, wanted, behind.id if behind else "", message, **params)


ROUTES = [desk, decide, decide_alike, attach, expose, lead_nowhere, file_deed]
