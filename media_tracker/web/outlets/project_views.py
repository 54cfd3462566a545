"""Projects as pages show them: pieces against time, since when it is quiet, and what each number opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from bson import ObjectId

from media_tracker.errors import N_
from media_tracker.ingest.story_format import StoryFormat
from media_tracker.monitor.standing import Progress, Rhythm
from media_tracker.monitor.standings import FormCount, Standing
from media_tracker.outlets.documents import Platform, Project
from media_tracker.web.figure_links import Asked, Count
from media_tracker.web.outlets.view import PLATFORM_NAMES

FORMAT_NAMES: Mapping[StoryFormat, str] = {
    StoryFormat.TEXT: N_("Words only"),
    StoryFormat.PHOTO: N_("With photos"),
    StoryFormat.VIDEO: N_("Video"),
    StoryFormat.H5: N_("H5"),
}
FORMAT_UNKNOWN = N_("Form not recorded")
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StandingView:
    """A project or a column with its numbers. ``counts`` are by the keys of the figures."""

    name: str
    href: str
    outlet: str
    outlet_href: str
    columns: Sequence[str]
    starts: date
    ends: date
    agreed_end: date | None
    planned: int | None
    counts: Mapping[str, Count]
    progress: Progress
    rhythm: Rhythm


@dataclass(frozen=True, slots=True)
class FormLine:
    """The pieces of one column by form; ``total`` of all of them. Names are untranslated."""

    name: str
    cells: Sequence[Count]
    total: Count


@dataclass(frozen=True, slots=True)
class FormTable:
    """Pieces by column and form, or by platform and form."""

    heads: Sequence[str]
    lines: Sequence[FormLine]
    total: FormLine


def standing_view(project: Project, standing: Standing, outlets: Mapping[ObjectId, str]) -> StandingView:
    """A project in the list and on its own page."""
    return StandingView(
        name=project.name,
        href=f"/projects/{project.id}",
        outlet=outlets.get(project.outlet_id, ""),
        outlet_href=f"/outlets/{project.outlet_id}",
        columns=project.columns,
        starts=project.starts,
        ends=project.ends,
        agreed_end=project.agreed_end,
        planned=standing.planned,
        counts=_counts(standing),
        progress=standing.progress,
        rhythm=standing.rhythm,
    )


def column_view(project: Project, column: str, standing: Standing) -> StandingView:
    """One column of a project."""
    own = standing_view(project, standing, {})
    return StandingView(
        column, "", "", "", (), own.starts, own.ends, None, own.planned, own.counts, own.progress, own.rhythm
    )


def _counts(standing: Standing) -> dict[str, Count]:
    asked = Asked(standing.period, standing.part)
    return {key.value: Count(value, asked.list_of(key)) for key, value in standing.counts.items()}


def stories_href(project: Project, column: str | None, form: str | None, platform: str | None) -> str:
    """The stories of a project, narrowed to a column, a form, a platform."""
    given = {"column": column, "format": form, "platform": platform}
    query = urlencode({name: value for name, value in given.items() if value is not None})
    return f"/projects/{project.id}{'?' if query else ''}{query}#stories"


def by_column(project: Project, counts: Sequence[FormCount]) -> FormTable:
    """Columns × forms, in the order in which the project names its columns."""
    order = list(dict.fromkeys([*project.columns, *sorted(each.column for each in counts)]))
    forms = _forms(counts)

    def cell(column: str | None, form: str | None) -> Count:
        pieces = [e.pieces for e in counts if column in (None, e.column) and form in (None, _form(e.format))]
        return Count(sum(pieces), stories_href(project, column, form, None))

    lines = [FormLine(column, [cell(column, form) for form in forms], cell(column, None)) for column in order]
    total = FormLine("", [cell(None, form) for form in forms], cell(None, None))
    return FormTable([format_name(form) for form in forms], lines, total)


def by_platform(project: Project, counts: Sequence[FormCount]) -> FormTable:
    """Platforms × forms; only platforms on which something ran."""
    forms, present = _forms(counts), {each.platform for each in counts}

    def cell(platform: Platform | None, form: str | None) -> Count:
        pieces = [e.pieces for e in counts if platform in (None, e.platform) and form in (None, _form(e.format))]
        return Count(sum(pieces), stories_href(project, None, form, platform.value if platform else None))

    lines = [
        FormLine(PLATFORM_NAMES[each], [cell(each, form) for form in forms], cell(each, None))
        for each in Platform
        if each in present
    ]
    total = FormLine("", [cell(None, form) for form in forms], cell(None, None))
    return FormTable([format_name(form) for form in forms], lines, total)


def format_name(form: str) -> str:
    """The untranslated name of a form, or of what has none."""
    return FORMAT_UNKNOWN if form == UNKNOWN else FORMAT_NAMES[StoryFormat(form)]


def _forms(counts: Sequence[FormCount]) -> list[str]:
    """Every form, and "not recorded" where there is something of which it is not."""
    unknown = [UNKNOWN] if any(each.format is None for each in counts) else []
    return [*(each.value for each in StoryFormat), *unknown]


def _form(found: StoryFormat | None) -> str:
    return UNKNOWN if found is None else found.value
