"""Administration of the responsibility table: as of a day, and taking in a sheet after a look at what it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromQuery
from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.accounts.by_name import people_by_name
from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, Conflict, InvalidInput, MediaTrackerError, NotFound, TooLarge
from media_tracker.files.tables import USUAL
from media_tracker.places.responsibility import Responsibility, clashes
from media_tracker.places.responsibility_import import Outlook
from media_tracker.places.responsibility_rows import Edit
from media_tracker.places.responsibility_sheet import ResponsibilitySheet
from media_tracker.web.admin.dissolved import DissolvedRow, dissolved_rows
from media_tracker.web.admin.responsibilities_view import (
    GAPS_SHOWN,
    ROWS_SHOWN,
    ClashRow,
    GapRow,
    Preview,
    TableRow,
    backing_row,
    clash_rows,
    duty_row,
    gap_rows,
    preview,
)
from media_tracker.web.admin.responsibility_rows import ROUTES as ROWS
from media_tracker.web.choices import Option, category_filter, district_options, option
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import admins
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down_in
from media_tracker.web.visitor import actor, origin, services

PATH = "/admin/responsibilities"
DRAFT_OF = "responsibilities"
BODY_BYTES = USUAL.bytes + 100_000
"""A file of the largest size and the rest of its form."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of the address, as far as they make sense; None and "" mean all."""

    on: date
    unit: ObjectId | None = None
    category: str = ""
    district: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether only some rows are meant."""
        return bool(self.unit or self.category or self.district)

    def means(self, row: Responsibility, names: Names) -> bool:
        """Whether ``row`` has to do with what is asked for: it is for it, for a part of it, or for what it is a part of."""
        if self.unit is not None and row.unit_id != self.unit:
            return False
        kin = {*names.categories.path(self.category), *names.categories.below(self.category)}
        if self.category and row.category is not None and row.category not in kin:
            return False
        if not self.district or row.region is None or row.region not in names.regions:
            return True
        return names.regions.covers(self.district, row.region) or names.regions.covers(row.region, self.district)


@dataclass(frozen=True, slots=True)
class ResponsibilitiesPage:
    """``templates/admin/responsibilities.html``"""

    asked: Asked
    today: date
    rows: Sequence[TableRow]
    total: int
    backings: Sequence[TableRow]
    clashes: Sequence[ClashRow]
    gaps: Sequence[GapRow]
    gaps_total: int
    units: Sequence[Option]
    categories: Sequence[Option]
    districts: Sequence[Option]
    last_edit: Edit | None = None
    """The last change of single rows, while it can be undone."""
    edited: str = ""
    """The unit that it was about."""
    dissolved: Sequence[DissolvedRow] = ()
    """Units that are no more and still have open problems."""
    preview: Preview | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A sheet that was sent, and how it is to be understood."""

    filename: str
    data: bytes
    since: date
    whole: bool


@get(PATH, guards=[admins])
async def responsibilities_page(
    request: Request[Any, Any, Any],
    on: FromQuery[str | None] = None,
    unit: FromQuery[str | None] = None,
    category: FromQuery[str | None] = None,
    district: FromQuery[str | None] = None,
) -> Response[Any]:
    """The table as of a day; today's without one."""
    names = await names_of(request)
    asked = Asked(
        on=_day(on) or _today(request),
        unit=ObjectId(unit) if unit and ObjectId.is_valid(unit) else None,
        category=category if category and category in names.categories else "",
        district=district if district and district in names.regions else "",
    )
    return await page(request, "admin/responsibilities.html", await _table(request, asked, names))


@post(PATH, guards=[admins], request_max_body_size=BODY_BYTES)
async def upload(request: Request[Any, Any, Any]) -> Response[Any]:
    """Show what a sheet would change, and what is wrong with it. Nothing is stored in the table yet."""
    form = await read_form(request)
    try:
        sent = await _sent(request, form)
        sheet, outlook = await _look(request, sent)
    except (InvalidInput, TooLarge) as error:
        return await _again(request, form, error)
    drafts = services(request).sheet_drafts
    draft = await drafts.keep(DRAFT_OF, actor(request).user_id, sent.filename, sent.data)
    return await _preview(request, str(draft), sent, sheet, outlook)


