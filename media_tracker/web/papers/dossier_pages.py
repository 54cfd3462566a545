"""Dossiers (案卷): of one problem or of several, as a page to print and as a Word document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from media_tracker.errors import N_, InvalidInput, NotFound
from media_tracker.papers.casefile import MOST_PROBLEMS, Bundle
from media_tracker.papers.pictures import MOST_PHOTOS, longest_side
from media_tracker.papers.shipped import Paper
from media_tracker.web.guards import signed_in
from media_tracker.web.naming import names_of
from media_tracker.web.papers.dossier_view import DossierView, dossier_view
from media_tracker.web.papers.files import word_file
from media_tracker.web.problems.finding.asked import read_asked
from media_tracker.web.problems.finding.listed import wanted_by
from media_tracker.web.render import page
from media_tracker.web.visitor import services

PHOTO_WIDE, PHOTO_HIGH = 80.0, 62.0
"""Millimetres of a photo in a dossier, at most: two stand side by side."""
LONGEST_LIST = 10_000
_BETWEEN = re.compile(r"[\s,，、;；]+")


@dataclass(frozen=True, slots=True)
class DossierPage:
    """``templates/papers/dossier.html``"""

    dossier: DossierView
    word: str
    too_many_photos: bool
    most_photos: int
    breadcrumb: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class DossiersPage:
    """``templates/papers/dossiers.html``"""

    numbers: str
    most: int
    breadcrumb: Sequence[Mapping[str, str]]
    errors: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)


@get("/problems/{number:str}/dossier", guards=[signed_in])
async def dossier_of_problem(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[str]:
    """The dossier of one problem, to be printed."""
    bundle = await services(request).casefiles.read([number])
    return await _show(request, bundle, f"/problems/{number}/dossier.docx")


@get("/problems/{number:str}/dossier.docx", guards=[signed_in])
async def dossier_file_of_problem(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[bytes]:
    """The same as a Word document."""
    return await _file(request, await services(request).casefiles.read([number]), f"dossier/{number}", number)


@get("/dossiers", guards=[signed_in])
async def dossiers(request: Request[Any, Any, Any]) -> Response[str]:
    """One dossier of several problems: by their numbers, or by the filters of the list; with neither, the form that asks."""
    numbers = _numbers(request)
    if not numbers and not request.url.query:
        return await _form(request, "")
    try:
        numbers = numbers or await _listed(request)
        bundle = await services(request).casefiles.read(numbers)
    except (InvalidInput, NotFound) as error:
        return await _form(request, "\n".join(numbers[:MOST_PROBLEMS]), error)
    return await _show(request, bundle, f"/dossiers/dossier.docx?numbers={','.join(numbers)}")


@get("/dossiers/dossier.docx", guards=[signed_in])
async def dossiers_file(request: Request[Any, Any, Any]) -> Response[Any]:
    """The same as a Word document."""
    numbers = _numbers(request)
    try:
        bundle = await services(request).casefiles.read(numbers)
    except (InvalidInput, NotFound) as error:
        return await _form(request, "\n".join(numbers), error)
    return await _file(request, bundle, "dossier/", f"{len(bundle.cases)}")


def _numbers(request: Request[Any, Any, Any]) -> list[str]:
    """Numbers of the address, however they are separated; several fields of that name add up."""
    given = " ".join(request.query_params.getall("numbers", []))[:LONGEST_LIST]
    return list(dict.fromkeys(part for part in _BETWEEN.split(given) if part))


async def _listed(request: Request[Any, Any, Any]) -> list[str]:
    """Numbers of the problems that the list with the same filters shows, and one more than a dossier holds at most."""
    wanted, wrong = await wanted_by(request, read_asked(request.query_params))
    if wrong:
        raise InvalidInput(wrong)
    found = await services(request).problems.page(wanted, size=MOST_PROBLEMS + 1)
    return [problem.number for problem in found.problems]


async def _show(request: Request[Any, Any, Any], bundle: Bundle, word: str) -> Response[str]:
    names = await names_of(request)
    view = await dossier_view(request, bundle, {})
    single = [] if view.several else [{"label": view.case.number, "href": f"/problems/{view.case.number}"}]
    context = DossierPage(
        dossier=view,
        word=word,
        too_many_photos=bundle.photos > MOST_PHOTOS,
        most_photos=MOST_PHOTOS,
        breadcrumb=[
            {"label": names.gettext(N_("Problems")), "href": "/problems"},
            *single,
            {"label": names.gettext(N_("Dossier"))},
        ],
    )
    return await page(request, "papers/dossier.html", context)


async def _file(request: Request[Any, Any, Any], bundle: Bundle, subject: str, suffix: str) -> Response[bytes]:
    if bundle.photos > MOST_PHOTOS:
        sentence = N_(
            "These problems have more than {most} photos together: too many for one document. Choose fewer problems."
        )
        raise InvalidInput(sentence, {"numbers": sentence}, most=MOST_PHOTOS)
    side = longest_side(bundle.photos)
    pictures = await services(request).casefiles.pictures(bundle.files.values(), side, PHOTO_WIDE, PHOTO_HIGH)
    view = await dossier_view(request, bundle, pictures)
    name = (await names_of(request)).pages.catalogue.translate(N_("dossier {number}"), None, number=suffix)
    return await word_file(request, Paper.DOSSIER, {"dossier": view}, subject=subject, name=name, rows=view.count)


async def _form(
    request: Request[Any, Any, Any], numbers: str, error: InvalidInput | NotFound | None = None
) -> Response[str]:
    names = await names_of(request)
    context = DossiersPage(
        numbers=numbers,
        most=MOST_PROBLEMS,
        breadcrumb=[
            {"label": names.gettext(N_("Problems")), "href": "/problems"},
            {"label": names.gettext(N_("Dossier of several problems"))},
        ],
        errors={"numbers": error.message} if error else {},
        params=error.params if error else {},
    )
    status = 200 if error is None else 422 if isinstance(error, InvalidInput) else 404
    return await page(request, "papers/dossiers.html", context, status=status)


ROUTES = [dossier_of_problem, dossier_file_of_problem, dossiers, dossiers_file]
