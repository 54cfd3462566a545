"""Administration of the clock rules: the table, one rule, what a change would mean, and what applies to a given problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound
from media_tracker.problems.case import Severity
from media_tracker.problems.clocks.book import ClockRules
from media_tracker.problems.clocks.rules import DANGER, RULED, ClockKind, ClockRule, Source, Verdict
from media_tracker.web.admin.categories import UNIT_NAMES, Unit
from media_tracker.web.choices import Option, category_filter, category_options, option
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import admins
from media_tracker.web.naming import Names, names_of, say_severity
from media_tracker.web.problems.words import CLOCK_NAMES, SEVERITIES, SOURCE_NAMES
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down
from media_tracker.web.visitor import actor, services

PATH = "/admin/clocks"
FIELDS = ("edition", "line", "clock", "category", "severity", "source", "limit", "unit", "warning_hours", "remove")


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule in words."""

    line: int
    whom: str
    """For which problems."""
    limit: int
    unit: str
    warning_hours: int | None


@dataclass(frozen=True, slots=True)
class Applies:
    """What one clock comes to for the problem that was asked about."""

    clock: str
    rule: RuleRow
    beside: Sequence[RuleRow]
    """Rules that nothing puts behind it, but whose limit ends later."""


@dataclass(frozen=True, slots=True)
class ClocksPage:
    """``templates/admin/clocks.html``: the rules, clock by clock."""

    groups: Sequence[tuple[str, Sequence[RuleRow]]]
    applies: Sequence[Applies]
    asked: Mapping[str, str]
    categories: Sequence[Option]
    severities: Sequence[Option]
    sources: Sequence[Option]


@dataclass(frozen=True, slots=True)
class ClockPage:
    """``templates/admin/clock.html``: one rule, to be changed or added. ``line`` is empty for a new one."""

    line: str
    edition: int
    values: Mapping[str, str]
    clocks: Sequence[Option]
    categories: Sequence[Option]
    severities: Sequence[Option]
    sources: Sequence[Option]
    units: Sequence[Option]
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""


@dataclass(frozen=True, slots=True)
class TrialPage:
    """``templates/admin/clock_trial.html``: what a change would mean. ``effects``: clock, how many run, how many differ."""

    out: RuleRow | None
    into: RuleRow | None
    clock: str
    effects: Sequence[tuple[str, int, int]]
    fields: Mapping[str, str]


@get(PATH, guards=[admins])
async def clocks_page(
    request: Request[Any, Any, Any],
    category: FromQuery[str | None] = None,
    severity: FromQuery[str | None] = None,
    source: FromQuery[str | None] = None,
) -> Response[Any]:
    """The rules, and what applies to a problem of ``category``, ``severity`` and ``source``."""
    names, found = await names_of(request), services(request).clock_keeping
    current = await found.current()
    rows = [(rule.kind, _row(rule, line, names)) for line, rule in enumerate(current.rules, 1)]
    asked_severity = Severity(severity) if severity in set(Severity) else Severity.NORMAL
    asked_source = Source(source) if source in set(Source) else Source.MEDIA
    named = names.categories.by_code.get(category or "")
    known = named.code if named is not None and named.parent is not None else ""
    applies = await found.what_applies(known, asked_severity, asked_source) if known else {}
    context = ClocksPage(
        groups=[(CLOCK_NAMES[kind], [row for each, row in rows if each is kind]) for kind in RULED],
        applies=[_applies(kind, verdict, names) for kind, verdict in applies.items()],
        asked={"category": known, "severity": asked_severity.value, "source": asked_source.value},
        categories=category_options(names),
        severities=_severities(names),
        sources=_sources(names),
    )
    return await page(request, "admin/clocks.html", context)


@get("/admin/clocks/new", guards=[admins])
async def new_clock(request: Request[Any, Any, Any]) -> Response[Any]:
    """The form for a new rule."""
    edition = (await services(request).clock_keeping.current()).number
    context = _clock(await names_of(request), edition, "", {"clock": ClockKind.FEEDBACK.value})
    return await page(request, "admin/clock.html", context)


@get("/admin/clocks/{line:str}", guards=[admins])
async def clock_page(request: Request[Any, Any, Any], line: FromPath[str]) -> Response[Any]:
    """One rule, to be changed or taken out."""
    current = await services(request).clock_keeping.current()
    rule = _rule_at(current, line)
    return await page(request, "admin/clock.html", _clock(await names_of(request), current.number, line, _values(rule)))


@post("/admin/clocks/try", guards=[admins])
async def try_clock(request: Request[Any, Any, Any]) -> Response[Any]:
    """Show for how many open problems the change would have meant another limit. Nothing is saved."""
    form, found = await read_form(request), services(request).clock_keeping
    names = await names_of(request)
    try:
        current, old, new = await _asked(request, form)
        after = await found.changed(current, old, new)
    except InvalidInput as error:
        return await _again(request, names, form, error)
    kinds = [rule.kind for rule in (old, new) if rule is not None]
    context = TrialPage(
        out=_row(old, 0, names) if old else None,
        into=_row(new, 0, names) if new else None,
        clock=CLOCK_NAMES[kinds[-1]],
        effects=[
            (CLOCK_NAMES[each.kind], each.running, each.others)
            for each in await found.effects(current.rules, after)
            if each.kind in kinds
        ],
        fields={name: form.values[name] for name in FIELDS if name in form.values},
    )
    return await page(request, "admin/clock_trial.html", context)


