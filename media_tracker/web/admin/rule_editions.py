"""One edition of the rules: who saved it, what it changed, and taking that back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_
from media_tracker.tagging.rules import COLUMNS, Row, Rules, Table
from media_tracker.web.admin.audit_words import TABLE_NAMES
from media_tracker.web.admin.rule_trials import PATH, ROWS, Way, is_admin, rules_trial, words_of
from media_tracker.web.admin.rule_words import Words
from media_tracker.web.admin.rules import edition_number
from media_tracker.web.forms import read_form
from media_tracker.web.guards import rule_keepers
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down
from media_tracker.web.visitor import actor, services


@dataclass(frozen=True, slots=True)
class TableChange:
    """What an edition changed in one table: its columns (untranslated), and the rows as people read them."""

    name: str
    columns: Sequence[str]
    out: Sequence[Sequence[str]]
    into: Sequence[Sequence[str]]
    left_out: int
    """Rows that the page has no room for."""


@dataclass(frozen=True, slots=True)
class EditionPage:
    """``templates/admin/rule_edition.html``. ``about`` is untranslated."""

    admin: bool
    number: int
    at: datetime
    who: str
    about: str
    restored: int | None
    undid: int | None
    changes: Sequence[TableChange]
    thresholds: Sequence[str]
    """Before and after, where they differ: suggest, fill in; suggest, fill in."""
    newer: str
    older: str


@get(f"{PATH}/editions/{{number:str}}", guards=[rule_keepers])
async def edition_page(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """What an edition changed of the one before it."""
    found, key = services(request), edition_number(number)
    told, present = await found.rules.told(key), await found.rules.number()
    before, after = await found.rules.edition(key - 1), await found.rules.edition(key)
    people = await found.accounts.names({told.by} if told.by else set())
    words = await words_of(request)
    pairs = ((before.thresholds, after.thresholds)) if before.thresholds != after.thresholds else ()
    context = EditionPage(
        admin=is_admin(request),
        number=key,
        at=told.at,
        who=people.get(told.by, "") if told.by else "",
        about=TABLE_NAMES.get(told.about, told.about),
        restored=told.restored,
        undid=told.undid,
        changes=[each for table in Table if (each := _change(table, before, after, words))],
        thresholds=[f"{score:g}" for each in pairs for score in (each.suggest, each.prefill)],
        newer=f"{PATH}/editions/{key + 1}" if key < present else "",
        older=f"{PATH}/editions/{key - 1}" if key > 1 else "",
    )
    return await page(request, "admin/rule_edition.html", context)


@post(f"{PATH}/editions/{{number:str}}/undo/try", guards=[rule_keepers])
async def try_undo(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """Show what taking the changes of an edition back would do to the latest stories."""
    await read_form(request)
    found, key = services(request), edition_number(number)
    present = await found.rules.current()
    after = await found.rules.without(key, present.number)
    back = f"{PATH}/editions/{key}"
    return await rules_trial(request, present, after, Way(f"{back}/undo", {"seen": str(present.number)}, back))


@post(f"{PATH}/editions/{{number:str}}/undo", guards=[rule_keepers])
async def undo(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """Take the changes of an edition back, as a new edition."""
    form, key = await read_form(request), edition_number(number)
    seen = form.number("seen")
    saved = await services(request).rules.undo(key, -1 if seen is None else seen, actor(request))
    await write_down(request, AuditAction.RULES_CHANGED, f"rules/{saved.number}", table="undone", number=key)
    return await see_other(request, PATH, N_("The change has been undone. Suggestions follow within half a minute."))


def _change(table: Table, before: Rules, after: Rules, words: Words) -> TableChange | None:
    gone, new = set(before.tables[table]), set(after.tables[table])
    out: list[Row] = [row for row in before.tables[table] if row not in new]
    into: list[Row] = [row for row in after.tables[table] if row not in gone]
    if not out and not into:
        return None
    return TableChange(
        name=TABLE_NAMES[table],
        columns=words.columns(table)[: len(COLUMNS[table])],
        out=[words.cells(table, row) for row in out[:ROWS]],
        into=[words.cells(table, row) for row in into[:ROWS]],
        left_out=max(0, len(out) - ROWS) + max(0, len(into) - ROWS),
    )


ROUTES = [edition_page, try_undo, undo]
