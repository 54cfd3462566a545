"""Rows of a sheet as values, and what may be wrong with one. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TypeVar

_Column = TypeVar("_Column")
_REMARK = re.compile(r"\(.*?\)|\[.*?\]|[\s*:_/、]")

Cell = str | int | float | bool | datetime | date | time | timedelta | None


@dataclass(frozen=True, slots=True)
class Line:
    """One row that has something in it. ``number`` is what a spreadsheet shows beside it, from 1."""

    number: int
    cells: tuple[Cell, ...]
    spread: frozenset[int] = frozenset()
    """Which of the cells are merged with one above, whose value they have."""


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row, or a cell of it, cannot be taken. ``column``: its heading as the sheet has it; ``sentence``: a gettext id."""

    line: int
    column: str
    sentence: str
    params: Mapping[str, str | int] = field(default_factory=dict)


def heading_of(cell: str) -> str:
    """A heading as tables of headings have it: 标 题（必填） is 标题."""
    return _REMARK.sub("", unicodedata.normalize("NFKC", cell[:50])).casefold()


def columns_of(line: Line, by_heading: Mapping[str, _Column]) -> dict[_Column, int]:
    """Where each column stands, by its heading; of two with one meaning the first."""
    found: dict[_Column, int] = {}
    for index, cell in enumerate(line.cells):
        column = by_heading.get(heading_of(cell)) if isinstance(cell, str) else None
        if column is not None:
            found.setdefault(column, index)
    return found
