"""Run every benchmark and print its table. Ratios and medians: machines differ, and these are shared."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bench import drivers, ingestion, suggestions
from bench.server import replica_set


async def main(data: Path | None) -> None:
    async with replica_set() as uri:
        await drivers.run(uri)
        await ingestion.run(uri)
    suggestions.run(data)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
