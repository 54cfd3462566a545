"""Objections: the public form, what the office records, the list of those to be answered, and answering them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from media_tracker.accounts.visits import Allowance
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound
from media_tracker.monitor.definitions import Key
from media_tracker.problems.documents import Problem
from media_tracker.problems.objections.rules import (
    LONGEST_TEXT,
    Contact,
    Objection,
    ObjectionAnswer,
    ObjectionState,
    Way,
    mistakes,
)
from media_tracker.web.choices import Option, named
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import anyone, publicity
from media_tracker.web.naming import Names, names_of
from media_tracker.web.once import FIELD, new_key
from media_tracker.web.problems.case.unit_work import in_words
from media_tracker.web.problems.objection_words import ANSWER_NAMES, RECORDED_WAYS, STATE_NAMES, WAY_NAMES
from media_tracker.web.render import Pages, page, see_other
from media_tracker.web.visitor import actor, client_address, origin, request_id, services

A_DAY = Allowance("objections", 5, timedelta(days=1))
"""Objections from one address."""
SOON = timedelta(days=3)
"""Yellow in the last days before an answer is due."""


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """``templates/problems/objections/new.html``: the public form, and with ``number`` the office's own."""

    number: str
    title: str
    about: str
    """The row of a public list that it is about; empty: none."""
    ways: Sequence[Option]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    notice: str
    form_key: str


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """``templates/problems/objections/receipt.html``"""

    receipt: str
    received_at: datetime
    due_at: datetime
    masked: bool


@dataclass(frozen=True, slots=True)
class ObjectionRow:
    """One objection in the office's list. ``state``, ``way`` and ``answer`` are untranslated."""

    id: str
    version: int
    receipt: str
    state: str
    waiting: bool
    open: bool
    way: str
    number: str
    text: str
    received_at: datetime
    due_at: datetime
    light: str
    answer: str
    answer_text: str
    answered_at: datetime | None
    answered_by: str
    opened: bool
    """Its form came back: it is shown unfolded."""


@dataclass(frozen=True, slots=True)
class ListPage:
    """``templates/problems/objections/list.html``"""

    rows: Sequence[ObjectionRow]
    answered: bool
    to_answer: int
    answers: Sequence[Option]
    contact: Contact | None
    """Who made the one that is unfolded, where the office has just asked."""
    erased: bool
    values: Mapping[str, str]
    errors: Mapping[str, str]
    notice: str


@dataclass(frozen=True, slots=True)
class _Back:
    """The form of one objection that came back, or its contact that was asked for."""

    objection_id: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    contact: Contact | None = None
    erased: bool = False


# The public form


@get("/objections/new", guards=[anyone])
async def object_page(
    request: Request[Any, Any, Any],
    release: FromQuery[str] = "",
    key: FromQuery[str] = "",
    row: FromQuery[str] = "",
) -> Response[Any]:
    """The form for an exposed merchant or person; from a public list it knows which row it is about."""
    return await _form(request, {"release": release, "key": key, "row": row})


@post("/objections/new", guards=[anyone])
async def send_objection(request: Request[Any, Any, Any]) -> Response[Any]:
    """Take an objection in; the answer is its receipt. The same form sent twice gets the same one."""
    form = await read_form(request)
    text, contact = form.text("text", longest=LONGEST_TEXT), _contact(form)
    form.errors = {**mistakes(text, contact), **form.errors}
    try:
        form.check()
        await services(request).visits.count(A_DAY, client_address(request))
        problem_id = await _problem_behind(request, form.values)
        objection = await services(request).objections.receive(_key(form), problem_id, text, contact)
    except InvalidInput as error:
        return await _form(request, form.values, error.fields, status=422)
    receipt = ReceiptPage(
        objection.receipt,
        objection.received_at,
        objection.due_at,
        objection.problem_id is not None and objection.state is ObjectionState.OPEN,
    )
    return await page(request, "problems/objections/receipt.html", receipt, status=201)


# The office


