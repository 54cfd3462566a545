"""Ids as people and addresses spell them."""

from __future__ import annotations

from bson import ObjectId

from media_tracker.errors import N_, NotFound


def parse_id(value: str) -> ObjectId:
    """The id that ``value`` spells.

    Raises:
        NotFound: it spells none, so there is nothing there.
    """
    if not ObjectId.is_valid(value):
        raise NotFound(N_("There is nothing at this address."))
    return ObjectId(value)
