"""The only writer of suggestions, clusters and decisions.

Suggestions and clusters are made by a consumer of the event log, after a story is saved or changed; an editor's decision is
part of a use case of the desk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bson import ObjectId
from pymongo import UpdateOne

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.consumers import Consumer
from media_tracker.db.events import SYSTEM, Event, NewEvent
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, NotFound
from media_tracker.ingest.documents import (
    DecisionRecord,
    DeskState,
    Disposition,
    Kind,
    Story,
    SuggestionRecord,
    TieRecord,
)
from media_tracker.outlets.documents import Outlet
from media_tracker.places.regions import RegionTree
from media_tracker.places.service import Places
from media_tracker.tagging.clusters import REPRINT_WINDOW, Grouped, group
from media_tracker.tagging.source import SuggesterSource
from media_tracker.tagging.suggest import StoryText, Suggester, Suggestion
from media_tracker.tagging.withdrawal import WithdrawalReason
from media_tracker.text.fingerprint import fingerprint

ENTITY = "story"
BATCH = "tagging"
"""The entity of events that tell what some stories were taken for: one for each batch, not one for each story."""
CONSUMER = "tagging"
CHANGES = frozenset({"ingested", "changed", "completed"})
MOST_KNOWN = 5_000
"""Stories elsewhere that one batch is compared with."""
REST_AFTER_ALL = timedelta(minutes=10)
AGAIN_AT_ONCE = 200
"""Stories that are looked at again in one go."""
_WANTED = dict.fromkeys(
    ("title", "text", "outlet_id", "column", "published_at", "content_hash", "cluster", "bands", "suggestion.region"),
    1,
)


_SUGGESTED = tuple(name for name in SuggestionRecord.model_fields if name not in ("content_hash", "evidence"))


OnDecision = Callable[[Transaction, Story, DecisionRecord], Awaitable[Json]]


@dataclass(frozen=True, slots=True)
class _Looked:
    """What came of looking at one story."""

    story_id: ObjectId
    content_hash: str
    suggestion: Json
    bands: list[int]


class Tagging:
    """Suggests, groups reprints, and keeps decisions."""

    def __init__(
        self,
        database: Database,
        places: Places,
        suggesters: SuggesterSource,
        clock: Clock,
        transactor: Transactor,
    ) -> None:
        self._transactor = transactor
        self._stories = database[Story.Settings.name]
        self._outlets = database[Outlet.Settings.name]
        self._places = places
        self._suggesters = suggesters
        self._clock = clock
        self._all_looked_at: tuple[str, datetime] | None = None
        self._on_decision: list[OnDecision] = []

    def on_decision(self, marks: OnDecision) -> None:
        """Have ``marks`` asked, in the transaction of every decision, what it changes of the story besides."""
        self._on_decision.append(marks)

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
        known_bands = {row["_id"]: row.get("bands") for row in rows}
        writes = []
        for each in looked:
            district = _district(tree, each.suggestion["region"])
            # A text that has changed meanwhile has an event of its own. The district is the suggestion's as long as no editor
            # has decided; one may be deciding at this moment.
            undecided = {"$eq": [{"$ifNull": ["$decision", None]}, None]}
            changes: Json = {
                "suggestion": {"$literal": each.suggestion},
                **({} if each.bands == known_bands[each.story_id] else {"bands": {"$literal": each.bands}}),
                "district": {"$cond": [undecided, {"$literal": district}, "$district"]},
                "cluster": {"$ifNull": ["$cluster", clusters[each.story_id]]},
                "routed": {"$literal": each.suggestion["routed"]} if each.suggestion["routed"] else "$$REMOVE",
            }
            if clusters[each.story_id] != each.story_id:
                changes["copied"] = True
            seen = {"_id": each.story_id, "content_hash": each.content_hash}
            writes.append(UpdateOne(seen, [{"$set": changes}]))
        copied = {cluster for story, cluster in clusters.items() if cluster != story}
        writes += [
            UpdateOne({"_id": cluster, "copied": {"$ne": True}}, {"$set": {"copied": True}}) for cluster in copied
        ]
        told = _told(rows, looked, clusters)

        async def work(tx: Transaction) -> None:
            await self._stories.bulk_write(writes, ordered=False, session=tx.session)
            if told:
                tx.record(NewEvent(BATCH, ObjectId(), 1, "suggested", self._clock(), {"stories": told}))

        if writes:
            await self._transactor.run(work, SYSTEM)

    async def look_again(self, limit: int = AGAIN_AT_ONCE) -> int:
        """Suggest anew for stories that wait and were looked at with another model or other rules, the newest first.

        Returns for how many; ``limit`` when there may be more. After a pass over all of them this process rests, until there
        is another model or another rule: finding out that nothing is left reads every story that waits.
        """
        version, now = (await self._suggesters.get()).version, self._clock()
        if self._all_looked_at is not None and self._all_looked_at[0] == version and self._all_looked_at[1] > now:
            return 0
        query: Json = {
            "desk": DeskState.PENDING.value,
            "decision": None,
            "withdrawn_at": None,
            "suggestion.model": {"$exists": True, "$ne": version},
        }
        rows = self._stories.find(query, {"_id": 1}).sort([("published_at", -1), ("_id", -1)]).limit(limit)
        ids = [row["_id"] async for row in rows]
        if ids:
            await self.look_at(ids)
        if len(ids) < limit:
            self._all_looked_at = (version, now + REST_AFTER_ALL)
        return len(ids)

    async def _known(self, stories: Sequence[Grouped[ObjectId]]) -> list[Grouped[ObjectId]]:
        """The stories elsewhere that ``stories`` may repeat."""
        bands = list({band for story in stories for band in story.bands})
        if not bands:
            return []
        published = [story.published_at for story in stories if story.published_at is not None]
        query = {
            "bands": {"$in": bands},
            "published_at": {"$gte": min(published) - REPRINT_WINDOW, "$lte": max(published) + REPRINT_WINDOW},
            "_id": {"$nin": [story.id for story in stories]},
            "cluster": {"$ne": None},
        }
        wanted = {"published_at": 1, "text": 1, "bands": 1, "cluster": 1}
        rows = self._stories.find(query, wanted).sort([("published_at", 1), ("_id", 1)]).limit(MOST_KNOWN)
        rows = rows.hint("bands")  # the planner takes dates for more telling, and tries it out each time
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
        for marks in self._on_decision:
            changes |= await marks(tx, story, decision)
        payload = {
            "kind": decision.kind,
            "category": decision.category,
            "region": decision.region,
            "disposition": decision.disposition,
            "model": decision.suggested.model if decision.suggested else None,
            "suggested_kind": decision.suggested.kind if decision.suggested else None,
            "suggested_category": decision.suggested.category if decision.suggested else None,
            "suggested_region": decision.suggested.region if decision.suggested else None,
            "outcome": decision.outcome,
            "suggested_outcome": decision.suggested.outcome if decision.suggested else None,
            "deed": decision.deed,
            "suggested_deed": decision.suggested.deed if decision.suggested else None,
        }
        return await self._write(tx, story, changes, "decided", payload)

    async def dispose_in(
        self,
        tx: Transaction,
        story_id: ObjectId,
        version: int,
        disposition: Disposition,
        by: ObjectId,
        tie: TieRecord | None = None,
    ) -> Story:
        """Say what came of a decided exposure or follow-up, within ``tx``; with that the desk is done with it.

        ``tie``: to which problem, and which ones had been offered.
        """
        story = await self._read(tx, story_id, version)
        if story.decision is None:
            raise Conflict(N_("Decide first what kind of story this is."))
        ties = [*story.decision.ties, *([tie] if tie else [])]
        decision = story.decision.model_copy(update={"disposition": disposition, "ties": ties})
        changes: Json = {"decision": decision.model_dump(), "desk": DeskState.DECIDED.value}
        payload: Json = {"disposition": disposition}
        if tie is not None:
            payload |= {"problem": tie.chosen, "new": tie.new, "offered": tie.offered}
        return await self._write(tx, story, changes, "disposed", payload)

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

    async def unblind_in(self, tx: Transaction, story_id: ObjectId, cluster: ObjectId | None) -> None:
        """Take the marks away by which a second look at the story is blind, also from its reprints, within ``tx``."""
        marked: list[Json] = [{"_id": story_id}]
        if cluster is not None:
            marked.append({"cluster": cluster, "blind.of": story_id})
        for query in marked:
            await self._stories.update_many(query, {"$set": {"blind": None}}, session=tx.session)

    async def blind_again_in(
        self, tx: Transaction, story_id: ObjectId, version: int, marks: Mapping[ObjectId, Json]
    ) -> bool:
        """Put the ``marks`` back that ``unblind_in`` has taken away, within ``tx``; False where the story has changed since.

        A reprint that somebody else has decided since has nothing to hide any more.
        """
        as_it_was = {"_id": story_id, "version": version, "withdrawn_at": None}
        if await self._stories.find_one(as_it_was, {"_id": 1}, session=tx.session) is None:
            return False
        for key, mark in marks.items():
            as_marked = {"_id": key, "decision.by": mark["first"]}
            await self._stories.update_one(as_marked, {"$set": {"blind": mark}}, session=tx.session)
        return True

    async def forget_person_in(self, tx: Transaction, stories: Sequence[ObjectId], name: str) -> None:
        """Take the name of a person out of what was suggested and decided of ``stories``, within ``tx``; no event tells it."""
        for path in ("suggestion.people", "decision.people", "decision.suggested.people"):
            query: Json = {"_id": {"$in": list(stories)}, path: name}
            await self._stories.update_many(query, {"$pull": {path: name}}, session=tx.session)

    async def change_in(
        self, tx: Transaction, story_id: ObjectId, version: int, changes: Json, what: str, payload: Json
    ) -> Story:
        """Change what the desk's own use cases know of (undone, snoozed, woken), within ``tx``; the event is ``what``.

        Raises:
            NotFound: there is no such story.
            Conflict: it has changed since ``version`` was read.
        """
        return await self._write(tx, await self._read(tx, story_id, version), changes, what, payload)

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
        if story.snooze is not None and "snooze" not in changes:
            changes = {**changes, "snooze": None}  # who does something with it has not put it off any longer
        result = await self._stories.update_one(
            {"_id": story.id, "version": story.version}, {"$set": {**changes, "version": version}}, session=tx.session
        )
        if result.matched_count == 0:
            raise Conflict(
                N_("Somebody has worked on this story in the meantime, or its outlet has changed it. Look again.")
            )
        assert story.id is not None
        changed: Story = Story.model_validate({**story.model_dump(by_alias=True), **changes, "version": version})
        told = {**payload, "counted": _counted(changed)}
        tx.record(NewEvent(ENTITY, ObjectId(story.id), version, what, self._clock(), told))
        return changed


def _told(rows: Sequence[Json], looked: Sequence[_Looked], clusters: Mapping[ObjectId, ObjectId]) -> list[Json]:
    """What is new about the stories, as far as figures are counted by it: with what they are grouped, and where they belong."""
    told = []
    for row, each in zip(rows, looked, strict=True):
        region = each.suggestion["region"]
        if row.get("cluster") is None or (row.get("suggestion") or {}).get("region") != region:
            told.append({"id": row["_id"], "cluster": row.get("cluster") or clusters[row["_id"]], "region": region})
    return told


def _counted(story: Story) -> Json:
    """What counting asks of the story as it stands now: every event tells it, so that figures can be had as of any of them."""
    decision = story.decision
    return {
        "decided": decision is not None,
        "region": decision.region if decision else None,
        "category": decision.category if decision else None,
        "disposition": decision.disposition if decision else None,
        "withdrawn": story.withdrawn_at is not None,
    }


def _record(suggestion: Suggestion, content_hash: str) -> Json:
    """``suggestion`` as a :class:`SuggestionRecord` is stored; a model of it for each of thousands would cost as much again."""
    evidence = [{"field": e.field, "start": e.start, "end": e.end, "label": e.label} for e in suggestion.evidence]
    said = {name: getattr(suggestion, name) for name in _SUGGESTED}
    return {**said, "content_hash": content_hash, "evidence": evidence}


def _district(tree: RegionTree, region: str | None) -> str | None:
    return tree.district_for_counting(region) if region is not None and region in tree else None


def _grouped(row: Json, bands: Sequence[int]) -> Grouped[ObjectId]:
    return Grouped(row["_id"], row["published_at"], row["text"], bands, row.get("cluster"))


def _look(suggester: Suggester, rows: Sequence[Json], outlets: dict[ObjectId, str]) -> list[_Looked]:
    """The computing part, off the event loop."""
    looked = []
    for row in rows:
        text = StoryText(
            row["title"], row["text"], outlets.get(row["outlet_id"], ""), row["column"], row["published_at"]
        )
        suggestion = suggester.suggest(text)
        bands = row.get("bands") or list(fingerprint(row["text"]).keys)  # an earlier release stored stories without
        looked.append(_Looked(row["_id"], row["content_hash"], _record(suggestion, row["content_hash"]), bands))
    return looked
