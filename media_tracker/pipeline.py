"""What happens by itself after something has happened: the consumers of the event log, in one place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from media_tracker.db.consumers import Consumer, ConsumerRunner

LOOK_AGAIN_SECONDS = 0.2

T = TypeVar("T")
Chore = Callable[[], Awaitable[object]]


class Pipeline:
    """Runs every consumer to the end of the log; ``ingest --once`` and the worker use the same one.

    ``chores`` are done after something has been handled: what need not be done each time looks whether it has to be.
    """

    def __init__(self, runner: ConsumerRunner, consumers: Sequence[Consumer], chores: Sequence[Chore] = ()) -> None:
        self._runner = runner
        self._consumers = consumers
        self._chores = chores

    @property
    def names(self) -> tuple[str, ...]:
        """What its consumers' positions are saved under."""
        return tuple(consumer.name for consumer in self._consumers)

    async def catch_up(self) -> int:
        """Handle all that is settled. Returns how many events were handled."""
        handled = sum([await self._runner.catch_up(consumer) for consumer in self._consumers])
        if handled:
            for chore in self._chores:
                await chore()
        return handled

    async def beside(self, work: Coroutine[Any, Any, T]) -> T:
        """Do ``work``, let follow meanwhile what it makes happen, and what is left of that afterwards."""
        task = asyncio.create_task(work)
        try:
            while not task.done():
                await asyncio.wait([task], timeout=LOOK_AGAIN_SECONDS)
                if not task.done():
                    await self.catch_up()
            await self.catch_up()
            return await task
        finally:
            task.cancel()
