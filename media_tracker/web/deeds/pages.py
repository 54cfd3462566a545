"""Good deeds: the library that people like to read, one deed with the stories that tell of it, and its pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from bson import ObjectId
from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.events import Event
from media_tracker.deeds.deed import Level, Result
from media_tracker.deeds.documents import GoodDeed
from media_tracker.deeds.finding_leads import LeadFilter
from media_tracker.deeds.lead_rules import State
from media_tracker.deeds.pictures import may_see_photo, photo_of
from media_tracker.deeds.reading import is_staff, stands
from media_tracker.deeds.service import ENTITY, DeedFilter
from media_tracker.deeds.showing import why_not_release
from media_tracker.deeds.words import Words
from media_tracker.errors import N_, NotFound
from media_tracker.web.choices import Option, district_options
from media_tracker.web.deeds.lead_view import LeadRow, lead_rows
from media_tracker.web.deeds.view import (
    DeedCard,
    Picture,
    deed_card,
    kind_options,
    level_name,
    level_options,
    month_bounds,
    month_options,
    pictures_of,
)
from media_tracker.web.deeds.words import HAPPENED, RESULT_NAMES
from media_tracker.web.file_answer import file_answer
from media_tracker.web.guards import anyone, signed_in
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page
from media_tracker.web.stories.view import DEEDS, StoryRow, story_row
from media_tracker.web.visitor import actor, services, visitor

LEADS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class DeedsPage:
    """``templates/deeds/list.html``, and ``templates/deeds/library.html`` for the public"""

    deeds: Sequence[DeedCard]
    filters: Mapping[str, str]
    filtered: bool
    kinds: Sequence[Option]
    districts: Sequence[Option]
    months: Sequence[Option]
    levels: Sequence[Option]
    newer: str
    older: str
    staff: bool
    base: str


@dataclass(frozen=True, slots=True)
class NominationLine:
    """One line of a deed's way up. ``result`` is untranslated."""

    level: str
    result: str
    reached: bool
    on: date


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a deed. ``what`` is untranslated."""

    at: datetime
    what: str
    by: str


@dataclass(frozen=True, slots=True)
class DeedPage:
    """``templates/deeds/deed.html``"""

    deed: DeedCard
    version: int
    breadcrumb: Sequence[Mapping[str, str]]
    pictures: Sequence[Picture]
    stories: Sequence[StoryRow]
    nominations: Sequence[NominationLine]
    leads: Sequence[LeadRow]
    more_leads: bool
    leads_on: int
    """How many leads of it became a further story."""
    withdrawn: bool
    may_edit: bool
    may_release: bool
    staff: bool
    released_at: datetime | None
    released_by: str
    why_not: str
    """Why it cannot be released; untranslated."""
    nobody_asked: bool
    """No person is recorded: who releases has to confirm that nobody can be recognised."""
    history: Sequence[Happened]


@get("/deeds", guards=[signed_in])
async def deeds(request: Request[Any, Any, Any]) -> Response[Any]:
    """The library: one page of good deeds, newest first, by kind, place, month and nomination."""
    return await library_page(request, "deeds/list.html", "/deeds", actor(request))


async def library_page(request: Request[Any, Any, Any], template: str, base: str, who: Actor | None) -> Response[Any]:
    """The library at ``base``; ``who`` is None for the public, who see what is released."""
    found, names = services(request), await names_of(request)
    _, words = await found.nomination_words.get()
    wanted, filters = _wanted(request.query_params, names, public=who is None, zone=found.settings.zone)
    after = request.query_params.get("after")
    shown = await found.deeds.page(after, wanted=wanted)
    zone = found.settings.zone
    context = DeedsPage(
        deeds=[deed_card(each, names, words, who, base) for each in shown.deeds if who is not None or each.is_public],
        filters=filters,
        filtered=any(filters.values()),
        kinds=kind_options(names),
        districts=district_options(names),
        months=month_options(found.clock(), zone, names),
        levels=level_options(words),
        newer=_address(base, filters) if after else "",
        older=_address(base, filters, shown.next) if shown.next else "",
        staff=is_staff(who),
        base=base,
    )
    return await page(request, template, context)


@get("/deeds/{deed_id:str}", guards=[signed_in])
async def deed(request: Request[Any, Any, Any], deed_id: FromPath[str]) -> Response[Any]:
    """One good deed and every story that tells of it, the first one first; what came of it, and how far it was nominated."""
    found, names, who = services(request), await names_of(request), actor(request)
    one = await found.deeds.get(deed_id)
    _, words = await found.nomination_words.get()
    card = deed_card(one, names, words, who)
    told = await found.stories.many(each.story_id for each in one.stories)
    wanted = LeadFilter(deed_id=ObjectId(one.id))
    leads = await found.leads.page(wanted)
    release = one.release
    users = await found.accounts.names({release.by} if release else set())
    problem = deed_release_error(one)
    context = DeedPage(
        deed=card,
        version=one.version,
        breadcrumb=[{"href": "/deeds", "label": names.gettext("Good deeds")}, {"label": card.title}],
        pictures=[] if card.masked else pictures_of(one, names, who),
        stories=[
            masked_row(story_row(told[each.story_id], names, who), one, names)
            for each in one.stories
            if each.story_id in told
        ],
        nominations=[] if card.masked else nomination_lines(one, words),
        leads=await lead_rows(request, leads.leads, names),
        more_leads=leads.next is not None,
        leads_on=await found.leads.count(LeadFilter(deed_id=ObjectId(one.id), state=State.STORY)),
        withdrawn=not stands(one),
        may_edit=who.has(Role.EDITOR),
        may_release=who.has(Role.PUBLICITY),
        staff=is_staff(who),
        released_at=release.at if release else None,
        released_by=users.get(release.by, "") if release else "",
        why_not=problem,
        nobody_asked=not one.people,
        history=await _history(request, one) if is_staff(who) else [],
    )
    return await page(request, "deeds/deed.html", context)


@get("/deeds/{deed_id:str}/photos/{photo_id:str}", guards=[anyone])
async def photo(
    request: Request[Any, Any, Any], deed_id: FromPath[str], photo_id: FromPath[str], small: FromQuery[str] = ""
) -> Stream:
    """A picture, as long as it may be shown; to the public those of released deeds. No browser keeps it: consent may go."""
    found = services(request)
    one = await found.deeds.get(deed_id)
    wanted = photo_of(one, photo_id)
    if not may_see_photo(one, wanted, visitor(request).actor):
        raise NotFound(N_("There is no such file."))
    key = wanted.id
    if small:
        kept = (await found.files.photos([key])).get(key)
        key = kept.thumbnail_id if kept is not None else key
    metadata, chunks = await found.files.open(key)
    return file_answer(metadata, chunks, keep=False)


def deed_release_error(one: GoodDeed) -> str:
    """Why publicity staff cannot release ``one`` (untranslated); empty when they can."""
    error = why_not_release(one.people, one.stories, one.young, nobody=True)
    return error.message if error is not None else ""


def nomination_lines(one: GoodDeed, words: Words) -> list[NominationLine]:
    """The way up, oldest first."""
    return [
        NominationLine(
            level_name(line.level, words),
            RESULT_NAMES[line.result],
            line.result is Result.REACHED,
            date.fromisoformat(line.on),
        )
        for line in one.nominations
    ]


def masked_row(row: StoryRow, one: GoodDeed, names: Names) -> StoryRow:
    """A story's row without a name that may not be shown."""
    return replace(row, title=names.deed_masked(one, row.title))


