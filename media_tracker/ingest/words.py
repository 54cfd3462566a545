"""The words of stories: written down with the stories, bound when they have piled up, and looked up. Finding stories by words.

A story is found by what it says now. A text that has changed since is still written down where it was; each entry therefore
keeps a *mark* of its text, and who reads it compares that with the story's own.
"""

from __future__ import annotations

from array import array
from asyncio import to_thread
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter

from bson import ObjectId, encode
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure, PyMongoError

from media_tracker.db.connection import Database, Json
from media_tracker.text.postings import (
    MOST_IN_VOLUME,
    Places,
    bound,
    bucket_of,
    field_of,
    leaves,
    places_in_leaf,
    places_in_volume,
)

LEAVES = "word_leaves"
PAGES = "word_pages"
VOLUMES = "word_volumes"
LEAVES_TO_BIND, BYTES_TO_BIND = 1_000, 16 * 1024 * 1024
"""So much is looked through for every search; then it is bound."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_ID_BYTES, _MARK_BYTES = 12, 8


@dataclass(frozen=True, slots=True)
class Said:
    """What is written down of a story: the words that it can be found by, normalised."""

    story_id: ObjectId
    published_at: datetime
    content_hash: str
    words: str
    """One a line."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """The words of the stories ``start`` to ``end`` of those that are stored together, as the document that will hold them."""

    start: int
    end: int
    words: bytes


def distinct(words: str) -> list[str]:
    """``words``, of which there is one a line."""
    return words.split("\n") if words else []


def leaves_of(texts: Sequence[Sequence[str]]) -> tuple[Leaf, ...]:
    """The words of ``texts``, ready to be written. Pure, and costly: it can be done in another process."""
    return tuple(Leaf(start, end, encode(places)) for start, end, places in leaves(texts))


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A story that said all of the words, in a text of this ``mark``. Ordered as lists of stories are, the oldest first."""

    published: int
    """Milliseconds since 1970."""
    story_id: ObjectId
    mark: bytes

    @property
    def published_at(self) -> datetime:
        return _EPOCH + self.published * _MILLISECOND

    def is_of(self, content_hash: str) -> bool:
        """Whether the story still says what it said then."""
        return self.mark == _mark(content_hash)


_ORDER = attrgetter("published", "story_id", "mark")
"""That of hits, without a call into Python for each two of them: a common word has tens of thousands."""


