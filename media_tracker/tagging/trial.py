"""What a change of the rules would do, before it is saved: the latest stories, as they are seen now and as they would be.

Stories are looked at in slices, the newest first, until all have been or the time is up; what is said is said of those that
were looked at, and nothing is guessed of the others.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bson import ObjectId

from media_tracker.db.connection import Database, Json
from media_tracker.ingest.documents import DeskState, Story
from media_tracker.outlets.documents import Outlet
from media_tracker.tagging.evidence import StoryText, Suggestion
from media_tracker.tagging.office_rules import Conditions, conditions_of, matching_form
from media_tracker.tagging.rules import Rules, Thresholds, rows_between, words_between
from media_tracker.tagging.source import SuggesterSource
from media_tracker.tagging.suggest import Suggester

LATEST = 2_000
"""Stories that a change is tried on."""
LATEST_OF_A_PATTERN = 500
"""The same, where each of them has to be read anew: every text may hold a pattern."""
SECONDS = 10.0
"""Then a trial ends with what it has seen. Somebody waits for it, and it takes a core from those who work."""
SLICE = 50
"""Stories that are read and looked at in one go."""
SHOWN = ("kind", "category", "region", "place", "outcome", "deed", "units", "routed")
"""What of a suggestion is compared."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One story that would be seen otherwise; ``before`` and ``after`` hold what differs, by field."""

    story_id: ObjectId
    title: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True)
class Trial:
    """``changed`` of the latest ``stories`` would be seen otherwise; all of them as ``examples``, the newest first.

    ``of``: so many should have been looked at; ``stories`` are fewer when the time was up. ``waiting``: so many of those that
    would be seen otherwise wait for an editor, and will be looked at again.
    """

    stories: int
    changed: int
    examples: tuple[Difference, ...]
    of: int
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Scope:
    """Of which texts something may change: those with one of ``words`` (None: any), or with the conditions of a changed row."""

    words: tuple[str, ...] | None
    conditions: tuple[Conditions, ...]

    @classmethod
    def between(cls, before: Rules, after: Rules) -> Scope:
        """What ``after`` may change."""
        words, rows = words_between(before, after), rows_between(before, after)
        return cls(None if words is None else tuple(words), tuple(conditions_of(row) for row in rows))

    @property
    def narrow(self) -> bool:
        """Whether most texts need no reading."""
        return self.words is not None and all(each.outlet or each.column or each.word for each in self.conditions)

    def touches(self, text: StoryText) -> bool:
        """Whether something may change of ``text``."""
        if self.words is None:
            return True
        form = matching_form(text)
        return any(word in form.whole for word in self.words) or any(each.hold_of(form) for each in self.conditions)


_READ = dict.fromkeys(("title", "text", "outlet_id", "column", "published_at"), 1)


class Trials:
    """Tries changes on the latest stories. Nothing is written."""

    def __init__(
        self, database: Database, suggesters: SuggesterSource, ticking: Callable[[], float] = time.monotonic
    ) -> None:
        self._stories = database[Story.Settings.name]
        self._outlets = database[Outlet.Settings.name]
        self._suggesters = suggesters
        self._ticking = ticking
        """Seconds that pass."""

    async def of_rules(self, before: Rules, after: Rules) -> Trial:
        """What the stories would be with the rules ``after``, as far as ``SECONDS`` go; one slice is looked at in any case."""
        until = self._ticking() + SECONDS
        scope = Scope.between(before, after)
        outlets = {row["_id"]: row["name"] async for row in self._outlets.find({}, {"name": 1})}
        latest = await self._latest({"desk": 1, "decision.by": 1}, LATEST if scope.narrow else LATEST_OF_A_PATTERN)
        ids = [row["_id"] for row in latest]
        waits = {row["_id"] for row in latest if row["desk"] == DeskState.PENDING and not row.get("decision")}
        old, new = await self._suggesters.with_rules(before), await self._suggesters.with_rules(after)
        found: list[Difference] = []
        seen = 0
        for start in range(0, len(ids), SLICE):
            if start and self._ticking() >= until:
                break
            part = ids[start : start + SLICE]
            rows = {row["_id"]: row async for row in self._stories.find({"_id": {"$in": part}}, _READ)}
            read = [(each, _text(rows[each], outlets)) for each in part if each in rows]
            found += await asyncio.to_thread(compare, old, new, read, scope)
            seen = start + len(part)
        waiting = sum(each.story_id in waits for each in found)
        return Trial(seen, len(found), tuple(found), len(ids), waiting)

    async def of_thresholds(self, before: Thresholds, after: Thresholds) -> Trial:
        """Of how many stories something would be shown or filled in that is not now, or the other way round."""
        scores = {f"suggestion.{name}_score": 1 for name in _SCORED} | {f"suggestion.{name}": 1 for name in _SCORED}
        rows = await self._latest({"title": 1, **scores}, LATEST)
        found = [each for row in rows if (each := _by_thresholds(row, before, after)) is not None]
        return Trial(len(rows), len(found), tuple(found), len(rows))

    async def _latest(self, wanted: Json, limit: int) -> list[Json]:
        query = {"withdrawn_at": None}
        return (
            await self._stories.find(query, {"_id": 1, **wanted})
            .sort([("published_at", -1), ("_id", -1)])
            .limit(limit)
            .to_list()
        )


def compare(
    old: Suggester, new: Suggester, stories: Sequence[tuple[ObjectId, StoryText]], scope: Scope
) -> list[Difference]:
    """Suggest twice for every story of which something may change. Pure."""
    differences = []
    for story_id, text in stories:
        if not scope.touches(text):
            continue
        before, after = _said(old.suggest(text)), _said(new.suggest(text))
        if before != after:
            fields = [name for name in SHOWN if before[name] != after[name]]
            differences.append(
                Difference(
                    story_id,
                    text.title,
                    {name: before[name] for name in fields},
                    {name: after[name] for name in fields},
                )
            )
        time.sleep(0)  # pages are being served beside this
    return differences


_SCORED = ("kind", "category", "region", "outcome", "deed")
HIDDEN, SUGGESTED, FILLED_IN = "hidden", "suggested", "filled_in"


def level(score: float, thresholds: Thresholds) -> str:
    """What becomes of a suggestion with this score."""
    if score < thresholds.suggest:
        return HIDDEN
    return FILLED_IN if score >= thresholds.prefill else SUGGESTED


def _by_thresholds(row: Json, before: Thresholds, after: Thresholds) -> Difference | None:
    said = row.get("suggestion") or {}
    scores = {name: said.get(f"{name}_score", 0.0) for name in _SCORED if said.get(name) is not None}
    was = {name: level(score, before) for name, score in scores.items()}
    becomes = {name: level(score, after) for name, score in scores.items()}
    fields = [name for name in scores if was[name] != becomes[name]]
    if not fields:
        return None
    return Difference(
        row["_id"], row["title"], {name: was[name] for name in fields}, {name: becomes[name] for name in fields}
    )


def _said(suggestion: Suggestion) -> dict[str, str]:
    said = {name: getattr(suggestion, name, None) or "" for name in SHOWN}
    return {name: value if isinstance(value, str) else "、".join(value) for name, value in said.items()}


def _text(row: Json, outlets: dict[ObjectId, str]) -> StoryText:
    return StoryText(row["title"], row["text"], outlets.get(row["outlet_id"], ""), row["column"], row["published_at"])
