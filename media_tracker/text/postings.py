"""Which words stand in which stories, kept so that thousands of words cost one write. Pure.

An index entry per word and story is what costs most of storing a story: its 350 words are 350 places in a tree. So the words of
the stories that are stored together make one *leaf*: word → the stories' places in it, a byte each. Leaves that have piled up are
*bound* into a volume of ``BUCKETS`` pages by a checksum of the word, so that looking a word up reads one page of each volume.

Leaves and pages are used as documents of MongoDB, with a field per word; a word is escaped where a field's name could not be one.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from zlib import crc32

BUCKETS = 256
MOST_IN_LEAF = 255
"""Stories; a place in a leaf is one byte."""
MOST_IN_VOLUME = 65_535
"""Stories; a place in a volume is two bytes."""
MOST_BYTES = 6_000_000
"""Of a leaf or page, roughly; a document of MongoDB holds 16 MB."""
_FIELD_BYTES = 12
"""What a field costs beside its name."""

Places = Mapping[str, bytes]
"""Word, escaped → places."""


def field_of(word: str) -> str:
    """``word`` as the name of a field. Words are normalised (NFKC), so that no other word has this name."""
    return word.replace(".", "．").replace("$", "＄")


def bucket_of(field: str) -> int:
    """The page that a word stands on, from 0."""
    return crc32(field.encode()) % BUCKETS


def leaves(texts: Sequence[Sequence[str]]) -> Iterator[tuple[int, int, Places]]:
    """The words of ``texts`` as leaves, each with the texts that it is of, from and to: one, unless it would grow too large."""
    start = 0
    while start < len(texts):
        places: defaultdict[str, bytearray] = defaultdict(bytearray)
        end, room = start, MOST_BYTES
        while end < len(texts) and end - start < MOST_IN_LEAF and room > 0:
            for word in texts[end]:
                places[word].append(end - start)
            room -= 3 * sum(map(len, texts[end])) + _FIELD_BYTES * len(texts[end])
            end += 1
        yield start, end, {field_of(word): bytes(found) for word, found in places.items()}
        start = end


def bound(bundle: Iterable[tuple[int, Places]]) -> Iterator[tuple[int, Places]]:
    """The pages of a volume of leaves, each given as the number of its stories and its words: bucket, and words → places.

    Places in a volume count on from leaf to leaf. A bucket that would grow too large comes as several pages.
    """
    places: defaultdict[str, array[int]] = defaultdict(_places)
    start = 0
    for stories, words in bundle:
        for field, found in words.items():
            if len(found) == 1:  # most are
                places[field].append(start + found[0])
            else:
                places[field].extend([start + place for place in found])
        start += stories
    pages: list[dict[str, array[int]]] = [{} for _ in range(BUCKETS)]
    for field, all_places in places.items():
        pages[bucket_of(field)][field] = all_places
    for bucket, page in enumerate(pages):
        for part in _parts(page):
            yield bucket, part


def places_in_leaf(found: bytes) -> set[int]:
    """The places that a leaf has for a word."""
    return set(found)


def places_in_volume(found: bytes) -> set[int]:
    """The places that a page has for a word."""
    places = _places()
    places.frombytes(found)
    return set(places)


def _places() -> array[int]:
    return array("H")


def _parts(page: Mapping[str, array[int]]) -> Iterator[Places]:
    part: dict[str, bytes] = {}
    room = MOST_BYTES
    for field, places in page.items():
        room -= 3 * len(field) + 2 * len(places) + _FIELD_BYTES
        if room < 0 and part:
            yield part
            part, room = {}, MOST_BYTES
        part[field] = places.tobytes()
    if part:
        yield part
