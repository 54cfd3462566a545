"""Stories as pages show them: names instead of ids, evidence marked, withdrawn ones masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import N_
from media_tracker.ingest.documents import Disposition, Kind, Story
from media_tracker.problems.documents import Problem
from media_tracker.web.addresses import web_address
from media_tracker.web.i18n import NOTHING
from media_tracker.web.naming import Names
from media_tracker.web.outlets.view import PLATFORM_NAMES
from media_tracker.web.stories.highlights import Highlight, highlights

MASKED = N_("Withdrawn by the outlet")
KINDS: Mapping[Kind, str] = {
    Kind.EXPOSURE: N_("Exposure"),
    Kind.FOLLOW_UP: N_("Follow-up"),
    Kind.GOOD_DEED: N_("Good deed"),
    Kind.NOTICE: N_("Notice"),
    Kind.OTHER: N_("Other"),
}
DISPOSITIONS: Mapping[Disposition, str] = {
    Disposition.TIED: N_("Tied to a problem"),
    Disposition.CRITICISM: N_("General criticism without a place"),
    Disposition.BEHAVIOUR: N_("One-off behaviour, nothing to put right"),
    Disposition.PROGRESS: N_("Praise of a fix that nobody had exposed"),
    Disposition.OUT_OF_AREA: N_("Out of area"),
}
_OTHER_LABELS: Mapping[str, str] = {
    "outcome:resolved": N_("Resolved"),
    "outcome:partly_resolved": N_("Partly resolved"),
    "outcome:promised": N_("A fix is promised"),
    "outcome:disputed": N_("The unit disputes it"),
    "outcome:nothing_found": N_("Nothing found"),
    "out_of_area": N_("Out of area"),
    "place": N_("place"),
}


@dataclass(frozen=True, slots=True)
class StoryRow:
    """A story in a list. ``kind`` is "" as long as nothing has looked at it."""

    id: str
    title: str
    masked: bool
    outlet: str
    column: str
    published_at: datetime
    day_only: bool
    kind: str
    decided: bool
    pending: bool
    district: str
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Tags:
    """What a story is said to be."""

    kind: str
    category: str
    region: str
    place: str
    disposition: str = ""
    """An untranslated sentence."""


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """A problem beside a story."""

    number: str
    title: str
    place: str
    region: str
    category: str
    state: str


@dataclass(frozen=True, slots=True)
class StoryView:
    """A story in full."""

    id: str
    version: int
    title: str
    title_marks: Sequence[Highlight]
    text: str
    marks: Sequence[Highlight]
    masked: bool
    outlet: str
    outlet_id: str
    author: str
    column: str
    platform: str
    """Untranslated; empty for a masked one."""
    published_at: datetime
    day_only: bool
    fetched_at: datetime
    url: str
    """Of the original; empty unless it is http or https."""
    withdrawn_at: datetime | None
    changed_at: datetime | None
    changed_since_decision: bool
    reprints: Sequence[StoryRow]


def may_read(story: Story, who: Actor) -> bool:
    """Whether ``who`` may read the story: a withdrawn one only who has to deal with the withdrawal."""
    return story.withdrawn_at is None or who.has(Role.EDITOR, Role.PUBLICITY)


def story_row(story: Story, names: Names, who: Actor) -> StoryRow:
    """``story`` for a list that ``who`` looks at."""
    readable = may_read(story, who)
    said = story.decision or story.suggestion
    return StoryRow(
        id=str(story.id),
        title=story.title if readable else names.gettext(MASKED),
        masked=not readable,
        outlet=names.outlets.get(story.outlet_id, NOTHING),
        column=story.column if readable else "",
        published_at=story.published_at,
        day_only=story.precision == "day",
        kind=said.kind.value if said and readable else "",
        decided=story.decision is not None and readable,
        pending=story.desk == "pending" and story.withdrawn_at is None,
        district=names.region(story.district) if readable else "",
        withdrawn=story.withdrawn_at is not None,
    )


def story_view(story: Story, reprints: Iterable[Story], names: Names, who: Actor) -> StoryView:
    """``story`` as ``who`` may see it: of a masked one only where and when it was published."""
    readable = may_read(story, who)
    title = story.title if readable else names.gettext(MASKED)
    text = story.text if readable else ""
    suggestion = story.suggestion
    fits = readable and suggestion is not None and suggestion.content_hash == story.content_hash
    evidence = suggestion.evidence if fits and suggestion is not None else []

    def explain(label: str) -> str:
        return _explained(label, names)

    return StoryView(
        id=str(story.id),
        version=story.version,
        title=title,
        title_marks=highlights(evidence, "title", len(title), explain),
        text=text,
        marks=highlights(evidence, "body", len(text), explain),
        masked=not readable,
        outlet=names.outlets.get(story.outlet_id, NOTHING),
        outlet_id=str(story.outlet_id),
        author=story.author if readable else "",
        column=story.column if readable else "",
        platform=PLATFORM_NAMES[story.platform] if readable else "",
        published_at=story.published_at,
        day_only=story.precision == "day",
        fetched_at=story.fetched_at,
        url=web_address(story.url) if readable else "",
        withdrawn_at=story.withdrawn_at,
        changed_at=story.changed_at if readable else None,
        changed_since_decision=readable and story.changed_since_decision,
        reprints=[story_row(each, names, who) for each in reprints] if readable else [],
    )


def decided_tags(story: Story, names: Names) -> Tags | None:
    """What an editor has decided."""
    decision = story.decision
    if decision is None:
        return None
    why = DISPOSITIONS[decision.disposition] if decision.disposition else ""
    category, region = names.category(decision.category), names.region(decision.region)
    return Tags(decision.kind.value, category, region, decision.place, why)


def suggested_tags(story: Story, names: Names) -> Tags | None:
    """What the machine suggests."""
    found = story.suggestion
    if found is None:
        return None
    return Tags(found.kind.value, names.category(found.category), names.region(found.region), found.place or "")


def problem_row(problem: Problem, names: Names) -> ProblemRow:
    """``problem`` for a list beside a story."""
    case = problem.case
    return ProblemRow(
        number=problem.number,
        title=problem.title,
        place=problem.place,
        region=names.region(case.region),
        category=names.category(case.category),
        state=case.state.value,
    )


def _explained(label: str, names: Names) -> str:
    """What a label of evidence speaks for."""
    prefix, _, value = label.partition(":")
    if prefix == "kind" and value in set(Kind):
        return names.gettext(KINDS[Kind(value)])
    if prefix == "category":
        return names.category(value)
    if prefix == "region":
        return names.region(value)
    return names.gettext(_OTHER_LABELS[label]) if label in _OTHER_LABELS else value
