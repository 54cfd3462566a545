"""Accepting many suggestions at once: choose a score, look at the stories, start the run, and undo it if need be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from media_tracker.desk.bulk_accept import PAGE, USUAL_FLOOR, Came, Item, Run, RunState
from media_tracker.desk.filters import QueueFilter, read_filter
from media_tracker.errors import N_, Conflict, InvalidInput
from media_tracker.ingest.documents import Kind, Story
from media_tracker.web.desk.moving_on import refused
from media_tracker.web.desk.queue import describe
from media_tracker.web.desk.view import desk_path, queue_of
from media_tracker.web.forms import LONGEST_TEXT, read_form
from media_tracker.web.guards import editors
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page, see_other
from media_tracker.web.stories.view import story_row
from media_tracker.web.visitor import actor, origin, services

PATH = "/desk/bulk"


@dataclass(frozen=True, slots=True)
class RunLine:
    """One of the reader's runs."""

    href: str
    at: datetime
    total: int
    state: str


@dataclass(frozen=True, slots=True)
class BulkPage:
    """``templates/desk/bulk.html``: which score, of which queue."""

    query: str
    words: str
    back: str
    floor: str
    runs: Sequence[RunLine]
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One story of a run, and what accepting it would say. ``why``: why it failed or was kept, in the reader's language."""

    id: str
    title: str
    outlet: str
    kind: str
    region: str
    place: str
    score: int
    came: str
    why: str


@dataclass(frozen=True, slots=True)
class RunPage:
    """``templates/desk/bulk_run.html``. ``kinds``: [(kind, number)]; ``page`` from 1; ``until``: so long it can be undone."""

    id: str
    state: str
    at: datetime
    floor: int
    words: str
    back: str
    kinds: Sequence[tuple[str, int]]
    total: int
    settled: int
    done: int
    failed: int
    undone: int
    kept: int
    left_out: int
    more: bool
    until: datetime | None
    rows: Sequence[ItemRow]
    page: int
    pages: int


@get(PATH, guards=[editors])
async def choose(request: Request[Any, Any, Any]) -> Response[str]:
    """Which score is to do, for the queue that the address names; and the reader's last runs."""
    return await _choose(request, read_filter(request.query_params), str(round(USUAL_FLOOR * 100)))


@post(PATH, guards=[editors])
async def draw_up(request: Request[Any, Any, Any]) -> Response[Any]:
    """Put together what would be accepted, to be looked at. No story is changed."""
    form = await read_form(request)
    wanted = queue_of(form.text("wanted", longest=LONGEST_TEXT))
    try:
        floor = (form.number("floor") or 0) / 100
        form.check()
        run = await services(request).bulk_accept.draw_up(wanted, floor, actor(request))
    except InvalidInput as error:
        return await _choose(request, wanted, form.text("floor"), error.fields, status=422)
    return await see_other(request, f"{PATH}/{run}")


@get(PATH + "/{run_id:str}", guards=[editors])
async def show(request: Request[Any, Any, Any], run_id: FromPath[str], at: FromQuery[str] = "1") -> Response[str]:
    """A run: what would be accepted, how far it is, or what came of it."""
    found, names = services(request), await names_of(request)
    run = await found.bulk_accept.run(run_id, actor(request))
    pages = -(-sum(run.came.values()) // PAGE)
    number = min(int(at), max(pages, 1)) if at.isascii() and at.isdecimal() and 0 < len(at) < 4 and int(at) else 1
    items = await found.bulk_accept.items(run_id, actor(request), number - 1)
    stories = await found.stories.many([item.story_id for item in items])
    prefill = (await found.rules.thresholds()).prefill
    rows = [_item(request, item, stories.get(item.story_id), prefill, names) for item in items]
    context = _run_page(run, rows, number, pages, names)
    return await page(request, "desk/bulk_run.html", context)


@post(PATH + "/{run_id:str}/keep", guards=[editors])
async def keep(request: Request[Any, Any, Any], run_id: FromPath[str]) -> Response[Any]:
    """Note which of the stories that were shown are ticked; then start the run, or show another page of it."""
    form, bulk = await read_form(request), services(request).bulk_accept
    path, who = f"{PATH}/{run_id}", actor(request)
    try:
        await bulk.leave_out(run_id, form.ids("shown")[:PAGE], form.ids("kept")[:PAGE], who)
        if form.flag("start"):
            await bulk.start(run_id, who, origin(request))
    except Conflict as error:
        return await refused(request, path, error)
    return await see_other(request, path if form.flag("start") else f"{path}?at={form.number('go') or 1}")


@post(PATH + "/{run_id:str}/undo", guards=[editors])
async def undo(request: Request[Any, Any, Any], run_id: FromPath[str]) -> Response[Any]:
    """Take the whole run back."""
    path = f"{PATH}/{run_id}"
    try:
        await services(request).bulk_accept.undo(run_id, actor(request))
    except Conflict as error:
        return await refused(request, path, error)
    return await see_other(request, path)


async def run_lines(request: Request[Any, Any, Any]) -> list[RunLine]:
    """The reader's last runs."""
    runs = await services(request).bulk_accept.runs(actor(request))
    return [RunLine(f"{PATH}/{run.id}", run.at, run.total, run.state.value) for run in runs]


async def _choose(
    request: Request[Any, Any, Any],
    wanted: QueueFilter,
    floor: str,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    names = await names_of(request)
    context = BulkPage(
        query=wanted.query_string(),
        words=names.gettext(N_(", ")).join(describe(wanted, names)),
        back=desk_path(wanted),
        floor=floor,
        runs=await run_lines(request),
        errors=errors or {},
    )
    return await page(request, "desk/bulk.html", context, status=status)


def _item(request: Request[Any, Any, Any], item: Item, story: Story | None, prefill: float, names: Names) -> ItemRow:
    found = story.suggestion if story is not None else None
    sure = found is not None and found.region_score >= prefill
    params = dict(item.params or {})
    return ItemRow(
        id=str(item.story_id),
        title=story_row(story, names, actor(request)).title if story is not None else "",
        outlet=names.outlet(story.outlet_id) if story is not None else "",
        kind=item.kind.value,
        region=names.region(found.region) if found is not None and sure else "",
        place=(found.place or "") if found is not None else "",
        score=round(item.score * 100),
        came=item.came.value,
        why=names.pages.catalogue.translate(item.message, None, **params) if item.message else "",
    )


def _run_page(run: Run, rows: Sequence[ItemRow], number: int, pages: int, names: Names) -> RunPage:
    wanted = read_filter(dict(parse_qsl(run.query)))
    return RunPage(
        id=str(run.id),
        state=run.state.value,
        at=run.at,
        floor=round(run.floor * 100),
        words=names.gettext(N_(", ")).join(describe(wanted, names)),
        back=desk_path(wanted),
        kinds=[(kind.value, run.kinds[kind]) for kind in Kind if run.kinds.get(kind)],
        total=run.total,
        settled=run.settled,
        done=run.came.get(Came.DONE, 0),
        failed=run.came.get(Came.FAILED, 0),
        undone=run.came.get(Came.UNDONE, 0),
        kept=run.came.get(Came.KEPT, 0),
        left_out=run.came.get(Came.LEFT_OUT, 0),
        more=run.more,
        until=run.until if run.state is RunState.DONE else None,
        rows=rows,
        page=number,
        pages=pages,
    )


ROUTES = [choose, draw_up, show, keep, undo]
"""``/desk/bulk`` and what lies under it."""
