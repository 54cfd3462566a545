"""What an administrator checks when something does not work, in one go."""

from __future__ import annotations

import platform
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass

from media_tracker import __version__
from media_tracker.db.embedded import find_mongod
from media_tracker.errors import MediaTrackerError
from media_tracker.locate import feeds_dir, static_dir, templates_dir
from media_tracker.mail.carriers import carrier_for
from media_tracker.mail.outbox import LetterState
from media_tracker.settings import Settings
from media_tracker.wiring import open_services

LEAST_FREE_BYTES = 500 * 2**20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: its name, what was found, and whether it is well."""

    name: str
    found: str
    well: bool


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Look at everything that media-tracker needs, one finding at a time."""
    yield Finding("media-tracker", f"{__version__}, Python {platform.python_version()}, {platform.platform()}", True)
    yield _files()
    if settings.mongodb_uri is None:
        yield _binary()
        yield _disk(settings)
    yield await _mail(settings)
    async for finding in _database(settings):
        yield finding


def _files() -> Finding:
    try:
        folders = [templates_dir(), feeds_dir(), static_dir() / "vendor"]
    except MediaTrackerError as error:
        return Finding("files", str(error), False)
    vendored = (static_dir() / "vendor" / "htmx.min.js").is_file()
    return Finding("files", str(folders[0].parent), vendored)


def _binary() -> Finding:
    try:
        return Finding("mongod", str(find_mongod()), True)
    except MediaTrackerError as error:
        return Finding("mongod", str(error), False)


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    return Finding("disk", f"{free // 2**20:,} MB free at {folder}", free >= LEAST_FREE_BYTES)


async def _mail(settings: Settings) -> Finding:
    """Whether letters can be sent, or that they go to files; nothing is sent."""
    carrier = carrier_for(settings.mail_server, settings.mail_from, settings.data_dir / "mail")
    try:
        return Finding("mail", await carrier.check(), True)
    except MediaTrackerError as error:
        return Finding("mail", str(error), False)


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    try:
        async with open_services(settings) as services:
            info = await services.database.client.server_info()
            yield Finding("MongoDB", str(info["version"]), True)
            status = await services.migrator.status()
            missing = [*status.pending, *status.missing_indexes]
            yield Finding("schema", ", ".join(missing) or "current", status.current)
            letters = await services.outbox.counts()
            told = ", ".join(f"{state.value.replace('_', ' ')}: {letters[state]}" for state in LetterState)
            yield Finding("letters", told, True)
            feeds = await services.outlets.feeds()
            failing = [feed.url for feed in feeds if feed.active and feed.state.error]
            yield Finding("feeds", f"{len(feeds)}, failing: {len(failing)}", True)
    except MediaTrackerError as error:
        yield Finding("MongoDB", str(error), False)
