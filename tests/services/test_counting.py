"""What pages show while something is still being counted, moments that stay what they are, and counting in several shares."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bson import ObjectId

from media_tracker.db.leases import Leases
from media_tracker.errors import NotReady
from media_tracker.monitor import following, shares
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.facts import EVERYTHING, Period
from media_tracker.monitor.lines import Family
from media_tracker.problems.case import State
from media_tracker.web.live_hub import LiveHub
from tests.cli.processes import until
from tests.services.scene import Scene

POSITION = "counting"


def days(scene: Scene) -> Period:
    """The month that ends today."""
    today = scene.clock.now.astimezone(scene.services.settings.zone).date()
    return Period(today - timedelta(days=30), today)


async def test_a_page_does_not_wait_for_what_takes_long_and_says_until_when_it_is_counted(scene: Scene) -> None:
    services = scene.services
    await scene.exposure()
    counted = await services.monitor.overview(days(scene), [])
    assert counted.counted_at is None

    leases = Leases(services.database, scene.clock)
    # Who counted gives the lease back a moment after the page has its answer.
    await until(lambda: leases.acquire(f"consumer:{POSITION}", "another process", 60.0))
    before = scene.clock.now
    scene.clock.set(before + timedelta(seconds=5))
    await scene.exposure()
    services.counting.patience = 0.1
    late = await services.monitor.overview(days(scene), [])
    part = await services.monitor.part(Key.STORIES, days(scene), EVERYTHING, 0, 10)
    assert late.figures[Key.STORIES].value == counted.figures[Key.STORIES].value == part.count
    assert late.counted_at is not None
    assert late.counted_at <= before
    assert part.counted_at == late.counted_at

    await leases.release(f"consumer:{POSITION}", "another process")
    services.counting.patience = 60.0
    now = await services.monitor.overview(days(scene), [])
    assert now.counted_at is None
    assert now.figures[Key.STORIES].value == counted.figures[Key.STORIES].value + 1


async def test_this_moment_is_not_counted_as_long_as_something_from_before_it_can_still_come(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = scene.services
    await scene.exposure()
    monkeypatch.setattr(following, "LONG_PATIENCE", 0.1)
    drawn = await services.log.draw(1)  # a change that is about to be committed
    with pytest.raises(NotReady):
        await services.monitor.overview(days(scene), [], as_of=scene.clock.now)
    await services.log.void(drawn)  # it has come to nothing
    found = await services.monitor.overview(days(scene), [], as_of=scene.clock.now)
    assert found.figures[Key.STORIES].value == 1


async def test_who_counts_during_a_recount_does_not_move_on_from_where_it_ends(scene: Scene) -> None:
    services = scene.services
    await scene.expose(await scene.exposure())
    await services.monitor.overview(days(scene), [])
    read = await services.consuming.position(POSITION)  # by who is about to count what comes next
    await services.counting.recount()
    moved = await services.database["consumers"].update_one(
        {"_id": POSITION, "position": read}, {"$inc": {"position": 1}}
    )
    assert moved.matched_count == 0
    assert (await services.monitor.overview(days(scene), [])).counted_at is None
    assert await services.consuming.position(POSITION) == read


async def test_counting_in_many_shares_comes_to_the_same(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    services = scene.services
    stories = [await scene.exposure() for _ in range(3)]
    await scene.expose(stories[0])
    one_text = {"cluster": stories[0].cluster, "copied": True}
    await services.database["stories"].update_many({"_id": {"$in": [each.id for each in stories]}}, {"$set": one_text})
    whole = await services.counting.recount()
    assert whole.lines[Family.STORY] > 0
    monkeypatch.setattr(shares, "IN_SHARE", dict.fromkeys(Family, 1))
    monkeypatch.setattr(shares, "AT_ONCE", dict.fromkeys(Family, 1))
    parts = await services.counting.recount()
    assert parts.compared
    assert parts.differences == []
    assert parts.lines == whole.lines


async def test_a_list_of_the_past_shows_how_far_a_problem_had_come_by_then(scene: Scene) -> None:
    services = scene.services
    problem = await scene.expose(await scene.exposure())
    then = scene.clock.now
    scene.clock.set(then + timedelta(days=2))
    await scene.assigned(problem)
    rows = (await services.monitor.figure(Key.PROBLEMS, days(scene), EVERYTHING)).rows
    now = await services.monitor.shown(rows)
    past = await services.monitor.shown(rows, as_of=then)
    assert now.problems[problem.case.id].state is State.ASSIGNED
    assert past.problems[problem.case.id].state is State.REGISTERED
    assert past.problems[problem.case.id].title == problem.title


async def test_pages_that_begin_to_listen_are_told_what_was_under_way(scene: Scene) -> None:
    services = scene.services
    await scene.exposure()
    settled = await services.log.last_position()
    drawn = await services.log.draw(1)
    await scene.exposure()
    hub = LiveHub(services.database, services.log, services.sessions)
    async with hub.listen(ObjectId(), "session"):
        assert hub.position == settled
    await services.log.void(drawn)
