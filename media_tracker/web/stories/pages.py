"""Stories: the list with its filters, one story with all that came of it, and its withdrawal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from media_tracker.accounts.actor import Role
from media_tracker.db.events import Event
from media_tracker.errors import N_
from media_tracker.ingest.blind import as_seen_by
from media_tracker.ingest.clean import plain_text
from media_tracker.ingest.documents import DeskState, Disposition, Kind, Story
from media_tracker.ingest.stories import StoryFilter
from media_tracker.tagging.withdrawal import WithdrawalReason
from media_tracker.text.difference import Piece, difference
from media_tracker.web.choices import Option, district_options, outlet_options
from media_tracker.web.forms import LONGEST_LINE, read_form
from media_tracker.web.guards import editors, signed_in
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page, see_other
from media_tracker.web.stories.view import (
    DISPOSITIONS,
    KINDS,
    ProblemRow,
    StoryRow,
    StoryView,
    Tags,
    decided_tags,
    may_read,
    problem_row,
    story_row,
    story_view,
    suggested_tags,
    sureness,
)
from media_tracker.web.visitor import actor, origin, services

Choice = TypeVar("Choice", bound=StrEnum)
ENTITY = "story"
HAPPENED: Mapping[str, str] = {
    "ingested": N_("Came in"),
    "entered": N_("Entered by hand"),
    "attached": N_("Screenshots added"),
    "changed": N_("Changed by the outlet"),
    "completed": N_("The whole text was fetched"),
    "adopted": N_("Brought by a feed too"),
    "decided": N_("Decided"),
    "disposed": N_("Done with"),
    "filed": N_("Filed as a good deed"),
    "snoozed": N_("Put off"),
    "woken": N_("Waits again"),
    "undone": N_("Undone: as it was before"),
    "withdrawn": N_("Withdrawn by the outlet"),
    "format_said": N_("Its form was corrected"),
}
"""What an event of a story is called."""
TELLING = frozenset({"decided", "disposed", "filed", "attached", "undone"})
"""Events that tell that somebody has decided, and what."""


REASONS: Mapping[WithdrawalReason, str] = {
    WithdrawalReason.RETRACTED: N_("The outlet has taken it back"),
    WithdrawalReason.CORRECTED: N_("The outlet has corrected it"),
    WithdrawalReason.OBJECTION: N_("Somebody whom it tells of has objected"),
    WithdrawalReason.PRIVACY: N_("It shows somebody who must not be shown"),
}
"""Why a story is masked."""


class Withdrawn(StrEnum):
    """Whether stories that were withdrawn are meant."""

    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class StoriesPage:
    """``templates/stories/list.html``"""

    stories: Sequence[StoryRow]
    filters: Mapping[str, str]
    filtered: bool
    outlets: Sequence[Option]
    districts: Sequence[Option]
    newer: str
    older: str
    may_enter: bool


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a story said before its outlet changed it, and what became of that with the change."""

    title: str
    pieces: Sequence[Piece]
    until: datetime


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a story, in the words of the request's language."""

    at: datetime
    title: str
    actor: str
    text: str