async def _history(request: Request[Any, Any, Any], one: GoodDeed) -> list[Happened]:
    found = services(request)
    events = await found.log.of(ENTITY, ObjectId(one.id))
    people = await found.accounts.names({event.actor for event in events if event.actor is not None})
    return [_happened(event, people) for event in reversed(events)]


def _happened(event: Event, people: Mapping[ObjectId, str]) -> Happened:
    by = people.get(event.actor, "") if event.actor is not None else ""
    return Happened(event.recorded_at, HAPPENED.get(event.type, event.type), by)


def _wanted(
    params: Mapping[str, str], names: Names, *, public: bool, zone: ZoneInfo
) -> tuple[DeedFilter, dict[str, str]]:
    """The filters of an address; one with nonsense in it is left out."""
    kind, district, month = (params.get(name, "") for name in ("kind", "district", "month"))
    level = params.get("nominated", "")
    bounds = month_bounds(month, zone)
    filters = {
        "kind": kind if kind in DEEDS else "",
        "district": district if district in names.regions else "",
        "month": month if bounds else "",
        "nominated": level if level in set(Level) and not public else "",
    }
    since, before = bounds or (None, None)
    wanted = DeedFilter(
        kind=filters["kind"] or None,
        district=filters["district"] or None,
        since=since,
        before=before,
        nominated=Level(level) if filters["nominated"] else None,
        public=public,
    )
    return wanted, filters


def _address(base: str, filters: Mapping[str, str], after: str | None = None) -> str:
    query = {name: value for name, value in {**filters, "after": after or ""}.items() if value}
    return f"{base}?{urlencode(query)}" if query else base


ROUTES = [deeds, deed, photo]
