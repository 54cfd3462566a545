"""Templates that somebody has uploaded are filled in a process of their own, which can be stopped: Jinja can loop for ever."""

from __future__ import annotations

import asyncio
import resource
import signal
from collections.abc import Callable
from multiprocessing import get_context
from typing import TypeVar

from pebble import ProcessExpired, ProcessPool

from media_tracker.errors import N_, InvalidInput

SECONDS = 60.0
"""For one document: a dossier with hundreds of photos takes a few."""
BYTES = 1_500_000_000
"""Of address space, the libraries' own included."""

T = TypeVar("T")


async def run_apart(function: Callable[..., T], *args: object, seconds: float = SECONDS) -> T:
    """``function(*args)`` in a process that ends with it.

    Raises:
        InvalidInput: it took too long, or too much memory.
        Exception: its own.
    """
    pool = ProcessPool(max_workers=1, max_tasks=1, initializer=_bound, context=get_context("spawn"))
    try:
        future = pool.schedule(function, args=args, timeout=seconds)
        result: T = await asyncio.wrap_future(future)
        return result
    except TimeoutError:
        sentence = N_("This template takes longer than {seconds} seconds to fill in. Take loops out of it.")
        raise InvalidInput(sentence, {"template": sentence}, seconds=f"{seconds:g}") from None
    except (MemoryError, ProcessExpired):
        sentence = N_("This template makes a document that is too large.")
        raise InvalidInput(sentence, {"template": sentence}) from None
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        await asyncio.to_thread(pool.join)


def _bound() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
