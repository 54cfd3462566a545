"""What is already known of a feed is left out before it is parsed, as parsing is what costs. Pure.

A feed is cut into its head (everything outside the entries) and its entries, each exactly as it is written, by Expat: the
parser that feedparser itself uses, set up in the same way, so that both have one idea of what is well-formed, where CDATA
ends and what a prefix means. An entry is left out if it is byte for byte one that was there when the feed was read last,
below the same head: a changed ``xml:base`` or link of the feed changes every link in it.

Whenever that is not certain the whole feed is read: JSON, malformed or with a document type; entries in other places than RSS and
Atom have them, or with something between them; entries after which feedparser would read the next one differently (see
:class:`_Cutter`); and entries that share what identifies them, as identity looks at the whole feed (``ingest/identity.py``).
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from typing import Generic, Protocol, TypeVar
from xml.parsers import expat

from media_tracker.ingest.entries import MAX_ENTRIES
from media_tracker.ingest.identity import Identifiable, normalise_guid, normalise_url

DIGEST_BYTES = 8
"""Of 10⁸ new entries a day in feeds of 2,000, one would be taken for a known one in 300,000 years; and who makes two entries
collide on purpose hides nothing but an edit of their own."""

_MOST_TAGS = 400_000
"""In a document with more tags, cutting alone would take a second; it is not a feed that somebody reads."""

_VERSION = b"\x01"
_RECORD = struct.Struct(f">{DIGEST_BYTES}sII")


@dataclass(frozen=True, slots=True)
class Identity:
    """What identifies an entry, in 32 bits each; 0 if it has none. Two that meet by chance only make us read the whole feed."""

    guid: int
    link: int

    @staticmethod
    def of(entry: Identifiable) -> Identity:
        return Identity(
            _short(normalise_guid(entry.guid) if entry.guid else ""),
            _short(normalise_url(entry.link) if entry.link else ""),
        )


Memory = Mapping[bytes, Identity]
"""The entries that a feed had when it was read: digest → identity."""


def recall(data: bytes) -> dict[bytes, Identity]:
    """What :func:`pack` has packed. Anything else, and what an older version packed, is nothing remembered."""
    records = data[len(_VERSION) :]
    if not data.startswith(_VERSION) or len(records) % _RECORD.size:
        return {}
    return {digest: Identity(guid, link) for digest, guid, link in _RECORD.iter_unpack(records)}


def pack(memory: Memory) -> bytes:
    """``memory`` as bytes, to be stored: 16 for each entry."""
    return _VERSION + b"".join(_RECORD.pack(digest, each.guid, each.link) for digest, each in memory.items())


@dataclass(frozen=True, slots=True)
class Pruned:
    """A feed without the entries that are known."""

    text: str
    digests: tuple[bytes, ...] = ()
    """Of the entries in ``text``, in order. Without any, ``text`` is the whole feed, and nothing is known of its entries."""
    dropped: tuple[bytes, ...] = ()
    """Of the entries that were left out, in order."""


def prune(text: str, known: Collection[bytes], context: str = "") -> Pruned:
    """``text``, a decoded feed, without the entries whose digests are ``known``.

    ``context`` is all else that decides what comes of an entry, such as the feed's address: when it changes, nothing is known.
    Costs about 1 ms for 50 entries of 1,000 characters, where parsing them costs 20.
    """
    if text.count("<") > _MOST_TAGS or "<!ENTITY" in text or _may_be_cut_short(text):
        return Pruned(text)
    data = text.encode("utf-8", "surrogatepass")
    try:
        head, spans = _Cutter(data).cut()
    except (_CannotCut, expat.ExpatError):
        return Pruned(text)
    key = blake2b(head, digest_size=32, key=blake2b(context.encode("utf-8", "surrogatepass")).digest()).digest()
    digests = [blake2b(data[start:end], digest_size=DIGEST_BYTES, key=key).digest() for start, end in spans]
    # An entry that has come to stand there twice is identified differently.
    unchanged = {digest for digest, count in Counter(digests).items() if count == 1 and digest in known}
    if not unchanged:
        return Pruned(text, tuple(digests))
    kept, dropped, pieces, position = [], [], [], 0
    for digest, (start, end) in zip(digests, spans, strict=True):
        if digest in unchanged:
            dropped.append(digest)
            pieces.append(data[position:start])
            position = end
        else:
            kept.append(digest)
    pieces.append(data[position:])
    return Pruned(b"".join(pieces).decode("utf-8", "surrogatepass"), tuple(kept), tuple(dropped))


def _may_be_cut_short(text: str) -> bool:
    """Whether only the first entries of the whole feed would be read: without those that are known, others would be the first."""
    return sum(map(text.count, ("<item", ":item", "<entry", ":entry"))) > MAX_ENTRIES


class Entries(Protocol):
    """A feed that has been read; :class:`media_tracker.ingest.parse.ParsedFeed` is one."""

    @property
    def entries(self) -> Sequence[Identifiable]: ...


FeedT = TypeVar("FeedT", bound=Entries)


@dataclass(frozen=True, slots=True)
class News(Generic[FeedT]):
    """What was read of a feed, what to remember of it, and how many entries were left out because they are known."""

    feed: FeedT
    memory: Memory
    known: int


def read_news(text: str, memory: Memory, read: Callable[[str], FeedT], context: str = "") -> News[FeedT]:
    """Read ``text`` without the entries that are in ``memory``; or the whole of it, where that could make a difference.

    ``read`` makes entries out of a feed's text, one for each, in order. What it raises comes out.
    """
    pruned = prune(text, memory, context)
    feed = read(pruned.text)
    dropped = {digest: memory[digest] for digest in pruned.dropped}
    found = [Identity.of(entry) for entry in feed.entries]
    if dropped and (len(found) != len(pruned.digests) or _meet(found, dropped.values())):
        pruned, dropped = prune(text, (), context), {}
        feed = read(text)
        found = [Identity.of(entry) for entry in feed.entries]
    if len(found) != len(pruned.digests):
        return News(feed, {}, 0)
    alone = _alone(found, dropped.values())
    new = {digest: each for digest, each, single in zip(pruned.digests, found, alone, strict=True) if single}
    return News(feed, {**dropped, **new}, len(pruned.dropped))


def _meet(found: Sequence[Identity], dropped: Collection[Identity]) -> bool:
    """Whether one of ``found`` would be identified differently, or would identify one of ``dropped`` differently, were all there.

    The same link means nothing where both have a guid of their own.
    """
    everything = {token for each in dropped for token in (each.guid, each.link)} - {0}
    identifying = {each.guid or each.link for each in dropped} - {0}
    guids = Counter(each.guid for each in found)
    for each in found:
        has_its_own = each.guid and guids[each.guid] == 1
        if each.guid in everything or each.link in (identifying if has_its_own else everything):
            return True
    return False


def _alone(found: Sequence[Identity], dropped: Iterable[Identity]) -> list[bool]:
    """Which of ``found`` are identified by something that no other entry has: only they may be left out the next time."""
    everything = [*found, *dropped]
    tokens = Counter(token for each in everything for token in (each.guid, each.link) if token)
    # A link that has to tell somebody from somebody else's entry.
    telling = {each.link for each in everything if tokens[each.guid] != 1}
    return [each.link not in telling if tokens[each.guid] == 1 else _is_its_own(each, tokens) for each in found]


def _is_its_own(each: Identity, tokens: Mapping[int, int]) -> bool:
    """Of an entry whose guid does not identify it: whether its link does, or the two have nothing that could be shared."""
    return not each.guid and tokens[each.link] <= 1


def _short(text: str) -> int:
    if not text:
        return 0
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).digest(), "big") or 1


class _CannotCut(Exception):
    """The feed cannot be cut into entries that mean the same without one another."""


_PLACES: Mapping[str, Collection[tuple[str, ...]]] = {
    "item": {("rss", "channel"), ("rdf", "channel"), ("rdf",), ("rss",)},
    "entry": {("feed",)},
}
"""Which elements are entries, and within what."""
_ROOTS = frozenset({"rss", "rdf", "feed"})
_NOT_WITHIN = frozenset({*_PLACES, "channel", "feed"})
_RDF_VERSIONS = frozenset({"http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/"})

_VOLATILE = frozenset({"pubdate", "lastbuilddate", "updated", "modified", "date", "totalresults", "items"})
"""Children of the channel that change whenever an entry does, and say nothing about entries."""
_IN_VOLATILE = frozenset({"seq", "bag", "li"})

_CONTENT = frozenset(
    {
        *("title", "subtitle", "tagline", "rights", "copyright", "description", "abstract", "info", "browserfriendly"),
        *("summary", "content", "encoded", "body", "fullitem"),
    }
)
"""Local names that feedparser reads as content: text, HTML or XHTML."""
_MEDIA_CONTENT = re.compile(r"http://search\.yahoo\.com/mrss/? content", re.IGNORECASE)
"""The one among them that is none."""
_SEPARATOR = " "
"""What feedparser's SAX driver has between a namespace and a name."""


