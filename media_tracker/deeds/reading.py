"""Who may read what of a deed that no story tells of any longer. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from media_tracker.accounts.actor import Actor, Role
from media_tracker.deeds.deed import DeedStory


class Told(Protocol):
    """What stories tell of."""

    @property
    def stories(self) -> Sequence[DeedStory]: ...


def stands(deed: Told) -> bool:
    """Whether a story still tells of it."""
    return any(each.withdrawn_at is None for each in deed.stories)


def is_staff(who: Actor | None) -> bool:
    """Whether somebody works on deeds."""
    return who is not None and who.has(Role.EDITOR, Role.PUBLICITY)
