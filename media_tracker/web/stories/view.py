"""Stories as pages show them: names instead of ids, evidence marked, withdrawn ones masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import N_
from media_tracker.ingest.blind import as_seen_by
from media_tracker.ingest.documents import Disposition, Kind, Story
from media_tracker.problems.documents import Problem
from media_tracker.web.addresses import web_address
from media_tracker.web.i18n import NOTHING
from media_tracker.web.naming import Names
from media_tracker.web.outlets.view import PLATFORM_NAMES
from media_tracker.web.stories.highlights import FEATURE, Highlight, highlights

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
OUTCOMES: Mapping[str, str] = {
    "resolved": N_("Resolved"),
    "partly_resolved": N_("Partly resolved"),
    "promised": N_("A fix is promised"),
    "disputed": N_("The unit disputes it"),
    "nothing_found": N_("Nothing found"),
}
"""What a follow-up reports."""
DEEDS: Mapping[str, str] = {
    "bravery": N_("Bravery"),
    "kindness": N_("Helping others"),
    "honesty": N_("Honesty and trust"),
    "dedication": N_("Dedication to work"),
    "family": N_("Care for the family"),
}
"""Kinds of good deeds."""
_OTHER_LABELS: Mapping[str, str] = {
    "out_of_area": N_("Out of area"),
    "place": N_("place"),
    "unit": N_("unit"),
    "person": N_("person"),
}
SURE_FROM, LIKELY_FROM = 0.9, 0.6
"""Scores are calibrated: of ten suggestions that are called sure, nine or more are right."""


def sureness(score: float) -> str:
    """A score as a word (a gettext id): people read 0.87 as a measurement, which it is not."""
    if score >= SURE_FROM:
        return N_("sure")
    return N_("likely") if score >= LIKELY_FROM else N_("unsure")


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
    """An untranslated sentence, like ``outcome`` and ``deed``."""
    outcome: str = ""
    deed: str = ""
    units: Sequence[str] = ()


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
    first: StoryRow | None
    """Of several with the same text, the one that was published first; it may be the story itself."""
    format: str
    """``text``, ``photo``, ``video`` or ``h5``; empty where it is not recorded."""


def may_read(story: Story, who: Actor) -> bool:
    """Whether ``who`` may read the story: a withdrawn one only who has to deal with the withdrawal."""
    return story.withdrawn_at is None or who.has(Role.EDITOR, Role.PUBLICITY)


def story_row(story: Story, names: Names, who: Actor) -> StoryRow:
    """``story`` for a list that ``who`` looks at."""
    story = as_seen_by(story, who)
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
    story = as_seen_by(story, who)
    readable = may_read(story, who)
    others = list(reprints) if readable else []
    first = min((story, *others), key=lambda each: each.published_at) if others else None
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
        reprints=[story_row(each, names, who) for each in others],
        first=story_row(first, names, who) if first else None,
        format=story.format.value if story.format else "",
    )


def decided_tags(story: Story, names: Names) -> Tags | None:
    """What an editor has decided."""
    decision = story.decision
    if decision is None:
        return None
    why = DISPOSITIONS[decision.disposition] if decision.disposition else ""
    category, region = names.category(decision.category), names.region(decision.region)
    return Tags(
        kind=decision.kind.value,
        category=category,
        region=region,
        place=decision.place,
        disposition=why,
        outcome=OUTCOMES.get(decision.outcome or "", ""),
        deed=DEEDS.get(decision.deed or "", ""),
        units=decision.units,
    )


def suggested_tags(story: Story, names: Names) -> Tags | None:
    """What the machine suggests."""
    found = story.suggestion
    if found is None:
        return None
    return Tags(
        kind=found.kind.value,
        category=names.category(found.category),
        region=names.region(found.region),
        place=found.place or "",
        outcome=OUTCOMES.get(found.outcome or "", ""),
        deed=DEEDS.get(found.deed or "", ""),
        units=found.units,
    )


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
    if prefix == FEATURE:
        return names.pages.catalogue.translate(
            N_("wording that goes with: {label}"), None, label=_explained(value, names)
        )
    if prefix == "kind" and value in set(Kind):
        return names.gettext(KINDS[Kind(value)])
    if prefix == "category":
        return names.category(value)
    if prefix == "region":
        return names.region(value)
    for table, known in (("outcome", OUTCOMES), ("deed", DEEDS)):
        if prefix == table and value in known:
            return names.gettext(known[value])
    return names.gettext(_OTHER_LABELS[label]) if label in _OTHER_LABELS else value
