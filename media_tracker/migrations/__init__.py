"""The migrations of this program, in order. Each module has ``up``; a number is never used again."""

from __future__ import annotations

from media_tracker.db.migrations import Migration
from media_tracker.migrations import (
    m0001_starting_tables,
    m0002_story_links,
    m0003_story_words,
    m0004_responsibility_tables,
    m0005_problem_links,
    m0006_clocks,
    m0007_evidence,
    m0008_afterwards,
    m0010_finding,
    m0011_desk_queue,
    m0013_deed_people,
    m0015_counted,
)

MIGRATIONS = [
    Migration(1, "starting tables", m0001_starting_tables.up),
    Migration(2, "story links", m0002_story_links.up),
    Migration(3, "story words", m0003_story_words.up),
    Migration(4, "responsibility tables", m0004_responsibility_tables.up),
    Migration(5, "problem links", m0005_problem_links.up),
    Migration(6, "clocks", m0006_clocks.up),
    Migration(7, "evidence", m0007_evidence.up),
    Migration(8, "afterwards", m0008_afterwards.up),
    Migration(10, "finding problems", m0010_finding.up),
    Migration(11, "desk queue", m0011_desk_queue.up),
    Migration(13, "people of good deeds", m0013_deed_people.up),
    Migration(15, "counted", m0015_counted.up),
]
