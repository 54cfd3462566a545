"""Which units and persons are found in a story, and which names are of neither. All sentences are invented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.errors import InvalidInput
from media_tracker.places.gazetteer import Gazetteer
from media_tracker.places.regions import read_regions
from media_tracker.tagging.names import NameTables, Sort, find_names, shipped_name_tables
from media_tracker.tagging.people import surnames
from media_tracker.tagging.unit_words import UnitWords
from media_tracker.text.normalise import normalise

GAZETTEER = Gazetteer(read_regions())
WITH_TABLE = Gazetteer(read_regions(), units={"云泉养护大组": "370303"})


def _found(body: str, sort: Sort, gazetteer: Gazetteer = GAZETTEER) -> list[str]:
    text = normalise(f"标题\n{body}").text
    names = find_names(text, gazetteer.find(text), frozenset((sort,)))
    assert all(text[name.start : name.end] == name.text and name.sort == sort for name in names)
    return [name.text for name in names]


@pytest.mark.parametrize(
    ("body", "units"),
    [
        ("和平街道办事处介绍，新灯已经装好。", ["和平街道办事处"]),
        ("读者来信转给了张店区园林绿化服务中心。", ["张店区园林绿化服务中心"]),
        ("淄川区昆仑镇政府说，这条路月底修完。", ["淄川区昆仑镇政府"]),
        ("博山区住房和城乡建设局工作人员表示，将尽快核实。", ["博山区住房和城乡建设局"]),
        ("张店区综合行政执法局公园中队表示，晚上加一班。", ["张店区综合行政执法局公园中队"]),
        ("桓台县人社局回应，已经立案。", ["桓台县人社局"]),
        ("国网张店供电中心承认，变压器超了负荷。", ["国网张店供电中心"]),
        ("天桥区文明实践中心回应，钥匙第二天就换人管。", ["天桥区文明实践中心"]),
        ("供水企业派人关了阀门，补偿要等四宝山街道答复。", ["供水企业", "四宝山街道"]),
        ("物业称下周换锁。", ["物业"]),
        ("安泰物业称下周换锁。", ["安泰物业"]),
        ("噪声由生态环境部门监测。", ["生态环境部门"]),
        ("南麻街道在桥头补了两盏灯。", ["南麻街道"]),
        ("租户找过产权单位、找过承包商，电话都没人接。", ["产权单位", "承包商"]),
    ],
)
def test_who_answers_acts_or_is_asked_is_a_unit(body: str, units: list[str]) -> None:
    assert _found(body, "unit") == units


@pytest.mark.parametrize(
    "body",
    [
        "张店区交警大队门口停满了车。",
        "家住张店区和平街道桃园社区的居民打来电话。",
        "“打给街道，说归环卫；打给物业，说没人。”居民说。",
        "鲁南晚报表示，将继续关注。",
        "市创城办在博山暗访时发现，花坛成了停车位。",
        "邮局对面的井盖没了。",
        "局面没有改观，大家都很着急。",
        "记者来到现场，部门说法不一。",
    ],
)
def test_landmarks_owners_outlets_inspectors_and_quotations_are_no_units(body: str) -> None:
    assert _found(body, "unit") == []


def test_a_short_word_for_a_unit_that_is_named_in_full_is_not_counted_again() -> None:
    body = "丝绸路街道办事处表示，街道先补树。后来街道又说，月底浇水。"

    assert _found(body, "unit") == ["丝绸路街道办事处"]


def test_a_unit_of_the_table_is_known_whatever_it_ends_in() -> None:
    body = "云泉养护大组说，本周补种。"

    assert _found(body, "unit") == []
    assert _found(body, "unit", WITH_TABLE) == ["云泉养护大组"]


@pytest.mark.parametrize(
    ("body", "people"),
    [
        ("邻居龚明臣闻到烟味，踹开了门。", ["龚明臣"]),
        ("邮递员洪小川跳进池塘，托起了孩子。洪小川不会说漂亮话。", ["洪小川"]),
        ("他叫韦若溪，在夜市卖馄饨。", ["韦若溪"]),
        ("红榜上有四个人：路光远、纪学文、佟莉、孔思池。", ["路光远", "纪学文", "佟莉", "孔思池"]),
        ("市民观察员欧阳文静递上了一杯水。", ["欧阳文静"]),
    ],
)
def test_full_names_where_a_person_can_stand_are_found(body: str, people: list[str]) -> None:
    assert _found(body, "person") == people


@pytest.mark.parametrize(
    "body",
    [
        "蒋女士急得直跺脚，老刘也来帮忙。",
        "一早，食堂阿姨送来了一锅粥。",
        "阳光很好，大家都很高兴。",
        "张店区马尚街道的志愿者来到王村镇。",
        "钱包丢了，李家庄的人都在找。",
        "编辑：于晓曼 美编：窦小青",
        "（记者 周晓堂）一位老人把钱包交给了警察。",
        "晨报讯 记者 周晓堂\n一位老人把钱包交给了警察。",
    ],
)
def test_surnames_alone_credits_and_everyday_words_are_no_persons(body: str) -> None:
    assert _found(body, "person") == []


def test_only_the_sorts_that_are_asked_for_are_looked_for() -> None:
    text = normalise("标题\n园丁龚秀芸扶起了老人。和平街道办事处表示感谢。").text
    mentions = GAZETTEER.find(text)

    assert {name.sort for name in find_names(text, mentions)} == {"unit", "person"}
    assert find_names(text, mentions, frozenset()) == []


@pytest.mark.parametrize("lexed", [True, False])
def test_people_are_found_with_lac_and_without(lexed: bool) -> None:
    text = normalise("标题\n园丁龚秀芸扶起了老人，龚秀芸又陪他去了医院。").text

    assert [name.text for name in find_names(text, (), frozenset(("person",)), lexed=lexed)] == ["龚秀芸"]


def test_tables_can_be_one_s_own() -> None:
    tables = NameTables(
        UnitWords([{"word": "大组", "use": "ending", "unless_after": "", "unless_before": "长"}]),
        surnames([{"surname": "甲", "also_a_word": ""}]),
    )
    text = "标题\n园林大组表示，大组长不在。邻居甲文远听见了。"

    assert [name.text for name in find_names(text, (), tables=tables)] == ["园林大组", "甲文远"]


@pytest.mark.parametrize("row", [{"word": "", "use": "ending"}, {"word": "局", "use": "end"}])
def test_a_broken_row_of_unit_words_is_named(row: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="unit words"):
        UnitWords([row])


@given(st.text(alphabet="张店区和平街道办事处局表示王小明物业，。\n“”（ ab12😀", max_size=80))
def test_any_text_gives_spans_within_it_that_do_not_repeat(text: str) -> None:
    plain = normalise(text).text
    names = find_names(plain, GAZETTEER.find(plain), tables=shipped_name_tables())

    assert all(plain[name.start : name.end] == name.text for name in names)
    assert len({(name.sort, name.text) for name in names}) == len(names)
