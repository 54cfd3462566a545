"""``media-tracker feeds``: subscriptions in and out, how reading went, and what a feed would bring."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import BinaryIO

import click

from media_tracker.cli.running import command, with_services
from media_tracker.db.clock import system_clock
from media_tracker.ingest.check import check
from media_tracker.ingest.health import Diagnosis, Health, diagnose
from media_tracker.outlets.documents import Feed
from media_tracker.outlets.opml import read_opml, write_opml
from media_tracker.settings import Settings
from media_tracker.wiring import Services, open_fetcher


@click.group()
def feeds() -> None:
    """Subscriptions: which feeds are read."""


@feeds.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True)
@command
async def feeds_import(file: BinaryIO, as_json: bool) -> None:
    """Subscribe to all feeds of an OPML file. Doing it again adds nothing."""
    subscriptions = read_opml(file.read())
    imported = await with_services(lambda services: services.outlets.import_subscriptions(subscriptions))
    if as_json:
        click.echo(json.dumps(asdict(imported)))
    else:
        click.echo(
            f"{imported.feeds_added} feeds added, {imported.feeds_known} known already, "
            f"{imported.outlets_added} outlets added"
        )


@feeds.command("export")
@click.argument("file", type=click.File("wb"), default="-")
@command
async def feeds_export(file: BinaryIO) -> None:
    """Write all subscriptions as OPML, to FILE or to standard output."""
    document = write_opml("media-tracker", await with_services(lambda services: services.outlets.subscriptions()))
    file.write(document)


@feeds.command("list")
@click.option("--json", "as_json", is_flag=True)
@command
async def feeds_list(as_json: bool) -> None:
    """Show every feed, when it was read last, and how that went."""

    async def run(services: Services) -> None:
        names, now = await services.outlets.names(), services.clock()
        for feed in await services.outlets.feeds():
            diagnosis = diagnose(feed, now)
            if as_json:
                click.echo(json.dumps(_row(feed, names.get(feed.outlet_id, ""), diagnosis), ensure_ascii=False))
            else:
                said = feed.state.error if diagnosis.health in (Health.FAILING, Health.STUMBLING) else None
                what = f"{diagnosis.health.value}: {said}" if said else diagnosis.health.value
                if diagnosis.health is Health.SILENT and diagnosis.since is not None:
                    what += f" since {diagnosis.since.astimezone(services.settings.zone):%Y-%m-%d %H:%M}"
                click.echo(f"{names.get(feed.outlet_id, '')}\t{feed.url}\t{what}")

    await with_services(run)


def _row(feed: Feed, outlet: str, diagnosis: Diagnosis) -> dict[str, object]:
    def written(moment: datetime | None) -> str | None:
        return moment.isoformat() if moment else None

    state = feed.state
    return {
        "outlet": outlet,
        "url": feed.url,
        "active": feed.active,
        "health": diagnosis.health.value,
        "last_story_at": written(max(state.published, default=None)),
        "checked_at": written(state.checked_at),
        "next_check_at": written(state.next_check_at if feed.active else None),
        "failures": state.failures,
        "error": state.error,
        "notice": state.notice.value if state.notice else None,
    }


@feeds.command("check")
@click.argument("url")
@click.option("--json", "as_json", is_flag=True)
@command
async def feeds_check(url: str, as_json: bool) -> None:
    """Show what reading URL would bring, without storing anything. Needs no database."""
    settings = Settings()
    async with open_fetcher(settings) as fetcher:
        checked = await check(fetcher, url, settings.zone, system_clock())
    if as_json:
        click.echo(json.dumps(checked.summary(), ensure_ascii=False))
        return
    click.echo(f"{checked.title or url}: {len(checked.entries)} entries")
    for warning in checked.warnings:
        click.echo(f"  ! {warning}")
    for entry in checked.entries[:20]:
        click.echo(f"  {entry.published_at:%Y-%m-%d %H:%M}  {entry.title[:70]}")
