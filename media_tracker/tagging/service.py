"""The only writer of suggestions, clusters and decisions.

Suggestions and clusters are made by a consumer of the event log, after a story is saved or changed; an editor's decision is
part of a use case of the desk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from bson import ObjectId
from pymongo import UpdateOne

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.consumers import Consumer
from media_tracker.db.events import Event, NewEvent
from media_tracker.db.transactions import Transaction
from media_tracker.errors import N_, Conflict, NotFound
from media_tracker.ingest.documents import DecisionRecord, DeskState, Disposition, Kind, Story, SuggestionRecord
from media_tracker.outlets.documents import Outlet
from media_tracker.places.regions import RegionTree
from media_tracker.places.service import Places
from media_tracker.tagging.clusters import REPRINT_WINDOW, Grouped, group
from media_tracker.tagging.source import SuggesterSource
from media_tracker.tagging.suggest import StoryText, Suggester, Suggestion
from media_tracker.tagging.withdrawal import WithdrawalReason
from media_tracker.text.fingerprint import fingerprint

ENTITY = "story"
CONSUMER = "tagging"
CHANGES = frozenset({"ingested", "changed", "completed"})
MOST_KNOWN = 5_000
"""Stories elsewhere that one batch is compared with."""
_WANTED = dict.fromkeys(
    ("title", "text", "outlet_id", "column", "published_at", "content_hash", "cluster"),
    1,
)


@dataclass(frozen=True, slots=True)
class _Looked:
    """What came of looking at one story."""

    story_id: ObjectId
    content_hash: str
    suggestion: SuggestionRecord
    bands: list[int]


class Tagging:
    """Suggests, groups reprints, and keeps decisions."""

    def __init__(self, database: Database, places: Places, suggesters: SuggesterSource, clock: Clock) -> None:
        self._stories = database[Story.Settings.name]
        self._outlets = database[Outlet.Settings.name]
        self._places = places
        self._suggesters = suggesters
        self._clock = clock

    def consumer(self) -> Consumer:
        """Looks at every story that was saved or changed."""
        return Consumer(CONSUMER, self._handle)

    async def _handle(self, events: Sequence[Event]) -> None:
        ids = list({event.entity_id: None for event in events if event.entity == ENTITY and event.type in CHANGES})
        if ids:
            await self.look_at(ids)

    async def look_at(self, ids: Sequence[ObjectId]) -> None:
        """Suggest for the stories ``ids`` and group them with their reprints. Doing it again changes nothing."""
        rows = await self._stories.find({"_id": {"$in": list(ids)}}, _WANTED).to_list()
        outlets = {row["_id"]: row["name"] async for row in self._outlets.find({}, {"name": 1})}
        suggester, tree = await self._suggesters.get(), await self._places.regions()
        looked = await asyncio.to_thread(_look, suggester, rows, outlets)
        stories = [_grouped(row, each.bands) for row, each in zip(rows, looked, strict=True)]
        clusters = await asyncio.to_thread(group, stories, await self._known(stories))
        writes = []
        for each in looked:
            district = _district(tree, each.suggestion.region)
            # A text that has changed meanwhile has an event of its own. The district is the suggestion's as long as no editor
            # has decided; one may be deciding at this moment.
            undecided = {"$eq": [{"$ifNull": ["$decision", None]}, None]}
            changes = {
                "suggestion": {"$literal": each.suggestion.model_dump()},
                "bands": {"$literal": each.bands},
                "district": {"$cond": [undecided, {"$literal": district}, "$district"]},
                "cluster": {"$ifNull": ["$cluster", clusters[each.story_id]]},
            }
            seen = {"_id": each.story_id, "content_hash": each.content_hash}
            writes.append(UpdateOne(seen, [{"$set": changes}]))
        if writes:
            await self._stories.bulk_write(writes, ordered=False)

    async def _known(self, stories: Sequence[Grouped]) -> list[Grouped]:
        """The stories elsewhere that ``stories`` may repeat."""
        bands = list({band for story in stories for band in story.bands})
        if not bands:
            return []
        published = [story.published_at for story in stories]
        query = {
            "bands": {"$in": bands},
            "published_at": {"$gte": min(published) - REPRINT_WINDOW, "$lte": max(published) + REPRINT_WINDOW},
            "_id": {"$nin": [story.id for story in stories]},
            "cluster": {"$ne": None},
        }
        wanted = {"published_at": 1, "text": 1, "bands": 1, "cluster": 1}
        rows = self._stories.find(query, wanted).sort([("published_at", 1), ("_id", 1)]).limit(MOST_KNOWN)
        return [_grouped(row, row["bands"]) async for row in rows]

    async def decide_in(
        self, tx: Transaction, story_id: ObjectId, version: int, decision: DecisionRecord, desk: DeskState
    ) -> Story:
        """Keep an editor's decision, within ``tx``.

        Raises:
            NotFound: there is no such story.
            Conflict: somebody has decided, or the outlet has changed it, since it was read.
        """
        story = await self._read(tx, story_id, version)
        if decision.suggested is None:
            decision = decision.model_copy(update={"suggested": story.suggestion})
        changes: Json = {
            "decision": decision.model_dump(),
            "desk": desk.value,
            "changed_since_decision": False,
            "district": _district(await self._places.regions(), decision.region),
        }
        payload = {
            "kind": decision.kind,
            "category": decision.category,
            "region": decision.region,
            "disposition": decision.disposition,
            "model": decision.suggested.model if decision.suggested else None,
            "suggested_kind": decision.suggested.kind if decision.suggested else None,
            "suggested_category": decision.suggested.category if decision.suggested else None,
            "suggested_region": decision.suggested.region if decision.suggested else None,
        }
        return await self._write(tx, story, changes, "decided", payload)

    async def dispose_in(
        self, tx: Transaction, story_id: ObjectId, version: int, disposition: Disposition, by: ObjectId
    ) -> Story:
        """Say what came of a decided exposure or follow-up, within ``tx``; with that the desk is done with it."""
        story = await self._read(tx, story_id, version)
        if story.decision is None:
            raise Conflict(N_("Decide first what kind of story this is."))
        decision = story.decision.model_copy(update={"disposition": disposition})
        changes: Json = {"decision": decision.model_dump(), "desk": DeskState.DECIDED.value}
        return await self._write(tx, story, changes, "disposed", {"disposition": disposition})

    async def file_in(self, tx: Transaction, story_id: ObjectId, version: int) -> Story:
        """Note that a good-deed story has been filed, within ``tx``: the desk is done with it.

        Nobody decides or withdraws it at the same time.
        """
        story = await self._read(tx, story_id, version)
        if story.decision is None or story.decision.kind is not Kind.GOOD_DEED:
            raise Conflict(N_("Decide first that this story tells of a good deed."))
        return await self._write(tx, story, {"desk": DeskState.DECIDED.value}, "filed", {})

    async def withdraw_in(
        self, tx: Transaction, story_id: ObjectId, version: int, reason: WithdrawalReason | None = None
    ) -> Story:
        """Mask a story that its outlet has withdrawn or corrected, within ``tx``. The event keeps the ``reason``."""
        story = await self._read(tx, story_id, version)
        if story.withdrawn_at is not None:
            raise Conflict(N_("This story has been withdrawn already."))
        changes: Json = {"withdrawn_at": self._clock(), "desk": DeskState.DECIDED.value}
        return await self._write(tx, story, changes, "withdrawn", {} if reason is None else {"reason": reason.value})

    async def _read(self, tx: Transaction, story_id: ObjectId, version: int) -> Story:
        row = await self._stories.find_one({"_id": story_id}, session=tx.session)
        if row is None:
            raise NotFound(N_("There is no such story."))
        story: Story = Story.model_validate(row)
        if story.version != version:
            raise Conflict(
                N_("Somebody has worked on this story in the meantime, or its outlet has changed it. Look again.")
            )
        return story

    async def _write(self, tx: Transaction, story: Story, changes: Json, what: str, payload: Json) -> Story:
        version = story.version + 1
        result = await self._stories.update_one(
            {"_id": story.id, "version": story.version}, {"$set": {**changes, "version": version}}, session=tx.session
        )
        if result.matched_count == 0:
            raise Conflict(
                N_("Somebody has worked on this story in the meantime, or its outlet has changed it. Look again.")
            )
        assert story.id is not None
        tx.record(NewEvent(ENTITY, ObjectId(story.id), version, what, self._clock(), payload))
        changed: Story = Story.model_validate({**story.model_dump(by_alias=True), **changes, "version": version})
        return changed


def _record(suggestion: Suggestion, content_hash: str) -> SuggestionRecord:
    values = asdict(suggestion)
    values["kind"] = Kind(suggestion.kind)
    return SuggestionRecord(content_hash=content_hash, **values)


def _district(tree: RegionTree, region: str | None) -> str | None:
    return tree.district_for_counting(region) if region is not None and region in tree else None


def _grouped(row: Json, bands: Sequence[int]) -> Grouped:
    return Grouped(row["_id"], row["published_at"], row["text"], bands, row.get("cluster"))


def _look(suggester: Suggester, rows: Sequence[Json], outlets: dict[ObjectId, str]) -> list[_Looked]:
    """The computing part, off the event loop."""
    looked = []
    for row in rows:
        text = StoryText(
            row["title"], row["text"], outlets.get(row["outlet_id"], ""), row["column"], row["published_at"]
        )
        suggestion = suggester.suggest(text)
        bands = list(fingerprint(row["text"]).keys)
        looked.append(_Looked(row["_id"], row["content_hash"], _record(suggestion, row["content_hash"]), bands))
    return looked
