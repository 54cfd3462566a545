"""Administration of papers: the office's own Word templates in the place of ours, tried before they are used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, InvalidInput, NotFound
from media_tracker.papers.apart import run_apart
from media_tracker.papers.checking import MOST_BYTES, check_package, tried
from media_tracker.papers.own_templates import Edition
from media_tracker.papers.shipped import LANGUAGES, Paper
from media_tracker.papers.word import CONTENT_TYPE, as_values, fill
from media_tracker.web.forms import read_form
from media_tracker.web.guards import admins
from media_tracker.web.i18n import LOCALES
from media_tracker.web.papers.samples import samples
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down
from media_tracker.web.visitor import actor, services

PATH = "/admin/papers"
SECONDS_TO_TRY = 20.0
PAPER_NAMES: Mapping[Paper, str] = {
    Paper.ORDER: N_("Dispatch order"),
    Paper.DOSSIER: N_("Dossier"),
    Paper.BULLETIN: N_("Bulletin"),
}


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """One paper in one language. ``own``: this office's; the rest tells of it."""

    paper: str
    name: str
    language: str
    language_name: str
    own: bool
    filename: str
    by: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class PapersPage:
    """``templates/admin/papers.html``. ``wrong``: for which row the sentence in ``errors`` is."""

    rows: Sequence[TemplateRow]
    most_bytes: int
    wrong: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)


@get(PATH, guards=[admins])
async def papers_page(request: Request[Any, Any, Any]) -> Response[str]:
    """Every template, with the form that puts another one in its place."""
    return await _show(request)


@get(f"{PATH}/{{paper:str}}/{{language:str}}/template.docx", guards=[admins])
async def template_file(
    request: Request[Any, Any, Any], paper: FromPath[str], language: FromPath[str]
) -> Response[bytes]:
    """The template that is used, to be changed in Word."""
    kind = _known(paper, language)
    template = await services(request).own_templates.used(kind, language)
    return _docx(template.data, f"{kind.value}.{language}")


@get(f"{PATH}/{{paper:str}}/{{language:str}}/sample.docx", guards=[admins])
async def sample_file(
    request: Request[Any, Any, Any], paper: FromPath[str], language: FromPath[str]
) -> Response[bytes]:
    """A document made with it, about nobody and nothing."""
    kind = _known(paper, language)
    template = await services(request).own_templates.used(kind, language)
    context, _ = samples(kind)[0]
    values = {name: as_values(value) for name, value in context.items()}
    return _docx(
        await run_apart(fill, template.data, values, seconds=SECONDS_TO_TRY), f"{kind.value}.{language}.sample"
    )


@post(f"{PATH}/{{paper:str}}/{{language:str}}", guards=[admins], request_max_body_size=MOST_BYTES + 100_000)
async def put_template(request: Request[Any, Any, Any], paper: FromPath[str], language: FromPath[str]) -> Response[Any]:
    """Try an uploaded template, and use it from now on if it works; else say what is wrong, and keep the one that is used."""
    kind = _known(paper, language)
    form = await read_form(request)
    if form.flag("ours"):
        await services(request).own_templates.put(kind, language, None, "", actor(request).user_id)
        await write_down(request, AuditAction.PAPER_CHANGED, f"{kind.value}.{language}", ours=1)
        return await see_other(request, PATH, N_("The template that came along is used again."))
    upload = form.data.get("template")
    data = await upload.read() if isinstance(upload, UploadFile) else b""
    try:
        if not data or not isinstance(upload, UploadFile):
            sentence = N_("Please choose a Word file (.docx).")
            raise InvalidInput(sentence, {"template": sentence})
        await _try(kind, data)
    except InvalidInput as error:
        return await _show(request, error, f"{kind.value}.{language}")
    name = upload.filename.replace("\\", "/").rpartition("/")[2][:120]
    await services(request).own_templates.put(kind, language, data, name, actor(request).user_id)
    await write_down(request, AuditAction.PAPER_CHANGED, f"{kind.value}.{language}", bytes=len(data))
    return await see_other(request, PATH, N_("The template works, and is used from now on."))


async def _try(kind: Paper, data: bytes) -> None:
    check_package(data)
    for context, must_show in samples(kind):
        values = {name: as_values(value) for name, value in context.items()}
        try:
            await run_apart(tried, data, values, must_show, seconds=SECONDS_TO_TRY)
        except InvalidInput:
            raise
        except Exception as error:  # a made file brings up anything in the libraries
            sentence = N_("This template cannot be filled in.")
            raise InvalidInput(sentence, {"template": sentence}) from error


async def _show(request: Request[Any, Any, Any], error: InvalidInput | None = None, wrong: str = "") -> Response[str]:
    room = services(request)
    used = {
        (paper, language): await room.own_templates.edition(paper, language)
        for paper in Paper
        for language in LANGUAGES
    }
    people = await room.accounts.names(each.by for each in used.values() if each is not None and each.by is not None)
    pages = request.app.state.pages
    rows = []
    for (paper, language), edition in used.items():
        own: Edition | None = edition if edition is not None and edition.digest else None
        rows.append(
            TemplateRow(
                paper=paper.value,
                name=pages.catalogue.gettext(PAPER_NAMES[paper]),
                language=language,
                language_name=LOCALES[language],
                own=own is not None,
                filename=own.filename if own else "",
                by=people.get(own.by, "") if own and own.by else "",
                at=own.at if own else None,
            )
        )
    errors = {"template": error.fields.get("template", error.message)} if error else {}
    context = PapersPage(rows, MOST_BYTES, wrong, errors, error.params if error else {})
    return await page(request, "admin/papers.html", context, status=422 if error else 200)


def _known(paper: str, language: str) -> Paper:
    if paper not in set(Paper) or language not in LANGUAGES:
        raise NotFound(N_("There is nothing at this address."))
    return Paper(paper)


def _docx(content: bytes, name: str) -> Response[bytes]:
    headers = {"content-disposition": f'attachment; filename="{name}.docx"'}
    return Response(content, media_type=CONTENT_TYPE, headers=headers)


ROUTES = [papers_page, template_file, sample_file, put_template]
