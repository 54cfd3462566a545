"""Saved queues: keeping what the desk shows under a name, choosing the one to begin with, deleting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, get, post
from litestar.params import FromPath

from media_tracker.desk.filters import QueueFilter, read_filter
from media_tracker.desk.saved_queues import LONGEST_NAME
from media_tracker.errors import N_, InvalidInput
from media_tracker.web.desk.queue import describe
from media_tracker.web.desk.view import desk_path, queue_of
from media_tracker.web.forms import LONGEST_TEXT, read_form
from media_tracker.web.guards import editors
from media_tracker.web.naming import names_of
from media_tracker.web.render import page, see_other
from media_tracker.web.visitor import actor, services

PATH = "/desk/queues"


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One saved queue. ``words``: its filters in the reader's language."""

    id: str
    name: str
    href: str
    words: str
    default: bool


@dataclass(frozen=True, slots=True)
class QueuesPage:
    """``templates/desk/queues.html``. ``query`` and ``words``: the queue that is to be kept; empty: none is."""

    rows: Sequence[QueueLine]
    query: str
    words: str
    back: str
    longest: int
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@get(PATH, guards=[editors])
async def queues(request: Request[Any, Any, Any]) -> Response[str]:
    """The reader's queues; with filters in the address, the form that keeps them."""
    return await _show(request, read_filter(request.query_params))


@post(PATH, guards=[editors])
async def keep(request: Request[Any, Any, Any]) -> Response[Any]:
    """Keep filters under a name. What makes no sense in them is left out."""
    form = await read_form(request)
    wanted = queue_of(form.text("wanted", longest=LONGEST_TEXT))
    try:
        name = form.text("name")
        form.check()
        await services(request).saved_queues.save(actor(request), name, wanted, default=form.flag("default"))
    except InvalidInput as error:
        return await _show(request, wanted, form.values, error.fields, status=422)
    return await see_other(request, desk_path(wanted), N_("The queue “{name}” is kept."), name=" ".join(name.split()))


@post(PATH + "/{queue_id:str}/choose", guards=[editors])
async def choose(request: Request[Any, Any, Any], queue_id: FromPath[str]) -> Response[Any]:
    """Have the desk open with a queue; ``queue_id`` of "all": with all that waits."""
    await services(request).saved_queues.choose(actor(request), None if queue_id == "all" else queue_id)
    return await see_other(request, PATH, N_("The desk opens with it from now on."))


@post(PATH + "/{queue_id:str}/delete", guards=[editors])
async def delete(request: Request[Any, Any, Any], queue_id: FromPath[str]) -> Response[Any]:
    """Delete a queue; the stories in it are what they were."""
    await services(request).saved_queues.delete(actor(request), queue_id)
    return await see_other(request, PATH, N_("Deleted."))


async def _show(
    request: Request[Any, Any, Any],
    wanted: QueueFilter,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    names = await names_of(request)
    comma = names.gettext(N_(", "))
    rows = []
    for saved in await services(request).saved_queues.of(actor(request)):
        shown = read_filter(dict(parse_qsl(saved.query)))
        words = comma.join(describe(shown, names))
        rows.append(QueueLine(str(saved.id), saved.name, desk_path(shown), words, saved.default))
    context = QueuesPage(
        rows=rows,
        query=wanted.query_string(),
        words=comma.join(describe(wanted, names)),
        back=desk_path(wanted),
        longest=LONGEST_NAME,
        values=values or {},
        errors=errors or {},
    )
    return await page(request, "desk/queues.html", context, status=status)


ROUTES = [queues, keep, choose, delete]
"""``/desk/queues`` and what lies under it."""
