"""Administration of problem categories: names, usual unit, time limit, danger, and whether they are in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, InvalidInput
from media_tracker.taxonomy.categories import Category
from media_tracker.web.forms import read_form
from media_tracker.web.guards import admins
from media_tracker.web.naming import names_of
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down
from media_tracker.web.visitor import actor, services

PATH = "/admin/categories"


class Unit(StrEnum):
    """What a time limit is counted in."""

    WORKDAY = "workday"
    HOUR = "hour"


UNIT_NAMES: Mapping[Unit, str] = {Unit.WORKDAY: N_("working days"), Unit.HOUR: N_("hours")}


@dataclass(frozen=True, slots=True)
class CategoriesPage:
    """``templates/admin/categories.html``: each class, and its sub-classes."""

    groups: Sequence[tuple[Category, Sequence[Category]]]


@dataclass(frozen=True, slots=True)
class CategoryPage:
    """``templates/admin/category.html``"""

    code: str
    name: str
    is_class: bool
    values: Mapping[str, str]
    units: Sequence[Mapping[str, str]]
    errors: Mapping[str, str] = field(default_factory=dict)


@get(PATH, guards=[admins])
async def categories_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The table of categories."""
    return await page(
        request, "admin/categories.html", CategoriesPage((await services(request).taxonomy.table()).groups())
    )


@get("/admin/categories/{code:str}", guards=[admins])
async def category_page(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
    """One category, to be changed."""
    category = (await services(request).taxonomy.table())[code]
    return await page(request, "admin/category.html", await _category(request, category, _values(category)))


@post("/admin/categories/{code:str}", guards=[admins])
async def change_category(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
    """Change a category."""
    form, taxonomy = await read_form(request), services(request).taxonomy
    category = (await taxonomy.table())[code]
    try:
        limit, unit = form.number("limit"), form.choice("limit_unit", Unit)
        name_zh, name_en, usual = form.text("name_zh"), form.text("name_en"), form.text("usual_unit_zh")
        form.check()
        await taxonomy.change(
            code,
            name_zh=name_zh,
            name_en=name_en,
            usual_unit_zh=usual,
            limit=limit,
            limit_unit=unit.value if unit else None,
            danger=form.flag("danger"),
            active=form.flag("active"),
            by=actor(request),
        )
    except InvalidInput as error:
        values = {"danger": "", "active": "", **form.values}
        context = await _category(request, category, {**_values(category), **values}, error.fields)
        return await page(request, "admin/category.html", context, status=422)
    await write_down(request, AuditAction.CATEGORY_CHANGED, code)
    return await see_other(
        request, PATH, N_("Saved. It holds everywhere within a minute; deadlines that run do not change.")
    )


async def _category(
    request: Request[Any, Any, Any],
    category: Category,
    values: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
) -> CategoryPage:
    names = await names_of(request)
    return CategoryPage(
        code=category.code,
        name=names.category(category.code),
        is_class=category.parent is None,
        values=values,
        units=[{"value": unit.value, "label": names.gettext(name)} for unit, name in UNIT_NAMES.items()],
        errors=errors or {},
    )


def _values(category: Category) -> dict[str, str]:
    return {
        "name_zh": category.name_zh,
        "name_en": category.name_en,
        "usual_unit_zh": category.usual_unit_zh,
        "limit": str(category.limit or ""),
        "limit_unit": category.limit_unit or "",
        "danger": "1" if category.danger else "",
        "active": "1" if category.active else "",
    }


ROUTES = [categories_page, category_page, change_category]