@get("/problems/{number:str}/objections", guards=[publicity])
async def record_page(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """The form for an objection that came by letter, by telephone or in person."""
    return await _form(request, {}, problem=await services(request).problems.get(number))


@post("/problems/{number:str}/objections", guards=[publicity])
async def record_objection(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """Record it; the case is masked in public from now on."""
    problem = await services(request).problems.get(number)
    form = await read_form(request)
    text, contact = form.text("text", longest=LONGEST_TEXT), _contact(form)
    way = form.choice("way", Way, required=N_("Please choose from the list."))
    form.errors = {**mistakes(text, contact), **form.errors}
    try:
        form.check()
        assert way is not None  # or check() would have raised
        objection = await services(request).objections.record(
            _key(form), problem.case.id, text, contact, way, actor(request), origin(request)
        )
    except InvalidInput as error:
        return await _form(request, form.values, error.fields, problem=problem, status=422)
    except Conflict as error:
        pages: Pages = request.app.state.pages
        notice = in_words(pages, error)
        return await _form(request, form.values, {}, problem=problem, notice=notice, status=409)
    message = N_("Recorded under {receipt}. The case is masked in public until it is answered.")
    return await see_other(request, f"/problems/{number}", message, receipt=objection.receipt)


@get("/objections", guards=[publicity])
async def objection_list(request: Request[Any, Any, Any], show: FromQuery[str] = "") -> Response[Any]:
    """Those to be answered, the soonest due first; or those that are answered."""
    return await _list(request, _Back(), answered=show == "answered")


@post("/objections/{objection_id:str}/stand", guards=[publicity])
async def let_stand(request: Request[Any, Any, Any], objection_id: FromPath[str]) -> Response[Any]:
    """Tie an objection that waits to its case, which is masked from now on."""
    room = services(request)
    form = await read_form(request)
    number = form.text("number", required=N_("Please give the number of the problem."))
    try:
        form.check()
        problem = await _problem(request, number)
        await room.objections.stand(objection_id, form.version(), problem.case.id, actor(request), origin(request))
    except InvalidInput as error:
        back = _Back(objection_id, form.values, error.fields)
        return await _list(request, back, status=422)
    except Conflict as error:
        return await _late(request, objection_id, form, error)
    return await see_other(request, "/objections", N_("It stands. The case is masked in public until it is answered."))


@post("/objections/{objection_id:str}/answer", guards=[publicity])
async def answer_objection(request: Request[Any, Any, Any], objection_id: FromPath[str]) -> Response[Any]:
    """Answer it; the case is shown again unless it is withheld."""
    form = await read_form(request)
    answer, text = form.choice("answer", ObjectionAnswer), form.text("text", longest=LONGEST_TEXT)
    try:
        form.check()
        await services(request).objections.answer(
            objection_id,
            form.version(),
            answer,
            text,
            actor(request),
            origin(request),
            withhold=form.flag("withhold"),
        )
    except InvalidInput as error:
        return await _list(request, _Back(objection_id, form.values, error.fields), status=422)
    except Conflict as error:
        return await _late(request, objection_id, form, error)
    return await see_other(request, "/objections", N_("Answered. It is in the history of the problem."))


@post("/objections/{objection_id:str}/contact", guards=[publicity])
async def show_contact(request: Request[Any, Any, Any], objection_id: FromPath[str]) -> Response[Any]:
    """Who made it. A look is a POST: it is written into the audit trail."""
    await read_form(request)
    contact = await services(request).objections.contact(objection_id, actor(request), request_id(request.scope))
    objection = await services(request).objections.get(objection_id)
    back = _Back(objection_id, contact=contact, erased=contact is None)
    return await _list(request, back, answered=objection.state is ObjectionState.ANSWERED)


# Inside


async def _late(request: Request[Any, Any, Any], objection_id: str, form: Form, error: Conflict) -> Response[Any]:
    pages: Pages = request.app.state.pages
    answered = (await services(request).objections.get(objection_id)).state is ObjectionState.ANSWERED
    back = _Back(objection_id, form.values, notice=in_words(pages, error))
    return await _list(request, back, answered=answered, status=409)


def _contact(form: Form) -> Contact:
    return Contact(form.text("name"), form.text("telephone"), form.text("address"))


def _key(form: Form) -> str:
    key = form.text(FIELD)
    return key if ObjectId.is_valid(key) else new_key()


async def _problem(request: Request[Any, Any, Any], number: str) -> Problem:
    try:
        return await services(request).problems.get(number)
    except NotFound:
        sentence = N_("There is no problem with this number.")
        raise InvalidInput(sentence, {"number": sentence}) from None


def _row_of(values: Mapping[str, str]) -> tuple[int, Key, int] | None:
    """The row of a public list that a form names: release, list, place from 0."""
    release, key, row = (values.get(name, "") for name in ("release", "key", "row"))
    sensible = release.isdecimal() and row.isdecimal() and len(release) < 8 and len(row) < 8 and key in set(Key)
    return (int(release), Key(key), int(row)) if sensible else None


async def _problem_behind(request: Request[Any, Any, Any], values: Mapping[str, str]) -> ObjectId | None:
    named_row = _row_of(values)
    if named_row is None:
        return None
    number, key, place = named_row
    return await services(request).releases.problem_behind(number, key.value, place)


async def _about(request: Request[Any, Any, Any], values: Mapping[str, str], names: Names) -> str:
    """What the row says in public, in a line; nothing for one that is masked or that there is not."""
    named_row = _row_of(values)
    if named_row is None:
        return ""
    number, key, place = named_row
    releases = services(request).releases
    try:
        rows = await releases.rows(await releases.get(number), key, place, 1)
    except NotFound:
        return ""
    if not rows or rows[0].withheld:
        return ""
    row = rows[0]
    parts = [names.region(row.region), names.category(row.category), names.outlet(row.outlet_id)]
    return " · ".join(part for part in parts if part)


async def _form(
    request: Request[Any, Any, Any],
    values: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    *,
    problem: Problem | None = None,
    notice: str = "",
    status: int = 200,
) -> Response[Any]:
    names = await names_of(request)
    pages: Pages = request.app.state.pages
    context = ObjectPage(
        number=problem.number if problem is not None else "",
        title=problem.title if problem is not None else "",
        about="" if problem is not None else await _about(request, values, names),
        ways=named(pages.catalogue, {way: WAY_NAMES[way] for way in RECORDED_WAYS}) if problem is not None else (),
        values=values,
        errors=errors or {},
        notice=notice,
        form_key=values.get(FIELD) or new_key(),
    )
    return await page(request, "problems/objections/new.html", context, status=status)


async def _list(
    request: Request[Any, Any, Any], back: _Back, *, answered: bool = False, status: int = 200
) -> Response[Any]:
    room = services(request)
    pages: Pages = request.app.state.pages
    found = await (room.objections.answered() if answered else room.objections.to_answer())
    problems = {each.problem_id for each in found if each.problem_id is not None}
    numbers = await room.problems.numbers(problems) if problems else {}
    people = await room.accounts.names({each.answered_by for each in found if each.answered_by is not None})
    context = ListPage(
        rows=[_row(each, numbers, people, back, room.clock()) for each in found],
        answered=answered,
        to_answer=await room.objections.count_to_answer(),
        answers=named(pages.catalogue, ANSWER_NAMES),
        contact=back.contact,
        erased=back.erased,
        values=back.values,
        errors=back.errors,
        notice=back.notice,
    )
    return await page(request, "problems/objections/list.html", context, status=status)


def _row(
    each: Objection, numbers: Mapping[ObjectId, str], people: Mapping[ObjectId, str], back: _Back, now: datetime
) -> ObjectionRow:
    answered = each.state is ObjectionState.ANSWERED
    light = "done" if answered else "over" if each.due_at < now else "soon" if each.due_at - now < SOON else "ok"
    return ObjectionRow(
        id=str(each.id),
        version=each.version,
        receipt=each.receipt,
        state=STATE_NAMES[each.state],
        waiting=each.state is ObjectionState.WAITING,
        open=not answered,
        way=WAY_NAMES[each.way],
        number=numbers.get(each.problem_id, "") if each.problem_id is not None else "",
        text=each.text,
        received_at=each.received_at,
        due_at=each.due_at,
        light=light,
        answer=ANSWER_NAMES[each.answer] if each.answer else "",
        answer_text=each.answer_text,
        answered_at=each.answered_at,
        answered_by=people.get(each.answered_by, "") if each.answered_by is not None else "",
        opened=str(each.id) == back.objection_id,
    )


ROUTES = [
    object_page,
    send_objection,
    record_page,
    record_objection,
    objection_list,
    let_stand,
    answer_objection,
    show_contact,
]
