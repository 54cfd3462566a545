"""What several ask for within a moment is done together: one round trip to the database for many of them.

Nobody waits for company: while something is under way, what comes meanwhile gathers; when nothing is, it waits a moment only.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Generic, TypeVar, cast

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

A_MOMENT = timedelta(milliseconds=5)


class Gathering(Generic[Asked, Answer]):
    """Gathers what is asked for and has it done.

    ``together`` gets what has gathered, in order, and returns an answer for each: what it raises is raised to every one of them,
    and an exception among the answers to the one whose answer it is. At most ``most`` are done together, measured by ``weight``
    (one that weighs more is done alone), and at most ``at_once`` gatherings are under way.

    Who is cancelled before its turn has asked for nothing; once it is under way it is done, and nobody hears of it. ``finish``
    at the end: what is under way belongs to no one who waits.
    """

    def __init__(
        self,
        together: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer | Exception]]],
        *,
        most: int,
        at_once: int = 1,
        weight: Callable[[Asked], int] = lambda _: 1,
        moment: timedelta = A_MOMENT,
    ) -> None:
        self._together = together
        self._most = most
        self._at_once = at_once
        self._weight = weight
        self._moment = moment
        self._waiting: deque[tuple[Asked, asyncio.Future[Answer]]] = deque()
        self._under_way: set[asyncio.Task[None]] = set()  # the loop itself holds tasks weakly

    async def ask(self, asked: Asked) -> Answer:
        """The answer to ``asked``; raises what doing it came to."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if len(self._under_way) < self._at_once:
            self._start()
        return await answer

    async def finish(self, seconds: float) -> None:
        """Wait for what is under way, so long; what is not done by then is broken off."""
        if not self._under_way:
            return
        _, late = await asyncio.wait(self._under_way, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    def _start(self) -> None:
        task = asyncio.create_task(self._work())
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _work(self) -> None:
        try:
            await asyncio.sleep(self._moment.total_seconds())
            while batch := self._next():
                await self._do(batch)
        except asyncio.CancelledError:  # the program ends
            while self._waiting:
                self._waiting.popleft()[1].cancel()
            raise
        finally:
            # At once: who asks before the loop has called the task done would wait for one that looks no more.
            self._under_way.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _do(self, batch: Sequence[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        answers: Sequence[Answer | BaseException]
        try:
            answers = await self._together([asked for asked, _ in batch])
            if len(answers) != len(batch):
                raise RuntimeError(f"{len(answers)} answers to {len(batch)} questions")
        except asyncio.CancelledError:
            for _, waiting in batch:
                waiting.cancel()
            raise
        except BaseException as error:  # each of those who wait has to hear of it
            answers = [error] * len(batch)
        for (_, waiting), answer in zip(batch, answers, strict=True):
            if waiting.done():
                continue
            if isinstance(answer, BaseException):
                waiting.set_exception(answer)
            else:
                waiting.set_result(answer)

    def _next(self) -> list[tuple[Asked, asyncio.Future[Answer]]]:
        """Those whose turn it is; empty when nobody waits."""
        batch: list[tuple[Asked, asyncio.Future[Answer]]] = []
        room = self._most
        while self._waiting:
            asked, waiting = self._waiting[0]
            if not waiting.done():
                room -= self._weight(asked)
                if batch and room < 0:
                    break
                batch.append((asked, waiting))
            self._waiting.popleft()
        return batch
