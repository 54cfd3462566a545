"""The charts of a bulletin, each of a table that stands beside it. Values only."""

from __future__ import annotations

from collections.abc import Sequence

from media_tracker.papers.bulletin_bars import with_bars
from media_tracker.papers.bulletin_content import BulletinContent, PlaceLine
from media_tracker.papers.chart_part import Chart

FEWEST, MOST_COLUMNS, MOST_BARS = 2, 10, 24
"""Lines of a table that make a chart: one alone compares nothing, and of too many none can be read."""
_BAR, _AROUND, _HIGHEST = 8.0, 22.0, 190.0
"""Millimetres: a line of bars, what is around all of them, and the height of a page's text."""
EXPOSED, RESOLVED = 1, 2
"""Places of the two columns that are drawn in ``bulletin_rules.PLACES``."""


def with_charts(content: BulletinContent) -> dict[str, object]:
    """``content`` as values for the template, with ``charts``: of the trend, of districts, of outlets; "" where there is none.

    ``bars`` stay in each line of the trend, for offices' own templates that were made when there were no charts.
    """
    values = with_bars(content)
    values["charts"] = {
        "trend": _trend(content),
        "districts": _places(content, content.districts),
        "outlets": _places(content, content.outlets),
    }
    return values


def _trend(content: BulletinContent) -> Chart | str:
    lines = [line for line in content.trend if line.values]
    series = [[line.values[place] for line in lines] for place in range(2)]
    if len(lines) < FEWEST or not any(map(any, series)):
        return ""
    names = list(content.trend_heads[:2])
    return Chart(_told(names, lines[0].label, lines[-1].label), [line.label for line in lines], names, series)


def _places(content: BulletinContent, places: Sequence[PlaceLine]) -> Chart | str:
    lines = [line for line in places if line.values]
    series = [[line.values[place] for line in lines] for place in (EXPOSED, RESOLVED)]
    if not FEWEST <= len(lines) <= MOST_BARS or not any(map(any, series)):
        return ""
    names = [content.place_heads[place] for place in (EXPOSED, RESOLVED)]
    categories, told = [line.name for line in lines], _told(names, lines[0].name, lines[-1].name)
    if len(lines) <= MOST_COLUMNS and max(map(len, categories)) <= 5:
        return Chart(told, categories, names, series)
    high = min(_AROUND + _BAR * len(lines), _HIGHEST)
    return Chart(told, categories, names, series, high=high, sideways=True)


def _told(names: Sequence[str], first: str, last: str) -> str:
    return f"{', '.join(names)}: {first} – {last}"
