"""A simulated course of time: things to do, each at its moment, done in order."""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable
from datetime import datetime
from itertools import count

Action = Callable[[], Awaitable[None]]


class Timetable:
    """Holds actions by moment and runs them in order, setting its clock to each one's moment first.

    Nothing of the samples may lie in the future: what would happen after ``now`` is left undone, which is what makes problems
    stand at every stage.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._moment = now
        self._waiting: list[tuple[datetime, int, Action]] = []
        self._order = count()

    def clock(self) -> datetime:
        """The simulated time."""
        return self._moment

    def at(self, moment: datetime, action: Action) -> None:
        """Do ``action`` at ``moment``; may be called by actions, for later."""
        heapq.heappush(self._waiting, (moment, next(self._order), action))

    async def run(self) -> None:
        """Do everything up to now, in order; the clock never goes back."""
        while self._waiting and self._waiting[0][0] <= self.now:
            moment, _, action = heapq.heappop(self._waiting)
            self._moment = moment if self._moment == self.now else max(moment, self._moment)
            await action()
        self._moment = self.now
