"""What counts, as lines that can be kept: one for all figures that count the same thing at the same time. Pure.

A line holds what was told (codes of regions and categories, outlets, columns), not what tables make of it today: a body that
takes over a street, or a category that moves, is found when figures are read, and no line has to be written anew for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.accounts.actor import Level
from media_tracker.monitor.counting import CASE_RULES, DEED_RULES, STORY_RULES, Known, Mark, source_of
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.durations import Stretch, stretches
from media_tracker.monitor.facts import StoryFact, Subject
from media_tracker.monitor.stages import stages_of
from media_tracker.problems.case import Case

OPEN = 2**62
"""The end of what still stands; milliseconds, as all times of lines are."""
NO_HOURS = -1.0
"""A stretch without both its ends."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Family(StrEnum):
    """What lines are kept together."""

    STORY = "story"
    CASE = "case"
    DEED = "deed"


FAMILY_OF: Mapping[Key, Family] = {
    **dict.fromkeys(STORY_RULES, Family.STORY),
    **dict.fromkeys(CASE_RULES, Family.CASE),
    **dict.fromkeys(DEED_RULES, Family.DEED),
}


class Told(NamedTuple):
    """Whose voice a line counts for. ``day``: the story's local day, by which it falls to projects; "": it falls to none."""

    outlet: str
    column: str
    day: str


class Line(NamedTuple):
    """One thing that counts. Ids of a dimension as text, "" where there is none."""

    at: int
    subject: Subject
    id: ObjectId
    entity: ObjectId
    """The story, the problem or the good deed."""
    story: ObjectId | None
    keys: tuple[str, ...]
    live: int
    """From when on it is true, if nothing happens; 0: at once."""
    region: str
    category: str
    told: tuple[Told, ...]
    unit: str = ""
    severity: str = ""
    source: str = ""
    stage: str = ""
    hours: tuple[float, float, float] = (NO_HOURS, NO_HOURS, NO_HOURS)
    """In the order of ``Stretch``."""


class Span(NamedTuple):
    """A line, and from when until when it stood, by when the system learnt of it."""

    line: Line
    since: int
    until: int


class Heard(NamedTuple):
    """The story of an exposure, as far as it decides for whom the exposure counts."""

    column: str
    day: str


def milliseconds(moment: datetime) -> int:
    """``moment`` as it is kept."""
    return (moment - _EPOCH) // _MILLISECOND


def moment_of(kept: int) -> datetime:
    """The moment that ``milliseconds`` was made of."""
    return _EPOCH + timedelta(milliseconds=kept)


@lru_cache(maxsize=8192)
def _day(kept_hour: int, zone: ZoneInfo) -> str:
    return moment_of(kept_hour * 900_000).astimezone(zone).date().isoformat()


def day_of(kept: int, zone: ZoneInfo) -> str:
    """The local day of a moment as ``2022-03-31``. No zone's day begins but at a quarter of an hour."""
    return _day(kept // 900_000, zone)


def lines_of_case(case: Case, level: Level, zone: ZoneInfo, heard: Mapping[ObjectId, Heard]) -> frozenset[Line]:
    """Everything that counts of a problem. ``heard``: by the id of the exposure's story."""
    known = Known(case, level, zone)
    counted: dict[Mark, list[str]] = {}
    for key, rule in CASE_RULES.items():
        for mark in rule(known):
            counted.setdefault(mark, []).append(key.value)
    return frozenset(_line_of_case(known, mark, tuple(keys), heard) for mark, keys in counted.items())


def _line_of_case(known: Known, mark: Mark, keys: tuple[str, ...], heard: Mapping[ObjectId, Heard]) -> Line:
    case, report = known.case, mark.report
    told = set()
    for each in mark.told:
        voice = heard.get(each.story_id, _SILENT) if each.story_id is not None else _SILENT
        told.add(Told(str(each.outlet_id or ""), voice.column, voice.day if each.partner else ""))
    hours = stretches(case, mark.at, known.level) if Key.PROBLEMS.value in keys else {}
    took = [hours.get(stretch, NO_HOURS) for stretch in Stretch]
    return Line(
        milliseconds(mark.at),
        Subject.PROBLEM if report is None else Subject.EXPOSURE,
        case.id if report is None else report.id,
        case.id,
        None if report is None else report.story_id,
        keys,
        0 if mark.live_from is None else milliseconds(mark.live_from),
        case.region or "",
        case.category or "",
        tuple(sorted(told)),
        str(case.unit_id or ""),
        case.severity.value,
        source_of(case) or "",
        stages_of(case)[0],
        (took[0], took[1], took[2]),
    )


_SILENT = Heard("", "")


class StoryState(NamedTuple):
    """What counting asks of a story at one time."""

    cluster: ObjectId
    withdrawn: bool = False
    behaviour: bool = False
    region: str = ""
    category: str = ""


class Published(NamedTuple):
    """What never changes about a story."""

    id: ObjectId
    outlet_id: ObjectId
    published_at: datetime
    column: str
    day: str


def keys_of_stories(stories: Sequence[tuple[Published, StoryState]]) -> dict[ObjectId, tuple[str, ...]]:
    """Which figures count which of ``stories``, all of the same text."""
    facts = [
        StoryFact(told.id, told.outlet_id, state.cluster, told.published_at, state.withdrawn, state.behaviour)
        for told, state in stories
    ]
    found: dict[ObjectId, list[str]] = {}
    for key, rule in STORY_RULES.items():
        for fact in rule(facts):
            found.setdefault(fact.id, []).append(key.value)
    return {story: tuple(keys) for story, keys in found.items()}


def line_of_story(told: Published, state: StoryState, keys: tuple[str, ...]) -> Line:
    """The line of a story that ``keys`` count."""
    voices = (Told(str(told.outlet_id), told.column, told.day),)
    at = milliseconds(told.published_at)
    return Line(at, Subject.STORY, told.id, told.id, told.id, keys, 0, state.region, state.category, voices)


class DeedState(NamedTuple):
    """What counting asks of a good deed at one time: its stories that stand, as outlet and publication."""

    region: str
    stories: tuple[tuple[ObjectId, datetime], ...]


def lines_of_deed(deed: ObjectId, state: DeedState) -> frozenset[Line]:
    """A good deed counts when its first story was published, as long as one stands."""
    if not state.stories:
        return frozenset()
    at = milliseconds(min(published for _, published in state.stories))
    told = tuple(sorted({Told(str(outlet), "", "") for outlet, _ in state.stories}))
    keys = tuple(key.value for key in DEED_RULES)
    return frozenset({Line(at, Subject.DEED, deed, deed, None, keys, 0, state.region, "", told)})


def spans(versions: Iterable[tuple[int, frozenset[Line]]]) -> list[Span]:
    """From when until when each line stood, if the lines were these from each of those moments on (not decreasing)."""
    since: dict[Line, int] = {}
    found: list[Span] = []
    for moment, lines in versions:
        for line in [line for line in since if line not in lines]:
            if (began := since.pop(line)) < moment:
                found.append(Span(line, began, moment))
        for line in lines:
            since.setdefault(line, moment)
    return [*found, *(Span(line, began, OPEN) for line, began in since.items())]
