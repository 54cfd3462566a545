"""Which feeds does a web page offer? Pure.

Those that it declares (RSS autodiscovery, ``<link rel="alternate">``) come first, in their order; then links that look like
feeds, as many sites only put an orange button at the foot of the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urlsplit

from media_tracker.ingest.clean import one_line
from media_tracker.ingest.entries import absolute_link
from media_tracker.ingest.page_tree import attribute, read_tree, words_of

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_FEEDS = 20
MAX_TITLE_CHARS = 200

_TYPES = {
    *("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"),
    *("application/xml", "text/xml", "application/x-cdf", "application/x.atom+xml", "application/x-atom+xml"),
}
_JSON = "application/json"
"""What JSON Feed 1.0 asked for; WordPress declares its programming interface under the same type."""
_FEED_WORD = re.compile(r"(?:^|[^a-z])(?:rss|atom|feeds?|rdf)(?:[^a-z]|$)", re.IGNORECASE)
_FEED_END = re.compile(r"(?:\.xml|rss|atom|rdf|feed(?:\.json)?)/?$", re.IGNORECASE)
_NO_FEED = re.compile(r"sitemap|opensearch|manifest|browserconfig|\.(?:html?|js|css|png|gif|jpe?g|svg)$", re.IGNORECASE)
_FEED_SCHEME = re.compile(r"\s*feed:(?://)?(?=https?://)|\s*feed:(?=//)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed that a page offers."""

    url: str
    """Absolute, http or https."""
    title: str
    type: str
    """The media type that the page declares; "" for a link that only looks like a feed."""


def feed_links(text: str, url: str) -> tuple[FeedLink, ...]:
    """The feeds that the page ``text``, which came from ``url``, offers: each once, at most twenty, declared ones first."""
    root, _ = read_tree(text)
    if root is None:
        return ()
    base = page_base(root, url)
    own = urldefrag(url).url
    found: dict[str, FeedLink] = {}
    for link in (*_declared(root, base), *_looking_alike(root, base)):
        if link.url != own:
            found.setdefault(link.url, link)
        if len(found) == MAX_FEEDS:
            break
    return tuple(found.values())


def page_base(root: _Element, url: str) -> str:
    """What relative addresses on a page refer to: its first ``<base href>``, or its own address."""
    declared = next((attribute(base, "href") for base in root.iter("base") if base.get("href")), "")
    return absolute_link(declared, url) or url


def _declared(root: _Element, base: str) -> Iterator[FeedLink]:
    for link in root.iter("link"):
        relations = attribute(link, "rel").lower().split()
        kind = attribute(link, "type").partition(";")[0].strip().lower()
        address = _address(attribute(link, "href"), base)
        if address is None or not {"alternate", "feed"} & set(relations):
            continue
        if kind in _TYPES or "feed" in relations or (kind == _JSON and _FEED_WORD.search(urlsplit(address).path)):
            yield FeedLink(address, one_line(attribute(link, "title"), MAX_TITLE_CHARS), kind)


def _looking_alike(root: _Element, base: str) -> Iterator[FeedLink]:
    for link in root.iter("a"):
        written = attribute(link, "href")
        address = _address(written, base)
        if address is None:
            continue
        parts = urlsplit(address)
        if _NO_FEED.search(parts.path):
            continue
        is_named = _FEED_END.search(parts.path) or _FEED_WORD.search(f"{parts.path}?{parts.query}")
        if is_named or _FEED_SCHEME.match(written):
            title = attribute(link, "title") or words_of(link)
            yield FeedLink(address, one_line(title, MAX_TITLE_CHARS), "")


def _address(written: str, base: str) -> str | None:
    """An absolute address without its fragment; ``feed:`` stands for http."""
    link = absolute_link(_FEED_SCHEME.sub("", written), base)
    return urldefrag(link).url if link else None
