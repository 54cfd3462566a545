"""Saving stories: new ones, changed ones, each once. The only writer of what was published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId
from pymongo import UpdateOne

from media_tracker.db.connection import Database, Json
from media_tracker.db.events import NewEvent
from media_tracker.db.transactions import Transaction
from media_tracker.ingest.documents import DeskState, FullText, Story
from media_tracker.ingest.identity import normalise_url, same_link
from media_tracker.ingest.prepare import Prepared
from media_tracker.outlets.documents import Feed

ENTITY = "story"
MOST_REVISIONS = 10
MOST_REVISION_CHARS = 1_000_000
"""Of the revisions of one story together: a document of MongoDB holds 16 MB, and a character has up to four bytes."""


@dataclass(frozen=True, slots=True)
class Saved:
    """Ids of the stories that are new, and of those that were changed."""

    new: Sequence[ObjectId]
    changed: Sequence[ObjectId]
    new_keys: frozenset[str] = frozenset()


class Saving:
    """Saves within the caller's transaction.

    Another process that saves one of these stories at the same time is a transient conflict: the transaction runs again.
    """

    def __init__(self, database: Database) -> None:
        self._stories = database[Story.Settings.name]

    async def save(self, tx: Transaction, feed: Feed, prepared: Sequence[Prepared], now: datetime) -> Saved:
        """Store what is new of ``prepared`` and take over what has changed, each with its event."""
        known = await self._known(tx, feed, prepared)
        new = [each for each in prepared if each.key not in known]
        changed = [
            (each, known[each.key])
            for each in prepared
            if each.key in known and _source_hash(known[each.key]) != each.content_hash
        ]
        ids = await self._insert(tx, feed, new, now)
        await self._change(tx, feed, changed, now)
        return Saved(ids, [old["_id"] for _, old in changed], frozenset(each.key for each in new))

    async def _known(self, tx: Transaction, feed: Feed, prepared: Sequence[Prepared]) -> dict[str, Json]:
        """The stored story of each of ``prepared`` that there is one of, by the entry's key."""
        if not prepared:
            return {}
        wanted = dict.fromkeys(
            ("key", "url", "content_hash", "source_hash", "version", "title", "html", "decision.by"), 1
        )
        keys = [key for each in prepared for key in (each.key, *each.other_keys)]
        query = {"feed_id": feed.id, "key": {"$in": keys}}
        stored = {row["key"]: row async for row in self._stories.find(query, wanted, session=tx.session)}
        known = {each.key: stored[each.key] for each in prepared if each.key in stored}
        taken = {row["_id"] for row in known.values()}
        for each in prepared:
            for key in each.other_keys:
                row = stored.get(key)
                if each.key in known or row is None or row["_id"] in taken or not same_link(row["url"], each.url):
                    continue
                known[each.key] = row
                taken.add(row["_id"])
        return known

    async def _insert(self, tx: Transaction, feed: Feed, new: Sequence[Prepared], now: datetime) -> Sequence[ObjectId]:
        if not new:
            return []
        rows = [_row(ObjectId(), feed, each, now) for each in new]
        await self._stories.insert_many(rows, session=tx.session)
        for row in rows:
            payload = {name: row[name] for name in ("outlet_id", "feed_id", "published_at", "content_hash")}
            tx.record(NewEvent(ENTITY, row["_id"], 1, "ingested", now, payload))
        return [row["_id"] for row in rows]

    async def _change(
        self, tx: Transaction, feed: Feed, changed: Sequence[tuple[Prepared, Json]], now: datetime
    ) -> None:
        """Take over what outlets have changed. What an editor has decided stays; the desk is told."""
        if not changed:
            return
        query = {"_id": {"$in": [old["_id"] for _, old in changed]}}
        rows = self._stories.find(query, {"revisions": 1}, session=tx.session)
        earlier = {row["_id"]: row["revisions"] async for row in rows}
        writes = []
        for each, old in changed:
            revision = {"title": old["title"], "html": old["html"], "content_hash": old["content_hash"], "until": now}
            update = {
                "$set": {
                    "title": each.title,
                    "html": each.html,
                    "text": each.text,
                    "content_hash": each.content_hash,
                    "source_hash": None,
                    "full_text": _full_text(feed, each, now),
                    "image": each.image,
                    "search": each.search,
                    "changed_at": now,
                    "changed_since_decision": old.get("decision") is not None,
                    "revisions": _kept([*earlier[old["_id"]], revision]),
                },
                "$inc": {"version": 1},
            }
            writes.append(UpdateOne({"_id": old["_id"]}, update))
            payload = {"content_hash": each.content_hash}
            tx.record(NewEvent(ENTITY, old["_id"], old["version"] + 1, "changed", now, payload))
        await self._stories.bulk_write(writes, ordered=False, session=tx.session)


def _kept(revisions: Sequence[Json]) -> list[Json]:
    """The last revision, and those before it as far as there is room."""
    kept: list[Json] = []
    room = MOST_REVISION_CHARS
    for revision in reversed(revisions[-MOST_REVISIONS:]):
        room -= len(revision["html"])
        if kept and room < 0:
            break
        kept.append(revision)
    return kept[::-1]


def _source_hash(stored: Json) -> str:
    return str(stored.get("source_hash") or stored["content_hash"])


def _full_text(feed: Feed, each: Prepared, now: datetime) -> Json | None:
    """Have the article's page asked, where the feed wants that and the entry has one."""
    return FullText(next_at=now).model_dump() if feed.full_text and each.url else None


def _row(story_id: ObjectId, feed: Feed, each: Prepared, now: datetime) -> Json:
    return {
        "_id": story_id,
        "outlet_id": feed.outlet_id,
        "feed_id": feed.id,
        "key": each.key,
        "url": each.url,
        "link": normalise_url(each.url) if each.url else "",
        "title": each.title,
        "html": each.html,
        "text": each.text,
        "author": each.author,
        "column": each.column,
        "platform": feed.platform.value,
        "published_at": each.published_at,
        "precision": each.precision,
        "fetched_at": now,
        "changed_at": None,
        "content_hash": each.content_hash,
        "source_hash": None,
        "full_text": _full_text(feed, each, now),
        "image": each.image,
        "revisions": [],
        "version": 1,
        "withdrawn_at": None,
        "desk": DeskState.PENDING.value,
        "district": None,
        "suggestion": None,
        "decision": None,
        "changed_since_decision": False,
        "cluster": None,
        "bands": [],
        "search": each.search,
        "demo": feed.demo,
    }
