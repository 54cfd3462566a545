"""What pure rules know of the person who acts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bson import ObjectId


class Role(StrEnum):
    """What a person does here. One person may have several."""

    VIEWER = "viewer"
    EDITOR = "editor"
    PUBLICITY = "publicity"
    OFFICIAL = "official"
    INSPECTOR = "inspector"
    ADMIN = "admin"


class Level(StrEnum):
    """Whose check a verification is: the city's own, or a district's (区级核验)."""

    CITY = "city"
    DISTRICT = "district"


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in user, as rules see one."""

    user_id: ObjectId
    roles: frozenset[Role]
    units: frozenset[ObjectId] = frozenset()
    """Units the person works in and files for."""
    answers_for: frozenset[ObjectId] = frozenset()
    """Units the person answers for without working there (分管)."""
    backs: frozenset[str] = frozenset()
    """Codes of the regions the person stands behind (包挂)."""
    level: Level = Level.CITY

    @property
    def keeps_tables(self) -> bool:
        """Whether the person keeps the tables that everything rests on: regions, units, outlets, feeds."""
        return self.has(Role.ADMIN)

    def has(self, *roles: Role) -> bool:
        """True with any of ``roles``."""
        return not self.roles.isdisjoint(roles)
