"""The web server: Granian in front of the application, the embedded MongoDB (if it is used) held by the parent."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import threading
from contextlib import AsyncExitStack

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from media_tracker.app import create_asgi
from media_tracker.db.embedded import EmbeddedServer
from media_tracker.errors import N_, Conflict
from media_tracker.settings import Settings
from media_tracker.web.edge import Edge

LOOKS = (10_000, 20, 50)
"""After how many new objects Python looks through the new ones, and after how many such looks through older ones."""
SECONDS_TO_FINISH = 3
"""For requests under way when the server is asked to stop; live event streams would never finish by themselves."""


def application() -> Edge:
    """What each worker process serves, from the environment's settings.

    What stays for ever is not looked through again and again for what could be thrown away: a list of a hundred rows makes enough
    objects for two looks at everything, a fifth of its time (docs/performance.md).
    """
    app = create_asgi(Settings())
    gc.collect()
    gc.freeze()
    gc.set_threshold(*LOOKS)
    return app


def serve(settings: Settings, host: str, port: int, workers: int, *, with_parent: bool = False) -> None:
    """Serve until SIGINT or SIGTERM; with ``with_parent`` also only until standard input ends, as it does with its writer.

    Raises:
        Conflict: the port is taken. NotReady: there is no MongoDB to be had.
    """
    check_free(host, port)
    if with_parent:
        threading.Thread(target=_stop_when_input_ends, daemon=True).start()
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        if settings.mongodb_uri is None:
            server = runner.run(stack.enter_async_context(EmbeddedServer(settings.data_dir)))
            os.environ["MONGODB_URI"] = server.uri  # worker processes are started with this environment
        try:
            Granian(
                "media_tracker.serve:application",
                address=host,
                port=port,
                interface=Interfaces.ASGI,
                workers=workers,
                factory=True,
                websockets=False,
                workers_kill_timeout=SECONDS_TO_FINISH,
                log_level=LogLevels.warning,
            ).serve()
        finally:
            runner.run(stack.aclose())


def _stop_when_input_ends() -> None:
    # Not through sys.stdin: a worker forked meanwhile would inherit its lock, taken for ever.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def check_free(host: str, port: int) -> None:
    """Say so in a sentence when somebody listens there already; Granian would say it in a trace."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise Conflict(
                N_("Port {port} on {host} is taken. Stop what listens there, or choose another with --port."),
                port=port,
                host=host,
            ) from None
