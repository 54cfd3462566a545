"""``media-tracker ingest`` and ``worker``: reading feeds once, and for ever."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict

import click

from media_tracker.cli.running import command, explained, with_services
from media_tracker.errors import N_, InvalidInput
from media_tracker.ingest.service import FeedResult, Result, Summary
from media_tracker.outlets.documents import Feed, FeedSource
from media_tracker.wiring import Services
from media_tracker.worker import PROCESSES, Worker, stop_on_signals


@click.command()
@command
async def worker() -> None:
    """Read feeds as they fall due, for ever. Start as many as you like."""

    async def run(services: Services) -> None:
        await Worker(services).run(stop_on_signals())

    await with_services(run, processes=PROCESSES)


@click.command()
@click.option("--once", is_flag=True, help="Read each feed once, now, and end. (Without it: use `worker`.)")
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object.")
@click.argument("feed", nargs=-1)
@command
async def ingest(once: bool, as_json: bool, feed: tuple[str, ...]) -> None:
    """Read all feeds, or those with these addresses, once, and run everything that follows from it."""
    if not once:
        raise InvalidInput(N_("Say --once, or run “media-tracker worker”, which goes on reading."))
    started = time.perf_counter()

    async def run(services: Services) -> Summary:
        polled = [each for each in await services.outlets.feeds() if each.active and each.source is not FeedSource.HAND]
        feeds = _chosen(polled, feed)
        with _Progress(len(feeds), as_json) as tell:
            results = await services.pipeline.beside(services.ingest.run(feeds, tell))
        return Summary.of(results)

    summary = await with_services(run, processes=PROCESSES)
    seconds = round(time.perf_counter() - started, 3)
    if as_json:
        click.echo(json.dumps({**asdict(summary), "seconds": seconds}))
    else:
        click.echo(
            f"{summary.feeds} feeds: {summary.stories_new} new stories, {summary.stories_changed} changed, "
            f"{summary.not_modified} feeds not modified, {summary.failed} failed, {seconds} s"
        )
    if summary.failed:
        sys.exit(1)


def _chosen(feeds: list[Feed], addresses: tuple[str, ...]) -> list[Feed]:
    known = {feed.url for feed in feeds}
    for address in addresses:
        if address not in known:
            raise InvalidInput(N_("There is no active feed with the address {url}."), url=address)
    return [feed for feed in feeds if not addresses or feed.url in addresses]


class _Progress:
    """A bar on a terminal, one line per feed elsewhere; failures are told in both."""

    def __init__(self, total: int, quiet: bool) -> None:
        self._bar = None
        self._quiet = quiet
        if sys.stderr.isatty() and not quiet:
            self._bar = click.progressbar(length=total, label="feeds", file=sys.stderr)

    def __enter__(self) -> Callable[[FeedResult], None]:
        if self._bar is not None:
            self._bar.__enter__()
        return self._tell

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()

    def _tell(self, result: FeedResult) -> None:
        if self._bar is not None:
            self._bar.update(1)
        if result.error is not None:
            click.echo(f"{result.url}: {explained(result.error)}", err=True)
        elif self._bar is None and not self._quiet:
            what = (
                "not modified"
                if result.result is Result.NOT_MODIFIED
                else f"{result.new} new, {result.changed} changed"
            )
            click.echo(f"{result.url}: {what}", err=True)
