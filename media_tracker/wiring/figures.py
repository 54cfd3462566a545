"""Counting, what is released of it, and what is handed on."""

from __future__ import annotations

from dataclasses import dataclass

from media_tracker.accounts.actor import Level
from media_tracker.monitor.bulletins import Bulletins
from media_tracker.monitor.export_jobs import ExportJobs
from media_tracker.monitor.following import Following
from media_tracker.monitor.legacy import LegacyFigures
from media_tracker.monitor.milestones import Milestones
from media_tracker.monitor.releases import Releases
from media_tracker.monitor.schedules import Schedules
from media_tracker.monitor.service import Monitor
from media_tracker.monitor.standings import Standings
from media_tracker.wiring.ground import Ground


@dataclass(frozen=True, kw_only=True)
class FigureServices:
    """Counting, what is released of it, and what is handed on."""

    counting: Following
    monitor: Monitor
    milestones: Milestones
    legacy_figures: LegacyFigures
    standings: Standings
    releases: Releases
    bulletins: Bulletins
    export_jobs: ExportJobs
    schedules: Schedules


def figure_services(on: Ground) -> FigureServices:
    """Everything that counts."""
    database, transactor, clock, zone = on.database, on.transactor, on.clock, on.settings.zone
    level = Level(on.settings.level)
    counting = Following(database, on.log, transactor, on.consuming, on.places, on.taxonomy, clock, level, zone)
    monitor = Monitor(database, counting, clock, level, zone)
    releases = Releases(database, transactor, monitor, on.places, clock)
    return FigureServices(
        counting=counting,
        monitor=monitor,
        milestones=Milestones(database, transactor, clock),
        legacy_figures=LegacyFigures(database, transactor, clock),
        standings=Standings(database, monitor, clock),
        releases=releases,
        bulletins=Bulletins(database, transactor, monitor, releases, on.files, clock, zone),
        export_jobs=ExportJobs(database, clock, on.owner),
        schedules=Schedules(database, transactor, clock, zone, on.owner),
    )
