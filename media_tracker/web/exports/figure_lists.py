"""Figures as files: the table of all of them, a breakdown, the list behind one. Each carries its definition and its moment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from media_tracker.errors import N_, NotFound
from media_tracker.monitor.definitions import DEFINITIONS, Dimension, Key
from media_tracker.monitor.exports import Deadline, Value
from media_tracker.monitor.facts import Row
from media_tracker.web.exports.opened import CHUNK, Asking, Opened, Rows, heading
from media_tracker.web.figure_links import Asked, read_asked
from media_tracker.web.monitor.lists import Cell, columns_of
from media_tracker.web.monitor.view import HEADS, STRETCH_NAMES

BROKEN_DOWN = (
    Key.STORIES,
    Key.EXPOSURES,
    Key.PROBLEMS,
    Key.RESOLVED,
    Key.CLAIMED,
    Key.OVERDUE,
    Key.DEFERRED,
    Key.RELAPSED,
)
NOT_A_TABLE = frozenset({Dimension.DAY, Dimension.MONTH})


async def open_figures(asking: Asking) -> Opened:
    """Every figure of a period beside the one before, with its definition."""
    asked = read_asked(asking.values, asking.now)
    found = await asking.room.monitor.overview(asked.period, (), asked.part, dimensions=(), as_of=asked.as_of)
    rows: list[list[Value]] = [
        [
            asking.say(DEFINITIONS[key].name),
            found.figures[key].value,
            found.before[key].value,
            found.figures[key].value - found.before[key].value,
            asking.say(DEFINITIONS[key].text),
        ]
        for key in Key
    ]
    labels = (N_("Figure"), N_("This period"), N_("Period before"), N_("Change"), N_("Definition"))
    before = f"{found.earlier.period.start.isoformat()} – {found.earlier.period.end.isoformat()}"
    about = [*_about(asking, asked), (N_("Period before"), before)]
    return Opened(heading(asking, N_("The figures"), labels, about), _at_once(rows), len(rows), _name("figures", asked))


async def open_breakdown(asking: Asking) -> Opened:
    """The main figures broken down by one dimension (``by``)."""
    asked, text = read_asked(asking.values, asking.now), asking.values.get("by", Dimension.DISTRICT.value)
    if text not in set(Dimension):
        raise NotFound(N_("There is nothing at this address."))
    by = Dimension(text)
    found = await asking.room.monitor.overview(
        asked.period, BROKEN_DOWN, asked.part, dimensions=(by,), as_of=asked.as_of
    )
    table = found.tables[by]
    columns = sorted(table.columns, key=lambda each: (not each.value, asking.names.of(by, each.value)))
    if by in NOT_A_TABLE:
        columns = list(table.columns)
    rows: list[list[Value]] = [
        [asking.names.of(by, each.value), *(each.counts.get(key, 0) for key in BROKEN_DOWN)] for each in columns
    ]
    title, head = HEADS[by]
    about = _about(asking, asked)
    if table.not_additive:
        names = [asking.say(DEFINITIONS[key].name) for key in BROKEN_DOWN if key in table.not_additive]
        about.append((N_("Does not add up"), asking.say(N_(", ")).join(names)))
    about += [(DEFINITIONS[key].name, asking.say(DEFINITIONS[key].text)) for key in BROKEN_DOWN]
    labels = [head, *(DEFINITIONS[key].name for key in BROKEN_DOWN)]
    return Opened(heading(asking, title, labels, about), _at_once(rows), len(rows), _name(f"figures_{by.value}", asked))


async def open_figure(asking: Asking) -> Opened:
    """The list behind the figure ``key``."""
    asked, text = read_asked(asking.values, asking.now), asking.values.get("key", "")
    if text not in set(Key):
        raise NotFound(N_("There is nothing at this address."))
    key, monitor = Key(text), asking.room.monitor
    definition = DEFINITIONS[key]
    if asked.stretch is not None:
        found = await monitor.figure(key, asked.period, asked.part, asked.stretch, as_of=asked.as_of)
        total, hours, each = found.value, found.hours, _each(found.rows)
    else:
        total, _ = await monitor.page(key, asked.period, asked.part, 0, 1, as_of=asked.as_of)
        hours, each = {}, monitor.each(key, asked.period, asked.part, as_of=asked.as_of)
    nothing = columns_of(key, asked.part, hours, await monitor.shown([]), asking.names, asking.actor)
    about: list[tuple[str, Value]] = [
        (N_("Figure"), asking.say(definition.name)),
        (N_("Definition"), asking.say(definition.text)),
        *_about(asking, asked),
        (N_("Rows"), total),
    ]

    async def rows() -> Rows:
        async for some in chunks(each):
            columns = columns_of(
                key, asked.part, hours, await monitor.shown(some, as_of=asked.as_of), asking.names, asking.actor
            )
            yield [[_value(column.cell(row)) for column in columns] for row in some]

    labels = [column.label for column in nothing]
    return Opened(heading(asking, definition.name, labels, about), rows(), total, _name(key.value, asked))


async def chunks(each: AsyncIterator[Row]) -> AsyncIterator[list[Row]]:
    """Rows, some at a time."""
    some: list[Row] = []
    async for row in each:
        some.append(row)
        if len(some) == CHUNK:
            yield some
            some = []
    if some:
        yield some


async def _each(rows: Sequence[Row]) -> AsyncIterator[Row]:
    for row in rows:
        yield row


async def _at_once(rows: Sequence[Sequence[Value]]) -> Rows:
    yield rows


def _about(asking: Asking, asked: Asked) -> list[tuple[str, Value]]:
    """Which days, as of which moment, and by what it was filtered."""
    period = f"{asked.period.start.isoformat()} – {asked.period.end.isoformat()}"
    told: list[tuple[str, Value]] = [(N_("Period"), period), (N_("As of"), asked.as_of or asking.now)]
    told += [(HEADS[dimension][1], asking.names.of(dimension, value)) for dimension, value in asked.filters.items()]
    if asked.stretch is not None:
        told.append((N_("Both ends known"), asking.say(STRETCH_NAMES[asked.stretch])))
    return told


def _value(cell: Cell) -> Value:
    """A cell as a file takes it. As a plain date, a deadline at midnight would read one day too long."""
    if cell.look == "deadline" and isinstance(cell.value, datetime):
        return Deadline(cell.value)
    return cell.value


def _name(what: str, asked: Asked) -> str:
    return f"{what}_{asked.period.start.isoformat()}_{asked.period.end.isoformat()}"
