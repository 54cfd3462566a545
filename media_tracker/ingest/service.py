"""Feed → story: fetch, read, save. One function per stage, one result per feed, whatever happens to it.

::

    claims.py   whose turn is it        net/fetch.py   ask the address       reading.py   bytes → entries, ready to be saved
    saving.py   new and changed stories                outcome.py   what follows for the feed       ledger.py   writing that down

One transaction holds a feed's new stories, the changed ones, their events and the feed's new state: killed at any moment, a
feed is either as it was, or wholly taken in. Several feeds share one where they come in at the same moment; if one of them
cannot be stored, each gets its own.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from bson import ObjectId
from pymongo.errors import ConnectionFailure, PyMongoError

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.db.events import SYSTEM, Origin
from media_tracker.db.gathering import Gathering
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, MediaTrackerError, NotFound, Sentence, Unavailable
from media_tracker.ingest import outcome
from media_tracker.ingest.claims import Claims, host_of
from media_tracker.ingest.documents import Result
from media_tracker.ingest.entries import ParsedEntry
from media_tracker.ingest.ledger import Held, Ledger, Note
from media_tracker.ingest.outcome import Changes, Read
from media_tracker.ingest.prepare import Prepared, prepare
from media_tracker.ingest.reading import Job, Reading, Runner, read_job, rules_of
from media_tracker.ingest.saving import Brought, Saved, Saving
from media_tracker.net.fetch import Fetched, Fetcher, NotModified
from media_tracker.outlets.documents import Feed

log = structlog.get_logger("ingest")

AT_ONCE = 48
STORED_TOGETHER = 500
"""Stories in one transaction, and ten for each look; so many characters of texts count as one more."""
CHARS_OF_A_STORY = 10_000
SECONDS_TO_FINISH = 5.0
Chance = Callable[[], float]
"""A random number from 0 to 1."""
Also = Callable[[Transaction, Saved], Awaitable[None]]


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
    warnings: tuple[Sentence, ...] = ()


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


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look has brought, and how it is written down once it is stored. ``note`` may be called more than once."""

    brought: Brought
    note: Callable[[Saved], Note]