@dataclass(slots=True)
class _Cutter:
    """Finds the entries of one document.

    feedparser carries more from one entry to the next than it should. An entry can only be left out if it has none of that:

    - ``xml:base``, which stays in force after the entry where no element around it has one;
    - prefixes that mean something else elsewhere in the feed: they are never forgotten;
    - content in content (an HTML ``<summary>`` in XHTML, say), after which it has lost count of where it is.
    """

    data: bytes
    spans: list[tuple[int, int]] = field(default_factory=list)
    holes: list[tuple[int, int]] = field(default_factory=list)
    """What does not count in the head: comments, and what is volatile."""
    path: list[str] = field(default_factory=list)
    """Local names of the elements that are open outside entries."""
    depth: int = 0
    """Of elements that are open within an entry, the entry included."""
    content_depth: int = 0
    start: int = 0
    hole: int = -1
    hole_depth: int = 0
    met: dict[str, bool] = field(default_factory=dict)
    """Names met within entries, and whether they are those of content."""
    declared: list[tuple[str | None, str]] = field(default_factory=list)
    """Prefixes and namespaces declared on the element that comes next."""
    uris: dict[str | None, str] = field(default_factory=dict)
    prefixes: dict[str, str | None] = field(default_factory=dict)
    parser: expat.XMLParserType = field(init=False)

    def __post_init__(self) -> None:
        self.parser = expat.ParserCreate("utf-8", _SEPARATOR)
        self.parser.StartNamespaceDeclHandler = self._declare
        self.parser.StartDoctypeDeclHandler = _refuse
        self._outside()

    def cut(self) -> tuple[bytes, list[tuple[int, int]]]:
        """The head without what does not count in it, and where each entry starts and ends, in bytes."""
        self.parser.Parse(self.data, True)
        if not self.spans:
            raise _CannotCut
        first, last = self.spans[0][0], self.spans[-1][1]
        for (_, end), (start, _) in pairwise(self.spans):
            if start != end and self._without_holes(end, start).strip():
                raise _CannotCut
        before, after = self._without_holes(0, first), self._without_holes(last, len(self.data))
        return before.rstrip() + b"\x00" + after.lstrip(), self.spans

    def _without_holes(self, start: int, end: int) -> bytes:
        pieces = []
        for hole_start, hole_end in self.holes:
            if start <= hole_start and hole_end <= end:
                pieces.append(self.data[start:hole_start])
                start = hole_end
        pieces.append(self.data[start:end])
        return b"".join(pieces)

    def _outside(self) -> None:
        """From here on the parser is outside entries."""
        self.parser.StartElementHandler = self._start_outside
        self.parser.EndElementHandler = self._end_outside
        self.parser.CommentHandler = self._comment_outside

    def _start_outside(self, name: str, attributes: dict[str, str]) -> None:
        local = _local(name)
        says_more = bool(self.declared) or _has_base(attributes)
        self._take_declarations(in_head=local not in _PLACES and not self.spans)
        if local in _PLACES:
            self._start_entry(local, attributes)
            return
        if not self.path:
            self._check_root(local)
        elif self.hole >= 0:
            if local not in _IN_VOLATILE or says_more:
                raise _CannotCut
        elif local in _VOLATILE and not says_more and len(self.path) == (1 if self.path[0] == "feed" else 2):
            self.hole, self.hole_depth = self.parser.CurrentByteIndex, len(self.path)
        self.path.append(local)

    def _check_root(self, local: str) -> None:
        # What version a feed is decides how its texts are read; it must not be an entry that says so.
        if local not in _ROOTS or (local == "rdf" and _RDF_VERSIONS.isdisjoint(self.prefixes)):
            raise _CannotCut

    def _end_outside(self, _name: str) -> None:
        self.path.pop()
        if self.hole >= 0 and len(self.path) == self.hole_depth:
            self.holes.append((self.hole, self._tag_end()))
            self.hole = -1

    def _comment_outside(self, _text: str) -> None:
        if self.hole < 0:
            index = self.parser.CurrentByteIndex
            self.holes.append((index, self.data.index(b"-->", index) + 3))

    def _start_entry(self, local: str, attributes: dict[str, str]) -> None:
        if tuple(self.path) not in _PLACES[local] or self.hole >= 0 or _has_base(attributes):
            raise _CannotCut
        self.depth, self.start = 1, self.parser.CurrentByteIndex
        self.parser.StartElementHandler = self._start_within
        self.parser.EndElementHandler = self._end_within
        self.parser.CommentHandler = None

    def _start_within(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.declared:
            self._take_declarations(in_head=False)
        if attributes and _has_base(attributes):
            raise _CannotCut
        is_content = self.met.get(name)
        if is_content is None:
            is_content = self.met[name] = _is_content(name)
        if is_content:
            if self.content_depth:
                raise _CannotCut
            self.content_depth = self.depth

    def _end_within(self, _name: str) -> None:
        self.depth -= 1
        if self.depth < self.content_depth:
            self.content_depth = 0
        if not self.depth:
            self.spans.append((self.start, self._tag_end()))
            self._outside()

    def _tag_end(self) -> int:
        """Where the end tag ends whose event this is; of an empty element the event stands behind it."""
        index = self.parser.CurrentByteIndex
        return self.data.index(b">", index) + 1 if self.data.startswith(b"</", index) else index

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        self.declared.append((prefix, uri or ""))

    def _take_declarations(self, *, in_head: bool) -> None:
        """Prefixes of the head hold everywhere; those of an entry must mean the same in all of them."""
        for prefix, uri in self.declared:
            if in_head:
                self.uris[prefix], self.prefixes[uri] = uri, prefix
            elif prefix is None:
                if self.prefixes.get(uri) is not None:
                    raise _CannotCut
            elif self.uris.setdefault(prefix, uri) != uri or self.prefixes.setdefault(uri, prefix) != prefix:
                raise _CannotCut
        self.declared.clear()


def _local(name: str) -> str:
    return name.rpartition(_SEPARATOR)[2].lower()


def _is_content(name: str) -> bool:
    """Whether feedparser reads the element of that name, within an entry, as content."""
    local = _local(name)
    if local in _NOT_WITHIN:
        raise _CannotCut
    return local in _CONTENT and not _MEDIA_CONTENT.fullmatch(name)


def _has_base(attributes: Mapping[str, str]) -> bool:
    for name in attributes:  # noqa: SIM110 - asked of every tag; a generator costs as much as the rest
        if name[-4:].lower() == "base" and _local(name) == "base":
            return True
    return False


def _refuse(*_: object) -> None:
    raise _CannotCut
