"""The migrations of this program, in order. Each module has ``up``; a number is never used again."""

from __future__ import annotations

from media_tracker.db.migrations import Migration
from media_tracker.migrations import m0001_starting_tables

MIGRATIONS = [
    Migration(1, "starting tables", m0001_starting_tables.up),
]
