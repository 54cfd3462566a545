"""Working on a good deed: its words, people and their consent, pictures, nomination and release. One page, a form for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath

from media_tracker.accounts.actor import Role
from media_tracker.deeds.deed import ConsentWay, Level, Person, Result
from media_tracker.deeds.documents import DeedWords, GoodDeed
from media_tracker.deeds.minor_cues import minor_cues
from media_tracker.deeds.nominations import standing
from media_tracker.deeds.showing import under_18
from media_tracker.deeds.work import MOST_PHOTOS, PURPOSE
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound, TooLarge
from media_tracker.web.choices import Option, option
from media_tracker.web.deeds.pages import NominationLine, nomination_lines
from media_tracker.web.deeds.view import Picture, kind_options, level_options, pictures_of
from media_tracker.web.deeds.words import RESULT_NAMES
from media_tracker.web.forms import LONGEST_TEXT, PHOTO_BYTES, Form, read_form
from media_tracker.web.guards import dispatchers, editors, publicity
from media_tracker.web.naming import KIND_PERSON, Names, names_of
from media_tracker.web.region_input import offered_regions, region_text, resolve_region
from media_tracker.web.render import Pages, page, see_other
from media_tracker.web.stories.deed_words import (
    CONSENT_NAMES,
    CueView,
    age_of,
    age_options,
    age_value,
    cue_views,
    way_options,
)
from media_tracker.web.stories.view import DEEDS, StoryRow, story_row
from media_tracker.web.visitor import actor, origin, services


class PersonStep(StrEnum):
    """What is done with a person of a deed."""

    SAVE = "save"
    AGREE = "agree"
    TAKE_BACK = "take_back"
    FORGET = "forget"


class PhotoStep(StrEnum):
    """What is done with a picture of a deed."""

    SAVE = "save"
    REMOVE = "remove"


class ReleaseStep(StrEnum):
    """What is done with a deed's place in the public library."""

    RELEASE = "release"
    TAKE_OFF = "take_off"


@dataclass(frozen=True, slots=True)
class PersonForm:
    """Somebody as those who work on the deed have them."""

    id: str
    name: str
    called: str
    age: str
    young: bool
    named: bool
    agreed: bool
    way: str
    """How consent was given; untranslated, empty for none."""
    given_on: date | None
    guardian: bool
    recorded_by: str
    taken_back_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoryCues:
    """Words of one story that point to a child."""

    story: StoryRow
    cues: Sequence[CueView]


@dataclass(frozen=True, slots=True)
class EditPage:
    """``templates/deeds/edit.html``"""

    id: str
    title: str
    version: int
    released: bool
    breadcrumb: Sequence[Mapping[str, str]]
    kinds: Sequence[Option]
    regions: Sequence[Option]
    ages: Sequence[Option]
    ways: Sequence[Option]
    levels: Sequence[Option]
    results: Sequence[Option]
    words: Mapping[str, str]
    people: Sequence[PersonForm]
    cues: Sequence[StoryCues]
    pictures: Sequence[Picture]
    photo_bytes: int
    nominations: Sequence[NominationLine]
    nominated: bool
    today: date
    may_edit: bool
    section: str
    """Which form came back: ``words``, ``person``, a person's id, ``photos``, a picture's id, ``nomination``."""
    values: Mapping[str, str]
    errors: Mapping[str, str]
    notice: str


@dataclass(frozen=True, slots=True)
class _Back:
    section: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""


