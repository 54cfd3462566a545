"""Changing the clock rules: what a change would mean for open problems, and saving it. Given deadlines never shift by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.errors import N_, Forbidden, InvalidInput
from media_tracker.problems.arriving import without_arriving
from media_tracker.problems.case import OPEN_STATES, Severity, State
from media_tracker.problems.clocks.book import ClockBook, ClockRules
from media_tracker.problems.clocks.rules import (
    RULED,
    Circumstances,
    ClockKind,
    ClockRule,
    Source,
    Verdict,
    mistakes,
    own_rule,
    verdict,
)
from media_tracker.problems.documents import Problem
from media_tracker.taxonomy.service import Taxonomy


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change would mean for one clock: ``others`` of ``running`` open problems would have got another limit."""

    kind: ClockKind
    running: int
    others: int


class ClockKeeping:
    """Reads, tries and saves the clock rules."""

    def __init__(self, database: Database, taxonomy: Taxonomy, clock: Clock, zone: ZoneInfo) -> None:
        self._database = database
        self._book = ClockBook(database, clock)
        self._taxonomy = taxonomy
        self._clock = clock
        self._zone = zone

    async def current(self) -> ClockRules:
        """The rules that hold."""
        return await self._book.current()

    async def changed(self, before: ClockRules, old: ClockRule | None, new: ClockRule | None) -> tuple[ClockRule, ...]:
        """The rules of ``before`` with ``new`` in place of ``old``; ``old`` of None adds one, ``new`` of None takes one out.

        Raises:
            InvalidInput: ``new`` cannot stand beside the others (``fields`` says why), or nothing would change.
        """
        if new == old:
            raise InvalidInput(N_("This changes nothing."))
        rest = [rule for rule in before.rules if rule != old]
        if new is None:
            return tuple(rest)
        wrong = mistakes(new, rest, (await self._taxonomy.table()).by_code)
        if wrong:
            raise InvalidInput(N_("Please look at the marked fields."), wrong)
        return (*rest, new)

    async def effects(self, before: Sequence[ClockRule], after: Sequence[ClockRule]) -> list[Effect]:
        """For each clock, how many open problems would have got another limit by ``after`` than by ``before``.

        Compared as if they began now: whether the limit is another one does not hang on the day.
        """
        groups = await self._open_problems()
        found: list[Effect] = []
        for kind in RULED:
            counts = {about: n for (about, waits), n in groups.items() if waits is (kind is ClockKind.HAND_OVER)}
            ways = [{about: self._verdict(kind, rules, about) for about in counts} for rules in (before, after)]
            limited = {about: n for about, n in counts.items() if ways[0][about] or ways[1][about]}
            others = sum(n for about, n in limited.items() if _given(ways[0][about]) != _given(ways[1][about]))
            found.append(Effect(kind, sum(limited.values()), others))
        return found

    async def what_applies(self, category: str, severity: Severity, source: Source) -> dict[ClockKind, Verdict]:
        """The rule of each clock for such a problem that begins now; clocks that it does not have are left out."""
        about = await self._circumstances(category, severity, source)
        rules = (await self.current()).rules
        found = {kind: self._verdict(kind, rules, about) for kind in RULED}
        return {kind: one for kind, one in found.items() if one is not None}

    async def save(self, rules: Sequence[ClockRule], seen: int, by: Actor) -> ClockRules:
        """Make ``rules`` those that hold from now on, for deadlines that are given from now on.

        Raises:
            Forbidden: ``by`` does not keep the tables. Conflict: somebody has saved an edition since ``seen``.
        """
        if not by.keeps_tables:
            raise Forbidden(N_("Only an admin may change the clock rules."))
        return await self._book.save(rules, seen)

    def _verdict(self, kind: ClockKind, rules: Sequence[ClockRule], about: Circumstances) -> Verdict | None:
        return verdict(kind, rules, about, self._clock(), self._zone)

    async def _circumstances(self, category: str, severity: Severity, source: Source) -> Circumstances:
        table = await self._taxonomy.table()
        known = table[category]
        own = own_rule(known.code, known.limit, known.limit_unit)
        return Circumstances(table.path(category), known.danger, severity, source, own)

    async def _open_problems(self) -> Mapping[tuple[Circumstances, bool], int]:
        """How many open problems there are of each kind; True: of those that no unit has yet."""
        match: Json = {"case.state": {"$in": sorted(OPEN_STATES)}, **await without_arriving(self._database)}
        group: Json = {
            "category": "$case.category",
            "severity": "$case.severity",
            "exposed": {"$gt": ["$first_exposed_at", None]},
            "waits": {"$eq": ["$case.state", State.REGISTERED.value]},
        }
        stages = [{"$match": match}, {"$group": {"_id": group, "n": {"$sum": 1}}}]
        cursor = await self._database[Problem.Settings.name].aggregate(stages)
        known = await self._taxonomy.table()
        found: dict[tuple[Circumstances, bool], int] = {}
        async for row in cursor:
            told = row["_id"]
            if told["category"] in known:
                source = Source.MEDIA if told["exposed"] else Source.OTHER
                about = await self._circumstances(told["category"], Severity(told["severity"]), source)
                found[about, bool(told["waits"])] = row["n"]
        return found


def _given(found: Verdict | None) -> object:
    return None if found is None else found.given
