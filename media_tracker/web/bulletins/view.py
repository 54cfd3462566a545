"""Released figures as pages show them, and those that would be released."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from litestar import Request

from media_tracker.errors import N_, NotFound
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.documents import Release, ReleasedFigure
from media_tracker.web.monitor.view import HEADLINE, Count, Rate, Tile
from media_tracker.web.naming import Names
from media_tracker.web.render import Pages
from media_tracker.web.visitor import services

LONGEST_NUMBER = 9

RATE = (Key.DUE_CLOSED, Key.DUE)
"""Shown as one rate, with its denominator."""


@dataclass(frozen=True, slots=True)
class Released:
    """Figures with their lists: tiles, and one rate where its two figures are there."""

    tiles: Sequence[Tile]
    rate: Rate | None


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """One release: its number, its days, and its figures."""

    number: int
    first: date
    last: date
    released_at: datetime
    figures: Released


def release_view(release: Release, pages: Pages) -> ReleaseView:
    """``release`` with each figure's public list. Names and definitions are those it was released with."""
    return ReleaseView(
        number=release.number,
        first=date.fromisoformat(release.start),
        last=date.fromisoformat(release.end),
        released_at=release.released_at,
        figures=released_figures(release.figures, lambda key: list_of(release.number, key), pages),
    )


def released_figures(found: Sequence[ReleasedFigure], href: Callable[[Key], str], pages: Pages) -> Released:
    """``found`` as tiles and a rate; ``href`` is where the list behind a figure is."""
    gettext = pages.catalogue.gettext
    by_key = {figure.key: figure for figure in found}
    rate = None
    if all(key in by_key for key in RATE):
        part, whole = (by_key[key] for key in RATE)
        texts = [f"{gettext(each.name)}: {gettext(each.definition)}" for each in (part, whole)]
        counts = [Count(each.value, href(each.key)) for each in (part, whole)]
        rate = Rate(gettext(part.name), " ".join(texts), *counts)
    tiles = [
        Tile(
            figure.value,
            href(figure.key),
            gettext(figure.name),
            gettext(figure.definition),
            strong=figure.key is HEADLINE,
        )
        for figure in found
        if rate is None or figure.key not in RATE
    ]
    return Released(tiles, rate)


def numbered(names: Names, number: tuple[int, int] | None) -> str:
    """Year and serial of a bulletin as papers write them; empty for none."""
    if number is None:
        return ""
    return names.pages.catalogue.translate(N_("No. {serial} of {year}"), None, year=number[0], serial=number[1])


def list_of(number: int, key: Key, page: int = 1) -> str:
    """The address of the public list behind a released figure."""
    return f"/releases/{number}/{key.value}" + (f"?page={page}" if page > 1 else "")


async def read_release(request: Request[Any, Any, Any], number: str) -> Release:
    """The release that an address names; ``NotFound`` for nonsense too."""
    if not (number.isascii() and number.isdecimal()) or len(number) > LONGEST_NUMBER:
        raise NotFound(N_("There is no release with this number."))
    return await services(request).releases.get(int(number))
