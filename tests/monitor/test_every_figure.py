"""Whatever happens in an office, every figure is what somebody counts by hand: by the service, on pages, in files and by API."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.monitor.durations import Stretch
from tests.monitor.asking import WHOLE, WISHES, Apart, Campaign, Wish, as_of, part_of, period_of
from tests.monitor.chance import Happening, lives
from tests.monitor.second_opinion import Question, middle, table


@pytest.mark.timeout(900)  # finding the shortest campaign that shows a fault takes minutes
@settings(max_examples=5)
@given(lives(120), st.lists(WISHES, min_size=2, max_size=3))
def test_the_service_counts_what_somebody_counts_by_hand(
    apart: Apart, happenings: list[Happening], wishes: list[Wish]
) -> None:
    async def work(campaign: Campaign) -> None:
        for wish in (WHOLE, *wishes):
            await assert_served(campaign, wish.about(campaign))
        found = await campaign.services.counting.recount()
        assert (found.compared, list(found.differences)) == (True, [])

    apart.campaign(happenings, work)


async def assert_served(campaign: Campaign, asked: Question) -> None:
    """All figures, by all dimensions, with their lists."""
    monitor, period, part, moment = campaign.services.monitor, period_of(asked), part_of(asked), as_of(asked)
    overview = await monitor.overview(period, tuple(Key), part, as_of=moment)
    for key in Key:
        counted = campaign.rows(key, asked)
        ids = [each.id for each in counted]
        listed = [row.id async for row in monitor.each(key, period, part, as_of=moment)]
        assert listed == ids, key
        assert overview.figures[key].value == len(ids), key
        total, some = await monitor.page(key, period, part, 1, 2, as_of=moment)
        assert (total, [row.id for row in some]) == (len(ids), ids[1:3]), key
        for by in Dimension:
            columns = {each.value: each.counts[key] for each in overview.tables[by].columns if each.counts[key]}
            assert columns == table(counted, by), (key, by)
    for stretch in Stretch:
        hours = [each.hours[stretch] for each in campaign.rows(Key.PROBLEMS, asked) if stretch in each.hours]
        took = overview.durations[stretch]
        assert took.count == len(hours), stretch
        assert took.median_hours == pytest.approx(middle(hours)), stretch
