"""What people and outlets hand in: rows of a sheet, one pasted story, stories through the API. Each is stored once.

A story that came in another way already (a feed of the same outlet brought the same link) is not stored a second time, and one
that a feed brings later becomes the feed's own (``ingest/saving.py``). All of them go through ``Ingest.take_entries``, so they
are cleaned, compared and told of like those of any feed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.db.events import SYSTEM, NewEvent, Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict
from media_tracker.files.store import FileStore
from media_tracker.ingest.documents import Story
from media_tracker.ingest.entries import ParsedEntry
from media_tracker.ingest.handed import links_of
from media_tracker.ingest.identity import duplicated_guids, identity_key
from media_tracker.ingest.saving import ENTITY, Saved
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


class _HereAlready(Exception):
    """The story that an editor enters is there: nothing of what they entered is to be stored."""

    def __init__(self, story_id: ObjectId) -> None:
        super().__init__(story_id)
        self.story_id = story_id


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

    async def take(
        self, outlet_id: ObjectId, platform: Platform, entries: Sequence[ParsedEntry], origin: Origin = SYSTEM
    ) -> list[Taken]:
        """Store ``entries`` of one outlet and platform; one result for each, in order. Doing it again adds nothing.

        ``origin`` is who hands them in.

        Raises:
            NotFound: there is no such outlet.
        """
        feed_id = await self._by_hand.feed_for(outlet_id, platform)
        taken: list[Taken] = []
        for start in range(0, len(entries), AT_ONCE):
            some = entries[start : start + AT_ONCE]
            taken += _taken(some, await self._ingest.take_entries(feed_id, some, origin=origin))
        return taken

    async def take_sheet(
        self, outlet_id: ObjectId, rows: Iterable[SheetRow], platform: Platform, origin: Origin = SYSTEM
    ) -> Mapping[Status, int]:
        """Store the rows of a sheet, those without a platform under ``platform``; how many became what."""
        by_platform: dict[Platform, list[ParsedEntry]] = defaultdict(list)
        for row in rows:
            by_platform[row.platform or platform].append(row.entry())
        counts: Counter[Status] = Counter()
        for each, entries in by_platform.items():
            counts.update(taken.status for taken in await self.take(outlet_id, each, entries, origin))
        return counts

    async def take_story(
        self, outlet_id: ObjectId, platform: Platform, entry: ParsedEntry, files: Sequence[ObjectId], origin: Origin
    ) -> Taken:
        """Store one story that an editor has entered, with screenshots that are saved and unattached: all of it or nothing.

        One that the outlet has published under this link already, whichever way it came in, stays as it is and gets the
        screenshots.

        Raises:
            NotFound: there is no such outlet.
            Conflict: a screenshot is no longer there, or the story has more of them than it may.
        """
        feed_id = await self._by_hand.feed_for(outlet_id, platform)
        links = links_of([entry])

        async def sign_if_new(tx: Transaction, saved: Saved) -> None:
            (taken,) = _taken([entry], saved)
            if taken.status is not Status.NEW:
                raise _HereAlready(taken.story_id)
            there = await self.by_link(outlet_id, links, besides=taken.story_id, session=tx.session)
            if there:  # in this very feed, under an id of its own
                raise _HereAlready(*there.values())
            await self._sign(tx, taken, files)

        try:
            saved = await self._ingest.take_entries(feed_id, [entry], origin=origin, also=sign_if_new)
        except _HereAlready as found:
            taken = Taken(found.story_id, Status.KNOWN)
        else:
            return _taken([entry], saved)[0]
        if files:
            await self._transactor.run(lambda tx: self._sign(tx, taken, files), origin)
        return taken

    async def by_link(
        self,
        outlet_id: ObjectId,
        links: Iterable[str],
        besides: ObjectId | None = None,
        session: AsyncClientSession | None = None,
    ) -> dict[str, ObjectId]:
        """The outlet's story under each of ``links`` (of ``identifying_link``), but for the story ``besides``.

        A link under which several stories stand does not tell which one is meant, and is left out.
        """
        query = {"outlet_id": outlet_id, "link": {"$in": list(links)}}
        found: dict[str, list[ObjectId]] = defaultdict(list)
        async for row in self._stories.find(query, {"link": 1}, session=session):
            if row["_id"] != besides:
                found[row["link"]].append(row["_id"])
        return {link: ids[0] for link, ids in found.items() if len(ids) == 1}

    async def _sign(self, tx: Transaction, taken: Taken, files: Sequence[ObjectId]) -> None:
        """Write down who entered the story, or added to it, and attach the screenshots."""
        kind = "entered" if taken.status is Status.NEW else "attached"
        room = MOST_SCREENSHOTS - len(files)
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


def _taken(entries: Sequence[ParsedEntry], saved: Saved) -> list[Taken]:
    """What each of ``entries``, which were saved together, has become."""
    repeated = duplicated_guids(entries)
    became = dict.fromkeys(saved.left_alone, Status.KNOWN)
    became |= dict.fromkeys(saved.new, Status.NEW) | dict.fromkeys(saved.changed, Status.CHANGED)
    ids = [saved.stories[identity_key(entry, repeated)] for entry in entries]
    return [Taken(story_id, became.get(story_id, Status.UNCHANGED)) for story_id in ids]
