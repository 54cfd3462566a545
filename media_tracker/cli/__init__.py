"""The command line. Exit codes: 0 done; 1 not done, with a sentence that says why; 2 a wrong call; 130 interrupted.

A group of commands is a module of this folder, which is loaded when it is called: asking for help costs nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from importlib import import_module

import click

from media_tracker import __version__

COMMANDS: Mapping[str, tuple[str, str]] = {
    "serve": ("serve", "Serve the pages."),
    "worker": ("ingest", "Read feeds as they fall due, for ever."),
    "ingest": ("ingest", "Read feeds once, now."),
    "feeds": ("feeds", "Subscriptions: which feeds are read."),
    "tag": ("tag", "What stories are: suggest, train, evaluate."),
    "stories": ("stories", "Stories in files: which are reprints."),
    "problems": ("problems", "Problems: import lists; in files: same one, followed up."),
    "routing": ("routing", "Who is responsible for what: take in a responsibility table."),
    "bulletin": ("export", "The draft of a bulletin as a Word file."),
    "export": ("export", "Lists and figures as CSV or Excel."),
    "user": ("user", "Accounts."),
    "db": ("database", "The database: prepare it, see how far it is."),
    "demo": ("serve", "Sample outlets, stories, problems and accounts."),
    "doctor": ("database", "Check everything that media-tracker needs."),
}
"""What each command is called, the module that has it under that name, and what the overview says of it."""


class Commands(click.Group):
    """The commands of ``COMMANDS``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        gc.disable()  # all that is loaded stays: a tenth of the time would go into looking for garbage
        try:
            found = getattr(import_module(f"media_tracker.cli.{COMMANDS[cmd_name][0]}"), cmd_name)
        finally:
            gc.enable()
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in COMMANDS.items()])


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="media-tracker")
def main() -> None:
    """From a story that exposes a problem to the fix that somebody else has verified."""
