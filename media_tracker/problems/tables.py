"""What the tables say of a problem: regions, units, categories and the calendar. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.calendar.deadlines import deadline
from media_tracker.db.clock import Clock
from media_tracker.errors import N_, InvalidInput
from media_tracker.places.responsibility import Proposal, routing_path
from media_tracker.places.service import Places
from media_tracker.problems.case import Case
from media_tracker.problems.documents import Problem
from media_tracker.problems.lifecycle import Surroundings
from media_tracker.problems.steps import Command, Step
from media_tracker.taxonomy.service import Taxonomy
from media_tracker.text.segment import search_tokens

DEFAULT_LIMIT_WORKDAYS = 5
"""Where the taxonomy names no limit."""


class Tables:
    """Looks up what rules and documents need to know besides the case."""

    def __init__(self, places: Places, taxonomy: Taxonomy, clock: Clock, zone: ZoneInfo) -> None:
        self._places = places
        self._taxonomy = taxonomy
        self._clock = clock
        self._zone = zone

    async def surroundings(self, case: Case) -> Surroundings:
        """What a decision on ``case`` needs to know, as of now."""
        tree = await self._places.regions()
        path: tuple[str, ...] = ()
        if case.region is not None and case.region in tree:
            district = tree.district_for_counting(case.region)
            path = (*tree.path(case.region), *([district] if district else []))
        units = await self._places.units()
        now = self._clock()
        return Surroundings(
            region_path=path,
            ancestors=units.ancestors,
            backers=await self._places.responsibilities.backers(path, self._day(now)),
            fresh_due_at=await self.fresh_due_at(case.category, now),
            now=now,
        )

    async def proposal(
        self, category: str | None, region: str | None, at: datetime | None = None, returned: Collection[ObjectId] = ()
    ) -> Proposal:
        """Whom the responsibility table proposes for a category and a region on the day of ``at``; None: today."""
        tree, units = await self._places.regions(), await self._places.units()
        return await self._places.responsibilities.propose(
            (await self._taxonomy.table()).path(category),
            routing_path(tree, region),
            self._day(at or self._clock()),
            returned=returned,
            dissolved={unit.id for unit in units if not unit.active},
        )

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()

    async def fresh_due_at(self, category: str, now: datetime) -> datetime:
        """The last moment for a problem of ``category`` that is handed over now."""
        table = await self._taxonomy.table()
        known = table.by_code.get(category)
        if known is None or known.limit is None or known.limit_unit is None:
            return deadline(now, DEFAULT_LIMIT_WORKDAYS, "workday", self._zone).at
        return deadline(now, known.limit, known.limit_unit, self._zone).at

    async def describe(self, problem: Problem) -> None:
        """Fill the fields that repeat what follows from the case."""
        case = problem.case
        tree = await self._places.regions()
        known = case.region is not None and case.region in tree
        problem.region_path = list(tree.path(case.region)) if known and case.region is not None else []
        problem.district = tree.district_for_counting(case.region) if known and case.region is not None else None
        problem.first_exposed_at = case.first_exposed_at
        numbers = [report.outside_number for report in case.reports if report.outside_number]
        problem.search = sorted({problem.number, *numbers, *search_tokens(f"{problem.title} {problem.place}")})

    async def check_units(self, command: Command) -> None:
        """Accept the units that a problem is given to: they exist and are not dissolved; else ``InvalidInput``."""
        given = [unit for unit in (command.unit_id, *command.co_unit_ids) if unit is not None]
        if command.step is not Step.ASSIGN or not given:
            return
        active = {unit.id for unit in (await self._places.units()).active()}
        if not active.issuperset(given):
            sentence = N_("Please choose from the list.")
            raise InvalidInput(N_("Please look at the marked fields."), {"unit_id": sentence})

    async def check_description(self, title: str, place: str, category: str, region: str | None) -> None:
        """Accept what a problem is called; ``InvalidInput`` with a sentence for each thing that is missing or unknown."""
        fields: dict[str, str] = {}
        table = await self._taxonomy.table()
        if not title.strip():
            fields["title"] = N_("Please say in a few words what the problem is.")
        if not place.strip():
            fields["place"] = N_("Please say where it is. Without a place nobody can go and look.")
        if category not in table or table[category].parent is None:
            fields["category"] = N_("Please choose a category from the list.")
        if region is not None and region not in await self._places.regions():
            fields["region"] = N_("Please choose a region from the list.")
        if fields:
            raise InvalidInput(N_("Please fill in what is missing."), fields)
