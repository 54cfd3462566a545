"""The starting table of problem categories, read from ``data/categories.csv``.

Top classes have one digit and no limit; sub-classes have three digits, the first of which is their parent's.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal, cast

from media_tracker.errors import N_, InvalidInput

LimitUnit = Literal["workday", "hour"]

COLUMNS = ("code", "parent", "name_zh", "name_en", "usual_unit_zh", "limit", "limit_unit", "danger")


@dataclass(frozen=True, slots=True)
class Category:
    """One class of problems.

    ``limit`` is the default time to remedy, in ``limit_unit``; a top class has neither. ``danger`` marks classes whose
    clock runs in calendar hours because people may be hurt meanwhile, so that interim protection comes first.
    """

    code: str
    parent: str | None
    name_zh: str
    name_en: str
    usual_unit_zh: str
    limit: int | None
    limit_unit: LimitUnit | None
    danger: bool
    active: bool = True
    """One that is no longer in use keeps what is in it, and is not offered for anything new."""


def read_categories(path: Path | None = None) -> tuple[Category, ...]:
    """Read the categories in ``path`` (CSV, UTF-8, header as ``COLUMNS``), or the table that is shipped.

    Parents come before their children whatever the file's order. Raises ``InvalidInput`` with the line number for a
    missing column, a repeated code, an unknown parent or a bad limit.
    """
    source: Traversable = path if path is not None else resources.files(__package__) / "data" / "categories.csv"
    reader = csv.DictReader(io.StringIO(source.read_text(encoding="utf-8-sig"), newline=""))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
    if missing:
        raise InvalidInput(N_("The table of categories lacks the column {column}."), column=", ".join(missing))
    found: dict[str, Category] = {}
    for row in reader:
        category = _category(row, reader.line_num)
        if category.code in found:
            raise _bad_line(reader.line_num)
        found[category.code] = category
    for category in found.values():
        if category.parent is not None and category.parent not in found:
            raise InvalidInput(N_("Category {code} names a parent that is not in the table."), code=category.code)
    return tuple(sorted(found.values(), key=lambda category: (category.parent is not None, category.code)))


def _category(row: Mapping[str, str | None], line: int) -> Category:
    value = {name: (row.get(name) or "").strip() for name in COLUMNS}
    limited = bool(value["limit"])
    if (
        not value["code"]
        or not value["name_zh"]
        or value["limit_unit"] not in (("workday", "hour") if limited else ("",))
        or (limited and (not value["limit"].isascii() or not value["limit"].isdigit() or int(value["limit"]) == 0))
        or value["danger"] not in ("", "yes")
    ):
        raise _bad_line(line)
    return Category(
        code=value["code"],
        parent=value["parent"] or None,
        name_zh=value["name_zh"],
        name_en=value["name_en"],
        usual_unit_zh=value["usual_unit_zh"],
        limit=int(value["limit"]) if limited else None,
        limit_unit=cast(LimitUnit, value["limit_unit"]) if limited else None,
        danger=value["danger"] == "yes",
    )


def _bad_line(line: int) -> InvalidInput:
    return InvalidInput(N_("Line {line} of the table of categories cannot be read."), line=line)
