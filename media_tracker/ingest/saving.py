"""Saving stories: new ones, changed ones, each once. The only writer of what was published.

A story comes in by hand and by a feed of its outlet, in either order, and is stored once: a feed *adopts* what was handed in
under the same link, and what is handed in after a feed has brought it is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bson import ObjectId
from pymongo import UpdateOne

from media_tracker.db.connection import Database, Json
from media_tracker.db.events import NewEvent
from media_tracker.db.transactions import Transaction
from media_tracker.ingest.documents import DeskState, FullText, Story
from media_tracker.ingest.handed import identifying_link
from media_tracker.ingest.identity import link_key, normalise_url
from media_tracker.ingest.prepare import Prepared
from media_tracker.ingest.recognise import by_keys, by_link, by_lone_link, says_no_more
from media_tracker.ingest.words import Leaf, Said, StoryWords
from media_tracker.outlets.documents import Feed, FeedSource

ENTITY = "story"
MOST_REVISIONS = 10
MOST_REVISION_CHARS = 1_000_000
"""Of the revisions of one story together: a document of MongoDB holds 16 MB, and a character has up to four bytes."""


_WANTED = (
    *("feed_id", "key", "url", "link", "title", "html"),
    *("content_hash", "source_hash", "version", "decision.by", "published_at"),
)
"""What has to be known of a stored story to find and to change it."""


@dataclass(frozen=True, slots=True)
class Saved:
    """Ids of the stories that are new, and of those that were changed."""

    new: Sequence[ObjectId]
    changed: Sequence[ObjectId]
    new_keys: frozenset[str] = frozenset()
    stories: Mapping[str, ObjectId] = field(default_factory=dict)
    """What each entry is now, by its key."""
    left_alone: frozenset[ObjectId] = frozenset()
    """Of what was handed in, what a feed of the outlet, or its other platform, had brought already."""


class Saving:
    """Saves within the caller's transaction.

    Another process that saves one of these stories at the same time is a transient conflict: the transaction runs again.
    """

    def __init__(self, database: Database) -> None:
        self._stories = database[Story.Settings.name]
        self._feeds = database[Feed.Settings.name]
        self._words = StoryWords(database)

    async def save(
        self, tx: Transaction, feed: Feed, prepared: Sequence[Prepared], now: datetime, leaves: Sequence[Leaf] = ()
    ) -> Saved:
        """Store what is new of ``prepared`` and take over what has changed, each with its event.

        ``leaves``: the words of all of ``prepared``, if somebody has laid them out already.
        """
        known = await self._known(tx, feed, prepared)
        strangers = [each for each in prepared if each.key not in known]
        elsewhere = await self._elsewhere(tx, feed, strangers, prepared)
        by_hand = feed.source is FeedSource.HAND
        if not by_hand:
            await self._adopt(
                tx, feed, [(each, elsewhere[each.key]) for each in strangers if each.key in elsewhere], now
            )
            known |= elsewhere
        changed = [
            (each, known[each.key])
            for each in prepared
            if each.key in known and _source_hash(known[each.key]) != each.content_hash
        ]
        new = [each for each in strangers if each.key not in elsewhere]
        if by_hand:
            await self._meet(tx, feed, new)
        ids = await self._insert(tx, feed, new, now)
        await self._change(tx, feed, changed, now)
        said = [_said(each, story_id, each.published_at) for each, story_id in zip(new, ids, strict=True)]
        said += [_said(each, old["_id"], old["published_at"]) for each, old in changed]
        await self._words.write(tx.session, said, leaves if len(new) == len(prepared) else ())
        stood = {key: row["_id"] for key, row in (known | elsewhere).items()}
        return Saved(
            new=ids,
            changed=[old["_id"] for _, old in changed],
            new_keys=frozenset(each.key for each in new),
            stories=stood | {each.key: story_id for each, story_id in zip(new, ids, strict=True)},
            left_alone=frozenset(row["_id"] for row in elsewhere.values()) if by_hand else frozenset(),
        )

    async def _known(self, tx: Transaction, feed: Feed, prepared: Sequence[Prepared]) -> dict[str, Json]:
        """The story that the feed has of each of ``prepared``, by the entry's key."""
        if not prepared:
            return {}
        keys = [key for each in prepared for key in (each.key, *each.other_keys)]
        query = {"feed_id": feed.id, "key": {"$in": keys}}
        rows = self._stories.find(query, _WANTED, session=tx.session)
        known = by_keys(prepared, {row["key"]: row async for row in rows})
        strangers = [each for each in prepared if each.key not in known and each.key == link_key(each.url)]
        if not strangers or feed.state.checked_at is None:  # a first look meets nothing of its own
            return known
        links = list({identifying_link(each.url) for each in strangers})
        linking: Json = {"outlet_id": feed.outlet_id, "link": {"$in": links}, "feed_id": feed.id}
        linked = await self._stories.find(linking, _WANTED, session=tx.session).to_list()
        return known | by_lone_link(strangers, linked, {row["_id"] for row in known.values()})

    async def _elsewhere(
        self, tx: Transaction, feed: Feed, strangers: Sequence[Prepared], prepared: Sequence[Prepared]
    ) -> dict[str, Json]:
        """The outlet's story under the link of each of ``strangers``, by the entry's key.

        For a feed among what was handed in; for what is handed in, among what any other feed has brought.
        """
        links = {link for each in strangers if (link := identifying_link(each.url))}
        if not links:
            return {}
        query: Json = {"outlet_id": feed.outlet_id, "link": {"$in": list(links)}}
        if feed.source is not FeedSource.HAND:
            hand = {"outlet_id": feed.outlet_id, "source": FeedSource.HAND.value}
            feeds = await self._feeds.find(hand, ["_id"], session=tx.session).to_list()
            if not feeds:
                return {}
            query["feed_id"] = {"$in": [row["_id"] for row in feeds]}
        rows = await self._stories.find(query, [*_WANTED, "text", "column"], session=tx.session).to_list()
        return by_link(strangers, prepared, rows, own={feed.id})

    async def _adopt(
        self, tx: Transaction, feed: Feed, adopted: Sequence[tuple[Prepared, Json]], now: datetime
    ) -> None:
        """Make handed-in stories the feed's own: from now on it says how they go on. The platform stays.

        A feed that says less than what was handed in (a title, a summary) takes nothing away; its next change counts.
        """
        if not adopted:
            return
        writes = []
        for each, row in adopted:
            changes = {"feed_id": feed.id, "key": each.key, "full_text": _full_text(feed, each, now)}
            if not row["column"]:
                changes["column"] = each.column
            if says_no_more(each.text, row["text"]):
                changes["source_hash"] = row["source_hash"] = each.content_hash
            writes.append(UpdateOne({"_id": row["_id"]}, {"$set": changes, "$inc": {"version": 1}}))
            row["version"] += 1
            payload = {"feed_id": feed.id, "from": row["feed_id"]}
            tx.record(NewEvent(ENTITY, row["_id"], row["version"], "adopted", now, payload))
        await self._stories.bulk_write(writes, ordered=False, session=tx.session)

    async def _meet(self, tx: Transaction, feed: Feed, new: Sequence[Prepared]) -> None:
        """Have whoever saves for one of the outlet's feeds at the same time run into this transaction, and look again.

        Neither would see what the other inserts. Each look at a feed that brings stories writes to that feed; so does this.
        """
        if any(identifying_link(each.url) for each in new):
            query = {"outlet_id": feed.outlet_id}
            await self._feeds.update_many(query, {"$inc": {"state.handed_in": 1}}, session=tx.session)

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
                    "search": [],
                    "bands": each.bands,
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


def _said(each: Prepared, story_id: ObjectId, published_at: datetime) -> Said:
    return Said(story_id, published_at, each.content_hash, each.words)


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
        "bands": each.bands,
        "demo": feed.demo,
    }
