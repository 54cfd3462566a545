"""Regions by official code, and the bodies that administer some of them.

A code says where a place *lies*; a body may *administer* it from elsewhere (a high-tech zone runs a subdistrict whose code lies
in a neighbouring district). Figures count by administering body, so it is a district of its own here, with a made-up code.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal, get_args

from media_tracker.errors import N_, InvalidInput, NotFound

Level = Literal["city", "district", "subdistrict", "community"]
LEVELS: tuple[Level, ...] = get_args(Level)


@dataclass(frozen=True, slots=True)
class Region:
    """One place of the hierarchy. ``administered_by`` is the code of the body that counts it, if not its own district."""

    code: str
    name: str
    level: Level
    parent: str | None
    aliases: tuple[str, ...] = ()
    administered_by: str | None = None


class RegionTree:
    """Regions and how they hang together. Every code that is asked for must be known, else ``NotFound``."""

    def __init__(self, regions: Iterable[Region]) -> None:
        self._regions = {region.code: region for region in regions}
        self._children: dict[str | None, list[str]] = {}
        for region in self._regions.values():
            for other in (region.parent, region.administered_by):
                if other is not None and other not in self._regions:
                    raise InvalidInput(
                        N_("Region {code} refers to {other}, which is not in the table."),
                        code=region.code,
                        other=other,
                    )
            self._children.setdefault(region.parent, []).append(region.code)
        self._paths = {code: self._climb(code) for code in self._regions}

    def __iter__(self) -> Iterator[Region]:
        return iter(self._regions.values())

    def __len__(self) -> int:
        return len(self._regions)

    def __contains__(self, code: object) -> bool:
        return code in self._regions

    def __getitem__(self, code: str) -> Region:
        try:
            return self._regions[code]
        except KeyError:
            raise NotFound(N_("There is no region with the code {code}."), code=code) from None

    def path(self, code: str) -> tuple[str, ...]:
        """Codes from the top (a city) down to ``code``, as the official code has it."""
        return self._paths[self[code].code]

    def children(self, code: str | None) -> tuple[Region, ...]:
        """Regions directly under ``code`` by official code; with None, those without a parent."""
        return tuple(self._regions[child] for child in self._children.get(code, ()))

    def body_of(self, code: str) -> str | None:
        """The body that administers ``code`` or a region above it, though its code lies elsewhere."""
        bodies = (self._regions[step].administered_by for step in reversed(self.path(code)))
        return next((body for body in bodies if body is not None), None)

    def district_for_counting(self, code: str) -> str | None:
        """The district that counts ``code``: the administering body, else the district of the path; a city has none."""
        return self.body_of(code) or next(
            (step for step in self.path(code) if self._regions[step].level == "district"), None
        )

    def names(self, code: str) -> dict[Level, str]:
        """Level → name from the city down, with the district that counts it in its place."""
        named = {self._regions[step].level: self._regions[step].name for step in self.path(code)}
        district = self.district_for_counting(code)
        if district is not None:
            named["district"] = self._regions[district].name
        return named

    def label(self, code: str) -> str:
        """Name as written in running text, without the city unless it is the city: 高新区四宝山街道."""
        named = self.names(code)
        return "".join(name for level, name in named.items() if level != "city") or named["city"]

    def covers(self, above: str, code: str) -> bool:
        """Whether ``above`` is ``code``, lies over it, or administers it."""
        return above in self.path(code) or above == self.body_of(code)

    def _climb(self, code: str) -> tuple[str, ...]:
        steps = [code]
        while (parent := self._regions[steps[-1]].parent) is not None:
            if parent in steps:
                raise InvalidInput(N_("Region {code} lies in itself."), code=code)
            steps.append(parent)
        return tuple(reversed(steps))


def read_regions(directory: Path | None = None) -> RegionTree:
    """Read ``regions.csv`` and ``administering.csv`` from ``directory``, or the tables that are shipped.

    Raises ``InvalidInput`` for an unknown level, or for a code that refers to none.
    """
    source: Traversable = directory if directory is not None else resources.files(__package__) / "data"
    regions = {row["code"]: _region(row) for row in rows_of(source / "regions.csv")}
    for row in rows_of(source / "administering.csv"):
        body = _region({**row, "level": "district"})
        regions.setdefault(body.code, body)
        administered = regions.get(row["subdistrict"])
        if administered is None:
            raise InvalidInput(
                N_("Region {code} refers to {other}, which is not in the table."),
                code=body.code,
                other=row["subdistrict"],
            )
        regions[administered.code] = replace(administered, administered_by=body.code)
    return RegionTree(regions.values())


def rows_of(table: Traversable) -> Iterator[dict[str, str]]:
    """Rows of a CSV file (UTF-8, with or without a byte order mark), missing cells as empty strings."""
    for row in csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"), newline=""), restval=""):
        yield {key: value.strip() for key, value in row.items() if key is not None}


def _region(row: dict[str, str]) -> Region:
    if row["level"] not in LEVELS or not row["code"] or not row["name"]:
        raise InvalidInput(N_("Region {code} has no name, or a level that is none."), code=row["code"])
    return Region(
        code=row["code"],
        name=row["name"],
        level=row["level"],
        parent=row["parent"] or None,
        aliases=tuple(alias for alias in row["aliases"].split(";") if alias),
    )
