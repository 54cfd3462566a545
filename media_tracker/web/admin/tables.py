"""Administration of units, of who administers which region; and the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, InvalidInput
from media_tracker.problems.case import OPEN_STATES
from media_tracker.problems.finding.listing import ProblemFilter
from media_tracker.web.admin.view import (
    AuditRow,
    RegionRow,
    UnitRow,
    audit_rows,
    region_row,
    unit_options,
    unit_rows,
)
from media_tracker.web.choices import Option, option
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import admins
from media_tracker.web.region_input import region_options, resolve_region
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down
from media_tracker.web.visitor import actor, services

AUDIT_ENTRIES = 200
REGIONS_FOUND = 30


@dataclass(frozen=True, slots=True)
class UnitsPage:
    """``templates/admin/units.html``"""

    rows: Sequence[UnitRow]
    units: Sequence[Option]
    regions: Sequence[Mapping[str, str]]
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RegionsPage:
    """``templates/admin/regions.html``"""

    q: str
    rows: Sequence[RegionRow]
    more: bool
    administered: Sequence[RegionRow]
    bodies: Sequence[Option]
    error: str = ""


@dataclass(frozen=True, slots=True)
class AuditPage:
    """``templates/admin/audit.html``"""

    rows: Sequence[AuditRow]


# -- units


@get("/admin/units", guards=[admins])
async def units_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The tree of responsible units."""
    return await page(request, "admin/units.html", await _units(request))


@post("/admin/units", guards=[admins])
async def add_unit(request: Request[Any, Any, Any]) -> Response[Any]:
    """Add a unit."""
    form = await read_form(request)
    name, parent = form.text("name"), form.id("parent")
    aliases = form.text("aliases").replace("、", ";").replace("；", ";").split(";")
    places = services(request).places
    try:
        form.check()
        region = await resolve_region(places, form.text("region"))
        unit_id = await places.add_unit(name, parent=parent, region=region, aliases=aliases, by=actor(request))
    except InvalidInput as error:
        return await page(request, "admin/units.html", await _units(request, form, error.fields), status=422)
    await write_down(request, AuditAction.UNIT_ADDED, unit_id)
    return await see_other(request, "/admin/units", N_("The unit is added."))


@post("/admin/units/{unit_id:str}/active", guards=[admins])
async def set_unit_active(request: Request[Any, Any, Any], unit_id: FromPath[str]) -> Response[Any]:
    """Dissolve a unit, or bring it back."""
    form = await read_form(request)
    active = form.flag("active")
    await services(request).places.set_unit_active(unit_id, active, by=actor(request))
    action = AuditAction.UNIT_REVIVED if active else AuditAction.UNIT_DISSOLVED
    await write_down(request, action, ObjectId(unit_id))
    message = N_("The unit is back.") if active else N_("The unit is dissolved. It keeps its problems.")
    return await see_other(request, "/admin/units", message)


@post("/admin/units/{unit_id:str}/reviews", guards=[admins])
async def set_unit_reviews(request: Request[Any, Any, Any], unit_id: FromPath[str]) -> Response[Any]:
    """Have a unit's answers released by a second person, or no longer."""
    form = await read_form(request)
    reviews = form.flag("reviews")
    await services(request).places.set_unit_reviews(unit_id, reviews, by=actor(request))
    action = AuditAction.UNIT_REVIEWS if reviews else AuditAction.UNIT_REVIEWS_NOT
    await write_down(request, action, ObjectId(unit_id))
    message = (
        N_("From now on a second person of the unit releases its answers.")
        if reviews
        else N_("The unit's answers go out without a review again.")
    )
    return await see_other(request, "/admin/units", message)


# -- regions


@get("/admin/regions", guards=[admins])
async def regions_page(request: Request[Any, Any, Any], q: FromQuery[str] = "") -> Response[Any]:
    """Regions by name or code, and by which body each is counted."""
    return await page(request, "admin/regions.html", await _regions(request, q))


@post("/admin/regions/{code:str}", guards=[admins])
async def set_body(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[Any]:
    """Have a region counted by another body, or by its own district again."""
    form = await read_form(request)
    body = form.optional("body")
    try:
        await services(request).places.set_administered_by(code, body, by=actor(request))
    except InvalidInput as error:
        context = await _regions(request, code, error.message)
        return await page(request, "admin/regions.html", context, status=422)
    if body is None:
        await write_down(request, AuditAction.REGION_TAKEN_BACK, code)
    else:
        await write_down(request, AuditAction.REGION_GIVEN, code, body=body)
    return await see_other(request, f"/admin/regions?q={code}", N_("Saved. Figures count by the new body from now on."))


# -- audit


@get("/admin/audit", guards=[admins])
async def audit_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The newest entries of the audit trail."""
    entries = await services(request).audit.latest(AUDIT_ENTRIES)
    return await page(request, "admin/audit.html", AuditPage(await audit_rows(request, entries)))


# -- what pages show


async def _units(
    request: Request[Any, Any, Any], form: Form | None = None, errors: Mapping[str, str] | None = None
) -> UnitsPage:
    places, problems = services(request).places, services(request).problems
    units, regions = await places.units(), await places.regions()
    active = [unit.id for unit in units.active()]
    counts = await asyncio.gather(
        *(problems.count(ProblemFilter(states=OPEN_STATES, units=frozenset({unit}))) for unit in active)
    )
    return UnitsPage(
        rows=unit_rows(units, regions, dict(zip(active, counts, strict=True))),
        units=unit_options(units),
        regions=await region_options(places),
        values=form.values if form else {},
        errors=errors or {},
    )


async def _regions(request: Request[Any, Any, Any], q: str, error: str = "") -> RegionsPage:
    places = services(request).places
    tree = await places.regions()
    found = await places.find_regions(q, REGIONS_FOUND + 1)
    administered = sorted(region.code for region in tree if region.administered_by is not None)
    bodies = sorted((region for region in tree if region.level == "district"), key=lambda region: region.code)
    return RegionsPage(
        q=q,
        rows=[region_row(tree, region) for region in found[:REGIONS_FOUND]],
        more=len(found) > REGIONS_FOUND,
        administered=[region_row(tree, tree[code]) for code in administered],
        bodies=[option(body.code, tree.label(body.code)) for body in bodies],
        error=error,
    )


ROUTES = [units_page, add_unit, set_unit_active, set_unit_reviews, regions_page, set_body, audit_page]
