"""The ids that each figure of a released bulletin counted. The only writer of ``bulletin_lists``.

They are written before the bulletin is, under the number of a release that nobody knows yet: a year of a large city has a
million, too many for a transaction. Without their bulletin they are nothing, and are taken away when the next one is released.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from media_tracker.db.connection import Database, Json
from media_tracker.errors import N_, InvalidInput
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.documents import LISTS, Bulletin, FrozenBulletin
from media_tracker.monitor.facts import Period
from media_tracker.monitor.service import Monitor

IDS_IN_A_PART = 50_000
MOST_IDS = 10_000_000
"""Of all lists of one bulletin: ten years of a large city."""
_ID = 12
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Recount:
    """A figure as it was frozen, and as the events give it today for the same moment."""

    key: Key
    frozen: int
    now: int
    same: bool
    """The same ids, not only as many."""


class BulletinLists:
    """Keeps lists of ids."""

    def __init__(self, database: Database, monitor: Monitor) -> None:
        self._parts = database[LISTS]
        self._bulletins = database[Bulletin.Settings.name]
        self._monitor = monitor

    async def write(self, release: int, period: Period, as_of: datetime) -> dict[Key, int]:
        """Keep the lists of ``period`` as of a moment; how long each is.

        Raises:
            InvalidInput: they are too long to be kept.
        """
        await self._take_away_leftovers()
        waiting = {key: bytearray() for key in Key}
        lengths, parts = dict.fromkeys(Key, 0), dict.fromkeys(Key, 0)
        async for found in self._monitor.each_day(period, as_of=as_of):
            for key, places in found.places.items():
                waiting[key] += found.column("id", key)
                lengths[key] += len(places)
                while len(waiting[key]) >= IDS_IN_A_PART * _ID:
                    await self._parts.insert_one(_part(release, key, parts[key], waiting[key][: IDS_IN_A_PART * _ID]))
                    del waiting[key][: IDS_IN_A_PART * _ID]
                    parts[key] += 1
            if sum(lengths.values()) > MOST_IDS:
                sentence = N_("That is too much for one bulletin. Choose a shorter period.")
                raise InvalidInput(sentence, {"from": sentence})
        left = [_part(release, key, parts[key], ids) for key, ids in waiting.items() if ids]
        for part in left:
            await self._parts.insert_one(part)
        return lengths

    async def forget(self, release: int) -> None:
        """Take away the lists of a release that has come to nothing."""
        await self._parts.delete_many({"release": release})

    async def ids(self, release: int, key: Key) -> list[ObjectId]:
        """The ids that a figure of a released bulletin counted, in the order of its list."""
        parts = self._parts.find({"release": release, "key": key.value}).sort("part", 1)
        return [each async for part in parts for each in _ids_of(part)]

    async def recount(self, frozen: FrozenBulletin, period: Period) -> list[Recount]:
        """Count again as of the moment of release, and compare with what was frozen."""
        again = {key: bytearray() for key in Key}
        async for found in self._monitor.each_day(period, as_of=frozen.as_of):
            for key in found.places:
                again[key] += found.column("id", key)
        told = []
        for figure in frozen.figures:
            kept = sorted(each.binary for each in await self.ids(frozen.release, figure.key))
            now = sorted(_each(again[figure.key]))
            told.append(Recount(figure.key, figure.value, len(now), kept == now))
        return told

    async def _take_away_leftovers(self) -> None:
        """Lists under numbers that never became bulletins, and cannot any more: a higher one has (``releases``)."""
        known = set(await self._bulletins.distinct("frozen.release"))
        begun = set(await self._parts.distinct("release", {"release": {"$lt": max(known, default=0)}}))
        if begun - known:
            await self._parts.delete_many({"release": {"$in": sorted(begun - known)}})


def _part(release: int, key: Key, part: int, ids: bytearray) -> Json:
    return {"release": release, "key": key.value, "part": part, "ids": bytes(ids)}


def _ids_of(part: Json) -> list[ObjectId]:
    """The ids in a part; earlier releases of this program wrote them as an array."""
    ids = part["ids"]
    return [ObjectId(each) for each in _each(ids)] if isinstance(ids, bytes) else list(ids)


def _each(ids: bytes | bytearray) -> list[bytes]:
    return [bytes(ids[at : at + _ID]) for at in range(0, len(ids), _ID)]
