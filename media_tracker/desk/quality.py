"""What is known of the quality of tagging in a period: second looks, and decisions beside what had been suggested.

Nothing here reads more than ``MOST_LOOKS`` looks or ``MOST_CHECKS`` decisions, the newest of the period, by their indexes; where
there are more, the period that is counted begins later, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from media_tracker.db.connection import Database, Json
from media_tracker.desk.quality_report import SUGGESTED, Check
from media_tracker.desk.second_look import SecondLooks
from media_tracker.desk.second_look_rules import Look
from media_tracker.ingest.documents import Story

MOST_LOOKS = 10_000
MOST_CHECKS = 10_000
_SCORED = ("kind", "category", "region", "outcome", "deed")
_WITH_CATEGORY = frozenset({"exposure", "follow_up"})
_READ: Json = {
    **{f"decision.{name}": 1 for name in ("by", "at", *_SCORED)},
    **{f"decision.suggested.{name}": 1 for name in ("model", "rules", *_SCORED)},
    **{f"decision.suggested.{name}_score": 1 for name in _SCORED},
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found, from ``since`` on; ``cut``: that is later than was asked, because there is more than is read."""

    looks: Sequence[Look]
    looks_since: datetime
    looks_cut: bool
    checks: Sequence[Check]
    checks_since: datetime
    checks_cut: bool


class Quality:
    """Reads what quality is measured on."""

    def __init__(self, database: Database, looks: SecondLooks) -> None:
        self._stories = database[Story.Settings.name]
        self._looks = looks

    async def looks(self, since: datetime, until: datetime) -> tuple[list[Look], datetime, bool]:
        """Stories that two have decided in the period, the newest first; from when on, and whether that is later than asked."""
        found = await self._looks.done(since, until, MOST_LOOKS + 1)
        if len(found) <= MOST_LOOKS:
            return found, since, False
        start = found[MOST_LOOKS - 1].done_at or since
        return [look for look in found if look.done_at and look.done_at >= start][:MOST_LOOKS], start, True

    async def checks(self, since: datetime, until: datetime) -> tuple[list[Check], datetime, bool]:
        """Decisions of the period on stories of which something had been suggested, the newest first.

        Without withdrawn stories, and without those that wait for a blind second look: their lists would tell.
        """
        query = {"decision.at": {"$gte": since, "$lt": until}, "withdrawn_at": None, "blind": None}
        rows = self._stories.find(query, _READ).sort("decision.at", -1).limit(MOST_CHECKS + 1)
        found = [row async for row in rows]
        cut = len(found) > MOST_CHECKS
        kept = found[:MOST_CHECKS]
        start = kept[-1]["decision"]["at"] if cut else since
        return [check_of(row) for row in kept if row["decision"].get("suggested")], start, cut

    async def seen(self, since: datetime, until: datetime) -> Seen:
        """Both."""
        return Seen(*await self.looks(since, until), *await self.checks(since, until))


def check_of(row: Json) -> Check:
    """A decided story as a check of what had been suggested. A category is asked of problems and follow-ups only, and so on."""
    said, told = row["decision"], row["decision"]["suggested"]
    suggested = {
        name: (told[name], float(told.get(f"{name}_score") or 0.0))
        for name in SUGGESTED
        if told.get(name) is not None and _is_asked(name, told["kind"])
    }
    decided = {name: said[name] for name in SUGGESTED if said.get(name) is not None and _is_asked(name, said["kind"])}
    return Check(
        story_id=row["_id"],
        at=said["at"],
        by=said["by"],
        model=told["model"],
        rules=tuple(told.get("rules") or ()),
        suggested=suggested,
        decided=decided,
    )


def _is_asked(field: str, kind: str) -> bool:
    """Whether ``field`` is asked of a story of that kind."""
    match field:
        case "category":
            return kind in _WITH_CATEGORY
        case "outcome":
            return kind == "follow_up"
        case "deed":
            return kind == "good_deed"
        case _:
            return True
