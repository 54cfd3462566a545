"""An order as it stands on paper. Display-ready texts, the same for the page and the Word document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bson import ObjectId
from litestar import Request
from markupsafe import Markup

from media_tracker.errors import N_
from media_tracker.ingest.documents import Story
from media_tracker.papers.documents import Basis, DispatchOrder, Exposed, OrderLine
from media_tracker.papers.order_rules import order_number
from media_tracker.papers.safe_text import one_line, plain
from media_tracker.papers.word import Picture
from media_tracker.web.i18n import NOTHING, current_locale
from media_tracker.web.naming import names_of
from media_tracker.web.papers.wording import PhotoView, Wording
from media_tracker.web.qr import qr_code, whole_address
from media_tracker.web.visitor import services

LONGEST_TITLE = 200
LONGEST_PLACE = 120
EXPOSURES_SHOWN = 3
PHOTOS_SHOWN = 3
PHOTO_SIDE = 800
PHOTO_WIDE, PHOTO_HIGH = 46.0, 36.0
"""Millimetres of a photo on an order, at most: three stand side by side."""

DEMANDS = (
    N_("Find the cause, put it right within the time given, and look for the same elsewhere in your area."),
    N_(
        "Report by the deadline: what was done, when it was fixed, and photos from before and after, taken from the same spot."
    ),
    N_("What is not yours to do, send back at once, with the reason and the unit that it belongs to."),
)
DANGER_FIRST = N_("People may be hurt meanwhile: close it off and put a guard or a sign there first, then mend it.")
OPENS = N_("QR code: problem {number} on the phone")
BY_TABLE = N_("Responsibility table: {category}, {region}; {unit} since {day}.")
BY_OFFICE = N_("Decided by the office: the responsibility table names no other unit for certain.")


@dataclass(frozen=True, slots=True)
class OrderLineView:
    """One problem of an order."""

    index: int
    number: str
    title: str
    place: str
    region: str
    category: str
    severity: str
    deadline: str
    exposures: Sequence[str]
    basis: str
    photos: Sequence[PhotoView]
    qr: Markup = field(default_factory=Markup)
    """Leads to the problem, on the page."""


@dataclass(frozen=True, slots=True)
class OrderView:
    """``templates/papers/order.html``, and ``order`` in the Word template. ``line`` is the first of ``lines``."""

    id: str
    number: str
    year: int
    serial: int
    office: str
    issued_on: str
    lead: str
    co_units: str
    several: bool
    line: OrderLineView
    lines: Sequence[OrderLineView]
    demands: Sequence[str]


async def read_order_view(
    request: Request[Any, Any, Any], order: DispatchOrder, *, with_pictures: bool = False
) -> OrderView:
    """Look up what ``order`` names. Photos are read only ``with_pictures``."""
    room = services(request)
    wording = Wording(await names_of(request))
    exposed = [each for line in order.lines for each in line.exposures]
    stories = await room.stories.many(each.story_id for each in exposed if each.story_id is not None)
    shown = [] if len(order.lines) > 1 else _photos(order.lines[0], stories)
    facts = await room.casefiles.photo_facts(shown)
    pictures: Mapping[ObjectId, Picture] = {}
    if with_pictures:
        pictures = await room.casefiles.pictures(facts.values(), PHOTO_SIDE, PHOTO_WIDE, PHOTO_HIGH)
    photos = [wording.photo(fact, "", pictures) for fact in facts.values()]
    lines = [_line(index, line, order, stories, photos, wording) for index, line in enumerate(order.lines, start=1)]
    lines = [replace(line, qr=_qr(request, line.number, wording)) for line in lines]
    known = wording.names.categories
    danger = any(line.category in known and known[line.category].danger for line in order.lines)
    return OrderView(
        id=str(order.id),
        number=order_number(order.year, order.serial, current_locale()),
        year=order.year,
        serial=order.serial,
        office=room.settings.office_name,
        issued_on=wording.day(order.issued_at),
        lead=wording.unit(order.unit_id),
        co_units=wording.listed(wording.names.units_of(order.co_unit_ids)),
        several=len(lines) > 1,
        line=lines[0],
        lines=lines,
        demands=[wording.say(each) for each in (*([DANGER_FIRST] if danger else []), *DEMANDS)],
    )


def _qr(request: Request[Any, Any, Any], number: str, wording: Wording) -> Markup:
    return qr_code(whole_address(request, f"/problems/{number}"), wording.say(OPENS, number=number))


def _photos(line: OrderLine, stories: Mapping[ObjectId, Story]) -> list[ObjectId]:
    """Photos of exposures that stand; a story that was withdrawn takes its own with it."""
    standing = [each for each in line.exposures if not _withdrawn(each, stories)]
    return [photo for each in standing for photo in each.photos][:PHOTOS_SHOWN]


def _withdrawn(exposed: Exposed, stories: Mapping[ObjectId, Story]) -> bool:
    story = stories.get(exposed.story_id) if exposed.story_id is not None else None
    return story is not None and story.withdrawn_at is not None


def _line(
    index: int,
    line: OrderLine,
    order: DispatchOrder,
    stories: Mapping[ObjectId, Story],
    photos: Sequence[PhotoView],
    wording: Wording,
) -> OrderLineView:
    names = wording.names
    return OrderLineView(
        index=index,
        number=line.number,
        title=one_line(line.title, LONGEST_TITLE),
        place=one_line(line.place, LONGEST_PLACE),
        region=names.region(line.region) or NOTHING,
        category=names.category_with_class(line.category),
        severity=wording.severity(line.severity),
        deadline=wording.deadline(line.due_at),
        exposures=[_exposed(each, stories, wording) for each in line.exposures[:EXPOSURES_SHOWN]],
        basis=_basis(line.basis, order.unit_id, wording),
        photos=photos,
    )


def _exposed(each: Exposed, stories: Mapping[ObjectId, Story], wording: Wording) -> str:
    """Who exposed it, when, and under which heading."""
    story = stories.get(each.story_id) if each.story_id is not None else None
    outlet = wording.names.outlet(each.outlet_id) or NOTHING
    column = story.column if story is not None and story.withdrawn_at is None else ""
    source = " ".join(part for part in (outlet, one_line(column, 60)) if part)
    title = wording.story(story)
    if not title:
        return wording.say(N_("{source}, {date}"), source=source, date=wording.day(each.occurred_at))
    return wording.say(
        N_("{source}, {date}: “{title}”"), source=source, date=wording.day(each.occurred_at), title=one_line(title, 80)
    )


def _basis(basis: Basis | None, unit_id: ObjectId, wording: Wording) -> str:
    if basis is None:
        return wording.say(BY_OFFICE)
    names = wording.names
    return wording.say(
        BY_TABLE,
        category=names.category(basis.category) or wording.say(N_("every category")),
        region=names.region(basis.region) or wording.say(N_("every region")),
        unit=names.unit(unit_id),
        day=plain(basis.valid_from),
    )
