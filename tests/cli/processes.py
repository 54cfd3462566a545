"""The command line as a person starts it: a process of its own, on a database of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE = 120.0
"""Seconds that a command may take on a loaded machine."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended: its exit code and what it said."""

    code: int
    out: str
    err: str

    @property
    def sentences(self) -> list[str]:
        return self.err.splitlines()

    def json(self) -> Any:
        """The last line of the output, which must be JSON."""
        return json.loads(self.out.splitlines()[-1])


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Starts commands in ``folder``, with the settings in ``environment`` and none of the machine's."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def setting(self, **values: str) -> CommandLine:
        """The same command line with other settings, by their names without a prefix; ``MONGODB_URI`` by that name."""
        named = {name if name == "MONGODB_URI" else f"MEDIA_TRACKER_{name}": value for name, value in values.items()}
        return CommandLine(self.folder, {**self.environment, **named})

    async def start(self, *arguments: str, err: int = PIPE, given: bool = False) -> Process:
        """Start a command without waiting for it; ``given``: something will be written to its standard input."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MEDIA_TRACKER_", "LC_", "LANG")) and name != "MONGODB_URI"
        }
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "media_tracker.cli", *arguments),
            cwd=self.folder,  # away from any .env
            env={**inherited, "LC_ALL": "C.UTF-8", **self.environment},
            stdin=PIPE if given else DEVNULL,
            stdout=PIPE,
            stderr=err,
        )

    async def __call__(self, *arguments: str, stdin: str = "", patience: float = PATIENCE) -> Ended:
        """Run a command to its end. Whatever came of it, nobody is shown a traceback."""
        process = await self.start(*arguments, given=bool(stdin))
        try:
            out, err = await asyncio.wait_for(process.communicate(stdin.encode() or None), patience)
        finally:
            await kill(process)
        assert process.returncode is not None
        ended = Ended(process.returncode, out.decode(), err.decode())
        assert "Traceback" not in ended.out + ended.err, ended.err
        return ended

    async def refused(self, *arguments: str, stdin: str = "", patience: float = PATIENCE) -> str:
        """Run a command that must end with exit code 1 and one sentence; the sentence."""
        ended = await self(*arguments, stdin=stdin, patience=patience)
        assert ended.code == 1, ended
        assert ended.out == ""
        assert len(ended.sentences) == 1, ended.err
        return ended.sentences[0]

    async def misused(self, *arguments: str) -> str:
        """Run a command that must end with exit code 2; what it says about its use."""
        ended = await self(*arguments)
        assert ended.code == 2, ended
        assert ended.out == ""
        return ended.err

    async def done(self, *arguments: str, stdin: str = "") -> Ended:
        """Run a command that must end with exit code 0."""
        ended = await self(*arguments, stdin=stdin)
        assert ended.code == 0, ended
        return ended

    @asynccontextmanager
    async def running(self, *arguments: str) -> AsyncIterator[Process]:
        """A command that goes on until it is stopped; killed at the end if nobody has. Its log is ``process.log``."""
        with (self.folder / "process.log").open("wb") as log:
            process = await self.start(*arguments, err=log.fileno())
        try:
            yield process
        finally:
            await kill(process)


async def kill(process: Process) -> None:
    """End a process that a test has left behind."""
    if process.returncode is None:
        process.kill()
        await process.wait()


async def ends(process: Process) -> None:
    """Ask a process to end, as a service manager does. Fails when it waits for something: a silent server takes 20 seconds."""
    process.terminate()
    await asyncio.wait_for(process.wait(), 15)


async def until(true: Callable[[], Awaitable[bool]], seconds: float = PATIENCE) -> float:
    """Wait until something is so; the seconds it took. Fails when it is still not so after ``seconds``."""
    started = time.monotonic()
    while not await true():
        assert time.monotonic() - started < seconds, f"still not so after {seconds} seconds"
        await asyncio.sleep(0.1)
    return time.monotonic() - started
