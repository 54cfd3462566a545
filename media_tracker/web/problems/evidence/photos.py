"""One photo of a problem, large: what it shows, where it was used before; blacking out parts of it, and opening the original."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from media_tracker.accounts.actor import Role
from media_tracker.db.ids import parse_id
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, NotFound
from media_tracker.files.images import Box
from media_tracker.problems.documents import Problem
from media_tracker.problems.evidence.material import Filed, photos_of
from media_tracker.problems.evidence.photo_rules import (
    Hint,
    Taken,
    hints,
    may_black_out,
    may_open_original,
    may_read_camera,
    may_see_uses,
    nearest,
)
from media_tracker.problems.evidence.service import NO_SUCH_FILE, NOT_YOURS, filed
from media_tracker.web.file_answer import file_answer
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import only, signed_in
from media_tracker.web.problems.evidence.shown import UseView, photo_href, place_text, use_view
from media_tracker.web.render import Pages, page, see_other
from media_tracker.web.visitor import actor, origin, request_id, services

HINT_NAMES: Mapping[Hint, str] = {
    Hint.BEFORE_EXPOSURE: N_("A photo of the fix, taken before anybody told of the problem"),
    Hint.AFTER_FIX: N_("A photo from before the fix, taken after it"),
    Hint.LONG_AFTER: N_("Taken a week or more after the fix"),
    Hint.AFTER_FILING: N_("Taken later than it was filed: a clock is wrong"),
    Hint.BEFORE_CLAIM: N_("A photo of the check, taken before the fix"),
    Hint.FAR_AWAY: N_("Far from where the other photos were taken"),
}
EMPTY_BOXES = 4
"""Rows of fields that the form offers beyond those that are filled in."""


@dataclass(frozen=True, slots=True)
class PhotoView:
    """What the page says of the photo itself."""

    src: str
    width: int
    height: int
    place: str
    filed_at: datetime
    by: str
    filename: str
    sha256: str
    sha256_kept: str
    blacked_out: bool
    index: int
    of: int


@dataclass(frozen=True, slots=True)
class PhotoPage:
    """``templates/problems/evidence/photo.html``"""

    number: str
    title: str
    photo: PhotoView
    previous: str
    following: str
    uses: Sequence[UseView]
    black_out_href: str
    """Empty for who may not."""
    original_href: str
    """Where the original is opened; empty for who may not, and where nothing was blacked out."""
    take_back_href: str
    """The same for taking the last black-out back."""
    camera_href: str
    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BlackOutPage:
    """``templates/problems/evidence/black_out.html``"""

    number: str
    title: str
    photo: PhotoView
    photo_href: str
    seen: str
    """The version that the boxes are drawn in."""
    boxes: Sequence[Sequence[str]]
    """Left, top, width and height of each, in percent, as they were typed."""
    notice: str
    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CameraRow:
    """What one photo's camera said."""

    src: str
    href: str
    place: str
    filed_at: datetime
    taken_at: datetime | None
    zone_assumed: bool
    position: str
    metres: int | None
    """To the nearest other photo of the problem."""
    hints: Sequence[str]
    sha256: str


@dataclass(frozen=True, slots=True)
class EvidencePage:
    """``templates/problems/evidence/evidence.html``"""

    number: str
    title: str
    rows: Sequence[CameraRow]


@dataclass(frozen=True, slots=True)
class _Sent:
    """A form that came back."""

    boxes: Sequence[Sequence[str]] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""


@get("/problems/{number:str}/photos/{photo_id:str}", guards=[signed_in])
async def photo_page(request: Request[Any, Any, Any], number: FromPath[str], photo_id: FromPath[str]) -> Response[str]:
    """One photo with those before and behind it."""
    problem = await services(request).problems.get(number)
    return await _photo_page(request, problem, filed(problem, parse_id(photo_id)), {})


