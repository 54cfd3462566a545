"""What a story asks for when its problem is looked for: its words, the days and addresses that it names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.ingest.documents import Story
from media_tracker.ingest.identity import normalise_url
from media_tracker.problems.linking.matching import Wanted, sketch
from media_tracker.problems.linking.rarity import background_weights
from media_tracker.text.backrefs import find_back_references
from media_tracker.text.normalise import normalise

_HREF = re.compile(r"""href=["']?([^"'\s>]{8,500})""")
_ADDRESS = re.compile(r"https?://[^\s<>\"'，。；、）)]{4,500}")
_MOST_ADDRESSES = 20
_LONGEST_TITLE = 300
_LONGEST = 20_000
_LONGEST_HTML = 200_000
"""Characters that are looked at; what comes after them is hardly what the story is about."""


def story_wanted(
    story: Story,
    category_path: Sequence[str],
    region_path: Sequence[str],
    place: str,
    *,
    zone: ZoneInfo,
    linked: frozenset[ObjectId],
) -> Wanted:
    """What ``Problems.candidates`` needs of a story; paths and place are what is decided, or else suggested."""
    title, body = story.title[:_LONGEST_TITLE], story.text[:_LONGEST]
    text = normalise(f"{title}\n{body}").text
    references = find_back_references(text, story.published_at.astimezone(zone).date())
    return Wanted(
        category_path=category_path,
        region_path=region_path,
        place=place,
        at=story.published_at,
        sketch=sketch([(title, 1.0), (body, 1.0)], background_weights()),
        outlet_id=story.outlet_id,
        days=[(each.first, each.last) for each in references],
        linked=linked,
    )


def linked_addresses(html: str, own: str) -> list[str]:
    """The addresses in the first 200,000 characters of ``html``, as stories are found by them, at most twenty; without the
    story's ``own``.
    """
    read = html[:_LONGEST_HTML]
    found = (each.group(at) for pattern, at in ((_HREF, 1), (_ADDRESS, 0)) for each in pattern.finditer(read))
    plain = (each.replace("&amp;", "&") for each in islice(found, _MOST_ADDRESSES * 2))
    links = dict.fromkeys(normalise_url(each) for each in plain)
    return [each for each in links if each and each != normalise_url(own)][:_MOST_ADDRESSES]
