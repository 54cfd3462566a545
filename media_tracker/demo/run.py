"""``media-tracker demo``: sample outlets on loopback, everything taken in by the ordinary path, and the web in front of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime

from media_tracker.accounts.actor import Role
from media_tracker.db.clock import system_clock
from media_tracker.demo.captures import DEFAULT_PORT, HOST, CaptureServer
from media_tracker.demo.people import Cast
from media_tracker.demo.removal import remove
from media_tracker.demo.seed import Seeder
from media_tracker.demo.timetable import Timetable
from media_tracker.errors import N_, Conflict
from media_tracker.locate import feeds_dir
from media_tracker.serve import check_free
from media_tracker.settings import Settings
from media_tracker.wiring import Services, assemble, open_fetcher, open_services
from media_tracker.worker import Worker, stop_on_signals

SECONDS_TO_STOP = 4.0
STATUS = "status"

Tell = Callable[[str], None]


async def run_demo(settings: Settings, host: str, port: int, *, serve: bool, tell: Tell) -> None:
    """Fill an empty system with samples (unless they are in), and serve it until SIGINT or SIGTERM.

    Raises:
        Conflict: the port is taken, or the database holds real data.
    """
    if serve:
        check_free(host, port)
    stop = stop_on_signals()
    allowed = f"{settings.fetch_allow},{HOST}:{DEFAULT_PORT}".strip(",")
    # No gap between requests: the sample outlets are all on this machine.
    settings = settings.model_copy(update={"host_gap": 0.0, "fetch_allow": allowed})
    async with open_services(settings) as services:
        await prepare(services, tell)
        day = await _day(services)
        async with (
            CaptureServer(feeds_dir() / "captures", day, settings.zone) as captures,
            web_beside(settings, host, port) if serve else contextlib.nullcontext(),
        ):
            await _fill(services, captures, tell)
            if serve:
                tell(f"Open http://{host}:{port}/  (Ctrl-C stops it; media-tracker demo --remove removes the samples)")
                await Worker(services).run(stop)


async def _day(services: Services) -> date:
    """The day that the samples are dated from: the one on which they were put in, else today.

    With another day their texts would change ("24 March" is a day before today), and every story would seem to have been edited.
    """
    status = await services.database[STATUS].find_one({"_id": "samples", "loading": False})
    if status is not None:
        return date.fromisoformat(status["day"])
    return services.clock().astimezone(services.settings.zone).date()


async def prepare(services: Services, tell: Tell) -> None:
    await services.migrator.migrate(lambda step: None)
    tell("database ready")
    real = await services.database["outlets"].find_one({"demo": False}, {"_id": 1})
    if real is not None and not await _is_filled(services):
        raise Conflict(
            N_("This database holds outlets of your own; samples would mix with them. Use another data folder.")
        )


async def _is_filled(services: Services) -> bool:
    status = await services.database[STATUS].find_one({"_id": "samples"})
    return status is not None and not status["loading"]


async def _fill(services: Services, captures: CaptureServer, tell: Tell) -> None:
    if await _is_filled(services):
        tell("samples are in already; accounts keep their passwords (media-tracker user password NAME makes a new one)")
        return
    status = services.database[STATUS]
    await remove(services)  # what an interrupted start left behind
    await status.update_one({"_id": "samples"}, {"$set": {"loading": True}}, upsert=True)
    timetable = Timetable(_rounded(system_clock()))
    async with open_fetcher(services.settings) as fetcher:
        simulated = assemble(services.settings, services.database, fetcher, timetable.clock)
        seeder = Seeder(simulated, timetable, feeds_dir() / "captures", captures.today, tell)
        cast = await seeder.fill(captures.rebase((feeds_dir() / "partners.opml").read_bytes()))
    await status.update_one({"_id": "samples"}, {"$set": {"loading": False, "day": captures.today.isoformat()}})
    show_accounts(cast, tell)


@contextlib.asynccontextmanager
async def web_beside(settings: Settings, host: str, port: int) -> AsyncIterator[None]:
    """The web server as a process of its own, on the same data; it is up while the samples are still going in."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "media_tracker.cli",
        "serve",
        "--host",
        host,
        "--port",
        str(port),
        *("--workers", "1"),
        "--with-parent",
        stdin=asyncio.subprocess.PIPE,  # ends with this process, however it ends
        env={**os.environ, "MEDIA_TRACKER_DATA_DIR": str(settings.data_dir)},
    )
    try:
        yield
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), SECONDS_TO_STOP)
            except TimeoutError:
                process.kill()
                await process.wait()


def _rounded(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def show_accounts(cast: Cast, tell: Tell) -> None:
    tell("Sign in as (passwords are shown here only):")
    for role in Role:
        account = cast.accounts[role]
        tell(f"  {account.user.username:<10} {account.password}")


async def remove_samples(settings: Settings, tell: Tell) -> None:
    """Remove everything that ``run_demo`` put in."""
    async with open_services(settings) as services:
        tell(f"removed {await remove(services)} sample records")
        if not any(user.active and Role.ADMIN in user.roles for user in await services.accounts.list_users()):
            tell("no administrator is left; make one with: media-tracker user add NAME --role admin")
