"""Which stretches a bulletin's trend shows."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from media_tracker.monitor.bulletin_rules import shown_stretches
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.facts import Period

DAY = date(2026, 1, 1)


@given(st.lists(st.integers(0, 2), max_size=9))
def test_stretches_before_anything_was_counted_are_left_out_and_no_others(counts: list[int]) -> None:
    days = [Period(DAY + timedelta(days=n), DAY + timedelta(days=n)) for n in range(len(counts))]
    trend = [(day, {Key.EXPOSURES: 0, Key.RESOLVED: count}) for day, count in zip(days, counts, strict=True)]
    shown = list(shown_stretches(trend))
    assert shown == trend[len(trend) - len(shown) :], "the end of it, in order"
    assert len(shown) >= min(2, len(trend))
    assert not any(any(each.values()) for _, each in trend[: len(trend) - len(shown)])
    if len(shown) > 2:
        assert any(shown[0][1].values())
