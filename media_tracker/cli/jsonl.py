"""JSON Lines in and out: one object a line, in order. The names that other people's files have for a story's fields are known."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import BinaryIO, TypeAlias
from zoneinfo import ZoneInfo

import click

from media_tracker.errors import N_, InvalidInput

Row: TypeAlias = Mapping[str, object]

ZONE = ZoneInfo("Asia/Shanghai")
"""Of moments that name none."""

NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "_id", "留言编号", "编号", "row"),
    "title": ("title", "headline", "留言主题", "标题", "主题"),
    "body": ("body", "text", "content", "留言详情", "正文", "内容", "seg"),
    "published_at": ("published_at", "published", "date", "time", "留言时间", "发布时间", "时间"),
    "outlet": ("outlet", "outlet_name", "source", "媒体", "来源"),
    "column": ("column", "section", "栏目"),
}
"""What a field is called, the first found counts."""

_MOMENT = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[\sT]*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})?秒?)?)?(?:\.\d+)?\s*"
)
"""As spreadsheets and pages write it; what follows is a zone or nothing."""


_EARLIEST_YEAR, _LATEST_YEAR = 1900, 2200
"""Other years are mistakes."""


def read_rows(file: BinaryIO) -> Iterator[Row]:
    """The objects of ``file``, empty lines left out.

    Raises:
        InvalidInput: a line is no JSON object; the error says which one.
    """
    for number, line in enumerate(file, start=1):
        if not line.strip(b" \t\r\n\xef\xbb\xbf"):
            continue
        try:
            row = json.loads(line.decode("utf-8-sig"), parse_constant=str)
        except UnicodeDecodeError:
            raise InvalidInput(N_("Line {number} is not UTF-8. Save the file as UTF-8."), number=str(number)) from None
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise InvalidInput(N_("Line {number} is not a JSON object."), number=str(number))
        yield row


def field_of(row: Row, name: str) -> object:
    """The field ``name`` of ``NAMES``, under whichever name the row has it with something in it; None if it has none."""
    return next((row[each] for each in NAMES[name] if row.get(each) not in (None, "")), None)


def text_of(row: Row, name: str) -> str:
    """The same as text; empty if the row has none."""
    value = field_of(row, name)
    return "" if value is None else value if isinstance(value, str) else str(value)


def moment_of(row: Row) -> datetime | None:
    """When the row's story was published, aware; None where it does not say, or not so that it can be understood."""
    written = text_of(row, "published_at").strip()
    moment = _iso(written)
    if moment is None and (found := _MOMENT.match(written)) is not None:
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
        moment = _iso(f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{written[found.end() :]}")
    if moment is None or not _EARLIEST_YEAR <= moment.year <= _LATEST_YEAR:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)


def _iso(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None


def write_rows(rows: Iterable[Row]) -> None:
    """Write ``rows`` to standard output, one a line."""
    for row in rows:  # half a surrogate pair has no bytes: it goes out as it came in, escaped
        click.echo(json.dumps(row, ensure_ascii=False).encode(errors="backslashreplace"))
