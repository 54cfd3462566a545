"""Which words say where, and which only say who: a place is never cut out of the name of a unit or organisation."""

import pytest

from media_tracker.places.gazetteer import Gazetteer
from media_tracker.places.guess import guess_region
from media_tracker.places.regions import read_regions
from media_tracker.places.spans import place_span

TREE = read_regions()
GAZETTEER = Gazetteer(TREE)
UNITS = Gazetteer(TREE, units={"张店区齐苑市场服务所": "370303", "公园养护大组": "370303"})


def _place(text: str, gazetteer: Gazetteer = GAZETTEER) -> str | None:
    span = place_span(text, guess_region(TREE, gazetteer.find(text)).mentions)
    return text[slice(*span)] if span else None


@pytest.mark.parametrize(
    "text",
    [
        "张店区市场监督管理局工作人员到场登记",
        "张店区市场监督管理局执法人员对柳泉路商户进行检查",
        "张店区公路管理局表示将尽快修复",
        "张店区人民公园管理处介绍",
        "张店区路灯管理处连夜抢修",
        "张店区停车场管理有限公司回应",
        "张店区河道管理中心安排清淤",
        "张店区学校后勤服务公司负责配餐",
        "张店区广场舞协会发出倡议",
        "张店区桥梁养护队已设置围挡",
        "张店区医院管理委员会办公室答复",
        "张店区社区矫正管理中心组织学习",
        "张店区柳泉路派出所民警赶到",
        "张店区住房和城乡建设局答复称",
        "张店区交警大队开展整治",
    ],
)
def test_an_organisation_s_name_is_no_place(text: str) -> None:
    assert _place(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("张店区柳泉路市场门口占道经营", "张店区柳泉路市场门口"),
        ("张店区齐苑农贸市场的污水横流", "张店区齐苑农贸市场"),
        ("张店区人民公园里的座椅坏了", "张店区人民公园"),
        ("博山区山头街道河滩旧沙发堆放问题", "博山区山头街道河滩"),
        ("四宝山街道万杰路北首的窨井盖破损", "四宝山街道万杰路北首"),
        ("张店区市场监督管理局门口停满了车", "张店区市场监督管理局门口"),
        ("张店区交警大队附近的路灯不亮", "张店区交警大队附近"),
        ("张店区柳泉路派出所东侧堆着垃圾", "张店区柳泉路派出所东侧"),
        ("张店区晴岚小区物业公司回应", "张店区晴岚小区"),
        ("张店区晴岚小区北门环卫中心的车", "张店区晴岚小区北门"),
        ("张店区柳泉路与人民路交叉路口处堆土", "张店区柳泉路与人民路交叉路口"),
        ("张店区一处工地没有围挡", "张店区一处工地"),
        ("张店区中心医院停车场排起了队", "张店区中心医院停车场"),
        ("张店区柳泉路邮局对面的井盖", "张店区柳泉路"),
        ("张店区柳泉路上的施工队没有遮挡", "张店区柳泉路"),
        ("张店区南定镇综合执法中队清理了占道摊点", "张店区南定镇"),
        ("和平街道综合执法中队来到桃园社区。", "桃园社区"),
    ],
)
def test_a_place_stands_beside_an_organisation(text: str, words: str) -> None:
    assert _place(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("张店区齐苑市场服务所公布了结果", None),
        ("张店区齐苑市场服务所门口的垃圾", "张店区齐苑市场服务所门口"),
        ("张店区公园养护大组补种了草皮", None),
        ("张店区和平街道公园养护大组补种了草皮", "张店区和平街道"),
    ],
)
def test_units_are_known_by_name_whatever_they_end_in(text: str, words: str | None) -> None:
    assert _place(text, UNITS) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("张店区晴岚小区南侧的人行道被占了", "张店区晴岚小区南侧的人行道"),
        ("张店区晴岚小区门前的马路坑洼不平", "张店区晴岚小区门前的马路"),
        ("张店区晴岚小区的居民反映", "张店区晴岚小区"),
        ("张店区和平街道晴岚路辅道积水", "张店区和平街道晴岚路辅道"),
        ("张店区晴岚小区六百多户居民在家门口等", "张店区晴岚小区"),
    ],
)
def test_what_stands_at_a_place_is_the_place_meant_and_who_lives_there_is_not(text: str, words: str) -> None:
    assert _place(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("和平街道表示将清走单车。在晴岚路与云川路路口,单车倒了一地。", "晴岚路与云川路路口"),
        ("和平街道表示会修。晴岚路中段,井盖碎了。", "晴岚路中段"),
        ("晴岚路与云川路路口,单车倒了一地。", None),
    ],
)
def test_without_a_phrase_at_a_region_s_name_a_place_on_a_road_is_taken(text: str, words: str | None) -> None:
    assert _place(text) == words
