"""axe-core on a page that is open: what it finds against WCAG 2.2 A and AA, in both languages, light and dark.

    async with person(chromium, city, Role.EDITOR) as page:
        await page.goto(f"{city.address}/desk")
        await assert_accessible(page)

The script comes with the package ``axe-playwright-python``, of the tests' requirements; nothing of it is in this repository.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from playwright.async_api import Page

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
LANGUAGES = ("zh_CN", "en")
THEMES = ("light", "dark")
_RUN = """([context, tags]) => axe.run(context, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]})"""


@cache
def axe_source() -> str:
    """The script itself, version and licence in its first lines."""
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


async def violations(page: Page, within: str | None = None, rules: Sequence[str] = RULES) -> list[str]:
    """What axe finds on ``page`` as it stands, a line for each element. ``within``: a CSS selector."""
    if not await page.evaluate("typeof window.axe === 'object'"):
        await page.evaluate(
            f"() => {{ {axe_source()} }}"
        )  # evaluated by the debugger: the page's policy forbids added scripts
    context: Any = {"include": [[within]]} if within else {"exclude": []}
    found = await page.evaluate(_RUN, [context, list(rules)])
    return [
        f"{each['id']}: {each['help']} — {' '.join(map(str, node['target']))}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


async def assert_accessible(
    page: Page, *, languages: Sequence[str] = LANGUAGES, themes: Sequence[str] = THEMES, within: str | None = None
) -> None:
    """``page``'s address has no violation in any of ``languages`` and ``themes``; the page is loaded again for each language.

    What was opened on it by script is closed by that: to look at such a state, ask ``violations``.
    """
    address, found = page.url, []
    for language in languages:
        await page.context.add_cookies([{"name": "language", "value": language, "url": address}])
        await page.goto(address)
        for theme in themes:
            await page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            await page.wait_for_timeout(200)  # colours fade for a moment
            found += [f"[{language}, {theme}] {line}" for line in await violations(page, within)]
    assert not found, "\n".join(found)
