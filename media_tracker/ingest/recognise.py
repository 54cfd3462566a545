"""Which stored story is each entry? Pure: entries and stored stories go in, pairs come out; one story answers one entry only.

A feed's own stories are found by key (:func:`by_keys`). What an entry is keyed by depends on which other entries stand beside it
(``identity.identity_key``), so a story is looked for under every key that its entry may ever have had. The stories of one outlet
that came in by different ways, by hand and by feed, are found by their link (:func:`by_link`), and so are those of a feed that
has dropped its guids (:func:`by_lone_link`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, Protocol

from media_tracker.ingest.handed import identifying_link
from media_tracker.ingest.identity import folded, link_key, same_page, same_title

Stored = dict[str, Any]
"""A stored story, or as much of it as is asked for here: ``_id``, ``key``, ``url``, ``link``, ``title``."""


class Entry(Protocol):
    """What is asked of an entry; :class:`media_tracker.ingest.prepare.Prepared` has it."""

    @property
    def key(self) -> str: ...
    @property
    def other_keys(self) -> tuple[str, ...]: ...
    @property
    def url(self) -> str: ...
    @property
    def title(self) -> str: ...


def by_keys(entries: Sequence[Entry], stored: Mapping[str, Stored]) -> dict[str, Stored]:
    """The story of each of ``entries`` that has one, by the entry's key; ``stored`` is a feed's stories by theirs.

    Who agrees most is matched first. So a story whose neighbour has left is found under the key that it had beside it, though
    its neighbour may stand under the key that it has now.
    """
    linked = Counter(link_key(entry.url) for entry in entries)
    pairs: list[tuple[tuple[bool, bool, bool], str, Stored]] = []
    for entry in entries:
        for key in (entry.key, *entry.other_keys):
            row = stored.get(key)
            if row is not None:
                agreement = _agreement(entry, key, row, shared=linked[link_key(entry.url)] > 1)
                pairs += [(agreement, entry.key, row)] if agreement else []
    pairs.sort(key=lambda pair: pair[0], reverse=True)
    return _each_once((key, row) for _, key, row in pairs)


def by_link(
    strangers: Iterable[Entry], entries: Iterable[Entry], rows: Sequence[Stored], own: Container[object] = ()
) -> dict[str, Stored]:
    """The story that each of ``strangers``, out of ``entries``, shares its link with, by the entry's key.

    Where several of ``entries`` or of ``rows`` have one link, it does not tell which one is meant: then the title has to be the
    same too. Rows of the feeds ``own`` only count as having the link.
    """
    shared = Counter(identifying_link(entry.url) for entry in entries)
    standing: dict[str, list[Stored]] = defaultdict(list)
    for row in rows:
        standing[row["link"]].append(row)
    pairs = []
    for entry in strangers:
        link = identifying_link(entry.url)
        there = standing[link] if link else []
        alone = shared[link] == 1 and len(there) == 1
        pairs += [
            (entry.key, row)
            for row in there
            if row["feed_id"] not in own and (alone or same_title(entry.title, row["title"]))
        ]
    return _each_once(pairs)


def by_lone_link(entries: Iterable[Entry], rows: Sequence[Stored], taken: Container[object]) -> dict[str, Stored]:
    """The feed's story that each of ``entries`` alone shares its link with, by the entry's key: its feed has dropped its guids.

    Only entries that nothing but their link identifies are looked at. Where a guid is another one now, it is another story: of
    a page that shows each day's weather, say. Rows that are ``taken`` answer another entry.
    """
    standing: dict[str, list[Stored]] = defaultdict(list)
    for row in rows:
        standing[row["link"]].append(row)
    found = {}
    for entry in entries:
        link = identifying_link(entry.url)
        there = standing[link] if link and entry.key == link_key(entry.url) else []
        if len(there) == 1 and there[0]["_id"] not in taken:
            found[entry.key] = there[0]
    return found


def says_no_more(text: str, stored_text: str) -> bool:
    """Whether ``text`` is no more than a part of ``stored_text``: a summary cut out of it, or nothing at all."""
    part, whole = folded(text).rstrip("…."), folded(stored_text)
    return len(part) < len(whole) and part in whole


def _agreement(entry: Entry, key: str, row: Stored, *, shared: bool) -> tuple[bool, bool, bool] | None:
    """How much speaks for ``row``, which stands under ``key``: link, title, and whether the entry has that key today.

    None if too little does: under another key than today's the link must be the same, and where the link does not tell
    stories apart, as it is shared, missing or all that there is, the title too.
    """
    own, title = key == entry.key, same_title(entry.title, row["title"])
    page = same_page(entry.url, row["url"])
    link = link_key(entry.url)
    telling = bool(link) and not shared and key != link
    if not own and not (page and (title or telling)):
        return None
    return page, title, own


def _each_once(pairs: Iterable[tuple[str, Stored]]) -> dict[str, Stored]:
    """The first pair of each entry and of each story."""
    found: dict[str, Stored] = {}
    taken: set[object] = set()
    for key, row in pairs:
        if key not in found and row["_id"] not in taken:
            found[key] = row
            taken.add(row["_id"])
    return found
