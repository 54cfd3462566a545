"""The server's directory: where things are, who holds it, and how its processes find one another."""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import quote

from media_tracker.errors import N_, NotReady

if sys.platform != "win32":  # find_mongod() refuses Windows; the package must still import there, for MONGODB_URI
    import fcntl

REPLICA_SET = "media_tracker"
LOOPBACK = "127.0.0.1"

_LOG_LIMIT = 8 * 2**20
_LEAST_KEY = 6


class FileLock:
    """An advisory lock on a file, shared or exclusive; the kernel frees it when its last holder is gone.

    The lock belongs to the open file, not to the process: it can be handed to a child through the descriptor.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    @classmethod
    def inherited(cls, descriptor: int) -> Self:
        """The lock that a parent process has handed over as an open ``descriptor``."""
        lock = cls.__new__(cls)
        lock._fd = descriptor
        os.set_inheritable(descriptor, False)
        return lock

    @property
    def descriptor(self) -> int:
        return self._fd

    def try_shared(self) -> bool:
        """Take or keep the lock together with others; ``False`` if somebody has it exclusively."""
        return self._try(fcntl.LOCK_SH)

    def try_exclusive(self) -> bool:
        """Take the lock alone; ``False`` if anybody else has it (a shared hold of our own may then be lost)."""
        return self._try(fcntl.LOCK_EX)

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self._fd, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let go of the lock, whoever else has inherited it."""
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file; a lock on it stays only where a child has inherited it."""
        os.close(self._fd)


@dataclass(frozen=True)
class ServerState:
    """What ``mongod.json`` tells of a server that is ready: process ids, port and credentials."""

    pid: int
    port: int
    keeper: int
    user: str
    password: str = field(repr=False)

    @property
    def uri(self) -> str:
        """How to connect. Carries the password."""
        return (
            f"mongodb://{quote(self.user, safe='')}:{quote(self.password, safe='')}@{LOOPBACK}:{self.port}"
            f"/?authSource=admin&replicaSet={REPLICA_SET}"
        )


class DataDir:
    """Names and small files of a data directory (made absolute here; nothing is touched before `prepare`)."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.files = self.path / "db"
        self.key = self.path / "mongod.key"
        self.log = self.path / "mongod.log"
        self.users = self.path / "mongod.users"
        self.keeper = self.path / "mongod.keeper"
        self._state = self.path / "mongod.json"
        self._failure = self.path / "mongod.failed"

    def prepare(self) -> None:
        """Make the directory, for its owner only. Raises `NotReady` if it cannot be used."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o700)
            self.files.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise NotReady(
                N_("The data directory {path} cannot be used: {reason}."),
                path=self.path,
                reason=error.strerror,
            ) from error

    def cluster_key(self) -> str:
        """The secret of the replica set's members, made at first use. It may be lost: nothing is encrypted with it."""
        try:
            known = self.key.read_text("ascii").strip()
        except FileNotFoundError:
            known = ""
        if len(known) >= _LEAST_KEY:
            return known
        fresh = base64.b64encode(secrets.token_bytes(48)).decode("ascii")
        _write(self.key, fresh)
        return fresh

    def publish(self, state: ServerState) -> None:
        """Tell every other process how to connect."""
        _write(self._state, json.dumps({**asdict(state), "uri": state.uri}, indent=2) + "\n")

    def withdraw(self) -> None:
        """Tell nobody any more. A keeper's state must not outlive it, nor be there before its server is ready."""
        self._state.unlink(missing_ok=True)

    def published(self) -> ServerState | None:
        """The state of the ready server, if there is one. Stale unless ``mongod.keeper`` is held."""
        try:
            found = json.loads(self._state.read_text("utf-8"))
        except FileNotFoundError:
            return None
        return ServerState(**{name: found[name] for name in ("pid", "port", "keeper", "user", "password")})

    def report_failure(self, error: NotReady) -> None:
        """Leave word for the process that started the keeper."""
        params = {name: str(value) for name, value in error.params.items()}
        _write(self._failure, json.dumps({"message": error.message, "params": params}))

    def take_failure(self) -> NotReady | None:
        """What a keeper has left by `report_failure`, once."""
        try:
            found = json.loads(self._failure.read_text("utf-8"))
        except FileNotFoundError:
            return None
        self._failure.unlink(missing_ok=True)
        return NotReady(found["message"], **found["params"])

    def open_log(self) -> int:
        """A descriptor that appends to the server's log; a log that has grown large is set aside first."""
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_name(self.log.name + ".1"))
        return os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _write(path: Path, text: str) -> None:
    """Put ``text`` into ``path`` (mode 0600) wholly or not at all, whenever the power goes.

    Only the keeper writes, so one name for the unfinished file is enough.
    """
    part = path.with_name(f".{path.name}.new")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
