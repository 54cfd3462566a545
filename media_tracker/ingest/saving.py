"""Saving stories: new ones, changed ones, each once. The only writer of what was published.

A story comes in by hand and by a feed of its outlet, in either order, and is stored once: a feed *adopts* what was handed in
under the same link, and what is handed in after a feed has brought it is left alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
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
from media_tracker.ingest.story_format import on_platform
from media_tracker.ingest.words import Leaf, Said, StoryWords
from media_tracker.outlets.documents import Feed, FeedSource

ENTITY = "story"
MOST_REVISIONS = 10
MOST_REVISION_CHARS = 1_000_000
"""Of the revisions of one story together: a document of MongoDB holds 16 MB, and a character has up to four bytes."""


_WANTED = (
    *("outlet_id", "feed_id", "key", "url", "link", "title", "html"),
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


@dataclass(frozen=True, slots=True)
class Brought:
    """What one look at a feed has brought. ``leaves``: the words of all of ``prepared``, if they are laid out already."""

    feed: Feed
    prepared: Sequence[Prepared]
    leaves: Sequence[Leaf] = ()

    @property
    def feed_id(self) -> ObjectId:
        return ObjectId(self.feed.id)

    @property
    def by_hand(self) -> bool:
        return self.feed.source is FeedSource.HAND


@dataclass(frozen=True, slots=True)
class _Sorted:
    """What a look has brought, beside what is stored by the entry's key: as the feed's own, or under another of the outlet."""

    brought: Brought
    stored: Mapping[str, Json]
    elsewhere: Mapping[str, Json]
    new: Sequence[Prepared]
    changed: Sequence[tuple[Prepared, Json]]
    ids: Sequence[ObjectId]
    """Of ``new``."""

    def saved(self) -> Saved:
        new = {each.key: story_id for each, story_id in zip(self.new, self.ids, strict=True)}
        return Saved(
            new=self.ids,
            changed=[old["_id"] for _, old in self.changed],
            new_keys=frozenset(new),
            stories={key: row["_id"] for key, row in self.stored.items()} | new,
            left_alone=frozenset(row["_id"] for row in self.elsewhere.values())
            if self.brought.by_hand
            else frozenset(),
        )

    def said(self) -> tuple[list[Said], Sequence[Leaf]]:
        """What the stories say now, and its leaves if they are of exactly that."""
        said = [_said(each, key, each.published_at) for each, key in zip(self.new, self.ids, strict=True)]
        said += [_said(each, old["_id"], old["published_at"]) for each, old in self.changed]
        return said, self.brought.leaves if len(self.new) == len(self.brought.prepared) else ()


class Saving:
    """Saves within the caller's transaction, what several looks have brought together.

    Another process that saves one of these stories at the same time is a transient conflict: the transaction runs again.
    """

    def __init__(self, database: Database) -> None:
        self._stories = database[Story.Settings.name]
        self._feeds = database[Feed.Settings.name]
        self._words = StoryWords(database)

    async def save(self, tx: Transaction, looks: Sequence[Brought], now: datetime) -> list[Saved]:
        """Store what is new of what ``looks`` have brought, and take over what has changed, each with its event.

        Each is a look at another feed; what was handed in comes alone.
        """
        known = await self._known(tx, looks)
        strangers = [
            [each for each in look.prepared if each.key not in mine] for look, mine in zip(looks, known, strict=True)
        ]
        elsewhere = await self._elsewhere(tx, looks, strangers)
        adopted = []
        for look, mine, strange, there in zip(looks, known, strangers, elsewhere, strict=True):
            if not look.by_hand:
                adopted += [(look.feed, each, there[each.key]) for each in strange if each.key in there]
                mine |= there
        await self._adopt(tx, adopted, now)
        found = [_sorted(*each) for each in zip(looks, known, elsewhere, strict=True)]
        for each in found:
            if each.brought.by_hand:
                await self._meet(tx, each.brought.feed, each.new)
        await self._insert(tx, found, now)
        await self._change(tx, [(each.brought.feed, *pair) for each in found for pair in each.changed], now)
        await self._words.write(tx.session, [each.said() for each in found])
        return [each.saved() for each in found]

    async def _known(self, tx: Transaction, looks: Sequence[Brought]) -> list[dict[str, Json]]:
        """The story that each feed has of what it brought, by the entry's key."""
        asked = [
            {
                "feed_id": look.feed.id,
                "key": {"$in": [key for each in look.prepared for key in (each.key, *each.other_keys)]},
            }
            for look in looks
            if look.prepared
        ]
        stored: dict[ObjectId, dict[str, Json]] = defaultdict(dict)
        for row in await self._find(tx, asked):
            stored[row["feed_id"]][row["key"]] = row
        known = [by_keys(look.prepared, stored[look.feed_id]) for look in looks]
        strangers = [
            # A first look meets nothing of its own.
            [each for each in look.prepared if each.key not in mine and each.key == link_key(each.url)]
            if look.feed.state.checked_at is not None
            else []
            for look, mine in zip(looks, known, strict=True)
        ]
        linked: dict[ObjectId, list[Json]] = defaultdict(list)
        asked = [
            {**_linking(look.feed, {identifying_link(each.url) for each in strange}), "feed_id": look.feed.id}
            for look, strange in zip(looks, strangers, strict=True)
            if strange
        ]
        for row in await self._find(tx, asked):
            linked[row["feed_id"]].append(row)
        for look, strange, mine in zip(looks, strangers, known, strict=True):
            mine |= by_lone_link(strange, linked[look.feed_id], {row["_id"] for row in mine.values()})
        return known

    async def _elsewhere(
        self, tx: Transaction, looks: Sequence[Brought], strangers: Sequence[Sequence[Prepared]]
    ) -> list[dict[str, Json]]:
        """The outlet's story under the link of each of ``strangers``, by the entry's key.

        For a feed among what was handed in; for what is handed in, among what any other feed has brought. One that two feeds
        bring at once is the first one's.
        """
        hands = await self._hands(tx, {look.feed.outlet_id for look in looks if not look.by_hand})
        asked: list[Json] = []
        for look, strange in zip(looks, strangers, strict=True):
            links = {link for each in strange if (link := identifying_link(each.url))}
            if links and look.by_hand:
                asked.append(_linking(look.feed, links))
            elif links and (hand := hands[look.feed.outlet_id]):
                asked.append({**_linking(look.feed, links), "feed_id": {"$in": hand}})
        rows = await self._find(tx, asked, "text", "column")
        taken: set[ObjectId] = set()
        found = []
        for look, strange in zip(looks, strangers, strict=True):
            own = {link for each in strange if (link := identifying_link(each.url))}
            of_outlet = [
                row
                for row in rows
                if row["outlet_id"] == look.feed.outlet_id and row["link"] in own and row["_id"] not in taken
            ]
            found.append(by_link(strange, look.prepared, of_outlet, own={look.feed_id}) if own else {})
            taken.update(row["_id"] for row in found[-1].values())
        return found

    async def _hands(self, tx: Transaction, outlets: Collection[ObjectId]) -> dict[ObjectId, list[ObjectId]]:
        """The feeds of each outlet under which stands what was handed in."""
        hands: dict[ObjectId, list[ObjectId]] = defaultdict(list)
        if outlets:
            query = {"outlet_id": {"$in": list(outlets)}, "source": FeedSource.HAND.value}
            async for row in self._feeds.find(query, ["outlet_id"], session=tx.session):
                hands[row["outlet_id"]].append(row["_id"])
        return hands

    async def _find(self, tx: Transaction, asked: Sequence[Json], *also: str) -> list[Json]:
        """The stored stories that one of ``asked`` finds, each once."""
        if not asked:
            return []
        query = asked[0] if len(asked) == 1 else {"$or": list(asked)}
        return await self._stories.find(query, [*_WANTED, *also], session=tx.session).to_list()

    async def _adopt(self, tx: Transaction, adopted: Sequence[tuple[Feed, Prepared, Json]], now: datetime) -> None:
        """Make handed-in stories a feed's own: from now on it says how they go on. The platform stays.

        A feed that says less than what was handed in (a title, a summary) takes nothing away; its next change counts.
        """
        if not adopted:
            return
        writes = []
        for feed, each, row in adopted:
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

    async def _insert(self, tx: Transaction, found: Sequence[_Sorted], now: datetime) -> None:
        rows = [
            _row(story_id, each.brought.feed, entry, now)
            for each in found
            for story_id, entry in zip(each.ids, each.new, strict=True)
        ]
        if not rows:
            return
        await self._stories.insert_many(rows, session=tx.session)
        for row in rows:
            payload = {name: row[name] for name in ("outlet_id", "feed_id", "published_at", "content_hash")}
            tx.record(NewEvent(ENTITY, row["_id"], 1, "ingested", now, payload))

    async def _change(self, tx: Transaction, changed: Sequence[tuple[Feed, Prepared, Json]], now: datetime) -> None:
        """Take over what outlets have changed. What an editor has decided stays; the desk is told."""
        if not changed:
            return
        query = {"_id": {"$in": [old["_id"] for _, _, old in changed]}}
        rows = self._stories.find(query, {"revisions": 1}, session=tx.session)
        earlier = {row["_id"]: row["revisions"] async for row in rows}
        writes = []
        for feed, each, old in changed:
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
                    "updated_at": each.updated_at,
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


def _sorted(look: Brought, known: Mapping[str, Json], elsewhere: Mapping[str, Json]) -> _Sorted:
    changed = [
        (each, known[each.key])
        for each in look.prepared
        if each.key in known and _source_hash(known[each.key]) != each.content_hash
    ]
    new = [each for each in look.prepared if each.key not in known and each.key not in elsewhere]
    return _Sorted(look, {**known, **elsewhere}, elsewhere, new, changed, [ObjectId() for _ in new])


def _linking(feed: Feed, links: Collection[str]) -> Json:
    """Finds the stories of a feed's outlet under ``links``."""
    return {"outlet_id": feed.outlet_id, "link": {"$in": list(links)}}


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
        "updated_at": each.updated_at,
        "changed_at": None,
        "content_hash": each.content_hash,
        "source_hash": None,
        "full_text": _full_text(feed, each, now),
        "image": each.image,
        "format": on_platform(each.format, feed.platform).value,
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
