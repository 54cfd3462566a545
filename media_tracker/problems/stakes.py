"""In which problems somebody has a stake, as what a list leaves out: the rule of ``independence`` the other way round. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bson import ObjectId

from media_tracker.accounts.actor import Actor
from media_tracker.places.responsibility import Backing, Relation
from media_tracker.problems.independence import Ancestors


@dataclass(frozen=True, slots=True)
class Dependent:
    """In what somebody has a stake, as ``independence`` has it: they may not verify it."""

    user_id: ObjectId
    units: frozenset[ObjectId] = frozenset()
    places: frozenset[str] = frozenset()


def dependent(actor: Actor, ancestors: Ancestors, backings: Iterable[Backing]) -> Dependent:
    """What ``actor`` may not verify: that of their units, of units above and below these, and in places they stand behind.

    ``backings``: who stands behind what today. A problem is left out exactly where ``dependences`` names a reason.
    """
    own = actor.units | actor.answers_for
    below = {unit for unit, above in ancestors.items() if not own.isdisjoint(above)}
    above = {unit for mine in own for unit in ancestors.get(mine, ())}
    table = {
        row.region
        for row in backings
        if row.region is not None
        and ((row.relation is Relation.LEADER and row.user_id == actor.user_id) or row.unit_id in own)
    }
    return Dependent(actor.user_id, frozenset(own | below | above), frozenset(actor.backs | table))


def has_stake(of: Dependent, parties: Iterable[ObjectId], claimants: Iterable[ObjectId], places: Iterable[str]) -> bool:
    """Whether a problem with these parties, claimants and places is left out; what the list asks of the database."""
    return of.user_id in set(claimants) or not of.units.isdisjoint(parties) or not of.places.isdisjoint(places)
