"""Where two editors differ: the list, a story with both decisions, and how it is settled. Nobody is named beside a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from media_tracker.accounts.actor import Actor
from media_tracker.db.cursors import read_cursor, write_cursor
from media_tracker.db.ids import parse_id
from media_tracker.desk.decision import Decision
from media_tracker.desk.second_look_rules import Look, LookState, Voice, may_settle
from media_tracker.errors import N_, InvalidInput, NotFound
from media_tracker.ingest.documents import Kind, Story
from media_tracker.web.choices import Option, category_options, named, option
from media_tracker.web.desk.quality_words import FIELD_NAMES, PATH
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import editors
from media_tracker.web.naming import Names, names_of
from media_tracker.web.region_input import region_options, resolve_region
from media_tracker.web.render import page, see_other
from media_tracker.web.stories.view import DEEDS, KINDS, OUTCOMES, StoryView, Tags, story_view
from media_tracker.web.visitor import actor, origin, services

LIST = f"{PATH}/disputes"
MOST = 100


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """A dispute in the list. ``differs``: in what, untranslated."""

    story_id: str
    title: str
    since: datetime
    differs: Sequence[str]
    own: bool
    """Whether the reader is one of the two."""


@dataclass(frozen=True, slots=True)
class DisputesPage:
    """``templates/desk/disputes.html``"""

    rows: Sequence[DisputeRow]
    newer: str
    older: str
    """Addresses of the first page (where this is another one) and of the next one."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two decisions: ``takes`` is what the form sends; ``own`` the reader's; ``open_to`` whether they may take it."""

    takes: str
    tags: Tags
    own: bool
    open_to: bool


@dataclass(frozen=True, slots=True)
class DisputePage:
    """``templates/desk/dispute.html``"""

    story: StoryView
    version: str
    sides: Sequence[Side]
    differs: Sequence[str]
    may_say_other: bool
    values: Mapping[str, str]
    kinds: Sequence[Option]
    categories: Sequence[Option]
    regions: Sequence[Mapping[str, str]]
    outcomes: Sequence[Option]
    deeds: Sequence[Option]
    errors: Mapping[str, str]


@get(LIST, guards=[editors])
async def disputes_page(request: Request[Any, Any, Any], after: FromQuery[str | None] = None) -> Response[Any]:
    """The disputes that wait, the oldest first; ``after``: where the page before has ended."""
    found, who = services(request), actor(request)
    place = read_cursor(after)
    read = await found.second_looks.disputes(MOST + 1, place)
    looks = read[:MOST]
    further = f"{LIST}?after={write_cursor(looks[-1].since, looks[-1].story_id)}" if len(read) > MOST else ""
    stories = await found.stories.many(look.story_id for look in looks)
    rows = [
        DisputeRow(
            str(look.story_id),
            stories[look.story_id].title,
            look.since,
            [FIELD_NAMES[name] for name in look.differs],
            who.user_id in _two(look),
        )
        for look in looks
        if look.story_id in stories and stories[look.story_id].withdrawn_at is None
    ]
    return await page(request, "desk/disputes.html", DisputesPage(rows, LIST if place else "", further))


@get(f"{LIST}/{{story_id:str}}", guards=[editors])
async def dispute_page(request: Request[Any, Any, Any], story_id: FromPath[str]) -> Response[Any]:
    """Both decisions side by side, and the ways to settle."""
    return await page(request, "desk/dispute.html", await _context(request, story_id))


@post(f"{LIST}/{{story_id:str}}", guards=[editors])
async def settle(request: Request[Any, Any, Any], story_id: FromPath[str]) -> Response[Any]:
    """Settle it: by one of the two decisions, or, as a third, by another one."""
    form, found = await read_form(request), services(request)
    takes = form.text("takes")
    try:
        other = await _decision(request, form) if takes == "other" else None
        await found.settling.settle(parse_id(story_id), form.version(), takes, other, actor(request), origin(request))
    except InvalidInput as error:
        context = await _context(request, story_id, form, error.fields or {"kind": error.message})
        return await page(request, "desk/dispute.html", context, status=422)
    waiting = await found.second_looks.disputes(1)
    path = f"{LIST}/{waiting[0].story_id}" if waiting else LIST
    return await see_other(request, path, N_("Settled. What was settled stands."))


async def _context(
    request: Request[Any, Any, Any],
    story_id: str,
    form: Form | None = None,
    errors: Mapping[str, str] | None = None,
) -> DisputePage:
    found, names, who = services(request), await names_of(request), actor(request)
    look = await found.second_looks.get(parse_id(story_id))
    if look.state is not LookState.DISPUTED or look.second is None:
        raise NotFound(N_("This is settled, or there is nothing to settle."))
    story: Story = await found.stories.get(story_id)
    return DisputePage(
        story=story_view(story, [], names, who),
        version=str(look.version),
        sides=[_side(look, "first", look.first, names, who), _side(look, "second", look.second, names, who)],
        differs=[FIELD_NAMES[name] for name in look.differs],
        may_say_other=may_settle(who, look.first.by, look.second.by, "other"),
        values=form.values if form else {},
        kinds=named(request.app.state.pages.catalogue, KINDS),
        categories=category_options(names),
        regions=await region_options(found.places),
        outcomes=[option(value, names.gettext(name)) for value, name in OUTCOMES.items()],
        deeds=[option(value, names.gettext(name)) for value, name in DEEDS.items()],
        errors=errors or {},
    )


def _side(look: Look, takes: str, voice: Voice, names: Names, who: Actor) -> Side:
    said = voice.said
    tags = Tags(
        kind=said.kind,
        category=names.category(said.category),
        region=names.region(said.region),
        place=said.place,
        outcome=OUTCOMES.get(said.outcome or "", ""),
        deed=DEEDS.get(said.deed or "", ""),
        units=voice.units,
    )
    first, second = _two(look)
    return Side(takes, tags, voice.by == who.user_id, may_settle(who, first, second, takes))


def _two(look: Look) -> tuple[ObjectId, ObjectId]:
    assert look.second is not None  # a dispute has two sides
    return look.first.by, look.second.by


async def _decision(request: Request[Any, Any, Any], form: Form) -> Decision:
    """What a third editor says."""
    kind = form.choice("kind", Kind, required=N_("Please say what kind of story this is."))
    try:
        region = await resolve_region(services(request).places, form.text("region"))
    except InvalidInput as error:
        form.errors.update(error.fields)
        region = None
    form.check()
    assert kind is not None  # or check() would have raised
    return Decision(
        kind=kind,
        category=form.optional("category"),
        region=region,
        place=form.text("place"),
        outcome=form.optional("outcome"),
        deed=form.optional("deed_kind"),
    )


ROUTES = [disputes_page, dispute_page, settle]
