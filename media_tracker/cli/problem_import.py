"""``media-tracker problems import``: lists of problems that offices keep in Excel, all of a list or nothing."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from media_tracker.cli.progress import Steps
from media_tracker.cli.running import command, explained, with_services
from media_tracker.db.events import Origin
from media_tracker.errors import N_, MediaTrackerError, NotReady
from media_tracker.files.remarks import is_workbook, with_remarks
from media_tracker.files.rows import RowError
from media_tracker.problems.lists.importing import Plan
from media_tracker.problems.lists.sheet import ListSheet, read_list
from media_tracker.problems.lists.words import BY_HEADING, heading_key
from media_tracker.wiring import Services

ERROR_COLUMN = "错误"
SHOWN = 20


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--list", "source", default="", metavar="NAME", help="Which list it is, if several count from 1.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--skip-errors", is_flag=True, help="Take the rows that are right, though others are wrong.")
@click.option(
    "--errors", "errors_to", type=click.Path(dir_okay=False, path_type=Path), help="Where the copy with errors goes."
)
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object.")
@command
async def problems_import(
    file: Path, source: str, dry_run: bool, skip_errors: bool, errors_to: Path | None, as_json: bool
) -> None:
    """Register the problems of a list (.xlsx or CSV), or what has changed in it. The same list again changes nothing.

    Columns are known by their headings: 编号, 问题, 类别, 区县, 街道, 社区, 地点, 责任单位, 发现时间, 状态,
    整改时限, 整改时间 and others. When a row is wrong, nothing is added, and a copy of the list says beside
    each row what is wrong with it.
    """
    data = await asyncio.to_thread(_read, file)

    async def run(services: Services) -> tuple[ListSheet, Plan, bool]:
        importing, settings = services.list_import, services.settings
        with Steps(as_json) as progress:
            progress.tell("reading", 0, 1)
            names, now = await importing.names(), services.clock()
            sheet = await asyncio.to_thread(read_list, data, file.name, names, settings.zone, now)
            progress.tell("reading", 1, 1)
            if dry_run:
                return sheet, await importing.plan(sheet, source), False
            async with importing.alone():
                plan = await importing.plan(sheet, source)
                if plan.errors and not skip_errors:
                    return sheet, plan, False
                if plan.added or plan.changed:
                    await importing.carry_out(plan, Origin(), progress.tell)
                return sheet, plan, True

    sheet, plan, carried_out = await with_services(run)
    copy = _write_copy(file, data, sheet, plan.errors, errors_to) if plan.errors else None
    _tell(sheet, plan, copy, carried_out=carried_out, dry_run=dry_run, as_json=as_json)
    if plan.errors and not skip_errors:
        sys.exit(1)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NotReady(N_("{file} cannot be read: {reason}."), file=str(file), reason=error.strerror or "") from error


def _said(error: RowError) -> str:
    return explained(MediaTrackerError(error.sentence, **error.params))


def _write_copy(file: Path, data: bytes, sheet: ListSheet, errors: Sequence[RowError], to: Path | None) -> Path:
    """Write the copy of the list with its errors, beside it if no other place is given."""
    remarks: dict[int, str] = {}
    for error in errors:
        said = f"{error.column}: {_said(error)}"
        remarks[error.line] = f"{remarks[error.line]}\n{said}" if error.line in remarks else said
    path = to or file.with_name(f"{file.stem}.{ERROR_COLUMN}{'.xlsx' if is_workbook(data) else '.csv'}")
    marked = with_remarks(
        data, ERROR_COLUMN, sheet.heading_line, remarks, lambda cell: heading_key(cell) in BY_HEADING, sheet.sheet
    )
    try:
        path.write_bytes(marked)
    except OSError as error:
        sentence = N_("The copy with the errors cannot be written to {file}: {reason}. Say --errors PATH.")
        raise NotReady(sentence, file=str(path), reason=error.strerror or "") from error
    return path


def _tell(sheet: ListSheet, plan: Plan, copy: Path | None, *, carried_out: bool, dry_run: bool, as_json: bool) -> None:
    """What was done, or would be; with JSON what was done alone stands on standard output."""
    if not as_json or dry_run:
        _preview(sheet, as_json)
    if not as_json:
        for error in plan.errors[:SHOWN]:
            click.echo(f"{error.line}\t{error.column}\t{_said(error)}", err=True)
        if len(plan.errors) > SHOWN:
            click.echo(f"… and {len(plan.errors) - SHOWN} more", err=True)
    if copy is not None:
        click.echo(f"errors: {copy}", err=True)
    done = carried_out or dry_run
    added, changed = (len(plan.added), len(plan.changed)) if done else (0, 0)
    if as_json:
        errors: list[dict[str, Any]] = [
            {"line": error.line, "column": error.column, "sentence": _said(error)} for error in plan.errors
        ]
        result = {"added": added, "changed": changed, "unchanged": plan.unchanged, "errors": errors}
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    would = " would be" if dry_run else ""
    click.echo(f"{added}{would} added, {changed}{would} changed, {plan.unchanged} unchanged, {len(plan.errors)} errors")
    if plan.errors and not done:
        click.echo("Nothing was added. Mend the rows, or say --skip-errors to take the others.", err=True)


def _preview(sheet: ListSheet, as_json: bool) -> None:
    """Which column means what; and what is not read."""
    for column, heading in sheet.columns.items():
        click.echo(f"{heading} → {column.value}", err=as_json)
    if sheet.not_read:
        click.echo(f"not read: {', '.join(sheet.not_read)}", err=True)
    for note in sheet.notes:
        click.echo(explained(MediaTrackerError(note.message, **note.params)), err=True)
