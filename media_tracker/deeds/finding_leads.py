"""Lists of leads: filters, pages, and a lead as the database has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bson import ObjectId
from pymongo.asynchronous.collection import AsyncCollection

from media_tracker.db.connection import Json
from media_tracker.deeds.lead_rules import Channel, Lead, Note, State

PAGE = 30


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Which leads are meant; every field narrows."""

    state: State | None = None
    open: bool = False
    """Only those that nobody has settled."""
    worked_on_by: ObjectId | None = None
    deed_id: ObjectId | None = None
    story_id: ObjectId | None = None

    def query(self) -> Json:
        """As the database asks."""
        query: Json = {}
        if self.state is not None:
            query["state"] = self.state.value
        elif self.open:
            query["state"] = {"$in": [State.NEW.value, State.FOLLOWED_UP.value]}
        wanted = {"worked_on_by": self.worked_on_by, "deed_id": self.deed_id, "story_id": self.story_id}
        return {**query, **{name: value for name, value in wanted.items() if value is not None}}


@dataclass(frozen=True, slots=True)
class LeadPage:
    """One page of leads, newest first, and the cursor of the next one."""

    leads: Sequence[Lead]
    next: str | None


async def page_of(leads: AsyncCollection[Json], wanted: LeadFilter, after: str | None, size: int = PAGE) -> LeadPage:
    """One page of ``leads`` from the cursor ``after`` on."""
    query = wanted.query()
    if after and ObjectId.is_valid(after):
        last = await leads.find_one({"_id": ObjectId(after)}, {"received_at": 1})
        if last is not None:
            moment = last["received_at"]
            query["$or"] = [{"received_at": {"$lt": moment}}, {"received_at": moment, "_id": {"$lt": last["_id"]}}]
    rows = await leads.find(query).sort([("received_at", -1), ("_id", -1)]).limit(size + 1).to_list()
    found = [lead_of(row) for row in rows[:size]]
    return LeadPage(found, str(found[-1].id) if len(rows) > size else None)


def lead_of(row: Json) -> Lead:
    """The lead in ``row``."""
    return Lead(
        id=row["_id"],
        number=row["number"],
        version=row["version"],
        deed_id=row["deed_id"],
        story_id=row["story_id"],
        channel=Channel(row["channel"]),
        received_at=row["received_at"],
        about=row["about"],
        state=State(row["state"]),
        worked_on_by=row["worked_on_by"],
        notes=tuple(Note(note["at"], note["by"], note["text"]) for note in row["notes"]),
        next_story=row.get("next_story"),
        next_deed=row.get("next_deed"),
        next_problem=row.get("next_problem"),
        settled_at=row["settled_at"],
        has_caller=row["has_caller"],
        erase_at=row["erase_at"],
        created_by=row["created_by"],
        created_at=row["created_at"],
    )
