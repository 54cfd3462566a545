"""Which stories are the same text."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.tagging.clusters import REPRINT_WINDOW, Grouped, group
from media_tracker.text.fingerprint import fingerprint
from tests.fake_clock import FakeClock

BINS = (
    "张店区新华社区北门的三个垃圾桶满溢已有一周，居民多次反映无人清运，污水流到了人行道上，气味难闻。"
    "记者现场看到，桶边堆着旧家具。"
)
LAMPS = "天桥区无影山街道的十几盏路灯从上月起就不亮，夜里过往行人要靠手机照明。社区说已经报给了路灯管理部门，正在等待配件到货。"
HOUR = timedelta(hours=1)


def story(text: str, hours: float, cluster: ObjectId | None = None) -> Grouped:
    return Grouped(ObjectId(), FakeClock.START + HOUR * hours, text, fingerprint(text).keys, cluster)


def test_who_repeats_nobody_begins_a_cluster_of_their_own() -> None:
    one, other = story(BINS, 0), story(LAMPS, 1)

    assert group([one, other], []) == {one.id: one.id, other.id: other.id}


def test_reprints_join_the_earliest_in_whatever_order_they_come() -> None:
    first, second, third = story(BINS, 0), story(f"来源：晨报\n{BINS}", 1), story(BINS[:-15], 2)

    for order in permutations([first, second, third]):
        assert set(group(order, []).values()) == {first.id}


def test_a_reprint_joins_a_cluster_that_is_known_and_that_one_stays() -> None:
    elsewhere = ObjectId()
    known, new = story(BINS, 5, cluster=elsewhere), story(BINS, 0)

    assert group([new], [known]) == {known.id: elsewhere, new.id: elsewhere}


def test_a_story_that_has_a_cluster_keeps_it() -> None:
    own = ObjectId()
    before, again = story(BINS, 0), story(BINS, 1, cluster=own)

    assert group([before, again], []) == {before.id: own, again.id: own}


def test_the_same_words_much_later_are_a_new_story() -> None:
    then, now = story(BINS, 0), story(BINS, REPRINT_WINDOW / HOUR + 1)

    assert group([then, now], []) == {then.id: then.id, now.id: now.id}


def test_texts_too_short_to_compare_stay_apart() -> None:
    one, other = story("图集", 0), story("图集", 1)

    assert group([one, other], []) == {one.id: one.id, other.id: other.id}


@given(
    st.lists(st.tuples(st.sampled_from([BINS, LAMPS, BINS + LAMPS, "短"]), st.integers(0, 600)), max_size=8), st.data()
)
def test_everybody_gets_one_cluster_whatever_the_order(told: list[tuple[str, int]], data: st.DataObject) -> None:
    stories = [story(text, hours) for text, hours in told]
    found = group(stories, [])

    assert found == group(data.draw(st.permutations(stories)), [])
    assert set(found) == {each.id for each in stories}
    assert all(found[cluster] == cluster for cluster in found.values())
