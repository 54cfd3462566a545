"""What people and outlets hand in: rows of a sheet, one pasted story, stories through the API. Each is stored once.

A story that came in another way already (a feed of the same outlet brought the same link) is not stored a second time. All of
them go through ``Ingest.take_entries``, so they are cleaned, compared and told of like those of any feed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bson import ObjectId

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.db.events import NewEvent, Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict
from media_tracker.files.store import FileStore
from media_tracker.ingest.documents import Story
from media_tracker.ingest.entries import ParsedEntry
from media_tracker.ingest.handed import identifying_link, links_of
from media_tracker.ingest.identity import duplicated_guids, identity_key, other_keys
from media_tracker.ingest.saving import ENTITY
from media_tracker.ingest.service import Ingest
from media_tracker.ingest.sheets import SheetRow
from media_tracker.outlets.by_hand import ByHand
from media_tracker.outlets.documents import Platform

AT_ONCE = 200
"""Entries in one transaction: a long one would keep others waiting, and the server ends it after a minute."""
MOST_SCREENSHOTS = 10
"""Of one story."""
SCREENSHOT = "screenshot"
"""The purpose of its files."""


class Status(StrEnum):
    """What became of an entry."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    KNOWN = "known"  # another feed of the outlet brought it already


@dataclass(frozen=True, slots=True)
class Taken:
    """The story that an entry is now."""

    story_id: ObjectId
    status: Status


class HandingIn:
    """Takes entries that no feed brings."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        by_hand: ByHand,
        ingest: Ingest,
        files: FileStore,
        clock: Clock,
    ) -> None:
        self._stories = database[Story.Settings.name]
        self._transactor = transactor
        self._by_hand = by_hand
        self._ingest = ingest
        self._files = files
        self._clock = clock

    async def take(self, outlet_id: ObjectId, platform: Platform, entries: Sequence[ParsedEntry]) -> list[Taken]:
        """Store ``entries`` of one outlet and platform; one result for each, in order. Doing it again adds nothing.

        Raises:
            NotFound: there is no such outlet.
        """
        feed_id = await self._by_hand.feed_for(outlet_id, platform)
        taken: list[Taken] = []
        for start in range(0, len(entries), AT_ONCE):
            taken += await self._take(outlet_id, feed_id, entries[start : start + AT_ONCE])
        return taken

    async def take_sheet(
        self, outlet_id: ObjectId, rows: Iterable[SheetRow], platform: Platform
    ) -> Mapping[Status, int]:
        """Store the rows of a sheet, those without a platform under ``platform``; how many became what."""
        by_platform: dict[Platform, list[ParsedEntry]] = defaultdict(list)
        for row in rows:
            by_platform[row.platform or platform].append(row.entry())
        counts: Counter[Status] = Counter()
        for each, entries in by_platform.items():
            counts.update(taken.status for taken in await self.take(outlet_id, each, entries))
        return counts

    async def take_story(
        self, outlet_id: ObjectId, platform: Platform, entry: ParsedEntry, files: Sequence[ObjectId], origin: Origin
    ) -> Taken:
        """Store one story that an editor has entered, with screenshots that are saved and unattached.

        One that the outlet has published under this link already, whichever way it came in, stays as it is and gets the
        screenshots.

        Raises:
            NotFound: there is no such outlet.
            Conflict: a screenshot is no longer there, or the story has more of them than it may.
        """
        feed_id = await self._by_hand.feed_for(outlet_id, platform)
        known = await self.by_link(outlet_id, links_of([entry]))
        own = await self._own(feed_id, [entry])
        story_id = known.get(identifying_link(entry.link)) or own[0]
        if story_id is not None:
            taken = Taken(story_id, Status.KNOWN)
        else:
            (taken,) = await self._take(outlet_id, feed_id, [entry])
        if files or taken.status is Status.NEW:
            await self._sign(taken, files, origin)
        return taken

    async def by_link(
        self, outlet_id: ObjectId, links: Iterable[str], besides: ObjectId | None = None
    ) -> dict[str, ObjectId]:
        """The outlet's story under each of ``links`` (of ``identifying_link``), but for those of the feed ``besides``.

        A link under which several stories stand does not tell which one is meant, and is left out.
        """
        query = {"outlet_id": outlet_id, "link": {"$in": list(links)}}
        found: dict[str, list[ObjectId]] = defaultdict(list)
        async for row in self._stories.find(query, {"link": 1, "feed_id": 1}):
            if row["feed_id"] != besides:
                found[row["link"]].append(row["_id"])
        return {link: ids[0] for link, ids in found.items() if len(ids) == 1}

    async def _take(self, outlet_id: ObjectId, feed_id: ObjectId, entries: Sequence[ParsedEntry]) -> list[Taken]:
        """What this feed has, or nobody, is stored; what another feed brought is left alone."""
        own = await self._own(feed_id, entries)
        strangers = [entry for entry, story_id in zip(entries, own, strict=True) if story_id is None]
        elsewhere = await self.by_link(outlet_id, links_of(strangers), besides=feed_id)
        known = [
            elsewhere.get(identifying_link(entry.link)) if story_id is None else None
            for entry, story_id in zip(entries, own, strict=True)
        ]
        rest = [entry for entry, story_id in zip(entries, known, strict=True) if story_id is None]
        stored = iter(await self._store(feed_id, rest))
        return [next(stored) if story_id is None else Taken(story_id, Status.KNOWN) for story_id in known]

    async def _store(self, feed_id: ObjectId, entries: Sequence[ParsedEntry]) -> list[Taken]:
        if not entries:
            return []
        saved = await self._ingest.take_entries(feed_id, entries)
        became = dict.fromkeys(saved.new, Status.NEW) | dict.fromkeys(saved.changed, Status.CHANGED)
        taken = []
        for story_id in await self._own(feed_id, entries):
            assert story_id is not None  # it has just been stored
            taken.append(Taken(story_id, became.get(story_id, Status.UNCHANGED)))
        return taken

    async def _own(self, feed_id: ObjectId, entries: Sequence[ParsedEntry]) -> list[ObjectId | None]:
        """The story that this feed has of each of ``entries``."""
        repeated = duplicated_guids(entries)
        keys = [(identity_key(entry, repeated), *other_keys(entry)) for entry in entries]
        query = {"feed_id": feed_id, "key": {"$in": [key for several in keys for key in several]}}
        stored = {row["key"]: ObjectId(row["_id"]) async for row in self._stories.find(query, {"key": 1})}
        return [next((stored[key] for key in several if key in stored), None) for several in keys]

    async def _sign(self, taken: Taken, files: Sequence[ObjectId], origin: Origin) -> None:
        """Write down who entered the story, and attach the screenshots, in one transaction."""
        kind = "entered" if taken.status is Status.NEW else "attached"
        room = MOST_SCREENSHOTS - len(files)

        async def work(tx: Transaction) -> None:
            await self._files.attach(files, tx.session)
            row = await self._stories.find_one_and_update(
                {"_id": taken.story_id, f"attachments.{max(room, 0)}": {"$exists": False}},
                {"$push": {"attachments": {"$each": list(files)}}, "$inc": {"version": 1}},
                {"version": 1},
                session=tx.session,
            )
            if row is None or room < 0:
                raise Conflict(N_("A story may have at most {limit} screenshots."), limit=MOST_SCREENSHOTS)
            payload = {"files": list(files)}
            tx.record(NewEvent(ENTITY, taken.story_id, row["version"] + 1, kind, self._clock(), payload))

        await self._transactor.run(work, origin)
