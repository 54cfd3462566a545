"""One row of the responsibility table at a time: what adding, ending and handing on a row change in it. Pure.

As with sheets nothing is deleted: what is replaced ends on the day before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from bson import ObjectId

from media_tracker.errors import N_, InvalidInput
from media_tracker.places.responsibility import Duty, Responsibility, clashes
from media_tracker.places.responsibility_changes import Changes, Ended, plan

_DAY = timedelta(days=1)


def adding(present: Sequence[Responsibility], new: Responsibility) -> Changes[Responsibility]:
    """A row more. Who was in charge of the same before ends on the day before, as with a sheet.

    Raises:
        InvalidInput: it ends before it begins, the table says so already, or somebody is to be in charge of the same later
            within its days; ``fields`` says where.
    """
    if new.struck:
        raise _mistake("last", N_("The last day lies before the first."))
    changes = plan(present, [new], new.valid_from, whole=False)
    if new not in changes.added:
        raise _mistake("unit_id", N_("The table says this already."))
    after = changes.applied(present)
    if new.duty is Duty.LEAD and any(new in pair for pair in clashes(after, new.valid_from)):
        raise _mistake("last", N_("Another unit is to be in charge of the same later. Give a last day before that."))
    return changes


def ending(row: Responsibility, last_day: date) -> Changes[Responsibility]:
    """A row with its last day; one before its first day strikes it: it was never in force.

    Raises:
        InvalidInput: it ends earlier already.
    """
    if row.valid_to is not None and row.valid_to <= last_day:
        raise _mistake("last", N_("The row ends by then already."))
    return Changes((), (Ended(row, max(last_day, row.valid_from - _DAY)),), 0)


def handing_on(
    present: Sequence[Responsibility], row: Responsibility, unit_id: ObjectId, first: date
) -> Changes[Responsibility]:
    """What ``row`` says, said of another unit from ``first`` on.

    Raises:
        InvalidInput: the row has ended by then, it is that unit's already, or see ``adding``.
    """
    if unit_id == row.unit_id:
        raise _mistake("unit_id", N_("It is this unit's already."))
    if row.struck or (row.valid_to is not None and row.valid_to < first):
        raise _mistake("first", N_("The row has ended by then."))
    begins = max(first, row.valid_from)
    ended = Ended(row, begins - _DAY)
    others = [ended.after if each.id == row.id else each for each in present]
    more = adding(others, replace(row, id=None, unit_id=unit_id, valid_from=begins))
    return Changes(more.added, (ended, *more.ended), 0)


def _mistake(name: str, sentence: str) -> InvalidInput:
    return InvalidInput(sentence, {name: sentence})
