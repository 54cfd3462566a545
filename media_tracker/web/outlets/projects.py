"""Projects: what outlets committed to, and the stories that count for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, InvalidInput
from media_tracker.web.choices import Option, option
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import only, signed_in
from media_tracker.web.outlets.view import (
    ProjectRow,
    StoryLine,
    counted_stories,
    has_role,
    project_row,
    story_line,
)
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down
from media_tracker.web.visitor import actor, services


@dataclass(frozen=True, slots=True)
class ProjectsPage:
    """``templates/projects/projects.html``"""

    rows: Sequence[ProjectRow]
    may_add: bool
    outlets: Sequence[Option]
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """``templates/projects/project.html``"""

    project: ProjectRow
    stories: Sequence[StoryLine]
    older: str
    first_href: str


@get("/projects", guards=[signed_in])
async def projects_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """What outlets committed to, and how far they have come."""
    return await page(request, "projects/projects.html", await _projects(request))


@post("/projects", guards=[only(Role.PUBLICITY, Role.ADMIN)])
async def add_project(request: Request[Any, Any, Any]) -> Response[Any]:
    """Add a project."""
    form = await read_form(request)
    outlet_id = form.id("outlet", required=N_("Please choose from the list."))
    name = form.text("name", required=N_("Please give the project a name."))
    columns = form.text("columns", required=N_("Please name at least one column."), longest=2000).splitlines()
    starts = form.day("starts", required=N_("Please give a day as year-month-day."))
    ends = form.day("ends", required=N_("Please give a day as year-month-day."))
    planned = form.number("planned")
    outlets = services(request).outlets
    try:
        if outlet_id is not None and outlet_id not in await outlets.names():
            form.errors["outlet"] = N_("Please choose from the list.")
        form.check()
        assert outlet_id is not None  # or check() would have raised
        assert starts is not None
        assert ends is not None
        project_id = await outlets.add_project(outlet_id, name, columns, starts, ends, planned, by=actor(request))
    except InvalidInput as error:
        context = await _projects(request, form, error.fields)
        return await page(request, "projects/projects.html", context, status=422)
    await write_down(request, AuditAction.PROJECT_ADDED, project_id)
    return await see_other(request, "/projects", N_("The project is added."))


@get("/projects/{project_id:str}", guards=[signed_in])
async def project_page(
    request: Request[Any, Any, Any], project_id: FromPath[str], after: FromQuery[str | None] = None
) -> Response[Any]:
    """One project, with the stories that it counts."""
    found = services(request)
    project = await found.outlets.project(project_id)
    names = await found.outlets.names()
    listed = await found.stories.page(counted_stories(request, project), after)
    href = f"/projects/{project_id}"
    context = ProjectPage(
        project=await project_row(request, project, names),
        stories=[story_line(story) for story in listed.stories],
        older=f"{href}?after={listed.next}" if listed.next else "",
        first_href=href if after else "",
    )
    return await page(request, "projects/project.html", context)


async def _projects(
    request: Request[Any, Any, Any], form: Form | None = None, errors: Mapping[str, str] | None = None
) -> ProjectsPage:
    found = services(request).outlets
    projects, names = await asyncio.gather(found.projects(), found.names())
    rows = await asyncio.gather(*(project_row(request, project, names) for project in projects))
    this_year = services(request).clock().astimezone(services(request).settings.zone).year
    values = {"starts": date(this_year, 1, 1).isoformat(), "ends": date(this_year, 12, 31).isoformat()}
    return ProjectsPage(
        rows=sorted(rows, key=lambda row: (row.outlet, row.name)),
        may_add=has_role(request, Role.PUBLICITY, Role.ADMIN),
        outlets=[option(outlet_id, name) for outlet_id, name in names.items()],
        values=form.values if form else values,
        errors=errors or {},
    )


ROUTES = [projects_page, add_project, project_page]