class StoryWords:
    """The only one who writes and reads the words of stories.

    ``leaves_to_bind``, ``bytes_to_bind``: so many leaves, or so much of them, are bound.
    """

    def __init__(
        self, database: Database, leaves_to_bind: int = LEAVES_TO_BIND, bytes_to_bind: int = BYTES_TO_BIND
    ) -> None:
        self._database = database
        self._leaves = database[LEAVES]
        self._pages = database[PAGES]
        self._volumes = database[VOLUMES]
        self._leaves_to_bind = leaves_to_bind
        self._bytes_to_bind = bytes_to_bind

    async def write(
        self, session: AsyncClientSession | None, said: Sequence[tuple[Sequence[Said], Sequence[Leaf]]]
    ) -> None:
        """Write down what stories say, in the transaction that stores them; of each look, with its leaves if there are any."""
        rows: list[Json] = [
            {**_header(stories[leaf.start : leaf.end]), "words": RawBSONDocument(leaf.words)}
            for stories, laid_out in said
            for leaf in laid_out or leaves_of([distinct(each.words) for each in stories])
        ]
        if rows:
            await self._leaves.insert_many(rows, session=session)

    async def bind(self) -> int:
        """Bind the oldest leaves if they have piled up; returns how many. Who is killed in between has changed nothing."""
        if not await self._piled_up():
            return 0
        rows = await self._oldest()
        if not rows:
            return 0
        volume, pages = await to_thread(_volume, rows)
        try:
            async with self._database.client.start_session() as session, await session.start_transaction():
                gone = await self._leaves.delete_many({"_id": {"$in": [row["_id"] for row in rows]}}, session=session)
                if gone.deleted_count != len(rows):  # somebody else has bound them
                    await session.abort_transaction()
                    return 0
                await self._volumes.insert_one(volume, session=session)
                await self._pages.insert_many(pages, session=session)
        except OperationFailure as error:
            if error.has_error_label("TransientTransactionError"):  # somebody else binds them at this moment
                return 0
            raise
        return len(rows)

    async def find(self, words: Sequence[str]) -> AsyncGenerator[Hit, None]:
        """Stories that say all of ``words``, the latest first; one whose text has changed may come more than once."""
        fields = [field_of(word) for word in dict.fromkeys(words)]
        waiting = await self._in_leaves(fields)  # before the volumes: what is bound meanwhile is met twice, not never
        waiting.sort(key=_ORDER)
        found = await self._in_volumes(fields)
        query: Json = {"_id": {"$in": list(found)}}
        newest = await self._volumes.find(query, {"newest": 1}).sort("newest", -1).to_list()
        for row in newest:
            while waiting and waiting[-1].published > row["newest"]:
                yield waiting.pop()
            volume = await self._volumes.find_one({"_id": row["_id"]})
            if volume is not None:
                waiting.extend(_hits(volume, found[row["_id"]]))
                waiting.sort(key=_ORDER)
        while waiting:
            yield waiting.pop()

    async def _piled_up(self) -> bool:
        if await self._leaves.estimated_document_count() >= self._leaves_to_bind:
            return True
        stats: list[Json] = [{"$collStats": {"storageStats": {}}}, {"$project": {"size": "$storageStats.size"}}]
        try:
            cursor = await self._leaves.aggregate(stats)
            rows = await cursor.to_list()
        except PyMongoError:  # there is no such collection yet
            return False
        return sum(int(row["size"]) for row in rows) >= self._bytes_to_bind

    async def _oldest(self) -> list[Json]:
        rows: list[Json] = []
        size = stories = 0
        async for row in self._leaves.find().sort("_id", 1).limit(2 * LEAVES_TO_BIND):
            size += sum(map(len, row["words"])) * 3
            stories += _stories(row)
            if rows and (size > self._bytes_to_bind or stories > MOST_IN_VOLUME):
                break
            rows.append(row)
        return rows

    async def _in_leaves(self, fields: Sequence[str]) -> list[Hit]:
        query = {f"words.{field}": {"$exists": True} for field in fields}
        wanted = ["ids", "published", "marks", *query]
        hits: list[Hit] = []
        async for row in self._leaves.find(query, wanted):
            hits += _hits(row, set.intersection(*(places_in_leaf(row["words"][field]) for field in fields)))
        return hits

    async def _in_volumes(self, fields: Sequence[str]) -> dict[ObjectId, set[int]]:
        """The places in each volume where all of the words stand."""
        found: dict[ObjectId, set[int]] | None = None
        for field in fields:
            path, bucket = f"words.{field}", bucket_of(field)
            query: Json = {"_id": {"$gte": _page(bucket), "$lt": _page(bucket + 1)}, path: {"$exists": True}}
            here: dict[ObjectId, set[int]] = {}
            async for row in self._pages.find(query, ["volume", path]):
                places = places_in_volume(row["words"][field])
                if found is not None:
                    places &= found.get(row["volume"], set())
                if places:
                    here[row["volume"]] = places
            found = here
            if not found:
                break
        return found or {}


def _volume(rows: Sequence[Json]) -> tuple[Json, list[Json]]:
    """A volume of these leaves, and its pages."""
    volume = ObjectId()
    bundle: list[tuple[int, Places]] = [(_stories(row), row["words"]) for row in rows]
    pages = [
        {"_id": _page(bucket, f"{volume}.{number}"), "volume": volume, "words": words}
        for number, (bucket, words) in enumerate(bound(bundle))
    ]
    header = {name: b"".join(row[name] for row in rows) for name in ("ids", "published", "marks")}
    return {"_id": volume, **header, "newest": max(row["newest"] for row in rows)}, pages


def _page(bucket: int, rest: str = "") -> str:
    return f"{bucket:03d}.{rest}"


def _header(said: Sequence[Said]) -> Json:
    published = array("q", [(each.published_at - _EPOCH) // _MILLISECOND for each in said])
    return {
        "ids": b"".join(each.story_id.binary for each in said),
        "published": published.tobytes(),
        "marks": b"".join(_mark(each.content_hash) for each in said),
        "newest": max(published),
    }


def _hits(row: Mapping[str, bytes], places: Iterable[int]) -> list[Hit]:
    published = array("q")
    published.frombytes(row["published"])
    return [
        Hit(
            published[place],
            ObjectId(row["ids"][place * _ID_BYTES :][:_ID_BYTES]),
            row["marks"][place * _MARK_BYTES :][:_MARK_BYTES],
        )
        for place in places
    ]


def _stories(row: Json) -> int:
    return len(row["ids"]) // _ID_BYTES


def _mark(content_hash: str) -> bytes:
    return content_hash.encode()[:_MARK_BYTES].ljust(_MARK_BYTES)
