"""Rows of a sheet as values, and what may be wrong with one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

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
