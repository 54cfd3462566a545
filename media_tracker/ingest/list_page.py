"""Stories from the list page of an outlet that has no feed, by CSS selectors that an editor has set. Pure.

The page is a stranger's, the selectors are ours. Both are bounded (``ingest/page_tree.py``, ``ingest/page_selectors.py``), so
that no page keeps a process busy.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from media_tracker.errors import N_, InvalidInput, Sentence
from media_tracker.ingest.clean import one_line
from media_tracker.ingest.discover import page_base
from media_tracker.ingest.entries import (
    MAX_ENTRIES,
    MAX_TITLE_CHARS,
    Content,
    FeedContext,
    NotAFeed,
    ParsedEntry,
    ParsedFeed,
    as_html,
    beyond_limit,
    first_image,
)
from media_tracker.ingest.feed_dates import FeedDate, read_listed_date
from media_tracker.ingest.page_selectors import Select, compiled
from media_tracker.ingest.page_tree import attribute, page_title, read_tree, words_of

if TYPE_CHECKING:
    from lxml.etree import _Element

_IMAGES_LOOKED_AT = 5
_LINKS_LOOKED_AT = 10
_ELLIPSES = ("…", "...", "。。。")


@dataclass(frozen=True, slots=True)
class PageRules:
    """Where on a page its stories are: CSS selectors. All but ``item`` are looked up within an item; the first match counts."""

    item: str
    """One element per story."""
    link: str = "a"
    title: str = ""
    """"" means: the text of the link, or its ``title`` where that says more."""
    date: str = ""
    """"" means: the item's ``<time>``, if it has one."""
    summary: str = ""
    """"" means: no summary."""


@dataclass(frozen=True, slots=True)
class _Selectors:
    """The rules, ready to be used; None for those that are not set."""

    item: Select
    link: Select
    title: Select | None
    date: Select | None
    summary: Select | None


def checked_rules(item: str, link: str = "a", title: str = "", date: str = "", summary: str = "") -> PageRules:
    """The rules with these selectors, if all of them can be used. ``link`` may be left empty and is then ``a``.

    Raises :class:`InvalidInput`, whose ``fields`` name those that cannot.
    """
    rules = PageRules(item.strip(), link.strip() or "a", title.strip(), date.strip(), summary.strip())
    wrong: dict[str, str] = {}
    for each in fields(rules):
        written = getattr(rules, each.name)
        if each.name == "item" and not written:
            wrong["item"] = N_("Say which elements of the page are its stories.")
        elif written and compiled(written) is None:
            wrong[each.name] = N_("This is not a CSS selector that can be used here.")
    if wrong:
        raise InvalidInput(N_("Write CSS selectors, like ul.news > li for the stories and a for the link."), wrong)
    return rules


def read_page(text: str, rules: PageRules, url: str, zone: ZoneInfo, now: datetime) -> ParsedFeed:
    """The stories on the page ``text``, which came from ``url``, in the order of the page.

    ``zone`` and ``now`` are what dates without a zone or a year are read by. Items without a link or a title are left out, and
    counted. Raises :class:`InvalidInput` for a wrong selector, :class:`NotAFeed` if the page has no item at all.
    """
    select = _selectors(rules)
    root, whole = read_tree(text)
    items = select.item(root) if root is not None else []
    if root is None or not items:
        raise NotAFeed(N_("The selector {item} matches nothing on this page."), item=rules.item)
    warnings = [] if whole else [Sentence(N_("The page is too large; only its beginning was read."))]
    context = FeedContext(home=page_base(root, url), zone=zone, now=now)
    found = [_entry(item, select, context) for item in items[:MAX_ENTRIES]]
    entries = tuple(entry for entry in found if entry is not None)
    if len(entries) < len(found):
        warnings.append(
            Sentence(N_("{count} items were left out: they have no link or no title."), count=len(found) - len(entries))
        )
    warnings += beyond_limit(len(items) - MAX_ENTRIES)
    return ParsedFeed(
        title=page_title(root),
        link=url,
        language=one_line(attribute(root, "lang"), 35) or None,
        entries=entries,
        warnings=(*warnings, *context.warnings()),
    )


def _entry(item: _Element, select: _Selectors, context: FeedContext) -> ParsedEntry | None:
    link = _link(item, select)
    if link is None:
        return None
    title = _title(item, link, select)
    if not title:
        return None
    address = context.link(attribute(link, "href"))
    summary = _first(item, select.summary)
    html = as_html(Content(" ".join(words_of(summary).split()), is_plain=True)) if summary is not None else ""
    published = _date(item, select, context)
    return ParsedEntry(
        guid=None,
        link=address,
        title=title,
        html=html,
        summary="",
        author="",
        column="",
        published=published.moment if published else None,
        precision=published.precision if published else "day",
        updated=None,
        image=first_image(_images(item), (), context.home),
        base=address or context.home,
    )


def _link(item: _Element, select: _Selectors) -> _Element | None:
    """The item's link: the first one that says something, as a picture often goes before it."""
    links = [link for link in select.link(item)[:_LINKS_LOOKED_AT] if link.get("href")]
    return next((link for link in links if _link_title(link)), links[0] if links else None)


def _title(item: _Element, link: _Element, select: _Selectors) -> str:
    own = _first(item, select.title)
    return one_line(words_of(own), MAX_TITLE_CHARS) if own is not None else _link_title(link)


def _link_title(link: _Element) -> str:
    """The text of a link; its ``title`` where the text is cut short or missing."""
    text = one_line(words_of(link), MAX_TITLE_CHARS)
    if text and not text.endswith(_ELLIPSES):
        return text
    return one_line(attribute(link, "title"), MAX_TITLE_CHARS) or text


def _date(item: _Element, select: _Selectors, context: FeedContext) -> FeedDate | None:
    """The date of an item. Words that are no date, and a date that cannot be, are counted; no words at all are not."""
    element = _first(item, select.date) if select.date else next(item.iter("time"), None)
    if element is None:
        return None
    for written in (attribute(element, "datetime"), words_of(element)):
        if written.strip() and (date := read_listed_date(written, context.zone, context.now)) is not None:
            return context.believed(date)
    return context.believed(None) if words_of(element).strip() else None


def _images(item: _Element) -> list[str]:
    """The addresses of an item's pictures; those that load late keep theirs under other names."""
    images = [image for image, _ in zip(item.iter("img"), range(_IMAGES_LOOKED_AT), strict=False)]
    return [attribute(image, name) for image in images for name in ("src", "data-src", "data-original")]


def _first(item: _Element, select: Select | None) -> _Element | None:
    found = select(item) if select else []
    return found[0] if found else None


def _selectors(rules: PageRules) -> _Selectors:
    def usable(written: str) -> Select:
        select = compiled(written)
        if select is None:
            raise InvalidInput(N_("{selector} is not a CSS selector that can be used here."), selector=written)
        return select

    def optional(written: str) -> Select | None:
        return usable(written) if written else None

    return _Selectors(
        usable(rules.item),
        usable(rules.link),
        optional(rules.title),
        optional(rules.date),
        optional(rules.summary),
    )
