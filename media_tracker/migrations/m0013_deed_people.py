"""Turns the one name of a good deed into people with their consent, and gives deeds the kind that an editor decided."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo import UpdateOne

from media_tracker.db.connection import Database, Json
from media_tracker.deeds.deed import ConsentWay
from media_tracker.deeds.minor_cues import points_to_a_minor
from media_tracker.settings import Settings

_AT_ONCE = 500
_OLD = ("person", "consent", "minor")


async def up(database: Database) -> None:
    """Give every deed of before its people. Doing it again changes nothing; killed, it goes on."""
    zone = ZoneInfo(Settings().timezone)
    writes: list[UpdateOne] = []
    async for row in database["deeds"].find({"people": {"$exists": False}}):
        ids = [story["story_id"] for story in row["stories"]]
        shown = {"decision.deed": 1, "title": 1, "text": 1}
        told = {each["_id"]: each async for each in database["stories"].find({"_id": {"$in": ids}}, shown)}
        people = _people(row, zone)
        names = [person["name"] for person in people]
        young = {
            key: points_to_a_minor(each.get("title", ""), each.get("text", ""), names) for key, each in told.items()
        }
        changes: Json = {
            "people": people,
            "kind": next((k for each in told.values() if (k := (each.get("decision") or {}).get("deed"))), None),
            "stories": [{**story, "young": young.get(story["story_id"], False)} for story in row["stories"]],
            "photos": [],
            "nominations": [],
            "nominated": None,
            "release": None,
            "public": False,
        }
        known = {"_id": row["_id"], "version": row["version"]}
        writes.append(UpdateOne(known, {"$set": changes, "$unset": dict.fromkeys(_OLD, "")}))
        if len(writes) == _AT_ONCE:
            await database["deeds"].bulk_write(writes, ordered=False)
            writes.clear()
    if writes:
        await database["deeds"].bulk_write(writes, ordered=False)


def _people(row: Json, zone: ZoneInfo) -> list[Json]:
    names = [name for name in re.split(r"[;；、,，]+", row.get("person") or "") if name.strip()]
    minor, at = (True if row.get("minor") else None), row["created_at"]
    consent = _consent(at, row.get("by"), zone) if row.get("consent") else None
    return [
        {"id": ObjectId(), "name": name.strip(), "called": "", "minor": minor, "consent": consent} for name in names
    ]


def _consent(at: datetime, by: ObjectId | None, zone: ZoneInfo) -> Json:
    return {
        "way": ConsentWay.EARLIER.value,
        "given_on": at.astimezone(zone).date().isoformat(),
        "guardian": False,
        "by": by,
        "recorded_at": at,
        "withdrawn_at": None,
        "withdrawn_by": None,
    }