@dataclass(frozen=True, slots=True)
class DeedLink:
    """The good deed that a story tells of."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class StoryPage:
    """``templates/stories/story.html``"""

    story: StoryView
    breadcrumb: Sequence[Mapping[str, str]]
    decided: Tags | None
    suggested: Tags | None
    scores: Mapping[str, str]
    problems: Sequence[ProblemRow]
    deed: DeedLink | None
    earlier: Sequence[Earlier]
    history: Sequence[Happened]
    screenshots: Sequence[Mapping[str, str]]
    """{src, href, alt}, in the order in which they were added."""
    may_edit: bool
    can_attach: bool
    reasons: Sequence[Option]


@get("/stories", guards=[signed_in])
async def stories(
    request: Request[Any, Any, Any],
    q: FromQuery[str] = "",
    outlet: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    desk: FromQuery[str] = "",
    district: FromQuery[str] = "",
    withdrawn: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
) -> Response[Any]:
    """One page of the stories that the filters let through, newest first. A filter with nonsense in it is left out."""
    found, names, who = services(request), await names_of(request), actor(request)
    gone = _choice(Withdrawn, withdrawn)
    words = q.strip()[:LONGEST_LINE]
    if (words or kind or desk or district) and not who.has(Role.EDITOR, Role.PUBLICITY):
        gone = Withdrawn.NO  # what is masked must not be found by what it said, nor by what was said of it
    wanted = StoryFilter(
        desk=_choice(DeskState, desk),
        outlet_id=ObjectId(outlet) if ObjectId.is_valid(outlet) else None,
        kind=_choice(Kind, kind),
        district=district if district in names.regions else None,
        words=words,
        withdrawn=None if gone is None else gone is Withdrawn.YES,
        viewer=who,
    )
    shown = await found.stories.page(wanted, after)
    filters = {
        "q": words,
        "outlet": str(wanted.outlet_id or ""),
        "kind": wanted.kind or "",
        "desk": wanted.desk or "",
        "district": wanted.district or "",
        "withdrawn": gone or "",
    }
    context = StoriesPage(
        stories=[story_row(each, names, who) for each in shown.stories],
        filters=filters,
        filtered=any(filters.values()),
        outlets=outlet_options(names),
        districts=district_options(names),
        newer=_address(filters) if after else "",
        older=_address(filters, shown.next) if shown.next else "",
        may_enter=who.has(Role.EDITOR),
    )
    return await page(request, "stories/list.html", context)


@get("/stories/{story_id:str}", guards=[signed_in])
async def story(request: Request[Any, Any, Any], story_id: FromPath[str]) -> Response[Any]:
    """One story: its text, what was made of it, what it is tied to, and what happened to it."""
    found, names, who = services(request), await names_of(request), actor(request)
    stored = await found.stories.get(story_id)
    one = as_seen_by(stored, who)
    key, open_to = ObjectId(one.id), one is stored
    readable = may_read(one, who)
    view = story_view(one, await found.stories.in_cluster(one.cluster, key), names, who)
    deed = await found.deeds.of_story(key) if readable and open_to else None
    may_edit = who.has(Role.EDITOR)
    kind = one.decision.kind if one.decision else None
    context = StoryPage(
        story=view,
        breadcrumb=[{"href": "/stories", "label": names.gettext("Stories")}, {"label": view.title}],
        decided=decided_tags(one, names) if readable else None,
        suggested=suggested_tags(one, names) if readable else None,
        scores=_scores(one) if readable else {},
        problems=[problem_row(each, names) for each in await found.problems.tied_to(key)]
        if readable and open_to
        else [],
        deed=DeedLink(str(deed.id), names.deed_title(deed)) if deed else None,
        earlier=_earlier(one) if readable else [],
        history=await _history(request, key, names, open_to) if readable else [],
        screenshots=await _screenshots(request, one, names) if readable else [],
        may_edit=may_edit,
        can_attach=may_edit and one.withdrawn_at is None and kind in {Kind.EXPOSURE, Kind.FOLLOW_UP},
        reasons=[{"value": each.value, "label": names.gettext(said)} for each, said in REASONS.items()],
    )
    return await page(request, "stories/story.html", context)


@post("/stories/{story_id:str}/withdraw", guards=[editors])
async def withdraw(request: Request[Any, Any, Any], story_id: FromPath[str]) -> Response[Any]:
    """Mask a story that its outlet has withdrawn or corrected; its ties stop counting at once."""
    form = await read_form(request)
    reason = form.choice("reason", WithdrawalReason)
    one = await services(request).desk.withdraw(story_id, form.version(), actor(request), origin(request), reason)
    return await see_other(request, f"/stories/{one.id}", N_("The story is masked, and its ties no longer count."))


async def _screenshots(request: Request[Any, Any, Any], one: Story, names: Names) -> list[Mapping[str, str]]:
    photos = await services(request).files.photos(one.attachments)
    alt = names.gettext(N_("Screenshot of the story"))
    return [
        {"src": f"/files/{photos[key].thumbnail_id}", "href": f"/files/{key}", "alt": alt}
        for key in one.attachments
        if key in photos
    ]


async def _history(request: Request[Any, Any, Any], story_id: ObjectId, names: Names, whole: bool) -> list[Happened]:
    """What happened to it; not the ``whole`` of it to somebody who must not know yet what was decided."""
    found = services(request)
    events = [each for each in await found.log.of(ENTITY, story_id) if whole or each.type not in TELLING]
    people = await found.accounts.names({event.actor for event in events if event.actor is not None})
    return [
        Happened(
            at=event.recorded_at,
            title=names.gettext(HAPPENED.get(event.type, event.type)),
            actor=people.get(event.actor, "") if event.actor is not None else "",
            text=_detail(event, names),
        )
        for event in events
    ]


def _detail(event: Event, names: Names) -> str:
    """What an event says, as far as it is no secret: kinds, categories and regions."""
    gettext, payload = names.gettext, event.payload
    if event.type == "disposed" and payload.get("disposition") in set(Disposition):
        return gettext(DISPOSITIONS[Disposition(payload["disposition"])])
    if event.type == "withdrawn" and payload.get("reason") in set(WithdrawalReason):
        return gettext(REASONS[WithdrawalReason(payload["reason"])])
    if event.type != "decided" or payload.get("kind") not in set(Kind):
        return ""
    parts = [
        gettext(KINDS[Kind(payload["kind"])]),
        names.category(payload["category"]),
        names.region(payload["region"]),
    ]
    return " · ".join(part for part in parts if part)


def _earlier(one: Story) -> list[Earlier]:
    """The earlier texts, the latest first, each compared with the one that followed it."""
    said = [(r.title, f"{r.title}\n{plain_text(r.html)}", r.until) for r in one.revisions]
    later = f"{one.title}\n{one.text}"
    found = []
    for title, text, until in reversed(said):
        found.append(Earlier(title, difference(text, later), until))
        later = text
    return found


def _scores(one: Story) -> dict[str, str]:
    """How sure the machine is of each field, as an untranslated word."""
    found = one.suggestion
    if found is None:
        return {}
    scores = {"kind": found.kind_score, "category": found.category_score, "region": found.region_score}
    scores |= {"outcome": found.outcome_score, "deed": found.deed_score}
    return {name: sureness(score) for name, score in scores.items() if score > 0}


def _choice(kind: type[Choice], value: str) -> Choice | None:
    return kind(value) if value in set(kind) else None


def _address(filters: Mapping[str, str], after: str | None = None) -> str:
    """The address of the list with ``filters``, from the cursor ``after`` on."""
    query = {name: value for name, value in {**filters, "after": after or ""}.items() if value}
    return f"/stories?{urlencode(query)}" if query else "/stories"


ROUTES = [stories, story, withdraw]