@post(PATH, guards=[admins])
async def save_clock(request: Request[Any, Any, Any]) -> Response[Any]:
    """Save a change as it was shown."""
    form, found = await read_form(request), services(request).clock_keeping
    try:
        current, old, new = await _asked(request, form)
        saved = await found.save(await found.changed(current, old, new), current.number, actor(request))
    except InvalidInput as error:
        return await _again(request, await names_of(request), form, error)
    kinds = [rule.kind for rule in (old, new) if rule is not None]
    await write_down(request, AuditAction.CLOCKS_CHANGED, f"clocks/{saved.number}", clock=kinds[-1].value)
    return await see_other(
        request, PATH, N_("Saved. It holds everywhere within a minute; deadlines that run do not change.")
    )


async def _asked(request: Request[Any, Any, Any], form: Form) -> tuple[ClockRules, ClockRule | None, ClockRule | None]:
    """The present rules, the rule that is changed and what it becomes. ``Conflict`` when they are no longer those of the form."""
    current = await services(request).clock_keeping.current()
    if form.number("edition") != current.number:
        raise Conflict(N_("Somebody has changed the clock rules in the meantime. Look at them again."))
    line = form.text("line")
    old = _rule_at(current, line) if line else None
    if form.flag("remove"):
        if old is None:
            raise NotFound(N_("There is no such clock rule."))
        return current, old, None
    return current, old, _typed(form)


def _typed(form: Form) -> ClockRule:
    """The rule that the form says; ``InvalidInput`` with what is wrong."""
    choose = N_("Please choose from the list.")
    kind, unit = form.choice("clock", ClockKind, required=choose), form.choice("unit", Unit, required=choose)
    severity, source = form.choice("severity", Severity), form.choice("source", Source)
    limit, warning_hours = form.number("limit"), form.number("warning_hours")
    if limit is None:
        form.errors.setdefault("limit", N_("Please give a time limit of one day or hour at least."))
    if kind is ClockKind.REVIEW:
        form.errors["clock"] = choose
    form.check()
    assert kind is not None  # the form has been checked
    assert unit is not None
    assert limit is not None
    return ClockRule(kind, form.text("category") or None, severity, source, limit, unit.value, warning_hours)


async def _again(request: Request[Any, Any, Any], names: Names, form: Form, error: InvalidInput) -> Response[Any]:
    """The form once more, with what was typed and what is wrong with it."""
    edition = form.number("edition") or 0
    notice = "" if error.fields else names.gettext(error.message)
    context = _clock(names, edition, form.text("line"), form.values, error.fields, notice)
    return await page(request, "admin/clock.html", context, status=422)


def _rule_at(current: ClockRules, line: str) -> ClockRule:
    if not line.isdecimal() or len(line) > 4 or not 1 <= int(line) <= len(current.rules):
        raise NotFound(N_("There is no such clock rule."))
    return current.rules[int(line) - 1]


def _clock(
    names: Names,
    edition: int,
    line: str,
    values: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    notice: str = "",
) -> ClockPage:
    danger = option(DANGER, names.gettext(N_("every danger")))
    return ClockPage(
        line=line,
        edition=edition,
        values=values,
        clocks=[option(kind.value, names.gettext(CLOCK_NAMES[kind])) for kind in RULED],
        categories=[danger, *category_filter(names)],
        severities=_severities(names),
        sources=_sources(names),
        units=[option(unit.value, names.gettext(name)) for unit, name in UNIT_NAMES.items()],
        errors=errors or {},
        notice=notice,
    )


def _values(rule: ClockRule) -> dict[str, str]:
    kind, category, severity, source = rule.key
    return {
        "clock": kind,
        "category": category,
        "severity": severity,
        "source": source,
        "limit": str(rule.limit),
        "unit": rule.unit,
        "warning_hours": "" if rule.warning_hours is None else str(rule.warning_hours),
    }


def _row(rule: ClockRule, line: int, names: Names) -> RuleRow:
    if rule.category == DANGER:
        category = names.gettext(N_("every danger"))
    else:
        category = names.category(rule.category) if rule.category else ""
    parts = [
        category,
        say_severity(names.pages.catalogue, rule.severity) if rule.severity else "",
        names.gettext(SOURCE_NAMES[rule.source]) if rule.source else "",
    ]
    whom = " · ".join(part for part in parts if part) or names.gettext(N_("all other problems"))
    return RuleRow(line, whom, rule.limit, rule.unit, rule.warning_hours)


def _applies(kind: ClockKind, found: Verdict, names: Names) -> Applies:
    return Applies(CLOCK_NAMES[kind], _row(found.rule, 0, names), [_row(rule, 0, names) for rule in found.beside])


def _severities(names: Names) -> list[Option]:
    return [option(each.value, say_severity(names.pages.catalogue, each)) for each in SEVERITIES]


def _sources(names: Names) -> list[Option]:
    return [option(source.value, names.gettext(name)) for source, name in SOURCE_NAMES.items()]


ROUTES = [clocks_page, new_clock, clock_page, try_clock, save_clock]
