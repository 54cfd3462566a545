"""Reading pages of figures as a careful visitor does: every number, where it leads, and how long the list there is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

from media_tracker.monitor.definitions import Key
from tests.web.browser import Browser

_LISTS = re.compile(rf"/monitor/({'|'.join(Key)})\b(?!\.)|/releases/")
"""Addresses of lists; a number that leads to one must say how long it is."""


@dataclass(frozen=True, slots=True)
class Link:
    """A number on a page, and where it leads."""

    value: int
    href: str
    printed: str = field(default="", compare=False)
    """What a reader sees of it; "" where it is drawn."""


class FigurePage(HTMLParser):
    """What the tests look for on a page: numbers with their links, other links, rows of the list."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.figures: list[Link] = []
        self.unmarked: list[str] = []
        self.total: int | None = None
        self.rows = 0
        self.next = ""
        self._in_body = False
        self._printed: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "data-figure" in given:
            self.figures.append(Link(int(given["data-figure"]), given["href"]))
            self._printed = ""
        elif tag == "a" and _LISTS.match(given.get("href", "")):
            self.unmarked.append(given["href"])
        if tag == "a" and given.get("rel") == "next":
            self.next = given["href"]
        if "data-total" in given:
            self.total, self.rows = int(given["data-total"]), 0  # what stands above is no part of the list
        if tag == "tbody" or (tag == "ul" and given.get("class") == "lines"):
            self._in_body = True
        self.rows += tag in ("tr", "li") and self._in_body

    def handle_data(self, data: str) -> None:
        if self._printed is not None:
            self._printed += data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("tbody", "ul"):
            self._in_body = False
        if tag == "a" and self._printed is not None:
            self.figures[-1] = replace(self.figures[-1], printed=self._printed.strip())
            self._printed = None


async def read(browser: Browser, path: str) -> FigurePage:
    response = await browser.get(path)
    assert response.status_code == 200, (path, response.text)
    return FigurePage(response.text)


async def listed(browser: Browser, path: str) -> tuple[int | None, int]:
    """The number that a list states, and how many rows it shows on all its pages."""
    page = await read(browser, path)
    rows, total = page.rows, page.total
    while page.next:
        page = await read(browser, page.next)
        assert page.total == total
        rows += page.rows
    return total, rows
