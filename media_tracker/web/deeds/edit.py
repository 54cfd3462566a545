"""Working on a good deed: its words, people and their consent, nomination and release. One page, a form for each."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from media_tracker.deeds.deed import ConsentWay, Level, Result
from media_tracker.deeds.documents import DeedWords
from media_tracker.errors import N_, InvalidInput
from media_tracker.web.deeds.edit_page import Back, make_change, show_edit_page
from media_tracker.web.forms import LONGEST_TEXT, read_form
from media_tracker.web.guards import dispatchers, editors, publicity
from media_tracker.web.naming import KIND_PERSON
from media_tracker.web.region_input import resolve_region
from media_tracker.web.render import Pages, see_other
from media_tracker.web.stories.deed_words import (
    age_of,
)
from media_tracker.web.stories.view import DEEDS
from media_tracker.web.visitor import actor, origin, services


class PersonStep(StrEnum):
    """What is done with a person of a deed."""

    SAVE = "save"
    AGREE = "agree"
    TAKE_BACK = "take_back"
    FORGET = "forget"


class ReleaseStep(StrEnum):
    """What is done with a deed's place in the public library."""

    RELEASE = "release"
    TAKE_OFF = "take_off"


@get("/deeds/{deed_id:str}/edit", guards=[dispatchers])
async def edit_page(request: Request[Any, Any, Any], deed_id: FromPath[str]) -> Response[Any]:
    """Everything that can be said of a deed; publicity staff see consent and nomination."""
    return await show_edit_page(request, await services(request).deeds.get(deed_id), Back())


@post("/deeds/{deed_id:str}/edit", guards=[editors])
async def edit(request: Request[Any, Any, Any], deed_id: FromPath[str]) -> Response[Any]:
    """Change the deed's words."""
    form = await read_form(request)

    async def change() -> object:
        kind, region = form.text("kind"), None
        if kind and kind not in DEEDS:
            form.errors["kind"] = N_("Please choose from the list.")
        try:
            region = await resolve_region(services(request).places, form.text("region"))
        except InvalidInput as error:
            form.errors.update(error.fields)
        words = DeedWords(
            title=form.text("deed_title"),
            deed=form.text("deed", longest=LONGEST_TEXT),
            kind=kind or None,
            region=region,
            place=form.text("place"),
        )
        form.check()
        return await services(request).deed_work.edit(deed_id, form.version(), words, actor(request), origin(request))

    return await make_change(request, deed_id, form, "words", change, N_("Saved."))


@post("/deeds/{deed_id:str}/people", guards=[editors])
async def add_person(request: Request[Any, Any, Any], deed_id: FromPath[str]) -> Response[Any]:
    """Record somebody who did it."""
    form = await read_form(request)

    async def change() -> object:
        name, called, minor = form.text("name"), form.text("called"), age_of(form.text("age"))
        form.check()
        return await services(request).deed_work.add_person(
            deed_id, form.version(), name, called, minor, actor(request), origin(request)
        )

    return await make_change(
        request, deed_id, form, "person", change, N_("The person is recorded. Consent is recorded by itself.")
    )


@post("/deeds/{deed_id:str}/people/{person_id:str}", guards=[dispatchers])
async def person(request: Request[Any, Any, Any], deed_id: FromPath[str], person_id: FromPath[str]) -> Response[Any]:
    """Correct who somebody is, record consent, take it back, or erase the person: ``do`` says which."""
    form, work = await read_form(request), services(request).deed_work
    await services(request).deeds.get(deed_id)

    async def change() -> object:
        what = form.choice("do", PersonStep, required=N_("Please choose from the list."))
        by, version = (actor(request), origin(request)), form.version()
        if what is PersonStep.SAVE:
            name, called, minor = form.text("name"), form.text("called"), age_of(form.text("age"))
            form.check()
            return await work.edit_person(deed_id, person_id, version, name, called, minor, *by)
        if what is PersonStep.AGREE:
            way = form.choice("way", ConsentWay, required=N_("Please say how the person agreed."))
            on = form.day("given_on", required=N_("Please give the day."))
            form.check()
            assert way is not None and on is not None  # or check() would have raised  # noqa: PT018
            return await work.agree(deed_id, person_id, version, way, on, form.flag("guardian"), *by)
        form.check()
        if what is PersonStep.TAKE_BACK:
            return await work.take_back(deed_id, person_id, version, *by)
        pages: Pages = request.app.state.pages
        return await work.forget_person(deed_id, person_id, version, pages.catalogue.gettext(KIND_PERSON), *by)

    return await make_change(request, deed_id, form, person_id, change, N_("Saved."))


@post("/deeds/{deed_id:str}/nominations", guards=[dispatchers])
async def nominate(request: Request[Any, Any, Any], deed_id: FromPath[str]) -> Response[Any]:
    """Write down how far the nomination has come."""
    form = await read_form(request)

    async def change() -> object:
        level = form.choice("level", Level)
        result = form.choice("result", Result, required=N_("Please choose from the list."))
        on = form.day("on")
        form.check()
        assert result is not None  # or check() would have raised
        return await services(request).deed_work.nominate(
            deed_id, form.version(), level, result, on, actor(request), origin(request)
        )

    return await make_change(request, deed_id, form, "nomination", change, N_("Saved."))


@post("/deeds/{deed_id:str}/release", guards=[publicity])
async def release(request: Request[Any, Any, Any], deed_id: FromPath[str]) -> Response[Any]:
    """Put a deed into the public library, or take it out: ``do`` says which."""
    form, work = await read_form(request), services(request).deed_work
    await services(request).deeds.get(deed_id)
    what = form.choice("do", ReleaseStep, required=N_("Please choose from the list."))
    by, version = (actor(request), origin(request)), form.version()
    form.check()
    if what is ReleaseStep.TAKE_OFF:
        await work.take_off(deed_id, version, *by)
        return await see_other(request, f"/deeds/{deed_id}", N_("It is out of the public library."))
    await work.release(deed_id, version, form.flag("nobody"), *by)
    return await see_other(request, f"/deeds/{deed_id}", N_("It stands in the public library."))


ROUTES = [edit_page, edit, add_person, person, nominate, release]
