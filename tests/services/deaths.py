"""Ways for a process to end or to halt in the middle of its work, and for the server to refuse it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from media_tracker.db.connection import Database
from media_tracker.db.events import EventLog, Origin
from media_tracker.db.transactions import Transaction, Transactor

T = TypeVar("T")


class Killed(BaseException):
    """Stands for the end of a process: nothing in it catches it."""


class DyingTransactor(Transactor):
    """Ends after the work is done and before it is committed, ``times`` times; the first ``after`` pieces of work are spared."""

    def __init__(self, database: Database, log: EventLog, times: int = 1, after: int = 0) -> None:
        super().__init__(database, log)
        self._left = times
        self._spared = after

    async def run(self, work: Callable[[Transaction], Awaitable[T]], origin: Origin) -> T:
        async def dies(tx: Transaction) -> T:
            result = await work(tx)
            if self._left and not self._spared:
                self._left -= 1
                raise Killed
            return result

        result = await super().run(dies, origin)
        self._spared = max(0, self._spared - 1)
        return result


class PausingTransactor(Transactor):
    """Waits after the work is done and before it is committed: ``saved`` is set then, and ``go_on`` is waited for."""

    def __init__(self, database: Database, log: EventLog) -> None:
        super().__init__(database, log)
        self.saved = asyncio.Event()
        self.go_on = asyncio.Event()

    async def run(self, work: Callable[[Transaction], Awaitable[T]], origin: Origin) -> T:
        async def pauses(tx: Transaction) -> T:
            result = await work(tx)
            self.saved.set()
            await self.go_on.wait()
            return result

        return await super().run(pauses, origin)


async def cut_off(work: Coroutine[Any, Any, T], seconds: float) -> T | None:
    """Run ``work`` for ``seconds`` at most, then end it wherever it is. Its result, if it got that far."""
    task = asyncio.create_task(work)
    await asyncio.sleep(seconds)
    task.cancel()
    with suppress(asyncio.CancelledError):
        return await task
    return None


@asynccontextmanager
async def refusing(database: Database, collection: str) -> AsyncIterator[None]:
    """While it lasts, the server refuses every write to ``collection``."""
    await database.command("collMod", collection, validator={"never": {"$exists": True}})
    try:
        yield
    finally:
        await database.command("collMod", collection, validator={})
