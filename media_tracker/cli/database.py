"""``media-tracker db`` and ``doctor``: preparing the database, and what is amiss on this machine."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from media_tracker.cli.progress import Steps
from media_tracker.cli.running import command, with_services
from media_tracker.doctor import examine
from media_tracker.monitor.recounting import Recounted
from media_tracker.monitor.shares import Reach
from media_tracker.settings import Settings
from media_tracker.wiring import Services


@click.group()
def db() -> None:
    """The database: prepare it, see how far it is."""


@db.command("init")
@command
async def db_init() -> None:
    """Prepare an empty database; on one in use, the same as `migrate`."""
    await _migrate()


@db.command("migrate")
@command
async def db_migrate() -> None:
    """Bring the database to this release: migrations, then missing indexes. Doing it again changes nothing."""
    await _migrate()


async def _migrate() -> None:
    async def run(services: Services) -> None:
        status = await services.migrator.migrate(lambda step: click.echo(step, err=True))
        click.echo("current" if status.current else "not current")

    await with_services(run, migrated=False)


@db.command("status")
@click.option("--json", "as_json", is_flag=True)
@command
async def db_status(as_json: bool) -> None:
    """Show what `migrate` would do. Exit code 1 when there is something."""
    status = await with_services(lambda services: services.migrator.status(), migrated=False)
    if as_json:
        click.echo(json.dumps({**asdict(status), "current": status.current}))
    else:
        for each in (*status.pending, *status.missing_indexes):
            click.echo(each)
        click.echo("current" if status.current else "not current")
    if not status.current:
        sys.exit(1)


@db.command("recount")
@click.option("--json", "as_json", is_flag=True, help="Say at the end what was found, for a script.")
@command
async def db_recount(as_json: bool) -> None:
    """Count every figure again from the events. Exit code 1 when something had been counted differently before.

    Figures are read as they were until it is done; it can be stopped at any moment, and begins anew the next time.
    """

    async def run(services: Services) -> Recounted:
        placing = await services.counting.placing()
        if await services.counting.ledger.state() is not None:
            await services.counting.catch_up(placing)  # so that both are of the same moment
        with Steps(as_json) as steps:
            reach = Reach(services.settings.mongodb_uri, services.settings.data_dir)
            return await services.counting.recount(steps.tell, reach)

    found = await with_services(run)
    if as_json:
        click.echo(json.dumps(asdict(found)))
    else:
        for each in found.differences:
            click.echo(f"{each.day} {each.figure}: {each.before} -> {each.after}")
        told = ", ".join(f"{count} {family}" for family, count in found.lines.items())
        click.echo(f"counted: {told} lines; {len(found.differences)} differences")
    if found.differences:
        sys.exit(1)


@click.command()
@click.option("--json", "as_json", is_flag=True)
@command
async def doctor(as_json: bool) -> None:
    """Check everything that media-tracker needs. Exit code 1 when something is missing."""
    well = True
    async for finding in examine(Settings()):
        well = well and finding.well
        if as_json:
            click.echo(json.dumps(asdict(finding), ensure_ascii=False))
        else:
            click.echo(f"{'ok ' if finding.well else 'BAD'}  {finding.name}: {finding.found}")
    if not well:
        sys.exit(1)
