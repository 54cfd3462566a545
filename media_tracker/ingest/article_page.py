"""What the page around an article says of it: title, author, date, picture. Pure.

The rules are those of Chinese local news sites, which write "2024-03-24 08:30  来源：…  作者：…" under the title and seldom the
metadata that the rest of the web writes. A date is only believed where it is labelled, machine-readable, or stands by the title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from media_tracker.files.characters import strip_controls
from media_tracker.ingest.clean import one_line
from media_tracker.ingest.entries import MAX_NAME_CHARS, MAX_TITLE_CHARS, absolute_link
from media_tracker.ingest.feed_dates import FeedDate, plausible, read_date
from media_tracker.ingest.feed_encoding import decode_feed

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_PAGE_BYTES = 5 * 2**20
MAX_TAGS = 30_000
"""More of a page is not read; extracting costs about a second for as many."""

_META_CHARSET = re.compile(rb"<meta\s[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_HTTP_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s;\"',]+)", re.IGNORECASE)
_LATIN = frozenset({"iso-8859-1", "latin1", "latin-1", "windows-1252", "us-ascii", "ascii"})
_HEAD_BYTES = 4_096
_FEW_ERRORS = 200
"""A page with one undecodable byte in so many characters is still what it says it is."""

_DATE_NAMES = (
    "article:published_time",
    "datepublished",
    "publishdate",
    "pubdate",
    "publish_date",
    "publish-date",
    "published_at",
    "og:release_date",
    "article:create_at",
    "firstpublishedtime",
    "date",
)
_IMAGE_NAMES = ("og:image", "og:image:url", "twitter:image", "image")
_JSON_DATE = re.compile(r"\"(?:datePublished|pubDate|publishTime|publish_time)\"\s*:\s*\"([^\"]{8,40})\"")
_DATE = (
    r"\d{4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}\s?日?"
    r"(?:[T\s,，]{0,3}\d{1,2}\s?[:：时点]\s?\d{1,2}(?:\s?[:：分]\s?\d{1,2})?)?"
)
_LABELLED_DATE = re.compile(r"(?:发布时间|发布日期|发表时间|发稿时间|时间|日期)\s?[:：]\s?(" + _DATE + ")")
_ANY_DATE = re.compile(r"(?<!\d)" + _DATE)
_NEAR_TITLE = 80
"""Characters after the title in which a date without a label is the article's."""

_AUTHOR = re.compile(
    r"(?:作\s?者|记\s?者|撰\s?文)\s?[:：]\s?(\S{1,20}(?: (?!通讯员|摄影|编辑|责编|来源)[\u4e00-\u9fff·]{2,4}(?=\s|$)){0,3})"
)
_NO_AUTHOR = re.compile(r"来源|编辑|责编|时间|浏览|点击|字号|admin|null", re.IGNORECASE)
_TITLE_BREAK = re.compile(r"\s*(?:[_|｜]|\s[-–—]\s|——|-(?=[^-_|｜]{1,12}(?:网|报|台|门户|客户端|在线|频道)\s*$))\s*")
_PLACEHOLDER = re.compile(r"^data:|blank|placeholder|loading|lazy|grey\.|spacer|1x1", re.IGNORECASE)
_LAZY = (
    "data-src",
    "data-original",
    "data-lazy-src",
    "data-lazyload",
    "data-url",
    "data-actualsrc",
    "zoomfile",
    "file",
)
_HIDDEN = ("head", "title", "script", "style", "template", "noscript")
_MAX_IMAGES = 500
_MAX_TEXT = 100_000


def decode_page(body: bytes, content_type: str | None) -> str:
    """The text of a page, by the rules for feeds, but that a page declares its encoding in a ``meta`` element.

    That declaration goes before an HTTP header that says Latin-1: many servers add it to every page. UTF-8 with a few bad bytes
    (a title cut in the middle of a character) stays UTF-8.
    """
    http = _HTTP_CHARSET.search(content_type or "")
    meta = _META_CHARSET.search(body[:_HEAD_BYTES])
    declared = http[1].lower() if http and http[1].lower() not in _LATIN else ""
    declared = declared or (meta[1].decode("ascii").lower() if meta else "") or (http[1].lower() if http else "")
    if declared in ("utf-8", "utf8") and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = body.decode("utf-8-sig", "replace")
        if text.count("\ufffd") * _FEW_ERRORS <= len(text):
            return strip_controls(text)
    text, _ = decode_feed(body, f"text/html; charset={declared}" if declared else None)
    return text


