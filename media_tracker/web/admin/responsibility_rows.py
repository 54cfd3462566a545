"""Single rows of the responsibility table: add one, end one, give one to another unit, and undo the last of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath
from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, Conflict, InvalidInput
from media_tracker.places.responsibility import Duty, Responsibility
from media_tracker.places.responsibility_rows import Edit, Note
from media_tracker.web.admin.responsibilities_view import DUTY_NAMES, TableRow, duty_row
from media_tracker.web.choices import Option, category_filter, named, option
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import admins
from media_tracker.web.naming import Names, names_of
from media_tracker.web.region_input import region_options, resolve_region
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down_in
from media_tracker.web.visitor import actor, origin, services

PATH = "/admin/responsibilities"
TEMPLATE = "admin/responsibility_row.html"
_DAY = N_("Please give a day as year-month-day.")
_UNIT = N_("Please choose the unit in charge.")


@dataclass(frozen=True, slots=True)
class RowPage:
    """``templates/admin/responsibility_row.html``"""

    row: TableRow | None
    """None: a row is added."""
    row_id: str
    edition: int
    units: Sequence[Option]
    duties: Sequence[Option]
    categories: Sequence[Option]
    regions: Sequence[Option]
    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""


@get(f"{PATH}/rows/new", guards=[admins])
async def new_row(request: Request[Any, Any, Any]) -> Response[str]:
    """The form for a row more."""
    today = _today(request).isoformat()
    return await _show(request, None, {"first": today, "duty": Duty.LEAD.value})


@post(f"{PATH}/rows/new", guards=[admins])
async def add_row(request: Request[Any, Any, Any]) -> Response[Any]:
    """Add it. Who was in charge of the same before ends on the day before."""
    form = await read_form(request)
    try:
        new = await _new(request, form)
        done = await services(request).responsibility_rows.add(
            new, form.number("edition") or 0, actor(request), origin(request), _note(request)
        )
    except (InvalidInput, Conflict) as error:
        return await _again(request, None, form, error)
    return await _done(request, done)


@get(f"{PATH}/rows/{{row_id:str}}", guards=[admins])
async def row_page(request: Request[Any, Any, Any], row_id: FromPath[str]) -> Response[str]:
    """A row, with the forms that end it or give it to another unit."""
    row = await services(request).responsibility_rows.get(row_id)
    today = _today(request).isoformat()
    return await _show(request, row, {"last": today, "first": today})


@post(f"{PATH}/rows/{{row_id:str}}/end", guards=[admins])
async def end_row(request: Request[Any, Any, Any], row_id: FromPath[str]) -> Response[Any]:
    """Give it its last day."""
    form, rows = await read_form(request), services(request).responsibility_rows
    row = await rows.get(row_id)
    try:
        last = form.day("last", required=_DAY)
        form.check()
        assert last is not None  # or check() would have raised
        done = await rows.end(row, last, form.number("edition") or 0, actor(request), origin(request), _note(request))
    except (InvalidInput, Conflict) as error:
        return await _again(request, row, form, error)
    return await _done(request, done)


@post(f"{PATH}/rows/{{row_id:str}}/unit", guards=[admins])
async def hand_row_on(request: Request[Any, Any, Any], row_id: FromPath[str]) -> Response[Any]:
    """Give what it says to another unit from a day on."""
    form, rows = await read_form(request), services(request).responsibility_rows
    row = await rows.get(row_id)
    try:
        first = form.day("first", required=_DAY)
        unit_id = form.id("unit_id", required=_UNIT)
        form.check()
        assert first is not None  # as above
        assert unit_id is not None
        edition = form.number("edition") or 0
        done = await rows.hand_on(row, unit_id, first, edition, actor(request), origin(request), _note(request))
    except (InvalidInput, Conflict) as error:
        return await _again(request, row, form, error)
    return await _done(request, done)


@post(f"{PATH}/undo", guards=[admins])
async def undo_edit(request: Request[Any, Any, Any]) -> Response[Any]:
    """Undo the last change of single rows."""
    form = await read_form(request)
    await services(request).responsibility_rows.undo(form.text("edit"), actor(request), origin(request), _note(request))
    return await see_other(request, PATH, N_("The last change of the table is undone."))


async def _new(request: Request[Any, Any, Any], form: Form) -> Responsibility:
    """The row that the form describes."""
    unit_id = form.id("unit_id", required=_UNIT)
    duty = form.choice("duty", Duty) or Duty.LEAD
    first, last = form.day("first", required=_DAY), form.day("last")
    region = None
    try:
        region = await resolve_region(services(request).places, form.text("region"))
    except InvalidInput as error:
        form.errors.update(error.fields)
    form.check()
    assert unit_id is not None  # or check() would have raised
    assert first is not None
    return Responsibility(unit_id, duty, form.optional("category"), region, first, last)


async def _show(
    request: Request[Any, Any, Any],
    row: Responsibility | None,
    values: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    notice: str = "",
    status: int = 200,
) -> Response[str]:
    names, room = await names_of(request), services(request)
    context = RowPage(
        row=duty_row(row, names) if row is not None else None,
        row_id=str(row.id) if row is not None else "",
        edition=await room.responsibilities.edition(),
        units=_units(names, row.unit_id if row is not None else None),
        duties=named(names.pages.catalogue, DUTY_NAMES),
        categories=category_filter(names),
        regions=await region_options(room.places),
        values=values,
        errors=errors or {},
        notice=notice,
    )
    return await page(request, TEMPLATE, context, status=status)


def _units(names: Names, without: ObjectId | None) -> list[Option]:
    return [option(unit.id, unit.name) for unit in names.units.active() if unit.id != without]


async def _again(
    request: Request[Any, Any, Any], row: Responsibility | None, form: Form, error: InvalidInput | Conflict
) -> Response[str]:
    """The form with what was typed, and what is wrong with it; the edition is the present one."""
    if isinstance(error, Conflict):
        notice = N_("Somebody has changed the table in the meantime. Look at it, then decide again.")
        return await _show(request, row, form.values, notice=notice, status=409)
    return await _show(request, row, form.values, error.fields, status=422)


async def _done(request: Request[Any, Any, Any], done: Edit) -> Response[Any]:
    message = N_(
        "The table is changed: rows added {added}, rows ended {ended}. It can be undone until the next change."
    )
    return await see_other(request, PATH, message, added=done.added, ended=done.ended)


def _note(request: Request[Any, Any, Any]) -> Note:
    async def note(session: AsyncClientSession, added: int, ended: int) -> None:
        action = AuditAction.RESPONSIBILITIES_CHANGED
        await write_down_in(session, request, action, None, added=added, ended=ended)

    return note


def _today(request: Request[Any, Any, Any]) -> date:
    found = services(request)
    return found.clock().astimezone(found.settings.zone).date()


ROUTES = [new_row, add_row, row_page, end_row, hand_row_on, undo_edit]
