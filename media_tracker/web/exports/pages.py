"""Files on demand: short lists at once, long ones as jobs with a page that says how far they are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, NotFound
from media_tracker.monitor.export_jobs import KEPT, MOST_TRIES, Job, JobState, Wanted
from media_tracker.monitor.exports import FileFormat
from media_tracker.web.exports.lists import LISTS, kind_of, open_list
from media_tracker.web.exports.making import making
from media_tracker.web.exports.opened import LONGEST_QUERY, Asking
from media_tracker.web.forms import read_form
from media_tracker.web.guards import signed_in
from media_tracker.web.i18n import current_locale
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down
from media_tracker.web.visitor import actor, services

PATH = "/exports"
AT_ONCE = 5_000
"""Rows of a file that is made while somebody waits."""
LOOK_AGAIN_SECONDS = 2
STATE_NAMES: Mapping[JobState, str] = {
    JobState.WAITING: N_("waits for a worker"),
    JobState.WORKING: N_("is being made"),
    JobState.DONE: N_("ready"),
    JobState.FAILED: N_("failed"),
    JobState.STOPPED: N_("stopped"),
}


@dataclass(frozen=True, slots=True)
class JobView:
    """A job on a page. ``state_name`` and ``error`` are translated."""

    id: str
    title: str
    kind: str
    state: str
    state_name: str
    rows: int
    total: int | None
    share: int
    """Hundredths of the way, for the bar."""
    filename: str
    size: int
    created_at: datetime
    expires_at: datetime
    error: str
    ended: bool
    tries: int
    """How often it was begun."""
    name: str
    query: str


@dataclass(frozen=True, slots=True)
class ExportsPage:
    """``templates/exports/list.html``"""

    jobs: Sequence[JobView]
    hours: int


@dataclass(frozen=True, slots=True)
class JobPage:
    """``templates/exports/job.html``"""

    job: JobView
    hours: int
    most_tries: int
    breadcrumb: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class LargePage:
    """``templates/exports/large.html``: a list that is too long to wait for."""

    title: str
    name: str
    query: str
    kind: str
    kinds: Sequence[str]
    total: int | None
    most: int
    hours: int
    breadcrumb: Sequence[Mapping[str, str]]


@get(PATH, guards=[signed_in])
async def my_exports(request: Request[Any, Any, Any]) -> Response[str]:
    """The visitor's own files of the last day."""
    names = await names_of(request)
    jobs = await services(request).export_jobs.of(actor(request).user_id)
    return await page(request, "exports/list.html", ExportsPage([_view(job, names) for job in jobs], _hours()))


