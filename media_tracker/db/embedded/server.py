"""A process's membership of the embedded server: it starts the server, or joins the one that runs."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import TracebackType

from pymongo import MongoClient
from pymongo.errors import PyMongoError

import media_tracker
from media_tracker.db.embedded.claim import DataDir, FileLock
from media_tracker.db.embedded.source import find_mongod
from media_tracker.errors import N_, NotReady

_TICK_SECONDS = 0.05
_PATIENCE_SECONDS = 150.0
_FAREWELL_SECONDS = 6.0
_ANSWER_MILLISECONDS = 2000


@dataclass(frozen=True)
class ServerAddress:
    """Where a ready server is. ``uri`` carries user and password and is not shown by ``repr``."""

    uri: str = field(repr=False)
    pid: int
    port: int


class EmbeddedServer:
    """An async context in which the server of ``data_dir`` runs and answers.

    Any number of processes may be in such a context on one directory at a time: the first starts the server, the
    others join it, the last one out waits for it to end. ``cache_gb`` (at least 0.25) counts for whoever starts it.
    Enter it once at a time.
    """

    def __init__(self, data_dir: Path, *, cache_gb: float = 0.25) -> None:
        self._home = DataDir(data_dir)
        self._cache_gb = cache_gb
        self._users: FileLock | None = None
        self._keeper: int | None = None

    async def __aenter__(self) -> ServerAddress:
        """Start or join. Returns when there is a PRIMARY and the credentials work.

        Raises `NotReady` if there is no ``mongod`` for this machine, or it does not come up: with the reason.
        """
        self._home.prepare()
        self._users = FileLock(self._home.users)
        self._keeper = None
        try:
            return await self._join(self._users)
        except BaseException:
            await self._leave()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave. If nobody else uses the server, return when it is gone."""
        await self._leave()

    async def _join(self, users: FileLock) -> ServerAddress:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            # Not to be had while a server closes: then wait for its end, and start anew.
            if users.try_shared():
                await self._see_to_a_keeper()
                address = await self._address()
                if address is not None:
                    return address
            await asyncio.sleep(_TICK_SECONDS)
        raise NotReady(
            N_("The MongoDB server in {path} does not become ready. See {log}."),
            path=self._home.path,
            log=self._home.log,
        )

    async def _see_to_a_keeper(self) -> None:
        """If nobody keeps the server, become the one who starts it. Raises `NotReady` if our keeper has failed."""
        if self._keeper is not None and self._keeper_ended():
            raise self._home.take_failure() or NotReady(
                N_("The MongoDB server in {path} could not be started. See {log}."),
                path=self._home.path,
                log=self._home.log,
            )
        claim = FileLock(self._home.keeper)
        try:
            if claim.try_exclusive():
                self._home.withdraw()  # left behind by a keeper that was killed
                self._home.take_failure()
                self._keeper = _spawn_keeper(self._home, claim, await asyncio.to_thread(find_mongod), self._cache_gb)
        finally:
            claim.close()

    async def _address(self) -> ServerAddress | None:
        """The address of the server if it is there, lets us in, and is kept.

        Asked in this order: a server whose keeper was killed still answers for the moment that it has left.
        """
        state = self._home.published()
        if state is None:
            return None
        if not await asyncio.to_thread(_answers, state.uri):
            return None
        if not _is_kept(self._home) or self._home.published() != state:
            return None
        return ServerAddress(state.uri, state.pid, state.port)

    async def _leave(self) -> None:
        """Let go of the server; wait until it is gone, or somebody else is seen to use it."""
        if self._users is not None:
            self._users.close()
            self._users = None
        deadline = time.monotonic() + _FAREWELL_SECONDS
        while time.monotonic() < deadline:
            use = _use_of(self._home)
            if use is _Use.USED or (use is _Use.GONE and self._keeper_ended()):
                return
            await asyncio.sleep(_TICK_SECONDS)

    def _keeper_ended(self) -> bool:
        """Whether the keeper that this process started, if it did, has ended. Does not wait; leaves no zombie."""
        if self._keeper is None:
            return True
        try:
            ended, _ = os.waitpid(self._keeper, os.WNOHANG)
        except ChildProcessError:  # this process leaves its children to the kernel
            ended = self._keeper
        if ended == 0:
            return False
        self._keeper = None
        return True


def _answers(uri: str) -> bool:
    """Whether a PRIMARY lets us in there.

    Asked with PyMongo's blocking client: the asynchronous one, closed while it is still opening a connection for its
    monitor, leaves that socket to the garbage collector.
    """
    with MongoClient[dict[str, object]](uri, serverSelectionTimeoutMS=_ANSWER_MILLISECONDS) as client:
        try:
            client.admin.command("ping")
        except PyMongoError:
            return False
    return True


def _is_kept(home: DataDir) -> bool:
    """Whether a keeper lives: it alone has its lock as long as it does."""
    claim = FileLock(home.keeper)
    try:
        return not claim.try_exclusive()
    finally:
        claim.close()


class _Use(Enum):
    USED = "somebody uses the server"
    ENDING = "nobody uses the server: its keeper is about to end, or is ending"
    GONE = "there is no keeper"


def _use_of(home: DataDir) -> _Use:
    try:
        keeper = FileLock(home.keeper)
    except FileNotFoundError:  # the whole directory has been removed
        return _Use.GONE
    users = FileLock(home.users)
    try:
        if keeper.try_exclusive():
            return _Use.GONE
        # Exclusively ours for a moment: nobody uses it. Not even shared: the keeper has it exclusively, it is closing.
        return _Use.ENDING if users.try_exclusive() or not users.try_shared() else _Use.USED
    finally:
        keeper.close()
        users.close()


def _spawn_keeper(home: DataDir, claim: FileLock, binary: Path, cache_gb: float) -> int:
    """Start the keeper, hand it the held ``claim``, and return its process id."""
    package_root = str(Path(media_tracker.__file__).parents[1])
    search = [part for part in (os.environ.get("PYTHONPATH"), package_root) if part]
    log = home.open_log()
    try:
        return os.posix_spawn(
            sys.executable,
            [
                sys.executable,
                "-P",  # files of the present directory must not pass for modules
                "-m",
                "media_tracker.db.embedded.keeper",
                str(home.path),
                str(binary),
                f"{cache_gb:g}",
            ],
            {**os.environ, "PYTHONPATH": os.pathsep.join(search)},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, log, 1),
                (os.POSIX_SPAWN_DUP2, log, 2),
                (os.POSIX_SPAWN_DUP2, claim.descriptor, 0),
            ],
            setsid=True,
        )
    finally:
        os.close(log)
