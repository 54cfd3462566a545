"""One table of the rules: its rows, and the form that takes some out and puts some in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction, User
from media_tracker.errors import N_, InvalidInput, MediaTrackerError, NotFound
from media_tracker.tagging.rules import (
    COLUMNS,
    CUE_TABLES,
    OFFICE_TABLES,
    Change,
    Known,
    Row,
    Table,
    changed,
    read_rows,
    written,
)
from media_tracker.text.normalise import normalise
from media_tracker.web.admin.audit_words import TABLE_NAMES
from media_tracker.web.admin.rule_trials import PATH, ROWS, Way, as_seen, is_admin, rules_trial, words_of
from media_tracker.web.admin.rule_words import label_options
from media_tracker.web.choices import Option, category_options, option, unit_options
from media_tracker.web.forms import LONGEST_TEXT, Form, read_form
from media_tracker.web.guards import rule_keepers
from media_tracker.web.naming import names_of
from media_tracker.web.region_input import region_options, resolve_region
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down
from media_tracker.web.visitor import actor, services
from media_tracker.wiring import Services

HINTS: Mapping[Table, str] = {
    Table.KIND: N_("Words that speak for a kind of story, and how strongly: 1 is a hint, 3 is strong."),
    Table.CATEGORY: N_("Words that speak for a category of problems, and how strongly: 1 is a hint, 3 is strong."),
    Table.OUTCOME: N_("Words that say what a follow-up reports, and how strongly."),
    Table.PLACES: N_("Names of estates, squares and markets, and the region that each lies in."),
    Table.UNITS: N_("What units are also called in stories."),
    Table.DEFAULTS: N_(
        "What stories of an outlet, a column or a region are taken to be where the machine is less sure."
    ),
    Table.ROUTES: N_("Into whose queue stories go, by outlet, column, word, region or kind."),
}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A row of a table: as a line, as cells, and what it speaks for in words."""

    line: str
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class TablePage:
    """``templates/admin/rule_table.html``"""

    admin: bool
    table: str
    name: str
    hint: str
    number: int
    q: str
    columns: Sequence[str]
    """Untranslated."""
    rows: Sequence[RuleRow]
    found: int
    labels: Sequence[Option]
    regions: Sequence[Mapping[str, str]]
    has_weight: bool
    has_field: bool
    values: Mapping[str, str]
    cells: Mapping[str, Sequence[Option]]
    """Of tables with conditions: what each cell can be chosen from; none: it is typed."""
    taken: Sequence[str] = ()
    error: str = ""


@get("/admin/rules/{table:str}", guards=[rule_keepers])
async def table_page(request: Request[Any, Any, Any], table: FromPath[str], q: FromQuery[str] = "") -> Response[Any]:
    """The rows of a table, and a form that changes some."""
    return await page(request, "admin/rule_table.html", await _table(request, _known(table), q))


@post("/admin/rules/{table:str}/try", guards=[rule_keepers])
async def try_change(request: Request[Any, Any, Any], table: FromPath[str]) -> Response[Any]:
    """Show what a change would do to the latest stories."""
    form, about = await read_form(request), _known(table)
    found = services(request)
    rules = await found.rules.current()
    try:
        change = await _change(request, form, about)
        form.check()
        after = changed(rules, change, await _refers_to(request))
    except InvalidInput as error:
        return await _once_more(request, about, form, error)
    fields = {
        "seen": str(rules.number),
        "out": "\n".join(map(written, change.out)),
        "lines": "\n".join(map(written, change.into)),
    }
    path = f"{PATH}/{about.value}"
    return await rules_trial(request, rules, after, Way(path, fields, path))


@post("/admin/rules/{table:str}", guards=[rule_keepers])
async def save_change(request: Request[Any, Any, Any], table: FromPath[str]) -> Response[Any]:
    """Save a change as it was tried."""
    form, about = await read_form(request), _known(table)
    found = services(request)
    rules = as_seen(await found.rules.current(), form)
    try:
        change = await _change(request, form, about)
        form.check()
        after = changed(rules, change, await _refers_to(request))
        rows = len(change.out) + len(change.into)
        saved = await found.rules.save(after, actor(request), about.value, rows)
    except InvalidInput as error:
        return await _once_more(request, about, form, error)
    await write_down(request, AuditAction.RULES_CHANGED, f"rules/{saved.number}", table=about.value, rows=rows)
    return await see_other(
        request, f"{PATH}/{about.value}", N_("Saved. Suggestions follow it everywhere within half a minute.")
    )


