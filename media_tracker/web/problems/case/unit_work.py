"""What a problem's page shows beside its steps: instructions, the unit's own draft and errands, objections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from litestar import Request

from media_tracker.accounts.actor import Role
from media_tracker.db.events import Event
from media_tracker.errors import N_, Conflict
from media_tracker.files.kept import Photo
from media_tracker.places.units import Unit
from media_tracker.problems.answers.draft_rules import Draft, Stage, blank_version, why_not_release, why_not_write
from media_tracker.problems.answers.errand_rules import Dead, Errand, ErrandState, is_needed
from media_tracker.problems.case import EventType, State
from media_tracker.problems.documents import Problem
from media_tracker.problems.objections.rules import Objection, ObjectionState
from media_tracker.web.problems.objection_words import ANSWER_NAMES, STATE_NAMES
from media_tracker.web.problems.words import STATE_NAMES as STATES
from media_tracker.web.render import Pages
from media_tracker.web.visitor import actor, services

Shown = dict[str, Any]
"""A photo as ``ui.photo`` takes it, with its id."""

ERRAND_NAMES: Mapping[ErrandState, str] = {
    ErrandState.OPEN: N_("Under way"),
    ErrandState.HANDED_IN: N_("Handed in"),
    ErrandState.TAKEN: N_("Taken over"),
    ErrandState.REVOKED: N_("Withdrawn"),
}
DEAD_NAMES: Mapping[Dead, str] = {
    Dead.EXPIRED: N_("The link has expired"),
    Dead.MOVED: N_("No longer needed"),
}


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a leader has instructed (批示), with who wrote it down."""

    at: datetime
    text: str
    recorded_by: str


@dataclass(frozen=True, slots=True)
class DraftLine:
    """The draft of an answer, in a line."""

    stage: str
    by: str
    at: datetime
    to_release: bool
    """It waits for the visitor."""


@dataclass(frozen=True, slots=True)
class ErrandView:
    """An errand with what came in. ``state`` is untranslated."""

    id: str
    version: int
    state: str
    open: bool
    handed_in: bool
    text: str
    place: str
    due_at: datetime
    by: str
    photos_wanted: int
    photos: Sequence[Shown]
    answer: str
    handed_in_at: datetime | None
    rejections: Sequence[Instruction]
    usable: bool
    """Its unit is still in charge and at work."""


@dataclass(frozen=True, slots=True)
class ObjectionLine:
    """An objection, for the office. ``state`` and ``answer`` are untranslated."""

    id: str
    receipt: str
    state: str
    answer: str
    text: str
    answer_text: str
    received_at: datetime
    due_at: datetime
    open: bool


@dataclass(frozen=True, slots=True)
class UnitWork:
    """``templates/problems/case/unit_work.html``"""

    instructions: Sequence[Instruction]
    may_write: bool
    """The visitor can write the unit's answer now."""
    reviewed: bool
    """The unit has its answers released by a second person."""
    draft: DraftLine | None
    blank_version: int
    """What a form says that begins a draft."""
    may_give: bool
    errands: Sequence[ErrandView]
    objected: bool
    objections: Sequence[ObjectionLine]
    office: bool


async def read_unit_work(request: Request[Any, Any, Any], problem: Problem, events: Sequence[Event]) -> UnitWork:
    """Look up what the visitor may see of it."""
    room, who, case = services(request), actor(request), problem.case
    may_write = why_not_write(case, who) is None
    draft = await room.drafts.open_for(problem, who)
    errands = await room.errands.of(problem, who) if who.has(Role.OFFICIAL) else []
    office = who.has(Role.PUBLICITY)
    objections = await room.objections.of(case.id) if office else []
    instructed = [event for event in events if event.type == EventType.INSTRUCTED]
    people = await room.accounts.names(_people(draft, errands, instructed))
    photos = await room.files.photos(photo for errand in errands for photo in errand.photos)
    units = await room.places.units() if errands else None
    pages: Pages = request.app.state.pages
    return UnitWork(
        instructions=[
            Instruction(
                event.occurred_at, problem.words_of(event.seq), people.get(event.actor, "") if event.actor else ""
            )
            for event in reversed(instructed)
        ],
        may_write=may_write,
        reviewed=may_write and await room.drafts.reviewed(problem),
        draft=_line(draft, people, why_not_release(draft, case, who) is None) if draft is not None else None,
        blank_version=blank_version(case),
        may_give=may_write,
        errands=[
            _errand(
                errand,
                people,
                photos,
                pages,
                usable=units is not None and is_needed(errand, case, _is_active(units.by_id.get(errand.unit_id))),
                now=room.clock(),
            )
            for errand in reversed(errands)
        ],
        objected=bool(case.objections),
        objections=[_objection(each) for each in objections],
        office=office,
    )


