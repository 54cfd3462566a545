"""A row of the table of how good the machine is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Measure:
    """``value`` of one figure of one task on ``data``. ``baseline``: what a simple means gives, measured in the same run.

    ``bar`` is what is aimed for; ``better`` says on which side of it.
    """

    task: str
    data: str
    figure: str
    value: float
    baseline: float | None = None
    bar: float | None = None
    better: Literal["higher", "lower"] = "higher"

    @property
    def reached(self) -> bool | None:
        """Whether the bar is reached; None without one."""
        if self.bar is None:
            return None
        return self.value >= self.bar if self.better == "higher" else self.value <= self.bar


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file, in order; none if there is no such file."""
    if path.is_file():
        with path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.strip())
