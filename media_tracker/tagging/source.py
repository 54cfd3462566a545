"""The suggester in use, built from the tables in the database."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from media_tracker.db.clock import Clock
from media_tracker.places.gazetteer import Gazetteer
from media_tracker.places.service import Places
from media_tracker.tagging.cues import read_cues
from media_tracker.tagging.suggest import CueSuggester, Suggester
from media_tracker.taxonomy.service import Taxonomy

REBUILD_AFTER = timedelta(minutes=10)
"""How long a change of the tables may take to reach the suggestions."""


class SuggesterSource:
    """Hands out the suggester; builds it when first asked, and again when its tables may have changed."""

    def __init__(self, places: Places, taxonomy: Taxonomy, clock: Clock) -> None:
        self._places = places
        self._taxonomy = taxonomy
        self._clock = clock
        self._built: Suggester | None = None
        self._built_at: datetime | None = None
        self._building = asyncio.Lock()

    async def get(self) -> Suggester:
        """The present suggester, at most ten minutes behind the tables."""
        async with self._building:
            now = self._clock()
            if self._built is None or self._built_at is None or now - self._built_at > REBUILD_AFTER:
                tree = await self._places.regions()
                units = {unit.name: unit.region for unit in await self._places.units() if unit.region in tree}
                categories = list((await self._taxonomy.table()).by_code.values())

                def build() -> Suggester:
                    named = {name: region for name, region in units.items() if region is not None}
                    return CueSuggester(read_cues(), Gazetteer(tree, units=named), categories)

                self._built = await asyncio.to_thread(build)
                self._built_at = now
            return self._built
