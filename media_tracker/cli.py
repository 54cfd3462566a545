"""The command line. Exit codes: 0 done; 1 not done, with a sentence that says why; 2 a wrong call; 130 interrupted."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict
from functools import wraps
from typing import Any, BinaryIO, ParamSpec, TypeVar

import click
from pydantic import ValidationError
from pymongo.errors import PyMongoError

from media_tracker import __version__
from media_tracker.accounts.actor import Level, Role
from media_tracker.accounts.duties import Duties
from media_tracker.accounts.service import NewAccount
from media_tracker.db.clock import system_clock
from media_tracker.errors import N_, InvalidInput, MediaTrackerError, NotReady
from media_tracker.ingest.service import FeedResult, Result, Summary
from media_tracker.logs import configure
from media_tracker.outlets.documents import Feed
from media_tracker.settings import Settings
from media_tracker.web.i18n import Catalogue
from media_tracker.wiring import Services, open_fetcher, open_services

P = ParamSpec("P")
T = TypeVar("T")


def _locale() -> str:
    """The language of a terminal that says it is Chinese; else English."""
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh_CN" if spoken.lower().startswith("zh") else "en"


def explained(error: MediaTrackerError) -> str:
    """The sentence of an error, in the terminal's language."""
    return Catalogue.load().explain(error, _locale())


