from __future__ import annotations

import asyncio

from media_tracker.net.turns import HostTurns


async def visit(turns: HostTurns, host: str, log: list[tuple[str, float]], seconds: float = 0.0) -> None:
    async with turns.turn(host):
        log.append(("in", asyncio.get_running_loop().time()))
        await asyncio.sleep(seconds)
        log.append(("out", asyncio.get_running_loop().time()))


async def test_one_host_is_asked_one_at_a_time_with_a_gap_between() -> None:
    turns, log = HostTurns(0.05), []  # type: HostTurns, list[tuple[str, float]]
    await asyncio.gather(*(visit(turns, "a.example", log, 0.01) for _ in range(3)))
    assert [word for word, _ in log] == ["in", "out"] * 3
    for (_, out), (_, into) in zip(log[1::2], log[2::2], strict=False):
        assert into - out >= 0.049


async def test_different_hosts_do_not_wait_for_each_other() -> None:
    turns = HostTurns(30)
    log: list[tuple[str, float]] = []
    async with asyncio.timeout(5):
        await asyncio.gather(*(visit(turns, f"{n}.example", log, 0.01) for n in range(20)))
    assert len(log) == 40


async def test_no_gap_means_no_turns() -> None:
    turns = HostTurns(0)
    log: list[tuple[str, float]] = []
    await asyncio.gather(*(visit(turns, "a.example", log, 0.02) for _ in range(3)))
    assert [word for word, _ in log] == ["in"] * 3 + ["out"] * 3


async def test_who_gives_up_waiting_does_not_hold_up_the_next() -> None:
    turns = HostTurns(0.05)
    log: list[tuple[str, float]] = []
    await visit(turns, "a.example", log)
    impatient = asyncio.create_task(visit(turns, "a.example", log))
    await asyncio.sleep(0.01)
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    async with asyncio.timeout(5):
        await visit(turns, "a.example", log)
    assert len(log) == 4


async def test_idle_hosts_are_forgotten() -> None:
    turns = HostTurns(0.001)
    log: list[tuple[str, float]] = []
    for n in range(1100):
        await visit(turns, f"{n}.example", log)
    assert len(turns._hosts) <= 1025
