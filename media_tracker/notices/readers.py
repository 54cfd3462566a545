"""Who is told, and who may still read what they were told. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.notices.kinds import ROLES, RULES, Audience, NoticeKind
from media_tracker.problems.case import Case


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an open account, as far as notices go."""

    id: ObjectId
    roles: frozenset[Role]
    units: frozenset[ObjectId] = frozenset()
    answers_for: frozenset[ObjectId] = frozenset()
    has_address: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """One notice for one person."""

    kind: NoticeKind
    person: Person


def told(kind: NoticeKind, case: Case, people: Sequence[Person], actor: ObjectId | None) -> list[Told]:
    """Everybody who is to be told ``kind`` of ``case``, without ``actor``, who did it.

    A unit's notices go to its officials; where it has none, to the officials who answer for it. Where there are none either, an
    assignment reaches nobody: the office is told that instead. A look-back is not told to inspectors of the unit itself: others
    go there, and the unit must not learn that its closing was drawn.
    """
    audience = RULES[kind].audience
    found: dict[ObjectId, Told] = {}
    others = [each for each in people if kind is not NoticeKind.LOOK_BACK_DUE or not _is_theirs(case, each)]
    for role in ROLES[audience] - {Role.OFFICIAL}:
        found |= {each.id: Told(kind, each) for each in others if role in each.roles}
    if audience in (Audience.UNIT, Audience.OFFICE_AND_UNIT):
        units = [unit for unit in (case.unit_id, *case.co_unit_ids) if unit is not None]
        for unit in dict.fromkeys(units):
            officials = officials_of(unit, people)
            found |= {each.id: Told(kind, each) for each in officials}
            if not officials and kind is NoticeKind.ASSIGNED:
                office = ROLES[RULES[NoticeKind.UNREACHED].audience]
                unreached = [Told(NoticeKind.UNREACHED, each) for each in people if each.roles & office]
                found = {each.person.id: each for each in unreached} | found
    return [each for each in found.values() if each.person.id != actor]


def _is_theirs(case: Case, person: Person) -> bool:
    """Whether ``person`` belongs to the unit in charge or a co-handler, or answers for one."""
    return not (person.units | person.answers_for).isdisjoint({case.unit_id, *case.co_unit_ids})


def officials_of(unit: ObjectId, people: Sequence[Person]) -> list[Person]:
    """The officials of ``unit``, or, where it has none, those who answer for it (分管)."""
    officials = [each for each in people if Role.OFFICIAL in each.roles]
    own = [each for each in officials if unit in each.units]
    return own or [each for each in officials if unit in each.answers_for]


def may_read(kind: NoticeKind, actor: Actor, case: Case | None) -> bool:
    """Whether a notice still says anything to ``actor``: they have the role for it, and for a unit's, still belong to it.

    ``case`` of None: the notice is about no single problem.
    """
    audience = RULES[kind].audience
    roles = ROLES[audience]
    if not actor.has(*roles):
        return False
    if case is None or actor.has(*(roles - {Role.OFFICIAL})):
        return True
    involved = {case.unit_id, *case.co_unit_ids, *case.former_unit_ids, *(each.unit_id for each in case.rounds)}
    return bool((actor.units | actor.answers_for) & involved)
