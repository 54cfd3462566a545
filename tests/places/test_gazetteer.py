"""Which names are found, which region they add up to, and which words say where."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.places.gazetteer import Gazetteer, Strength
from media_tracker.places.guess import RegionGuess, guess_region
from media_tracker.places.regions import read_regions
from media_tracker.places.spans import place_span

TREE = read_regions()
GAZETTEER = Gazetteer(TREE)
PIECES = [
    "张店区",
    "张店",
    "天桥",
    "公园",
    "和平街道",
    "桃园社区",
    "太平社区",
    "济南",
    "历下区",
    "青岛",
    "路",
    "晚报",
    "镇",
    "村",
    "，",
    "\n",
]


def _guess(text: str, home: str | None = None) -> RegionGuess:
    return guess_region(TREE, GAZETTEER.find(text), home)


def _label(text: str, home: str | None = None) -> str | None:
    code = _guess(text, home).code
    return TREE.label(code) if code is not None else None


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("家住张店区和平街道桃园社区的居民", "张店区和平街道桃园社区"),
        ("张店桃园社区的居民", "张店区和平街道桃园社区"),
        ("无影潭社区居委会介绍", "天桥区无影山街道无影潭社区"),
        ("高新区四宝山街道一小区", "高新区四宝山街道"),
        ("张店区四宝山街道一小区", "高新区四宝山街道"),
        ("桓台马桥一处厂房", "桓台县马桥镇"),
        ("工人新村北村街道的楼道里", "天桥区北村街道"),
        ("淄博多地降雨", "淄博市"),
        ("傅家镇、南定镇递交了责任书", "经开区"),
        ("张店区、临淄区同时启动", "淄博市"),
        ("天下着雨", None),
    ],
)
def test_names_add_up_to_the_deepest_region_they_agree_on(text: str, label: str | None) -> None:
    assert _label(text) == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("行人过天桥要十分钟", None),
        ("济南天桥一小区", "天桥区"),
        ("天桥区一小区", "天桥区"),
        ("大家去公园散步", None),
        ("公园街道一小区", "张店区公园街道"),
        ("张店公园街道", "张店区公园街道"),
        ("在博山路上", None),
        ("博山街头的小店", "博山区"),
        ("晴岚路和桓台大道交叉口", None),
        ("无影潭社区路面坑洼", "天桥区无影山街道无影潭社区"),
        ("张店公园路", "张店区"),
        ("在博山区博山镇", "博山区博山镇"),
    ],
)
def test_everyday_words_and_roads_are_no_regions_by_themselves(text: str, label: str | None) -> None:
    assert _label(text) == label


def test_a_name_that_several_communities_bear_needs_the_place_it_lies_in() -> None:
    bearers = {region.parent for region in TREE if region.name == "太平社区"}
    assert len(bearers) > 1
    assert _guess("太平社区的居民").code not in {region.code for region in TREE if region.name == "太平社区"}
    assert _label("张店区和平街道太平社区的居民") == "张店区和平街道太平社区"


@pytest.mark.parametrize(
    ("text", "home", "out"),
    [
        ("青岛市一小区", None, True),
        ("济南市历下区一小区", None, True),
        ("济南市天桥区一小区", None, False),
        ("济南市天桥区一小区", "3703", True),
        ("张店区一小区，业主从青岛赶来", "3703", False),
        ("淄博晚报讯 青岛市一小区", "3703", True),
        ("一小区的路灯", "3703", False),
        ("张店区一小区", "3701", True),
        ("淄博一小区", "370303", False),
    ],
)
def test_another_place_without_ours_is_out_of_area(text: str, home: str | None, out: bool) -> None:
    guess = _guess(text, home)
    assert guess.out_of_area is out
    assert guess.code is None or not out


def test_an_outlets_name_counts_for_little() -> None:
    (mention,) = GAZETTEER.find("淄博晚报消息")
    assert mention.strength is Strength.OUTLET
    assert _guess("淄博晚报消息").score < 0.3 < _guess("淄博今天降雨").score


def test_more_agreement_scores_higher_and_rivals_lower() -> None:
    alone = _guess("无影潭社区的居民").score
    assert alone < _guess("天桥区无影山街道无影潭社区的居民").score
    assert _guess("张店区的张店区，临淄区").score < _guess("张店区的张店区").score


def test_extra_places_and_units_stand_for_their_region() -> None:
    code = "370303004001"
    gazetteer = Gazetteer(TREE, places={"晴岚花园": code}, units={"晴岚物业": code})
    for text in ("晴岚花园的垃圾", "晴岚物业表示"):
        assert guess_region(TREE, gazetteer.find(text)).code == code


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("家住张店区和平街道桃园社区北门的李女士", "张店区和平街道桃园社区北门"),
        ("在桓台县索镇街道一处工地，", "桓台县索镇街道一处工地"),
        ("记者到无影潭社区走访。", "无影潭社区"),
        ("张店区召开会议", None),
    ],
)
def test_a_place_is_the_address_and_the_words_after_it(text: str, words: str | None) -> None:
    span = place_span(text, _guess(text).mentions)
    assert (text[span[0] : span[1]] if span else None) == words


def test_an_address_does_not_run_over_a_line_end() -> None:
    text = "张店区\n和平街道北门"
    span = place_span(text, _guess(text).mentions)
    assert span is not None
    assert "\n" not in text[span[0] : span[1]]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=30).map("".join))
def test_any_text_gives_ordered_mentions_and_a_guess_within_bounds(text: str) -> None:
    mentions = GAZETTEER.find(text)
    assert all(text[m.start : m.end] == m.text for m in mentions)
    assert all(one.end <= other.start for one, other in pairwise(mentions))
    guess = guess_region(TREE, mentions)
    assert 0.0 <= guess.score <= 1.0
    assert guess.code is None or guess.code in TREE
    span = place_span(text, guess.mentions)
    assert span is None or 0 <= span[0] < span[1] <= len(text)


def test_a_megabyte_is_searched_without_harm() -> None:
    assert len(GAZETTEER.find("张店区和平街道" * 20_000)) == 40_000


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("晨报淄博讯 凤凰镇的路坏了。他的孩子在北京上学。", "临淄区凤凰镇"),
        ("凤凰镇的路坏了,凤凰镇说下周修。他的孩子在北京上学。", "临淄区凤凰镇"),
        ("凤凰镇的路坏了。他的孩子在北京上学,去过上海。", None),
        ("淄博的客人到了江苏张家港凤凰镇。", "淄博市"),
        ("北京人来到太平社区,太平社区的人很高兴。", None),
    ],
)
def test_a_town_s_full_name_counts_beside_places_outside_if_city_or_repetition_speaks_for_it(
    text: str, label: str | None
) -> None:
    assert _label(text) == label
