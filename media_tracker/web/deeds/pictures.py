"""Pictures of a good deed: put on it, described, taken off."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from typing import Any

from bson import ObjectId
from litestar import Request, Response, post
from litestar.params import FromPath

from media_tracker.deeds.pictures import MOST_PHOTOS, PURPOSE
from media_tracker.errors import N_, InvalidInput, NotFound, TooLarge
from media_tracker.web.deeds.edit_page import make_change
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import editors
from media_tracker.web.visitor import actor, origin, services


class PhotoStep(StrEnum):
    """What is done with a picture of a deed."""

    SAVE = "save"
    REMOVE = "remove"


@post("/deeds/{deed_id:str}/photos", guards=[editors])
async def add_photos(request: Request[Any, Any, Any], deed_id: FromPath[str]) -> Response[Any]:
    """Put pictures on a deed; what cameras wrote into them is kept apart."""
    form = await read_form(request)
    found = services(request)
    await found.deeds.get(deed_id)
    saved: list[ObjectId] = []

    async def change() -> object:
        caption, people = form.text("caption"), not form.flag("nobody")
        saved.extend(await _save(request, form))
        return await found.deed_pictures.add_photos(
            deed_id,
            form.version(),
            [(key, caption, people) for key in saved],
            actor(request),
            origin(request),
        )

    response = await make_change(request, deed_id, form, "photos", change, N_("The pictures are there."))
    if response.status_code in (409, 422):
        for key in saved:
            with suppress(NotFound):
                await found.files.delete(key)
    return response


@post("/deeds/{deed_id:str}/photos/{photo_id:str}", guards=[editors])
async def photo_step(request: Request[Any, Any, Any], deed_id: FromPath[str], photo_id: FromPath[str]) -> Response[Any]:
    """Change what is said of a picture, or remove it: ``do`` says which."""
    form, pictures = await read_form(request), services(request).deed_pictures

    async def change() -> object:
        what = form.choice("do", PhotoStep, required=N_("Please choose from the list."))
        caption, by = form.text("caption"), (actor(request), origin(request))
        form.check()
        if what is PhotoStep.REMOVE:
            return await pictures.remove_photo(deed_id, photo_id, form.version(), *by)
        return await pictures.edit_photo(deed_id, photo_id, form.version(), caption, not form.flag("nobody"), *by)

    return await make_change(request, deed_id, form, photo_id, change, N_("Saved."))


async def _save(request: Request[Any, Any, Any], form: Form) -> list[ObjectId]:
    """Ids of the saved pictures; when one of them cannot be taken, none is kept."""
    files, pages = services(request).files, request.app.state.pages
    saved: list[ObjectId] = []
    try:
        uploads = await form.photos("photos")
    except TooLarge as error:
        uploads = []
        form.errors["photos"] = error.message
    if not uploads:
        form.errors.setdefault("photos", N_("Please choose a picture."))
    for filename, data in uploads[:MOST_PHOTOS]:
        try:
            saved.append((await files.save_image(data, filename, actor(request).user_id, PURPOSE)).id)
        except (InvalidInput, TooLarge) as error:
            form.errors["photos"] = f"{filename}: {pages.catalogue.explain(error)}"
            break
    if form.errors:
        for key in saved:
            await files.delete(key)
    form.check()
    return saved


ROUTES = [add_photos, photo_step]
