"""From the bytes of a feed to plain values, by feedparser. Pure.

feedparser only ever sees text that is already in memory (handed a path or a URL it would open it), already decoded
(``ingest/feed_encoding.py``) and with its declarations defused. It neither sanitises nor resolves links inside HTML; nh3 does
both, for the entries that turn out to be new (``ingest/clean.py``). Dates: ``ingest/feed_dates.py``.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from time import struct_time
from typing import cast
from zoneinfo import ZoneInfo

import feedparser

from media_tracker.errors import N_, Sentence
from media_tracker.files.characters import strip_controls
from media_tracker.ingest.clean import one_line
from media_tracker.ingest.entries import (
    MAX_ENTRIES,
    MAX_NAME_CHARS,
    MAX_TITLE_CHARS,
    Content,
    FeedContext,
    NotAFeed,
    ParsedEntry,
    ParsedFeed,
    absolute_link,
    beyond_limit,
    entry_guid,
    entry_title,
    first_image,
    fullest,
)
from media_tracker.ingest.feed_dates import FeedDate
from media_tracker.ingest.feed_encoding import decode_feed

_MAX_EXPANSION = 32 * 2**20
_MAX_WITH_ENTITIES = 2**20
_MAX_TAGS = 500_000
_LONGEST_TTL = timedelta(days=366)

_ROOT_END = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf|channel)\s*>", re.IGNORECASE)
_ENTRY_START = re.compile(r"<(?:\w+:)?(?:item|entry)(?:\s[^<>]*)?>", re.IGNORECASE)
_ENTRY_END = re.compile(r"</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)
_MANY_ATTRIBUTES = re.compile(
    r"<[\w:.-]++(?:[\s/]*+[\w:.-]++(?:\s*+=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'|[^\s<>\"']*+))?+){200}"
)
"""The library compares each attribute with all others. No word of ours has so many, and no harmless document."""
_FIRST_ELEMENT = re.compile(r"<\w")
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}

_Fields = Mapping[str, object]


def parse_feed(
    body: bytes,
    *,
    content_type: str | None,
    url: str,
    zone: ZoneInfo,
    now: datetime,
    encoding: str | None = None,
) -> ParsedFeed:
    """Read ``body``, which came from ``url`` as ``content_type``, as RSS, Atom or CDF; ``read_document`` reads every format.

    ``zone`` is the clock of dates without a zone, ``now`` bounds those in the future, ``encoding`` overrules every declaration.
    Raises :class:`NotAFeed` if there is no feed in it, or if it breaks off before the first entry is whole.
    """
    text, warnings = decode_feed(body, content_type, encoding)
    return parse_text(text, warnings, url=url, zone=zone, now=now)


def parse_text(text: str, warnings: Sequence[Sentence], *, url: str, zone: ZoneInfo, now: datetime) -> ParsedFeed:
    """What :func:`parse_feed` does, once the bytes are decoded; ``warnings`` are those that decoding gave."""
    said = list(warnings)
    text, defused = _defused(text.strip())
    if not text:
        raise NotAFeed(N_("The answer is empty; there is no feed at this address."))
    if defused:
        said.append(Sentence(N_("Entity declarations that could grow without bounds were removed.")))
    ends_well = _ROOT_END.search(text, max(0, len(text) - 4_000)) is not None
    text, beyond = _first_entries(text)
    if text.count("<") > _MAX_TAGS or _MANY_ATTRIBUTES.search(text):
        raise _malformed()
    result = _feedparser(text)
    raw = cast(list[_Fields], result["entries"])
    if not result["version"] and not raw:
        raise NotAFeed(N_("What is at this address is not an RSS or Atom feed."))
    whole = not result["bozo"] or ends_well
    if not whole:
        raw = _whole_entries(text, raw)
        said.append(Sentence(N_("The feed breaks off in the middle; the entries before that were read.")))
    elif result["bozo"]:
        said.append(Sentence(N_("The feed is not well-formed XML; it was read as well as it could be.")))
    said += beyond_limit(beyond + max(0, len(raw) - MAX_ENTRIES))
    feed = cast(_Fields, result["feed"])
    link = absolute_link(_text(feed, "link"), url)
    context = FeedContext(home=link or url, zone=zone, now=now)
    entries = tuple(_entry(fields, context) for fields in raw[:MAX_ENTRIES])
    return ParsedFeed(
        title=one_line(_text(feed, "title"), MAX_TITLE_CHARS),
        link=link,
        language=one_line(_text(feed, "language"), 35) or None,
        entries=entries,
        warnings=(*said, *context.warnings()),
        whole=whole,
        ttl=_ttl(feed),
        hub=_related(feed, "hub", url),
        topic=_related(feed, "self", url),
    )


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
        raise _malformed() from error


def _malformed() -> NotAFeed:
    return NotAFeed(N_("The feed is so malformed that it could not be read."))


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


def _ttl(feed: _Fields) -> timedelta | None:
    """How long the feed stays as it is: RSS's ttl (minutes), or else the syndication module's period and frequency."""
    minutes = _positive(_text(feed, "ttl"))
    if minutes is not None:
        said = timedelta(minutes=minutes)
    else:
        period = _PERIODS.get(_text(feed, "sy_updateperiod").strip().lower())
        times = _positive(_text(feed, "sy_updatefrequency") or "1")
        if period is None or times is None:
            return None
        said = period / times
    return said if said <= _LONGEST_TTL else None


def _positive(text: str) -> int | None:
    """A whole number from 1 to 999,999, or None."""
    text = text.strip()
    return int(text) or None if text.isascii() and text.isdecimal() and len(text) <= 6 else None


def _related(feed: _Fields, relation: str, url: str) -> str | None:
    """The first address that the feed is related to in this way."""
    for link in _mappings(feed, "links"):
        if relation in _text(link, "rel").lower().split() and (found := absolute_link(_text(link, "href"), url)):
            return found
    return None


def _entry(fields: _Fields, context: FeedContext) -> ParsedEntry:
    guid = entry_guid(_text(fields, "id"))
    link = _link(fields, guid, context)
    contents, summary = _contents(fields)
    html, summary_line, html_base = fullest(contents, summary)
    published = _date(fields, ("published", "updated", "created"), context)
    updated = _date(fields, ("updated",), context) if _text(fields, "published") else None
    texts = [*contents, summary] if summary else contents
    return ParsedEntry(
        guid=guid,
        link=link,
        title=entry_title(_text(fields, "title"), html),
        html=html,
        summary=summary_line,
        author=one_line(_text(fields, "author"), MAX_NAME_CHARS),
        column=_column(fields),
        published=published.moment if published else None,
        precision=published.precision if published else "day",
        updated=updated.moment if updated else None,
        image=first_image(_pictures(fields), texts, link or context.home),
        base=absolute_link(html_base, context.home) or link or context.home,
        video=any(_is_video(each) for each in (*_mappings(fields, "media_content"), *_mappings(fields, "links"))),
    )


def _link(fields: _Fields, guid: str | None, context: FeedContext) -> str | None:
    written = strip_controls(_text(fields, "feedburner_origlink") or _text(fields, "link"))
    # A guid that is no address is no link, though RSS calls it a permalink by default.
    if written == guid and not written.startswith(("http://", "https://", "/")):
        return None
    return context.link(written)


def _contents(fields: _Fields) -> tuple[list[Content], Content | None]:
    """All content constructs of an entry, and its summary."""
    summary = _own(fields, "summary_detail")
    contents = [_content(detail) for detail in _mappings(fields, "content")]
    return contents, _content(cast(_Fields, summary)) if isinstance(summary, Mapping) else None


def _content(detail: _Fields) -> Content:
    return Content(_text(detail, "value"), _text(detail, "type") == "text/plain", _text(detail, "base"))


def _column(fields: _Fields) -> str:
    for tag in _mappings(fields, "tags"):
        if name := one_line(_text(tag, "label") or _text(tag, "term"), MAX_NAME_CHARS):
            return name
    return ""


def _pictures(fields: _Fields) -> Iterator[str]:
    """The addresses of attached pictures: Media RSS and enclosures."""
    yield from (_text(media, "url") for media in _mappings(fields, "media_content") if _is_picture(media))
    for link in _mappings(fields, "links"):
        if _text(link, "rel") == "enclosure" and _is_picture(link):
            yield _text(link, "href")
    yield from (_text(media, "url") for media in _mappings(fields, "media_thumbnail"))


def _is_picture(media: _Fields) -> bool:
    return _text(media, "medium") == "image" or _text(media, "type").startswith("image/")


def _is_video(media: _Fields) -> bool:
    return _text(media, "medium") == "video" or _text(media, "type").startswith("video/")


def _date(fields: _Fields, names: tuple[str, ...], context: FeedContext) -> FeedDate | None:
    """The first of the dates ``names`` that can be read and believed."""
    for name in names:
        parsed = _own(fields, f"{name}_parsed")
        date = context.date(_text(fields, name), parsed if isinstance(parsed, struct_time) else None)
        if date is not None:
            return date
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
