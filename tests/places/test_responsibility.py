"""Whom the responsibility table proposes, and where it proposes nobody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.places.regions import Region, RegionTree
from media_tracker.places.responsibility import (
    Duty,
    Gap,
    Proposal,
    Responsibility,
    Why,
    clashes,
    gaps,
    propose,
    routing_path,
)

TREE = RegionTree(
    [
        Region("1", "示例市", "city", None),
        Region("11", "东城区", "district", "1"),
        Region("12", "西城区", "district", "1"),
        Region("1G", "示例高新区", "district", "1"),
        Region("111", "河畔街道", "subdistrict", "11"),
        Region("112", "山前街道", "subdistrict", "11", administered_by="1G"),
        Region("121", "松林街道", "subdistrict", "12"),
        Region("1111", "清泉社区", "community", "111"),
        Region("1121", "石桥社区", "community", "112"),
    ]
)
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "101": ("101", "1"),
    "102": ("102", "1"),
    "201": ("201", "2"),
    "202": ("202", "2"),
}
DAY = date(2026, 3, 2)
LIGHTS, STREET, DISTRICT, CITY, OTHER = (ObjectId(f"{n:024x}") for n in range(1, 6))


def lead(unit: ObjectId, category: str | None = None, region: str | None = None, **days: date) -> Responsibility:
    return Responsibility(unit, Duty.LEAD, category, region, days.get("first", date(2026, 1, 1)), days.get("last"))


def co(unit: ObjectId, category: str | None = None, region: str | None = None) -> Responsibility:
    return Responsibility(unit, Duty.CO, category, region, date(2026, 1, 1))


def ask(*rows: Responsibility, category: str = "101", region: str | None = "1111", on: date = DAY) -> Proposal:
    return propose(rows, CATEGORIES[category], routing_path(TREE, region), on)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([lead(CITY)], CITY),
        ([lead(CITY), lead(DISTRICT, region="11")], DISTRICT),
        ([lead(DISTRICT, region="11"), lead(STREET, region="111")], STREET),
        ([lead(STREET, region="111"), lead(CITY, "1")], CITY),
        ([lead(CITY, "1"), lead(LIGHTS, "101")], LIGHTS),
        ([lead(LIGHTS, "101"), lead(STREET, "101", "111")], STREET),
        ([lead(OTHER, "102"), lead(OTHER, "2"), lead(OTHER, region="12")], None),
        ([lead(OTHER, "101", first=date(2026, 3, 3)), lead(CITY)], CITY),
        ([lead(OTHER, "101", last=date(2026, 3, 1)), lead(CITY)], CITY),
        ([lead(LIGHTS, "101", last=DAY), lead(CITY)], LIGHTS),
        ([], None),
    ],
    ids=[
        "everything everywhere",
        "a district before the city",
        "a subdistrict before its district",
        "a class before any place",
        "a category before its class",
        "the nearest place of one category",
        "rows for something else",
        "not in force yet",
        "no longer in force",
        "its last day belongs to it",
        "an empty table",
    ],
)
def test_the_most_special_row_wins_category_before_region(
    rows: list[Responsibility], expected: ObjectId | None
) -> None:
    assert ask(*rows).lead == expected


def test_two_units_in_one_cell_are_a_clash_and_nobody_is_proposed() -> None:
    found = ask(lead(LIGHTS, "101", "111"), lead(OTHER, "101", "111"), lead(CITY))
    assert found.lead is None
    assert {row.unit_id for row in found.clashes} == {LIGHTS, OTHER}


def test_the_same_unit_twice_in_one_cell_is_no_clash() -> None:
    assert ask(lead(LIGHTS, "101"), lead(LIGHTS, "101", first=date(2026, 2, 1))).lead == LIGHTS


def test_a_unit_that_sent_it_back_or_is_no_more_is_passed_over_and_said_to_be() -> None:
    rows = [lead(LIGHTS, "101", "111"), lead(OTHER, "101"), lead(CITY)]
    found = propose(rows, ("101", "1"), routing_path(TREE, "111"), DAY, returned=[LIGHTS], dissolved=[OTHER])
    assert found.lead == CITY
    assert [(reason.why, reason.row.unit_id) for reason in found.reasons] == [
        (Why.PROPOSED, CITY),
        (Why.RETURNED, LIGHTS),
        (Why.DISSOLVED, OTHER),
    ]


def test_of_two_that_clash_the_one_that_has_not_sent_it_back_is_proposed() -> None:
    rows = [lead(LIGHTS, "101"), lead(OTHER, "101")]
    assert propose(rows, ("101", "1"), (), DAY, returned=[LIGHTS]).lead == OTHER


def test_co_handlers_belong_to_the_lead_of_their_cell_and_those_without_a_lead_to_everybody() -> None:
    rows = [
        lead(LIGHTS, "101"),
        co(STREET, "101"),
        co(OTHER, region="11"),  # nobody leads there
        lead(CITY),
        co(DISTRICT),  # helps the city, not the lights
    ]
    assert ask(*rows).co_units == (STREET, OTHER)
    assert ask(*rows, category="201").co_units == tuple(sorted((OTHER, DISTRICT)))


def test_a_place_is_routed_by_the_body_that_administers_it() -> None:
    assert routing_path(TREE, "1121") == ("1", "1G", "112", "1121")
    assert routing_path(TREE, "1111") == ("1", "11", "111", "1111")
    assert routing_path(TREE, "nowhere") == ()
    assert ask(lead(DISTRICT, region="11"), lead(OTHER, region="1G"), region="1121").lead == OTHER


def test_without_a_region_only_rows_for_every_place_fit() -> None:
    assert ask(lead(STREET, region="111"), lead(CITY), region=None).lead == CITY


def test_two_leads_clash_only_where_their_days_meet() -> None:
    early, late = lead(LIGHTS, "101", last=date(2026, 2, 28)), lead(OTHER, "101", first=date(2026, 3, 1))
    assert clashes([early, late], DAY) == []
    both = lead(STREET, "101", first=date(2026, 2, 1))
    assert clashes([early, late, both], DAY) == [(late, both)]


# Gaps


def test_an_empty_table_is_one_gap() -> None:
    assert gaps([], CATEGORIES, TREE, DAY) == [Gap(None, None)]


def test_a_row_for_everything_leaves_no_gap() -> None:
    assert gaps([lead(CITY)], CATEGORIES, TREE, DAY) == []
    assert gaps([lead(CITY)], CATEGORIES, TREE, DAY, dissolved=[CITY]) == [Gap(None, None)]


def test_gaps_are_summarised_upwards() -> None:
    rows = [
        lead(CITY, "1"),
        lead(STREET, "201", "111"),
        lead(OTHER, "201", "12"),
        lead(OTHER, "201", "1G"),
    ]
    assert gaps(rows, CATEGORIES, TREE, DAY) == [
        Gap("202", None),  # everywhere
        Gap("201", "11", alone=True),  # only where no more than the district is known
    ]


def test_a_few_exceptions_do_not_make_a_gap_many() -> None:
    tree = RegionTree([*TREE, *(Region(f"13{n}", f"第{n}街道", "subdistrict", "12") for n in range(1, 7))])
    of_one = [lead(CITY, region=code) for code in ("11", "1G")]
    streets = [lead(STREET, region=f"13{n}") for n in range(1, 5)]
    assert gaps(of_one + streets[:2], CATEGORIES, tree, DAY) == [Gap(None, "12", without=("131", "132"))]
    assert gaps(of_one + streets, CATEGORIES, tree, DAY) == [
        Gap(None, "12", alone=True),
        Gap(None, "121"),
        Gap(None, "135"),
        Gap(None, "136"),
    ]


def test_a_class_without_anybody_is_one_line() -> None:
    rows = [lead(CITY, "1"), lead(CITY, region="1G"), lead(CITY, region="12")]
    assert gaps(rows, CATEGORIES, TREE, DAY) == [Gap("2", "11")]


def test_cities_that_are_none_of_the_table_s_business_are_left_out() -> None:
    tree = RegionTree([*TREE, Region("2", "邻市", "city", None)])
    rows = [lead(CITY, region="1")]
    assert gaps(rows, CATEGORIES, tree, DAY) == [Gap(None, "2")]
    assert gaps(rows, CATEGORIES, tree, DAY, cities={"1"}) == []


# Properties

UNITS = st.sampled_from((LIGHTS, STREET, DISTRICT, CITY, OTHER))
DAYS = st.dates(date(2026, 2, 1), date(2026, 4, 1))
ROWS = st.lists(
    st.builds(
        Responsibility,
        UNITS,
        st.sampled_from(Duty),
        st.sampled_from((None, "1", "2", *CATEGORIES)),
        st.sampled_from((None, *(region.code for region in TREE))),
        DAYS,
        st.none() | DAYS,
    ),
    max_size=12,
)
PLACES = st.sampled_from([region.code for region in TREE])
KINDS = st.sampled_from(list(CATEGORIES))


@given(ROWS, KINDS, PLACES, st.sets(UNITS, max_size=2))
def test_whoever_is_proposed_stands_in_a_row_that_fits_and_is_in_force(
    rows: list[Responsibility], category: str, region: str, returned: set[ObjectId]
) -> None:
    path = routing_path(TREE, region)
    found = propose(rows, CATEGORIES[category], path, DAY, returned=returned)
    assert found.lead is None or (found.row is not None and found.row.unit_id == found.lead)
    for row in [*(reason.row for reason in found.reasons), *found.clashes]:
        assert row.valid(DAY)
        assert row.category in (None, *CATEGORIES[category])
        assert row.region in (None, *path)
    assert found.lead not in returned
    assert not returned.intersection(found.co_units)
    assert found.lead not in found.co_units


@given(ROWS, KINDS, PLACES)
def test_the_order_of_the_rows_does_not_matter(rows: list[Responsibility], category: str, region: str) -> None:
    def ask_in(order: list[Responsibility]) -> tuple[object, ...]:
        found = propose(order, CATEGORIES[category], routing_path(TREE, region), DAY)
        return found.lead, found.co_units, {row.unit_id for row in found.clashes}

    assert ask_in(rows) == ask_in(rows[::-1])


@given(ROWS)
def test_there_is_a_gap_exactly_where_nobody_leads(rows: list[Responsibility]) -> None:
    found = gaps(rows, CATEGORIES, TREE, DAY)
    for region in (each.code for each in TREE if each.level in ("district", "subdistrict")):
        path = routing_path(TREE, region)
        for steps in CATEGORIES.values():
            told = any(
                (gap.category in (None, *steps))
                and (gap.region == region if gap.alone else gap.region in (None, *path))
                and not set(gap.without).intersection(path)
                for gap in found
            )
            proposal = propose(rows, steps, path, DAY)
            assert told == (proposal.lead is None and not proposal.clashes)


@given(ROWS, st.integers(0, 60))
def test_what_ends_tomorrow_changes_nothing_today(rows: list[Responsibility], days: int) -> None:
    on = date(2026, 2, 1) + timedelta(days=days)
    ended = [
        Responsibility(row.unit_id, row.duty, row.category, row.region, row.valid_from, on) if row.valid(on) else row
        for row in rows
    ]
    path = routing_path(TREE, "1111")
    before, after = (propose(each, CATEGORIES["101"], path, on) for each in (rows, ended))
    assert (before.lead, before.co_units) == (after.lead, after.co_units)
