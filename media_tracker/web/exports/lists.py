"""What can leave as a file: every list and every table of figures, by name, with its filters as its page's address spells them.

A list is opened for a person: what they may not see on a page does not stand in their file either.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import N_, Forbidden, NotFound
from media_tracker.web.exports.figure_lists import open_breakdown, open_figure, open_figures
from media_tracker.web.exports.opened import Asking, Opened
from media_tracker.web.exports.record_lists import (
    open_audit,
    open_deeds,
    open_look_backs,
    open_outlets,
    open_problems,
    open_stories,
)

EVERYBODY = frozenset(Role)


@dataclass(frozen=True, slots=True)
class ListKind:
    """A list that can be opened. ``dated``: it is of a period, given by ``from`` and ``to``."""

    name: str
    title: str
    roles: frozenset[Role]
    open: Callable[[Asking], Awaitable[Opened]]
    dated: bool = False


LISTS: Mapping[str, ListKind] = {
    each.name: each
    for each in (
        ListKind("figures", N_("The figures"), EVERYBODY, open_figures, dated=True),
        ListKind("breakdown", N_("Figures broken down"), EVERYBODY, open_breakdown, dated=True),
        ListKind("figure", N_("The list behind a figure"), EVERYBODY, open_figure, dated=True),
        ListKind("problems", N_("Problems"), EVERYBODY, open_problems),
        ListKind("stories", N_("Stories"), EVERYBODY, open_stories),
        ListKind("deeds", N_("Good deeds"), EVERYBODY, open_deeds),
        ListKind("outlets", N_("Outlets"), EVERYBODY, open_outlets),
        ListKind("look-backs", N_("Look-backs"), frozenset({Role.INSPECTOR, Role.PUBLICITY}), open_look_backs),
        ListKind("audit", N_("Audit trail"), frozenset({Role.ADMIN}), open_audit),
    )
}
"""By the name that addresses give them."""


async def open_list(name: str, asking: Asking) -> Opened:
    """The list called ``name``, as the person who asks may see it.

    Raises:
        NotFound: there is no such list. Forbidden: it is not for them.
        InvalidInput: days or filters that are none.
    """
    return await kind_of(name, asking.actor).open(asking)


def kind_of(name: str, actor: Actor) -> ListKind:
    """The kind of a list, if it is for ``actor``; raises as ``open_list``."""
    kind = LISTS.get(name)
    if kind is None:
        raise NotFound(N_("There is nothing at this address."))
    if not actor.has(*kind.roles):
        raise Forbidden(N_("Your role does not allow this."))
    return kind
