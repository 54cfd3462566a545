"""Politeness: one request to a host at a time, and a pause before the next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_TIDY_ABOVE = 1024


@dataclass(slots=True)
class _Host:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    free_at: float = 0.0


class HostTurns:
    """Hands out turns per host. ``gap`` is the least number of seconds from one request's end to the next one's start.

    A gap of 0 means that the operator asks for no politeness: turns are then given at once, many at a time.
    """

    def __init__(self, gap: float) -> None:
        self._gap = gap
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait until ``host`` may be asked, and hold it while the block runs."""
        if self._gap <= 0:
            yield
            return
        clock = asyncio.get_running_loop().time
        state = self._hosts.setdefault(host, _Host())
        state.waiting += 1
        try:
            async with state.lock:
                await asyncio.sleep(max(0.0, state.free_at - clock()))
                try:
                    yield
                finally:
                    state.free_at = clock() + self._gap
        finally:
            state.waiting -= 1
            if len(self._hosts) > _TIDY_ABOVE:
                self._forget_idle(clock())

    def _forget_idle(self, now: float) -> None:
        self._hosts = {h: s for h, s in self._hosts.items() if s.waiting or s.free_at > now}
