"""Stories as a sheet: upload, look at what it would bring, take it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from media_tracker.errors import N_, InvalidInput, MediaTrackerError, NotFound, TooLarge
from media_tracker.files.tables import USUAL
from media_tracker.ingest.handing_in import Status
from media_tracker.ingest.sheets import Sheet, read_sheet
from media_tracker.outlets.documents import Outlet, Platform
from media_tracker.web.choices import Option, named
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import editors
from media_tracker.web.outlets.view import PLATFORM_NAMES, stored_id
from media_tracker.web.render import page, see_other
from media_tracker.web.visitor import actor, origin, services

BODY_BYTES = USUAL.bytes + 100_000
"""A file of the largest size and the rest of its form."""
ROWS_SHOWN = 50
ERRORS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class RowShown:
    """A row that would be taken. ``platform`` is untranslated."""

    line: int
    title: str
    link: str
    published_at: datetime | None
    platform: str
    column: str


@dataclass(frozen=True, slots=True)
class ErrorShown:
    """A row that cannot be taken, and why."""

    line: int
    column: str
    sentence: str
    params: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a sheet would bring; of many rows the first ones."""

    draft: str
    filename: str
    platform: str
    rows: Sequence[RowShown]
    total: int
    wrong: Sequence[ErrorShown]
    wrong_total: int
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class SheetPage:
    """``templates/stories/sheet.html``"""

    outlet_id: str
    outlet: str
    platforms: Sequence[Option]
    preview: Preview | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)


@get("/outlets/{outlet_id:str}/sheet", guards=[editors])
async def sheet_page(request: Request[Any, Any, Any], outlet_id: FromPath[str]) -> Response[Any]:
    """The form for a sheet of an outlet's stories."""
    return await _show(request, await services(request).outlets.get(outlet_id))


@post("/outlets/{outlet_id:str}/sheet", guards=[editors], request_max_body_size=BODY_BYTES)
async def upload(request: Request[Any, Any, Any], outlet_id: FromPath[str]) -> Response[Any]:
    """Show what a sheet would bring, and what is wrong with it. Nothing is stored as a story yet."""
    found = services(request)
    outlet = await found.outlets.get(outlet_id)
    form = await read_form(request)
    platform = form.choice("platform", Platform, required=N_("Please choose from the list."))
    try:
        form.check()
        assert platform is not None  # or check() would have raised
        filename, data = await _uploaded(form)
        sheet = await asyncio.to_thread(read_sheet, data, filename, found.settings.zone, found.clock())
    except (InvalidInput, TooLarge) as error:
        return await _show(request, outlet, form=form, error=error)
    draft = await found.sheet_drafts.keep(stored_id(outlet.id), actor(request).user_id, filename, data)
    return await _show(request, outlet, _preview(str(draft), filename, sheet, platform), form)


@post("/outlets/{outlet_id:str}/sheet/take", guards=[editors])
async def take(request: Request[Any, Any, Any], outlet_id: FromPath[str]) -> Response[Any]:
    """Take the rows of the sheet that was shown. Doing it again adds nothing."""
    found = services(request)
    outlet = await found.outlets.get(outlet_id)
    form = await read_form(request)
    platform = form.choice("platform", Platform, required=N_("Please choose from the list."))
    try:
        form.check()
        assert platform is not None  # or check() would have raised
        draft = await found.sheet_drafts.get(form.text("draft"), stored_id(outlet.id), actor(request).user_id)
        sheet = await asyncio.to_thread(read_sheet, draft.data, draft.filename, found.settings.zone, found.clock())
    except (InvalidInput, NotFound) as error:
        return await _show(request, outlet, form=form, error=error)
    counts = await found.handing_in.take_sheet(stored_id(outlet.id), sheet.rows, platform, origin=origin(request))
    await found.sheet_drafts.forget(draft.id)
    return await see_other(
        request,
        f"/stories?outlet={outlet.id}",
        N_("The sheet is taken in: {new} new stories, {changed} changed, {known} that were here already."),
        new=counts.get(Status.NEW, 0),
        changed=counts.get(Status.CHANGED, 0),
        known=counts.get(Status.UNCHANGED, 0) + counts.get(Status.KNOWN, 0),
    )


async def _uploaded(form: Form) -> tuple[str, bytes]:
    upload = form.data.get("sheet")
    content = await upload.read() if isinstance(upload, UploadFile) else b""
    if not content or not isinstance(upload, UploadFile):
        raise InvalidInput(N_("Please choose an Excel or CSV file."))
    return upload.filename, content


def _preview(draft: str, filename: str, sheet: Sheet, platform: Platform) -> Preview:
    return Preview(
        draft=draft,
        filename=filename,
        platform=platform.value,
        rows=[
            RowShown(
                line=row.line,
                title=row.title,
                link=row.link or "",
                published_at=row.published.moment if row.published else None,
                platform=PLATFORM_NAMES[row.platform or platform],
                column=row.column,
            )
            for row in sheet.rows[:ROWS_SHOWN]
        ],
        total=len(sheet.rows),
        wrong=[ErrorShown(each.line, each.column, each.sentence, each.params) for each in sheet.errors[:ERRORS_SHOWN]],
        wrong_total=len(sheet.errors),
        notes=sheet.notes,
    )


async def _show(
    request: Request[Any, Any, Any],
    outlet: Outlet,
    preview: Preview | None = None,
    form: Form | None = None,
    error: MediaTrackerError | None = None,
) -> Response[Any]:
    errors: Mapping[str, str] = {}
    if error is not None:
        errors = (error.fields if isinstance(error, InvalidInput) else {}) or {"sheet": error.message}
    context = SheetPage(
        outlet_id=str(outlet.id),
        outlet=outlet.name,
        platforms=named(request.app.state.pages.catalogue, PLATFORM_NAMES),
        preview=preview,
        values=form.values if form else {},
        errors=errors,
        params=error.params if error else {},
    )
    return await page(request, "stories/sheet.html", context, status=200 if error is None else 422)


ROUTES = [sheet_page, upload, take]