def command(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Run an async command. An error becomes its sentence and exit code 1; never a traceback."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return told(lambda: asyncio.run(function(*args, **kwargs)))

    return run


def told(work: Callable[[], T]) -> T:
    """Do ``work``; end the process with a sentence if it fails."""
    try:
        return work()
    except MediaTrackerError as error:
        click.echo(explained(error), err=True)
        for name, sentence in getattr(error, "fields", {}).items():
            click.echo(f"  {name}: {Catalogue.load().translate(sentence, _locale())}", err=True)
        sys.exit(1)
    except ValidationError as error:
        for each in error.errors():
            click.echo(f"{'.'.join(map(str, each['loc']))}: {each['msg']}", err=True)
        sys.exit(1)
    except PyMongoError as error:
        lost = NotReady(N_("The database did not answer as it should ({reason}). Nothing was half done; try again."))
        lost.params["reason"] = type(error).__name__
        click.echo(explained(lost), err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


async def with_services(work: Callable[[Services], Awaitable[T]], *, migrated: bool = True) -> T:
    """Do ``work`` with all services; ``migrated``: only on a database that this release can work with."""
    settings = Settings()
    configure(settings.log_format)
    async with open_services(settings) as services:
        if migrated and not (await services.migrator.status()).current:
            raise NotReady(N_("The database is not prepared for this release. Run: media-tracker db migrate"))
        return await work(services)


@click.group()
@click.version_option(__version__, prog_name="media-tracker")
def main() -> None:
    """From a story that exposes a problem to the fix that somebody else has verified."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that answer.")
@click.option("--with-parent", is_flag=True, hidden=True, help="Stop when standard input ends.")
def serve(host: str, port: int, workers: int, with_parent: bool) -> None:
    """Serve the pages."""
    from media_tracker.serve import serve as run

    settings = told(Settings)
    configure(settings.log_format)
    told(lambda: run(settings, host, port, workers, with_parent=with_parent))


@main.command()
@command
async def worker() -> None:
    """Read feeds as they fall due, for ever. Start as many as you like."""
    from media_tracker.worker import stop_on_signals, work

    async def run(services: Services) -> None:
        await work(services, stop_on_signals())

    await with_services(run)


@main.command()
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
        feeds = _chosen([each for each in await services.outlets.feeds() if each.active], feed)
        with _progress(len(feeds), as_json) as tell:
            results = await services.ingest.run(feeds, tell)
        await services.pipeline.catch_up()
        return Summary.of(results)

    summary = await with_services(run)
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


class _progress:  # noqa: N801 - reads as a word where it is used
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


@main.group()
def feeds() -> None:
    """Subscriptions: which feeds are read."""


@feeds.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True)
@command
async def feeds_import(file: BinaryIO, as_json: bool) -> None:
    """Subscribe to all feeds of an OPML file. Doing it again adds nothing."""
    from media_tracker.outlets.opml import read_opml

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
    from media_tracker.outlets.opml import write_opml

    document = write_opml("media-tracker", await with_services(lambda services: services.outlets.subscriptions()))
    file.write(document)


@feeds.command("list")
@click.option("--json", "as_json", is_flag=True)
@command
async def feeds_list(as_json: bool) -> None:
    """Show every feed, when it was read last, and how that went."""

    async def run(services: Services) -> None:
        names = await services.outlets.names()
        for feed in await services.outlets.feeds():
            row = {
                "outlet": names.get(feed.outlet_id, ""),
                "url": feed.url,
                "active": feed.active,
                "checked_at": feed.state.checked_at.isoformat() if feed.state.checked_at else None,
                "failures": feed.state.failures,
                "error": feed.state.error,
            }
            if as_json:
                click.echo(json.dumps(row, ensure_ascii=False))
            else:
                state = "resting" if not feed.active else feed.state.error or ("ok" if feed.state.checked_at else "new")
                click.echo(f"{row['outlet']}\t{feed.url}\t{state}")

    await with_services(run)


@feeds.command("check")
@click.argument("url")
@click.option("--json", "as_json", is_flag=True)
@command
async def feeds_check(url: str, as_json: bool) -> None:
    """Show what reading URL would bring, without storing anything. Needs no database."""
    from media_tracker.ingest.check import check

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


@main.group()
def user() -> None:
    """Accounts."""


@user.command("add")
@click.argument("username")
@click.option("--name", default="", help="Name to show; the user name if left out.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice([role.value for role in Role]))
@click.option("--unit", "units", multiple=True, help="Name of a unit that the person works in; officials need one.")
@click.option(
    "--level", default=Level.CITY.value, type=click.Choice([level.value for level in Level]), show_default=True
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of making one up.")
@command
async def user_add(
    username: str, name: str, roles: tuple[str, ...], units: tuple[str, ...], level: str, password_stdin: bool
) -> None:
    """Add an account. The password made up for it is shown once, and has to be changed at the first sign-in."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else None

    async def run(services: Services) -> NewAccount:
        known = {unit.name: unit.id for unit in await services.places.units()}
        for unit in units:
            if unit not in known:
                raise InvalidInput(N_("There is no unit called {name}."), name=unit)
        duties = Duties(
            frozenset(Role(role) for role in roles),
            unit_ids=tuple(known[unit] for unit in units),
            level=Level(level),
        )
        return await services.accounts.add_user(username, name or username, duties, password=password)

    account = await with_services(run)
    click.echo(f"{account.user.username}: added")
    if password is None:
        click.echo(f"password: {account.password}")


@user.command("list")
@command
async def user_list() -> None:
    """Show all accounts."""

    async def run(services: Services) -> None:
        for each in await services.accounts.list_users():
            state = "" if each.active else "\tclosed"
            click.echo(f"{each.username}\t{each.display_name}\t{','.join(sorted(each.roles))}{state}")

    await with_services(run)


@user.command("password")
@click.argument("username")
@command
async def user_password(username: str) -> None:
    """Give an account a new password, shown once; all its sessions end."""

    async def run(services: Services) -> str:
        found = await services.accounts.find_by_username(username)
        if found is None:
            raise InvalidInput(N_("There is no account called {username}."), username=username)
        return await services.accounts.reset_password(None, found.object_id)

    click.echo(f"password: {await with_services(run)}")


@main.group()
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


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--serve/--no-serve", default=True, show_default=True, help="Serve the pages once the samples are in.")
@click.option("--remove", is_flag=True, help="Remove all sample data again, and end.")
@command
async def demo(host: str, port: int, serve: bool, remove: bool) -> None:
    """Sample outlets, stories, problems and accounts: the whole system to try out."""
    from media_tracker.demo.run import remove_samples, run_demo

    if remove:
        await remove_samples(Settings(), click.echo)
    else:
        await run_demo(Settings(), host, port, serve=serve, tell=click.echo)


@main.command()
@click.option("--json", "as_json", is_flag=True)
@command
async def doctor(as_json: bool) -> None:
    """Check everything that media-tracker needs. Exit code 1 when something is missing."""
    from media_tracker.doctor import examine

    well = True
    async for finding in examine(Settings()):
        well = well and finding.well
        if as_json:
            click.echo(json.dumps(asdict(finding), ensure_ascii=False))
        else:
            click.echo(f"{'ok ' if finding.well else 'BAD'}  {finding.name}: {finding.found}")
    if not well:
        sys.exit(1)


if __name__ == "__main__":
    main()
