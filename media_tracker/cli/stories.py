"""``media-tracker stories``: what can be said of stories without a database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import click

from media_tracker.cli.jsonl import Row, field_of, moment_of, read_rows, text_of, write_rows
from media_tracker.cli.running import told
from media_tracker.tagging.clusters import Grouped, group
from media_tracker.text.fingerprint import fingerprint


@click.group()
def stories() -> None:
    """Stories in files, without a database."""


@stories.command("group")
@click.argument("file", type=click.File("rb"))
def stories_group(file: BinaryIO) -> None:
    """Find the reprints in FILE (JSON Lines: id, title, body, published_at).

    One line each, in order: {id, cluster}; a cluster has the id of the story that was published first.
    """
    told(lambda: write_rows(clusters(list(read_rows(file)))))


def clusters(rows: Sequence[Row]) -> Iterator[Row]:
    """``{id, cluster}`` of each row, in order. A row without an id gets the number of its line among them, from 1.

    Of stories published at the same moment, or without a date, the one that stands first is the first publisher's.
    """
    grouped = []
    for number, row in enumerate(rows):
        # A story that is all in its title (a picture, a flash) is compared by that.
        text = text_of(row, "body") or text_of(row, "title")
        grouped.append(Grouped(number, moment_of(row), text, fingerprint(text).keys, None))
    ids = [number + 1 if (given := field_of(row, "id")) is None else given for number, row in enumerate(rows)]
    found = group(grouped, [])
    for number, own in enumerate(ids):
        yield {"id": own, "cluster": ids[found[number]]}
