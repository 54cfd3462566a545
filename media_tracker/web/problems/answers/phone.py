"""The page behind an errand's link: for a team or an estate without an account, on a phone. Photos in, nothing else out.

The link is the only key: no session is read or made, no search engine may keep the page, no other site learns its address. It
shows the errand's own words and the photos that the unit chose, and not even the problem's number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Stream

from media_tracker.accounts.visits import Allowance
from media_tracker.errors import N_, InvalidInput, MediaTrackerError, NotFound, TooLarge, TooMany
from media_tracker.problems.answers.errand_rules import MOST_PHOTOS, SENTENCES
from media_tracker.problems.answers.errands import TOO_MANY, Opened
from media_tracker.web.forms import LONGEST_TEXT, PHOTOS_BYTES, Form, read_form
from media_tracker.web.guards import anyone
from media_tracker.web.problems.evidence.uploads import PURPOSE
from media_tracker.web.render import Pages, page
from media_tracker.web.visitor import client_address, services

BODY_BYTES = PHOTOS_BYTES + 10_000_000
GUESSES = Allowance("errand_guesses", 20, timedelta(minutes=15))
"""Links that are none, from one address."""
SENDINGS = Allowance("errand_sendings", 60, timedelta(hours=1))
"""Times that one link sends something."""
HEADERS = {"referrer-policy": "no-referrer", "x-robots-tag": "noindex, nofollow, noarchive"}
UNKNOWN = N_("This link is not known here. Look whether it is complete, or ask those who sent it for a new one.")


@dataclass(frozen=True, slots=True)
class PhonePage:
    """``templates/problems/phone/errand.html``"""

    href: str
    text: str
    place: str
    due_at: datetime
    photos_wanted: int
    shown: Sequence[Mapping[str, str]]
    sent: Sequence[Mapping[str, str]]
    """Photos that have come in already."""
    answer: str
    remarks: Sequence[tuple[datetime, str]]
    saved: bool
    values: Mapping[str, str]
    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ClosedPage:
    """``templates/problems/phone/closed.html``"""

    href: str
    sentence: str
    done: bool


@get("/e/{secret:str}", guards=[anyone])
async def open_errand(request: Request[Any, Any, Any], secret: FromPath[str]) -> Response[Any]:
    """The errand, or why its link is of no use any more."""
    opened = await _open(request, secret)
    if opened is None or opened.dead is not None:
        return await _closed(request, secret, opened)
    return await _show(request, secret, opened, saved="saved" in request.query_params)


@get("/e/{secret:str}/photos/{place:str}", guards=[anyone])
async def errand_photo(
    request: Request[Any, Any, Any], secret: FromPath[str], place: FromPath[str]
) -> Stream | Response[Any]:
    """A photo that the unit chose to show (``0``, ``1``, …), or one that came in by this link (``s0``, ``s1``, …)."""
    opened = await _open(request, secret)
    errand = opened.errand if opened is not None and opened.dead is None else None
    photos: Sequence[ObjectId] = ()
    if errand is not None:
        photos = errand.photos if place.startswith("s") else errand.shown
    number = place.removeprefix("s")
    if not number.isdecimal() or len(number) > 3 or int(number) >= len(photos):
        raise NotFound(N_("There is no such file."))
    files = services(request).files
    found = await files.photos([photos[int(number)]])
    photo = found.get(photos[int(number)])
    if photo is None:
        raise NotFound(N_("There is no such file."))
    small = "small" in request.query_params
    metadata, chunks = await files.open(photo.thumbnail_id if small else photo.id)
    headers = {**HEADERS, "cache-control": "private, no-store", "content-length": str(metadata.size)}
    return Stream(chunks, media_type=metadata.content_type, headers=headers)


@post("/e/{secret:str}", guards=[anyone], request_max_body_size=BODY_BYTES)
async def send_errand(request: Request[Any, Any, Any], secret: FromPath[str]) -> Response[Any]:
    """Keep photos and words; with “done” the errand is handed in, and its link is closed."""
    opened = await _open(request, secret)
    if opened is None or opened.dead is not None:
        return await _closed(request, secret, opened)
    await services(request).visits.count(SENDINGS, str(opened.errand.id))
    form = await read_form(request)
    saved: dict[ObjectId, str] = {}
    done = form.text("do") == "done"
    try:
        text = form.text("text", longest=LONGEST_TEXT)
        remove = form.ids("drop")
        uploads = await _uploads(form, len(opened.errand.photos) - len(remove))
        form.check()
        saved = await _save(request, form, uploads)
        kept = await services(request).errands.receive(secret, text, saved, done=done, remove=remove)
    except InvalidInput as error:
        await _remove(request, saved)
        again = await services(request).errands.open(secret) or opened
        return await _show(request, secret, again, form.values, error.fields, status=422)
    except MediaTrackerError:
        await _remove(request, saved)
        raise
    await _remove(request, _unused(saved, kept))
    if kept is None or (kept.dead is not None and not done):
        return await _closed(request, secret, kept)
    return _to(f"/e/{secret}" + ("" if done else "?saved=1"))


# Inside


async def _open(request: Request[Any, Any, Any], secret: str) -> Opened | None:
    """What is behind the link; who guesses has to wait in the end."""
    visits, client = services(request).visits, client_address(request)
    await visits.check(GUESSES, client)
    opened = await services(request).errands.open(secret)
    if opened is None:
        try:
            await visits.count(GUESSES, client)
        except TooMany:  # the guess that was one too many is told the same as those before it
            return None
    return opened


def _to(path: str) -> Response[Any]:
    response = Redirect(path, status_code=303)
    response.headers.update(HEADERS)
    return response


async def _closed(request: Request[Any, Any, Any], secret: str, opened: Opened | None) -> Response[Any]:
    dead = opened.dead if opened is not None else None
    sentence = SENTENCES[dead] if dead is not None else UNKNOWN
    context = ClosedPage(f"/e/{secret}", sentence, dead is not None and dead.value in ("handed_in", "taken"))
    status = 404 if dead is None else 200 if context.done else 410
    response = await page(request, "problems/phone/closed.html", context, status=status)
    response.headers.update(HEADERS)
    return response


async def _show(
    request: Request[Any, Any, Any],
    secret: str,
    opened: Opened,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    *,
    saved: bool = False,
    status: int = 200,
) -> Response[Any]:
    errand = opened.errand
    here = await services(request).files.photos([*errand.shown, *errand.photos])
    context = PhonePage(
        href=f"/e/{secret}",
        text=errand.text,
        place=errand.place,
        due_at=errand.due_at,
        photos_wanted=errand.photos_wanted,
        shown=[
            {"src": f"/e/{secret}/photos/{number}?small=1", "href": f"/e/{secret}/photos/{number}"}
            for number, photo in enumerate(errand.shown)
            if photo in here
        ],
        sent=[
            {"id": str(photo), "src": f"/e/{secret}/photos/s{number}?small=1"}
            for number, photo in enumerate(errand.photos)
            if photo in here
        ],
        answer=errand.answer,
        remarks=[(each.at, each.text) for each in errand.rejections],
        saved=saved,
        values=values or {"text": errand.answer},
        errors=errors or {},
    )
    response = await page(request, "problems/phone/errand.html", context, status=status)
    response.headers.update(HEADERS)
    return response


async def _uploads(form: Form, there: int) -> list[tuple[str, bytes]]:
    """The photos that were sent, if they are not too many or too much; nothing is saved for those that are."""
    try:
        uploads = await form.photos("photos")
    except TooLarge as error:
        form.errors["photos"] = error.message
        return []
    if sum(len(data) for _, data in uploads) > PHOTOS_BYTES:
        form.errors["photos"] = N_("All photos together may have at most 50 MB. Send them in several goes.")
    elif there + len(uploads) > MOST_PHOTOS:
        form.errors["photos"] = TOO_MANY
    return uploads


async def _save(
    request: Request[Any, Any, Any], form: Form, uploads: Sequence[tuple[str, bytes]]
) -> dict[ObjectId, str]:
    """Ids and digests of the saved photos; when one of them is no photo, none is kept."""
    pages: Pages = request.app.state.pages
    saved: dict[ObjectId, str] = {}
    for name, data in uploads:
        try:
            stored = await services(request).files.save_image(data, name, None, PURPOSE)
        except (InvalidInput, TooLarge) as error:
            form.errors["photos"] = f"{name}: {pages.catalogue.explain(error)}"
            await _remove(request, saved)
            break
        saved[stored.id] = stored.sha256
    form.check()
    return saved


def _unused(saved: Mapping[ObjectId, str], kept: Opened | None) -> list[ObjectId]:
    """Photos that had come in before, or came too late."""
    needed = kept.errand.photos if kept is not None else ()
    return [each for each in saved if each not in needed]


async def _remove(request: Request[Any, Any, Any], photos: Mapping[ObjectId, str] | Sequence[ObjectId]) -> None:
    for photo in photos:
        try:
            await services(request).files.delete(photo)
        except NotFound:
            continue


ROUTES = [open_errand, errand_photo, send_errand]
