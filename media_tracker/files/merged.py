"""Merged cells of Excel sheets: what stands in the first of them counts for every row of the block. Pure.

The library that reads rows one by one gives the value to the first cell and nothing to those below. The blocks stand behind the
rows in a sheet's part, so they are looked for there, and nothing else of it is parsed.
"""

from __future__ import annotations

import re
import zipfile
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from media_tracker.files.rows import Line

MOST_BLOCKS = 200_000
_PIECE = 2**20
_LONGEST_TAG = 200
_BLOCK = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']")


@dataclass(frozen=True, slots=True)
class Block:
    """Cells that are merged: the first row and the last (from 1), and the column of the first cell (from 0)."""

    first: int
    last: int
    column: int


def read_blocks(archive: zipfile.ZipFile, part: str) -> list[Block]:
    """The blocks of more than one row in ``part``, a sheet of ``archive``; of too many the first."""
    found: list[Block] = []
    with archive.open(part.lstrip("/")) as sheet:
        for match in _matches(iter(lambda: sheet.read(_PIECE), b"")):
            block = Block(int(match[2]), int(match[4]), _column(match[1]))
            if block.last > block.first:
                found.append(block)
            if len(found) >= MOST_BLOCKS:
                break
    return found


def spread(lines: Sequence[Line], blocks: Iterable[Block], most_cells: int) -> list[Line]:
    """``lines`` with each block's value in all rows of its first column; rows that are not there stay away.

    A file may claim blocks that lie over each other: no more than ``most_cells`` are looked at.
    """
    numbers = [line.number for line in lines]
    filled: dict[int, dict[int, int]] = {}
    for block in blocks:
        at = bisect_left(numbers, block.first)
        if at == len(lines) or numbers[at] != block.first or block.column >= len(lines[at].cells):
            continue
        for below in range(at + 1, bisect_left(numbers, block.last + 1)):
            most_cells -= 1
            if most_cells < 0:
                return _filled(lines, filled)
            filled.setdefault(below, {})[block.column] = at
    return _filled(lines, filled)


def _filled(lines: Sequence[Line], filled: dict[int, dict[int, int]]) -> list[Line]:
    changed = list(lines)
    for below, columns in filled.items():
        line = changed[below]
        cells = [*line.cells, *[None] * (max(columns) + 1 - len(line.cells))]
        empty = {column: at for column, at in columns.items() if cells[column] in (None, "")}
        for column, at in empty.items():
            cells[column] = lines[at].cells[column]
        changed[below] = replace(line, cells=tuple(cells), spread=frozenset(empty))
    return changed


def _matches(pieces: Iterator[bytes]) -> Iterator[re.Match[bytes]]:
    """Tags of merged cells in a stream, those that lie across two pieces included."""
    kept = b""
    for piece in pieces:
        text = kept + piece
        end = 0
        for match in _BLOCK.finditer(text):
            end = match.end()
            yield match
        kept = text[max(end, len(text) - _LONGEST_TAG) :]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
