"""From the bytes of a feed or page to its text, whatever its declaration says. Pure.

Valid UTF-8 is UTF-8 (miniflux's rule, ``internal/reader/encoding``): text in another encoding passes for it only by accident. It
stays UTF-8 with a broken character here and there, as programs that cut summaries by bytes leave them. Then the declarations are
believed, HTTP's before the document's (RFC 7303 §3), with GB 2312 and GBK read as their superset GB 18030, as Chinese sites
declare the one and write the other. GB 18030 and Big5 share most byte pairs: which of the two it is, the pairs themselves tell.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from itertools import islice

from media_tracker.errors import N_, Sentence

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with that one's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# XML 1.0, appendix F.1, and RFC 4627 §3 for JSON: what "<?", "<r" or '{"' looks like without a mark.
_WIDE = (
    (re.compile(rb"[<{\[\s]\x00\x00\x00"), "utf-32-le"),
    (re.compile(rb"\x00\x00\x00[<{\[\s]"), "utf-32-be"),
    (re.compile(rb"[<{\[\s]\x00[^\x00]\x00"), "utf-16-le"),
    (re.compile(rb"\x00[<{\[\s]\x00[^\x00]"), "utf-16-be"),
    (re.compile(rb"\x4c\x6f\xa7\x94"), "cp037"),
)
_EIGHT_BIT_START = re.compile(rb"\s*[<{\[][!-~\s]")
_CHINESE = {
    *("gb2312", "gb231280", "gb23121980", "xgb2312", "csgb2312", "csiso58gb231280", "isoir58", "chinese", "euccn"),
    *("gbk", "xgbk", "cp936", "ms936", "windows936", "gb18030", "gb180302000", "gb180302005", "gb180302022"),
}
_TAIWANESE = {"big5", "big5tw", "csbig5", "xxbig5", "cp950", "ms950", "big5hkscs", "hkscs", "windows950"}
_HTTP_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s;\"',]+)", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_PAGE_START = re.compile(
    rb"\s*(?:<!--.{0,1000}?-->\s*)?<(?:!doctype\s+html|html|head|meta)\b", re.IGNORECASE | re.DOTALL
)
_META_CHARSET = re.compile(rb"<meta\s[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_META_WITHIN = 16_384
_SEVEN_BIT = re.compile(r"(?:iso-?2022-|hz)", re.IGNORECASE)
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_BROKEN_PER_GOOD = 1 / 50
"""How many characters may be broken for each that is not ASCII and whole, before an encoding is held to be the wrong one."""

_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_PAIRS_LOOKED_AT = 4_000
_PAIRS_NEEDED = 12
_REPLACEABLE = {"gb18030", "big5hkscs", "windows-1252"}
_PUNCTUATION_ROWS = range(0xA1, 0xA4)
"""Both standards have it there, and it says nothing."""
_COMMON_GB = re.compile(rb"[\xb0-\xd7][\xa1-\xfe]")
"""The 3,755 characters of GB 2312's first level."""
_COMMON_BIG5 = re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]")
"""The 5,401 characters of Big5's first level."""


@dataclass(frozen=True, slots=True)
class _Decoded:
    """Text, the encoding that gave it, the one that was declared, and what there is to say about that."""

    text: str
    used: str
    declared: str | None = None
    said: tuple[Sentence, ...] = ()


def decode_feed(body: bytes, content_type: str | None, override: str | None = None) -> tuple[str, list[Sentence]]:
    """The text of ``body``, and warnings: a sentence each.

    ``override`` is an encoding that an editor has set for the feed; where the bytes fit it, it goes before every declaration, and
    before everything but a byte order mark that is right. Characters that XML does not allow are removed.
    """
    decoded = _decoded(body, content_type, override)
    warnings = list(decoded.said)
    if decoded.declared and canonical_encoding(decoded.declared) != decoded.used:
        warnings.append(
            Sentence(
                N_("The feed says that its encoding is {declared}, but it is read as {used}."),
                declared=decoded.declared[:40],
                used=decoded.used,
            )
        )
    text = decoded.text
    if "\ufffd" in text and text.count("\ufffd") > body.count(b"\xef\xbf\xbd") * (decoded.used == "utf-8"):
        warnings.append(Sentence(N_("Some characters could not be decoded.")))
    if _NOT_XML.search(text):
        text = _NOT_XML.sub("", text)
        warnings.append(Sentence(N_("Control characters were removed.")))
    return text, warnings


def canonical_encoding(name: str) -> str:
    """Python's name for an encoding; the Chinese ones as their supersets, Latin-1 as browsers read it."""
    name = name.strip().lower()
    folded = re.sub(r"[^a-z0-9]", "", name)
    if folded in _CHINESE:
        return "gb18030"
    if folded in _TAIWANESE:
        return "big5hkscs"
    if name in ("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii"):
        return "windows-1252"
    try:
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        return name


def is_known_encoding(name: str) -> bool:
    """Whether text can be read in the encoding of this name."""
    try:
        # Not everything in the codec registry is a text encoding; UTF-7 is one that only attackers use.
        return codecs.lookup(canonical_encoding(name))._is_text_encoding and "utf-7" not in name.lower()
    except (LookupError, ValueError):
        return False


