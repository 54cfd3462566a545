"""What a problem is found by, written into the document itself: words, numbers, facets, and when its light turns.

Words that people wrote later (plans, results, findings) count with those of title and place; what callers said never does.
"""

from __future__ import annotations

from media_tracker.places.responsibility import routing_path
from media_tracker.places.service import Places
from media_tracker.problems.case import EventType
from media_tracker.problems.documents import NEVER, Problem
from media_tracker.problems.finding.facets import facets_of
from media_tracker.problems.light import pressing
from media_tracker.taxonomy.service import Taxonomy
from media_tracker.text.segment import search_tokens

SEARCHED = frozenset(
    {
        EventType.STARTED,
        EventType.CLAIMED,
        EventType.PROTECTED,
        EventType.RETURNED,
        EventType.VERIFIED,
        EventType.FAILED,
        EventType.NOTHING_FOUND,
        EventType.DEFERRED,
        EventType.EXTENDED,
        EventType.CLOSED,
        EventType.REVOKED,
        EventType.CONTINUED,
        EventType.REASSIGNED,
        EventType.EVIDENCE_ADDED,
        EventType.LOOKED_BACK,
    }
)
"""Events whose words are searched. What came with a report is left out: it may be about the caller."""
MOST_WORDS = 200
"""Distinct words of one problem that it is found by; the title and the latest texts come first."""


async def describe_for_finding(problem: Problem, places: Places, taxonomy: Taxonomy) -> None:
    """Fill ``search`` and ``turns_at`` of ``problem`` from its case and its words."""
    case = problem.case
    areas = routing_path(await places.regions(), case.region)
    categories = (await taxonomy.table()).path(case.category) or (case.category,)
    numbers = [report.outside_number for report in case.reports if report.outside_number]
    own = {problem.number, *problem.also_numbered, *numbers, *facets_of(case, areas, categories)}
    problem.search = sorted(own.union(_words(problem)))
    clock = pressing(case)
    problem.turns_at = clock.due_at if clock is not None else NEVER


def _words(problem: Problem) -> list[str]:
    written = [each for each in reversed(problem.words) if each.kind in SEARCHED]
    texts = [f"{problem.title} {problem.place}", *(each.text for each in written)]
    found: dict[str, None] = {}
    for text in texts:
        found.update(dict.fromkeys(search_tokens(text)))
        if len(found) >= MOST_WORDS:
            break
    return list(found)[:MOST_WORDS]
