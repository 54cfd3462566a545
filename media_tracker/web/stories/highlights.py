"""Evidence as a page can mark it: spans that do not overlap, each of one of a few types. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from media_tracker.ingest.documents import EvidenceSpan

FEATURE = "feature"
"""Words that the learned model goes by, named after what they speak for (``feature:kind:exposure``)."""
TYPES = {
    "kind": "kind",
    "outcome": "kind",
    "deed": "kind",
    "category": "category",
    "region": "place",
    "place": "place",
    "out_of_area": "place",
    "unit": "name",
    "person": "name",
    FEATURE: "feature",
}
"""What stands before the colon of a label → how it is marked."""


@dataclass(frozen=True, slots=True)
class Highlight:
    """Characters ``start`` to ``end``, marked as ``type``; ``why`` says what for."""

    start: int
    end: int
    type: str
    why: str


def highlights(
    evidence: Sequence[EvidenceSpan], field: str, length: int, explain: Callable[[str], str]
) -> list[Highlight]:
    """The evidence in ``field`` (of ``length`` characters) in order, without overlaps.

    Where spans overlap, the shortest one gives the type (one that the model goes by only where there is no other), and ``why``
    names them all, so that none is lost. ``explain`` turns a label into words.
    """
    spans = [each for each in evidence if each.field == field and each.label.partition(":")[0] in TYPES]
    spans = [each for each in spans if 0 <= each.start < each.end <= length]
    edges = sorted({edge for each in spans for edge in (each.start, each.end)})
    found: list[Highlight] = []
    for start, end in pairwise(edges):
        over = sorted(
            (each for each in spans if each.start <= start and end <= each.end),
            key=lambda each: (each.label.startswith(FEATURE), each.end - each.start, each.start, each.label),
        )
        if not over:
            continue
        why = " · ".join(dict.fromkeys(explain(each.label) for each in over))
        marked = Highlight(start, end, TYPES[over[0].label.partition(":")[0]], why)
        last = found[-1] if found else None
        if last is not None and (last.end, last.type, last.why) == (start, marked.type, why):
            found[-1] = Highlight(last.start, end, marked.type, why)
        else:
            found.append(marked)
    return found
