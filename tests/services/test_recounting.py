"""Counting everything again: in processes of their own, several times at once, and when one of those processes dies."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from pymongo.errors import OperationFailure

from media_tracker.errors import NotReady
from media_tracker.monitor import following, shares
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.facts import EVERYTHING
from media_tracker.monitor.ledger import SHEETS, Ledger, LedgerState
from media_tracker.monitor.lines import Family
from media_tracker.monitor.reading import SNAPSHOT_TRIES, SNAPSHOT_UNAVAILABLE
from media_tracker.monitor.recounting import Recounting
from media_tracker.monitor.shares import Elsewhere, Part, Reach, Share
from tests.cli.processes import until
from tests.services.scene import Scene
from tests.services.test_counting import days

WAITING = """
import multiprocessing, os, time
from concurrent.futures import ProcessPoolExecutor
from media_tracker.monitor.shares import _end_with_parent
spawn = multiprocessing.get_context("spawn")
pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_end_with_parent)
print(pool.submit(os.getpid).result(), flush=True)
time.sleep(600)
"""


def dies(elsewhere: Elsewhere, share: Share) -> NoReturn:
    """What a process does that the system takes the memory from."""
    os._exit(9)


def counts_nothing(elsewhere: Elsewhere, share: Share) -> Part:
    """What would be seen in the figures, if it were asked."""
    return Part(share.family, len(share.ids), 0, {}, {})


async def told(scene: Scene) -> None:
    """Stories of which two have the same text, and a problem."""
    stories = [await scene.exposure() for _ in range(5)]
    await scene.expose(stories[0])
    one_text = {"cluster": stories[0].cluster, "copied": True}
    ids = [each.id for each in stories[:2]]
    await scene.services.database["stories"].update_many({"_id": {"$in": ids}}, {"$set": one_text})


@pytest.fixture
def in_small_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "IN_SHARE", dict.fromkeys(Family, 2))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


@pytest.mark.usefixtures("in_small_shares")
async def test_processes_of_their_own_come_to_the_same(
    scene: Scene, mongodb_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told(scene)
    alone = await scene.services.counting.recount()

    async def not_here(*args: object) -> NoReturn:
        raise AssertionError("this process counts, too")

    monkeypatch.setattr(shares, "count", not_here)
    together = await scene.services.counting.recount(reach=Reach(mongodb_uri, tmp_path))
    assert (together.compared, list(together.differences)) == (True, [])
    assert together.lines == alone.lines
    assert alone.lines[Family.STORY] > 3


@pytest.mark.usefixtures("in_small_shares")
@pytest.mark.parametrize("work", [dies, counts_nothing])
async def test_where_a_process_dies_this_one_goes_on_alone(
    scene: Scene, mongodb_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: Callable[..., Any]
) -> None:
    await told(scene)
    alone = await scene.services.counting.recount()
    monkeypatch.setattr(shares, "_count_elsewhere", work)
    found = await scene.services.counting.recount(reach=Reach(mongodb_uri, tmp_path))
    assert (found.lines == alone.lines) == (work is dies), "what a process says is taken, and what none says is counted"


async def test_a_process_that_counts_ends_with_the_one_that_asked_it() -> None:
    asking = await asyncio.create_subprocess_exec(sys.executable, "-c", WAITING, stdout=asyncio.subprocess.PIPE)
    assert asking.stdout is not None
    counting = int(await asking.stdout.readline())
    assert is_running(counting)
    asking.send_signal(signal.SIGKILL)
    await asking.wait()

    async def ended() -> bool:
        return not is_running(counting)

    await until(ended)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_of_two_recounts_at_once_the_first_is_read_and_the_other_begins_anew(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told(scene)
    counting, switch = scene.services.counting, Recounting._switch
    await counting.recount()
    waiting: list[Callable[[], Awaitable[object]]] = [counting.recount]

    async def overtaken(self: Recounting, *given: Any) -> bool:
        if waiting:
            await waiting.pop()()
        return await switch(self, *given)

    monkeypatch.setattr(Recounting, "_switch", overtaken)
    found = await counting.recount()
    assert (found.compared, list(found.differences)) == (True, [])
    state = await counting.ledger.state()
    assert state is not None
    names = [row["_id"] async for row in scene.services.database[SHEETS].find({}, {"_id": 1})]
    assert names
    assert {name.partition(":")[0] for name in names} == {str(state.generation)}, "nothing is left of the other"
    overview = await scene.services.monitor.overview(days(scene), [])
    assert overview.figures[Key.STORIES].value == 5


async def test_a_moment_is_counted_although_a_writer_was_killed_and_nothing_has_happened_since(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = scene.services
    await scene.exposure()
    monkeypatch.setattr(following, "LONG_PATIENCE", 0.1)
    await services.log.draw(1)  # by a process that was killed before it wrote anything
    with pytest.raises(NotReady):
        await services.monitor.overview(days(scene), [], as_of=scene.clock.now)
    scene.clock.set(scene.clock.now + timedelta(seconds=71))
    found = await services.monitor.overview(days(scene), [], as_of=scene.clock.now)
    assert found.figures[Key.STORIES].value == 1
    await scene.exposure()
    assert (await services.monitor.overview(days(scene), [])).figures[Key.STORIES].value == 2


@pytest.fixture
def not_asked_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a snapshot."""

    async def at_once(seconds: float) -> None:
        await sleep(0)

    sleep = asyncio.sleep
    monkeypatch.setattr("media_tracker.monitor.reading.asyncio.sleep", at_once)


