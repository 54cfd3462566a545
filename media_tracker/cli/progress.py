"""How long work shows that it goes on."""

from __future__ import annotations

import sys
from typing import Any

import click


class Steps:
    """A bar for each step on a terminal, a line for each step elsewhere."""

    def __init__(self, quiet: bool = False) -> None:
        self._on_terminal = sys.stderr.isatty() and not quiet
        self._quiet = quiet
        self._step = ""
        self._bar: Any = None
        self._done = 0

    def __enter__(self) -> Steps:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()

    def tell(self, step: str, done: int, total: int) -> None:
        """``done`` of ``total`` of a step."""
        if self._on_terminal:
            if step != self._step:
                if self._bar is not None:
                    self._bar.render_finish()
                self._bar = click.progressbar(length=total, label=step, file=sys.stderr)
                self._bar.__enter__()
                self._done = 0
            self._bar.update(done - self._done)
        elif done == total and not self._quiet:
            click.echo(f"{step}: {total}", err=True)
        self._step, self._done = step, done
