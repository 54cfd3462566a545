"""Full text: the article's page is asked for what the feed leaves out, story by story, apart from polling.

What the page says takes the place of the summary only if it says more and is the same story. Whatever fails, the summary stays,
and the page is asked again: six times within some days. Pages take turns at hosts with feeds and with each other
(``claims.py``), also at those that a page sends us on to, and of many stories that wait those of one host hold up no other's.
"""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import COLLECTION as EVENTS
from media_tracker.db.events import SYSTEM, NewEvent
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import MediaTrackerError
from media_tracker.ingest.claims import Claims, host_of
from media_tracker.ingest.documents import FullText, FullTextState, Story
from media_tracker.ingest.full_text import PAGE_TYPES, Article, extract, should_replace
from media_tracker.ingest.identity import content_hash
from media_tracker.ingest.reading import Runner
from media_tracker.ingest.robots import Robots, RobotsUnknown
from media_tracker.ingest.saving import ENTITY
from media_tracker.ingest.schedule import asked_to_wait
from media_tracker.ingest.story_format import StoryFormat, format_of, on_platform
from media_tracker.ingest.words import Said, StoryWords
from media_tracker.net.fetch import Fetched, Fetcher, FetchLimits
from media_tracker.text.fingerprint import fingerprint
from media_tracker.text.segment import search_tokens

log = structlog.get_logger("articles")

LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 6
FIRST_RETRY = timedelta(minutes=15)
"""Each further one waits four times as long: the sixth try comes after about three and a half days."""
SECONDS_FOR_A_TURN = 15.0
"""At a host that a page sends us on to; meanwhile its own host is ours. Two that send to each other must not wait for ever."""
BUSY = timedelta(minutes=1)
"""Where such a host is not to be had, the page is asked again after so long."""
_FORBIDDEN = "The site asks not to have this page read (robots.txt)."
_LIMITS = FetchLimits(bytes_decompressed=5 * 2**20, cut=True)


@dataclass(frozen=True, slots=True)
class NoArticle:
    """Why the summary stays, for good or (``WANTED``) for now; ``not_before``: until when the server asked us to wait.

    ``tried``: the page has been asked; if not, it does not count.
    """

    why: str
    state: FullTextState = FullTextState.WANTED
    not_before: datetime | None = None
    tried: bool = True


class _SentOn(Exception):
    """The page sends us to an address that we do not ask."""

    def __init__(self, found: NoArticle) -> None:
        super().__init__(found.why)
        self.found = found


