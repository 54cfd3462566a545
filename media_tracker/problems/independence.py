"""Who may not verify: the rule of independence (DESIGN §3), pure.

Independent is somebody who is not the claimant, did not release the claim, is not of the unit that did the work, its co-handlers,
their superiors or subordinates, does not answer for any of these, and does not stand behind the place (包挂): neither as its
leader, nor in a civilised unit that does or answering for one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bson import ObjectId

from media_tracker.accounts.actor import Actor
from media_tracker.errors import N_
from media_tracker.places.responsibility import NOBODY, Backers
from media_tracker.problems.case import Case

Ancestors = Mapping[ObjectId, Sequence[ObjectId]]
"""For each unit the units above it, nearest first."""


class Dependence(StrEnum):
    """Why somebody is not independent of a problem's remediation."""

    CLAIMANT = "claimant"
    REVIEWER = "reviewer"
    OWN_UNIT = "own_unit"
    SUPERIOR = "superior"
    SUBORDINATE = "subordinate"
    ANSWERS_FOR = "answers_for"
    BACKS_PLACE = "backs_place"
    UNIT_BACKS_PLACE = "unit_backs_place"


SENTENCES: dict[Dependence, str] = {
    Dependence.CLAIMANT: N_("You filed this fix yourself."),
    Dependence.REVIEWER: N_("You released the answer of the unit that worked on it."),
    Dependence.OWN_UNIT: N_("Your unit worked on this problem."),
    Dependence.SUPERIOR: N_("Your unit is above the unit that worked on it."),
    Dependence.SUBORDINATE: N_("Your unit is below the unit that worked on it."),
    Dependence.ANSWERS_FOR: N_("You answer for the unit that worked on it."),
    Dependence.BACKS_PLACE: N_("You stand behind the place where the problem is."),
    Dependence.UNIT_BACKS_PLACE: N_("Your unit stands behind the place where the problem is."),
}


@dataclass(frozen=True, slots=True)
class Parties:
    """Everybody who has a stake in a problem being called solved."""

    claimants: frozenset[ObjectId]
    """Who filed an answer, or put evidence of the work on record."""
    reviewers: frozenset[ObjectId]
    """Who let an answer of the unit go out (单位内审)."""
    units: frozenset[ObjectId]
    place: frozenset[str]
    """Codes of the regions that the place lies in, and of the body that administers it."""
    backers: Backers = NOBODY
    """Who stands behind the place by the table."""


def parties(case: Case, region_path: Sequence[str], backers: Backers = NOBODY) -> Parties:
    """The parties of ``case``. Every round counts: who worked on an earlier one has a stake in this one too."""
    units: set[ObjectId] = set(case.co_unit_ids)
    claims = [each.claim for each in case.rounds if each.claim is not None]
    if case.unit_id is not None:
        units.add(case.unit_id)
    for each in case.rounds:
        units.update(each.co_unit_ids)
        if each.unit_id is not None:
            units.add(each.unit_id)
    for other in case.taken_over:
        units.update(other.unit_ids)
    claimants = frozenset(claim.by for claim in claims if claim.by is not None)
    claimants |= {put.by for each in case.rounds for put in each.additions if put.by is not None}
    claimants |= {put.by for put in (*case.earlier_protected, case.protected) if put is not None and put.by is not None}
    claimants |= {person for other in case.taken_over for person in other.claimants}
    reviewers = frozenset(claim.reviewed_by for claim in claims if claim.reviewed_by is not None)
    return Parties(claimants, reviewers, frozenset(units), frozenset(region_path), backers)


def dependences(actor: Actor, of: Parties, ancestors: Ancestors) -> tuple[Dependence, ...]:
    """Every reason why ``actor`` is not independent of ``of``; empty when they are."""
    above = {unit for party in of.units for unit in ancestors.get(party, ())}
    actors_above = {unit for own in actor.units for unit in ancestors.get(own, ())}
    answered = set(actor.answers_for)
    answered_above = {unit for own in actor.answers_for for unit in ancestors.get(own, ())}
    tests = {
        Dependence.CLAIMANT: actor.user_id in of.claimants,
        Dependence.REVIEWER: actor.user_id in of.reviewers,
        Dependence.OWN_UNIT: not actor.units.isdisjoint(of.units),
        Dependence.SUPERIOR: not actor.units.isdisjoint(above),
        Dependence.SUBORDINATE: not actors_above.isdisjoint(of.units),
        # Who answers for a unit answers for those below it, and has a stake in the one above it.
        Dependence.ANSWERS_FOR: not answered.isdisjoint(of.units | above) or not answered_above.isdisjoint(of.units),
        Dependence.BACKS_PLACE: not actor.backs.isdisjoint(of.place) or actor.user_id in of.backers.users,
        Dependence.UNIT_BACKS_PLACE: not (actor.units | actor.answers_for).isdisjoint(of.backers.units),
    }
    return tuple(reason for reason, holds in tests.items() if holds)
