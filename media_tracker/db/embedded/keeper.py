"""The keeper: the process that starts ``mongod``, watches it, and ends it when nobody uses it any more.

Run as ``python -m media_tracker.db.embedded.keeper DATA_DIR MONGOD CACHE_GB`` with the held lock ``mongod.keeper`` as
its standard input, so that there is no moment between "somebody keeps the server" and "this process does".
It runs in a session of its own: a Ctrl-C in the terminal reaches the commands, not the server they still need.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from media_tracker.db.embedded.claim import LOOPBACK, REPLICA_SET, DataDir, FileLock, ServerState
from media_tracker.db.embedded.log import reason_in_log
from media_tracker.errors import N_, NotReady

USER = "media_tracker"
OPLOG_MB = 512

_WATCH_SECONDS = 0.1
_START_TICK_SECONDS = 0.02
_START_SECONDS = 120.0
_TAKEOVER_SECONDS = 5.0
_STOP_SECONDS = 4.0
_NO_REASON = "it ended without a word, or takes too long"
_PORT_TRIES = 5
_RESTARTS = 5
_PORT_TAKEN = 48
_PR_SET_PDEATHSIG = 1


class _NoLongerNeededError(Exception):
    """Nobody uses the server any more, or the keeper was told to end."""


class _ServerEndedError(Exception):
    """``mongod`` has ended by itself."""


class Keeper:
    """Keeps one server on ``home`` for as long as somebody holds the users' lock."""

    def __init__(self, home: DataDir, binary: Path, cache_gb: float) -> None:
        self._home = home
        self._binary = binary
        self._cache_gb = cache_gb
        self._users = FileLock(home.users)
        self._password = secrets.token_urlsafe(24)
        self._server: subprocess.Popen[bytes] | None = None
        self._told_to_end = False
        self._log_start = 0

    def end(self, *_: object) -> None:
        """Handler of SIGTERM and SIGINT: end at the next tick."""
        self._told_to_end = True

    def run(self) -> None:
        """Keep the server till nobody needs it. Raises `NotReady` if it cannot be started."""
        try:
            self._wait_for_the_files()
            port = self._start_anywhere()
            for _ in range(_RESTARTS):
                self._watch()
                self._home.withdraw()
                self._start(port)  # at the same port and password, so that whoever was connected goes on
            self._watch()
        except _NoLongerNeededError:
            pass
        except _ServerEndedError as ended:
            raise self._failure() from ended
        finally:
            # The users' lock, if it was got, is held to the very end: nobody joins a server that is closing.
            self._home.withdraw()
            self._stop()

    def _tick(self, seconds: float) -> None:
        if self._told_to_end or self._users.try_exclusive():
            raise _NoLongerNeededError
        time.sleep(seconds)

    def _watch(self) -> None:
        while self._server is not None and self._server.poll() is None:
            self._tick(_WATCH_SECONDS)

    def _wait_for_the_files(self) -> None:
        """Wait for a server whose keeper was killed to close; refuse to be a second one beside any other."""
        held = self._home.files / "mongod.lock"
        if not held.exists():
            return
        lock = FileLock(held)
        deadline = time.monotonic() + _TAKEOVER_SECONDS
        try:
            while not lock.try_exclusive():
                if time.monotonic() > deadline:
                    raise NotReady(
                        N_(
                            "Another MongoDB server (process {pid}) uses {path}. Stop it, or set another data directory."
                        ),
                        pid=held.read_text("ascii").strip(),
                        path=self._home.files,
                    )
                self._tick(_START_TICK_SECONDS)
        finally:
            lock.close()

    def _start_anywhere(self) -> int:
        """Start on a free port and return it. Between finding and using it somebody may be faster: then another."""
        for _ in range(_PORT_TRIES):
            port = _free_port()
            try:
                self._start(port)
            except _ServerEndedError:
                if self._server is None or self._server.returncode != _PORT_TAKEN:
                    raise
            else:
                return port
        raise _ServerEndedError

    def _start(self, port: int) -> None:
        """Start ``mongod`` on ``port``, make it ready and publish it."""
        key = self._home.cluster_key()
        self._log_start = self._home.log.stat().st_size
        server = self._server = self._launch(port)
        deadline = time.monotonic() + _START_SECONDS

        def wait() -> None:
            if server.poll() is not None:
                raise _ServerEndedError
            if time.monotonic() > deadline:
                raise self._failure()
            self._tick(_START_TICK_SECONDS)

        # PyMongo is loaded while mongod starts, and connects once there is somebody to talk to: it waits long
        # after a refusal.
        from pymongo.errors import PyMongoError

        from media_tracker.db.embedded.replica import make_ready

        while not _listens(port):
            wait()
        try:
            make_ready(port, key, USER, self._password, wait)
        except PyMongoError as error:
            raise self._failure(str(error)) from error
        self._home.publish(ServerState(server.pid, port, os.getpid(), USER, self._password))

    def _launch(self, port: int) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603 - our own binary, no shell
                [self._binary, *_options(self._home, port, self._cache_gb)],
                stdin=subprocess.DEVNULL,
                preexec_fn=_end_with_parent() if sys.platform == "linux" else None,
            )
        except OSError as error:
            raise self._failure(str(error)) from error

    def _stop(self) -> None:
        if self._server is None or self._server.poll() is not None:
            return
        self._server.terminate()
        try:
            self._server.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()

    def _failure(self, reason: str = "") -> NotReady:
        return NotReady(
            N_("The MongoDB server in {path} could not be started: {reason} (more in {log})"),
            path=self._home.path,
            reason=reason or reason_in_log(self._home.log, self._log_start) or _NO_REASON,
            log=self._home.log,
        )


def _options(home: DataDir, port: int, cache_gb: float) -> list[str]:
    values = {
        "--dbpath": str(home.files),
        "--port": str(port),
        "--bind_ip": LOOPBACK,
        "--replSet": REPLICA_SET,
        "--keyFile": str(home.key),
        "--wiredTigerCacheSizeGB": f"{cache_gb:g}",
        "--oplogSize": str(OPLOG_MB),
        "--networkMessageCompressors": "snappy,zstd",
    }
    parameters = {
        "enableLocalhostAuthBypass": "false",  # our first user is made as cluster user: no open door, however short
        "diagnosticDataCollectionEnabled": "false",
        "shutdownTimeoutMillisForSignaledShutdown": "100",  # there is no other member to wait for
    }
    options = [part for pair in values.items() for part in pair]
    for name, value in parameters.items():
        options += ["--setParameter", f"{name}={value}"]
    return [*options, "--nounixsocket", "--quiet"]


def _end_with_parent() -> Callable[[], None]:
    """For the child to call between fork and exec: the kernel ends it (SIGTERM) when this process is gone."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
        if os.getppid() != parent:  # killed before the kernel knew
            os._exit(1)

    return ask


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), 1.0).close()
    except OSError:
        return False
    return True


def main() -> int:
    """Entry point of the process. Exit code 1: it failed, and has left word (see `DataDir.take_failure`)."""
    os.umask(0o077)
    FileLock.inherited(sys.stdin.fileno())  # never closed: it is free when this process is no more
    home = DataDir(Path(sys.argv[1]))
    keeper = Keeper(home, Path(sys.argv[2]), float(sys.argv[3]))
    signal.signal(signal.SIGTERM, keeper.end)
    signal.signal(signal.SIGINT, keeper.end)
    try:
        keeper.run()
    except NotReady as error:
        home.report_failure(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