def _decoded(body: bytes, content_type: str | None, override: str | None) -> _Decoded:
    mark, marked = _marked(body)
    body = body[len(mark) :]
    if marked and (text := _attempt(body, marked)) is not None:
        return _Decoded(text, marked)
    said: tuple[Sentence, ...] = ()
    if override:
        if (text := _attempt(body, override)) is not None:
            return _Decoded(text, canonical_encoding(override))
        said = (
            Sentence(
                N_("What was sent does not fit the encoding set for this feed, {encoding}, which was not used."),
                encoding=override[:40],
            ),
        )
    wide = next((name for pattern, name in _WIDE if pattern.match(body)), None)
    if wide:
        return _Decoded(body.decode(wide, "replace"), wide, said=said)
    text, used, declared = _by_content(body, _declared(body, content_type))
    return _Decoded(text, used, declared, said)


def _marked(body: bytes) -> tuple[bytes, str | None]:
    """The byte order mark that ``body`` begins with, and the encoding that it stands for, unless it cannot be true."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            lies = name != "utf-8" and _EIGHT_BIT_START.match(body, len(mark))
            return mark, None if lies else name
    return b"", None


def _by_content(body: bytes, declared: list[str]) -> tuple[str, str, str | None]:
    """Text, encoding and the first declared one, of bytes that have no mark and are not wide."""
    first = declared[0] if declared else None
    if body.isascii():
        if first and _SEVEN_BIT.match(first) and (text := _strictly(body, first)) is not None:
            return text, canonical_encoding(first), first
        # Plain ASCII is whatever it was declared to be.
        return body.decode("ascii"), canonical_encoding(first) if first else "utf-8", first
    if (text := _attempt(body, "utf-8")) is not None:
        return text, "utf-8", first
    candidates = _candidates([canonical_encoding(name) for name in declared], body)
    for attempt in (_strictly, _attempt):
        for name in candidates:
            if (text := attempt(body, name)) is not None:
                return text, name, first
    name = next((name for name in candidates if is_known_encoding(name)), "utf-8")
    return body.decode(name, "replace"), name, first


def _candidates(declared: list[str], body: bytes) -> list[str]:
    """The encodings to try, of a body that is not UTF-8, the likeliest first.

    A Chinese encoding is often declared where it is the other one, and Latin-1 by servers that were never told; in other
    declarations there is nothing to improve on.
    """
    chinese = _evident_chinese(body)
    names = [chinese if chinese and name in _REPLACEABLE else name for name in declared if name != "utf-8"]
    return [*names, chinese or "gb18030"]


def _evident_chinese(body: bytes) -> str | None:
    """Which of the two Chinese encodings the byte pairs of ``body`` speak for, if they are many and agree.

    Of a text's characters more than nine in ten are of the standard's first, common level; read as the other standard's, the same
    bytes are scattered over all levels.
    """
    pairs = [match[0] for match in islice(_PAIR.finditer(body), _PAIRS_LOOKED_AT)]
    gb = [pair for pair in pairs if pair[0] not in _PUNCTUATION_ROWS]
    big5 = [pair for pair in gb if pair[0] > _PUNCTUATION_ROWS[-1]]  # before that come Hong Kong's additions
    if min(len(big5), len(gb)) < _PAIRS_NEEDED:
        return None
    big5_share = sum(_COMMON_BIG5.fullmatch(pair) is not None for pair in big5) / len(big5)
    gb_share = sum(_COMMON_GB.fullmatch(pair) is not None for pair in gb) / len(gb)
    if max(big5_share, gb_share) < 0.9 or min(big5_share, gb_share) > 0.8:
        return None
    return "big5hkscs" if big5_share > gb_share else "gb18030"


def _declared(body: bytes, content_type: str | None) -> list[str]:
    """The encodings that HTTP and the document declare, as far as there are such, HTTP's first."""
    names = []
    if content_type and (match := _HTTP_CHARSET.search(content_type)):
        names.append(match[1].lower())
    if xml := _XML_ENCODING.match(body.lstrip()[:300]):
        names.append(xml[1].decode("ascii").lower())
    elif _PAGE_START.match(body[:2_000]) and (meta := _META_CHARSET.search(body, 0, _META_WITHIN)):
        names.append(meta[1].decode("ascii").lower())
    return names


def _strictly(body: bytes, name: str) -> str | None:
    """``body`` in the encoding ``name``, if every byte fits and the encoding is one that can be meant."""
    if not is_known_encoding(name) or not _possible(body, name):
        return None
    try:
        return body.decode(canonical_encoding(name))
    except ValueError:
        return None


def _attempt(body: bytes, name: str) -> str | None:
    """``body`` in the encoding ``name``, if but for a broken character here and there it fits."""
    text = _strictly(body, name)
    if text is not None or not is_known_encoding(name) or not _possible(body, name):
        return text
    text = body.decode(canonical_encoding(name), "replace")
    broken = text.count("\ufffd")
    good = len(text) - len(text.encode("ascii", "ignore")) - broken
    return text if broken <= good * _BROKEN_PER_GOOD or (broken == 1 and text.endswith("\ufffd") and good) else None


def _possible(body: bytes, name: str) -> bool:
    """UTF-16 and UTF-32 take almost any bytes for text; but markup in them is full of zero bytes."""
    return b"\x00" in body[:64] if re.match(r"utf.?(?:16|32)", name.lower()) else True