async def _photo_page(
    request: Request[Any, Any, Any], problem: Problem, photo: Filed, errors: Mapping[str, str], status: int = 200
) -> Response[str]:
    room, who = services(request), actor(request)
    everything = [each.id for each in photos_of(problem.case)]
    at = everything.index(photo.id)
    view = await _photo_view(request, problem, photo)
    href = photo_href(problem.number, photo.id)
    uses = await room.evidence.uses(problem) if may_see_uses(who) else []
    own = [use for use in uses if use.photo.id == photo.id]
    thumbnails = await room.files.photos({each for use in own for each in (use.photo.id, use.elsewhere.id)})
    pages: Pages = request.app.state.pages
    context = PhotoPage(
        number=problem.number,
        title=problem.title,
        photo=view,
        previous=photo_href(problem.number, everything[at - 1]) if at else "",
        following=photo_href(problem.number, everything[at + 1]) if at + 1 < len(everything) else "",
        uses=[use_view(use, problem, thumbnails, pages) for use in own],
        black_out_href=f"{href}/black-out" if may_black_out(problem.case, photo, who) else "",
        original_href=f"{href}/original" if view.blacked_out and may_open_original(who) else "",
        take_back_href=f"{href}/take-back" if view.blacked_out and may_open_original(who) else "",
        camera_href=f"/problems/{problem.number}/evidence" if may_read_camera(who) else "",
        errors=errors,
    )
    return await page(request, "problems/evidence/photo.html", context, status=status)


async def _photo_view(request: Request[Any, Any, Any], problem: Problem, photo: Filed) -> PhotoView:
    room = services(request)
    everything = [each.id for each in photos_of(problem.case)]
    kept = (await room.files.photos([photo.id])).get(photo.id)
    if kept is None:
        raise NotFound(NO_SUCH_FILE)
    people = await room.accounts.names({kept.uploader}) if kept.uploader is not None else {}
    return PhotoView(
        src=f"/files/{kept.id}",
        width=kept.width,
        height=kept.height,
        place=place_text(photo, request.app.state.pages),
        filed_at=kept.saved_at,
        by=people.get(kept.uploader, "") if kept.uploader is not None else "",
        filename=kept.filename,
        sha256=kept.sha256,
        sha256_kept=kept.sha256_kept,
        blacked_out=kept.blacked_out,
        index=everything.index(photo.id) + 1,
        of=len(everything),
    )


# Blacking out


@get("/problems/{number:str}/photos/{photo_id:str}/black-out", guards=[signed_in])
async def black_out_page(
    request: Request[Any, Any, Any], number: FromPath[str], photo_id: FromPath[str]
) -> Response[str]:
    """Where the parts are marked that nobody needs to see."""
    problem = await services(request).problems.get(number)
    return await _black_out_page(request, problem, filed(problem, parse_id(photo_id)), _Sent())


@post("/problems/{number:str}/photos/{photo_id:str}/black-out", guards=[signed_in])
async def black_out(request: Request[Any, Any, Any], number: FromPath[str], photo_id: FromPath[str]) -> Response[Any]:
    """Black out what was marked."""
    room, form = services(request), await read_form(request)
    problem = await room.problems.get(number)
    photo = filed(problem, parse_id(photo_id))
    typed = _typed(form)
    try:
        boxes = _boxes(typed)
        seen = form.id("seen") or photo.id
        await room.evidence.black_out(problem, photo.id, seen, boxes, actor(request), origin(request))
    except InvalidInput as error:
        pages: Pages = request.app.state.pages
        sent = _Sent(typed, {"boxes": pages.catalogue.explain(error)})
        return await _black_out_page(request, problem, photo, sent, status=422)
    except Conflict as error:
        said = request.app.state.pages.catalogue.explain(error)
        return await _black_out_page(request, problem, photo, _Sent((), {}, said), status=409)
    return await see_other(
        request, photo_href(number, photo.id), N_("Blacked out, here and wherever the photo is shown.")
    )


async def _black_out_page(
    request: Request[Any, Any, Any], problem: Problem, photo: Filed, sent: _Sent, status: int = 200
) -> Response[str]:
    if not may_black_out(problem.case, photo, actor(request)):
        raise Forbidden(NOT_YOURS)
    view = await _photo_view(request, problem, photo)
    context = BlackOutPage(
        number=problem.number,
        title=problem.title,
        photo=view,
        photo_href=photo_href(problem.number, photo.id),
        seen=view.src.removeprefix("/files/"),
        boxes=[*sent.boxes, *([("", "", "", "")] * EMPTY_BOXES)],
        notice=sent.notice,
        errors=sent.errors,
    )
    return await page(request, "problems/evidence/black_out.html", context, status=status)


