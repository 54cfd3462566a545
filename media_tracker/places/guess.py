"""Which region a text is about, from the names in it. Every choice can be shown: the guess carries the names that made it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from media_tracker.places.gazetteer import Mention, Strength
from media_tracker.places.regions import RegionTree

_WEIGHTS = {"city": 0.5, "district": 1.5, "subdistrict": 2.0, "community": 2.0}
_OPENING = 160
"""A name this early in a text (its title and first sentence) is more likely to be the scene."""
_OPENING_FACTOR = 1.15
_REPEAT = 0.25
_MOST_REPEATS = 3
_ALONE = 0.5
"""Weight left to a bare or much-used name below the district when nothing above it is named."""
_ADDRESS = 12
"""Characters within which a name after one outside is in the same address."""
_TIE = 0.85
"""From this share of the best one's own weight on, a rival makes the guess go up to what both lie in."""


@dataclass(frozen=True, slots=True)
class RegionGuess:
    """``code`` is the deepest region that the names agree on, or None; ``score`` 0 to 1; ``mentions`` are the names that say so.

    ``out_of_area``: places outside are named, and none of ours (or only the city that they lie in).
    """

    code: str | None
    score: float
    mentions: tuple[Mention, ...]
    out_of_area: bool


def guess_region(tree: RegionTree, mentions: Sequence[Mention], home: str | None = None) -> RegionGuess:
    """Guess the region that ``mentions`` (of one text, in order) are about. ``home``: the city or district that is ours."""
    ours, outside = _sides(tree, mentions, home)
    own = _own_weights(tree, ours, outside)
    totals = {code: sum(own.get(step, 0.0) for step in _line(tree, code)) for code in own}
    best = _agreed(tree, own, totals)
    if outside and _is_elsewhere(tree, best, ours, outside):
        return RegionGuess(None, 0.0, tuple(outside), True)
    if best is None:
        return RegionGuess(None, 0.0, (), False)
    line = set(_line(tree, best))
    supporting = tuple(mention for mention in ours if line.intersection(mention.codes))
    return RegionGuess(best, _score(tree, best, own, totals), supporting, False)


def _sides(tree: RegionTree, mentions: Iterable[Mention], home: str | None) -> tuple[list[Mention], list[Mention]]:
    """Mentions of ours (with the codes that are), and those of places outside our area."""
    ours, outside = [], []
    for mention in mentions:
        codes = mention.codes
        if home is not None:
            codes = tuple(code for code in codes if tree.covers(home, code) or tree.covers(code, home))
        if not codes:
            if mention.strength is not Strength.OUTLET:
                outside.append(mention)
        elif codes == mention.codes:
            ours.append(mention)
        else:
            ours.append(Mention(mention.start, mention.end, mention.text, codes, mention.strength, mention.within))
    return ours, outside


def _line(tree: RegionTree, code: str) -> tuple[str, ...]:
    """``code``, what it lies in, and the body that administers it."""
    body = tree.body_of(code)
    return tree.path(code) if body is None else (*tree.path(code), body)


def _own_weights(tree: RegionTree, mentions: Sequence[Mention], outside: Sequence[Mention]) -> dict[str, float]:
    named = {code for mention in mentions for code in mention.codes}
    own: dict[str, float] = defaultdict(float)
    seen: dict[str, int] = defaultdict(int)
    for mention in mentions:
        for code in mention.codes:
            weight = _WEIGHTS[tree[code].level] * mention.strength.value
            weight *= _OPENING_FACTOR if mention.start < _OPENING else 1.0
            if tree[code].level in ("subdistrict", "community") and not _supported(tree, code, named):
                if not _is_enough_alone(tree, mention, code, mentions, outside):
                    continue
                weight *= _ALONE
            if seen[code] > _MOST_REPEATS:
                continue
            own[code] += weight if not seen[code] else weight * _REPEAT
            seen[code] += 1
    return dict(own)


def _is_enough_alone(
    tree: RegionTree, mention: Mention, code: str, ours: Sequence[Mention], outside: Sequence[Mention]
) -> bool:
    """Whether a name below the district counts though no district above it is named.

    Beside names outside it must be a full one that stands in no address of theirs, and the city must be named (be it in the
    outlet's name); or a subdistrict that is named as often as all of them together. For many towns of the country are
    called alike, and most villages.
    """
    full = mention.strength is Strength.FULL
    if not outside:
        return full or tree[code].level != "community"
    if not full or any(0 <= mention.start - other.end <= _ADDRESS for other in outside):
        return False
    if any(step in other.codes for step in tree.path(code)[:1] for other in ours):
        return True
    return tree[code].level == "subdistrict" and sum(code in other.codes for other in ours) >= len(outside)


def _supported(tree: RegionTree, code: str, named: set[str]) -> bool:
    return any(step != code and step in named and tree[step].level != "city" for step in _line(tree, code))


def _agreed(tree: RegionTree, own: dict[str, float], totals: dict[str, float]) -> str | None:
    """The region of the greatest weight, or what it and its rivals of about the same weight lie in."""
    if not totals:
        return None
    best = max(totals, key=lambda code: (totals[code], len(tree.path(code))))
    while True:
        line = set(_line(tree, best))
        rivals = [code for code in totals if not line.intersection((code,)) and best not in _line(tree, code)]
        for rival in rivals:
            shared = sum(own.get(step, 0.0) for step in line.intersection(_line(tree, rival)))
            if totals[rival] - shared >= _TIE * (totals.get(best, shared) - shared) and totals[rival] > shared:
                above = _common(tree, best, rival)
                if above is None:
                    return None
                best = above
                break
        else:
            return best


def _common(tree: RegionTree, one: str, other: str) -> str | None:
    """The deepest region that both lie in; the body that administers both, rather than the district of their codes."""
    shared = [step for step in tree.path(one) if step in tree.path(other)]
    body = tree.body_of(one)
    together = body is not None and body in (other, tree.body_of(other))
    if together and (not shared or tree[shared[-1]].level in ("city", "district")):
        return body
    return shared[-1] if shared else None


def _is_elsewhere(tree: RegionTree, best: str | None, ours: Sequence[Mention], outside: Sequence[Mention]) -> bool:
    """Nothing of ours is named but in outlets' names, or only the city that a place outside lies in (济南市历下区)."""
    if best is None or all(mention.strength is Strength.OUTLET for mention in ours):
        return True
    deeper = any(tree[code].level != "city" for mention in ours for code in mention.codes)
    return not deeper and any(mention.within == best for mention in outside)


def _score(tree: RegionTree, best: str, own: dict[str, float], totals: dict[str, float]) -> float:
    line = _line(tree, best)
    mine = sum(own.get(step, 0.0) for step in line)
    rival = max(
        (
            totals[code] - sum(own.get(step, 0.0) for step in set(line).intersection(_line(tree, code)))
            for code in totals
            if code not in line and best not in _line(tree, code)
        ),
        default=0.0,
    )
    return (1.0 - math.exp(-mine)) * (mine / (mine + 0.5 * rival)) if mine else 0.0