class Articles:
    """Completes stories whose feeds ask for it."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        fetcher: Fetcher,
        claims: Claims,
        clock: Clock,
        zone: ZoneInfo,
        runner: Runner,
    ) -> None:
        self._stories = database[Story.Settings.name]
        self._events = database[EVENTS]
        self._words = StoryWords(database)
        self._transactor = transactor
        self._fetcher = fetcher
        self._claims = claims
        self._robots = Robots(fetcher, clock)
        self._clock = clock
        self._zone = zone
        self._runner = runner

    async def due(self, limit: int) -> list[Story]:
        """Up to ``limit`` stories whose pages are to be asked, no two of one host, out of others' reach for five minutes.

        Each one's next try is moved away first: a page that kills its reader is not the first to be asked again. The turns of
        their hosts are taken; ``complete`` frees them.
        """
        now = self._clock()
        due = {"full_text.state": FullTextState.WANTED.value, "full_text.next_at": {"$lte": now}, "withdrawn_at": None}
        tried: list[Json] = []
        claimed: list[Story] = []
        try:
            async with aclosing(self._claims.in_turn(self._stories, due, "full_text.next_at")) as waiting:
                async for row in waiting:
                    tried.append(row)
                    story = await self._claim(row["_id"], due, now + LEASE)
                    if story is not None:
                        claimed.append(story)
                    else:
                        await self._claims.give_back_host(row["url"])
                    if len(claimed) >= limit:
                        break
        except (asyncio.CancelledError, PyMongoError):
            with contextlib.suppress(PyMongoError):  # without a database the leases run out by themselves
                for row in tried:
                    await self._give_back(row["_id"], now + LEASE)
                    await self._claims.give_back_host(row["url"])
            raise
        return claimed

    async def complete(self, story: Story) -> FullTextState:
        """Ask the page of ``story``, which is due. Never raises for what a page may do. Who is stopped has not tried."""
        not_before, asked = None, [story.url]
        try:
            found = await self._ask(story, asked)
            if isinstance(found, Article):
                return await self._replace(story, found)
            not_before = found.not_before if found.tried else None
            return await self._keep(story, found)
        except asyncio.CancelledError:
            if story.full_text is not None and story.full_text.next_at is not None:
                await self._give_back(_id(story), story.full_text.next_at)
            raise
        finally:
            for url in asked:
                pause = self._robots.pause(url)
                wanted = [at for at in (not_before, self._clock() + pause if pause else None) if at is not None]
                await self._claims.free_host(url, max(wanted, default=None))

    async def _claim(self, story_id: ObjectId, due: Json, until: datetime) -> Story | None:
        row = await self._stories.find_one_and_update(
            {"_id": story_id, **due},
            {"$set": {"full_text.next_at": until}, "$inc": {"full_text.attempts": 1}},
            return_document=ReturnDocument.AFTER,
        )
        return Story.model_validate(row) if row is not None else None

    async def _give_back(self, story_id: ObjectId, until: datetime) -> None:
        """Let go of a story that was claimed ``until`` then, if it still is: nobody has tried."""
        await self._stories.update_one(
            {"_id": story_id, "full_text.state": FullTextState.WANTED.value, "full_text.next_at": until},
            {"$set": {"full_text.next_at": self._clock()}, "$inc": {"full_text.attempts": -1}},
        )

    async def _ask(self, story: Story, asked: list[str]) -> Article | NoArticle:
        """What the page of ``story`` says, or why nothing of it is taken.

        ``asked`` gets an address of each host whose turn was taken besides; the caller frees them.
        """

        async def may_go_on(url: str) -> None:
            if host_of(url) not in map(host_of, asked):
                if not await self._claims.wait_for_host(url, SECONDS_FOR_A_TURN):
                    later = self._clock() + BUSY
                    raise _SentOn(
                        NoArticle("The site that the page leads to is being asked.", not_before=later, tried=False)
                    )
                asked.append(url)
            if not await self._robots.allowed(url):
                raise _SentOn(NoArticle(_FORBIDDEN, FullTextState.KEPT))

        try:
            if not await self._robots.allowed(story.url):
                return NoArticle(_FORBIDDEN, FullTextState.KEPT)
            answer = await self._fetcher.get(story.url, accept=PAGE_TYPES, limits=_LIMITS, on_redirect=may_go_on)
            assert isinstance(answer, Fetched)  # no validators were sent
            article = await self._runner.run(
                extract, answer.body, answer.headers.content_type, answer.url, self._zone, self._clock()
            )
        except _SentOn as stopped:
            return stopped.found
        except RobotsUnknown as error:
            return NoArticle(str(error), not_before=error.wait_until)
        except MediaTrackerError as error:
            return NoArticle(str(error), not_before=asked_to_wait(error, self._clock()))
        except Exception as error:  # what nobody has thought of: it must not stop the other stories
            log.exception("article_not_read", url=story.url)
            return NoArticle(f"Reading the page failed ({type(error).__name__}).")
        if article is None:
            return NoArticle("No article was found on the page.")
        if not should_replace(story.text, article.text):
            return NoArticle("The page does not say more than the feed.", FullTextState.KEPT)
        return article

    async def _replace(self, story: Story, article: Article) -> FullTextState:
        digest = content_hash(story.title, article.text)
        words = "\n".join(search_tokens(f"{story.title}\n{article.text}"))
        told = await self._format(story, article)

        async def work(tx: Transaction) -> bool:
            changes: Json = {
                "html": article.html,
                "text": article.text,
                "author": story.author or article.author,
                "image": story.image or article.image,
                "content_hash": digest,
                "source_hash": story.source_hash or story.content_hash,
                "search": [],
                "bands": fingerprint(article.text).keys,
                "changed_since_decision": story.changed_since_decision or story.decision is not None,
                "full_text": _now_is(FullTextState.DONE, story),
                "format": told,
            }
            done = await self._stories.update_one(
                {"_id": story.id, "version": story.version},
                {"$set": changes, "$inc": {"version": 1}},
                session=tx.session,
            )
            if done.matched_count:
                now = self._clock()
                tx.record(NewEvent(ENTITY, _id(story), story.version + 1, "completed", now, {"content_hash": digest}))
                await self._words.write(tx.session, [([Said(_id(story), story.published_at, digest, words)], ())])
            return bool(done.matched_count)

        # Somebody has changed the story meanwhile: its page is asked again when the lease is over.
        return FullTextState.DONE if await self._transactor.run(work, SYSTEM) else FullTextState.WANTED

    async def _format(self, story: Story, article: Article) -> StoryFormat | None:
        """In which form it is told, now that all of it is there, with what the feed left out; what an editor has said stays."""
        said = {"entity": ENTITY, "entity_id": _id(story), "seq": {"$gt": 0}, "type": "format_said"}
        if story.format is not StoryFormat.TEXT or await self._events.find_one(said, {"_id": 1}) is not None:
            return story.format
        return on_platform(format_of(article.html, story.url), story.platform)

    async def _keep(self, story: Story, found: NoArticle) -> FullTextState:
        """Write down that the summary stays, unless it is another one by now: that one has its own wish."""
        attempts = story.full_text.attempts if story.full_text else 1
        state = found.state
        if not found.tried:
            changes: Json = {
                "full_text.next_at": found.not_before,
                "full_text.note": found.why,
                "full_text.attempts": attempts - 1,
            }
        elif state is FullTextState.WANTED and attempts < MOST_ATTEMPTS:
            again = self._clock() + FIRST_RETRY * 4 ** (attempts - 1)
            next_at = again if found.not_before is None else max(again, found.not_before)
            changes = {"full_text.next_at": next_at, "full_text.note": found.why}
        else:
            state = FullTextState.GIVEN_UP if state is FullTextState.WANTED else state
            changes = {"full_text": _now_is(state, story, found.why)}
        kept = await self._stories.update_one(
            {"_id": story.id, "version": story.version, "full_text.state": FullTextState.WANTED.value},
            {"$set": changes},
        )
        return state if kept.matched_count else FullTextState.WANTED


def _now_is(state: FullTextState, story: Story, why: str = "") -> Json:
    attempts = story.full_text.attempts if story.full_text else 0
    return FullText(state=state, attempts=attempts, note=why).model_dump()


def _id(story: Story) -> ObjectId:
    assert story.id is not None  # a stored story has one
    return ObjectId(story.id)
