"""The quality of tagging: how far editors agree, and how often suggestions are right. Every figure opens its list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromQuery

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.desk import quality_report as report
from media_tracker.desk.agreement import Agreement
from media_tracker.desk.quality import MOST_CHECKS, Seen
from media_tracker.desk.quality_report import CheckFilter, LookFilter, Pair, Precision
from media_tracker.errors import N_, InvalidInput
from media_tracker.monitor.exports import Sheet, Value, to_csv
from media_tracker.web.desk.quality_words import FIELD_NAMES, PATH, Period, QualityWords
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
class Count:
    """A number that opens its list."""

    value: int
    href: str


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """Agreement on one thing. ``kappa`` and ``interval`` are texts; ``note`` says why there is none."""

    name: str
    equal: Count
    different: Count
    n: int
    observed: float | None
    kappa: str
    interval: str
    note: str


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field: all together, by class, by month, what is taken for what, and the pairs that are confused most."""

    name: str
    """Untranslated."""
    whole: AgreementRow
    classes: Sequence[AgreementRow]
    months: Sequence[AgreementRow]
    labels: Sequence[str]
    table: Sequence[Sequence[Count]]
    """A row for each label of the first editor, a column for each of the second."""
    confused: Sequence[tuple[str, str, Count]]


@dataclass(frozen=True, slots=True)
class PrecisionRow:
    """How often a suggestion was right."""

    name: str
    right: Count
    wrong: Count
    n: int
    share: str
    interval: str


@dataclass(frozen=True, slots=True)
class PrecisionTable:
    """Suggestions by one thing. ``left_out``: rows that the page has no room for."""

    title: str
    head: str
    """Both untranslated."""
    rows: Sequence[PrecisionRow]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class EditorRow:
    """One editor in one month: agreement with the others, and how often a suggested kind was kept."""

    who: str
    month: str
    agreement: AgreementRow | None
    kept: PrecisionRow | None


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
    view = _View(
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


@dataclass(frozen=True, slots=True)
class _View:
    """Turns figures into rows with links."""

    seen: Seen
    words: QualityWords
    zone: ZoneInfo
    looks: Period
    checks: Period
    most: int | None

    def field(self, name: str) -> FieldView:
        pairs = report.pairs_of(self.seen.looks, name, self.zone)
        told = report.report_on(pairs, name)
        said = {label: self.words.value(name, label) for label in told.labels}
        return FieldView(
            name=FIELD_NAMES[name],
            whole=self._line("", report.Line("", told.found, *_both(told.found)), LookFilter(name)),
            classes=[self._line(said[each.name], each, LookFilter(name, either=each.name)) for each in told.classes],
            months=[
                self._line(self._month(each.name), each, LookFilter(name, month=each.name)) for each in told.months
            ],
            labels=[said[label] for label in told.labels],
            table=[
                [
                    self._count(told.table.get((one, other), 0), LookFilter(name, first=one, second=other))
                    for other in told.labels
                ]
                for one in told.labels
            ],
            confused=[
                (
                    said[each.one],
                    said[each.other],
                    self._count(each.count, LookFilter(name, one=each.one, other=each.other)),
                )
                for each in told.confused
            ],
        )

    def tables(self) -> list[PrecisionTable]:
        """Precision by field; of kinds and categories by value, by what spoke for them, by sureness and by version."""
        checks, made = self.seen.checks, []
        whole = [
            report.precision(checks, CheckFilter(name), self.zone, self.words.names.gettext(FIELD_NAMES[name]))
            for name in report.SUGGESTED
        ]
        made.append(self._table(N_("Suggestions, by field"), N_("Field"), whole, lambda name: name))
        for name, by_value, by_rule, by_band, by_model in _TABLES:
            value = _saying(self.words, name)
            made += [
                self._table(by_value, FIELD_NAMES[name], report.by_value(checks, name), value),
                self._table(by_rule, N_("What spoke for it"), report.by_rule(checks, name), self.words.rule),
                self._table(by_band, N_("How sure it was"), report.by_band(checks, name), self.words.band),
                self._table(
                    by_model, N_("Version of model and rules"), report.by_model(checks, name), lambda name: name
                ),
            ]
        return [table for table in made if table.rows]

    def editors(self, people: Mapping[ObjectId, str], only: ObjectId | None) -> list[EditorRow]:
        """Agreement with the others, and kinds kept as suggested, by editor and month."""
        pairs: list[Pair] = report.pairs_of(self.seen.looks, "kind", self.zone)
        agreed = {
            (who, line.name): self._line("", line, LookFilter("kind", month=line.name, by=who))
            for who, line in report.by_editor(pairs, only)
        }
        kept = {
            (each.wanted.by, each.wanted.month): self._precision(each, each.name)
            for each in report.by_check_editor(self.seen.checks, "kind", self.zone, only)
        }
        keys = sorted({*agreed, *kept}, key=lambda key: (people.get(key[0], "") if key[0] else "", key[1]))
        return [
            EditorRow(
                people.get(who, "") if who else "",
                self._month(month),
                agreed.get((who, month)) if who else None,
                kept.get((who, month)),
            )
            for who, month in keys
        ]

    def _table(self, title: str, head: str, rows: Sequence[Precision], name: Callable[[str], str]) -> PrecisionTable:
        shown = [self._precision(each, name(each.name)) for each in rows if each.share.n]
        most = len(shown) if self.most is None else self.most
        return PrecisionTable(title, head, shown[:most], max(0, len(shown) - most))

    def _precision(self, each: Precision, name: str) -> PrecisionRow:
        right, share = each.share.right, each.share
        return PrecisionRow(
            name=name,
            right=Count(right, self.checks.checks(report.rights(each.wanted, True))),
            wrong=Count(share.n - right, self.checks.checks(report.rights(each.wanted, False))),
            n=share.n,
            share=self.words.share(share),
            interval=self.words.share_interval(share),
        )

    def _line(self, name: str, line: report.Line, wanted: LookFilter) -> AgreementRow:
        return AgreementRow(
            name=name,
            equal=self._count(line.equal, report.looks_with(wanted, True)),
            different=self._count(line.different, report.looks_with(wanted, False)),
            n=line.found.n,
            observed=line.found.observed,
            kappa=self.words.kappa(line.found),
            interval=self.words.interval(line.found),
            note=self.words.why(line.found),
        )

    def _count(self, value: int, wanted: LookFilter) -> Count:
        return Count(value, self.looks.looks(wanted))

    def _month(self, month: str) -> str:
        return self.words.names.month(month)


_TABLES = (
    (
        "kind",
        N_("Suggested kinds"),
        N_("Suggested kinds, by what spoke for them"),
        N_("Suggested kinds, by sureness"),
        N_("Suggested kinds, by version"),
    ),
    (
        "category",
        N_("Suggested categories"),
        N_("Suggested categories, by what spoke for them"),
        N_("Suggested categories, by sureness"),
        N_("Suggested categories, by version"),
    ),
)


def _saying(words: QualityWords, field: str) -> Callable[[str], str]:
    return lambda value: words.value(field, value)


def _both(found: Agreement) -> tuple[int, int]:
    return found.equal, found.n - found.equal


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
