"""Reading away from the event loop: in processes that may be killed, and that a document may bring down."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import psutil
import pytest
import pytest_asyncio

from media_tracker.ingest.entries import NotAFeed
from media_tracker.ingest.reading import InProcesses


@pytest_asyncio.fixture
async def readers() -> AsyncIterator[InProcesses]:
    running = InProcesses(processes=1, seconds=5.0)
    yield running
    await running.close()


def kill_myself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(what: str) -> None:
    raise ValueError(what)


async def test_work_is_done_in_another_process(readers: InProcesses) -> None:
    assert await readers.run(os.getpid) != os.getpid()


async def test_what_takes_too_long_is_stopped_and_the_next_is_read(readers: InProcesses) -> None:
    with pytest.raises(NotAFeed, match="longer than 5 seconds"):
        await readers.run(time.sleep, 60)

    assert await readers.run(len, "abc") == 3


async def test_what_brings_its_reader_down_is_told_and_the_next_is_read(readers: InProcesses) -> None:
    with pytest.raises(NotAFeed, match="brought its reader down"):
        await readers.run(kill_myself)

    assert await readers.run(len, "abc") == 3


async def test_a_reader_that_dies_while_it_is_idle_is_replaced(readers: InProcesses) -> None:
    reader = psutil.Process(await readers.run(os.getpid))
    reader.kill()
    await asyncio.sleep(1.0)  # until the pool has noticed, or not

    assert await readers.run(len, "abc") == 3
    assert await readers.run(len, "abcd") == 4


async def test_an_error_of_the_work_comes_out(readers: InProcesses) -> None:
    with pytest.raises(ValueError, match="no"):
        await readers.run(fail, "no")


async def test_after_the_end_nothing_is_left_running() -> None:
    running = InProcesses(processes=2)
    reader = psutil.Process(await running.run(os.getpid))

    await running.close()

    assert not reader.is_running() or reader.status() == psutil.STATUS_ZOMBIE
