"""Who may change outlets, feeds and projects. None is the program itself: the command line, samples. Pure."""

from __future__ import annotations

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import N_, Forbidden


def check_keeper(by: Actor | None) -> None:
    """Accept ``by`` as somebody who keeps outlets and feeds; else ``Forbidden``."""
    if by is not None and not by.keeps_tables:
        raise Forbidden(N_("Only an admin may change outlets and feeds."))


def check_project_keeper(by: Actor | None) -> None:
    """Accept ``by`` as somebody who writes down what outlets have committed to; else ``Forbidden``."""
    if by is not None and not by.has(Role.PUBLICITY, Role.ADMIN):
        raise Forbidden(N_("Only publicity staff or an admin may add projects."))
