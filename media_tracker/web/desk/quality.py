"""The quality of tagging: how far editors agree, and how often suggestions are right. Every figure opens its list."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.params import FromQuery

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.desk import quality_report as report
from media_tracker.desk.quality import MOST_CHECKS
from media_tracker.errors import N_, InvalidInput
from media_tracker.monitor.exports import Sheet, Value, to_csv
from media_tracker.web.desk.quality_view import EditorRow, FieldView, PrecisionTable, QualityView
from media_tracker.web.desk.quality_words import PATH, Period, QualityWords
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import admins, rule_keepers
from media_tracker.web.naming import names_of
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down
from media_tracker.web.visitor import actor, services

DAYS = 90
"""The period that is shown where none is asked for."""
MOST_ROWS = 30
"""Of a table of rules; the CSV file has all."""
MOST_DISPUTES = 1_000
CSV_HEADS = (
    N_("What"),
    N_("Which"),
    N_("Stories"),
    N_("Right or equal"),
    N_("Share"),
    "κ",
    N_("Interval"),
    N_("Note"),
)


@dataclass(frozen=True, slots=True)
class QualityPage:
    """``templates/desk/quality.html``"""

    admin: bool
    settles: bool
    """Whether the reader may settle disputes."""
    filtered: bool
    first_day: date
    last_day: date
    share: str
    """In percent."""
    disputes: int
    disputes_are_more: bool
    fields: Sequence[FieldView]
    tables: Sequence[PrecisionTable]
    editors: Sequence[EditorRow]
    cut_at: datetime | None
    most: int
    csv: str
    errors: Mapping[str, str]


@get(PATH, guards=[rule_keepers])
async def quality_page(
    request: Request[Any, Any, Any], start: FromQuery[str] = "", end: FromQuery[str] = ""
) -> Response[Any]:
    """All figures of a period, the last 90 days where none is given."""
    return await page(request, "desk/quality.html", await _context(request, start, end))


@get(f"{PATH}.csv", guards=[rule_keepers])
async def quality_csv(
    request: Request[Any, Any, Any], start: FromQuery[str] = "", end: FromQuery[str] = ""
) -> Response[bytes]:
    """The same figures as a file, with every row; without those of single editors."""
    context = await _context(request, start, end, most=None)
    gettext = request.app.state.pages.catalogue.gettext
    rows: list[Sequence[Value]] = []
    for view in context.fields:
        what = gettext(view.name)
        for each in (view.whole, *view.classes, *view.months):
            observed = "" if each.observed is None else f"{each.observed:.4f}"
            rows.append((what, each.name, each.n, each.equal.value, observed, each.kappa, each.interval, each.note))
    for table in context.tables:
        for line in table.rows:
            rows.append((gettext(table.title), line.name, line.n, line.right.value, line.share, "", line.interval, ""))
    sheet = Sheet(gettext(N_("Quality of tagging")), [gettext(name) for name in CSV_HEADS], rows)
    name = f"quality-{context.first_day:%Y%m%d}-{context.last_day:%Y%m%d}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(
        to_csv(sheet, services(request).settings.zone), media_type="text/csv; charset=utf-8", headers=headers
    )


@post(f"{PATH}/share", guards=[admins])
async def set_share(request: Request[Any, Any, Any]) -> Response[Any]:
    """Say which share of the stories is looked at twice."""
    form = await read_form(request)
    try:
        share = _percent(form)
        await services(request).second_looks.set_share(share, actor(request))
    except InvalidInput as error:
        context = await _context(
            request, "", "", errors=error.fields or {"share": error.message}, typed=form.text("share")
        )
        return await page(request, "desk/quality.html", context, status=422)
    await write_down(request, AuditAction.SECOND_LOOKS_SET, None, number=round(share * 1000))
    return await see_other(request, PATH, N_("From now on, this share of stories is looked at twice."))


async def _context(
    request: Request[Any, Any, Any],
    start: str,
    end: str,
    most: int | None = MOST_ROWS,
    errors: Mapping[str, str] | None = None,
    typed: str = "",
) -> QualityPage:
    found, zone = services(request), services(request).settings.zone
    first, last = _days(start, end, found.clock(), zone)
    period = Period(_midnight(first, zone), min(_midnight(last + timedelta(days=1), zone), found.clock()))
    seen, words, who = (
        await found.quality.seen(period.since, period.until),
        QualityWords(await names_of(request)),
        actor(request),
    )
    admin = who.has(Role.ADMIN)
    people = {user.object_id: user.display_name for user in await found.accounts.list_users()}
    disputes = await found.second_looks.count_disputes(MOST_DISPUTES + 1)
    cuts = [at for at, cut in ((seen.looks_since, seen.looks_cut), (seen.checks_since, seen.checks_cut)) if cut]
    view = QualityView(
        seen, words, zone, Period(seen.looks_since, period.until), Period(seen.checks_since, period.until), most
    )
    fields = await asyncio.to_thread(lambda: [view.field(name) for name in report.AGREED_ON])
    return QualityPage(
        admin=admin,
        settles=who.has(Role.EDITOR),
        filtered=bool(_day(start) or _day(end)),
        first_day=first,
        last_day=last,
        share=typed or f"{await found.second_looks.share() * 100:g}",
        disputes=min(disputes, MOST_DISPUTES),
        disputes_are_more=disputes > MOST_DISPUTES,
        fields=fields,
        tables=await asyncio.to_thread(view.tables),
        editors=view.editors(people, None if admin else who.user_id),
        cut_at=max(cuts) if cuts else None,
        most=MOST_CHECKS,
        csv=f"{PATH}.csv?start={first}&end={last}",
        errors=errors or {},
    )


def _days(start: str, end: str, now: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """The days that are asked for; nonsense asks for nothing."""
    today = now.astimezone(zone).date()
    last = min(_day(end) or today, today)
    first = _day(start) or last - timedelta(days=DAYS - 1)
    return min(first, last), last


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1990 <= day.year <= 2200 else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _percent(form: Form) -> float:
    try:
        return float(form.text("share")) / 100
    except ValueError:
        raise InvalidInput(N_("Please give a share between 0 and 50 percent.")) from None


ROUTES = [quality_page, quality_csv, set_share]