@get(f"{PATH}/{{name:str}}", guards=[signed_in])
async def export(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
    """``….csv`` or ``….xlsx`` of a list with the filters of the address: the file, or, for a long list, the way to a job."""
    text, _, suffix = name.rpartition(".")
    if suffix not in set(FileFormat) or text not in LISTS:
        raise NotFound(N_("There is nothing at this address."))
    kind, who, names = FileFormat(suffix), actor(request), await names_of(request)
    query = request.url.query[:LONGEST_QUERY]
    opened = await open_list(text, Asking(services(request), names, who, query))
    if opened.total is None or opened.total > AT_ONCE:
        return await _large(request, text, query, kind, opened.total, opened.heading.title, names)
    made = making(opened, kind, services(request).settings.zone)
    file = await made.__aenter__()
    await write_down(request, AuditAction.EXPORTED, f"{text}.{kind.value}", rows=file.rows)

    async def chunks() -> AsyncIterator[bytes]:
        try:
            while chunk := file.file.read(2**16):
                yield chunk
        finally:
            await made.__aexit__(None, None, None)

    return _attachment(chunks(), kind, f"{opened.filename}.{kind.value}", file.size)


@post(PATH, guards=[signed_in])
async def begin(request: Request[Any, Any, Any]) -> Response[Any]:
    """Have a worker make the file."""
    form, who = await read_form(request), actor(request)
    kind = form.choice("kind", FileFormat, required=N_("Please choose from the list."))
    name, query = form.text("name"), form.text("query", longest=LONGEST_QUERY)
    form.check()
    assert kind is not None  # required
    kind_of(name, who)
    opened = await open_list(name, Asking(services(request), await names_of(request), who, query))
    wanted = Wanted(name, query, kind, current_locale())
    job_id = await services(request).export_jobs.ask(who.user_id, wanted, opened.total)
    return await see_other(request, f"{PATH}/jobs/{job_id}")


@get(f"{PATH}/jobs/{{job_id:str}}", guards=[signed_in])
async def job_page(request: Request[Any, Any, Any], job_id: FromPath[str]) -> Response[str]:
    """How far a file is; the page looks again by itself until it is there."""
    names = await names_of(request)
    job = await services(request).export_jobs.get(job_id, actor(request).user_id)
    view = _view(job, names)
    context = JobPage(view, _hours(), MOST_TRIES, [_back(names), {"label": view.title}])
    answer = await page(request, "exports/job.html", context)
    if not job.ended:
        answer.headers["refresh"] = str(LOOK_AGAIN_SECONDS)
    return answer


@get(f"{PATH}/jobs/{{job_id:str}}/file", guards=[signed_in])
async def job_file(request: Request[Any, Any, Any], job_id: FromPath[str]) -> Stream:
    """The file, for who asked for it, while they may still see the list."""
    jobs, who = services(request).export_jobs, actor(request)
    job = await jobs.get(job_id, who.user_id)
    kind_of(job.wanted.name, who)
    chunks = await jobs.content(job)
    await write_down(request, AuditAction.EXPORTED, f"{job.wanted.name}.{job.wanted.kind.value}", rows=job.rows)
    return _attachment(chunks, job.wanted.kind, job.filename, job.size)


@post(f"{PATH}/jobs/{{job_id:str}}/stop", guards=[signed_in])
async def stop(request: Request[Any, Any, Any], job_id: FromPath[str]) -> Response[Any]:
    """Stop a job, or throw its file away."""
    await services(request).export_jobs.stop(job_id, actor(request).user_id)
    return await see_other(request, PATH, N_("The file is no longer made, or gone."))


async def _large(
    request: Request[Any, Any, Any],
    name: str,
    query: str,
    kind: FileFormat,
    total: int | None,
    title: str,
    names: Names,
) -> Response[str]:
    context = LargePage(
        title=title,
        name=name,
        query=query,
        kind=kind.value,
        kinds=[each.value for each in FileFormat],
        total=total,
        most=AT_ONCE,
        hours=_hours(),
        breadcrumb=[_back(names), {"label": title}],
    )
    return await page(request, "exports/large.html", context)


def _view(job: Job, names: Names) -> JobView:
    kind = LISTS.get(job.wanted.name)
    done = job.state is JobState.DONE
    return JobView(
        id=str(job.id),
        title=names.gettext(kind.title) if kind is not None else job.wanted.name,
        kind=job.wanted.kind.value,
        state=job.state.value,
        state_name=names.gettext(STATE_NAMES[job.state]),
        rows=job.rows,
        total=job.total,
        share=100 if done else min(99, 100 * job.rows // job.total) if job.total else 0,
        filename=job.filename,
        size=job.size,
        created_at=job.created_at,
        expires_at=job.expires_at,
        error=names.gettext(job.error) if job.error else "",
        ended=job.ended,
        tries=job.tries,
        name=job.wanted.name,
        query=job.wanted.query,
    )


def _attachment(chunks: AsyncIterator[bytes], kind: FileFormat, filename: str, size: int) -> Stream:
    headers = {
        "content-disposition": f'attachment; filename="{filename}"',
        "content-length": str(size),
        "cache-control": "no-store",
    }
    return Stream(chunks, media_type=kind.media_type, headers=headers)


def _back(names: Names) -> dict[str, str]:
    return {"label": names.gettext(N_("My files")), "href": PATH}


def _hours() -> int:
    return int(KEPT.total_seconds() // 3600)


ROUTES = [my_exports, export, begin, job_page, job_file, stop]
