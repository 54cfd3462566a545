"""The clock rules as a table: what is shipped (``data/clocks.csv``), and rows as they are stored. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import cast

from media_tracker.calendar.deadlines import LimitUnit
from media_tracker.problems.case import Severity
from media_tracker.problems.clocks.rules import RULED, ClockKind, ClockRule, Source

COLUMNS = ("clock", "category", "severity", "source", "limit", "unit", "warning_hours")

Row = Mapping[str, str]


@cache
def shipped_rules() -> tuple[ClockRule, ...]:
    """The rules that an installation begins with, in the order of ``in_order``."""
    text = (resources.files(__package__) / "data" / "clocks.csv").read_text(encoding="utf-8")
    return in_order([rule_of(row) for row in csv.DictReader(io.StringIO(text, newline=""))])


def rule_of(row: Row) -> ClockRule:
    """The rule that a row says. ``ValueError`` for one that says none."""
    unit = row["unit"]
    if unit not in ("workday", "hour"):
        raise ValueError(f"no unit of time: {unit}")
    return ClockRule(
        kind=ClockKind(row["clock"]),
        category=row["category"] or None,
        severity=Severity(row["severity"]) if row["severity"] else None,
        source=Source(row["source"]) if row["source"] else None,
        limit=int(row["limit"]),
        unit=cast(LimitUnit, unit),
        warning_hours=int(row["warning_hours"]) if row["warning_hours"] else None,
    )


def row_of(rule: ClockRule) -> dict[str, str]:
    """The row that says ``rule``."""
    kind, category, severity, source = rule.key
    warning = "" if rule.warning_hours is None else str(rule.warning_hours)
    cells = (kind, category, severity, source, str(rule.limit), rule.unit, warning)
    return dict(zip(COLUMNS, cells, strict=True))


def in_order(rules: Sequence[ClockRule]) -> tuple[ClockRule, ...]:
    """Clock by clock, the general rules first."""
    return tuple(sorted(rules, key=lambda rule: (RULED.index(rule.kind), rule.key[1:])))
