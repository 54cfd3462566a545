"""``media-tracker routing``: who is responsible for what, from the sheets that offices keep."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime
from pathlib import Path

import click
from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.accounts.by_name import people_by_name
from media_tracker.accounts.documents import AuditAction
from media_tracker.cli.running import command, explained, with_services
from media_tracker.db.events import SYSTEM
from media_tracker.errors import MediaTrackerError
from media_tracker.files.rows import RowError
from media_tracker.places.responsibility_import import Outlook
from media_tracker.places.responsibility_sheet import ResponsibilitySheet
from media_tracker.wiring import Services


@click.group()
def routing() -> None:
    """Who is responsible for what: the responsibility table."""


@routing.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="First day of rows that give none; today if left out.")
@click.option("--whole", is_flag=True, help="The file is the whole table: what it does not hold ends.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object.")
@command
async def routing_import(file: Path, since: datetime | None, whole: bool, dry_run: bool, as_json: bool) -> None:
    """Take in a responsibility table (.xlsx or CSV), all of it or nothing. The same file again changes nothing.

    Columns are known by their headings: 责任单位, 协办单位, 类别, 区县, 街道, 社区, 生效日期, 失效日期;
    包挂领导, 包挂单位; 指标, 包挂部门. Who was in charge before ends on the day before.
    """
    data = await asyncio.to_thread(file.read_bytes)

    async def run(services: Services) -> tuple[ResponsibilitySheet, Outlook]:
        room = services.responsibilities
        first = since.date() if since else services.clock().astimezone(services.settings.zone).date()
        sheet = await room.read(data, people_by_name(await services.accounts.list_users()), first)
        outlook = await room.outlook(sheet, first, whole=whole)
        if dry_run or sheet.errors or outlook.nothing:
            return sheet, outlook

        async def note(session: AsyncClientSession, seen: Outlook) -> None:
            action, detail = AuditAction.RESPONSIBILITIES_CHANGED, {"added": seen.added, "ended": seen.ended}
            await services.audit.write(action, actor=None, subject=None, detail=detail, session=session)

        edition = outlook.edition
        return sheet, await room.take(sheet, first, whole=whole, edition=edition, by=None, origin=SYSTEM, note=note)

    sheet, outlook = await with_services(run)
    _tell(sheet, outlook, as_json)
    if sheet.errors:
        sys.exit(1)


def _tell(sheet: ResponsibilitySheet, outlook: Outlook, as_json: bool) -> None:
    counts = {
        "added": outlook.added,
        "ended": outlook.ended,
        "unchanged": outlook.duties.unchanged + outlook.backings.unchanged,
        "clashes": len(outlook.clashes),
        "gaps": len(outlook.gaps),
    }
    if as_json:
        wrong = [{"line": each.line, "column": each.column, "error": _said(each)} for each in sheet.errors]
        click.echo(json.dumps({**counts, "errors": wrong}, ensure_ascii=False))
        return
    for error in sheet.errors:
        click.echo(f"{error.line}\t{error.column}\t{_said(error)}", err=True)
    click.echo(", ".join(f"{number} {name}" for name, number in counts.items()))


def _said(error: RowError) -> str:
    return explained(MediaTrackerError(error.sentence, **error.params))