@get("/deeds/{deed_id:str}/edit", guards=[dispatchers])
async def edit_page(request: Request[Any, Any, Any], deed_id: FromPath[str]) -> Response[Any]:
    """Everything that can be said of a deed; publicity staff see consent and nomination."""
    return await _page(request, await services(request).deeds.get(deed_id), _Back())


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

    return await _do(request, deed_id, form, "words", change, N_("Saved."))


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

    return await _do(
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

    return await _do(request, deed_id, form, person_id, change, N_("Saved."))


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
        return await found.deed_work.add_photos(
            deed_id,
            form.version(),
            [(key, caption, people) for key in saved],
            actor(request),
            origin(request),
        )

    response = await _do(request, deed_id, form, "photos", change, N_("The pictures are there."))
    if response.status_code in (409, 422):
        for key in saved:
            with suppress(NotFound):
                await found.files.delete(key)
    return response


@post("/deeds/{deed_id:str}/photos/{photo_id:str}", guards=[editors])
async def photo_step(request: Request[Any, Any, Any], deed_id: FromPath[str], photo_id: FromPath[str]) -> Response[Any]:
    """Change what is said of a picture, or remove it: ``do`` says which."""
    form, work = await read_form(request), services(request).deed_work

    async def change() -> object:
        what = form.choice("do", PhotoStep, required=N_("Please choose from the list."))
        caption, by = form.text("caption"), (actor(request), origin(request))
        form.check()
        if what is PhotoStep.REMOVE:
            return await work.remove_photo(deed_id, photo_id, form.version(), *by)
        return await work.edit_photo(deed_id, photo_id, form.version(), caption, not form.flag("nobody"), *by)

    return await _do(request, deed_id, form, photo_id, change, N_("Saved."))


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

    return await _do(request, deed_id, form, "nomination", change, N_("Saved."))


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


# Inside


async def _do(
    request: Request[Any, Any, Any],
    deed_id: str,
    form: Form,
    section: str,
    change: Callable[[], Awaitable[object]],
    message: str,
) -> Response[Any]:
    """Make a change and show the page again; a form with mistakes, or one that came too late, comes back as it was."""
    try:
        await change()
    except InvalidInput as error:
        one = await services(request).deeds.get(deed_id)
        return await _page(request, one, _Back(section, form.values, error.fields), status=422)
    except Conflict as error:
        one = await services(request).deeds.get(deed_id)
        pages: Pages = request.app.state.pages
        back = _Back(section, form.values, notice=pages.catalogue.explain(error))
        return await _page(request, one, back, status=409)
    return await see_other(request, f"/deeds/{deed_id}/edit", message)


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


async def _page(request: Request[Any, Any, Any], one: GoodDeed, back: _Back, *, status: int = 200) -> Response[Any]:
    found, names, who = services(request), await names_of(request), actor(request)
    tree = await found.places.regions()
    _, words = await found.nomination_words.get()
    users = {each.consent.by for each in one.people if each.consent and each.consent.by}
    people = await found.accounts.names(users)
    title = names.deed_title(one)
    context = EditPage(
        id=str(one.id),
        title=title,
        version=one.version,
        released=one.release is not None,
        breadcrumb=[
            {"href": "/deeds", "label": names.gettext("Good deeds")},
            {"href": f"/deeds/{one.id}", "label": title},
            {"label": names.gettext(N_("Work on it"))},
        ],
        kinds=kind_options(names),
        regions=offered_regions(tree),
        ages=age_options(names),
        ways=way_options(names),
        levels=level_options(words),
        results=[option(result.value, names.gettext(label)) for result, label in RESULT_NAMES.items()],
        words={
            "deed_title": one.title,
            "deed": one.deed,
            "kind": one.kind or "",
            "region": await region_text(found.places, one.region),
            "place": one.place,
            **(back.values if back.section == "words" else {}),
        },
        people=[_person_form(one, each, people) for each in one.people],
        cues=await _cues(request, one, names),
        pictures=pictures_of(one, names, who),
        photo_bytes=PHOTO_BYTES,
        nominations=nomination_lines(one, words),
        nominated=standing(one.nominations) is not None,
        today=found.clock().astimezone(found.settings.zone).date(),
        may_edit=who.has(Role.EDITOR),
        section=back.section,
        values=defaultdict(str, back.values),
        errors=back.errors,
        notice=back.notice,
    )
    return await page(request, "deeds/edit.html", context, status=status)


def _person_form(one: GoodDeed, each: Person, people: Mapping[ObjectId, str]) -> PersonForm:
    consent = each.consent
    return PersonForm(
        id=str(each.id),
        name=each.name,
        called=each.called,
        age=age_value(each.minor),
        young=under_18(each, one.young),
        named=one.names(each),
        agreed=consent is not None and consent.stands,
        way=CONSENT_NAMES[consent.way] if consent else "",
        given_on=date.fromisoformat(consent.given_on) if consent else None,
        guardian=consent.guardian if consent else False,
        recorded_by=people.get(consent.by, "") if consent and consent.by else "",
        taken_back_at=consent.withdrawn_at if consent else None,
    )


async def _cues(request: Request[Any, Any, Any], one: GoodDeed, names: Names) -> list[StoryCues]:
    """Words of the deed's stories that point to a child, with where they stand."""
    who = actor(request)
    told = await services(request).stories.many(each.story_id for each in one.stories)
    called = [person.name for person in one.people]
    found = []
    for story in told.values():
        cues = minor_cues(story.title, story.text, called)
        if cues:
            found.append(StoryCues(story_row(story, names, who), cue_views(cues)))
    return found


ROUTES = [edit_page, edit, add_person, person, add_photos, photo_step, nominate, release]
