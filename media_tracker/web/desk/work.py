"""The story that is open at the desk, and the one form that it needs now: what it is, what comes of it, or the deed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bson import ObjectId
from litestar import Request

from media_tracker.deeds.documents import GoodDeed
from media_tracker.deeds.minor_cues import minor_cues
from media_tracker.desk.decision import TIEABLE
from media_tracker.desk.reprints import is_settled, waiting
from media_tracker.ingest.blind import all_as_seen_by
from media_tracker.ingest.documents import Kind, Story
from media_tracker.web.choices import Offered
from media_tracker.web.desk.choices import choices_of
from media_tracker.web.desk.decide_form import DecideForm, Options, decide_form
from media_tracker.web.desk.kept import kept_text
from media_tracker.web.desk.tie_form import Offer, TieForm, may_belong, tie_form
from media_tracker.web.forms import LONGEST_LINE
from media_tracker.web.naming import Names
from media_tracker.web.region_input import region_text
from media_tracker.web.stories.deed_words import CueView, age_options, cue_views, way_options
from media_tracker.web.stories.view import StoryView, Tags, decided_tags, story_view
from media_tracker.web.visitor import actor, services

RECENT_DEEDS = 50
Stage = Literal["decide", "tie", "deed", "withdrawn", "held"]


@dataclass(frozen=True, slots=True)
class DeedForm:
    """File the good deed that the story tells of."""

    values: Mapping[str, str]
    recent: Options
    regions: Offered
    cues: Sequence[CueView]
    """Words that point to somebody under 18."""
    ways: Options
    ages: Options


@dataclass(frozen=True, slots=True)
class Alike:
    """Reprints that can be decided like the story ``story_id``, with one button. ``seen``: id and version of each."""

    story_id: str
    seen: Sequence[str]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a story open, and until when unless they stay at it."""

    name: str
    until: datetime
    may_break: bool
    """The reader may take it away from them."""


@dataclass(frozen=True, slots=True)
class Open:
    """The story that is open, and its one form."""

    story: StoryView
    version: str
    """Of the story that the form was made from."""
    stage: Stage
    decide: DecideForm | None
    may_belong: Sequence[Offer]
    """Problems that a story that nobody has decided seems to tell of."""
    tie: TieForm | None
    deed: DeedForm | None
    alike: Alike | None
    present: Tags | None
    """What somebody else has decided since the form was loaded that came back."""
    kept: str
    """What was typed into a form that the story does not need any longer."""
    holder: Holder | None
    """Somebody else who has it open: then there is no form."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A form that came back: what was typed, and what is wrong with it.

    ``late``: nothing is, but somebody else was faster; the next try is made on the story as it is now.
    """

    stage: Stage
    values: Mapping[str, str]
    errors: Mapping[str, str]
    message: str
    params: Mapping[str, object]
    late: bool = False


def stage_of(story: Story, deed: GoodDeed | None, again: bool) -> Stage:
    """What an editor has to say of the story next."""
    if story.withdrawn_at is not None:
        return "withdrawn"
    if story.decision is None or again:
        return "decide"
    if story.decision.kind in TIEABLE:
        return "tie"
    return "deed" if story.decision.kind is Kind.GOOD_DEED and deed is None else "decide"


async def open_story(
    request: Request[Any, Any, Any],
    story: Story,
    names: Names,
    again: bool,
    typed: Typed | None,
    take: bool,
    holder: Holder | None = None,
) -> Open:
    """``story`` with its form; without one where ``holder`` has it."""
    found = services(request)
    key = ObjectId(story.id)
    reprints: list[Story] = []
    if story.copied:
        reprints = all_as_seen_by(await found.stories.in_cluster(story.cluster, key), actor(request))
    tells = story.decision is not None and story.decision.kind is Kind.GOOD_DEED
    deed = await found.deeds.of_story(key) if tells else None
    stage = "held" if holder else stage_of(story, deed, again)
    values = typed.values if typed and typed.stage == stage else None
    stale = typed is not None and not typed.late
    return Open(
        story=story_view(story, reprints, names, actor(request)),
        version=values.get("version", "0") if values and stale else str(story.version),
        stage=stage,
        decide=await decide_form(request, story, reprints, names, values, take=take) if stage == "decide" else None,
        may_belong=await may_belong(request, story, names) if stage == "decide" else [],
        tie=await tie_form(request, story, names, values) if stage == "tie" else None,
        deed=await _deed_form(request, story, values, names) if stage == "deed" else None,
        alike=_alike(story, reprints) if stage not in ("withdrawn", "held") else None,
        present=decided_tags(story, names) if typed and typed.late and stage == "decide" else None,
        kept=kept_text(typed.values, names) if typed and typed.stage != stage else "",
        holder=holder,
    )


def _alike(story: Story, reprints: Sequence[Story]) -> Alike | None:
    """The offer to decide every reprint that waits like the one that an editor is done with; None without such."""
    model = next((each for each in (story, *reprints) if is_settled(each)), None)
    others = waiting([each for each in (story, *reprints) if each is not model])
    if model is None or not others:
        return None
    return Alike(str(model.id), [f"{each.id}-{each.version}" for each in others])


async def _deed_form(
    request: Request[Any, Any, Any], story: Story, typed: Mapping[str, str] | None, names: Names
) -> DeedForm:
    found, decision = services(request), story.decision
    assert decision is not None  # the stage says so
    values = {
        "deed_title": story.title[:LONGEST_LINE],
        "deed": "",
        "person": "、".join(decision.people),
        "consent": "",
        "minor": "",
        "region": await region_text(found.places, decision.region),
        "place": decision.place,
        "deed_id": "",
    }
    if typed is not None:
        values = {**values, "deed_title": "", **typed}
    recent = [
        {"value": str(deed.id), "label": names.deed_title(deed)} for deed in await found.deeds.recent(RECENT_DEEDS)
    ]
    cues = cue_views(minor_cues(story.title, story.text, decision.people))
    return DeedForm(
        values=values,
        recent=recent,
        regions=choices_of(names).regions_with(values["region"]),
        cues=cues,
        ways=way_options(names),
        ages=age_options(names),
    )
