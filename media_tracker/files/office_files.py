"""Documents as offices send them (PDF, Word, Excel): told by what they are, and refused when they could do something. Pure.

A document is kept as it was sent, because its bytes are the evidence. So it is looked into first: nothing that runs, nothing
hidden behind or before it, nothing that unpacks to far more than it is. Slow for large ones: run it in a thread.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from media_tracker.errors import N_, InvalidInput, TooLarge

MAX_BYTES = 10 * 1024 * 1024
MAX_UNPACKED = 100 * 1024 * 1024
MAX_PARTS = 2_000
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ENDINGS = {PDF: ".pdf", DOCX: ".docx", XLSX: ".xlsx"}
"""By content type: how the name of such a file ends."""

_PIECE = 2**16
_MAX_XML = 2 * 2**20
_TYPES = "[Content_Types].xml"
_MAIN = {f"{DOCX}.main+xml": DOCX, f"{XLSX}.main+xml": XLSX}
_RUNS = re.compile(r"vbaproject|vbadata|activex|\.bin$|\.(?:exe|dll|js|vbs|docm|dotm|xlsm|xltm|xlam)$", re.IGNORECASE)
_HARMLESS_BIN = re.compile(r"(?:^|/)printerSettings\d*\.bin$", re.IGNORECASE)
_FETCHES = ("attachedTemplate", "oleObject", "frame", "subDocument")
_FROM_ELSEWHERE = re.compile(r"\s*(?:https?|ftp):|\s*\\\\|\s*file://[^/]|\s*//", re.IGNORECASE)

_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_PDF_HEAD = re.compile(rb"%PDF-[12]\.\d")
_PDF_TAIL = re.compile(rb"startxref\s+\d+\s+%%EOF[\s\0]*\Z")
_STREAM = re.compile(rb"(?<!end)stream(?:\r\n|\n|\r)")


@dataclass(frozen=True, slots=True)
class OfficeFile:
    """A document that may be kept."""

    content_type: str
    """One of ``ENDINGS``."""


def read_office_file(data: bytes) -> OfficeFile:
    """Check the document in ``data``: PDF, Word (.docx) or Excel (.xlsx), told by its content.

    Raises:
        TooLarge: more than 10 MB, or unpacks to far more.
        InvalidInput: none of these kinds, broken, locked, or with something in it that runs.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(N_("The document is larger than {megabytes} MB. Divide it and send the parts."), megabytes=10)
    if _PDF_HEAD.match(data):
        _check_pdf(data)
        return OfficeFile(PDF)
    if data.startswith(b"PK\x03\x04"):
        return OfficeFile(_check_package(data))
    if data.startswith(_OLD_OFFICE):
        raise InvalidInput(
            N_("This is a file of an old Office, or one with a password. Save it as .docx, .xlsx or PDF, without one.")
        )
    raise InvalidInput(N_("This file is no document. Send a PDF, a Word (.docx) or an Excel file (.xlsx)."))


# Word and Excel


def _check_package(data: bytes) -> str:
    """The content type of an Office Open XML package (ECMA-376, part 2) that may be kept."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_frame(archive, data)
            _check_sizes(archive, data)
            kind = _kind(archive)
            for part in archive.infolist():
                if part.filename.endswith(".rels"):
                    _check_links(_xml(archive, part.filename))
            return kind
    except (TooLarge, InvalidInput):
        raise
    except Exception as error:  # a made file brings up anything in the libraries
        raise _broken() from error


def _check_frame(archive: zipfile.ZipFile, data: bytes) -> None:
    """Nothing before the first part, nothing behind the last: what else the file could be taken for."""
    parts = archive.infolist()
    starts = min((part.header_offset for part in parts), default=-1)
    if starts != 0 or archive.comment or data[-22:-18] != b"PK\x05\x06":
        raise _broken()
    for part in parts:
        name = part.filename
        if part.flag_bits & 1:
            raise _locked()
        if name.startswith(("/", "\\")) or "\\" in name or ".." in name.split("/") or "\0" in name:
            raise _broken()
        if _RUNS.search(name) and not _HARMLESS_BIN.search(name):
            raise _runs()


def _check_sizes(archive: zipfile.ZipFile, data: bytes) -> None:
    """Unpack every part once. No more of a part comes out than it says, and its check sum tells when it said less."""
    parts = archive.infolist()
    if len({part.filename for part in parts}) != len(parts) or sum(part.compress_size for part in parts) > len(data):
        raise _broken()  # parts that lie over each other: one stretch of bytes unpacked many times
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise _unpacks_to_too_much()
    for part in parts:
        with archive.open(part) as content:
            while content.read(_PIECE):
                pass


def _kind(archive: zipfile.ZipFile) -> str:
    """Word or Excel, as the package's own table of types says; ``InvalidInput`` for another, or one with macros."""
    types = [each.get("ContentType", "") for each in _xml(archive, _TYPES)]
    if any("macroenabled" in each.lower() or "vba" in each.lower() or "activex" in each.lower() for each in types):
        raise _runs()
    found = {_MAIN[each] for each in types if each in _MAIN}
    if len(found) != 1:
        raise InvalidInput(N_("This file is no document. Send a PDF, a Word (.docx) or an Excel file (.xlsx)."))
    return found.pop()