@pytest.mark.usefixtures("not_asked_long")
@pytest.mark.parametrize("failures", [1, SNAPSHOT_TRIES - 1, SNAPSHOT_TRIES])
async def test_lists_that_are_read_bit_by_bit_wait_until_there_is_a_snapshot(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    await told(scene)
    monitor, touch, left = scene.services.monitor, Ledger.touch, failures
    whole = (await monitor.figure(Key.STORIES, days(scene), EVERYTHING)).rows

    async def fails(self: Ledger, session: Any) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            raise OperationFailure("none yet", SNAPSHOT_UNAVAILABLE)
        await touch(self, session)

    monkeypatch.setattr(Ledger, "touch", fails)
    if failures == SNAPSHOT_TRIES:
        with pytest.raises(OperationFailure):
            [row async for row in monitor.each(Key.STORIES, days(scene), EVERYTHING)]
        return
    assert [row async for row in monitor.each(Key.STORIES, days(scene), EVERYTHING)] == list(whole)
    left = failures
    by_day = [found async for found in monitor.each_day(days(scene), [Family.STORY])]
    assert sum(len(found.places[Key.STORIES]) for found in by_day if Key.STORIES in found.places) == len(whole) == 5


@pytest.mark.usefixtures("not_asked_long")
@pytest.mark.parametrize("failures", [3, SNAPSHOT_TRIES])
async def test_who_finds_no_figures_in_any_snapshot_is_asked_to_come_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    await told(scene)
    monitor, state, left = scene.services.monitor, Ledger.state, failures
    await monitor.overview(days(scene), [])

    async def not_there(self: Ledger, session: Any = None) -> LedgerState | None:
        nonlocal left
        if session is not None and session.options.snapshot:
            left -= 1
            if left >= 0:
                return None
        return await state(self, session)

    monkeypatch.setattr(Ledger, "state", not_there)
    if failures == SNAPSHOT_TRIES:
        with pytest.raises(NotReady):
            await monitor.figure(Key.STORIES, days(scene), EVERYTHING)
        left = failures
        with pytest.raises(NotReady):
            [row async for row in monitor.each(Key.STORIES, days(scene), EVERYTHING)]
        return
    assert (await monitor.figure(Key.STORIES, days(scene), EVERYTHING)).value == 5
    left = failures
    assert len([row async for row in monitor.each(Key.STORIES, days(scene), EVERYTHING)]) == 5
