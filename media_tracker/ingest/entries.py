"""What every format is read into, and the rules that all formats share. Pure.

RSS, Atom and CDF (``ingest/parse.py``), JSON Feed (``ingest/json_feed.py``) and list pages (``ingest/list_page.py``) come out as
the same values, so that whoever stores them need not know where they came from.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from time import struct_time
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from media_tracker.errors import N_, Sentence, Unavailable
from media_tracker.files.characters import strip_controls
from media_tracker.ingest.clean import MAX_HTML_CHARS, one_line, plain_text
from media_tracker.ingest.feed_dates import FeedDate, Precision, plausible, read_date

MAX_ENTRIES = 2_000
MAX_TITLE_CHARS = 500
MAX_SUMMARY_CHARS = 500
MAX_NAME_CHARS = 200
MAX_URL_CHARS = 2_048

_TAG = re.compile(r"<[^<>]*>")
_IMAGE = re.compile(r"<img\s[^<>]*?\bsrc\s*=\s*[\"']?([^\"'\s<>]+)", re.IGNORECASE)


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
    video: bool = False
    """Whether a film is attached."""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed: its entries in document order, and a sentence for each thing that had to be put right."""

    title: str
    link: str | None
    language: str | None
    entries: tuple[ParsedEntry, ...]
    warnings: tuple[Sentence, ...]
    whole: bool = True
    """False when the document breaks off: there is more, though its validators say that we have it."""
    ttl: timedelta | None = None
    """How long the feed says that it stays as it is; None if it does not say, or says nonsense."""
    hub: str | None = None
    """The first WebSub hub that it names; absolute, http or https."""
    topic: str | None = None
    """The address that it gives as its own, which is what a hub knows it by; absolute, http or https."""


@dataclass(frozen=True, slots=True)
class Content:
    """One text of an entry, as published."""

    value: str
    is_plain: bool = False
    """Text, in which ``<`` is a sign like others; else HTML."""
    base: str = ""
    """What its relative addresses refer to; "" where it does not say."""


@dataclass(slots=True)
class FeedContext:
    """What reading one entry needs to know of its feed, and what it counts on the way."""

    home: str
    """What relative addresses refer to."""
    zone: ZoneInfo
    now: datetime
    bad_dates: int = 0
    bad_links: int = 0

    def believed(self, date: FeedDate | None) -> FeedDate | None:
        """``date`` if a story may bear it; else None, counted."""
        if date is not None and plausible(date, self.now):
            return date
        self.bad_dates += 1
        return None

    def date(self, written: str, parsed: struct_time | None = None) -> FeedDate | None:
        """The date that ``written`` names, if it can be read and believed. An empty text is no date, and no mistake."""
        return self.believed(read_date(written, parsed, self.zone)) if written else None

    def link(self, written: str) -> str | None:
        """``written`` as an absolute address. One that cannot be used is counted, an empty one is not."""
        written = strip_controls(written)
        if not written.strip():
            return None
        link = absolute_link(written, self.home)
        if link is None:
            self.bad_links += 1
        return link

    def warnings(self) -> list[Sentence]:
        """A sentence for each kind of thing that was counted."""
        said = []
        if self.bad_dates:
            said.append(
                Sentence(
                    N_("{count} dates were not used: unreadable, before 1990 or in the future."), count=self.bad_dates
                )
            )
        if self.bad_links:
            said.append(
                Sentence(N_("{count} links were not used: only http and https links are kept."), count=self.bad_links)
            )
        return said


def beyond_limit(left_out: int) -> list[Sentence]:
    """The warning about entries that were left out, if any were."""
    if left_out <= 0:
        return []
    return [Sentence(N_("{count} entries beyond the first {limit} were left out."), count=left_out, limit=MAX_ENTRIES)]


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


def entry_guid(written: str) -> str | None:
    """A guid as it is kept: without control characters, an absurdly long one as its digest; None if nothing is left."""
    guid = strip_controls(written).strip()
    if len(guid) > MAX_URL_CHARS:
        return f"sha256:{sha256(guid.encode()).hexdigest()}"
    return guid or None


def entry_title(title: str, html: str) -> str:
    """One line for ``title``; where that says nothing, the beginning of the text in ``html``."""
    return one_line(title, MAX_TITLE_CHARS) or one_line(plain_text(html[:2_000]), 80)


def fullest(contents: Sequence[Content], summary: Content | None) -> tuple[str, str, str]:
    """The HTML of whatever says most, the summary as a line of text where that is something else, and the HTML's base."""
    candidates = [*contents, *([summary] if summary else [])]
    if not candidates:
        return "", "", ""
    best = max(candidates, key=_words) if len(candidates) > 1 else candidates[0]
    html = as_html(best)
    if summary is None or summary is best or summary.value == best.value:
        return html, "", best.base
    return html, one_line(summary.value, MAX_SUMMARY_CHARS), best.base


def as_html(content: Content) -> str:
    """A text as HTML, at most 500,000 characters; lines of plain text become paragraphs."""
    value = strip_controls(content.value[:MAX_HTML_CHARS]).strip()
    if content.is_plain:
        value = entities.escape(value, quote=False)
    if content.is_plain or ("\n" in value and "<" not in value):
        return "".join(f"<p>{line.strip()}</p>" for line in value.splitlines() if line.strip())
    return value


def first_image(attached: Iterable[str], contents: Iterable[Content], base: str) -> str | None:
    """The first picture with an address that can be used: of those attached, or else the first one of each text."""
    for written in attached:
        if link := absolute_link(written, base):
            return link
    for content in contents:
        match = None if content.is_plain else _IMAGE.search(content.value[:MAX_HTML_CHARS])
        if match and (link := absolute_link(entities.unescape(match[1]), base)):
            return link
    return None


def _words(content: Content) -> int:
    """How many characters of text, markup apart, a text has."""
    return len((content.value if content.is_plain else _TAG.sub("", content.value)).strip())
