"""The page on which a good deed is worked on, with every form of it; and what becomes of a form that was sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from bson import ObjectId
from litestar import Request, Response

from media_tracker.accounts.actor import Role
from media_tracker.deeds.deed import Person
from media_tracker.deeds.documents import GoodDeed
from media_tracker.deeds.minor_cues import minor_cues
from media_tracker.deeds.nominations import standing
from media_tracker.deeds.showing import under_18
from media_tracker.errors import N_, Conflict, InvalidInput
from media_tracker.web.choices import Option, option
from media_tracker.web.deeds.pages import NominationLine, nomination_lines
from media_tracker.web.deeds.view import Picture, kind_options, level_options, pictures_of
from media_tracker.web.deeds.words import RESULT_NAMES
from media_tracker.web.forms import PHOTO_BYTES, Form
from media_tracker.web.naming import Names, names_of
from media_tracker.web.region_input import offered_regions, region_text
from media_tracker.web.render import Pages, page, see_other
from media_tracker.web.stories.deed_words import (
    CONSENT_NAMES,
    CueView,
    age_options,
    age_value,
    cue_views,
    way_options,
)
from media_tracker.web.stories.view import StoryRow, story_row
from media_tracker.web.visitor import actor, services


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
class Back:
    section: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""


async def make_change(
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
        return await show_edit_page(request, one, Back(section, form.values, error.fields), status=422)
    except Conflict as error:
        one = await services(request).deeds.get(deed_id)
        pages: Pages = request.app.state.pages
        back = Back(section, form.values, notice=pages.catalogue.explain(error))
        return await show_edit_page(request, one, back, status=409)
    return await see_other(request, f"/deeds/{deed_id}/edit", message)


async def show_edit_page(
    request: Request[Any, Any, Any], one: GoodDeed, back: Back, *, status: int = 200
) -> Response[Any]:
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
