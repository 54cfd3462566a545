"""Projects: what outlets committed to, where they stand, and the stories that count for them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, InvalidInput
from media_tracker.ingest.stories import StoryFilter
from media_tracker.ingest.story_format import StoryFormat
from media_tracker.monitor.standings import running
from media_tracker.outlets.commitments import read_columns, written_columns
from media_tracker.outlets.documents import ColumnPlan, Platform, Project
from media_tracker.outlets.project_keeping import ProjectText
from media_tracker.web.choices import Option, option
from media_tracker.web.figure_links import local_now
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import only, signed_in
from media_tracker.web.outlets.project_views import (
    UNKNOWN,
    FormTable,
    StandingView,
    by_column,
    by_platform,
    column_view,
    format_name,
    standing_view,
    stories_href,
)
from media_tracker.web.outlets.view import PLATFORM_NAMES, StoryLine, counted_stories, has_role, story_line
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down
from media_tracker.web.visitor import actor, services

KEEPERS = (Role.PUBLICITY, Role.ADMIN)
DAY_WANTED = N_("Please give a day as year-month-day.")
COLUMN_WANTED = N_("Please name at least one column.")
NAME_WANTED = N_("Please give the project a name.")
LONGEST_COLUMNS = 5_000


class Show(StrEnum):
    """Which projects the list has."""

    RUNNING = "running"
    OTHERS = "others"
    ALL = "all"


SHOW_NAMES: Mapping[Show, str] = {
    Show.RUNNING: N_("Running"),
    Show.OTHERS: N_("Ended or to come"),
    Show.ALL: N_("All"),
}


@dataclass(frozen=True, slots=True)
class ProjectsPage:
    """``templates/projects/projects.html``"""

    rows: Sequence[StandingView]
    quiet: int
    shows: Sequence[Mapping[str, object]]
    today: date
    may_add: bool
    outlets: Sequence[Option]
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """``templates/projects/project.html``"""

    project: StandingView
    end_note: str
    today: date
    columns: Sequence[StandingView]
    by_column: FormTable
    by_platform: FormTable
    stories: Sequence[StoryLine]
    value: int
    chips: Sequence[Mapping[str, str]]
    older: str
    first_href: str
    may_change: bool


@dataclass(frozen=True, slots=True)
class ProjectFormPage:
    """``templates/projects/edit.html``"""

    name: str
    href: str
    version: int
    may_end: bool
    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)


@get("/projects", guards=[signed_in])
async def projects_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """What outlets committed to, and how far they have come."""
    return await page(request, "projects/projects.html", await _projects(request))


@post("/projects", guards=[only(*KEEPERS)])
async def add_project(request: Request[Any, Any, Any]) -> Response[Any]:
    """Add a project."""
    form = await read_form(request)
    outlet_id = form.id("outlet", required=N_("Please choose from the list."))
    outlets = services(request).outlets
    if outlet_id is not None and outlet_id not in await outlets.names():
        form.errors["outlet"] = N_("Please choose from the list.")
    try:
        text = _text(form)
        assert outlet_id is not None  # or _text() would have raised
        project_id = await outlets.add_project(
            *(outlet_id, text.name, text.columns, text.starts, text.ends, text.planned_stories),
            column_plans=text.column_plans,
            by=actor(request),
        )
    except InvalidInput as error:
        context = replace(await _projects(request), values=form.values, errors=error.fields, params=error.params)
        return await page(request, "projects/projects.html", context, status=422)
    await write_down(request, AuditAction.PROJECT_ADDED, project_id)
    return await see_other(request, "/projects", N_("The project is added."))


@get("/projects/{project_id:str}", guards=[signed_in])
async def project_page(
    request: Request[Any, Any, Any],
    project_id: FromPath[str],
    column: FromQuery[str | None] = None,
    format: FromQuery[str | None] = None,
    platform: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
) -> Response[Any]:
    """One project: where it stands, column by column, and the stories that it counts."""
    use = services(request)
    project = await use.outlets.project(project_id)
    form = format if format == UNKNOWN or format in set(StoryFormat) else None
    where = platform if platform in set(Platform) else None
    wanted = _narrowed(counted_stories(request, project), column, form, where)
    names, standing, columns, forms, listed, value = await asyncio.gather(
        use.outlets.names(),
        use.standings.of(project),
        use.standings.columns(project),
        use.standings.forms(project),
        use.stories.page(wanted, after),
        use.stories.count(wanted),
    )
    href = stories_href(project, column, form, where).removesuffix("#stories")
    context = ProjectPage(
        project=standing_view(project, standing, names),
        end_note=project.end_note,
        today=local_now(request).date(),
        columns=[column_view(project, name, found) for name, found in columns.items()],
        by_column=by_column(project, forms),
        by_platform=by_platform(project, forms),
        stories=[story_line(story) for story in listed.stories],
        value=value,
        chips=_chips(request, project, column, form, where),
        older=f"{href}{'&' if '?' in href else '?'}after={listed.next}#stories" if listed.next else "",
        first_href=f"{href}#stories" if after else "",
        may_change=has_role(request, *KEEPERS),
    )
    return await page(request, "projects/project.html", context)


@get("/projects/{project_id:str}/edit", guards=[only(*KEEPERS)])
async def project_form(request: Request[Any, Any, Any], project_id: FromPath[str]) -> Response[Any]:
    """The form in which a project is changed or ended."""
    project = await services(request).outlets.project(project_id)
    return await page(request, "projects/edit.html", _form_of(request, project))


@post("/projects/{project_id:str}", guards=[only(*KEEPERS)])
async def change_project(request: Request[Any, Any, Any], project_id: FromPath[str]) -> Response[Any]:
    """Write a project anew."""
    form, use = await read_form(request), services(request)
    project = await use.outlets.project(project_id)
    try:
        await use.project_keeping.change(project_id, form.version(), _text(form), actor(request))
    except InvalidInput as error:
        return await page(request, "projects/edit.html", _form_of(request, project, form, error), status=422)
    await write_down(request, AuditAction.PROJECT_CHANGED, project.id)
    return await see_other(request, f"/projects/{project_id}", N_("The project is changed."))


@post("/projects/{project_id:str}/end", guards=[only(*KEEPERS)])
async def end_project(request: Request[Any, Any, Any], project_id: FromPath[str]) -> Response[Any]:
    """End a project before its time."""
    form, use = await read_form(request), services(request)
    project = await use.outlets.project(project_id)
    last_day = form.day("last_day", required=DAY_WANTED)
    note = form.text("note", required=N_("Please say in a few words why."))
    try:
        form.check()
        assert last_day is not None  # or check() would have raised
        await use.project_keeping.end(project_id, form.version(), last_day, note, actor(request))
    except InvalidInput as error:
        return await page(request, "projects/edit.html", _form_of(request, project, form, error), status=422)
    await write_down(request, AuditAction.PROJECT_ENDED, project.id)
    return await see_other(request, f"/projects/{project_id}", N_("The project ends on the day that you have given."))


def _text(form: Form) -> ProjectText:
    """What a form says of a project; ``InvalidInput`` where it cannot be."""
    name = form.text("name", required=NAME_WANTED)
    columns: list[str] = []
    plans: list[ColumnPlan] = []
    params: Mapping[str, Any] = {}
    try:
        columns, plans = read_columns(form.text("columns", required=COLUMN_WANTED, longest=LONGEST_COLUMNS))
    except InvalidInput as error:
        form.errors |= error.fields
        params = error.params
    starts, ends = form.day("starts", required=DAY_WANTED), form.day("ends", required=DAY_WANTED)
    planned = form.number("planned")
    if form.errors:
        raise InvalidInput(N_("Please look at the marked fields."), form.errors, **params)
    assert starts is not None  # or there would be an error
    assert ends is not None
    return ProjectText(name, columns, plans, starts, ends, planned)


def _narrowed(wanted: StoryFilter, column: str | None, form: str | None, platform: str | None) -> StoryFilter:
    """``wanted``, of one column, form and platform; a column that the project does not have leaves nothing."""
    if column is not None:
        wanted = replace(wanted, columns=[column] if wanted.columns is None or column in wanted.columns else [])
    if form is not None:
        wanted = replace(wanted, format="unknown" if form == UNKNOWN else StoryFormat(form))
    return replace(wanted, platform=Platform(platform)) if platform is not None else wanted


def _chips(
    request: Request[Any, Any, Any], project: Project, column: str | None, form: str | None, platform: str | None
) -> list[dict[str, str]]:
    gettext = request.app.state.pages.catalogue.gettext
    chips = []
    if column is not None:
        chips.append({"label": column, "remove": stories_href(project, None, form, platform)})
    if form is not None:
        chips.append({"label": gettext(format_name(form)), "remove": stories_href(project, column, None, platform)})
    if platform is not None:
        name = gettext(PLATFORM_NAMES[Platform(platform)])
        chips.append({"label": name, "remove": stories_href(project, column, form, None)})
    return chips


async def _projects(request: Request[Any, Any, Any]) -> ProjectsPage:
    use, today = services(request), local_now(request).date()
    projects, names = await asyncio.gather(use.outlets.projects(), use.outlets.names())
    asked = request.query_params.get("show")
    show = Show(asked) if asked in set(Show) else Show.RUNNING
    meant = [each for each in projects if show is Show.ALL or running(each, today) is (show is Show.RUNNING)]
    standings = await use.standings.all(meant)
    rows = [standing_view(each, standings[each.id], names) for each in meant]  # type: ignore[index]  # an ObjectId
    return ProjectsPage(
        rows=sorted(rows, key=lambda row: (row.outlet, row.name)),
        quiet=sum(row.rhythm.quiet for row in rows),
        shows=_shows(request, show),
        today=today,
        may_add=has_role(request, *KEEPERS),
        outlets=[option(outlet_id, name) for outlet_id, name in names.items()],
        values={"starts": date(today.year, 1, 1).isoformat(), "ends": date(today.year, 12, 31).isoformat()},
    )


def _shows(request: Request[Any, Any, Any], chosen: Show) -> list[dict[str, object]]:
    gettext = request.app.state.pages.catalogue.gettext
    return [
        {"label": gettext(name), "href": f"/projects?show={each.value}", "active": each is chosen}
        for each, name in SHOW_NAMES.items()
    ]


def _form_of(
    request: Request[Any, Any, Any], project: Project, form: Form | None = None, error: InvalidInput | None = None
) -> ProjectFormPage:
    values = {
        "name": project.name,
        "columns": written_columns(project),
        "starts": project.starts.isoformat(),
        "ends": project.ends.isoformat(),
        "planned": "" if project.planned_stories is None else str(project.planned_stories),
    }
    return ProjectFormPage(
        name=project.name,
        href=f"/projects/{project.id}",
        version=form.version() if form else project.version,
        may_end=project.starts < project.ends and local_now(request).date() <= project.ends,
        values={**values, **(form.values if form else {})},
        errors=error.fields if error else {},
        params=error.params if error else {},
    )


ROUTES = [projects_page, add_project, project_page, project_form, change_project, end_project]
