"""The figures of places: which stories count, and which characters."""

from __future__ import annotations

import json
from pathlib import Path

from media_tracker.quality.measure import Measure
from media_tracker.quality.places import Marked, characters, measure, read_marked

ARTICLE = """<?xml version="1.0" encoding="UTF-8"?>
<Body><Title>云川镇</Title><Content><Paragraph>
  <Sentence><Event>消防员赶到<Location>云川市<b>北山</b> 公路</Location>，</Event>火灭了。</Sentence>
</Paragraph></Content></Body>"""


def _region(district: str | None, subdistrict: str | None = None, community: str | None = None) -> dict[str, object]:
    return {"district": district, "subdistrict": subdistrict, "community": community}


def _figures(folder: Path, *stories: dict[str, object]) -> dict[tuple[str, str], Measure]:
    text = "\n".join(json.dumps({"title": "标题", "place": None} | story, ensure_ascii=False) for story in stories)
    (folder / "local_news_given.jsonl").write_text(text, encoding="utf-8")
    return {(each.task, each.figure): each for each in measure(folder)}


def test_without_the_data_there_are_no_figures(tmp_path: Path) -> None:
    assert measure(tmp_path) == []


def test_only_stories_that_name_the_region_or_one_in_it_count(tmp_path: Path) -> None:
    figures = _figures(
        tmp_path,
        {"body": "张店区和平街道的路坏了。", "region": _region("张店区", "和平街道")},
        {"body": "桓台马桥的厂房停工了。", "region": _region("桓台县", "马桥镇")},
        {"body": "无影潭社区的路灯亮了。", "region": _region("天桥区", "无影山街道", "无影潭社区")},
        {"body": "那座桥塌了。", "region": _region("博山区", "城东街道")},
    )

    assert figures["region: district", "right"].data == "local news, 3 that name it"
    assert figures["region: subdistrict", "right"].data == "local news, 3 that name it"
    assert figures["region: district", "right"].value == figures["region: subdistrict", "right"].value == 1.0
    assert figures["region: subdistrict", "right"].baseline == 1 / 3


def test_a_place_is_exact_or_one_is_part_of_the_other(tmp_path: Path) -> None:
    figures = _figures(
        tmp_path,
        {"body": "张店区和平街道桃园社区北门堆满了垃圾。", "region": _region("张店区"), "place": "桃园社区北门"},
        {"body": "张店区和平街道桃园社区北门堆满了垃圾。", "region": _region("张店区"), "place": "水井旁"},
    )

    assert figures["place", "exact"].value == 0.0
    assert figures["place", "one is part of the other"].value == 0.5


def test_an_article_s_places_are_the_characters_of_its_locations(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(ARTICLE, encoding="utf-8")

    article = read_marked(tmp_path / "a.xml")

    assert article.text == "消防员赶到云川市北山公路，火灭了。"
    assert article.places == frozenset(range(5, 12))


def test_characters_are_counted_over_all_articles() -> None:
    articles = [Marked("甲乙丙丁", frozenset((0, 1))), Marked("戊己", frozenset((0, 1)))]

    assert characters(articles, [[(1, 3)], []]) == (0.5, 0.25, 1 / 3)


def test_incident_news_is_measured_with_lac_and_without(tmp_path: Path) -> None:
    (tmp_path / "cec").mkdir()
    (tmp_path / "cec" / "a.xml").write_text(ARTICLE, encoding="utf-8")

    assert [each.data for each in measure(tmp_path)] == ["CEC", "CEC", "CEC", "CEC, without LAC"]
