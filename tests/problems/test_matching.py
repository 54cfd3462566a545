"""How likely a story is about a problem, and why."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.problems.linking.matching import (
    NOTHING,
    Known,
    Wanted,
    asking_keys,
    keys_of,
    rank,
    same_place,
    sketch,
)
from media_tracker.text.grams import SIZE

AT = datetime(2021, 3, 26, tzinfo=UTC)
OUTLET = ObjectId()
WEIGHTS = np.ones(SIZE, dtype=np.float32)
PLACE = ("370300", "370303", "370303004", "370303004007")
ELSEWHERE = ("370300", "370303", "370303009", "370303009001")
BINS = "晴岚社区北门的三个垃圾桶满了一周没人清运"


def _known(**differently: object) -> Known:
    usual: dict[str, object] = {
        "id": ObjectId(),
        "place": "晴岚社区北门",
        "category_path": ("201", "2"),
        "region_path": PLACE,
        "last_at": AT - timedelta(days=2),
        "sketch": sketch([(BINS, 1.0)], WEIGHTS, 128),
        "days": [(OUTLET, date(2021, 3, 24))],
    }
    return Known(**(usual | differently))  # type: ignore[arg-type]


def _wanted(**differently: object) -> Wanted:
    usual: dict[str, object] = {
        "category_path": ("201", "2"),
        "region_path": PLACE,
        "place": "晴岚社区北门",
        "at": AT,
        "sketch": sketch([("晴岚社区北门垃圾桶清空了", 1.0)], WEIGHTS),
        "outlet_id": OUTLET,
    }
    return Wanted(**(usual | differently))  # type: ignore[arg-type]


def test_what_speaks_for_a_problem_is_said() -> None:
    day = date(2021, 3, 24)
    (found,) = rank(_wanted(days=[(day, day)]), [_known()])
    assert found.score > 0.9
    assert found.refers_to == day
    assert set(found.reasons) == {
        "refers to the day on which it was exposed",
        "same place",
        "same community",
        "same category",
        "similar words",
    }


def test_one_kind_of_trouble_in_another_place_is_no_candidate() -> None:
    other = _known(region_path=ELSEWHERE, place="松柏里", sketch=sketch([("松柏里垃圾没人清运", 1.0)], WEIGHTS))
    assert rank(_wanted(), [other]) == []


def test_a_link_to_its_exposure_brings_a_problem_first() -> None:
    near, linked = _known(sketch=NOTHING, place="别处"), _known(sketch=NOTHING, place="别处")
    found = rank(_wanted(linked=frozenset([linked.id])), [near, linked])
    assert found[0].problem_id == linked.id
    assert "the story links to a story that exposed it" in found[0].reasons


def test_another_outlets_day_and_a_whole_week_are_no_reference() -> None:
    day = date(2021, 3, 24)
    for wanted in (_wanted(days=[(day, day)], outlet_id=ObjectId()), _wanted(days=[(day, day + timedelta(days=6))])):
        (found,) = rank(wanted, [_known()])
        assert found.refers_to is None


def test_older_problems_are_less_likely() -> None:
    late, early = _known(sketch=NOTHING), _known(sketch=NOTHING, last_at=AT - timedelta(days=200))
    assert next(each.problem_id for each in rank(_wanted(), [early, late])) == late.id


@pytest.mark.parametrize(
    "wanted",
    [
        {"sketch": NOTHING, "place": ""},
        {"category_path": (), "region_path": PLACE[:2], "place": ""},
    ],
)
def test_a_story_shares_a_key_with_its_problem_by_place_and_category_or_by_its_words(wanted: dict[str, object]) -> None:
    assert set(asking_keys(_wanted(**wanted))) & set(keys_of(_known()))


def test_a_story_that_names_the_day_of_exposure_shares_that_key() -> None:
    day = date(2021, 3, 24)
    asked = _wanted(sketch=NOTHING, place="", category_path=(), region_path=(), days=[(day, day)])
    assert set(asking_keys(asked)) & set(keys_of(_known()))


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_sketch_is_alike_itself_and_never_more_than_wholly(one: str, other: str) -> None:
    first, second = sketch([(one, 1.0)], WEIGHTS), sketch([(other, 1.0)], WEIGHTS)
    assert first.alike(second) == pytest.approx(second.alike(first), abs=1e-5)
    assert first.alike(second) <= 1.0001
    assert first.alike(first) == pytest.approx(1.0 if len(first.grams) else 0.0, abs=1e-4)


def test_a_long_text_keeps_its_weightiest_grams() -> None:
    assert len(sketch([(BINS * 3, 1.0)], WEIGHTS, 10).grams) == 10


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("晴岚社区北门", "晴岚社区 北门", True),
        ("晴岚社区", "晴岚社区北门", True),
        ("", "晴岚社区", False),
        ("甲", "乙", False),
        ("3号楼", "13号楼", False),
        ("3号楼", "晴岚花园3号楼", True),
    ],
)
def test_two_names_are_one_place_when_one_holds_the_other(one: str, other: str, same: bool) -> None:
    assert same_place(one, other) is same
