"""The list behind a figure as a file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response
from litestar.response import Redirect

from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_
from media_tracker.monitor.definitions import DEFINITIONS, Key
from media_tracker.monitor.exports import Deadline, Sheet, Value, to_csv, to_xlsx
from media_tracker.monitor.facts import Row
from media_tracker.web.figure_links import Asked
from media_tracker.web.monitor.filters import list_chips
from media_tracker.web.monitor.lists import Cell, Column, columns_of
from media_tracker.web.naming import Names, names_of
from media_tracker.web.visitor import actor, request_id, services

MOST_FILE_ROWS = 5_000
"""Longer lists are made in the background (``/exports``)."""
FILES = {
    "csv": (to_csv, "text/csv"),
    "xlsx": (to_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


async def figure_file(request: Request[Any, Any, Any], key: Key, asked: Asked, suffix: str) -> Response[Any]:
    """All rows as a file, or the way to where long files are made. That they left the house is written down first."""
    use, names = services(request), await names_of(request)
    total, _ = await use.monitor.page(key, asked.period, asked.part, 0, 1, as_of=asked.as_of)
    if total > MOST_FILE_ROWS:
        return Redirect(f"/exports/figure.{suffix}?{urlencode([('key', key.value), *asked.query()])}", status_code=303)
    found = await use.monitor.figure(key, asked.period, asked.part, asked.stretch, as_of=asked.as_of)
    shown = await use.monitor.shown(found.rows, as_of=asked.as_of)
    columns = columns_of(key, asked.part, found.hours, shown, names, actor(request))
    write, media_type = FILES[suffix]
    content = await asyncio.to_thread(write, _sheet(key, found.rows, asked, columns, names), use.monitor.zone)
    start, end = asked.period.start.isoformat(), asked.period.end.isoformat()
    filters = {f"filter_{dimension.value}": value for dimension, value in asked.filters.items()}
    stretch = {"stretch": asked.stretch.value} if asked.stretch else {}
    as_of = {"as_of": asked.as_of.isoformat()} if asked.as_of else {}
    await use.audit.write(
        AuditAction.EXPORTED,
        actor=actor(request).user_id,
        subject=f"monitor/{key.value}.{suffix}",
        detail={"from": start, "to": end, "rows": found.value, **filters, **stretch, **as_of},
        request_id=request_id(request.scope),
    )
    headers = {"content-disposition": f'attachment; filename="{key.value}_{start}_{end}.{suffix}"'}
    return Response(content, media_type=media_type, headers=headers)


def _sheet(key: Key, rows: Sequence[Row], asked: Asked, columns: Sequence[Column], names: Names) -> Sheet:
    gettext, definition = names.gettext, DEFINITIONS[key]
    days = f"{asked.period.start.isoformat()} – {asked.period.end.isoformat()}"
    about: list[tuple[str, Value]] = [
        (gettext(N_("Figure")), gettext(definition.name)),
        (gettext(N_("Definition")), gettext(definition.text)),
        (gettext(N_("Period")), days),
        (gettext(N_("Rows")), len(rows)),
    ]
    if asked.as_of is not None:
        about.append((gettext(N_("As of")), asked.as_of))
    about += [(chip.kind, chip.value) for chip in list_chips(key, asked, names)]
    return Sheet(
        title=gettext(definition.name),
        headings=[gettext(column.label) for column in columns],
        rows=[[_value(column.cell(row)) for column in columns] for row in rows],
        about_title=gettext(N_("Definition")),
        about=about,
    )


def _value(cell: Cell) -> Value:
    """A cell as a file takes it. As a plain date, a deadline at midnight would read one day too long."""
    if cell.look == "deadline" and isinstance(cell.value, datetime):
        return Deadline(cell.value)
    return cell.value
