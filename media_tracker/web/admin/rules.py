"""The rules for suggestions: all tables, the two thresholds, and the editions so far, each of which can be brought back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, InvalidInput, NotFound
from media_tracker.tagging.rule_book import LATEST
from media_tracker.tagging.rules import Table, Thresholds, with_thresholds
from media_tracker.web.admin.audit_words import TABLE_NAMES
from media_tracker.web.admin.rule_tables import HINTS
from media_tracker.web.admin.rule_trials import PATH, Way, as_seen, is_admin, rules_trial, trial_page
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import rule_keepers
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down
from media_tracker.web.visitor import actor, services


@dataclass(frozen=True, slots=True)
class TableRow:
    """A table in the overview."""

    value: str
    name: str
    hint: str
    rows: int


@dataclass(frozen=True, slots=True)
class EditionRow:
    """A save in the overview. ``about`` is untranslated."""

    number: int
    at: datetime | None
    who: str
    about: str
    rows: int
    restored: int | None
    undid: int | None
    present: bool


@dataclass(frozen=True, slots=True)
class RulesPage:
    """``templates/admin/rules.html``"""

    admin: bool
    number: int
    tables: Sequence[TableRow]
    suggest: str
    prefill: str
    editions: Sequence[EditionRow]
    older: str
    errors: Mapping[str, str] = field(default_factory=dict)


# -- the overview


@get(PATH, guards=[rule_keepers])
async def rules_page(request: Request[Any, Any, Any], before: FromQuery[str] = "") -> Response[Any]:
    """All tables, the thresholds, and the saves so far; with ``before`` those before that edition."""
    number = int(before) if before.isdecimal() and len(before) < 10 else None
    return await page(request, "admin/rules.html", await _overview(request, before=number))


async def _overview(
    request: Request[Any, Any, Any],
    form: Form | None = None,
    errors: Mapping[str, str] | None = None,
    before: int | None = None,
) -> RulesPage:
    found = services(request)
    rules, editions = await found.rules.current(), await found.rules.latest(before=before)
    users = {user.object_id: user.display_name for user in await found.accounts.list_users()}
    rows = [
        EditionRow(
            number=each.number,
            at=each.at,
            who=users.get(each.by, "") if each.by else "",
            about=TABLE_NAMES.get(each.about, each.about),
            rows=each.rows,
            restored=each.restored,
            undid=each.undid,
            present=each.number == rules.number,
        )
        for each in editions
    ]
    shipped = EditionRow(0, None, "", N_("As it was shipped"), 0, None, None, rules.number == 0)
    more = len(editions) == LATEST and editions[-1].number > 1
    values = form.values if form else {}
    return RulesPage(
        admin=is_admin(request),
        number=rules.number,
        tables=[TableRow(table.value, TABLE_NAMES[table], HINTS[table], len(rules.tables[table])) for table in Table],
        suggest=values.get("suggest", f"{rules.thresholds.suggest:g}"),
        prefill=values.get("prefill", f"{rules.thresholds.prefill:g}"),
        editions=rows if more else [*rows, shipped],
        older=f"{PATH}?before={editions[-1].number}" if more else "",
        errors=errors or {},
    )


# -- thresholds


@post("/admin/thresholds/try", guards=[rule_keepers])
async def try_thresholds(request: Request[Any, Any, Any]) -> Response[Any]:
    """Show of how many stories more or less would be shown and filled in."""
    form, found = await read_form(request), services(request)
    rules = await found.rules.current()
    try:
        after = with_thresholds(rules, _thresholds(form))
    except InvalidInput as error:
        context = await _overview(request, form, error.fields or {"suggest": error.message})
        return await page(request, "admin/rules.html", context, status=422)
    trial = await found.trials.of_thresholds(rules.thresholds, after.thresholds)
    fields = {"seen": str(rules.number), "suggest": form.text("suggest"), "prefill": form.text("prefill")}
    sentence, catalogue = N_("suggest from {suggest}, fill in from {prefill}"), request.app.state.pages.catalogue
    said = [
        catalogue.translate(sentence, None, suggest=f"{each.suggest:g}", prefill=f"{each.prefill:g}")
        for each in (rules.thresholds, after.thresholds)
    ]
    return await trial_page(request, trial, said[:1], said[1:], Way("/admin/thresholds", fields))


@post("/admin/thresholds", guards=[rule_keepers])
async def save_thresholds(request: Request[Any, Any, Any]) -> Response[Any]:
    """Save the thresholds as they were tried."""
    form, found = await read_form(request), services(request)
    rules = as_seen(await found.rules.current(), form)
    try:
        after = with_thresholds(rules, _thresholds(form))
    except InvalidInput as error:
        context = await _overview(request, form, error.fields or {"suggest": error.message})
        return await page(request, "admin/rules.html", context, status=422)
    saved = await found.rules.save(after, actor(request), "thresholds")
    await write_down(request, AuditAction.RULES_CHANGED, f"rules/{saved.number}", table="thresholds")
    return await see_other(request, PATH, N_("Saved. It holds everywhere within half a minute."))


# -- former editions


@post("/admin/rules/editions/{number:str}/try", guards=[rule_keepers])
async def try_edition(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """Show what bringing a former edition back would change."""
    await read_form(request)
    found = services(request)
    rules, former = await found.rules.current(), await found.rules.edition(edition_number(number))
    return await rules_trial(request, rules, former, Way(f"{PATH}/editions/{number}", {"seen": str(rules.number)}))


@post("/admin/rules/editions/{number:str}", guards=[rule_keepers])
async def restore_edition(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """Bring a former edition back, as a new one."""
    form = await read_form(request)
    try:
        seen = form.number("seen")
        form.check()
        saved = await services(request).rules.restore(
            edition_number(number), -1 if seen is None else seen, actor(request)
        )
    except InvalidInput as error:
        context = await _overview(request, form, {"suggest": error.message})
        return await page(request, "admin/rules.html", context, status=422)
    await write_down(request, AuditAction.RULES_RESTORED, f"rules/{saved.number}")
    return await see_other(request, PATH, N_("The former rules hold again."))


def _thresholds(form: Form) -> Thresholds:
    values = {}
    for name in ("suggest", "prefill"):
        try:
            values[name] = float(form.text(name))
        except ValueError:
            form.errors[name] = N_("Please give a number between 0 and 1.")
    form.check()
    return Thresholds(**values)


def edition_number(number: str) -> int:
    """The number that an address names; ``NotFound`` for what is none."""
    if not number.isdecimal() or len(number) > 9:
        raise NotFound(N_("There is no such edition of the rules."))
    return int(number)


ROUTES = [rules_page, try_thresholds, save_thresholds, try_edition, restore_edition]
