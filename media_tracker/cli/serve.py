"""``media-tracker serve`` and ``demo``: the pages, and the whole system with sample data."""

from __future__ import annotations

import os

import click

from media_tracker.cli.progress import Steps
from media_tracker.cli.running import command, told
from media_tracker.demo.large.run import run_large
from media_tracker.demo.run import remove_samples, run_demo
from media_tracker.logs import configure
from media_tracker.serve import serve as run
from media_tracker.settings import Settings

MOST_WORKERS = 4
"""Unless more are asked for: each takes some 150 MB."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--workers",
    default=lambda: min(os.cpu_count() or 1, MOST_WORKERS),
    show_default=f"one for each processor, at most {MOST_WORKERS}",
    type=click.IntRange(1, 64),
    help="Processes that answer.",
)
@click.option("--with-parent", is_flag=True, hidden=True, help="Stop when standard input ends.")
def serve(host: str, port: int, workers: int, with_parent: bool) -> None:
    """Serve the pages."""
    settings = told(Settings)
    configure(settings.log_format)
    told(lambda: run(settings, host, port, workers, with_parent=with_parent))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--serve/--no-serve", default=True, show_default=True, help="Serve the pages once the samples are in.")
@click.option("--size", type=click.IntRange(1, 10_000_000), help="Make up a campaign of so many stories instead.")
@click.option("--seed", default=1, show_default=True, help="Which campaign is made up; the same one each time.")
@click.option("--remove", is_flag=True, help="Remove all sample data again, and end.")
@command
async def demo(host: str, port: int, serve: bool, size: int | None, seed: int, remove: bool) -> None:
    """Sample outlets, stories, problems and accounts: the whole system to try out."""
    if remove:
        await remove_samples(Settings(), click.echo)
    elif size is not None:
        with Steps() as steps:
            await run_large(Settings(), size, seed, host, port, serve=serve, tell=click.echo, progress=steps.tell)
    else:
        await run_demo(Settings(), host, port, serve=serve, tell=click.echo)