def _check_links(links: Element) -> None:
    """Nothing that Word or Excel would fetch by itself from another machine. Links that people click may stay."""
    for link in links:
        kind, target = link.get("Type", ""), link.get("Target", "")
        if link.get("TargetMode") == "External" and kind.endswith(_FETCHES) and _FROM_ELSEWHERE.match(target):
            raise _runs()


def _xml(archive: zipfile.ZipFile, name: str) -> Element:
    from defusedxml.ElementTree import fromstring

    if archive.getinfo(name).file_size > _MAX_XML:
        raise _broken()
    root: Element = fromstring(archive.read(name), forbid_dtd=True)
    return root


# PDF


def _name(word: str) -> bytes:
    """A PDF name, any of whose letters may be written as ``#`` and two digits (ISO 32000-1, 7.3.5)."""
    letters = (f"(?:{letter}|#{ord(letter):02x}|#{ord(letter):02X})" for letter in word)
    return f"/{''.join(letters)}(?![A-Za-z0-9#])".encode()


_PDF_DOES = ("JavaScript", "Launch", "EmbeddedFile", "EmbeddedFiles", "FileAttachment", "RichMedia", "XFA")
_PDF_RUNS = re.compile(b"|".join(_name(word) for word in _PDF_DOES))
_PDF_LOCKED = re.compile(_name("Encrypt"))
_PDF_PACKED = re.compile(_name("ObjStm"))
_PDF_FILTERED = re.compile(_name("Filter"))
_PDF_FILTER = re.compile(rb"/Filter\s*(\[[^\]]*\]|/[A-Za-z0-9#]+)")


def _check_pdf(data: bytes) -> None:
    """No script, no program, no file within the file; neither in the open nor in objects that are packed."""
    if _PDF_TAIL.search(data[-2_048:]) is None:
        raise _broken()
    if _PDF_RUNS.search(data):
        raise _runs()
    if _PDF_LOCKED.search(data):
        raise _locked()
    if any(_PDF_RUNS.search(objects) for objects in _packed_objects(data)):
        raise _runs()


def _packed_objects(data: bytes) -> Iterator[bytes]:
    """What object streams hold (ISO 32000-1, 7.5.7). What cannot be looked into is refused."""
    room, at, streams = MAX_UNPACKED, 0, 0
    while (named := _PDF_PACKED.search(data, at)) and (stream := _STREAM.search(data, named.end())):
        dictionary = data[max(at, data.rfind(b"obj", at, named.start())) : stream.start()]
        at, streams = stream.end(), streams + 1
        if streams > MAX_PARTS:
            raise _broken()
        if not _is_packed(dictionary):
            continue  # in the open, and read already
        objects = _inflated(data, at, room)
        room -= len(objects)
        if room <= 0:
            raise _unpacks_to_too_much()
        yield objects


def _is_packed(dictionary: bytes) -> bool:
    """Whether the stream with this dictionary is packed; ``InvalidInput`` when it is in a way that is not looked into."""
    given = _PDF_FILTER.findall(dictionary)
    if len(given) != len(_PDF_FILTERED.findall(dictionary)):
        raise _broken()  # it stands somewhere else, or is written so that it is not seen
    filters = {name for each in given for name in re.findall(rb"/([A-Za-z0-9#]+)", each)}
    if filters - {b"FlateDecode", b"Fl"}:
        raise _broken()
    return bool(filters)


def _inflated(data: bytes, at: int, most: int) -> bytes:
    """What is packed from ``at`` on, as far as it goes: where it says that it ends may be a lie. No more than ``most``."""
    inflating, found = zlib.decompressobj(), bytearray()
    try:
        while at < len(data) and not inflating.eof and len(found) < most:
            piece = inflating.unconsumed_tail or data[at : at + _PIECE]
            at += 0 if inflating.unconsumed_tail else len(piece)
            found += inflating.decompress(piece, most - len(found))
    except zlib.error as error:
        raise _broken() from error
    return bytes(found)


def _unpacks_to_too_much() -> TooLarge:
    return TooLarge(N_("This document unpacks to more than is taken. Save it anew, or send it as a PDF."))


def _broken() -> InvalidInput:
    return InvalidInput(N_("The document is damaged, or made in an unusual way. Save it anew and send it again."))


def _locked() -> InvalidInput:
    return InvalidInput(
        N_("The document is locked. Save it without a password and without restrictions, and send it again.")
    )


def _runs() -> InvalidInput:
    return InvalidInput(
        N_(
            "There is something in this document that could run: a macro, a script or another file. Send it as a plain PDF."
        )
    )