def _typed(form: Form) -> list[Sequence[str]]:
    """The rows of the form in which something stands."""
    columns = [form.texts(name) for name in ("left", "top", "width", "height")]
    rows = [tuple(value.strip()[:8] for value in row) for row in zip(*columns, strict=False)]
    return [row for row in rows if any(row)]


def _boxes(typed: Sequence[Sequence[str]]) -> list[Box]:
    """The boxes that were typed; ``InvalidInput`` when one is not made of whole numbers."""
    if not all(value.isdecimal() and len(value) <= 3 for row in typed for value in row):
        raise InvalidInput(N_("Please give left, top, width and height of each box as whole percent."))
    return [Box(*(int(value) for value in row)) for row in typed]


@post("/problems/{number:str}/photos/{photo_id:str}/original", guards=[only(Role.ADMIN)])
async def original(
    request: Request[Any, Any, Any], number: FromPath[str], photo_id: FromPath[str]
) -> Response[str] | Stream:
    """The photo without its black-outs, to an admin who has said why. It is kept nowhere on the way."""
    room, form = services(request), await read_form(request)
    problem = await room.problems.get(number)
    photo = filed(problem, parse_id(photo_id))
    try:
        metadata, chunks = await room.evidence.original(
            problem, photo.id, form.text("reason"), actor(request), request_id(request.scope)
        )
    except InvalidInput as error:
        return await _photo_page(request, problem, photo, error.fields, status=422)
    answer = file_answer(metadata, chunks, keep=False)
    answer.status_code = 200
    return answer


@post("/problems/{number:str}/photos/{photo_id:str}/take-back", guards=[only(Role.ADMIN)])
async def take_back(request: Request[Any, Any, Any], number: FromPath[str], photo_id: FromPath[str]) -> Response[Any]:
    """Take the last black-out back: everybody sees the photo as before it."""
    room, form = services(request), await read_form(request)
    problem = await room.problems.get(number)
    photo = filed(problem, parse_id(photo_id))
    try:
        seen, reason = form.id("seen") or photo.id, form.text("taken_back")
        form.check()
        await room.evidence.take_back(problem, photo.id, seen, reason, actor(request), origin(request))
    except InvalidInput as error:
        return await _photo_page(request, problem, photo, error.fields, status=422)
    except Conflict as error:
        said = {"taken_back": request.app.state.pages.catalogue.explain(error)}
        return await _photo_page(request, problem, photo, said, status=409)
    return await see_other(request, photo_href(number, photo.id), N_("Taken back: the photo is shown as before it."))


# When and where


@get("/problems/{number:str}/evidence", guards=[only(Role.ADMIN, Role.INSPECTOR)])
async def evidence_page(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[str]:
    """When and where the photos of a problem were taken. That somebody looked is written down."""
    room = services(request)
    problem = await room.problems.get(number)
    facts = await room.evidence.camera_facts(problem, actor(request), request_id(request.scope))
    photos = await room.evidence.photos(problem)
    pages: Pages = request.app.state.pages
    places = {key: said.position for key, said in facts.items() if said.position is not None}
    rows = []
    for photo in photos_of(problem.case):
        if photo.id in photos:
            said, kept = facts.get(photo.id), photos[photo.id]
            taken_at = said.taken_at(room.settings.zone) if said else None
            metres = nearest(places.get(photo.id), [place for key, place in places.items() if key != photo.id])
            found = hints(problem.case, photo, Taken(taken_at, places.get(photo.id), kept.saved_at), metres)
            rows.append(
                CameraRow(
                    src=f"/files/{kept.thumbnail_id}",
                    href=photo_href(problem.number, photo.id),
                    place=place_text(photo, pages),
                    filed_at=kept.saved_at,
                    taken_at=taken_at,
                    zone_assumed=said is not None and said.zone_is_assumed,
                    position="{:.5f}, {:.5f}".format(*places[photo.id]) if photo.id in places else "",
                    metres=round(metres) if metres is not None else None,
                    hints=[HINT_NAMES[hint] for hint in found],
                    sha256=kept.sha256,
                )
            )
    return await page(request, "problems/evidence/evidence.html", EvidencePage(problem.number, problem.title, rows))


ROUTES = [photo_page, black_out_page, black_out, take_back, original, evidence_page]
