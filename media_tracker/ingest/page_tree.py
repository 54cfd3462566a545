"""A web page as a tree of elements, within bounds that no page can break. Pure.

lxml's own tree takes time that grows with the square of an element's attributes, and its selectors with that of depth and of
siblings. So the tree is built here, from the parser's events: it stops growing where no list of stories goes on.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from media_tracker.ingest.clean import one_line

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_PAGE_CHARS = 5 * 2**20
MAX_ELEMENTS = 50_000
MAX_DEPTH = 128
MAX_SIBLINGS = 4_000
MAX_ATTRIBUTES = 50
MAX_WORDS_CHARS = 20_000

_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,1000}?-->\s*){0,5}<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_FEED = re.compile(r"<(?:\w+:)?(?:rss|feed|rdf|channel)[\s>]", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,80}")
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def is_page(text: str) -> bool:
    """Whether ``text`` is a web page and has no feed in it."""
    return _PAGE.match(text) is not None and _FEED.search(text) is None


def read_tree(text: str) -> tuple[_Element | None, bool]:
    """The root of the page ``text``, and whether it is the whole of it. None if there is no element at all.

    Beyond 5 MB, 50,000 elements, 128 levels or 4,000 children of one element the page is not read on. Names that no
    selector could ask for are left out.
    """
    from lxml.etree import HTMLParser, LxmlError

    tree = _Tree()
    parser = HTMLParser(target=tree, encoding="utf-8")
    cut = text[:MAX_PAGE_CHARS]
    try:
        parser.feed(_NOT_XML.sub("", cut).encode())
        parser.close()
    except (_Enough, LxmlError):
        return tree.root, False
    return tree.root, len(cut) == len(text)


def words_of(element: _Element) -> str:
    """The text of an element and all in it, as it stands in the source; scripts and styles apart. At most 20,000 characters."""
    return "".join(_texts(element))[:MAX_WORDS_CHARS]


def attribute(element: _Element, name: str) -> str:
    """The value of an attribute; "" without one."""
    return str(element.get(name) or "")


def page_title(root: _Element) -> str:
    """The page's title on one line."""
    title = next(root.iter("title"), None)
    return one_line(words_of(title), 500) if title is not None else ""


def _texts(element: _Element) -> list[str]:
    found: list[str] = []
    pending: list[_Element | str] = [element]
    chars = 0
    while pending and chars < MAX_WORDS_CHARS:
        each = pending.pop()
        if isinstance(each, str):
            found.append(each[:MAX_WORDS_CHARS])
            chars += len(found[-1])
            continue
        if each.tag in ("script", "style", "noscript", "template"):
            continue
        for child in reversed(each):
            pending.extend((child.tail or "", child))
        pending.append(each.text or "")
    return found


class _Enough(Exception):
    """The tree is as large as it may become."""


class _Tree:
    """Makes elements of the parser's events. The root stays open: some pages go on after their end."""

    def __init__(self) -> None:
        self.root: _Element | None = None
        self._open: list[_Element] = []
        self._children: list[int] = []
        self._elements = 0
        self._pieces: list[str] = []
        self._last: _Element | None = None
        """The last child of the innermost open element; None where it has none yet."""

    def start(self, tag: str | bytes, attributes: dict[str | bytes, str | bytes]) -> None:
        from lxml.etree import Element, SubElement

        self._flush()
        self._elements += 1
        if self._elements > MAX_ELEMENTS or len(self._open) >= MAX_DEPTH:
            raise _Enough
        name = str(tag) if _NAME.fullmatch(str(tag)) else "unknown"
        some = islice(attributes.items(), MAX_ATTRIBUTES)
        kept = {str(key): str(value) for key, value in some if _NAME.fullmatch(str(key))}
        if self._open:
            self._children[-1] += 1
            if self._children[-1] > MAX_SIBLINGS:
                raise _Enough
            element = SubElement(self._open[-1], name, kept)
        else:
            element = self.root = Element(name, kept)
        self._open.append(element)
        self._children.append(0)
        self._last = None

    def end(self, _tag: str | bytes) -> None:
        self._flush()
        if len(self._open) > 1:
            self._last = self._open.pop()
            self._children.pop()

    def data(self, data: str | bytes) -> None:
        self._pieces.append(str(data))

    def comment(self, text: str | bytes) -> None:
        """Nobody reads those."""

    def close(self) -> None:
        self._flush()

    def _flush(self) -> None:
        """Hang the text read so far behind the last child, or at the beginning of the element that is open."""
        text, self._pieces = "".join(self._pieces), []
        if not text or not self._open:
            return
        if self._last is not None:
            self._last.tail = (self._last.tail or "") + text
        else:
            self._open[-1].text = (self._open[-1].text or "") + text
