"""What happens by itself after something has happened: the consumers of the event log, in one place."""

from __future__ import annotations

from collections.abc import Sequence

from media_tracker.db.consumers import Consumer, ConsumerRunner


class Pipeline:
    """Runs every consumer to the end of the log; ``ingest --once`` and the worker use the same one."""

    def __init__(self, runner: ConsumerRunner, consumers: Sequence[Consumer]) -> None:
        self._runner = runner
        self._consumers = consumers

    async def catch_up(self) -> int:
        """Handle all that is settled. Returns how many events were handled."""
        return sum([await self._runner.catch_up(consumer) for consumer in self._consumers])
