"""Run the benchmarks and print their tables. Ratios and medians: machines differ, and these are shared."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

NAMES = ("drivers", "ingestion", "suggestions", "problems", "campaign", "live", "quality")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="*", help=f"which ones ({', '.join(NAMES)}), all by default; or the DATA folder")
    parser.add_argument(
        "--feeds", type=int, nargs="+", default=[100, 1_000], metavar="N", help="how many are polled (100, then 1000)"
    )
    parser.add_argument("--problems", type=int, default=50_000, metavar="N", help="how many problems there are (50000)")
    parser.add_argument("--stories", type=int, default=1_000_000, metavar="N", help="how many stories (1000000)")
    given = parser.parse_args()
    given.data = next((Path(each) for each in given.what if each not in NAMES), None)
    if given.data is not None and not given.data.is_dir():
        parser.error(f"{given.data} is neither a folder nor one of {', '.join(NAMES)}")
    given.names = [each for each in given.what if each in NAMES] or NAMES
    return given


async def with_database(names: list[str], feeds: list[int], kept: int, stories: int) -> None:
    from bench import campaign, drivers, ingestion, live, problems  # only now: --help is quick
    from bench.server import replica_set

    async with replica_set() as uri:
        if "drivers" in names:
            await drivers.run(uri)
        if "ingestion" in names:
            for count in feeds:
                await ingestion.run(uri, count)
        if "problems" in names:
            await problems.run(uri, kept)
        if "campaign" in names:
            await campaign.run(uri, stories)
        if "live" in names:
            await live.run(uri)


def main() -> None:
    given = arguments()
    if {"drivers", "ingestion", "problems", "campaign", "live"} & set(given.names):
        asyncio.run(with_database(given.names, given.feeds, given.problems, given.stories))
    if "suggestions" in given.names:
        from bench import suggestions

        suggestions.run()
    if "quality" in given.names:
        from media_tracker.quality.table import measure_all, shown

        if given.data is None:
            print("\nHow good the machine is: give the folder with the labelled data (make bench DATA=…).")
        else:
            print("\nHow good the machine is; * where the bar is not reached")
            print(shown(measure_all(given.data)))


if __name__ == "__main__":
    main()
