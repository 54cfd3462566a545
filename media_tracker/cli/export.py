"""``media-tracker bulletin`` and ``export``: files without a browser. What leaves is written into the audit trail."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import IO
from urllib.parse import urlencode

import click
from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.cli.running import command, with_services
from media_tracker.errors import N_, InvalidInput, NotReady
from media_tracker.monitor.exports import FileFormat
from media_tracker.wiring import Services

NAMES = ("figures", "breakdown", "figure", "problems", "stories", "deeds", "outlets", "look-backs", "audit")
LANGUAGES = ("zh_CN", "en")


@click.command()
@click.option("--from", "start", metavar="DAY", help="First day, as 2026-03-20; without days: last Friday to Thursday.")
@click.option("--to", "end", metavar="DAY", help="Last day.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The Word file to write.")
@click.option("--language", type=click.Choice(LANGUAGES), default="zh_CN", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object.")
@command
async def bulletin(start: str | None, end: str | None, out: Path, language: str, as_json: bool) -> None:
    """Write the draft of a bulletin: the figures as they are now, without a number. Nothing is released."""
    from media_tracker.monitor.bulletin_rules import Texts, last_week
    from media_tracker.monitor.periods import read_period
    from media_tracker.web.bulletins.content import Signing, compose, today_of, word_of
    from media_tracker.web.i18n import use_locale
    from media_tracker.web.naming import names_with
    from media_tracker.web.render import pages_in

    async def run(services: Services) -> dict[str, object]:
        today = today_of(services)
        period = read_period(start or "", end or "", today) if start or end else last_week(today)
        now = services.clock()
        counted = await services.bulletins.count(period)
        with use_locale(language):
            names = await names_with(services, pages_in(services.settings.zone))
            content = await compose(services, names, counted, Texts(), (), Signing(today.year, None, now))
            word = await word_of(services, content, language)
        await asyncio.to_thread(_write, out, word)
        await services.audit.write(AuditAction.EXPORTED, actor=None, subject="bulletin.docx")
        return {"file": str(out), "from": str(period.start), "to": str(period.end), "bytes": len(word)}

    told = await with_services(run)
    click.echo(json.dumps(told) if as_json else f"{told['file']}: {told['from']} – {told['to']}, {told['bytes']} bytes")


@click.command("export")
@click.argument("name", type=click.Choice(NAMES))
@click.option(
    "--format", "kind", type=click.Choice([each.value for each in FileFormat]), help="Else as FILE's name ends."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
@click.option("--from", "start", metavar="DAY", help="First day of a period, as 2026-03-20.")
@click.option("--to", "end", metavar="DAY", help="Last day of a period.")
@click.option("--key", metavar="FIGURE", help="For figure: which one, such as resolved.")
@click.option("--by", metavar="DIMENSION", help="For breakdown: by what, such as district.")
@click.option("--as-of", metavar="MOMENT", help="As it stood at a past moment, such as 2026-03-20T18:00:00Z.")
@click.option("--filter", "filters", multiple=True, metavar="NAME=VALUE", help="A filter as in the list's address.")
@click.option("--language", type=click.Choice(LANGUAGES), default="zh_CN", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object.")
@command
async def export(
    name: str,
    kind: str | None,
    out: Path,
    start: str | None,
    end: str | None,
    key: str | None,
    by: str | None,
    as_of: str | None,
    filters: tuple[str, ...],
    language: str,
    as_json: bool,
) -> None:
    """Write a list or a table of figures to a file: everything an administrator may see."""
    chosen = _kind(kind, out)
    pairs = {"from": start, "to": end, "key": key, "by": by, "as_of": as_of}
    query = urlencode([*((each, value) for each, value in pairs.items() if value), *map(_pair, filters)])

    async def run(services: Services) -> int:
        return await _export(services, name, query, chosen, out, language, quiet=as_json)

    rows = await with_services(run)
    click.echo(json.dumps({"file": str(out), "rows": rows}) if as_json else f"{out}: {rows} rows")


async def _export(
    services: Services, name: str, query: str, kind: FileFormat, out: Path, language: str, *, quiet: bool
) -> int:
    from media_tracker.web.exports.lists import open_list
    from media_tracker.web.exports.making import making
    from media_tracker.web.exports.opened import Asking
    from media_tracker.web.i18n import use_locale
    from media_tracker.web.naming import names_with
    from media_tracker.web.render import pages_in

    anybody = Actor(ObjectId(), frozenset(Role))
    with use_locale(language):
        names = await names_with(services, pages_in(services.settings.zone))
        opened = await open_list(name, Asking(services, names, anybody, query))
        with _Bar(opened.total, quiet) as bar:
            async with making(opened, kind, services.settings.zone, bar.tell) as made:
                await asyncio.to_thread(_copy, made.file, out)
    await services.audit.write(
        AuditAction.EXPORTED, actor=None, subject=f"{name}.{kind.value}", detail={"rows": made.rows}
    )
    return made.rows


class _Bar:
    """A progress bar on a terminal; elsewhere nothing: the last line says how many rows there are."""

    def __init__(self, total: int | None, quiet: bool) -> None:
        shown = sys.stderr.isatty() and not quiet
        self._bar = click.progressbar(length=total, file=sys.stderr, label="rows") if shown and total else None
        self._told = 0

    def __enter__(self) -> _Bar:
        if self._bar is not None:
            self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()

    async def tell(self, rows: int) -> None:
        if self._bar is not None:
            self._bar.update(rows - self._told)
            self._told = rows


def _kind(given: str | None, out: Path) -> FileFormat:
    text = given or out.suffix.lstrip(".").lower()
    if text not in set(FileFormat):
        raise InvalidInput(N_("Say --format csv or --format xlsx, or name the file so."))
    return FileFormat(text)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise InvalidInput(N_("A filter is written as name=value."))
    return name, value


def _write(out: Path, data: bytes) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        _copy(file, out)


def _copy(source: IO[bytes], out: Path) -> None:
    """Into a file beside, which then takes the place of ``out``: nobody finds half of one."""
    half = out.with_name(f".{out.name}.part")
    try:
        with half.open("wb") as target:
            shutil.copyfileobj(source, target)
        half.replace(out)
    except OSError as error:
        half.unlink(missing_ok=True)
        sentence = N_("The file cannot be written to {file}: {reason}.")
        raise NotReady(sentence, file=str(out), reason=error.strerror or "") from error
