"""What a sheet changes in the responsibility table, and that nothing of the past is lost."""

from __future__ import annotations

from datetime import date, timedelta

from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.places.responsibility import Backing, Duty, Relation, Responsibility, clashes, propose
from media_tracker.places.responsibility_changes import plan

OLD, NEW, HELPER, OTHER = (ObjectId(f"{n:024x}") for n in range(1, 5))
YEAR, SPRING, SUMMER = date(2026, 1, 1), date(2026, 3, 1), date(2026, 6, 1)
DAY = timedelta(days=1)


def row(
    unit: ObjectId, first: date = YEAR, last: date | None = None, duty: Duty = Duty.LEAD, category: str = "101"
) -> Responsibility:
    return Responsibility(unit, duty, category, None, first, last)


def on(rows: list[Responsibility], day: date) -> ObjectId | None:
    return propose(rows, ("101", "1"), (), day).lead


def test_a_new_lead_takes_over_its_cell_and_the_old_one_keeps_its_days() -> None:
    present = [row(OLD), row(HELPER, duty=Duty.CO)]
    changes = plan(present, [row(NEW, SPRING)], SPRING, whole=False)
    after = changes.applied(present)
    assert [(each.row.unit_id, each.last_day) for each in changes.ended] == [
        (OLD, SPRING - DAY),
        (HELPER, SPRING - DAY),
    ]
    assert (on(after, SPRING - DAY), on(after, SPRING)) == (OLD, NEW)
    assert propose(after, ("101", "1"), (), SPRING).co_units == ()


def test_the_same_sheet_again_changes_nothing() -> None:
    present = [row(NEW, YEAR), row(HELPER, YEAR, duty=Duty.CO)]
    later = [row(NEW, SPRING), row(HELPER, SPRING, duty=Duty.CO)]
    changes = plan(present, later, SPRING, whole=True)
    assert changes.nothing
    assert changes.unchanged == 2


def test_a_lead_for_a_time_gives_the_cell_back() -> None:
    present = [row(OLD)]
    after = plan(present, [row(NEW, SPRING, SUMMER)], SPRING, whole=False).applied(present)
    assert [on(after, day) for day in (SPRING - DAY, SPRING, SUMMER, SUMMER + DAY)] == [OLD, NEW, NEW, OLD]


def test_a_last_day_for_a_unit_that_had_none_ends_it() -> None:
    present = [row(OLD)]
    after = plan(present, [row(OLD, SPRING, SUMMER)], SPRING, whole=False).applied(present)
    assert [on(after, day) for day in (YEAR, SUMMER, SUMMER + DAY)] == [OLD, OLD, None]


def test_what_somebody_has_planned_for_later_stays_and_clashes() -> None:
    present = [row(OLD, SUMMER)]
    changes = plan(present, [row(NEW, SPRING)], SPRING, whole=False)
    assert changes.ended == ()
    assert len(clashes(changes.applied(present), SPRING)) == 1


def test_a_row_that_is_replaced_on_its_first_day_is_struck_and_kept() -> None:
    present = [row(OLD, SPRING)]
    after = plan(present, [row(NEW, SPRING)], SPRING, whole=False).applied(present)
    assert [each.struck for each in after] == [True, False]
    assert on(after, SPRING) == NEW


def test_co_handlers_alone_are_added_and_end_nobody() -> None:
    present = [row(OLD), row(HELPER, duty=Duty.CO)]
    changes = plan(present, [row(OTHER, SPRING, duty=Duty.CO)], SPRING, whole=False)
    assert changes.ended == ()
    assert propose(changes.applied(present), ("101", "1"), (), SPRING).co_units == (HELPER, OTHER)


def test_what_the_whole_table_does_not_hold_ends() -> None:
    present = [row(OLD), row(OTHER, category="102"), row(OTHER, category="103", last=date(2026, 2, 1))]
    changes = plan(present, [row(OLD, SPRING)], SPRING, whole=True)
    assert [(each.row.category, each.last_day, each.by) for each in changes.ended] == [("102", SPRING - DAY, None)]


def test_a_leader_whose_account_is_found_later_is_one_change() -> None:
    without = Backing(Relation.LEADER, YEAR, None, "111", person="李区长")
    found = Backing(Relation.LEADER, SPRING, None, "111", person="李区长", user_id=OLD)
    changes = plan([without], [found], SPRING, whole=False)
    assert (len(changes.added), len(changes.ended)) == (1, 1)
    another = Backing(Relation.LEADER, SPRING, None, "111", person="王区长")
    assert plan([without], [another], SPRING, whole=False).ended == ()


DAYS = st.dates(date(2026, 1, 1), date(2026, 3, 1))
ROWS = st.lists(
    st.builds(
        row,
        st.sampled_from((OLD, NEW, OTHER)),
        DAYS,
        st.none() | st.dates(date(2026, 3, 1), date(2026, 5, 1)),
        st.sampled_from(Duty),
        st.sampled_from(("101", "102")),
    ),
    max_size=6,
)


@given(ROWS, ROWS, DAYS, st.booleans())
def test_taking_a_sheet_twice_is_taking_it_once(
    present: list[Responsibility], wanted: list[Responsibility], since: date, whole: bool
) -> None:
    after = plan(present, wanted, since, whole=whole).applied(present)
    assert plan(after, wanted, since, whole=whole).added == ()


@given(ROWS, ROWS, DAYS, st.booleans())
def test_no_row_is_lost_and_no_day_before_the_sheet_changes(
    present: list[Responsibility], wanted: list[Responsibility], since: date, whole: bool
) -> None:
    after = plan(present, wanted, since, whole=whole).applied(present)
    assert len(after) >= len(present)
    assert [each.identity for each in after[: len(present)]] == [each.identity for each in present]
    before = min([since, *(each.valid_from for each in wanted)]) - DAY
    assert [each.valid(before) for each in after[: len(present)]] == [each.valid(before) for each in present]
    assert not any(each.valid(before) for each in after[len(present) :])