@post(f"{PATH}/take", guards=[admins])
async def take(request: Request[Any, Any, Any]) -> Response[Any]:
    """Take in the sheet that was shown: all of it, or nothing."""
    found = services(request)
    form = await read_form(request)
    try:
        draft = await found.sheet_drafts.get(form.text("draft"), DRAFT_OF, actor(request).user_id)
        since = form.day("since", required=N_("Please give a day as year-month-day."))
        form.check()
        sent = _Sent(draft.filename, draft.data, since or _today(request), form.flag("whole"))
        sheet, outlook = await _look(request, sent)
    except (InvalidInput, NotFound, TooLarge) as error:
        return await _again(request, form, error)
    try:
        taken = await found.responsibilities.take(
            sheet,
            sent.since,
            whole=sent.whole,
            edition=form.number("edition") or 0,
            by=actor(request),
            origin=origin(request),
            note=lambda session, seen: _note(session, request, seen),
        )
    except Conflict as error:
        return await _preview(request, str(draft.id), sent, sheet, outlook, error)
    except (InvalidInput, TooLarge) as error:
        return await _again(request, form, error)
    await found.sheet_drafts.forget(draft.id)
    message = N_("The table is taken in: {added} rows are new, {ended} have ended.")
    return await see_other(request, f"{PATH}?on={taken.day}", message, added=taken.added, ended=taken.ended)


async def _note(session: AsyncClientSession, request: Request[Any, Any, Any], seen: Outlook) -> None:
    action = AuditAction.RESPONSIBILITIES_CHANGED
    await write_down_in(session, request, action, None, added=seen.added, ended=seen.ended)


async def _sent(request: Request[Any, Any, Any], form: Form) -> _Sent:
    since = form.day("since", required=N_("Please give a day as year-month-day."))
    upload = form.data.get("sheet")
    content = await upload.read() if isinstance(upload, UploadFile) else b""
    if not content or not isinstance(upload, UploadFile):
        form.errors["sheet"] = N_("Please choose an Excel or CSV file.")
    form.check()
    assert isinstance(upload, UploadFile)  # or check() would have raised
    return _Sent(upload.filename, content, since or _today(request), form.flag("whole"))


async def _look(request: Request[Any, Any, Any], sent: _Sent) -> tuple[ResponsibilitySheet, Outlook]:
    """What the sheet says, and what it would change."""
    found = services(request)
    people = people_by_name(await found.accounts.list_users())
    sheet = await found.responsibilities.read(sent.data, people, sent.since)
    return sheet, await found.responsibilities.outlook(sheet, sent.since, whole=sent.whole)


async def _table(request: Request[Any, Any, Any], asked: Asked, names: Names) -> ResponsibilitiesPage:
    table = services(request).responsibilities.table
    rows, backings = await table.duties(asked.on), await table.backings(asked.on)
    bare = (await services(request).responsibilities.surroundings()).gaps(rows, asked.on) if rows else []
    lacking = gap_rows(bare, names)
    meant = [row for row in rows if asked.means(row, names)]
    return ResponsibilitiesPage(
        asked=asked,
        today=_today(request),
        rows=[duty_row(row, names) for row in meant[:ROWS_SHOWN]],
        total=len(meant),
        backings=[backing_row(row, names) for row in backings[:ROWS_SHOWN]],
        clashes=clash_rows((pair for pair in clashes(rows, asked.on) if pair[0].valid(asked.on)), names),
        gaps=lacking[:GAPS_SHOWN],
        gaps_total=len(lacking),
        units=[option(unit.id, unit.name) for unit in names.units],
        categories=category_filter(names),
        districts=district_options(names),
        last_edit=(last := await services(request).responsibility_rows.undoable()),
        edited=names.unit(last.subject) if last is not None else "",
        dissolved=await dissolved_rows(request, names),
        values={"since": _today(request).isoformat()},
    )


async def _preview(
    request: Request[Any, Any, Any],
    draft: str,
    sent: _Sent,
    sheet: ResponsibilitySheet,
    outlook: Outlook,
    late: Conflict | None = None,
) -> Response[Any]:
    names = await names_of(request)
    shown = await _table(request, Asked(_today(request)), names)
    context = replace(
        shown,
        preview=preview(draft, sent.filename, sheet, outlook, sent.since, sent.whole, names),
        values={"since": sent.since.isoformat(), "whole": "1" if sent.whole else ""},
        errors={"preview": late.message} if late else {},
    )
    return await page(request, "admin/responsibilities.html", context, status=409 if late else 200)


async def _again(request: Request[Any, Any, Any], form: Form, error: MediaTrackerError) -> Response[Any]:
    """The form with what is wrong with it."""
    shown = await _table(request, Asked(_today(request)), await names_of(request))
    fields = error.fields if isinstance(error, InvalidInput) else {}
    context = replace(shown, values=form.values, errors=fields or {"sheet": error.message}, params=error.params)
    return await page(request, "admin/responsibilities.html", context, status=422)


def _today(request: Request[Any, Any, Any]) -> date:
    found = services(request)
    return found.clock().astimezone(found.settings.zone).date()


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


ROUTES = [responsibilities_page, upload, take, *ROWS]
