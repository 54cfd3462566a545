"""When are two entries the same story of the same feed? Pure.

The chain is miniflux's (``internal/reader/rss/adapter.go``): the guid; the guid with the link, where the feed gives one guid to
several entries; the link; title and content. It is carried on where that chain would lose a story: a link that several entries
share (every item pointing at the home page) does not identify one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from functools import lru_cache
from hashlib import sha256
from typing import Protocol
from urllib.parse import urlsplit

# utm_*: Urchin/Google Analytics; spm: Alibaba's super position model; share_*, from, isappinstalled, scene, chksm, srcid,
# sharer_*: WeChat's and the portals' share links; *clid, igshid, mc_*: click identifiers of advertisers and newsletters.
_TRACKING = re.compile(
    r"(?:utm_.*|spm|scm|from|isappinstalled|share_.*|sharer_.*|share|shareid|scene|srcid|chksm|nsukey|wxshare.*"
    r"|fbclid|gclid|dclid|msclkid|yclid|twclid|igshid|mc_cid|mc_eid|_hsenc|_hsmi)",
    re.IGNORECASE,
)
_SAME_SITE = ("www.", "m.")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_IGNORED = re.compile(r"[\s\u200b-\u200d\u2060\ufeff]+")


class Identifiable(Protocol):
    """What identity is made of; :class:`media_tracker.ingest.entries.ParsedEntry` has it."""

    @property
    def guid(self) -> str | None: ...
    @property
    def link(self) -> str | None: ...
    @property
    def title(self) -> str: ...
    @property
    def html(self) -> str: ...


def duplicated_guids(entries: Iterable[Identifiable]) -> frozenset[str]:
    """The guids, and the normalised links, that more than one of a feed's ``entries`` carries."""
    counts: Counter[str] = Counter()
    for entry in entries:
        counts.update({normalise_guid(entry.guid)} if entry.guid else ())
        counts.update({normalise_url(entry.link)} if entry.link else ())
    return frozenset(key for key, count in counts.items() if key and count > 1)


def identity_key(entry: Identifiable, duplicated: Collection[str]) -> str:
    """The key under which an entry is the same story each time the feed is read; 64 hexadecimal characters.

    ``duplicated`` is what :func:`duplicated_guids` said of the whole feed. guid → guid and link where the guid repeats → link →
    title and content; the title joins wherever the link repeats too or is missing.
    """
    guid = normalise_guid(entry.guid) if entry.guid else ""
    link = normalise_url(entry.link) if entry.link else ""
    shared_link = not link or link in duplicated
    if guid and guid not in duplicated:
        return _digest("guid", guid)
    if guid:
        return _digest("guid+link", guid, link, folded(entry.title) if shared_link else "")
    if not shared_link:
        return _digest("link", link)
    if link and entry.title:
        return _digest("link+title", link, folded(entry.title))
    return _digest("content", content_hash(entry.title, entry.html))


def other_keys(entry: Identifiable) -> tuple[str, ...]:
    """The keys under which an entry may have been stored when other entries stood beside it in the feed, or it had no guid yet.

    Whether a guid or a link repeats depends on what one fetch happens to hold, so a story must be found again when another
    reading applies today. ``recognise.by_keys`` keeps two stories apart.
    """
    guid = normalise_guid(entry.guid) if entry.guid else ""
    link = normalise_url(entry.link) if entry.link else ""
    title = folded(entry.title)
    keys: list[str] = []
    if guid:
        keys += [_digest("guid+link", guid, link, title), _digest("guid+link", guid, link, ""), _digest("guid", guid)]
    if link:
        keys += [_digest("link+title", link, title), _digest("link", link)]
    return tuple(dict.fromkeys(keys))


def link_key(url: str) -> str:
    """The key of a story that its link alone identifies; "" without a link."""
    return _digest("link", normalise_url(url)) if url else ""


def same_page(one: str, other: str) -> bool:
    """True when both addresses lead to the same page, or there is neither."""
    return normalise_url(one) == normalise_url(other)


def same_title(one: str, other: str) -> bool:
    """True when two titles differ in nothing but white space."""
    return folded(one) == folded(other)


@lru_cache(maxsize=8_192)  # one reading asks several times for each of up to 2,000 links
def normalise_url(url: str) -> str:
    """``url`` for comparison only, as ``//host/path?query``; never ask this address.

    Folded or removed: scheme, ``www.`` and ``m.``, default port, fragment, trailing slash, tracking parameters, the order of
    the others. Query values are compared as they are spelt: they may be percent-encoded GBK. Idempotent.
    """
    text = url.strip()
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return text
    if not host:
        return text
    while prefix := next((p for p in _SAME_SITE if host.startswith(p) and "." in host.removeprefix(p)), None):
        host = host.removeprefix(prefix)
    if ":" in host:
        host = f"[{host}]"
    if port is not None and port not in (_DEFAULT_PORTS.get(parts.scheme), *_ports_of_any(parts.scheme)):
        host = f"{host}:{port}"
    kept = sorted(p for p in parts.query.split("&") if p and not _TRACKING.fullmatch(p.partition("=")[0]))
    path = parts.path.rstrip("/")
    return f"//{host}{path}" + (f"?{'&'.join(kept)}" if kept else "")


def content_hash(title: str, text: str) -> str:
    """A digest of what a story says, the same however its white space is laid out; 64 hexadecimal characters."""
    return _digest("text", folded(title), folded(text))


def _ports_of_any(scheme: str) -> tuple[int, ...]:
    """Both default ports where the scheme is already gone, so that folding twice is folding once."""
    return () if scheme else tuple(_DEFAULT_PORTS.values())


def normalise_guid(guid: str) -> str:
    """A guid is taken as it is, except that one which is an address stays the same when its site moves to https."""
    return "http://" + guid[8:] if guid.startswith("https://") else guid


def folded(text: str) -> str:
    """``text`` without white space, and without signs that nobody sees: for comparison only."""
    return _IGNORED.sub("", text)


def _digest(*parts: str) -> str:
    # Lengths are written before the parts, so that no two lists of parts run together into one text.
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()
