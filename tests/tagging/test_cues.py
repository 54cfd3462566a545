"""Cue tables: what is found, what an editor may write."""

import time
from pathlib import Path

import pytest

from media_tracker.errors import InvalidInput
from media_tracker.tagging.cues import FACTS, PATTERNS, Cue, CueTable, read_cues
from media_tracker.taxonomy.categories import read_categories


def _tables(folder: Path, kind: str = "垃圾,exposure,1,\n") -> Path:
    (folder / "kind_cues.csv").write_text("cue,kind,weight,field\n" + kind, encoding="utf-8")
    (folder / "category_cues.csv").write_text("cue,category,weight\n垃圾,201,1\n", encoding="utf-8")
    (folder / "outcome_cues.csv").write_text("cue,outcome,weight\n清走,resolved,1\n", encoding="utf-8")
    return folder


def test_the_longest_cue_wins_and_votes_for_all_its_labels() -> None:
    table = CueTable([Cue("垃圾", "201", 1.0), Cue("建筑垃圾", "210", 3.0), Cue("建筑垃圾", "202", 1.0)])
    (hit,) = table.find("一堆建筑垃圾", "body")
    assert (hit.start, hit.end, dict(hit.votes)) == (2, 6, {"210": 3.0, "202": 1.0})


def test_a_cue_of_a_field_is_found_only_there_and_the_heavier_weight_holds() -> None:
    table = CueTable(
        [Cue("盼", "exposure", 1.5, "title"), Cue("盼", "exposure", 0.5), Cue("曝光台", "exposure", 2.0, "column")]
    )
    assert [hit.votes for hit in table.find("居民盼", "title")] == [(("exposure", 1.5),)]
    assert [hit.votes for hit in table.find("居民盼", "body")] == [(("exposure", 0.5),)]
    assert table.find("曝光台", "body") == []
    assert len(table.find("曝光台", "column")) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("{complaint}", "家住柳桥的一位居民拨打热线"),
        ("{reporter_saw}", "上午10时,记者在现场看到"),
        ("{reporter_again}", "25日,记者再次来到"),
        ("{back_reference}", "3月24日本报曝光的井盖"),
        ("{nobody_cares}", "一直没有人来管"),
        ("{unit_replies}", "街道办事处工作人员表示,"),
        ("{before_and_now}", "原来的土堆如今不见了"),
        ("{now_fixed}", "已全部清理"),
        ("{still_not}", "至今没有动静"),
        ("{helped}", "把他救上岸"),
        ("{years_of_service}", "免费理发十二年"),
        ("{authority_acts}", "市城管局联合发布"),
        ("{from_a_date}", "自6月1日起"),
    ],
)
def test_each_pattern_finds_what_it_is_named_for(name: str, text: str) -> None:
    assert PATTERNS[name].search(text)
    assert not PATTERNS[name].search("今天天气很好")


def test_patterns_stay_fast_on_long_hostile_text() -> None:
    hostile = "记者居民街道原来3月" * 2_000
    started = time.process_time()
    for pattern in PATTERNS.values():
        pattern.search(hostile)
    assert time.process_time() - started < 2.0


def test_the_shipped_tables_name_only_known_categories_and_every_pattern() -> None:
    cues = read_cues()
    subs = {category.code for category in read_categories() if category.parent is not None}
    assert set(cues.category.labels()) == subs
    assert all(cues.kind.of(name) for name in (PATTERNS.keys() | FACTS))


def test_the_version_follows_the_contents(tmp_path: Path) -> None:
    first = read_cues(_tables(tmp_path)).version
    assert read_cues(_tables(tmp_path)).version == first
    assert read_cues(_tables(tmp_path, "垃圾,exposure,2,\n")).version != first


@pytest.mark.parametrize(
    "row",
    [
        "垃圾,complaint,1,\n",
        ",exposure,1,\n",
        "垃圾,exposure,heavy,\n",
        "垃圾,exposure,0,\n",
        "垃圾,exposure,nan,\n",
        "垃圾,exposure,11,\n",
        "垃圾,exposure,1,footer\n",
        "{no_such_pattern},exposure,1,\n",
        "垃圾\n",
    ],
)
def test_a_row_that_is_no_cue_is_refused_with_its_line(tmp_path: Path, row: str) -> None:
    with pytest.raises(InvalidInput, match=r"Line 2 of kind_cues\.csv"):
        read_cues(_tables(tmp_path, row))
