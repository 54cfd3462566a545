"""From the bytes of any document that may bring stories to plain values: decoded once, then read as what it is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from media_tracker.errors import N_, Sentence
from media_tracker.ingest.discover import FeedLink, feed_links
from media_tracker.ingest.entries import NotAFeed, ParsedFeed
from media_tracker.ingest.feed_encoding import decode_feed
from media_tracker.ingest.json_feed import is_json, parse_json
from media_tracker.ingest.list_page import PageRules, read_page
from media_tracker.ingest.page_tree import is_page
from media_tracker.ingest.parse import parse_text


class ParseText(Protocol):
    """Reads the text of an RSS, Atom or CDF feed; :func:`~media_tracker.ingest.parse.parse_text` does."""

    def __call__(
        self, text: str, warnings: Sequence[Sentence], *, url: str, zone: ZoneInfo, now: datetime
    ) -> ParsedFeed: ...


class WebPage(NotAFeed):
    """A web page where a feed was expected. ``feeds`` are those that it offers, the likeliest first."""

    def __init__(self, message: str, *, feeds: Sequence[FeedLink] = (), **params: object) -> None:
        super().__init__(message, **params)
        self.feeds = tuple(feeds)


def read_document(
    body: bytes,
    *,
    content_type: str | None,
    url: str,
    zone: ZoneInfo,
    now: datetime,
    encoding: str | None = None,
    rules: PageRules | None = None,
    parse: ParseText = parse_text,
) -> ParsedFeed:
    """Read ``body``, which came from ``url`` as ``content_type``: RSS, Atom, CDF, JSON Feed or, by ``rules``, a list page.

    What it is, is told by its content: types are declared wrongly too often. ``zone`` is the clock of dates without a zone,
    ``now`` bounds those in the future, ``encoding`` overrules every declaration, ``parse`` reads what is XML.

    Raises :class:`NotAFeed` if no stories can be read from it; :class:`WebPage`, which is one, names the feeds that a page
    offers. With ``rules`` whose selectors cannot be used: :class:`InvalidInput`.
    """
    text, warnings = decode_feed(body, content_type, encoding)
    text = text.strip()
    if not text:
        raise NotAFeed(N_("The answer is empty; there is no feed at this address."))
    if rules is not None:
        page = read_page(text, rules, url, zone, now)
        return replace(page, warnings=(*warnings, *page.warnings))
    if is_json(text):
        return parse_json(text, warnings, url=url, zone=zone, now=now)
    if is_page(text):
        raise _web_page(text, url)
    return parse(text, warnings, url=url, zone=zone, now=now)


def _web_page(text: str, url: str) -> WebPage:
    feeds = feed_links(text, url)
    if not feeds:
        return WebPage(
            N_("This is a web page, not a feed, and it names none; look for the address of the outlet's feed.")
        )
    sentence = N_("This is a web page, not a feed. The feed that it names is {feed}.")
    return WebPage(sentence, feeds=feeds, feed=feeds[0].url)
