"""Every feed that was collected, through the real way in. Most need the folder MEDIA_TRACKER_TEST_DATA."""

from __future__ import annotations

import asyncio
import io
import warnings
from pathlib import Path

import feedparser
import pytest
from bson import ObjectId

from media_tracker.ingest.documents import Result
from media_tracker.outlets.documents import OutletKind, Platform
from tests.ingest.test_read import NOT_AS_FEEDPARSER, real_documents
from tests.services.origin import Answer
from tests.services.scene import Scene

UNTHOUGHT_OF = "This feed could not be taken in. What stopped it is in the log."


def entries_by_feedparser(path: Path) -> int:
    if path.name in NOT_AS_FEEDPARSER:
        return NOT_AS_FEEDPARSER[path.name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return len(feedparser.parse(io.BytesIO(path.read_bytes())).entries)


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_every_collected_feed_is_taken_in_over_http_without_an_error_nobody_has_thought_of(scene: Scene) -> None:
    outlet = await scene.services.outlets.add_outlet("各处", OutletKind.PORTAL, partner=False)
    paths: dict[ObjectId, Path] = {}
    for number, path in enumerate(real_documents()):
        scene.origin.answers[f"/{number}"] = Answer(path.read_bytes(), headers={"Content-Type": "application/xml"})
        feed_id = await scene.services.outlets.add_feed(outlet, scene.origin.url(f"/{number}"), path.name, Platform.WEB)
        assert feed_id is not None
        paths[feed_id] = path

    results = await scene.services.ingest.run(await scene.services.outlets.feeds())

    assert [paths[each.feed_id].name for each in results if str(each.error) == UNTHOUGHT_OF] == []
    read = {feed.id: feed.state.stories_last for feed in await scene.services.outlets.feeds()}
    expected = await asyncio.to_thread(
        lambda: {feed_id: entries_by_feedparser(path) for feed_id, path in paths.items()}
    )
    wrong = {
        paths[feed_id].name: (read[feed_id], count) for feed_id, count in expected.items() if read[feed_id] != count
    }
    assert wrong == {}

    again = await scene.services.ingest.run(await scene.services.outlets.feeds())

    assert sum(each.new for each in again) == 0
    assert {each.result for each in again} <= {Result.NOT_MODIFIED, Result.FAILED, Result.READ}
