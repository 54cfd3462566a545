"""Leads as somebody may see them: never who called; what it is about only to those who work on them, or once it has been told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from litestar import Request

from media_tracker.deeds.lead_rules import SETTLED, Lead, State
from media_tracker.deeds.reading import is_staff, stands
from media_tracker.web.deeds.words import CHANNEL_NAMES, STATE_NAMES
from media_tracker.web.naming import Names
from media_tracker.web.stories.view import may_read
from media_tracker.web.visitor import actor, services

TOLD = frozenset({State.STORY, State.DEED})
"""States in which what a lead was about has been published."""


@dataclass(frozen=True, slots=True)
class Linked:
    """Something that brought a lead, or that one led to."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A lead in a list. ``channel`` and ``state_name`` are untranslated."""

    id: str
    number: str
    href: str
    """Empty for who does not work on leads."""
    channel: str
    received_at: datetime
    about: str
    state: str
    state_name: str
    settled: bool
    worked_on_by: str
    brought_by: Linked | None
    led_to: Linked | None


async def lead_rows(request: Request[Any, Any, Any], leads: Sequence[Lead], names: Names) -> list[LeadRow]:
    """``leads`` for a list, with what brought them and what they led to by name: four look-ups, however many there are."""
    found, who = services(request), actor(request)
    staff = is_staff(who)
    linked = await _links(request, leads, names)
    people = await found.accounts.names({lead.worked_on_by for lead in leads if lead.worked_on_by is not None})
    return [
        LeadRow(
            id=str(lead.id),
            number=lead.number,
            href=f"/deeds/leads/{lead.id}" if staff else "",
            channel=CHANNEL_NAMES[lead.channel],
            received_at=lead.received_at,
            about=lead.about if staff or lead.state in TOLD else "",
            state=lead.state.value,
            state_name=STATE_NAMES[lead.state],
            settled=lead.state in SETTLED,
            worked_on_by=people.get(lead.worked_on_by, "") if lead.worked_on_by is not None else "",
            brought_by=_first(linked, lead.deed_id, lead.story_id),
            led_to=_first(linked, lead.next_story, lead.next_deed, lead.next_problem if staff else None),
        )
        for lead in leads
    ]


async def _links(request: Request[Any, Any, Any], leads: Sequence[Lead], names: Names) -> Mapping[ObjectId, Linked]:
    found, who = services(request), actor(request)
    deed_ids = {key for lead in leads for key in (lead.deed_id, lead.next_deed) if key is not None}
    story_ids = {key for lead in leads for key in (lead.story_id, lead.next_story) if key is not None}
    problem_ids = {lead.next_problem for lead in leads if lead.next_problem is not None}
    linked: dict[ObjectId, Linked] = {}
    for key, deed in (await found.deeds.many(list(deed_ids))).items() if deed_ids else ():
        if stands(deed) or is_staff(who):
            linked[key] = Linked(names.deed_title(deed), f"/deeds/{key}")
    for key, story in (await found.stories.many(story_ids)).items() if story_ids else ():
        if may_read(story, who):
            linked[key] = Linked(story.title, f"/stories/{key}")
    for key, number in (await found.problems.numbers(problem_ids)).items() if problem_ids else ():
        linked[key] = Linked(number, f"/problems/{number}")
    return linked


def _first(linked: Mapping[ObjectId, Linked], *keys: ObjectId | None) -> Linked | None:
    return next((linked[key] for key in keys if key is not None and key in linked), None)
