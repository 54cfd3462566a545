"""What the tables say of a problem: regions, units, categories and the calendar. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.db.clock import Clock
from media_tracker.errors import N_, InvalidInput
from media_tracker.places.responsibility import Proposal, routing_path
from media_tracker.places.service import Places
from media_tracker.problems.afterwards.service import afterwards
from media_tracker.problems.case import Case, Given, Severity
from media_tracker.problems.clocks.book import ClockBook
from media_tracker.problems.clocks.rules import Circumstances, ClockKind, Source, Verdict, own_rule, source_of, verdict
from media_tracker.problems.clocks.table import shipped_rules
from media_tracker.problems.documents import Problem
from media_tracker.problems.evidence.material import files_of
from media_tracker.problems.finding.search import describe_for_finding
from media_tracker.problems.lifecycle import Surroundings
from media_tracker.problems.light import pressing
from media_tracker.problems.steps import Command, Step
from media_tracker.taxonomy.service import Taxonomy


class Tables:
    """Looks up what rules and documents need to know besides the case."""

    def __init__(
        self, places: Places, taxonomy: Taxonomy, clock: Clock, zone: ZoneInfo, clock_book: ClockBook | None = None
    ) -> None:
        """``clock_book`` of None: the clock rules that are shipped."""
        self._places = places
        self._taxonomy = taxonomy
        self._clock = clock
        self._zone = zone
        self._clock_book = clock_book

    async def surroundings(self, case: Case) -> Surroundings:
        """What a decision on ``case`` needs to know, as of now."""
        tree = await self._places.regions()
        path: tuple[str, ...] = ()
        if case.region is not None and case.region in tree:
            district = tree.district_for_counting(case.region)
            path = (*tree.path(case.region), *([district] if district else []))
        units = await self._places.units()
        now = self._clock()
        about = await self.circumstances(case.category, case.severity, source_of(case))
        fresh = await self.limit(ClockKind.FEEDBACK, about, now)
        assert fresh is not None  # there is always one
        return Surroundings(
            region_path=path,
            ancestors=units.ancestors,
            answers_reviewed=units.reviews_answers(case.unit_id),
            backers=await self._places.responsibilities.backers(path, self._day(now)),
            fresh_due_at=fresh.due_at,
            fresh_warn_at=fresh.warn_at,
            fresh_official=fresh.official,
            fresh_protection=await self.limit(ClockKind.PROTECTION, about, now),
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

    async def fresh_due_at(
        self, category: str, now: datetime, severity: Severity = Severity.NORMAL, source: Source = Source.OTHER
    ) -> datetime:
        """The last moment for the fix of such a problem that is handed over now."""
        fresh = await self.limit(ClockKind.FEEDBACK, await self.circumstances(category, severity, source), now)
        assert fresh is not None  # there is always one
        return fresh.due_at

    async def hand_over(self, category: str, severity: Severity, source: Source, start: datetime) -> Given | None:
        """Until when a problem that came in at ``start`` is to be handed to a unit; None: no rule says so."""
        return await self.limit(ClockKind.HAND_OVER, await self.circumstances(category, severity, source), start)

    async def circumstances(self, category: str, severity: Severity, source: Source) -> Circumstances:
        """What the clock rules need to know of a problem."""
        table = await self._taxonomy.table()
        known = table.by_code.get(category)
        return Circumstances(
            path=table.path(category) or (category,),
            danger=known is not None and known.danger,
            severity=severity,
            source=source,
            own=own_rule(category, known.limit if known else None, known.limit_unit if known else None),
        )

    async def verdict(self, kind: ClockKind, about: Circumstances, start: datetime) -> Verdict | None:
        """The limit of a clock that starts at ``start``, with the rule that gives it; None: there is no such clock."""
        rules = await self._clock_book.rules() if self._clock_book is not None else shipped_rules()
        return verdict(kind, rules, about, start, self._zone)

    async def limit(self, kind: ClockKind, about: Circumstances, start: datetime) -> Given | None:
        """The limit alone."""
        found = await self.verdict(kind, about, start)
        return found.given if found is not None else None

    async def describe(self, problem: Problem) -> None:
        """Fill the fields that repeat what follows from the case."""
        case = problem.case
        tree = await self._places.regions()
        known = case.region is not None and case.region in tree
        problem.region_path = list(tree.path(case.region)) if known and case.region is not None else []
        problem.district = tree.district_for_counting(case.region) if known and case.region is not None else None
        problem.first_exposed_at = case.first_exposed_at
        problem.after = afterwards(case)
        problem.files = files_of(case)
        first = pressing(case)
        problem.clock_kind = first.kind.value if first is not None else None
        problem.clock_warn_at = first.warn_at if first is not None else None
        problem.clock_due_at = first.due_at if first is not None else None
        await describe_for_finding(problem, self._places, self._taxonomy)

    async def check_units(self, command: Command) -> None:
        """Accept the units that a problem is given to: they exist and are not dissolved; else ``InvalidInput``."""
        given = [unit for unit in (command.unit_id, *command.co_unit_ids) if unit is not None]
        if command.step not in (Step.ASSIGN, Step.REASSIGN) or not given:
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
