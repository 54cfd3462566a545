"""The events of a problem as an inspector can check them: one canonical text each, and a chain of digests over them. Pure.

The recipe, which every dossier prints: a *record* is the event as JSON (RFC 8259), its keys in order, without spaces, in ASCII
(everything else as ``\\uXXXX``), moments in UTC to the millisecond, ids in hexadecimal. The digest of a record is the SHA-256 of
the digest before it (for the first record 64 zeros), a line feed, and the record. So the last digest stands for the whole
history: whoever leaves out, adds or changes an event changes it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

from bson import ObjectId

START = "0" * 64
"""What stands in the place of a digest before the first record."""
SECRET = frozenset({"drawn"})
"""What an event knows and no record tells: a unit must not learn from a dossier that its closing was drawn for a re-check."""


class Recorded(Protocol):
    """What a record tells of an event; a stored ``Event`` has it. The request it came with is left out: it is no fact."""

    @property
    def id(self) -> ObjectId: ...
    @property
    def entity_id(self) -> ObjectId: ...
    @property
    def seq(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def schema(self) -> int: ...
    @property
    def actor(self) -> ObjectId | None: ...
    @property
    def acting_unit(self) -> ObjectId | None: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def payload(self) -> Mapping[str, object]: ...


@dataclass(frozen=True, slots=True)
class Link:
    """One event in the chain."""

    seq: int
    record: str
    digest: str
    """SHA-256 in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of recomputing a chain: how many links it has, and the number of the first that is wrong (from 1; None: none)."""

    links: int
    wrong: int | None


def record_of(event: Recorded) -> str:
    """The canonical text of ``event``."""
    return canonical(
        {
            "id": event.id,
            "problem": event.entity_id,
            "seq": event.seq,
            "type": str(event.type),
            "schema": event.schema,
            "actor": event.actor,
            "acting_unit": event.acting_unit,
            "occurred_at": event.occurred_at,
            "recorded_at": event.recorded_at,
            "payload": {name: value for name, value in event.payload.items() if name not in SECRET},
        }
    )


def canonical(value: object) -> str:
    """``value`` as canonical JSON. Raises ``TypeError`` for what has no canonical form."""
    return json.dumps(_plain(value), ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)


def chain(events: Iterable[Recorded]) -> list[Link]:
    """The chain over ``events``, all of one problem and in order."""
    links: list[Link] = []
    before = START
    for event in events:
        record = record_of(event)
        before = digest(before, record)
        links.append(Link(event.seq, record, before))
    return links


def digest(before: str, record: str) -> str:
    """The digest of ``record`` behind the digest ``before``."""
    return hashlib.sha256(f"{before}\n{record}".encode()).hexdigest()


def text_digest(text: str) -> str:
    """SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def check(links: Sequence[tuple[str, str]]) -> Checked:
    """Recompute a chain of (record, digest) as a document gives them."""
    before = START
    for number, (record, given) in enumerate(links, start=1):
        before = digest(before, record)
        if before != given:
            return Checked(len(links), number)
    return Checked(len(links), None)


def _plain(value: object) -> object:
    match value:
        case ObjectId():
            return str(value)
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
        case date():
            return value.isoformat()
        case bytes():
            return value.hex()
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case set() | frozenset():
            return sorted(str(_plain(each)) for each in value)
        case None | bool() | int() | float():
            return value
        case str():
            return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")
