"""A unit's errands: giving one by a link, and what is done with what came back. The link's own page is in ``phone``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath
from markupsafe import Markup

from media_tracker.errors import N_, Conflict, InvalidInput, MediaTrackerError, NotFound, TooLarge
from media_tracker.problems.answers.errand_rows import NewErrand
from media_tracker.problems.answers.errand_rules import Errand
from media_tracker.problems.documents import Problem
from media_tracker.problems.evidence.material import photos_of
from media_tracker.web.forms import LONGEST_LINE, LONGEST_TEXT, PHOTOS_BYTES, Form, read_form
from media_tracker.web.guards import signed_in
from media_tracker.web.once import FIELD, new_key
from media_tracker.web.problems.answers.drafts import acting
from media_tracker.web.problems.case.page import Sent, show_problem
from media_tracker.web.problems.case.unit_work import Shown, in_words, photos_shown
from media_tracker.web.problems.evidence.uploads import PURPOSE, remove_uploads
from media_tracker.web.qr import qr_code, whole_address
from media_tracker.web.render import Pages, page, see_other
from media_tracker.web.visitor import actor, services

BODY_BYTES = PHOTOS_BYTES + 10_000_000


class Do(StrEnum):
    """What is done with an errand."""

    TAKE = "take"
    REOPEN = "reopen"
    REVOKE = "revoke"
    RENEW = "renew"


DONE: Mapping[Do, str] = {
    Do.TAKE: N_("Taken over. The photos are in the draft of your unit's answer."),
    Do.REOPEN: N_("The link can be used again."),
    Do.REVOKE: N_("The link is withdrawn."),
}


@dataclass(frozen=True, slots=True)
class NewErrandPage:
    """``templates/problems/answers/errand.html``"""

    number: str
    title: str
    place: str
    photos: Sequence[Shown]
    """Of the problem: what the link may show."""
    chosen: Sequence[str]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    notice: str
    form_key: str


@dataclass(frozen=True, slots=True)
class LinkPage:
    """``templates/problems/answers/errand_link.html``"""

    number: str
    title: str
    text: str
    place: str
    due_at: datetime
    url: str
    qr: Markup


@get("/problems/{number:str}/errands", guards=[signed_in])
async def new_errand(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """The form for an errand."""
    problem = await services(request).problems.get(number)
    try:
        await services(request).errands.check(problem, actor(request))
    except Conflict as error:
        return await _back(request, problem, error)
    return await _form(request, problem, {"place": problem.place, "photos_wanted": "1"})


@post("/problems/{number:str}/errands", guards=[signed_in], request_max_body_size=BODY_BYTES)
async def give_errand(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """Give an errand; its link is on this answer and never again."""
    room, who = services(request), actor(request)
    problem = await room.problems.get(number)
    form = await read_form(request)
    saved: tuple[ObjectId, ...] = ()
    try:
        await room.errands.check(problem, who)
        new = _new(form, problem)
        uploads = await _uploads(form)
        form.check()
        saved = await _save(request, form, uploads)
        try:
            errand, secret = await room.errands.give(problem, _with(new, saved), who, acting(request, problem))
        except MediaTrackerError:
            await remove_uploads(request, {"photos": saved})
            raise
    except InvalidInput as error:
        return await _form(request, problem, form.values, {**error.fields, **form.errors}, form=form, status=422)
    except Conflict as error:
        return await _back(request, await room.problems.get(number), error)
    link = _link_page(request, problem, errand, secret)
    return await page(request, "problems/answers/errand_link.html", link, status=201)


@post("/problems/{number:str}/errands/{errand_id:str}", guards=[signed_in])
async def handle_errand(
    request: Request[Any, Any, Any], number: FromPath[str], errand_id: FromPath[str]
) -> Response[Any]:
    """Take over what came in, open the errand again, withdraw its link, or make another one."""
    room, who = services(request), actor(request)
    problem = await room.problems.get(number)
    form = await read_form(request)
    do = form.choice("do", Do)
    version = form.version()
    try:
        form.check()
        match do:
            case Do.TAKE:
                before, after = form.ids("before"), form.ids("after")
                await room.errands.take(problem, errand_id, version, who, before=before, after=after)
            case Do.REOPEN:
                text, due_at = form.text("text", longest=LONGEST_TEXT), form.moment("due_at")
                form.check()
                await room.errands.reopen(problem, errand_id, version, text, due_at, who)
            case Do.REVOKE:
                await room.errands.revoke(problem, errand_id, who)
            case Do.RENEW:
                errand, secret = await room.errands.renew(problem, errand_id, version, who)
                link = _link_page(request, problem, errand, secret)
                return await page(request, "problems/answers/errand_link.html", link, status=201)
            case None:
                raise NotFound(N_("There is nothing at this address."))
    except InvalidInput as error:
        pages: Pages = request.app.state.pages
        sentence = next(iter(error.fields.values()), "")
        notice = pages.catalogue.gettext(sentence) if sentence else pages.catalogue.explain(error)
        return await show_problem(request, problem, Sent(notice=notice), status=422)
    except Conflict as error:
        return await _back(request, await room.problems.get(number), error)
    return await see_other(request, f"/problems/{number}", DONE[do])


def link_of(request: Request[Any, Any, Any], secret: str) -> str:
    """The whole address of a link, as the outside world reaches it."""
    return whole_address(request, f"/e/{secret}")


def _link_page(request: Request[Any, Any, Any], problem: Problem, errand: Errand, secret: str) -> LinkPage:
    url, pages = link_of(request, secret), request.app.state.pages
    qr = qr_code(url, pages.catalogue.gettext(N_("QR code: the errand on the phone")))
    return LinkPage(problem.number, problem.title, errand.text, errand.place, errand.due_at, url, qr)


async def _back(request: Request[Any, Any, Any], problem: Problem, error: Conflict) -> Response[Any]:
    """The problem's page, with what stood in the way."""
    pages: Pages = request.app.state.pages
    return await show_problem(request, problem, Sent(notice=in_words(pages, error)), status=409)


