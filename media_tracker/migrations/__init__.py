"""The migrations of this program, in order. Each module has ``up``; a number is never used again."""

from __future__ import annotations

from media_tracker.db.migrations import Migration
from media_tracker.migrations import m0001_starting_tables, m0002_story_links

MIGRATIONS = [
    Migration(1, "starting tables", m0001_starting_tables.up),
    Migration(2, "story links", m0002_story_links.up),
]
