"""Places in a list that is ordered by a moment and then by id, as pages hand them out and get them back. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bson import ObjectId

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_DIGITS = 13


def write_cursor(moment: datetime, last: ObjectId) -> str:
    """The place behind the row ``last``, which stands at ``moment`` (kept to the millisecond, as MongoDB does)."""
    return f"{(moment - _EPOCH) // timedelta(milliseconds=1)}-{last}"


def read_cursor(text: str | None) -> tuple[datetime, ObjectId] | None:
    """The place that ``text`` stands for; None for nothing and for nonsense."""
    milliseconds, _, last = (text or "").partition("-")
    if not (milliseconds.isascii() and milliseconds.isdecimal()) or len(milliseconds) > _MOST_DIGITS:
        return None
    if not ObjectId.is_valid(last):
        return None
    return _EPOCH + timedelta(milliseconds=int(milliseconds)), ObjectId(last)
