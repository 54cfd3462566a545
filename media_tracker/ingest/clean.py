"""HTML from outside: made safe to show, and turned into the plain text that rules and models read. Pure.

Cleaning is nh3's (a browser-grade parser and an allow-list), never a regular expression over somebody else's markup.
"""

from __future__ import annotations

import html as entities
import re
from functools import lru_cache

import nh3

from media_tracker.files.characters import strip_controls

MAX_HTML_CHARS = 500_000
"""Longer markup is cut: no story is that long, and a document must fit its database."""

_MAX_DEPTH = 256
_MANY_TAGS = 4_000

_TAGS = {
    *("p", "br", "hr", "strong", "b", "em", "i", "u", "s", "sub", "sup", "blockquote", "pre", "code"),
    *("a", "img", "figure", "figcaption", "ul", "ol", "li", "dl", "dt", "dd", "h2", "h3", "h4"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
}
_ATTRIBUTES = {
    "*": set[str](),
    "a": {"href"},
    "img": {"src", "alt"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_DROPPED_WHOLE = {
    "script",
    "style",
    "noscript",
    "template",
    "iframe",
    "object",
    "svg",
    "math",
    "select",
    "title",
}
_BLOCKS = {
    *("p", "br", "hr", "div", "section", "article", "header", "footer", "blockquote", "pre", "figure", "figcaption"),
    *("ul", "ol", "li", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "table", "caption", "tr", "td", "th"),
}  # fmt: skip

_TAG = re.compile(r"<[^<>]*>")
_CUT_TAG = re.compile(r"<[^<>]*\Z")
_CELL = re.compile(r"</t[dh]>")
_SPACES = re.compile(r"[ \t\r\f\v\u00a0\u3000\u200b\ufeff]+")
_SOURCE_BREAKS = re.compile(r"\s*[\r\n]\s*")
_TAG_NAME = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_UNNESTED = {
    "p",
    "li",
    "br",
    "hr",
    "img",
    "input",
    "meta",
    "link",
    "col",
    "td",
    "th",
    "tr",
    "dd",
    "dt",
    "option",
}
_skeleton = nh3.Cleaner(
    tags=_BLOCKS,
    clean_content_tags=_DROPPED_WHOLE,
    attributes={"*": set()},
    url_schemes=set(),
    link_rel=None,
)


def clean_html(html: str, base: str | None = None) -> str:
    """``html`` with only harmless markup left: no script, style, class, event, frame or form.

    Links and images keep http and https addresses only; relative ones are resolved against ``base``, or lose their address
    without one, as they would otherwise point into our own site. Cleaning twice gives what cleaning once gives.
    """
    html = _bounded(html)
    if "<" not in html and "&" not in html:
        return html
    return _cleaner(base).clean(html).replace("<img>", "").strip()


def plain_text(html: str) -> str:
    """The text of ``html``: a line per paragraph, entities decoded, runs of spaces folded, no blank lines.

    Costs about 0.1 ms per 1,000 characters.
    """
    html = _bounded(html)
    if "<" in html:
        # Line breaks of the source mean nothing in HTML; those of the text are its blocks.
        html = _skeleton.clean(_SOURCE_BREAKS.sub(" ", html) if "<pre" not in html else html)
        html = _TAG.sub("\n", _CELL.sub(" ", html))
    text = strip_controls(entities.unescape(html)) if "&" in html else html
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def one_line(text: str, limit: int) -> str:
    """A title, name or label: no tags, no entities, no line breaks, at most ``limit`` characters."""
    if len(text) > limit * 20:
        text = _CUT_TAG.sub("", text[: limit * 20])
    # Twice, because feeds escape twice. Only what a browser takes for markup is: "5 < 6" in a title is text.
    for _ in range(2):
        if "<" in text and nh3.is_html(text):
            text = plain_text(text)
        elif "&" in text:
            text = entities.unescape(text)
        else:
            break
    text = " ".join(strip_controls(text).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


@lru_cache(maxsize=512)
def _cleaner(base: str | None) -> nh3.Cleaner:
    """A sanitizer for one base address; making one costs as much as cleaning 100 characters."""
    try:
        relative: tuple[str, str] | None = ("rewrite_with_base", base) if _is_http(base) and base else None
        return _sanitizer(relative)
    except ValueError:
        return _sanitizer(None)


def _sanitizer(base: tuple[str, str] | None) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_DROPPED_WHOLE,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https"},
        url_relative=("rewrite_with_base", base[1]) if base else "deny",
        link_rel="noopener noreferrer nofollow",
    )


def _is_http(url: str | None) -> bool:
    return url is not None and url.startswith(("http://", "https://"))


def _bounded(html: str) -> str:
    """``html`` cut to size and, if it nests absurdly deep, reduced to its text: the parser's time grows with depth squared."""
    html = strip_controls(html[:MAX_HTML_CHARS])
    if html.count("<") > _MANY_TAGS and _depth(html) > _MAX_DEPTH:
        return entities.escape(_TAG.sub(" ", html), quote=False)
    return html


def _depth(html: str) -> int:
    """An upper bound, roughly, of how deep the elements of ``html`` nest."""
    deepest = depth = 0
    for closing, name in _TAG_NAME.findall(html):
        if name.lower() in _UNNESTED:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        deepest = max(deepest, depth)
    return deepest
