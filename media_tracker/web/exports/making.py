"""Making a file of a list: row by row into a temporary file, telling how far it is; and the jobs that workers do."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import IO
from zoneinfo import ZoneInfo

import structlog
from bson import ObjectId
from pymongo.errors import PyMongoError

from media_tracker.accounts.actor import Actor
from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, Forbidden, MediaTrackerError, NotFound, TooLarge
from media_tracker.monitor.export_jobs import Job, Stopped, Wanted
from media_tracker.monitor.exports import MOST_ROWS, FileFormat, writer
from media_tracker.web.exports.lists import open_list
from media_tracker.web.exports.opened import Asking, Opened
from media_tracker.web.i18n import use_locale
from media_tracker.web.naming import names_with
from media_tracker.web.render import Pages
from media_tracker.wiring import Services

TELL_EVERY = 2_000
"""Rows between two tellings."""
IN_MEMORY = 4 * 2**20
"""Bytes of a file that are held before it goes to the disk."""

Tell = Callable[[int], Awaitable[None]]

log = structlog.get_logger("exports")


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was made: its rows, and where it can be read from its beginning."""

    rows: int
    file: IO[bytes]
    size: int


@asynccontextmanager
async def making(opened: Opened, kind: FileFormat, zone: ZoneInfo, tell: Tell | None = None) -> AsyncIterator[Made]:
    """Write all rows of a list into a temporary file, which is gone afterwards.

    Raises:
        TooLarge: more rows than an Excel sheet has.
    """
    if kind is FileFormat.XLSX and opened.total is not None and opened.total > MOST_ROWS:
        raise _too_many_rows()
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        rows = await _write(opened, kind, zone, file, tell)
        size = file.tell()
        file.seek(0)
        yield Made(rows, file, size)


async def _write(opened: Opened, kind: FileFormat, zone: ZoneInfo, file: IO[bytes], tell: Tell | None) -> int:
    out = writer(file, kind, opened.heading, zone)
    count = told = 0
    try:
        async for some in opened.rows:
            await asyncio.to_thread(out.write, some)
            count += len(some)
            if tell is not None and count - told >= TELL_EVERY:
                await tell(count)
                told = count
    except ValueError as error:
        if kind is FileFormat.XLSX and count >= MOST_ROWS - 100_000:
            raise _too_many_rows() from error
        raise
    await asyncio.to_thread(out.close)
    file.seek(0, 2)
    return count


def _too_many_rows() -> TooLarge:
    return TooLarge(
        N_(
            "An Excel sheet has {most} rows at most. Choose a shorter period or a filter, or take CSV, which has no limit."
        ),
        most=f"{MOST_ROWS:,}",
    )


class ExportWork:
    """What a worker does for those who asked for files."""

    def __init__(self, room: Services, pages: Pages) -> None:
        self._room = room
        self._pages = pages

    async def turn(self) -> bool:
        """Make one file that somebody waits for; False when nobody does."""
        job = await self._room.export_jobs.take()
        if job is None:
            return False
        try:
            await self._make(job)
        except asyncio.CancelledError:
            with suppress(PyMongoError):  # without a database the lease runs out by itself
                await asyncio.shield(self._room.export_jobs.give_back(job))
            raise
        except Stopped:
            log.info("export_stopped", job=str(job.id))
        except PyMongoError:
            raise  # the lease runs out, and another turn begins anew
        except MediaTrackerError as error:
            await self._room.export_jobs.fail(job, str(error) if error.params else error.message)
        except Exception:  # one list that cannot be written must not stop the others
            log.exception("export_failed", job=str(job.id))
            await self._room.export_jobs.fail(job, N_("Something went wrong. Try again, or tell an administrator."))
        return True

    async def _make(self, job: Job) -> None:
        jobs, wanted = self._room.export_jobs, job.wanted
        with use_locale(wanted.language):
            opened = await self.open(wanted, await self.actor(job.owner))
            await jobs.tell(job, 0, opened.total)

            async def tell(rows: int) -> None:
                await jobs.tell(job, rows, opened.total)

            async with making(opened, wanted.kind, self._room.settings.zone, tell) as made:
                await jobs.finish(job, made.rows, f"{opened.filename}.{wanted.kind.value}", made.file)
        await self.write_down(job.owner, wanted, made.rows)

    async def open(self, wanted: Wanted, actor: Actor) -> Opened:
        """The list, as ``actor`` may see it now, in the language that is current."""
        names = await names_with(self._room, self._pages)
        return await open_list(wanted.name, Asking(self._room, names, actor, wanted.query))

    async def actor(self, user_id: ObjectId) -> Actor:
        """The person as rules see them now.

        Raises:
            Forbidden: their account is closed or gone.
        """
        try:
            user = await self._room.accounts.get(str(user_id))
        except NotFound:
            user = None
        if user is None or not user.active:
            raise Forbidden(N_("The account for which this file was to be made is closed."))
        return user.actor()

    async def write_down(self, owner: ObjectId, wanted: Wanted, rows: int) -> None:
        """That data left the house."""
        await self._room.audit.write(
            AuditAction.EXPORTED, actor=owner, subject=f"{wanted.name}.{wanted.kind.value}", detail={"rows": rows}
        )
