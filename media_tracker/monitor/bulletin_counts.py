"""What a bulletin counts, all of it as of one moment: figures, breakdowns, the trend, and the rows that it prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from media_tracker.errors import N_, InvalidInput
from media_tracker.monitor.bulletin_rules import BY, MOST_PRINTED, PLACES, PRINTED, TREND, stretch_counts, trend_periods
from media_tracker.monitor.definitions import DEFINITIONS, Dimension, Key
from media_tracker.monitor.documents import BulletinFigure
from media_tracker.monitor.durations import Duration
from media_tracker.monitor.facts import EVERYTHING, Period, Row
from media_tracker.monitor.lines import Family
from media_tracker.monitor.service import Monitor, Stretch, Table


@dataclass(frozen=True, slots=True)
class Counted:
    """All that a bulletin counts. ``rows``: the first of the lists that it prints, ``MOST_PRINTED`` of each at most."""

    period: Period
    earlier: Period
    as_of: datetime
    figures: Mapping[Key, int]
    before: Mapping[Key, int]
    rows: Mapping[Key, Sequence[Row]]
    durations: Mapping[Stretch, Duration]
    tables: Mapping[Dimension, Table]
    trend: Sequence[tuple[Period, Mapping[Key, int]]]

    def value(self, key: Key) -> int:
        """A figure: the length of its list."""
        return self.figures[key]

    @property
    def values(self) -> tuple[int, ...]:
        """Every figure, in the order of ``Key``."""
        return tuple(self.figures[key] for key in Key)


async def count(monitor: Monitor, period: Period, *, as_of: datetime | None = None) -> Counted:
    """All figures of ``period`` as of a moment; None: as they are.

    Raises:
        InvalidInput: the period ends in the future.
    """
    view = monitor.view(period, as_of=as_of)
    if period.end < period.start or period.end > view.day(monitor.view(period).now):
        sentence = N_("The period must end today or before, and not before it begins.")
        raise InvalidInput(sentence, {"to": sentence})
    overview = await monitor.overview(period, PLACES, dimensions=BY, as_of=as_of)
    rows: dict[Key, Sequence[Row]] = {}
    for key in PRINTED:
        _, rows[key] = await monitor.page(key, period, EVERYTHING, 0, MOST_PRINTED, as_of=as_of)
    return Counted(
        period=period,
        earlier=overview.earlier.period,
        as_of=view.now,
        figures={key: overview.figures[key].value for key in Key},
        before={key: overview.before[key].value for key in Key},
        rows=rows,
        durations=overview.durations,
        tables=overview.tables,
        trend=await _trend(monitor, period, as_of),
    )


async def _trend(
    monitor: Monitor, period: Period, as_of: datetime | None
) -> Sequence[tuple[Period, Mapping[Key, int]]]:
    """Of the past the lists are gone through: sums of all that there is, over eight times the days, would fill the memory."""
    stretches = trend_periods(period)
    span = Period(stretches[0].start, period.end)
    days: dict[str, Mapping[Key, int]]
    if as_of is None:
        told = await monitor.overview(span, TREND, dimensions=(Dimension.DAY,))
        days = {column.value: column.counts for column in told.tables[Dimension.DAY].columns}
    else:
        days = {}
        async for found in monitor.each_day(span, [Family.CASE], as_of=as_of):
            days[found.day] = {key: len(places) for key, places in found.places.items()}
    return list(zip(stretches, stretch_counts(days, stretches), strict=True))


def frozen_figures(counted: Counted) -> list[BulletinFigure]:
    """Every figure as a bulletin keeps it, with the definition that it was counted by."""
    return [
        BulletinFigure(
            key=key,
            value=counted.value(key),
            before=counted.before[key],
            name=DEFINITIONS[key].name,
            definition=DEFINITIONS[key].text,
        )
        for key in Key
    ]
