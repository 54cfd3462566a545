"""Entries that people and outlets hand in: how they are identified, and how they become entries like any others. Pure.

A handed-in story is known by the outlet's own id, else by its link, else by its title and day.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from media_tracker.ingest.clean import one_line
from media_tracker.ingest.entries import (
    MAX_NAME_CHARS,
    MAX_TITLE_CHARS,
    Content,
    ParsedEntry,
    absolute_link,
    as_html,
    entry_guid,
)
from media_tracker.ingest.feed_dates import FeedDate
from media_tracker.ingest.identity import normalise_url

_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"'，。；、）】》]+", re.IGNORECASE)
_WITHOUT_SCHEME = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?:[/?]\S*)?", re.IGNORECASE)
_BARE = re.compile(r"//[^/?]*")
_SPACE = re.compile(r"\s+")


def written_link(text: str) -> str | None:
    """The link in ``text``, which apps share with words around it, and people write without ``http://``; None without one."""
    text = text.strip()
    found = _WEB_ADDRESS.search(text)
    if found is None and _WITHOUT_SCHEME.fullmatch(text):
        text = f"http://{text}"
    return absolute_link(found[0] if found else text, "")


def with_picture(text: str, image: str | None) -> str:
    """The plain ``text`` as HTML, with ``image`` after it: as an address, not a copy."""
    html = as_html(Content(text, is_plain=True))
    return f'{html}<p><img src="{entities.escape(image)}"></p>' if image else html


def identifying_link(url: str | None) -> str:
    """``url`` for comparison, if it can tell one story from another; "" for a site's front page, and for none."""
    link = normalise_url(url) if url else ""
    return "" if _BARE.fullmatch(link) else link


def titled_guid(title: str, published: datetime, zone: ZoneInfo) -> str:
    """What stands in the place of an id for a story that has neither id nor link: its local day and its title."""
    return f"{published.astimezone(zone):%Y-%m-%d} {_SPACE.sub('', title)}"


def handed_entry(
    *,
    guid: str | None,
    link: str | None,
    title: str,
    html: str = "",
    text: str = "",
    author: str = "",
    column: str = "",
    date: FeedDate | None = None,
    updated: datetime | None = None,
    image: str | None = None,
) -> ParsedEntry:
    """An entry made of what was handed in: ``html``, which need not be clean, or else the plain ``text``."""
    usable = absolute_link(link, "") if link else None
    return ParsedEntry(
        guid=entry_guid(guid) if guid else None,
        link=usable,
        title=one_line(title, MAX_TITLE_CHARS),
        html=as_html(Content(html) if html else Content(text, is_plain=True)),
        summary="",
        author=one_line(author, MAX_NAME_CHARS),
        column=one_line(column, MAX_NAME_CHARS),
        published=date.moment if date else None,
        precision=date.precision if date else "day",
        updated=updated,
        image=image,
        base=usable or "",
    )


def links_of(entries: Iterable[ParsedEntry]) -> set[str]:
    """The links of ``entries`` that identify them."""
    return {link for entry in entries if (link := identifying_link(entry.link))}
