"""Work that must be bounded, whatever it is given."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS = 40.0
"""Of this process's own processor time: honest work takes two at most, and what grows with the square of a hostile document takes
minutes. A busy or slow machine changes nothing about which of the two it is."""


@contextmanager
def bounded() -> Iterator[None]:
    """Fails when what is done within takes long, however busy the machine is."""
    started = time.process_time()
    yield
    assert time.process_time() - started < SECONDS
