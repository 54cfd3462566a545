"""What charts show: parts that cover a period once, sums that stay sums, ranks that say when they know too little."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.monitor.charts import (
    LEAST,
    LONGEST_CALENDAR,
    RANKS,
    Grain,
    Rank,
    calendar,
    flow,
    grain_for,
    ranking,
    steps,
    trend,
)
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.facts import Period
from media_tracker.monitor.stages import ABOVE, LAST, PATHS, Stage
from media_tracker.problems.case import State

DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))
PERIODS = st.tuples(DAYS, st.integers(0, 500)).map(lambda pair: Period(pair[0], pair[0] + timedelta(days=pair[1])))
LAST_STAGES = sorted(set(LAST.values()) | {Stage.RELAPSED})


@given(PERIODS, st.sampled_from(Grain))
def test_steps_cover_a_period_once_and_in_order(period: Period, grain: Grain) -> None:
    parts = steps(period, grain)
    assert (parts[0].start, parts[-1].end) == (period.start, period.end)
    assert all(one.end + timedelta(days=1) == next.start for one, next in pairwise(parts))
    match grain:
        case Grain.DAY:
            assert all(part.start == part.end for part in parts)
        case Grain.WEEK:
            assert all(part.start.weekday() == 0 for part in parts[1:])
        case Grain.MONTH:
            assert all(part.start.day == 1 for part in parts[1:])
            assert all((part.start.year, part.start.month) == (part.end.year, part.end.month) for part in parts)


@given(PERIODS, st.sampled_from(Grain), st.data())
def test_a_trend_loses_nothing_and_counts_nothing_twice(period: Period, grain: Grain, data: st.DataObject) -> None:
    days = [period.start + timedelta(days=n) for n in range((period.end - period.start).days + 1)]
    counts = data.draw(st.dictionaries(st.sampled_from(days), st.integers(0, 9), max_size=20))
    by_day = {day.isoformat(): {Key.EXPOSURES: n} for day, n in counts.items()}
    rows = trend(by_day, steps(period, grain), [Key.EXPOSURES])
    assert sum(row[0] for row in rows) == sum(counts.values())
    shown = calendar(by_day, period, Key.EXPOSURES)
    assert shown[-1][0] == period.end
    assert len(shown) == min(len(days), LONGEST_CALENDAR)
    assert dict(shown) == {day: counts.get(day, 0) for day in days[-LONGEST_CALENDAR:]}


@pytest.mark.parametrize(("days", "grain"), [(7, Grain.DAY), (45, Grain.DAY), (46, Grain.WEEK), (365, Grain.MONTH)])
def test_the_steps_suit_the_period(days: int, grain: Grain) -> None:
    start = date(2026, 1, 1)
    assert grain_for(Period(start, start + timedelta(days=days - 1))) is grain


@given(st.dictionaries(st.sampled_from(LAST_STAGES), st.integers(1, 50)), st.integers(0, 5))
def test_a_flow_adds_up_at_every_stage_and_what_leaves_one_has_come_to_it(
    counts: dict[Stage, int], overdue: int
) -> None:
    by_stage = {stage.value: {Key.PROBLEMS: n} for stage, n in counts.items()}
    late = {Stage.IN_HAND.value: {Key.OVERDUE: overdue}, Stage.RETURNED.value: {Key.OVERDUE: 3}}
    found = flow(by_stage, sum(counts.values()), late)
    assert found.overdue == overdue
    assert sum(n for above, _, n in found.links if above is None) == found.total == sum(counts.values())
    for stage, n in found.stages.items():
        below = sum(found.stages.get(other, 0) for other, above in ABOVE.items() if above is stage)
        assert below in (0, n)
        assert n == sum(counts.get(last, 0) for last in LAST_STAGES if stage in PATHS[last])


def test_every_state_has_a_last_stage_and_no_last_stage_stands_over_another() -> None:
    assert set(LAST) == set(State)
    assert not set(LAST_STAGES) & set(ABOVE.values())


def test_equals_share_a_place_and_too_few_cases_have_none() -> None:
    counts = {"a": (8, 10), "b": (4, 5), "c": (10, 10), "few": (1, LEAST - 1), "none": (0, 0), "": (9, 9)}
    ranked = ranking(counts, RANKS[Rank.ON_TIME])
    assert [(each.unit, each.place) for each in ranked] == [("c", 1), ("a", 2), ("b", 2), ("few", None)]
    worse = ranking(counts, RANKS[Rank.FIRST_FAILED])
    assert [(each.unit, each.place) for each in worse] == [("a", 1), ("b", 1), ("c", 3), ("few", None)]


def test_no_rank_is_by_how_often_somebody_was_exposed() -> None:
    exposed = {Key.EXPOSURES, Key.PROBLEMS, Key.STORIES, Key.CLUSTERS}
    assert not exposed & {key for rule in RANKS.values() for key in (rule.part, rule.whole)}
