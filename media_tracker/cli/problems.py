"""``media-tracker problems``: what can be said of problems without a database, and lists of them into one."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import BinaryIO

import click

from media_tracker.cli.jsonl import ZONE, Row, field_of, moment_of, read_rows, text_of, write_rows
from media_tracker.cli.running import told
from media_tracker.errors import N_, InvalidInput

ROLES = ("exposure", "follow_up")


class _Commands(click.Group):
    """The commands of this module, and the import of lists, which is loaded when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), "import"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "import":
            from media_tracker.cli.problem_import import problems_import

            return problems_import
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Commands)
def problems() -> None:
    """Lists of problems into the database; problems in files, without one."""


@problems.command("group")
@click.argument("file", type=click.File("rb"))
def problems_group(file: BinaryIO) -> None:
    """Find which reports in FILE are of one problem (JSON Lines: id, title, body).

    One line each, in order: {id, problem}; a problem has the id of the first report of it.
    """
    told(lambda: write_rows(groups(list(read_rows(file)))))


@problems.command("match")
@click.argument("file", type=click.File("rb"))
def problems_match(file: BinaryIO) -> None:
    """Find what the follow-ups in FILE follow up (JSON Lines: id, role, title, body, published_at).

    The role is exposure or follow_up. One line for each follow-up, in order: {id, candidates: [{id, score}, …]}, at most ten
    exposures that were published before it, the likeliest first; the score is the chance that it is the one.
    """
    told(lambda: write_rows(matches(list(read_rows(file)))))


@problems.command("verify-dossier")
@click.argument("file", type=click.File("rb"))
def problems_verify_dossier(file: BinaryIO) -> None:
    """Recompute the digests of every event in FILE, a dossier as a Word document. Exit code 1 if one does not fit.

    One line for each problem: {problem, events, last_digest, wrong}; wrong is the number of the first event that does not fit.
    """
    from media_tracker.papers.reading import verify

    found = told(lambda: verify(file.read()))
    write_rows(asdict(each) for each in found)
    if any(each.wrong is not None for each in found):
        sys.exit(1)


def groups(rows: Sequence[Row]) -> Iterator[Row]:
    """``{id, problem}`` of each row, in order. A row without an id gets its number among them, from 1."""
    from media_tracker.problems.linking.grouping import group

    ids = _ids(rows)
    found = group([text_of(row, "title") for row in rows], [text_of(row, "body") for row in rows])
    for own, first in zip(ids, found, strict=True):
        yield {"id": own, "problem": ids[first]}


def matches(rows: Sequence[Row]) -> Iterator[Row]:
    """``{id, candidates}`` of each follow-up, in order.

    Raises:
        InvalidInput: a row has another role.
    """
    from media_tracker.problems.linking.following import Told, match

    ids = _ids(rows)
    sides: dict[str, list[int]] = {role: [] for role in ROLES}
    for number, row in enumerate(rows):
        role = row.get("role")
        if role not in ROLES:
            raise InvalidInput(N_("Row {number} needs a role: exposure or follow_up."), number=str(number + 1))
        sides[str(role)].append(number)
    stories = [Told(text_of(row, "title"), text_of(row, "body"), moment_of(row)) for row in rows]
    exposures, follow_ups = sides["exposure"], sides["follow_up"]
    found = match([stories[each] for each in follow_ups], [stories[each] for each in exposures], ZONE)
    for number, candidates in zip(follow_ups, found, strict=True):
        offered = [{"id": ids[exposures[each.index]], "score": each.score} for each in candidates]
        yield {"id": ids[number], "candidates": offered}


def _ids(rows: Sequence[Row]) -> list[object]:
    return [number if (given := field_of(row, "id")) is None else given for number, row in enumerate(rows, start=1)]
