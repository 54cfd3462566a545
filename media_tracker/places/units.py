"""The tree of responsible units, as a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bson import ObjectId


@dataclass(frozen=True, slots=True)
class Unit:
    """A responsible unit (责任单位)."""

    id: ObjectId
    name: str
    parent: ObjectId | None = None
    region: str | None = None
    aliases: tuple[str, ...] = ()
    active: bool = True
    reviews_answers: bool = False
    """Whether an answer of its goes out only when a second person has released it (单位内审)."""


class UnitTree:
    """Units by id, and who is above whom."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self.by_id: Mapping[ObjectId, Unit] = {unit.id: unit for unit in sorted(units, key=lambda unit: unit.name)}
        self.ancestors: Mapping[ObjectId, tuple[ObjectId, ...]] = {id_: self._climb(id_) for id_ in self.by_id}

    def __iter__(self) -> Iterator[Unit]:
        return iter(self.by_id.values())

    def name(self, unit_id: ObjectId | None) -> str:
        """The unit's name; an empty string for None or an unknown id."""
        unit = self.by_id.get(unit_id) if unit_id is not None else None
        return unit.name if unit else ""

    def reviews_answers(self, unit_id: ObjectId | None) -> bool:
        """Whether the unit has its answers reviewed; no for None and for an unknown id."""
        unit = self.by_id.get(unit_id) if unit_id is not None else None
        return unit is not None and unit.reviews_answers

    def active(self) -> list[Unit]:
        """Units that can be put in charge, by name."""
        return [unit for unit in self if unit.active]

    def _climb(self, start: ObjectId) -> tuple[ObjectId, ...]:
        path: list[ObjectId] = []
        above = self.by_id[start].parent
        while above is not None and above in self.by_id and above not in path and above != start:
            path.append(above)
            above = self.by_id[above].parent
        return tuple(path)
