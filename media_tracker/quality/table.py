"""All measures in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from unicodedata import east_asian_width

from media_tracker.quality.measure import Measure

MODULES = (
    "heads",
    "places",
    "names",
    "reprints",
    "same_problem",
    "replies",
    "follow_ups",
    "suggesting_speed",
    "linking_speed",
)
"""The modules that measure, in the table's order."""

COLUMNS = ("task", "data", "figure", "baseline", "ours", "bar", "")


def measure_all(data: Path, modules: Iterable[str] = MODULES) -> list[Measure]:
    """What all ``modules`` measure on the files below ``data``."""
    found: list[Measure] = []
    for name in modules:
        measure: Callable[[Path], list[Measure]] = import_module(f"media_tracker.quality.{name}").measure
        found.extend(measure(data))
    return found


def shown(measures: Sequence[Measure]) -> str:
    """The table as text: a line per measure, in columns, with ``*`` where a bar is not reached."""
    lines = [COLUMNS, *(_line(each) for each in measures)]
    widths = [max(_width(line[at]) for line in lines) for at in range(len(COLUMNS))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(_row(line, widths) for line in (lines[0], rule, *lines[1:]))


def _line(each: Measure) -> tuple[str, ...]:
    sign = "≥" if each.better == "higher" else "≤"
    bar = "" if each.bar is None else f"{sign} {_number(each.bar)}"
    baseline = "" if each.baseline is None else _number(each.baseline)
    verdict = "*" if each.reached is False else ""
    return each.task, each.data, each.figure, baseline, _number(each.value), bar, verdict


def _number(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.0f}"


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _width(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
