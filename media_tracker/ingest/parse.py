"""From the bytes of a feed to plain values, by feedparser. Pure.

feedparser only ever sees text that is already in memory (handed a path or a URL it would open it), already decoded
(``ingest/feed_encoding.py``) and with its declarations defused. It neither sanitises nor resolves links inside HTML; nh3 does
both, for the entries that turn out to be new (``ingest/clean.py``). Dates: ``ingest/feed_dates.py``.
"""

from __future__ import annotations

import html as entities
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from time import struct_time
from typing import cast
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

import feedparser

from media_tracker.errors import N_, Unavailable
from media_tracker.ingest.clean import MAX_HTML_CHARS, one_line, plain_text, strip_controls
from media_tracker.ingest.feed_dates import FeedDate, Precision, plausible, read_date
from media_tracker.ingest.feed_encoding import decode_feed

MAX_ENTRIES = 2_000
MAX_TITLE_CHARS = 500
MAX_SUMMARY_CHARS = 500
MAX_NAME_CHARS = 200
MAX_URL_CHARS = 2_048
_MAX_EXPANSION = 32 * 2**20
_MAX_WITH_ENTITIES = 2**20

_ROOT_END = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf|channel)\s*>", re.IGNORECASE)
_ENTRY_START = re.compile(r"<(?:\w+:)?(?:item|entry)(?:\s[^<>]*)?>", re.IGNORECASE)
_ENTRY_END = re.compile(r"</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)
_FIRST_ELEMENT = re.compile(r"<\w")
_PAGE = re.compile(r"\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
_IMAGE = re.compile(r"<img\s[^<>]*?\bsrc\s*=\s*[\"']?([^\"'\s<>]+)", re.IGNORECASE)

_Fields = Mapping[str, object]


class NotAFeed(Unavailable):
    """What was fetched cannot be read as a feed, not even in part."""


@dataclass(frozen=True, slots=True)
class ParsedEntry:
    """One entry. All texts are free of control characters; only ``html`` has markup, and that is *not yet clean*."""

    guid: str | None
    """As published; a longer one than 2,048 characters is replaced by its digest."""
    link: str | None
    """Absolute, http or https."""
    title: str
    """One line of plain text; of an entry without a title, the beginning of its text."""
    html: str
    """The content or the summary, whichever says more; at most 500,000 characters. Pass it through ``clean_html``."""
    summary: str
    """One line of plain text; empty where ``html`` is the summary."""
    author: str
    column: str
    """The first category, tag or subject."""
    published: datetime | None
    precision: Precision
    """Of ``published``; ``day`` if there is none."""
    updated: datetime | None
    image: str | None
    base: str
    """What relative addresses in ``html`` refer to."""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed: its entries in document order, and a sentence for each thing that had to be put right."""

    title: str
    link: str | None
    language: str | None
    entries: tuple[ParsedEntry, ...]
    warnings: tuple[str, ...]
    whole: bool = True
    """False when the document breaks off: there is more, though its validators say that we have it."""


@dataclass(slots=True)
class _Reader:
    """What reading one entry needs to know of the feed, and what it counts on the way."""

    home: str
    zone: ZoneInfo
    now: datetime
    bad_dates: int = field(default=0)
    bad_links: int = field(default=0)


def parse_feed(
    body: bytes,
    *,
    content_type: str | None,
    url: str,
    zone: ZoneInfo,
    now: datetime,
    encoding: str | None = None,
) -> ParsedFeed:
    """Read ``body``, which came from ``url`` as ``content_type``.

    ``zone`` is the clock of dates without a zone, ``now`` bounds those in the future, ``encoding`` overrules every declaration.
    Raises :class:`NotAFeed` if there is no feed in it, or if it breaks off before the first entry is whole.
    """
    text, warnings = decode_feed(body, content_type, encoding)
    text, defused = _defused(text.strip())
    if not text:
        raise NotAFeed(N_("The answer is empty; there is no feed at this address."))
    if defused:
        warnings.append("Entity declarations that could grow without bounds were removed.")
    ends_well = _ROOT_END.search(text, max(0, len(text) - 4_000)) is not None
    text, beyond = _first_entries(text)
    result = _feedparser(text)
    raw = cast(list[_Fields], result["entries"])
    if not result["version"] and not raw:
        raise _no_feed(text)
    whole = not result["bozo"] or ends_well
    if not whole:
        raw = _whole_entries(text, raw)
        warnings.append("The feed breaks off in the middle; the entries before that were read.")
    elif result["bozo"]:
        warnings.append("The feed is not well-formed XML; it was read as well as it could be.")
    beyond += max(0, len(raw) - MAX_ENTRIES)
    if beyond:
        warnings.append(f"{beyond} entries beyond the first {MAX_ENTRIES} were left out.")
    feed = cast(_Fields, result["feed"])
    link = absolute_link(_text(feed, "link"), url)
    reader = _Reader(home=link or url, zone=zone, now=now)
    parsed = tuple(_entry(fields, reader) for fields in raw[:MAX_ENTRIES])
    if reader.bad_dates:
        warnings.append(f"{reader.bad_dates} dates were not used: unreadable, before 1990 or in the future.")
    if reader.bad_links:
        warnings.append(f"{reader.bad_links} links were not used: only http and https links are kept.")
    return ParsedFeed(
        title=one_line(_text(feed, "title"), MAX_TITLE_CHARS),
        link=link,
        language=one_line(_text(feed, "language"), 35) or None,
        entries=parsed,
        warnings=tuple(warnings),
        whole=whole,
    )


def absolute_link(link: str, base: str) -> str | None:
    """``link``, resolved against ``base``, if that gives an http or https address of a sensible length; else None."""
    link = "".join(link.split("\n")).replace("\r", "").replace("\t", "").strip().replace(" ", "%20")
    if not link or len(link) > MAX_URL_CHARS:
        return None
    try:
        written = urlsplit(link)
        resolved = urljoin(base, link)
        parts = urlsplit(resolved)
        host = parts.hostname
    except ValueError:
        return None
    if written.scheme and not written.netloc:
        return None
    if parts.scheme not in ("http", "https") or not host or len(resolved) > MAX_URL_CHARS:
        return None
    return resolved


def _feedparser(text: str) -> _Fields:
    try:
        return cast(
            _Fields,
            feedparser.parse(
                io.BytesIO(text.encode()),
                response_headers={"content-type": "application/xml; charset=utf-8"},
                sanitize_html=False,
                resolve_relative_uris=False,
            ),
        )
    except Exception as error:  # whatever a hostile feed brings up in the library must not stop a worker
        raise NotAFeed(N_("The feed is so malformed that it could not be read.")) from error


def _defused(text: str) -> tuple[str, bool]:
    """``text`` with its entity declarations broken if they could expand beyond bounds, and whether they were.

    Expat stops at a hundredfold, which is nothing for a small document and too much for a large one; feedparser's tolerant
    parser, which takes over then, expands the declarations before the first element without any bound.
    """
    if "<!ENTITY" not in text:
        return text, False
    first = _FIRST_ELEMENT.search(text)
    declarations = first.start() if first else len(text)
    if len(text) <= _MAX_WITH_ENTITIES and declarations * text.count("&") <= _MAX_EXPANSION:
        return text, False
    return text.replace("<!ENTITY", "<!-ENTITY"), True


def _no_feed(text: str) -> NotAFeed:
    if _PAGE.match(text):
        return NotAFeed(N_("This is a web page, not a feed; look on it for the address of its feed."))
    if text.startswith(("{", "[")):
        return NotAFeed(N_("This is JSON, not an RSS or Atom feed."))
    return NotAFeed(N_("What is at this address is not an RSS or Atom feed."))


def _first_entries(text: str) -> tuple[str, int]:
    """``text`` with no more than ``MAX_ENTRIES`` entries, and how many were cut out: before the parser pays for them."""
    starts = [match.start() for match in _ENTRY_START.finditer(text)]
    if len(starts) <= MAX_ENTRIES:
        return text, 0
    ends = [match.end() for match in _ENTRY_END.finditer(text)]
    rest = text[ends[-1] :] if ends and ends[-1] > starts[-1] else ""
    return text[: starts[MAX_ENTRIES]] + rest, len(starts) - MAX_ENTRIES


def _whole_entries(text: str, raw: list[_Fields]) -> list[_Fields]:
    """The entries that are whole, of a feed that breaks off.

    The one that it breaks off in is left out: stored by halves, it would look edited the next time.
    """
    starts = [match.start() for match in _ENTRY_START.finditer(text)]
    ends = [match.start() for match in _ENTRY_END.finditer(text)]
    if starts and starts[-1] > (ends[-1] if ends else -1):
        raw = raw[:-1]
    if not raw:
        raise NotAFeed(N_("The feed breaks off before its first entry is complete."))
    return raw


def _entry(fields: _Fields, reader: _Reader) -> ParsedEntry:
    guid = strip_controls(_text(fields, "id")).strip() or None
    link = _link(fields, guid, reader)
    html, summary, html_base = _contents(fields)
    published = _date(fields, ("published", "updated", "created"), reader)
    updated = _date(fields, ("updated",), reader) if _text(fields, "published") else None
    title = one_line(_text(fields, "title"), MAX_TITLE_CHARS)
    return ParsedEntry(
        guid=guid if guid is None or len(guid) <= MAX_URL_CHARS else f"sha256:{sha256(guid.encode()).hexdigest()}",
        link=link,
        title=title or one_line(plain_text(html[:2_000]), 80),
        html=html,
        summary=summary,
        author=one_line(_text(fields, "author"), MAX_NAME_CHARS),
        column=_column(fields),
        published=published.moment if published else None,
        precision=published.precision if published else "day",
        updated=updated.moment if updated else None,
        image=_image(fields, link or reader.home),
        base=absolute_link(html_base, reader.home) or link or reader.home,
    )


def _link(fields: _Fields, guid: str | None, reader: _Reader) -> str | None:
    written = strip_controls(_text(fields, "feedburner_origlink") or _text(fields, "link"))
    if not written.strip():
        return None
    # A guid that is no address is no link, though RSS calls it a permalink by default.
    if written == guid and not written.startswith(("http://", "https://", "/")):
        return None
    link = absolute_link(written, reader.home)
    if link is None:
        reader.bad_links += 1
    return link


def _contents(fields: _Fields) -> tuple[str, str, str]:
    """The fullest HTML, the summary as text where that is something else, and the base that the HTML declares."""
    details = _details(fields)
    if not details:
        return "", "", ""
    best = max(details, key=_words) if len(details) > 1 else details[0]
    html, base = _as_html(best), _text(best, "base")
    summary = details[-1]
    if summary is best or _text(summary, "value") == _text(best, "value"):
        return html, "", base
    return html, one_line(_text(summary, "value"), MAX_SUMMARY_CHARS), base


def _details(fields: _Fields) -> list[_Fields]:
    """All content constructs of an entry, the summary last."""
    summary = _own(fields, "summary_detail")
    return [
        *_mappings(fields, "content"),
        *([cast(_Fields, summary)] if isinstance(summary, Mapping) else []),
    ]


def _words(detail: _Fields) -> int:
    """How many characters of text, markup apart, a content construct has."""
    return len(_TAG.sub("", _text(detail, "value")).strip())


def _as_html(detail: _Fields) -> str:
    """A content construct as HTML; lines of plain text become paragraphs."""
    value = strip_controls(_text(detail, "value")[:MAX_HTML_CHARS]).strip()
    if _text(detail, "type") == "text/plain":
        value = entities.escape(value, quote=False)
    if "\n" in value and "<" not in value:
        return "".join(f"<p>{line.strip()}</p>" for line in value.splitlines() if line.strip())
    return value


def _column(fields: _Fields) -> str:
    for tag in _mappings(fields, "tags"):
        if name := one_line(_text(tag, "label") or _text(tag, "term"), MAX_NAME_CHARS):
            return name
    return ""


def _image(fields: _Fields, base: str) -> str | None:
    """The first picture: attached (enclosure, Media RSS) or else in the text."""
    attached = [
        *(_text(m, "url") for m in _mappings(fields, "media_content") if _is_picture(m)),
        *(_text(m, "href") for m in _mappings(fields, "links") if _text(m, "rel") == "enclosure" and _is_picture(m)),
        *(_text(m, "url") for m in _mappings(fields, "media_thumbnail")),
    ]
    for detail in _details(fields):
        if match := _IMAGE.search(_text(detail, "value")[:MAX_HTML_CHARS]):
            attached.append(entities.unescape(match[1]))
    return next((link for item in attached if (link := absolute_link(item, base))), None)


def _is_picture(media: _Fields) -> bool:
    return _text(media, "medium") == "image" or _text(media, "type").startswith("image/")


def _date(fields: _Fields, names: tuple[str, ...], reader: _Reader) -> FeedDate | None:
    """The first of the dates ``names`` that can be read and believed."""
    for name in names:
        written = _text(fields, name)
        if not written:
            continue
        parsed = _own(fields, f"{name}_parsed")
        date = read_date(written, parsed if isinstance(parsed, struct_time) else None, reader.zone)
        if date is not None and plausible(date, reader.now):
            return date
        reader.bad_dates += 1
    return None


def _own(fields: _Fields, name: str) -> object:
    """A field under exactly this name: feedparser's own look-up falls back to others, with warnings."""
    return dict.get(cast(dict[str, object], fields), name)


def _text(fields: _Fields, name: str) -> str:
    value = _own(fields, name)
    return value if isinstance(value, str) else ""


def _mappings(fields: _Fields, name: str) -> Iterator[_Fields]:
    values = _own(fields, name)
    if isinstance(values, list):
        yield from (cast(_Fields, value) for value in values if isinstance(value, Mapping))
