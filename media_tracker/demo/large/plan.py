"""What is made up, before it is written: so many stories of each kind, problems with their fates, times. Pure.

A campaign is made in *chunks* that know nothing of each other, so that several processes can make it. Each chunk's chance comes
from the seed and its number: the same seed gives the same campaign on the same day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

STORIES_IN_CHUNK = 10_000
PROBLEMS_PER_STORY = 10
"""One problem for so many stories."""
DAYS = 1_095
"""Over so many days everything is spread, up to now."""
SETTLED = timedelta(days=2)
"""What is younger waits at the desk."""

OLD_FATES = {
    "closed": 0.80,
    "verified": 0.03,
    "not_accepted": 0.04,
    "nothing_found": 0.03,
    "deferred": 0.02,
    "revoked": 0.01,
    "partly": 0.02,
    "in_progress": 0.03,
    "rework": 0.02,
}
"""How a problem stands today, by how often."""
YOUNG_FATES = {
    "closed": 0.38,
    "verified": 0.08,
    "claimed": 0.10,
    "in_progress": 0.18,
    "assigned": 0.12,
    "registered": 0.05,
    "returned": 0.03,
    "rework": 0.03,
    "deferred": 0.03,
}
YOUNG = timedelta(days=30)
_FOLLOWED = {"closed": 0.6, "verified": 0.5, "partly": 0.4, "revoked": 0.4}
"""How often a follow-up tells of a problem's end."""


@dataclass(frozen=True, slots=True)
class Told:
    """A story about a problem: an exposure, or a follow-up."""

    follow_up: bool
    outlet: int
    reprint: bool = False
    """The text of the first exposure, in another outlet."""


@dataclass(frozen=True, slots=True)
class ProblemPlan:
    """A problem before it is told."""

    fate: str
    channel: str
    at: datetime
    """When it came in."""
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class ChunkPlan:
    """What a chunk consists of. The stories about problems come first; ``others``: kind and publication of the rest."""

    number: int
    problems: tuple[ProblemPlan, ...]
    others: tuple[tuple[str, datetime], ...]

    @property
    def stories(self) -> int:
        return sum(len(problem.told) for problem in self.problems) + len(self.others)


def chance_of(seed: int, chunk: int, what: str) -> Random:
    """The chance of a chunk for one purpose."""
    return Random(f"{seed}/{chunk}/{what}")  # noqa: S311 - nobody is kept out by it


def chunks(size: int) -> int:
    """How many chunks ``size`` stories make."""
    return -(-size // STORIES_IN_CHUNK)


def plan_chunk(seed: int, number: int, size: int, outlets: int, now: datetime) -> ChunkPlan:
    """Chunk ``number`` of ``size`` stories in all, up to ``now``, in whose zone the days are counted."""
    chance = chance_of(seed, number, "plan")
    stories = min(STORIES_IN_CHUNK, size - number * STORIES_IN_CHUNK)
    problems: list[ProblemPlan] = []
    room = stories
    for _ in range(stories // PROBLEMS_PER_STORY):
        problem = _problem(chance, outlets, now)
        told = problem.told[: max(room, 0)]
        room -= len(told)
        problems.append(problem if told == problem.told else ProblemPlan(problem.fate, "patrol", problem.at, ()))
    room = stories - sum(len(problem.told) for problem in problems)
    kinds = chance.choices(*zip(*_OTHERS.items(), strict=True), k=room)
    others = tuple((str(kind), _moment(chance, now, DAYS)) for kind in kinds)
    return ChunkPlan(number, tuple(problems), others)


_OTHERS = {"notice": 0.54, "other": 0.33, "good_deed": 0.09, "behaviour": 0.015, "criticism": 0.01, "progress": 0.015}
_CHANNELS = {"exposure": 0.45, "snapshot": 0.25, "patrol": 0.15, "ticket": 0.10, "list": 0.05}


def _problem(chance: Random, outlets: int, now: datetime) -> ProblemPlan:
    at = _moment(chance, now - SETTLED, DAYS - 3)
    fates = YOUNG_FATES if now - at < YOUNG else OLD_FATES
    fate = chance.choices(list(fates), list(fates.values()))[0]
    channel = chance.choices(list(_CHANNELS), list(_CHANNELS.values()))[0]
    exposures = chance.choices((1, 2, 3), (80, 15, 5))[0] if channel == "exposure" else int(chance.random() < 0.08)
    voices = chance.sample(range(outlets), exposures)
    told = [Told(False, outlet, place > 0 and chance.random() < 0.5) for place, outlet in enumerate(voices)]
    if told and chance.random() < _FOLLOWED.get(fate, 0.0):
        told.append(Told(True, told[0].outlet))
    return ProblemPlan(fate, channel, at, tuple(told))


def _moment(chance: Random, until: datetime, days: int) -> datetime:
    """Some moment of the day when papers come out and people are about, up to ``days`` before ``until``."""
    day = until.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=int(chance.random() * days))
    hours = 6 + (chance.random() + chance.random()) * 8  # most of it around two in the afternoon
    at = day + timedelta(hours=hours)
    return at if at <= until else at - timedelta(days=1)
