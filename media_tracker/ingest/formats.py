"""An editor says in which form a story is told."""

from __future__ import annotations

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.db.events import NewEvent, Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, Forbidden
from media_tracker.ingest.documents import Story
from media_tracker.ingest.story_format import StoryFormat

ENTITY = "story"


class StoryFormats:
    """Corrects formats of stories."""

    def __init__(self, database: Database, transactor: Transactor, clock: Clock) -> None:
        self._stories = database[Story.Settings.name]
        self._transactor = transactor
        self._clock = clock

    async def correct(self, story_id: str, version: int, told: StoryFormat, actor: Actor, origin: Origin) -> None:
        """Have the story, which somebody saw at ``version``, told as ``told``.

        Raises:
            Forbidden: no editor. Conflict: somebody has changed it meanwhile, or there is none.
        """
        if not actor.has(Role.EDITOR):
            raise Forbidden(N_("Only editors can do this."))
        key, now = parse_id(story_id), self._clock()

        async def work(tx: Transaction) -> None:
            query = {"_id": key, "version": version}
            update = {"$set": {"format": told.value}, "$inc": {"version": 1}}
            result = await self._stories.update_one(query, update, session=tx.session)
            if result.matched_count == 0:
                raise Conflict(N_("Somebody has changed this story in the meantime. Look at it again."))
            tx.record(NewEvent(ENTITY, key, version + 1, "format_said", now, {"format": told.value}))

        await self._transactor.run(work, origin)
