"""Reading a dossier back: the records and digests that a Word document holds. Pure, and slow."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass

from media_tracker.errors import N_, InvalidInput
from media_tracker.papers.chain import check
from media_tracker.papers.dossier_form import DIGEST, RECORD


@dataclass(frozen=True, slots=True)
class Verdict:
    """What recomputing the chain of one problem has shown. ``wrong``: number of the first event that does not fit; None: none."""

    problem: str
    """Its id; empty where not even that can be read."""
    events: int
    last_digest: str
    wrong: int | None


def verify(document: bytes) -> list[Verdict]:
    """Recompute every chain in a dossier.

    Raises:
        InvalidInput: it is no Word document, or there are no records in it.
    """
    links = _links(document)
    if not links:
        raise InvalidInput(N_("There are no records of events in this file: it is no dossier, or they were taken out."))
    return [_verdict(each) for each in _by_problem(links)]


def _links(document: bytes) -> list[tuple[str, str]]:
    """Records with the digests behind them, as they stand; what lacks its partner stands with an empty text."""
    from docx import Document
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    try:
        paragraphs = Document(io.BytesIO(document)).paragraphs
    except (OpcError, LxmlError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise InvalidInput(N_("This is no Word document (.docx).")) from error
    links: list[tuple[str, str]] = []
    for paragraph in paragraphs:
        style = paragraph.style.name if paragraph.style is not None else ""
        if style == RECORD:
            links.append((paragraph.text, ""))
        elif style == DIGEST:
            record = links.pop()[0] if links and not links[-1][1] else ""
            links.append((record, paragraph.text.strip()))
    return links


def _by_problem(links: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """The chains: one begins with the first event of a problem."""
    chains: list[list[tuple[str, str]]] = []
    for link in links:
        if not chains or _field(link[0], "seq") == 1:
            chains.append([])
        chains[-1].append(link)
    return chains


def _verdict(links: list[tuple[str, str]]) -> Verdict:
    checked = check(links)
    return Verdict(str(_field(links[0][0], "problem") or ""), checked.links, links[-1][1], checked.wrong)


def _field(record: str, name: str) -> object:
    try:
        value = json.loads(record)
    except ValueError:
        return None
    return value.get(name) if isinstance(value, dict) else None
