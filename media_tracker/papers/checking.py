"""Whether a Word file that somebody has uploaded can be a template: what is in it, and what becomes of it. Pure, and slow.

Run ``tried`` in a process that can be stopped (``apart``): the file is not trusted, and neither is the Jinja in it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping

from media_tracker.errors import N_, InvalidInput, TooLarge
from media_tracker.files.office_files import DOCX, read_office_file
from media_tracker.papers.word import fill

MOST_BYTES = 2 * 2**20
MOST_UNPACKED = 20 * 2**20
MOST_FILLED = 30 * 2**20

_OUTSIDE = re.compile(rb'<Relationship\b[^>]*\bTargetMode\s*=\s*["\']External["\'][^>]*>', re.IGNORECASE)
_FETCHES = re.compile(rb"\b(DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE|IMPORT|LINK|AUTOTEXT|MACROBUTTON)\b")
_INSTRUCTION = re.compile(rb"<w:instrText[^>]*>(.*?)</w:instrText>|w:instr=\"([^\"]*)\"", re.DOTALL)


def tried(template: bytes, sample: Mapping[str, object], must_show: tuple[str, ...]) -> bytes:
    """The document that ``template`` makes of ``sample``.

    ``must_show`` are texts of the sample that the document has to hold, such as the order's number.

    Raises:
        InvalidInput: with the sentence that says what is wrong with the template.
    """
    check_package(template)
    filled = _filled(template, sample)
    if len(filled) > MOST_FILLED:
        raise _wrong(N_("This template makes a document that is too large."))
    shown = _text_of(filled)
    missing = [text for text in must_show if text not in shown]
    if missing:
        raise _wrong(
            N_("A document made with this template does not show “{text}”: a place for it is missing."), text=missing[0]
        )
    return filled


def check_package(data: bytes) -> None:
    """Accept a small Word document without macros, embedded objects and anything that it would fetch; else ``InvalidInput``."""
    if len(data) > MOST_BYTES:
        raise _wrong(N_("A template has at most {megabytes} MB."), megabytes=MOST_BYTES // 2**20)
    try:
        if read_office_file(data).content_type != DOCX:
            raise _wrong(N_("A template is a Word document (.docx)."))
    except TooLarge as error:
        raise _wrong(error.message, **error.params) from error
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        if sum(each.file_size for each in package.infolist()) > MOST_UNPACKED:
            raise _wrong(N_("This file holds too much to be a template."))
        names = package.namelist()
        content = {name: package.read(name) for name in names if name.endswith((".xml", ".rels"))}
    if any("/embeddings/" in name for name in names):
        raise _wrong(N_("A template must not hold other files."))
    for name, part in content.items():
        links = _OUTSIDE.findall(part) if name.endswith(".rels") else []
        instructions = [b"".join(found) for found in _INSTRUCTION.findall(part)]
        if any(b"/hyperlink" not in link for link in links) or any(map(_FETCHES.search, instructions)):
            raise _wrong(N_("A template must not load anything from elsewhere."))
        if b"<!DOCTYPE" in part or b"<!ENTITY" in part:
            raise _wrong(N_("A template is a Word document (.docx)."))


def _filled(template: bytes, sample: Mapping[str, object]) -> bytes:
    from jinja2 import TemplateError, UndefinedError
    from jinja2.exceptions import SecurityError
    from lxml.etree import LxmlError

    try:
        return fill(template, sample)
    except SecurityError as error:
        raise _wrong(N_("The template asks for something that a template may not have.")) from error
    except UndefinedError as error:
        raise _wrong(N_("The template asks for something that there is not: {detail}"), detail=_short(error)) from error
    except TemplateError as error:
        raise _wrong(N_("A place in the template cannot be understood: {detail}"), detail=_short(error)) from error
    except MemoryError:
        raise
    except (LxmlError, KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise _wrong(
            N_(
                "What the template makes is no document: each “%p” needs a paragraph of its own, each “%tr” a row of its own."
            )
        ) from error


def _text_of(document: bytes) -> str:
    """All that can be read in the body of a document."""
    with zipfile.ZipFile(io.BytesIO(document)) as package:
        parts = [
            package.read(name).decode("utf-8", "replace")
            for name in package.namelist()
            if re.fullmatch(r"word/(document|header\d*|footer\d*)\.xml", name)
        ]
    return re.sub(r"<[^>]+>", "", " ".join(parts))


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _wrong(sentence: str, **params: object) -> InvalidInput:
    return InvalidInput(sentence, {"template": sentence}, **params)
