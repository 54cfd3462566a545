"""How a feed is set up: what an admin may change of it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import sha256

from media_tracker.db.connection import Json
from media_tracker.errors import N_, InvalidInput
from media_tracker.outlets.documents import Feed, FeedSource, Platform, Selectors

ENCODINGS = ("utf-8", "gb18030", "big5", "utf-16")
"""What may overrule a feed's own declaration."""


@dataclass(frozen=True, slots=True)
class FeedSetup:
    """The settings of one feed; see :class:`~media_tracker.outlets.documents.Feed` for what they mean."""

    url: str
    title: str
    platform: Platform = Platform.WEB
    column: str = ""
    source: FeedSource = FeedSource.FEED
    selectors: Selectors | None = None
    """Of a page that lists stories; a feed has none."""
    encoding: str | None = None
    ignore_validators: bool = False
    full_text: bool = False

    @staticmethod
    def of(feed: Feed) -> FeedSetup:
        """How ``feed`` is set up now."""
        return FeedSetup(**{each.name: getattr(feed, each.name) for each in fields(FeedSetup)})

    @property
    def mark(self) -> str:
        """A digest of all values: a form carries it, to say what its reader saw."""
        return sha256(json.dumps(self.row(), sort_keys=True).encode()).hexdigest()[:16]

    def row(self) -> Json:
        """The values as they are stored."""
        values: Mapping[str, object] = {each.name: getattr(self, each.name) for each in fields(self)}
        stored = {"platform": self.platform.value, "source": self.source.value}
        return {**values, **stored, "selectors": self.selectors.model_dump() if self.selectors else None}


def check_setup(setup: FeedSetup) -> None:
    """Accept ``setup`` as one that can be read by; ``InvalidInput`` with its fields otherwise."""
    wrong: dict[str, str] = {}
    if setup.source is FeedSource.HAND:
        wrong["source"] = N_("A feed is polled; what is entered by hand has a place of its own.")
    if (setup.source is FeedSource.PAGE) != (setup.selectors is not None):
        wrong["source"] = N_("A page that lists stories is read by CSS selectors, a feed without.")
    if setup.encoding is not None and setup.encoding not in ENCODINGS:
        wrong["encoding"] = N_("Please choose from the list.")
    if wrong:
        raise InvalidInput(N_("Please look at the marked fields."), wrong)