async def _once_more(
    request: Request[Any, Any, Any], table: Table, form: Form, error: MediaTrackerError
) -> Response[Any]:
    catalogue = request.app.state.pages.catalogue
    context = replace(
        await _table(request, table, form.text("q")),
        values=form.values,
        taken=form.texts("take_out"),
        error=catalogue.explain(error),
    )
    return await page(request, "admin/rule_table.html", context, status=422)


async def _change(request: Request[Any, Any, Any], form: Form, table: Table) -> Change:
    """The rows that are ticked, and those that are written: in the fields, and as lines."""
    out = [row for line in form.texts("take_out") for row in read_rows(table, line)]
    out += read_rows(table, form.text("out", longest=LONGEST_TEXT * 10))
    into = list(read_rows(table, form.text("lines", longest=LONGEST_TEXT * 10)))
    first = form.text("first")
    if table in OFFICE_TABLES:
        row = tuple([await _cell(request, form, name) for name in COLUMNS[table]])
        into += [row] if any(cell for name, cell in zip(COLUMNS[table], row, strict=True) if name != "score") else []
    elif first:
        second = form.text("second")
        if table is Table.PLACES:
            second = await resolve_region(services(request).places, second) or ""
        typed: Row = (first, second)
        if table in CUE_TABLES:
            typed = (first, second, form.text("weight") or "1")
        if "field" in COLUMNS[table]:
            typed = (*typed, form.text("field"))
        into.append(typed)
    return Change(table, tuple(out), tuple(into))


async def _cell(request: Request[Any, Any, Any], form: Form, name: str) -> str:
    """What was typed or chosen for one cell of a row with conditions."""
    value = form.text(f"cell_{name}")
    if name == "region":
        return await resolve_region(services(request).places, value) or ""
    return normalise(value).text if name == "word" else value


async def _cells(request: Request[Any, Any, Any], table: Table) -> dict[str, Sequence[Option]]:
    """What the cells of a table with conditions can be chosen from."""
    if table not in OFFICE_TABLES:
        return {}
    found, names = services(request), await names_of(request)
    cells: dict[str, Sequence[Option]] = {name: [] for name in COLUMNS[table]}
    cells["outlet"] = [option(name, name) for name in sorted(names.outlets.values())]
    cells["kind"] = label_options(Table.KIND, names)
    if table is Table.DEFAULTS:
        cells["category"] = category_options(names)
    else:
        cells["to"] = [option(user.object_id, user.display_name) for user in await _editors(found)]
    return cells


async def _editors(found: Services) -> list[User]:
    return [user for user in await found.accounts.list_users() if user.active and Role.EDITOR in user.roles]


async def _table(request: Request[Any, Any, Any], table: Table, q: str) -> TablePage:
    found, names = services(request), await names_of(request)
    rules, words = await found.rules.current(), await words_of(request)
    wanted = q.strip()
    rows = [
        (row, cells)
        for row in rules.tables[table]
        if (cells := words.cells(table, row)) and (not wanted or any(wanted in cell for cell in (*row, *cells)))
    ]
    units = [{"value": each["label"], "label": each["label"]} for each in unit_options(names)]
    return TablePage(
        admin=is_admin(request),
        table=table.value,
        name=TABLE_NAMES[table],
        hint=HINTS[table],
        number=rules.number,
        q=wanted,
        columns=words.columns(table),
        rows=[RuleRow(written(row), cells) for row, cells in rows[:ROWS]],
        found=len(rows),
        labels=units if table is Table.UNITS else label_options(table, names),
        regions=await region_options(found.places) if "region" in COLUMNS[table] else [],
        has_weight=table in CUE_TABLES,
        has_field="field" in COLUMNS[table],
        values={},
        cells=await _cells(request, table),
    )


async def _refers_to(request: Request[Any, Any, Any]) -> Known:
    """What rows may refer to."""
    names = await names_of(request)
    categories = frozenset(each.code for each in names.categories.by_code.values() if each.parent is not None)
    regions = frozenset(region.code for region in names.regions)
    units, outlets = frozenset(unit.name for unit in names.units), frozenset(names.outlets.values())
    editors = frozenset(str(user.object_id) for user in await _editors(services(request)))
    return Known(categories, regions, units, outlets, editors)


def _known(table: str) -> Table:
    if table not in set(Table):
        raise NotFound(N_("There is no such table of rules."))
    return Table(table)


ROUTES = [table_page, try_change, save_change]