def parse_page(text: str) -> HtmlElement | None:
    """The page as a tree; None where there is none, or it nests deeper than any page does (256 elements).

    Pictures that are loaded when they scroll into view get their real address.
    """
    from lxml import etree
    from lxml.html import HTMLParser, document_fromstring

    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = document_fromstring(_bounded(text).encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError):
        return None
    for image in islice(tree.iter("img"), _MAX_IMAGES):
        source = image.get("src") or ""
        if not source or _PLACEHOLDER.search(source):
            real = next((value for name in _LAZY if (value := image.get(name))), None)
            if real:
                image.set("src", real)
    return tree


def page_title(tree: HtmlElement) -> str:
    """The article's title in one line: a heading of the first rank, or the page's title without the site's name."""
    written = next((_inline(element) for element in tree.iter("title")), "")
    og = _meta(tree, ("og:title",)) or ""
    headings = [text for element in islice(tree.iter("h1"), 5) if (text := _inline(element))]
    for heading in headings:
        if len(heading) >= 4 and written.startswith(heading):
            return heading
    if len(headings) == 1 and len(headings[0]) >= 8 and not written.endswith(headings[0]):
        return headings[0]
    shown = one_line(og or written, MAX_TITLE_CHARS)
    return next((part for part in _TITLE_BREAK.split(shown) if part.strip()), "").strip()


def page_author(tree: HtmlElement) -> str:
    """Who is named as the author, in the metadata or in the line under the title; else empty."""
    near = _text(tree)
    for found in (_meta(tree, ("author",)) or "", *(match[1] for match in islice(_AUTHOR.finditer(near), 3))):
        name = one_line(found, MAX_NAME_CHARS).strip("()（）[]【】")
        if 1 < len(name) <= 40 and not _NO_AUTHOR.search(name):
            return name
    return ""


def page_date(tree: HtmlElement, title: str, zone: ZoneInfo, now: datetime) -> FeedDate | None:
    """When the article was published; of several dates that name the same day, the one with the hour."""
    found = [
        date
        for written in _dates(tree, title)
        if (date := read_date(" ".join(written.split()), None, zone)) is not None and plausible(date, now)
    ]
    if not found:
        return None
    day = found[0].moment.astimezone(zone).date()
    same = [date for date in found if date.moment.astimezone(zone).date() == day]
    return next((date for date in same if date.precision == "minute"), found[0])


def page_image(tree: HtmlElement, url: str) -> str | None:
    """The picture that the page gives for itself, as an absolute link."""
    written = _meta(tree, _IMAGE_NAMES)
    return absolute_link(written, url) if written else None


def has_password_field(tree: HtmlElement) -> bool:
    """Whether the page asks somebody to sign in."""
    return any((field.get("type") or "").lower() == "password" for field in islice(tree.iter("input"), 200))


def _dates(tree: HtmlElement, title: str) -> Iterator[str]:
    """Dates as they are written, the most trustworthy first."""
    for name in _DATE_NAMES:
        if written := _meta(tree, (name,)):
            yield written
    for script in islice(tree.iter("script"), 50):
        if match := _JSON_DATE.search((script.text or "")[:_MAX_TEXT]):
            yield match[1]
    for element in islice(tree.iter("time"), 5):
        yield element.get("datetime") or _inline(element)
    text = _text(tree)
    yield from (match[1] for match in islice(_LABELLED_DATE.finditer(text), 3))
    start = text.find(title) if title else -1
    if start >= 0:
        near = text[start + len(title) : start + len(title) + _NEAR_TITLE]
        yield from (match[0] for match in islice(_ANY_DATE.finditer(near), 2))


def _meta(tree: HtmlElement, names: tuple[str, ...]) -> str | None:
    """The content of the first ``meta`` element that has one of ``names``, in their order."""
    found: dict[str, str] = {}
    for element in islice(tree.iter("meta"), 300):
        name = (element.get("property") or element.get("name") or element.get("itemprop") or "").strip().lower()
        content = (element.get("content") or "").strip()
        if name in names and content and len(content) <= 2_048:
            found.setdefault(name, content)
    return next((found[name] for name in names if name in found), None)


def _inline(element: HtmlElement) -> str:
    return one_line(" ".join(islice(element.itertext(), 100))[:2_000], MAX_TITLE_CHARS)


def _text(tree: HtmlElement) -> str:
    """The visible text of the page in document order, in one line, as far as a byline may be."""
    from lxml.etree import iterwalk

    parts: list[str] = []
    size = 0
    for event, element in iterwalk(tree, events=("start", "end")):
        part = element.tail if event == "end" else None if element.tag in _HIDDEN else element.text
        if part and not part.isspace():
            parts.append(part)
            size += len(part)
        if size > _MAX_TEXT:
            break
    return " ".join(" ".join(parts)[:_MAX_TEXT].split())


def _bounded(text: str) -> str:
    """``text`` up to its thirty-thousandth tag."""
    beyond = next(islice(re.finditer("<", text), MAX_TAGS, None), None)
    return text if beyond is None else text[: beyond.start()]
