"""Who may change the tables of regions and units. Pure."""

from __future__ import annotations

from typing import Protocol

from media_tracker.errors import N_, Forbidden


class Keeper(Protocol):
    """Who asks for a change, as far as this room needs to know; ``accounts.actor.Actor`` is one."""

    @property
    def keeps_tables(self) -> bool: ...


def check_keeper(by: Keeper | None) -> None:
    """Accept ``by`` as somebody who keeps the tables; None is the program itself (migrations, samples). Else ``Forbidden``."""
    if by is not None and not by.keeps_tables:
        raise Forbidden(N_("Only an admin may change regions and units."))