class Ingest:
    """Takes feeds in."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        fetcher: Fetcher,
        clock: Clock,
        zone: ZoneInfo,
        claims: Claims,
        runner: Runner,
        chance: Chance,
    ) -> None:
        self.claims = claims
        self.ledger = Ledger(database)
        self._feeds = database[Feed.Settings.name]
        self._saving = Saving(database)
        self._storing = Gathering(self._save_together, most=STORED_TOGETHER, at_once=2, weight=_weight)
        self._transactor = transactor
        self._fetcher = fetcher
        self._clock = clock
        self._zone = zone
        self._runner = runner
        self._chance = chance

    async def run(
        self, feeds: Sequence[Feed], progress: Callable[[FeedResult], None] = lambda _: None
    ) -> list[FeedResult]:
        """Take in ``feeds``, some at once, those of one host in turn. Every feed gets a result, whatever happens to it."""
        free = asyncio.Semaphore(AT_ONCE)
        results: dict[ObjectId, FeedResult] = {}

        async def at_one_host(its_feeds: Sequence[Feed]) -> None:
            for feed in its_feeds:
                async with self.claims.turn(feed.url), free:
                    results[_id(feed)] = result = await self.take_in(feed)
                progress(result)

        hosts: dict[str, list[Feed]] = defaultdict(list)
        for feed in feeds:
            hosts[host_of(feed.url) if self.claims.gap else feed.url].append(feed)
        await asyncio.gather(*(at_one_host(its_feeds) for its_feeds in hosts.values()))
        return [results[_id(feed)] for feed in feeds]

    async def take_in(self, feed: Feed) -> FeedResult:
        """Look at one feed now and store what is new. Never raises for what a feed may do, only without a database."""
        started = _seconds()
        try:
            return await self._look(feed, started)
        except MediaTrackerError as error:
            told = error
        except ConnectionFailure:  # the database's trouble, and none of the outlet's
            raise
        except Exception as error:  # what nobody has thought of: it must not stop the other feeds
            log.exception("feed_not_taken_in", url=feed.url)
            told = Unavailable(N_("This feed could not be taken in. What stopped it is in the log."))
            told.__cause__ = error
        changes = outcome.failed(feed, told, self._clock(), _since(started), self._chance())
        await self.ledger.note(self._held(feed), changes)
        return FeedResult(_id(feed), feed.url, feed.title, Result.FAILED, error=told)

    async def finish(self) -> None:
        """Let what is being written down come to its end, before the database is let go: who waited for it may be gone."""
        await self._storing.finish(SECONDS_TO_FINISH)
        await self.ledger.finish(SECONDS_TO_FINISH)

    async def take_pushed(self, feed_id: ObjectId, body: bytes, content_type: str | None) -> FeedResult:
        """Store what a hub has brought for a feed. Raises :class:`NotAFeed` if it cannot be read."""
        feed, started = await self._feed(feed_id), _seconds()
        if not feed.active:
            raise NotFound(N_("This feed rests; nothing is taken in for it."))
        reading = await self._runner.run(read_job, self._job(feed, body, content_type, feed.url))

        def note(saved: Saved) -> Note:
            changes = outcome.pushed(feed, len(body), _read(reading, saved), self._clock(), _since(started))
            return Note(Held(feed_id), changes)

        saved, _ = await self._storing.ask(_Look(Brought(feed, reading.prepared, reading.leaves), note))
        return _result(feed, saved, reading.notes)

    async def take_entries(
        self,
        feed_id: ObjectId,
        entries: Sequence[ParsedEntry],
        *,
        origin: Origin = SYSTEM,
        also: Also | None = None,
    ) -> Saved:
        """Store entries that came another way than by polling: a sheet, a pasted link, the API. Doing it again adds nothing.

        ``origin``: who hands them in. ``also`` runs in the same transaction, after the stories are saved.
        """
        feed, started, now = await self._feed(feed_id), _seconds(), self._clock()
        prepared = await self._runner.run(prepare, entries, feed.column, now)

        def note(saved: Saved) -> Note:
            what = Read(len(prepared), _moments(prepared, saved), new=len(saved.new), changed=len(saved.changed))
            return Note(Held(feed_id), outcome.entered(feed, what, now, _since(started)))

        return await self._save(Brought(feed, prepared), note, also, origin)

    async def _look(self, feed: Feed, started: float) -> FeedResult:
        state = feed.state
        same_way = state.read_as == outcome.read_as(feed)
        trusted = same_way and not feed.ignore_validators
        answer = await self._fetcher.get(
            feed.url, etag=state.etag if trusted else None, last_modified=state.last_modified if trusted else None
        )
        body_hash = None if isinstance(answer, NotModified) else hashlib.sha256(answer.body).hexdigest()
        if isinstance(answer, NotModified) or (same_way and body_hash == state.body_hash):
            changes = outcome.unchanged(feed, answer, self._clock(), _since(started), self._chance())
            await self.ledger.note(self._held(feed), changes)
            await self._follow(feed, changes)
            return FeedResult(_id(feed), feed.url, feed.title, Result.NOT_MODIFIED)
        return await self._read(feed, answer, body_hash, started)

    async def _read(self, feed: Feed, answer: Fetched, body_hash: str | None, started: float) -> FeedResult:
        digests = await self.ledger.digests(_id(feed)) if feed.state.body_hash else b""  # a first read knows nothing
        job = self._job(feed, answer.body, answer.headers.content_type, answer.url, digests)
        reading = await self._runner.run(read_job, job)

        def note(saved: Saved) -> Note:
            what = _read(reading, saved, body_hash)
            changes = outcome.read(feed, answer, what, self._clock(), _since(started), self._chance())
            return Note(self._held(feed), changes, reading.digests)

        saved, changes = await self._storing.ask(_Look(Brought(feed, reading.prepared, reading.leaves), note))
        await self._follow(feed, changes)
        return _result(feed, saved, reading.notes)

    async def _save(self, brought: Brought, note: Callable[[Saved], Note], also: Also | None, origin: Origin) -> Saved:
        """Store what was handed in, in a transaction of its own."""

        async def work(tx: Transaction) -> tuple[Saved, Changes]:
            [saved] = await self._saving.save(tx, [brought], self._clock())
            noted = note(saved)
            await self.ledger.note_within(tx.session, [noted])
            if also is not None:
                await also(tx, saved)
            return saved, noted.changes

        saved, changes = await self._transactor.run(work, origin)
        await self.ledger.saved([changes.line])
        return saved

    async def _save_together(self, looks: Sequence[_Look]) -> list[tuple[Saved, Changes] | Exception]:
        """Store what several looks have brought in one transaction; if one of them cannot be, each in one of its own.

        So are two looks at one feed (a poll, and what its hub has pushed): the second has to find what the first has stored.
        """
        if len({look.brought.feed_id for look in looks}) < len(looks):
            return await self._save_each(looks)

        async def work(tx: Transaction) -> list[tuple[Saved, Note]]:
            saved = await self._saving.save(tx, [look.brought for look in looks], self._clock())
            noted = [(each, look.note(each)) for look, each in zip(looks, saved, strict=True)]
            await self.ledger.note_within(tx.session, [note for _, note in noted])
            return noted

        try:
            results = await self._transactor.run(work, SYSTEM)
        except Exception as error:
            if len(looks) == 1 or _is_of_the_database(error):
                return [error] * len(looks)
            return await self._save_each(looks)
        await self.ledger.saved([note.changes.line for _, note in results])
        return [(saved, note.changes) for saved, note in results]

    async def _save_each(self, looks: Sequence[_Look]) -> list[tuple[Saved, Changes] | Exception]:
        return [answer for look in looks for answer in await self._save_together([look])]

    def _held(self, feed: Feed) -> Held:
        """What must still be so when the result of looking at ``feed`` is written down."""
        mine = feed.state.leased_by is not None and feed.state.leased_by == self.claims.owner
        return Held(_id(feed), feed.url, self.claims.owner if mine else None)

    async def _follow(self, feed: Feed, changes: Changes) -> None:
        """Go where the feed has moved to for good."""
        if changes.moved_to is not None:
            moved = await self.ledger.move(_id(feed), feed.url, changes.moved_to, self._clock())
            log.info("feed_moved", old=feed.url, new=changes.moved_to, followed=moved)

    async def _feed(self, feed_id: ObjectId) -> Feed:
        row = await self._feeds.find_one({"_id": feed_id})
        if row is None:
            raise NotFound(N_("There is no such feed."))
        feed: Feed = Feed.model_validate(row)
        return feed

    def _job(self, feed: Feed, body: bytes, content_type: str | None, url: str, digests: bytes = b"") -> Job:
        return Job(
            body=body,
            content_type=content_type,
            url=url,
            zone=self._zone,
            now=self._clock(),
            column=feed.column,
            encoding=feed.encoding,
            rules=rules_of(feed.selectors),
            digests=digests,
        )


def _read(reading: Reading, saved: Saved, body_hash: str | None = None) -> Read:
    return Read(
        entries=reading.entries,
        published=_moments(reading.prepared, saved),
        ttl=reading.ttl,
        hub=reading.hub,
        topic=reading.topic,
        whole=reading.whole,
        notes=reading.notes,
        new=len(saved.new),
        changed=len(saved.changed),
        body_hash=body_hash,
    )


def _weight(look: _Look) -> int:
    stories = look.brought.prepared
    return 10 + len(stories) + sum(len(each.html) + len(each.text) for each in stories) // CHARS_OF_A_STORY


def _is_of_the_database(error: Exception) -> bool:
    """Whether it says nothing about what was to be stored: the database is away, or may have stored it."""
    if isinstance(error, ConnectionFailure):
        return True
    return isinstance(error, PyMongoError) and error.has_error_label("UnknownTransactionCommitResult")


def _moments(prepared: Sequence[Prepared], saved: Saved) -> list[datetime]:
    """When stories came out, for a feed's rhythm. An undated entry that was known before came out at no time that we know."""
    return [each.published_at for each in prepared if each.dated or each.key in saved.new_keys]


def _result(feed: Feed, saved: Saved, notes: tuple[Sentence, ...]) -> FeedResult:
    return FeedResult(_id(feed), feed.url, feed.title, Result.READ, len(saved.new), len(saved.changed), warnings=notes)


def _id(feed: Feed) -> ObjectId:
    assert feed.id is not None  # a stored feed has one
    return ObjectId(feed.id)


def _seconds() -> float:
    return asyncio.get_running_loop().time()


def _since(started: float) -> float:
    return round(_seconds() - started, 3)


__all__ = ["AT_ONCE", "FeedResult", "Ingest", "Result", "Summary"]
