"""Feed → story: fetch, parse, prepare, save. The only writer of what was published, and of the state of feeds.

One transaction per feed holds the new stories, the changed ones, their events and the feed's new state: killed at any moment, a
feed is either as it was, or wholly taken in.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import structlog
from bson import ObjectId
from pymongo import ReturnDocument, UpdateOne

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import SYSTEM, NewEvent
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, MediaTrackerError, Unavailable
from media_tracker.ingest.documents import DeskState, Story
from media_tracker.ingest.identity import same_link
from media_tracker.ingest.parse import ParsedFeed, parse_feed
from media_tracker.ingest.prepare import Prepared, prepare
from media_tracker.ingest.schedule import next_check, retry_after
from media_tracker.net.errors import HttpStatus
from media_tracker.net.fetch import Fetched, Fetcher, NotModified
from media_tracker.outlets.documents import Feed

log = structlog.get_logger("ingest")

ENTITY = "story"
LEASE = timedelta(minutes=5)
AT_ONCE = 8
MOST_REVISIONS = 10
MOST_REVISION_CHARS = 1_000_000
"""Of the revisions of one story together: a document of MongoDB holds 16 MB, and a character has up to four bytes."""


class Result(StrEnum):
    """What came of looking at one feed."""

    READ = "read"
    NOT_MODIFIED = "not_modified"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FeedResult:
    """One feed's result. ``error`` is a sentence, of a failure only."""

    feed_id: ObjectId
    url: str
    title: str
    result: Result
    new: int = 0
    changed: int = 0
    error: MediaTrackerError | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run over several feeds came to."""

    feeds: int
    stories_new: int
    stories_changed: int
    not_modified: int
    failed: int

    @staticmethod
    def of(results: Sequence[FeedResult]) -> Summary:
        return Summary(
            feeds=len(results),
            stories_new=sum(result.new for result in results),
            stories_changed=sum(result.changed for result in results),
            not_modified=sum(result.result is Result.NOT_MODIFIED for result in results),
            failed=sum(result.result is Result.FAILED for result in results),
        )


class Ingest:
    """Takes feeds in."""

    def __init__(
        self, database: Database, transactor: Transactor, fetcher: Fetcher, clock: Clock, zone: ZoneInfo, owner: str
    ) -> None:
        self._feeds = database[Feed.Settings.name]
        self._stories = database[Story.Settings.name]
        self._transactor = transactor
        self._fetcher = fetcher
        self._clock = clock
        self._zone = zone
        self._owner = owner

    async def run(
        self, feeds: Sequence[Feed], progress: Callable[[FeedResult], None] = lambda _: None
    ) -> list[FeedResult]:
        """Take in ``feeds``, some at once. Every feed gets a result, whatever happens to it."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(feed: Feed) -> FeedResult:
            async with turns:
                result = await self.take_in(feed)
                progress(result)
                return result

        return list(await asyncio.gather(*(one(feed) for feed in feeds)))

    async def claim_due(self, limit: int) -> list[Feed]:
        """Up to ``limit`` feeds that are due, leased to this process.

        Each one's next check is moved away first: a feed that kills its reader is not the first to be read again.
        """
        claimed: list[Feed] = []
        while len(claimed) < limit:
            now = self._clock()
            row = await self._feeds.find_one_and_update(
                {
                    "active": True,
                    "state.next_check_at": {"$not": {"$gt": now}},
                    "state.leased_until": {"$not": {"$gt": now}},
                },
                {
                    "$set": {
                        "state.leased_by": self._owner,
                        "state.leased_until": now + LEASE,
                        "state.next_check_at": next_check(now, 1),
                    }
                },
                sort=[("state.next_check_at", 1)],
                return_document=ReturnDocument.AFTER,
            )
            if row is None:
                break
            claimed.append(Feed.model_validate(row))
        return claimed

    async def give_back(self) -> None:
        """Let go of every feed that this process has claimed and not read; others may take it at once."""
        due_now = {"state.leased_by": None, "state.leased_until": None, "state.next_check_at": self._clock()}
        await self._feeds.update_many({"state.leased_by": self._owner}, {"$set": due_now})

    async def take_in(self, feed: Feed) -> FeedResult:
        """Look at one feed now and store what is new. Never raises for what a feed may do, only without a database."""
        state = feed.state
        try:
            answer = await self._fetcher.get(feed.url, etag=state.etag, last_modified=state.last_modified)
            if isinstance(answer, NotModified):
                return await self._nothing_new(feed, answer)
            body_hash = hashlib.sha256(answer.body).hexdigest()
            if body_hash == state.body_hash:
                return await self._nothing_new(feed, answer)
            return await self._read(feed, answer, body_hash)
        except MediaTrackerError as error:
            return await self._failed(feed, error)
        except Exception as error:  # what nobody has thought of: it must not stop the other feeds
            log.exception("feed_not_taken_in", url=feed.url)
            told = Unavailable(N_("This feed could not be taken in. What stopped it is in the log."))
            told.__cause__ = error
            return await self._failed(feed, told)

    async def _read(self, feed: Feed, answer: Fetched, body_hash: str) -> FeedResult:
        now = self._clock()

        def work() -> tuple[ParsedFeed, list[Prepared]]:
            parsed = parse_feed(
                answer.body,
                content_type=answer.headers.content_type,
                url=answer.url,
                zone=self._zone,
                now=now,
            )
            return parsed, prepare(parsed.entries, feed.column, now)

        parsed, prepared = await asyncio.to_thread(work)
        # The half of a feed bears the validators of the whole: who kept them would never be sent the rest.
        state = {
            "etag": answer.headers.etag if parsed.whole else None,
            "last_modified": answer.headers.last_modified if parsed.whole else None,
            "body_hash": body_hash if parsed.whole else None,
            "stories_last": len(prepared),
        }
        new, changed = await self._save(feed, prepared, state)
        return FeedResult(_id(feed), feed.url, feed.title, Result.READ, new, changed, warnings=parsed.warnings)

    async def _save(self, feed: Feed, prepared: Sequence[Prepared], state: Json) -> tuple[int, int]:
        async def work(tx: Transaction) -> tuple[int, int]:
            known = await self._known(tx, feed, prepared)
            new = [each for each in prepared if each.key not in known]
            changed = [
                (each, known[each.key])
                for each in prepared
                if each.key in known and known[each.key]["content_hash"] != each.content_hash
            ]
            await self._insert(tx, feed, new)
            await self._change(tx, changed)
            await self._feeds.update_one({"_id": feed.id}, {"$set": self._success(state)}, session=tx.session)
            return len(new), len(changed)

        # Another process that saves one of these stories at the same time is a transient conflict: ``work`` runs again.
        return await self._transactor.run(work, SYSTEM)

    async def _known(self, tx: Transaction, feed: Feed, prepared: Sequence[Prepared]) -> dict[str, Json]:
        """The stored story of each of ``prepared`` that there is one of, by the entry's key."""
        wanted = {"key": 1, "url": 1, "content_hash": 1, "version": 1, "title": 1, "html": 1, "decision.by": 1}
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

    async def _insert(self, tx: Transaction, feed: Feed, new: Sequence[Prepared]) -> None:
        if not new:
            return
        now = self._clock()
        rows = [_row(ObjectId(), feed, each, now) for each in new]
        await self._stories.insert_many(rows, session=tx.session)
        for row in rows:
            payload = {name: row[name] for name in ("outlet_id", "feed_id", "published_at", "content_hash")}
            tx.record(NewEvent(ENTITY, row["_id"], 1, "ingested", now, payload))

    async def _change(self, tx: Transaction, changed: Sequence[tuple[Prepared, Json]]) -> None:
        """Take over what outlets have changed. What an editor has decided stays; the desk is told."""
        if not changed:
            return
        now = self._clock()
        query = {"_id": {"$in": [old["_id"] for _, old in changed]}}
        rows = self._stories.find(query, {"revisions": 1}, session=tx.session)
        earlier = {row["_id"]: row["revisions"] async for row in rows}
        writes = []
        for each, old in changed:
            revision = {"title": old["title"], "html": old["html"], "content_hash": old["content_hash"], "until": now}
            writes.append(
                UpdateOne(
                    {"_id": old["_id"]},
                    {
                        "$set": {
                            "title": each.title,
                            "html": each.html,
                            "text": each.text,
                            "content_hash": each.content_hash,
                            "search": each.search,
                            "changed_at": now,
                            "changed_since_decision": old.get("decision") is not None,
                            "revisions": _kept([*earlier[old["_id"]], revision]),
                        },
                        "$inc": {"version": 1},
                    },
                )
            )
            payload = {"content_hash": each.content_hash}
            tx.record(NewEvent(ENTITY, old["_id"], old["version"] + 1, "changed", now, payload))
        await self._stories.bulk_write(writes, ordered=False, session=tx.session)

    async def _nothing_new(self, feed: Feed, answer: Fetched | NotModified) -> FeedResult:
        headers = answer.headers
        state = {
            "etag": headers.etag or feed.state.etag,
            "last_modified": headers.last_modified or feed.state.last_modified,
        }
        await self._feeds.update_one({"_id": feed.id}, {"$set": self._success(state)})
        return FeedResult(_id(feed), feed.url, feed.title, Result.NOT_MODIFIED)

    async def _failed(self, feed: Feed, error: MediaTrackerError) -> FeedResult:
        now = self._clock()
        failures = feed.state.failures + 1
        again = next_check(now, failures)
        asked = retry_after(error.retry_after, now) if isinstance(error, HttpStatus) else None
        again = max(again, asked) if asked is not None else again
        changes = {"checked_at": now, "failures": failures, "next_check_at": again, **_told(error)}
        await self._feeds.update_one({"_id": feed.id}, {"$set": _state({**changes, **_RELEASED})})
        return FeedResult(_id(feed), feed.url, feed.title, Result.FAILED, error=error)

    def _success(self, state: Json) -> Json:
        now = self._clock()
        changes = {"checked_at": now, "failures": 0, "next_check_at": next_check(now, 0), **_told(None)}
        return _state({**state, **changes, **_RELEASED})


_RELEASED: Json = {"leased_by": None, "leased_until": None}


def _told(error: MediaTrackerError | None) -> Json:
    """A failure as a feed's state keeps it: in English, and in parts for other languages."""
    if error is None:
        return {"error": None, "error_message": None, "error_params": {}}
    params = {name: str(value) for name, value in error.params.items()}
    return {"error": str(error), "error_message": error.message, "error_params": params}


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


def _state(changes: Json) -> Json:
    return {f"state.{name}": value for name, value in changes.items()}


def _id(feed: Feed) -> ObjectId:
    assert feed.id is not None  # a stored feed has one
    return ObjectId(feed.id)


def _row(story_id: ObjectId, feed: Feed, each: Prepared, now: object) -> Json:
    return {
        "_id": story_id,
        "outlet_id": feed.outlet_id,
        "feed_id": feed.id,
        "key": each.key,
        "url": each.url,
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
