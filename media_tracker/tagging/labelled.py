"""Labelled stories: what is learned from. Those that the package carries were written for it; every name in them is invented."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

from media_tracker.tagging.evidence import StoryText

QUESTIONS = ("kind", "category", "outcome", "deed")
"""What is asked of a story."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A story and what it is. A label is None where nobody said, and where the question does not arise.

    ``group`` names what must not be split when a model is judged: reprints, and stories of one problem. Empty: it stands alone.
    """

    story: StoryText
    kind: str | None = None
    category: str | None = None
    outcome: str | None = None
    deed: str | None = None
    group: str = ""

    def label(self, question: str) -> str | None:
        """The label for ``kind``, ``category``, ``outcome`` or ``deed``."""
        value: str | None = getattr(self, question)
        return value


def packaged_lines() -> Iterator[str]:
    """The lines of the package's files, in the order of the files' names; none without files."""
    folder = resources.files("media_tracker.tagging") / "data" / "stories"
    if folder.is_dir():
        for file in sorted(folder.iterdir(), key=lambda each: each.name):
            if file.name.endswith(".jsonl"):
                yield from (line for line in file.read_text(encoding="utf-8").splitlines() if line.strip())


def packaged() -> list[Labelled]:
    """The package's labelled stories."""
    return [labelled(json.loads(line)) for line in packaged_lines()]


def labelled(row: Mapping[str, Any]) -> Labelled:
    """The story and the labels of a row: ``title``, ``body``, ``outlet``, ``column``, ``published_at``; ``kind`` and so on."""
    published = row.get("published_at")
    story = StoryText(
        title=row.get("title") or "",
        body=row.get("body") or "",
        outlet_name=row.get("outlet") or "",
        column=row.get("column") or "",
        published_at=datetime.fromisoformat(published) if published else None,
    )
    kind, category, outcome, deed = (row.get(name) or None for name in QUESTIONS)
    return Labelled(story, kind, category, outcome, deed)
