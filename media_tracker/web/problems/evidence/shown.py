"""Photos and documents of a problem, as its pages show them: in pairs, with captions, and with what has to be said of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from bson import ObjectId
from litestar import Request

from media_tracker.errors import N_
from media_tracker.files.kept import Paper, Photo
from media_tracker.files.office_files import DOCX, PDF, XLSX
from media_tracker.problems.case import Addition, Round
from media_tracker.problems.documents import Problem
from media_tracker.problems.evidence.material import Filed, Part
from media_tracker.problems.evidence.photo_rules import may_read_camera, may_see_uses
from media_tracker.problems.evidence.service import Use
from media_tracker.web.render import Pages
from media_tracker.web.visitor import actor, services

Shown = dict[str, Any]
"""A photo as ``ui.photo`` takes it."""

KINDS: Mapping[str, str] = {PDF: "PDF", DOCX: "Word", XLSX: "Excel"}
PART_NAMES: Mapping[Part, str] = {
    Part.BEFORE: N_("Photo from before the fix"),
    Part.AFTER: N_("Photo from after the fix"),
    Part.CHECK: N_("Photo from the check"),
    Part.PROTECTION: N_("Photo of the interim protection"),
    Part.LOOK_BACK: N_("Photo from a look-back"),
}


@dataclass(frozen=True, slots=True)
class PaperView:
    """One document in a list."""

    href: str
    name: str
    kind: str
    kilobytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class AdditionView:
    """What the unit has put on record while it worked: its note, and how much came with it."""

    at: datetime
    by: str
    text: str
    photos: int
    papers: Sequence[PaperView]


@dataclass(frozen=True, slots=True)
class MaterialView:
    """Photos and documents of one round."""

    additions: Sequence[AdditionView]
    pairs: Sequence[tuple[Shown | None, Shown | None]]
    more: Sequence[Shown]
    papers: Sequence[PaperView]
    """Those that came with the report of the result."""


@dataclass(frozen=True, slots=True)
class UseView:
    """That a photo is on record elsewhere too, in a sentence, with where."""

    photo: str
    photo_href: str
    elsewhere: str
    elsewhere_href: str
    number: str
    """Of the other problem; empty when it is this one."""
    same_file: bool
    src: str
    other_src: str


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """What the page of a problem says of all its photos."""

    uses: Sequence[UseView]
    camera_href: str
    """Where it is told when and where they were taken; empty for who may not know."""


def photo_href(number: str, photo_id: ObjectId) -> str:
    """The page of one photo."""
    return f"/problems/{number}/photos/{photo_id}"


def shown(
    number: str, ids: Iterable[ObjectId], part: Part, photos: Mapping[ObjectId, Photo], pages: Pages
) -> list[Shown]:
    """Thumbnails that lead to the page of each photo."""
    words = pages.catalogue.gettext(PART_NAMES[part])
    return [_shown(number, each, words, photos[each], pages) for each in ids if each in photos]


def _shown(number: str, photo_id: ObjectId, words: str, photo: Photo, pages: Pages) -> Shown:
    notes = [pages.catalogue.translate(N_("filed {date}"), None, date=pages.formats.date_text(photo.saved_at, "day"))]
    if photo.blacked_out:
        notes.append(pages.catalogue.gettext(N_("partly blacked out")))
    caption = " · ".join(notes)
    return {
        "src": f"/files/{photo.thumbnail_id}",
        "href": photo_href(number, photo_id),
        "alt": words,
        "caption": caption,
    }


def read_material(
    number: str,
    worked: Round,
    said: Mapping[int, str],
    photos: Mapping[ObjectId, Photo],
    papers: Mapping[ObjectId, Paper],
    people: Mapping[ObjectId, str],
    pages: Pages,
) -> MaterialView:
    """The material of one round. ``said``: what was written with each event."""
    before = shown(number, worked.before, Part.BEFORE, photos, pages)
    after = shown(number, worked.after, Part.AFTER, photos, pages)
    pairs = list(zip_longest(before, after))
    whole = [pair for pair in pairs if None not in pair] or pairs[:1]
    return MaterialView(
        additions=[_addition(each, said, papers, people) for each in worked.additions],
        pairs=whole,
        more=[photo for pair in pairs[len(whole) :] for photo in pair if photo is not None],
        papers=paper_views(worked.claim.documents if worked.claim else (), papers),
    )


def _addition(
    added: Addition, said: Mapping[int, str], papers: Mapping[ObjectId, Paper], people: Mapping[ObjectId, str]
) -> AdditionView:
    return AdditionView(
        at=added.at,
        by=people.get(added.by, "") if added.by is not None else "",
        text=said.get(added.seq, ""),
        photos=len(added.before) + len(added.after),
        papers=paper_views(added.documents, papers),
    )


def paper_views(ids: Iterable[ObjectId], papers: Mapping[ObjectId, Paper]) -> list[PaperView]:
    """Documents as a list shows them."""
    found = [papers[each] for each in ids if each in papers]
    return [
        PaperView(f"/files/{each.id}", each.filename, KINDS[each.content_type], -(-each.size // 1024), each.sha256)
        for each in found
    ]


async def read_evidence(request: Request[Any, Any, Any], problem: Problem) -> EvidenceView:
    """What is said of the problem's photos to who may know it."""
    who = actor(request)
    uses = await services(request).evidence.uses(problem) if problem.files and may_see_uses(who) else []
    pages: Pages = request.app.state.pages
    camera = f"/problems/{problem.number}/evidence" if problem.files and may_read_camera(who) else ""
    thumbnails = await services(request).files.photos(
        {each for use in uses for each in (use.photo.id, use.elsewhere.id)}
    )
    return EvidenceView([use_view(use, problem, thumbnails, pages) for use in uses], camera)


def use_view(use: Use, problem: Problem, photos: Mapping[ObjectId, Photo], pages: Pages) -> UseView:
    """One use in words."""
    return UseView(
        photo=place_text(use.photo, pages),
        photo_href=photo_href(problem.number, use.photo.id),
        elsewhere=place_text(use.elsewhere, pages),
        elsewhere_href=photo_href(use.number, use.elsewhere.id),
        number=use.number if use.number != problem.number else "",
        same_file=use.same_file,
        src=_thumbnail(photos, use.photo.id),
        other_src=_thumbnail(photos, use.elsewhere.id),
    )


def place_text(photo: Filed, pages: Pages) -> str:
    """What a photo shows, and in which round."""
    words = pages.catalogue.gettext(PART_NAMES[photo.part])
    if not photo.round:
        return words
    return pages.catalogue.translate(N_("{photo}, round {n}"), None, photo=words, n=photo.round)


def _thumbnail(photos: Mapping[ObjectId, Photo], photo_id: ObjectId) -> str:
    return f"/files/{photos[photo_id].thumbnail_id}" if photo_id in photos else ""
