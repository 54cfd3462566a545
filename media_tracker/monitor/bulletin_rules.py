"""Which days a bulletin is about, what it is numbered, and what it counts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from media_tracker.errors import N_, InvalidInput
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.facts import Period
from media_tracker.monitor.periods import EARLIEST

WEEK = timedelta(days=7)
THURSDAY = 3
STEPS = 8
"""So many stretches of time stand beside each other in the trend, the bulletin's own the last."""
HIGHEST_SERIAL = 9_999
LONGEST_TITLE, LONGEST_BLOCK = 80, 4_000

TREND = (Key.EXPOSURES, Key.RESOLVED)
PLACES = (Key.EXPOSURES, Key.PROBLEMS, Key.RESOLVED, Key.CLAIMED, Key.OVERDUE)
"""The figures that a bulletin breaks down."""
BY = (Dimension.DISTRICT, Dimension.OUTLET)
PRINTED = (Key.RESOLVED, Key.OVERDUE, Key.RELAPSED, Key.GOOD_DEEDS)
"""The figures whose lists are printed: cases one by one, and good deeds that somebody chooses from theirs."""
MOST_PRINTED = 200
"""Lines of one list. The bulletin says how many there are; all of them stand in its frozen record."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What people write into a bulletin, in their own words."""

    title: str = ""
    lead: str = ""
    remarks: str = ""
    outlook: str = ""
    """What comes next (下步工作)."""


def last_week(today: date) -> Period:
    """The last whole week from Friday to Thursday that is over: on a Friday the one that ended yesterday."""
    back = (today.weekday() - THURSDAY) % 7 or 7
    end = today - timedelta(days=back)
    return Period(end - timedelta(days=6), end)


def checked_texts(texts: Texts) -> Texts:
    """``texts`` trimmed.

    Raises:
        InvalidInput: one of them is too long; ``fields`` says which.
    """
    limits = {"title": LONGEST_TITLE, "lead": LONGEST_BLOCK, "remarks": LONGEST_BLOCK, "outlook": LONGEST_BLOCK}
    trimmed = {name: getattr(texts, name).replace("\r\n", "\n").strip() for name in limits}
    fields = {name: N_("This is too long.") for name, most in limits.items() if len(trimmed[name]) > most}
    if fields:
        raise InvalidInput(N_("Please look at the marked fields."), fields)
    return Texts(**trimmed)


def checked_serial(serial: int | None) -> int | None:
    """A number for the bulletin as somebody has typed it; None: the next one."""
    if serial is not None and not 1 <= serial <= HIGHEST_SERIAL:
        sentence = N_("A number from 1 to {most}, or nothing for the next one.")
        raise InvalidInput(sentence, {"serial": sentence}, most=HIGHEST_SERIAL)
    return serial


def trend_periods(period: Period) -> list[Period]:
    """Stretches as long as ``period``, one right before the other, up to and with it; a day or two count as a week."""
    length = max(period.end - period.start + timedelta(days=1), WEEK)
    found: list[Period] = []
    end = period.end
    while len(found) < STEPS and end - length >= EARLIEST:
        found.append(Period(end - length + timedelta(days=1), end))
        end -= length
    return found[::-1]


def stretch_counts(days: Mapping[str, Mapping[Key, int]], stretches: Sequence[Period]) -> list[dict[Key, int]]:
    """How many rows of each trend figure fall into each stretch; ``days`` by local day, as ``2026-03-31``."""
    counts = [dict.fromkeys(TREND, 0) for _ in stretches]
    for text, values in days.items():
        day = date.fromisoformat(text)
        for place, stretch in enumerate(stretches):
            if day in stretch:
                for key in TREND:
                    counts[place][key] += values.get(key, 0)
    return counts


def shown_stretches(
    trend: Sequence[tuple[Period, Mapping[Key, int]]], least: int = 2
) -> Sequence[tuple[Period, Mapping[Key, int]]]:
    """The stretches of a trend from the first one on in which anything was counted, the last ``least`` of them always."""
    first = next((place for place, (_, counts) in enumerate(trend) if any(counts.values())), len(trend))
    return trend[min(first, max(len(trend) - least, 0)) :]
