"""From the bytes of a feed to its text, whatever its declaration says. Pure.

Valid UTF-8 is UTF-8 (miniflux's rule, ``internal/reader/encoding``): text in another encoding passes for it only by accident.
Then the declarations are believed, HTTP's before XML's (RFC 7303 §3), with GB 2312 and GBK read as their superset GB 18030, as
Chinese sites declare the one and write the other.
"""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with that one's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# XML 1.0, appendix F.1: what "<?" or "<r" looks like without a mark.
_WIDE = (
    (re.compile(rb"<\x00\x00\x00"), "utf-32-le"),
    (re.compile(rb"\x00\x00\x00<"), "utf-32-be"),
    (re.compile(rb"<\x00[^\x00]\x00"), "utf-16-le"),
    (re.compile(rb"\x00<\x00[^\x00]"), "utf-16-be"),
    (re.compile(rb"\x4c\x6f\xa7\x94"), "cp037"),
)
_CHINESE = {
    "gb2312",
    "gb_2312",
    "gb_2312-80",
    "csgb2312",
    "euc-cn",
    "gbk",
    "x-gbk",
    "cp936",
    "ms936",
    "windows-936",
    "gb18030",
}
_HTTP_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s;\"',]+)", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_SEVEN_BIT = re.compile(r"(?:iso-?2022-|hz)", re.IGNORECASE)
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def decode_feed(body: bytes, content_type: str | None, override: str | None = None) -> tuple[str, list[str]]:
    """The text of ``body``, and warnings: a sentence each.

    ``override`` is an encoding that an editor has set for the feed; it comes first. Characters that
    XML does not allow are removed.
    """
    warnings: list[str] = []
    text, used, declared = _decoded(body, content_type, override)
    if declared and _canonical(declared) != _canonical(used):
        warnings.append(f"The feed says that its encoding is {declared}, but it is read as {used}.")
    if "\ufffd" in text and used != "utf-8":
        warnings.append("Some characters could not be decoded.")
    if _NOT_XML.search(text):
        text = _NOT_XML.sub("", text)
        warnings.append("Control characters were removed.")
    return text, warnings


def _decoded(body: bytes, content_type: str | None, override: str | None) -> tuple[str, str, str | None]:
    """Text, the encoding that gave it, and the one that was declared."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), name, None
    for pattern, name in _WIDE:
        if pattern.match(body):
            return body.decode(name, "replace"), name, None
    declared = _declared(body, content_type)
    first = declared[0] if declared else None
    if override and (text := _attempt(body, override)) is not None:
        return text, _canonical(override), None
    if body.isascii() and first and _SEVEN_BIT.match(first) and (text := _attempt(body, first)) is not None:
        return text, _canonical(first), first
    for name in ("utf-8", *declared, "gb18030"):
        if (text := _attempt(body, name)) is not None:
            # Plain ASCII is whatever it was declared to be.
            return text, first if first and body.isascii() and name == "utf-8" else _canonical(name), first
    name = next((n for n in declared if _known(n)), "utf-8")
    return body.decode(_canonical(name), "replace"), _canonical(name), first


def _declared(body: bytes, content_type: str | None) -> list[str]:
    names = []
    if content_type and (match := _HTTP_CHARSET.search(content_type)):
        names.append(match[1].lower())
    if xml := _XML_ENCODING.match(body.lstrip()[:300]):
        names.append(xml[1].decode("ascii").lower())
    return names


def _canonical(name: str) -> str:
    """Python's name for an encoding; the Chinese ones as their superset, Latin-1 as browsers read it."""
    name = name.strip().lower()
    if name in _CHINESE:
        return "gb18030"
    if name in ("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii"):
        return "windows-1252"
    try:
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        return name


def _known(name: str) -> bool:
    try:
        # Not everything in the codec registry is a text encoding; UTF-7 is one that only attackers use.
        return codecs.lookup(_canonical(name))._is_text_encoding and "utf-7" not in name
    except (LookupError, ValueError):
        return False


def _attempt(body: bytes, name: str) -> str | None:
    if not _known(name):
        return None
    try:
        return body.decode(_canonical(name))
    except ValueError:
        return None
