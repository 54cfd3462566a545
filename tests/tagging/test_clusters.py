"""Which stories are the same text."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from random import Random

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


def story(text: str, hours: float, cluster: ObjectId | None = None) -> Grouped[ObjectId]:
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


def test_a_story_without_a_date_comes_after_all_others_and_may_repeat_any_of_them() -> None:
    text = f"{BINS}{LAMPS}"
    dated = [Grouped(2, FakeClock.START, text, fingerprint(text).keys, None)]
    undated = [Grouped(number, None, text, fingerprint(text).keys, None) for number in (3, 1)]

    assert group([*undated, *dated], []) == {1: 2, 2: 2, 3: 2}
    assert group(undated, []) == {1: 1, 3: 1}


def test_a_story_joins_the_one_that_it_is_most_like() -> None:
    roundup, short = story(f"{LAMPS}{BINS}{LAMPS[::-1]}{BINS[::-1]}", 0), story(BINS, 1)
    again = story(f"{BINS}来源：晨报", 2)

    found = group([roundup, short, again], [])

    assert found[again.id] == found[short.id] == short.id


def test_a_frame_that_very_many_stories_share_does_not_hide_a_reprint() -> None:
    frame = "市气象台提醒市民出行带好雨具，驾车减速慢行，老人和孩子注意及时增减衣物，谨防感冒。"
    many = [story(frame + "".join(Random(number).sample(BINS, 50)), number / 100) for number in range(300)]
    first, reprint = story(f"{frame}{LAMPS}", 3.5), story(f"{frame}{LAMPS}", 4.5)

    found = group([*many, first, reprint], [])

    assert found[reprint.id] == first.id
    assert len(set(found.values())) == len(many) + 1


@given(
    st.lists(st.tuples(st.sampled_from([BINS, LAMPS, BINS + LAMPS, "短"]), st.integers(0, 600)), max_size=8), st.data()
)
def test_everybody_gets_one_cluster_whatever_the_order(told: list[tuple[str, int]], data: st.DataObject) -> None:
    stories = [story(text, hours) for text, hours in told]
    found = group(stories, [])

    assert found == group(data.draw(st.permutations(stories)), [])
    assert set(found) == {each.id for each in stories}
    assert all(found[cluster] == cluster for cluster in found.values())


def test_hundreds_of_notices_in_one_mould_stay_apart_and_each_reprint_finds_its_own() -> None:
    mould = (
        "因管网改造，定于{day}日{hour}时至{end}时对东岭区{road}路沿线停水，周边小区、学校和商铺用水将受影响，请用户提前储水，"
        "关好水龙头，以免来水时造成损失。施工期间给您带来的不便，敬请谅解。恢复供水后水质可能短时浑浊，请放水后使用。"
    )
    random = Random(7)
    roads = ["".join(pair) for pair in permutations("柳石云兴昌宁", 2)]
    texts = [mould.format(day=3, hour=random.randint(5, 9), end=random.randint(15, 22), road=road) for road in roads]
    first = [story(text, number) for number, text in enumerate(texts)]
    again = [story(f"来源：晨报\n{text}", number + 1) for number, text in enumerate(texts)]

    found = group([*first, *again], [])

    assert [found[each.id] for each in first] == [each.id for each in first]
    assert [found[each.id] for each in again] == [each.id for each in first]
