"""One row at a time: nothing is deleted, a cell has one lead on every day, and past days stay what they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.errors import InvalidInput
from media_tracker.places.responsibility import Duty, Responsibility, clashes, propose
from media_tracker.places.responsibility_edits import adding, ending, handing_on

CLEANERS, ROADS, PARKS = (ObjectId() for _ in range(3))
START = date(2026, 3, 1)


def row(unit: ObjectId = CLEANERS, first: date = START, last: date | None = None, **more: object) -> Responsibility:
    values = {"duty": Duty.LEAD, "category": "201", "region": "370303", "id": ObjectId(), **more}
    return Responsibility(unit, valid_from=first, valid_to=last, **values)  # type: ignore[arg-type]  # a test's shorthand


def lead(rows: Sequence[Responsibility], on: date) -> ObjectId | None:
    return propose(rows, ["201"], ["370303"], on).lead


def test_who_was_in_charge_before_ends_on_the_day_before() -> None:
    present = [row()]
    changes = adding(present, row(ROADS, date(2026, 6, 1), id=None))
    after = changes.applied(present)
    assert lead(after, date(2026, 5, 31)) == CLEANERS
    assert lead(after, date(2026, 6, 1)) == ROADS
    assert [each.last_day for each in changes.ended] == [date(2026, 5, 31)]


def test_who_stands_in_for_a_time_gives_it_back() -> None:
    present = [row()]
    after = adding(present, row(ROADS, date(2026, 6, 1), date(2026, 6, 30), id=None)).applied(present)
    assert [lead(after, date(2026, month, 15)) for month in (5, 6, 7)] == [CLEANERS, ROADS, CLEANERS]


def test_what_is_said_already_or_would_make_two_of_one_is_refused() -> None:
    present = [row(), row(PARKS, date(2027, 1, 1))]
    present[0] = replace(present[0], valid_to=date(2026, 12, 31))
    for new, field in (
        (replace(present[0], id=None), "unit_id"),
        (row(ROADS, date(2026, 6, 1), id=None), "last"),
        (row(ROADS, date(2026, 6, 1), date(2026, 5, 1), id=None), "last"),
    ):
        with pytest.raises(InvalidInput) as error:
            adding(present, new)
        assert set(error.value.fields) == {field}


def test_a_row_that_ends_before_its_first_day_was_never_in_force() -> None:
    one = row()
    assert ending(one, date(2026, 5, 31)).ended[0].after.valid_to == date(2026, 5, 31)
    assert ending(one, date(2020, 1, 1)).ended[0].after.struck
    with pytest.raises(InvalidInput):
        ending(replace(one, valid_to=date(2026, 5, 1)), date(2026, 5, 31))


def test_a_row_is_given_to_another_unit_with_its_last_day() -> None:
    one = row(last=date(2026, 12, 31), duty=Duty.CO)
    changes = handing_on([one], one, ROADS, date(2026, 6, 1))
    new = changes.added[0]
    assert (new.unit_id, new.duty, new.valid_from, new.valid_to) == (
        ROADS,
        Duty.CO,
        date(2026, 6, 1),
        date(2026, 12, 31),
    )
    assert changes.ended[0].last_day == date(2026, 5, 31)
    for unit, first, field in ((CLEANERS, START, "unit_id"), (ROADS, date(2027, 1, 1), "first")):
        with pytest.raises(InvalidInput) as error:
            handing_on([one], one, unit, first)
        assert set(error.value.fields) == {field}


@given(
    st.lists(
        st.tuples(st.sampled_from([CLEANERS, ROADS, PARKS]), st.integers(0, 60), st.none() | st.integers(0, 30)),
        max_size=8,
    )
)
def test_whatever_is_added_and_handed_on_a_cell_has_one_lead(steps: list[tuple[ObjectId, int, int | None]]) -> None:
    rows: list[Responsibility] = []
    for number, (unit, days, length) in enumerate(steps):
        first = START + timedelta(days=days)
        last = None if length is None else first + timedelta(days=length)
        try:
            if number % 2 and rows:
                changes = handing_on(rows, rows[-1], unit, first)
            else:
                changes = adding(rows, row(unit, first, last, id=None))
        except InvalidInput:
            continue
        kept = {each.id: each for each in rows}
        rows = [replace(each, id=each.id or ObjectId()) for each in changes.applied(rows)]
        assert set(kept) <= {each.id for each in rows}, "nothing is deleted"
        assert clashes(rows, START) == []
