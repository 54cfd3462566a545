"""From a JSON Feed, version 1.0 or 1.1 (jsonfeed.org), to plain values. Pure.

Tolerant as a feed reader must be: a wrong type is an absent field, and every text goes through the same rules as RSS's. Numbers
are kept as they are written: ``12`` and ``12.0`` stay two ids, and none is too long to be read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NoReturn, cast
from zoneinfo import ZoneInfo

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

_VERSIONS = ("https://jsonfeed.org/version/1", "https://jsonfeed.org/version/1.1")
_MAX_PARTS = 1_000_000
"""Lists, objects and commas together: what Python would keep in memory grows with them, to about 100 bytes each."""

_Object = Mapping[str, object]


def is_json(text: str) -> bool:
    """Whether ``text`` begins as JSON documents with something in them do."""
    return text.lstrip()[:1] in ("{", "[")


def parse_json(text: str, warnings: list[Sentence], *, url: str, zone: ZoneInfo, now: datetime) -> ParsedFeed:
    """Read ``text``, which came from ``url``; ``warnings`` are those that decoding gave.

    ``zone`` is the clock of dates without a zone, ``now`` bounds those in the future. Raises :class:`NotAFeed` if it is not
    JSON, or JSON without a list of items.
    """
    document, said = _document(text.strip())
    said = [*warnings, *said]
    items = [item for item in _list(document, "items") if isinstance(item, Mapping)]
    odd = len(_list(document, "items")) - len(items)
    if odd:
        said.append(Sentence(N_("{count} items were left out: they are not objects."), count=odd))
    said += beyond_limit(len(items) - MAX_ENTRIES)
    home = absolute_link(_text(document, "home_page_url"), url)
    context = FeedContext(home=home or url, zone=zone, now=now)
    byline = _authors(document)
    entries = tuple(_entry(cast(_Object, item), byline, context) for item in items[:MAX_ENTRIES])
    return ParsedFeed(
        title=one_line(_text(document, "title"), MAX_TITLE_CHARS),
        link=home,
        language=one_line(_text(document, "language"), 35) or None,
        entries=entries,
        warnings=(*said, *context.warnings()),
        hub=_hub(document, url),
        topic=absolute_link(_text(document, "feed_url"), url),
    )


def _document(text: str) -> tuple[_Object, list[Sentence]]:
    """The feed's object, and what there is to say about it."""
    if text.count("[") + text.count("{") + text.count(",") > _MAX_PARTS:
        raise NotAFeed(N_("The JSON at this address has too many parts to be a feed."))
    # Line breaks inside strings are against the rules, and common. Infinity and NaN are no values of a feed's fields.
    decoder = json.JSONDecoder(strict=False, parse_int=str, parse_float=str, parse_constant=lambda _: None)
    try:
        value, end = decoder.raw_decode(text)
    except RecursionError:
        _malformed(0)
    except json.JSONDecodeError as error:
        _malformed(error.pos)
    if not isinstance(value, dict) or not isinstance(value.get("items"), list):
        raise NotAFeed(N_("This is JSON, but not a JSON Feed: it has no list of items."))
    said = []
    if _text(value, "version").rstrip("/") not in _VERSIONS:
        said.append(
            Sentence(N_("The document does not say that it is a JSON Feed, version 1 or 1.1; it was read as one."))
        )
    if text[end:].strip():
        said.append(Sentence(N_("Something follows the JSON; it was left out.")))
    return value, said


def _malformed(position: int) -> NoReturn:
    raise NotAFeed(
        N_("The JSON at this address breaks off or is malformed, at character {position}."), position=position
    ) from None


def _entry(item: _Object, byline: str, context: FeedContext) -> ParsedEntry:
    link = context.link(_text(item, "url") or _text(item, "external_url"))
    base = link or context.home
    contents = [Content(_text(item, "content_html")), Content(_text(item, "content_text"), is_plain=True)]
    contents = [content for content in contents if content.value.strip()]
    summary = Content(_text(item, "summary"), is_plain=True) if _text(item, "summary").strip() else None
    html, summary_line, _ = fullest(contents, summary)
    published = context.date(_text(item, "date_published")) or context.date(_text(item, "date_modified"))
    updated = context.date(_text(item, "date_modified")) if _text(item, "date_published") else None
    return ParsedEntry(
        guid=entry_guid(_text(item, "id")),
        link=link,
        title=entry_title(_text(item, "title"), html),
        html=html,
        summary=summary_line,
        author=_authors(item) or byline,
        column=_column(item),
        published=published.moment if published else None,
        precision=published.precision if published else "day",
        updated=updated.moment if updated else None,
        image=first_image(_pictures(item), contents, base),
        base=base,
        video=any(_is_video(attached) for attached in _list(item, "attachments")),
    )


def _authors(holder: _Object) -> str:
    """The names of all authors in one line; 1.0 has one ``author``, 1.1 a list, and some write just the name."""
    listed = [*_list(holder, "authors"), holder.get("author")]
    names = [_text(each, "name") if isinstance(each, Mapping) else each for each in listed]
    written = [one_line(name, MAX_NAME_CHARS) for name in names[:20] if isinstance(name, str)]
    return one_line(", ".join(dict.fromkeys(filter(None, written))), MAX_NAME_CHARS)


def _column(item: _Object) -> str:
    tags = (one_line(tag, MAX_NAME_CHARS) for tag in _list(item, "tags") if isinstance(tag, str))
    return next(filter(None, tags), "")


def _is_video(attached: object) -> bool:
    return isinstance(attached, Mapping) and _text(attached, "mime_type").startswith("video/")


def _pictures(item: _Object) -> Iterator[str]:
    yield _text(item, "image")
    yield _text(item, "banner_image")
    for attached in _list(item, "attachments"):
        if isinstance(attached, Mapping) and _text(attached, "mime_type").startswith("image/"):
            yield _text(attached, "url")


def _hub(document: _Object, url: str) -> str | None:
    for hub in _list(document, "hubs"):
        if (
            isinstance(hub, Mapping)
            and _text(hub, "type").lower() in ("websub", "pubsubhubbub")
            and (found := absolute_link(_text(hub, "url"), url))
        ):
            return found
    return None


def _list(holder: _Object, name: str) -> list[object]:
    value = holder.get(name)
    return value if isinstance(value, list) else []


def _text(holder: _Object, name: str) -> str:
    """A text or a number as it is written; "" for everything else. Without control characters and half surrogates."""
    value = holder.get(name)
    return strip_controls(value) if isinstance(value, str) else ""
