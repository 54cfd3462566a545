"""Splitting a problem in two: which reports go, what the new one is; a look at both, then confirm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath
from pymongo.errors import DuplicateKeyError

from media_tracker.accounts.actor import Actor
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound
from media_tracker.ingest.documents import Story
from media_tracker.problems.case import Channel, Severity
from media_tracker.problems.documents import Problem
from media_tracker.problems.regrouping.service import Part
from media_tracker.problems.regrouping.splitting import Share
from media_tracker.web.choices import Option, category_options
from media_tracker.web.forms import LONGEST_TEXT, Form, read_form
from media_tracker.web.guards import dispatchers
from media_tracker.web.naming import CHANNEL_NAMES, Names, names_of
from media_tracker.web.once import FIELD, OneTimeKeys, new_key
from media_tracker.web.problems.case.proposal import read_proposal_for
from media_tracker.web.problems.case.view import story_name
from media_tracker.web.problems.words import SEVERITIES
from media_tracker.web.region_input import region_options, region_text, resolve_region
from media_tracker.web.render import Pages, page, see_other
from media_tracker.web.visitor import actor, origin, services

TEMPLATE = "problems/regrouping/split.html"
BODY_BYTES = 1_000_000
"""Of a form with thousands of reports."""
ONCE = N_("This form had been sent before. It is registered as {number}, once.")


@dataclass(frozen=True, slots=True)
class ReportChoice:
    """A report, and what is to become of it."""

    id: str
    channel: str
    source: str
    story_href: str
    story_title: str
    at: datetime
    withdrawn: bool
    share: str


@dataclass(frozen=True, slots=True)
class Look:
    """What becomes of both."""

    stays: int
    goes: int
    both: int
    unit: str
    due_at: datetime | None
    proposal: str
    """Whom the responsibility table proposes where the unit does not stay."""


@dataclass(frozen=True, slots=True)
class SplitPage:
    """``templates/problems/regrouping/split.html``"""

    number: str
    version: int
    title: str
    place: str
    unit: str
    reports: Sequence[ReportChoice]
    categories: Sequence[Option]
    regions: Sequence[Option]
    severities: Sequence[str]
    form_key: str
    look: Look | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    notice: str = ""


@get("/problems/{number:str}/split", guards=[dispatchers])
async def split_page(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[str]:
    """The form: nothing goes yet."""
    problem = await services(request).problems.get(number)
    values = {
        "title": problem.title,
        "place": problem.place,
        "category": problem.case.category,
        "region": await region_text(services(request).places, problem.case.region),
        "severity": problem.case.severity.value,
        "unit": "",
    }
    return await _show(request, await _context(request, problem, values))


@post("/problems/{number:str}/split", guards=[dispatchers], request_max_body_size=BODY_BYTES)
async def split(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """With ``confirm`` split it, once; without, show what becomes of both."""
    form = await read_form(request)
    room = services(request)
    problem = await room.problems.get(number)
    drawn = ""
    try:
        part = await _part(request, form, problem)
        text = form.text("text", longest=LONGEST_TEXT)
        form.check()
        if not form.flag("confirm"):
            context = await _context(request, problem, form.values)
            return await _show(request, replace(context, look=await _look(request, problem, part)))
        keys = OneTimeKeys(room.database, room.clock)
        drawn = await keys.number_for(form.text(FIELD), actor(request).user_id, room.problems.draw_number)
        if await _is_registered(request, drawn):
            return await see_other(request, f"/problems/{drawn}", ONCE, number=drawn)
        named = replace(part, number=drawn)
        await room.regrouping.split(problem.number, form.version(), named, actor(request), origin(request), text)
    except InvalidInput as error:
        context = await _context(request, problem, form.values)
        shown = replace(context, errors=error.fields, params=error.params)
        return await _show(request, shown, 422)
    except Conflict as error:
        pages: Pages = request.app.state.pages
        context = await _context(request, await room.problems.get(number), form.values)
        return await _show(request, replace(context, notice=pages.catalogue.explain(error)), 409)
    except DuplicateKeyError:
        return await see_other(request, f"/problems/{drawn}", ONCE, number=drawn)
    return await see_other(request, f"/problems/{drawn}", N_("Split off from {number}."), number=number)


async def _show(request: Request[Any, Any, Any], context: SplitPage, status: int = 200) -> Response[str]:
    return await page(request, TEMPLATE, context, status=status)


async def _is_registered(request: Request[Any, Any, Any], number: str) -> bool:
    try:
        await services(request).problems.get(number)
    except NotFound:
        return False
    return True


async def _part(request: Request[Any, Any, Any], form: Form, problem: Problem) -> Part:
    """The new problem that the form describes; mistakes are kept in the form."""
    region = None
    try:
        region = await resolve_region(services(request).places, form.text("region"))
    except InvalidInput as error:
        form.errors.update(error.fields)
    return Part(
        number="",
        title=form.text("title", required=N_("Please say in a few words what the problem is.")),
        place=form.text("place", required=N_("Please say where it is. Without a place nobody can go and look.")),
        category=form.text("category", required=N_("Please choose a category from the list.")),
        region=region,
        severity=form.choice("severity", Severity) or Severity.NORMAL,
        shares={report.id: form.choice(f"share_{report.id}", Share) or Share.STAYS for report in problem.case.reports},
        keeps_unit=form.text("unit") == "keep",
        other_unit=form.text("unit") == "other",
    )


async def _look(request: Request[Any, Any, Any], problem: Problem, part: Part) -> Look:
    names, shares = await names_of(request), list(part.shares.values())
    room = services(request)
    await room.regrouping.check_split(problem, part, actor(request))
    proposal = None if part.keeps_unit else await read_proposal_for(request, part.category, part.region, names)
    return Look(
        stays=shares.count(Share.STAYS),
        goes=shares.count(Share.GOES),
        both=shares.count(Share.BOTH),
        unit=names.unit(problem.case.unit_id) if part.keeps_unit else "",
        due_at=problem.case.due_at if part.keeps_unit else None,
        proposal=proposal.reason if proposal is not None else "",
    )


async def _context(request: Request[Any, Any, Any], problem: Problem, values: Mapping[str, str]) -> SplitPage:
    room, names = services(request), await names_of(request)
    told = [report.story_id for report in problem.case.reports if report.story_id is not None]
    stories = await room.stories.many(told) if told else {}
    return SplitPage(
        number=problem.number,
        version=problem.case.version,
        title=problem.title,
        place=problem.place,
        unit=names.unit(problem.case.unit_id),
        reports=_choices(problem, stories, names, values, actor(request)),
        categories=category_options(names, (values.get("category", ""),)),
        regions=await region_options(room.places),
        severities=[severity.value for severity in SEVERITIES],
        form_key=values.get(FIELD) or new_key(),
        values=values,
    )


def _choices(
    problem: Problem, stories: Mapping[ObjectId, Story], names: Names, values: Mapping[str, str], who: Actor
) -> list[ReportChoice]:
    rows = []
    for report in sorted(problem.case.reports, key=lambda each: (each.occurred_at, each.id)):
        href, title = story_name(stories.get(report.story_id), who) if report.story_id else ("", "")
        source = " ".join(part for part in (names.outlet(report.outlet_id), report.outside_number) if part)
        rows.append(
            ReportChoice(
                id=str(report.id),
                channel=CHANNEL_NAMES[Channel(report.channel)],
                source=source,
                story_href=href,
                story_title=title,
                at=report.occurred_at,
                withdrawn=report.withdrawn_at is not None,
                share=values.get(f"share_{report.id}", Share.STAYS.value),
            )
        )
    return rows


ROUTES = [split_page, split]
