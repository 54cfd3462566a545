"""Why a story was withdrawn is on record."""

from __future__ import annotations

import pytest
from bson import ObjectId

from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.ingest.documents import Story
from media_tracker.tagging.service import ENTITY
from media_tracker.tagging.withdrawal import WithdrawalReason
from tests.services.scene import Scene


@pytest.mark.parametrize("reason", [*WithdrawalReason, None])
async def test_the_event_keeps_the_reason(
    scene: Scene, transactor: Transactor, reason: WithdrawalReason | None
) -> None:
    story = await scene.story()

    async def work(tx: Transaction) -> Story:
        return await scene.services.tagging.withdraw_in(tx, ObjectId(story.id), story.version, reason)

    withdrawn = await transactor.run(work, scene.who(scene.editor))

    last = (await scene.services.log.of(ENTITY, ObjectId(story.id)))[-1]
    assert (last.type, last.seq, last.actor) == ("withdrawn", withdrawn.version, scene.editor.user_id)
    assert last.payload.get("reason") == reason
