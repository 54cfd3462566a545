"""Photos and documents that come with a form: saved before the transaction, removed again if it comes to nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bson import ObjectId
from litestar import Request

from media_tracker.errors import N_, InvalidInput, NotFound, TooLarge
from media_tracker.problems.steps import Command, Step
from media_tracker.web.forms import PHOTOS_BYTES, Form
from media_tracker.web.render import Pages
from media_tracker.web.visitor import actor, services

PURPOSE = "problem"
DOCUMENTS = "documents"
TOO_MANY_DOCUMENTS = N_("At most 20 documents at a time, of at most 10 MB each.")
FIELDS_OF: Mapping[Step, Sequence[str]] = {
    Step.CLAIM: ("before", "after", DOCUMENTS),
    Step.ADD_EVIDENCE: ("before", "after", DOCUMENTS),
}
"""The file fields of a step's form; what comes in any other is not looked at."""
OTHERWISE = ("after",)

Uploads = Mapping[str, Sequence[tuple[str, bytes]]]
"""File names and contents by field."""
FileIds = Mapping[str, tuple[ObjectId, ...]]


def fields_of(step: Step) -> Sequence[str]:
    """The file fields of the form of ``step``."""
    return FIELDS_OF.get(step, OTHERWISE)


async def read_uploads(form: Form, fields: Sequence[str]) -> Uploads:
    """The files of ``fields``; one that is too large, or all that are too much, is a mistake of its field."""
    uploads: dict[str, Sequence[tuple[str, bytes]]] = {}
    for name in fields:
        try:
            uploads[name] = await form.photos(name)
        except TooLarge as error:
            form.errors[name] = TOO_MANY_DOCUMENTS if name == DOCUMENTS else error.message
    sizes = {name: sum(len(data) for _, data in content) for name, content in uploads.items()}
    if sum(sizes.values()) > PHOTOS_BYTES:
        largest = max(sizes, key=lambda name: sizes[name])
        form.errors.setdefault(
            largest, N_("All files of a form together may have at most 50 MB. Choose fewer, or smaller ones.")
        )
    return uploads


def not_saved_yet(uploads: Uploads) -> FileIds:
    """As many ids as there are files, for asking whether they would be taken."""
    return {name: tuple(ObjectId() for _ in content) for name, content in uploads.items()}


def with_files(command: Command, ids: FileIds) -> Command:
    """``command`` with its files."""
    before, after, documents = (ids.get(name, ()) for name in ("before", "after", DOCUMENTS))
    return replace(command, before=before, after=after, documents=documents)


async def save_uploads(request: Request[Any, Any, Any], form: Form, uploads: Uploads) -> FileIds:
    """Ids of the saved files by field; when one of them cannot be taken, none is kept, and the form says which.

    Raises:
        InvalidInput: a file is not what its field takes; what is wrong stands in the form.
    """
    pages: Pages = request.app.state.pages
    files, sender = services(request).files, actor(request).user_id
    saved: dict[str, tuple[ObjectId, ...]] = dict.fromkeys(uploads, ())
    for name, content in uploads.items():
        for filename, data in content:
            try:
                if name == DOCUMENTS:
                    stored = (await files.save_document(data, filename, sender, PURPOSE)).id
                else:
                    stored = (await files.save_image(data, filename, sender, PURPOSE)).id
            except (InvalidInput, TooLarge) as error:
                form.errors[name] = f"{filename}: {pages.catalogue.explain(error)}"
                break
            saved[name] = (*saved[name], stored)
    if form.errors:
        await remove_uploads(request, saved)
    form.check()
    return saved


async def remove_uploads(request: Request[Any, Any, Any], saved: FileIds) -> None:
    """Remove files that nothing needs after all."""
    for file_id in (each for ids in saved.values() for each in ids):
        try:
            await services(request).files.delete(file_id)
        except NotFound:
            continue
