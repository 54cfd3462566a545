"""The web server as a process: it answers, it says when its port is taken, and it ends with all that it started."""

from __future__ import annotations

import socket

import psutil
from aiohttp import ClientError, ClientSession

from tests.cli.processes import CommandLine, ends, until


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _answers(url: str) -> bool:
    try:
        async with ClientSession() as session, session.get(url) as response:
            return response.status == 200
    except ClientError:
        return False


async def test_it_answers_until_it_is_asked_to_end_and_leaves_nothing_behind(cli: CommandLine) -> None:
    port = _free_port()
    async with cli.running("serve", "--port", str(port)) as server:

        async def healthy() -> bool:
            assert server.returncode is None, (cli.folder / "process.log").read_text("utf-8")
            return await _answers(f"http://127.0.0.1:{port}/healthz")

        await until(healthy)
        second = await cli.refused("serve", "--port", str(port))
        assert str(port) in second
        assert "taken" in second
        assert await healthy()

        children = psutil.Process(server.pid).children(recursive=True)
        assert children
        await ends(server)
        assert server.returncode == 0
        assert [child.pid for child in children if child.is_running()] == []
    assert not await _answers(f"http://127.0.0.1:{port}/healthz")
    assert "Traceback" not in (cli.folder / "process.log").read_text("utf-8")


async def test_a_port_that_there_cannot_be_is_a_wrong_call(unprepared: CommandLine) -> None:
    assert "70000" in await unprepared.misused("serve", "--port", "70000")
