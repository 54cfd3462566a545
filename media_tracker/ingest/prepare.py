"""A parsed entry made ready to be stored: cleaned, identified, hashed. Pure, and the costly part of ingesting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from media_tracker.ingest.clean import clean_html, plain_text
from media_tracker.ingest.entries import ParsedEntry
from media_tracker.ingest.identity import content_hash, duplicated_guids, identity_key, other_keys
from media_tracker.ingest.story_format import StoryFormat, format_of
from media_tracker.text.fingerprint import fingerprint
from media_tracker.text.segment import search_tokens

UNTITLED_CHARS = 40


@dataclass(frozen=True, slots=True)
class Prepared:
    """An entry as a story will have it."""

    key: str
    other_keys: tuple[str, ...]
    """What it may have been stored under before; see ``identity.other_keys``."""
    url: str
    title: str
    html: str
    text: str
    author: str
    column: str
    published_at: datetime
    precision: Literal["minute", "day"]
    content_hash: str
    words: str
    """That it can be found by, one a line."""
    bands: tuple[int, ...]
    """By which its reprints are found; see ``text.fingerprint``."""
    image: str | None = None
    updated_at: datetime | None = None
    """When the outlet says that it last changed it."""
    format: StoryFormat = StoryFormat.TEXT
    """In which form it is told, as far as the entry shows it."""
    dated: bool = True
    """Whether the entry says when it was published; if not, ``published_at`` is when it was read."""


def prepare(entries: Sequence[ParsedEntry], column: str, now: datetime) -> list[Prepared]:
    """``entries`` of one feed, each identity once (the first wins). ``column`` is for those that name none.

    A date that is missing or impossible becomes ``now``, known to the day only: the story was out by then.
    """
    repeated = duplicated_guids(entries)
    found: dict[str, Prepared] = {}
    for entry in entries:
        key = identity_key(entry, repeated)
        if key not in found:
            found[key] = _prepare(entry, key, column, now)
    return list(found.values())


def _prepare(entry: ParsedEntry, key: str, column: str, now: datetime) -> Prepared:
    html = clean_html(entry.html, entry.base)
    text = plain_text(html)
    title = entry.title or text[:UNTITLED_CHARS] or entry.link or "—"
    return Prepared(
        key=key,
        other_keys=tuple(other for other in other_keys(entry) if other != key),
        url=entry.link or "",
        title=title,
        html=html,
        text=text,
        author=entry.author,
        column=entry.column or column,
        published_at=entry.published or now,
        precision=entry.precision if entry.published else "day",
        content_hash=content_hash(title, text),
        words="\n".join(search_tokens(f"{title}\n{text}")),
        bands=fingerprint(text).keys,
        image=entry.image,
        updated_at=entry.updated,
        format=format_of(entry.html, entry.link or "", image=entry.image, video=entry.video),
        dated=entry.published is not None,
    )