async def _form(
    request: Request[Any, Any, Any],
    problem: Problem,
    values: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    *,
    form: Form | None = None,
    status: int = 200,
) -> Response[Any]:
    pages: Pages = request.app.state.pages
    ids = [each.id for each in photos_of(problem.case)]
    photos = await services(request).files.photos(ids)
    context = NewErrandPage(
        number=problem.number,
        title=problem.title,
        place=problem.place,
        photos=photos_shown(ids, photos, pages, N_("Photo of the problem")),
        chosen=form.texts("shown") if form is not None else (),
        values=values,
        errors=errors or {},
        notice="",
        form_key=values.get(FIELD) or new_key(),
    )
    return await page(request, "problems/answers/errand.html", context, status=status)


def _new(form: Form, problem: Problem) -> NewErrand:
    """What the form says; of the problem's photos only such as it has."""
    known = {each.id for each in photos_of(problem.case)}
    key = form.text(FIELD)
    return NewErrand(
        form_key=key if ObjectId.is_valid(key) else new_key(),
        text=form.text("text", longest=LONGEST_TEXT),
        place=form.text("place", longest=LONGEST_LINE),
        due_at=form.moment("due_at"),
        photos_wanted=form.number("photos_wanted"),
        shown=tuple(each for each in form.ids("shown") if each in known),
    )


def _with(new: NewErrand, held: tuple[ObjectId, ...]) -> NewErrand:
    return NewErrand(new.form_key, new.text, new.place, new.due_at, new.photos_wanted, new.shown, held)


async def _uploads(form: Form) -> list[tuple[str, bytes]]:
    try:
        return await form.photos("photos")
    except TooLarge as error:
        form.errors["photos"] = error.message
        return []


async def _save(
    request: Request[Any, Any, Any], form: Form, uploads: Sequence[tuple[str, bytes]]
) -> tuple[ObjectId, ...]:
    """Save photos; when one of them is none, none is kept."""
    pages: Pages = request.app.state.pages
    saved: list[ObjectId] = []
    for name, data in uploads:
        try:
            saved.append((await services(request).files.save_image(data, name, actor(request).user_id, PURPOSE)).id)
        except (InvalidInput, TooLarge) as error:
            form.errors["photos"] = f"{name}: {pages.catalogue.explain(error)}"
            await remove_uploads(request, {"photos": tuple(saved)})
            break
    form.check()
    return tuple(saved)


ROUTES = [new_errand, give_errand, handle_errand]
