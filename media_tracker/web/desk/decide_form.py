"""The form that says what a story is: what is filled in, what is only suggested, and the words that speak for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from litestar import Request

from media_tracker.desk.decision import TIEABLE
from media_tracker.ingest.documents import DecisionRecord, Kind, Story, SuggestionRecord
from media_tracker.tagging.rules import Thresholds
from media_tracker.web.choices import Offered, Option
from media_tracker.web.desk.choices import choices_of
from media_tracker.web.naming import Names
from media_tracker.web.region_input import region_text
from media_tracker.web.stories.view import DEEDS, KINDS, OUTCOMES, sureness
from media_tracker.web.visitor import services

Options = Sequence[Option]
Source = Literal["decision", "reprint", "suggestion", "nothing"]
BLANK: Mapping[str, str] = dict.fromkeys(
    ("kind", "category", "region", "place", "outcome", "deed_kind", "units", "people"), ""
)
SEPARATOR = "；"
MOST_REASONS = 5
_BETWEEN = re.compile(r"[;；、\n]")


@dataclass(frozen=True, slots=True)
class Said:
    """What the machine says of one field."""

    text: str
    """In words, in the reader's language."""
    sureness: str
    """A word, untranslated."""
    because: Sequence[str]
    """Words of the story that say so, the strongest kind of evidence first."""
    filled_in: bool


@dataclass(frozen=True, slots=True)
class DecideForm:
    """Say what the story is. ``source``: where the values come from."""

    values: Mapping[str, str]
    source: Source
    said: Mapping[str, Said]
    """By field, where the machine says something that is sure enough to be shown."""
    more: bool
    """Something is suggested that is not filled in."""
    categories: Offered
    regions: Offered
    outcomes: Offered
    deeds: Offered


async def decide_form(
    request: Request[Any, Any, Any],
    story: Story,
    reprints: Sequence[Story],
    names: Names,
    typed: Mapping[str, str] | None,
    *,
    take: bool = False,
) -> DecideForm:
    """The form for ``story``: as it was typed, as it was decided, as a reprint was, or as far as the machine is sure enough.

    ``take``: fill in everything that is suggested.
    """
    thresholds = await services(request).rules.thresholds()
    decided = next((each.decision for each in reprints if each.decision and not each.withdrawn_at), None)
    known = story.decision or decided
    source: Source = "nothing"
    if known is not None or story.suggestion is not None:
        source = "decision" if story.decision else "reprint" if decided else "suggestion"
    said: Mapping[str, Said] = {}
    if story.suggestion is not None and source == "suggestion":
        said = _said(story, story.suggestion, names, thresholds, take)
    values = {**BLANK, **(typed or await _values(request, known, story.suggestion, said))}
    choices = choices_of(names)
    return DecideForm(
        values=values,
        source=source,
        said=said,
        more=any(not each.filled_in for each in said.values()),
        categories=choices.categories_with(values["category"], names),
        regions=choices.regions_with(values["region"]),
        outcomes=choices.outcomes,
        deeds=choices.deeds,
    )


def several(text: str) -> tuple[str, ...]:
    """Names that were typed into one field, with semicolons or enumeration commas between them."""
    return tuple(dict.fromkeys(name for each in _BETWEEN.split(text) if (name := each.strip())))


async def _values(
    request: Request[Any, Any, Any],
    known: DecisionRecord | None,
    suggestion: SuggestionRecord | None,
    said: Mapping[str, Said],
) -> dict[str, str]:
    source = known or suggestion
    if source is None:
        return {}
    values = {
        "kind": source.kind.value,
        "category": source.category or "",
        "region": await region_text(services(request).places, source.region),
        "place": source.place or "",
        "outcome": source.outcome or "",
        "deed_kind": source.deed or "",
        "units": SEPARATOR.join(source.units),
        "people": SEPARATOR.join(source.people),
    }
    if known is None:
        # What has no score of its own is the story's own words: it is filled in.
        sure = {name for name, each in said.items() if each.filled_in}
        values = {name: value if name in (sure | _UNSCORED) else "" for name, value in values.items()}
    return values


_UNSCORED = frozenset({"place", "units", "people"})


def _said(story: Story, found: SuggestionRecord, names: Names, thresholds: Thresholds, take: bool) -> dict[str, Said]:
    fits = found.content_hash == story.content_hash
    said = {}
    for name, text, score, labels in _claims(found, names):
        if text and score >= thresholds.suggest:
            because = list(_because(story, found, labels)) if fits else []
            said[name] = Said(text, sureness(score), because, take or score >= thresholds.prefill)
    return said


def _claims(found: SuggestionRecord, names: Names) -> Iterator[tuple[str, str, float, tuple[str, ...]]]:
    """Field, what is said of it, how sure that is, and the labels of what speaks for it."""
    yield "kind", names.gettext(KINDS[found.kind]), found.kind_score, _labels("kind", found.kind.value)
    category = names.category(found.category) if found.kind in TIEABLE else ""
    yield "category", category, found.category_score, _labels("category", found.category)
    yield "region", names.region(found.region), found.region_score, _labels("region", found.region)
    outcome = OUTCOMES.get(found.outcome or "", "") if found.kind is Kind.FOLLOW_UP else ""
    yield "outcome", names.gettext(outcome), found.outcome_score, _labels("outcome", found.outcome)
    deed = DEEDS.get(found.deed or "", "") if found.kind is Kind.GOOD_DEED else ""
    yield "deed_kind", names.gettext(deed), found.deed_score, _labels("deed", found.deed)


def _labels(question: str, value: str | None) -> tuple[str, ...]:
    return f"{question}:{value}", f"feature:{question}:{value}"


def _because(story: Story, found: SuggestionRecord, labels: Sequence[str]) -> Sequence[str]:
    """Distinct wordings of the story, cues and names before what only the model goes by."""
    texts = {"title": story.title, "body": story.text}
    words = [
        texts[each.field][each.start : each.end] for label in labels for each in found.evidence if each.label == label
    ]
    kept: list[str] = []
    for word in words:
        if word.strip() and not any(word in other for other in kept):
            kept.append(word.strip())
    return kept[:MOST_REASONS]
