"""Who asks for a list and how, and what comes of it: headings, and rows as they are read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from litestar.datastructures import MultiDict

from media_tracker.accounts.actor import Actor
from media_tracker.monitor.exports import Heading, Value
from media_tracker.web.naming import Names
from media_tracker.wiring import Services

CHUNK = 500
"""So many records are read at a time."""
LONGEST_QUERY = 2_000

Rows = AsyncIterator[Sequence[Sequence[Value]]]
"""Rows, some at a time."""


@dataclass(frozen=True, slots=True)
class Asking:
    """For whom a list is opened, and its filters: the query of an address."""

    room: Services
    names: Names
    actor: Actor
    query: str = ""

    @property
    def pairs(self) -> MultiDict[str]:
        """Names and values of the query."""
        return MultiDict(parse_qsl(self.query[:LONGEST_QUERY], keep_blank_values=True))

    @property
    def values(self) -> Mapping[str, str]:
        """The same, one value of each name."""
        return dict(self.pairs.items())

    @property
    def now(self) -> datetime:
        """This moment on the clocks of the installation."""
        return self.room.clock().astimezone(self.room.settings.zone)

    def say(self, message: str, /, **params: object) -> str:
        """A sentence of ours in the language that is current."""
        return self.names.pages.catalogue.translate(message, None, **params)


@dataclass(frozen=True, slots=True)
class Opened:
    """A list ready to be written. ``total``: how many rows it has; None: nobody has counted. ``filename``: without ending."""

    heading: Heading
    rows: Rows
    total: int | None
    filename: str


def heading(asking: Asking, title: str, labels: Sequence[str], about: Sequence[tuple[str, Value]] = ()) -> Heading:
    """``title``, the labels of the columns and of what is told about the list are translated."""
    return Heading(
        asking.say(title),
        [asking.say(each) for each in labels],
        asking.say("Definition"),
        [(asking.say(label), value) for label, value in about],
    )
