"""Regions as people type them: a name, a name with those above it, or an official code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from media_tracker.errors import N_, InvalidInput
from media_tracker.places.regions import LEVELS, Region, RegionTree
from media_tracker.places.service import Places

FIELD = "region"
OFFERED = ("district", "subdistrict")
"""Levels that are offered while somebody types; the thousands of communities are understood, but not listed."""

_SEPARATORS = re.compile(r"[\s·/、,，>-]+")


async def resolve_region(places: Places, text: str) -> str | None:
    """The code of the region that ``text`` names; None for an empty text.

    Understood are codes (370303), names and short names (张店区, 张店), and either with what lies above it before it
    (高新区四宝山街道, 淄博 张店). Where one name fits several regions, the one highest up is meant.

    Raises:
        InvalidInput: no region, or several of one level; the sentence is also in ``fields["region"]``.
    """
    wanted = _SEPARATORS.sub("", text)
    if not wanted:
        return None
    tree = await places.regions()
    if wanted in tree:
        return wanted
    found = [region for region in tree if _is_named(tree, region, wanted)]
    if not found:
        raise _mistake(N_("No region of this name is known. Choose one from the list, or leave it empty."))
    highest = min(LEVELS.index(region.level) for region in found)
    best = [region for region in found if LEVELS.index(region.level) == highest]
    if len(best) > 1:
        raise _mistake(N_("Several regions have this name. Write the district or subdistrict before it."))
    return best[0].code


async def region_options(places: Places) -> list[dict[str, str]]:
    """Suggestions for a field in which somebody types a region: ``{value, label}``, for ``forms.combobox``."""
    return offered_regions(await places.regions())


def offered_regions(tree: RegionTree) -> list[dict[str, str]]:
    """The same from a tree that one has."""
    return [{"value": tree.label(r.code), "label": r.code} for r in tree if r.level in OFFERED]


async def region_text(places: Places, code: str | None) -> str:
    """``code`` as the field shows it; ``resolve_region`` understands it again. Empty for None."""
    if code is None:
        return ""
    tree = await places.regions()
    return tree.label(code) if code in tree else code


def _mistake(sentence: str) -> InvalidInput:
    return InvalidInput(sentence, {FIELD: sentence})


def _is_named(tree: RegionTree, region: Region, text: str) -> bool:
    """True when ``text`` is a name of ``region``, with or without names of regions above it, the highest first."""
    rests = [text[: -len(name)] for name in _names(region) if text.endswith(name)]
    if not rests:
        return False
    if "" in rests:
        return True
    body = tree.body_of(region.code)
    above = [tree[code] for code in reversed(tree.path(region.code)[:-1])]
    if body is not None:
        at = next((i for i, each in enumerate(above) if each.level == "district"), len(above))
        above.insert(at, tree[body])
    return any(_consumed(rest, above) for rest in rests)


def _consumed(text: str, above: Sequence[Region]) -> bool:
    """True when ``text`` is made of names of regions in ``above`` (nearest first), each at most once."""
    if not text:
        return True
    return any(
        _consumed(text[: -len(name)], above[at + 1 :])
        for at, region in enumerate(above)
        for name in _names(region)
        if text.endswith(name)
    )


def _names(region: Region) -> Iterator[str]:
    yield region.name
    yield from (alias for alias in region.aliases if alias)
