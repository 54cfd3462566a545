"""Good deeds as every page and file shows them: without names that may not be shown."""

from __future__ import annotations

from media_tracker.deeds.documents import GoodDeed
from media_tracker.errors import N_
from media_tracker.web.naming import Names

UNNAMED = N_("(unnamed)")


def shown_title(one: GoodDeed, names: Names) -> str:
    """The title, without a name that may not be shown."""
    return one.without_name(one.title, names.gettext(UNNAMED))


def shown_deed(one: GoodDeed, names: Names) -> str:
    """What was done, without a name that may not be shown."""
    return one.without_name(one.deed, names.gettext(UNNAMED))
