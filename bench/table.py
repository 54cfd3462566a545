"""Printing results the same way everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A Markdown table under its title."""
    print(f"\n## {title}\n")
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")


def rate(counts: Sequence[float]) -> str:
    """Median, with the least and the most beside it."""
    return f"{median(counts):,.0f} ({min(counts):,.0f}–{max(counts):,.0f})"
