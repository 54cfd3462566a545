"""Full text: the article's page is asked for what the feed leaves out, story by story, apart from polling.

What the page says takes the place of the summary only if it says more and is the same story. Whatever fails, the summary stays,
and the page is asked again: six times within some days.
"""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog
from bson import ObjectId
from pymongo import ReturnDocument

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import SYSTEM, NewEvent
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import MediaTrackerError
from media_tracker.ingest.documents import FullText, FullTextState, Story
from media_tracker.ingest.full_text import PAGE_TYPES, Article, extract, should_replace
from media_tracker.ingest.identity import content_hash
from media_tracker.ingest.reading import Runner
from media_tracker.ingest.robots import Robots
from media_tracker.ingest.saving import ENTITY
from media_tracker.net.fetch import Fetched, Fetcher, FetchLimits
from media_tracker.text.segment import search_tokens

log = structlog.get_logger("articles")

LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 6
FIRST_RETRY = timedelta(minutes=15)
"""Each further one waits four times as long: the sixth try comes after about three and a half days."""
_LIMITS = FetchLimits(bytes_decompressed=5 * 2**20, cut=True)


class Articles:
    """Completes stories whose feeds ask for it."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        fetcher: Fetcher,
        clock: Clock,
        zone: ZoneInfo,
        runner: Runner,
    ) -> None:
        self._stories = database[Story.Settings.name]
        self._transactor = transactor
        self._fetcher = fetcher
        self._robots = Robots(fetcher, clock)
        self._clock = clock
        self._zone = zone
        self._runner = runner

    async def due(self) -> Story | None:
        """One story whose page is to be asked, out of others' reach for five minutes; None when there is none.

        Its next try is moved away first: a page that kills its reader is not the first to be asked again.
        """
        now = self._clock()
        row = await self._stories.find_one_and_update(
            {"full_text.state": FullTextState.WANTED.value, "full_text.next_at": {"$lte": now}, "withdrawn_at": None},
            {"$set": {"full_text.next_at": now + LEASE}, "$inc": {"full_text.attempts": 1}},
            sort=[("full_text.next_at", 1)],
            return_document=ReturnDocument.AFTER,
        )
        if row is None:
            return None
        story: Story = Story.model_validate(row)
        return story

    async def complete(self, story: Story) -> FullTextState:
        """Ask the page of ``story``. Never raises for what a page may do."""
        try:
            if not await self._robots.allowed(story.url):
                return await self._leave(
                    story, FullTextState.KEPT, "The site asks not to have this page read (robots.txt)."
                )
            answer = await self._fetcher.get(story.url, accept=PAGE_TYPES, limits=_LIMITS)
            assert isinstance(answer, Fetched)  # no validators were sent
            article = await self._runner.run(
                extract, answer.body, answer.headers.content_type, answer.url, self._zone, self._clock()
            )
        except MediaTrackerError as error:
            return await self._again(story, str(error))
        except Exception as error:  # what nobody has thought of: it must not stop the other stories
            log.exception("article_not_read", url=story.url)
            return await self._again(story, f"Reading the page failed ({type(error).__name__}).")
        if article is None:
            return await self._again(story, "No article was found on the page.")
        if not should_replace(story.text, article.text):
            return await self._leave(story, FullTextState.KEPT, "The page does not say more than the feed.")
        return await self._replace(story, article)

    async def _replace(self, story: Story, article: Article) -> FullTextState:
        digest = content_hash(story.title, article.text)

        async def work(tx: Transaction) -> bool:
            changes: Json = {
                "html": article.html,
                "text": article.text,
                "author": story.author or article.author,
                "image": story.image or article.image,
                "content_hash": digest,
                "source_hash": story.source_hash or story.content_hash,
                "search": sorted(set(search_tokens(f"{story.title}\n{article.text}"))),
                "changed_since_decision": story.changed_since_decision or story.decision is not None,
                "full_text": _now_is(FullTextState.DONE, story),
            }
            done = await self._stories.update_one(
                {"_id": story.id, "version": story.version},
                {"$set": changes, "$inc": {"version": 1}},
                session=tx.session,
            )
            if done.matched_count:
                now = self._clock()
                tx.record(NewEvent(ENTITY, _id(story), story.version + 1, "completed", now, {"content_hash": digest}))
            return bool(done.matched_count)

        # Somebody has changed the story meanwhile: its page is asked again when the lease is over.
        return FullTextState.DONE if await self._transactor.run(work, SYSTEM) else FullTextState.WANTED

    async def _again(self, story: Story, why: str) -> FullTextState:
        attempts = story.full_text.attempts if story.full_text else 1
        if attempts >= MOST_ATTEMPTS:
            return await self._leave(story, FullTextState.GIVEN_UP, why)
        again = self._clock() + FIRST_RETRY * 4 ** (attempts - 1)
        await self._stories.update_one(
            {"_id": story.id, "full_text.state": FullTextState.WANTED.value},
            {"$set": {"full_text.next_at": again, "full_text.note": why}},
        )
        return FullTextState.WANTED

    async def _leave(self, story: Story, state: FullTextState, why: str) -> FullTextState:
        await self._stories.update_one(
            {"_id": story.id, "full_text.state": FullTextState.WANTED.value},
            {"$set": {"full_text": _now_is(state, story, why)}},
        )
        return state


def _now_is(state: FullTextState, story: Story, why: str = "") -> Json:
    attempts = story.full_text.attempts if story.full_text else 0
    return FullText(state=state, attempts=attempts, note=why).model_dump()


def _id(story: Story) -> ObjectId:
    assert story.id is not None  # a stored story has one
    return ObjectId(story.id)