def photos_shown(ids: Sequence[ObjectId], photos: Mapping[ObjectId, Photo], pages: Pages, alt: str) -> list[Shown]:
    """Photos as a form with ticks shows them; those that are gone are left out."""
    words = pages.catalogue.gettext(alt)
    return [
        {
            "id": str(key),
            "src": f"/files/{photos[key].thumbnail_id}",
            "href": f"/files/{photos[key].id}",
            "alt": f"{words} {place}",
        }
        for place, key in enumerate(ids, 1)
        if key in photos
    ]


def in_words(pages: Pages, error: Conflict) -> str:
    """What a conflict says, with the name of the state in the reader's language."""
    state = error.params.get("state")
    if not isinstance(state, State):
        return pages.catalogue.explain(error)
    return pages.catalogue.translate(error.message, None, state=pages.catalogue.gettext(STATES[state]))


def _is_active(unit: Unit | None) -> bool:
    return unit is not None and unit.active


def _people(draft: Draft | None, errands: Sequence[Errand], instructed: Sequence[Event]) -> set[ObjectId]:
    found = {draft.written_by, draft.handed_in_by} if draft is not None else set()
    found |= {event.actor for event in instructed}
    for errand in errands:
        found |= {errand.given_by, *(each.by for each in errand.rejections)}
    return {each for each in found if each is not None}


def _line(draft: Draft, people: Mapping[ObjectId, str], to_release: bool) -> DraftLine:
    handed_in = draft.stage is Stage.HANDED_IN
    by, at = (draft.handed_in_by, draft.handed_in_at) if handed_in else (draft.written_by, draft.written_at)
    return DraftLine(draft.stage.value, people.get(by, "") if by else "", at or draft.written_at, to_release)


def _errand(
    errand: Errand,
    people: Mapping[ObjectId, str],
    photos: Mapping[ObjectId, Photo],
    pages: Pages,
    *,
    usable: bool,
    now: datetime,
) -> ErrandView:
    state = ERRAND_NAMES[errand.state]
    if errand.state is ErrandState.OPEN and not usable:
        state = DEAD_NAMES[Dead.MOVED]
    elif errand.state is ErrandState.OPEN and now >= errand.due_at:
        state = DEAD_NAMES[Dead.EXPIRED]
    return ErrandView(
        id=str(errand.id),
        version=errand.version,
        state=state,
        open=errand.state is ErrandState.OPEN,
        handed_in=errand.state is ErrandState.HANDED_IN,
        text=errand.text,
        place=errand.place,
        due_at=errand.due_at,
        by=people.get(errand.given_by, ""),
        photos_wanted=errand.photos_wanted,
        photos=photos_shown(errand.photos, photos, pages, N_("Photo handed in")),
        answer=errand.answer,
        handed_in_at=errand.handed_in_at,
        rejections=[Instruction(each.at, each.text, people.get(each.by, "")) for each in errand.rejections],
        usable=usable,
    )


def _objection(each: Objection) -> ObjectionLine:
    return ObjectionLine(
        id=str(each.id),
        receipt=each.receipt,
        state=STATE_NAMES[each.state],
        answer=ANSWER_NAMES[each.answer] if each.answer else "",
        text=each.text,
        answer_text=each.answer_text,
        received_at=each.received_at,
        due_at=each.due_at,
        open=each.state is not ObjectionState.ANSWERED,
    )
