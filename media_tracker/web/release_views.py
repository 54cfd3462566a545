"""Released figures as pages show them, the public one and the office's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from media_tracker.monitor.definitions import Key
from media_tracker.monitor.documents import Release, ReleasedFigure
from media_tracker.web.figure_views import HEADLINE, Count, Rate, Tile
from media_tracker.web.render import Pages


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """One release: its number, its days, and its figures with their lists."""

    number: int
    first: date
    last: date
    released_at: datetime
    tiles: Sequence[Tile]
    rate: Rate | None
    """Closed, of those due; None in a release that has no such figures."""


def release_view(release: Release, pages: Pages) -> ReleaseView:
    """``release`` with each figure's public list. Names and definitions are those it was released with."""
    figures = {figure.key: figure for figure in release.figures}
    return ReleaseView(
        number=release.number,
        first=date.fromisoformat(release.start),
        last=date.fromisoformat(release.end),
        released_at=release.released_at,
        tiles=[_tile(figure, list_of(release.number, figure.key), pages) for figure in release.figures],
        rate=_rate(release.number, figures.get(Key.DUE_CLOSED), figures.get(Key.DUE), pages),
    )


def list_of(number: int, key: Key, page: int = 1) -> str:
    """The address of the public list behind a released figure."""
    return f"/releases/{number}/{key.value}" + (f"?page={page}" if page > 1 else "")


def _tile(figure: ReleasedFigure, href: str, pages: Pages) -> Tile:
    gettext = pages.catalogue.gettext
    return Tile(figure.value, href, gettext(figure.name), gettext(figure.definition), strong=figure.key is HEADLINE)


def _rate(number: int, part: ReleasedFigure | None, whole: ReleasedFigure | None, pages: Pages) -> Rate | None:
    if part is None or whole is None:
        return None
    counts = [Count(figure.value, list_of(number, figure.key)) for figure in (part, whole)]
    return Rate(pages.catalogue.gettext(part.name), "", *counts)
