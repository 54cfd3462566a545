"""The measures of the learned heads, on small invented data; and the table that shows all measures."""

import json
from pathlib import Path

import pytest

from media_tracker.quality import heads
from media_tracker.quality.measure import Measure
from media_tracker.quality.table import MODULES, shown

CITY, WORK = "小区井盖丢了没人管", "公司拖欠工资不发"


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def test_without_files_nothing_is_measured(tmp_path: Path) -> None:
    assert heads.measure(tmp_path) == []


def test_complaints_are_judged_in_parts_beside_the_baseline(tmp_path: Path) -> None:
    labels = [(CITY, "城建"), (WORK, "劳动")] * 6
    _write(
        tmp_path / "teddycup2020c" / "fj2_raw.jsonl",
        [{"留言主题": text, "留言详情": f"第{n}次", "一级标签": label} for n, (text, label) in enumerate(labels)],
    )
    measures = heads.measure(tmp_path)
    assert [(each.data, each.value, each.baseline) for each in measures] == [("fj2 raw", 1.0, 1.0)]


def test_a_repeat_of_what_is_judged_is_not_learnt_from() -> None:
    raw = [heads.Text(heads.StoryText("", CITY), "城建", CITY), heads.Text(heads.StoryText("", WORK), "劳动", WORK)]
    segmented = [
        heads.Text(heads.StoryText("", seg), "", seg) for seg in ("小区 井盖 没人 管", "拖欠 工资", "别的 事情")
    ]
    assert heads._repeats(raw, segmented) == [{0}, {1}]


@pytest.mark.slow
def test_local_news_are_judged_by_the_starting_model(tmp_path: Path) -> None:
    def row(number: int, kind: str, category: str | None, title: str, body: str) -> dict[str, object]:
        return {
            "id": f"n{number}",
            "title": title,
            "body": body,
            "outlet": "云川晚报",
            "column": None,
            "published_at": "2024-03-01T08:00:00+08:00",
            "kind": kind,
            "category": category,
            "problem": None,
            "reprint_of": None,
            "outcome": None,
        }

    exposure = "张店区和平街道居民反映，小区北门的井盖丢失一周，没人管，记者在现场看到井口插着树枝。"
    rows = [row(n, "exposure", "102", "井盖没了", exposure) for n in range(5)]
    rows += [row(n + 5, "other", None, "夺冠", "昨晚的决赛中球队赢了，球迷欢呼。") for n in range(5)]
    rows += [row(n + 10, "follow_up", "102", "井盖换上了", f"本报曝光后，{exposure}新井盖已装上。") for n in range(5)]
    for each in rows[10:]:
        each["outcome"] = "resolved"
    _write(tmp_path / "local_news_given.jsonl", rows)

    found = {(each.task, each.data, each.figure): each for each in heads.measure(tmp_path)}

    assert found["kind", "local news", "macro-F1"].value == 1.0
    assert found["category", "local news", "sub-class right"].value == 1.0
    assert found["outcome", "local news", "right"].baseline is not None


def test_the_table_marks_what_is_not_reached() -> None:
    text = shown(
        [
            Measure("kind", "local news", "macro-F1", 0.95, 0.6, 0.9),
            Measure("kind", "全国", "false alarms", 0.02, None, 0.005, "lower"),
            Measure("speed", "x", "stories", 1234.0),
        ]
    )
    reached, missed, plain = text.splitlines()[2:]
    assert "≥ 0.900" in reached
    assert not reached.endswith("*")
    assert missed.endswith("*")
    assert "1,234" in plain


def test_every_module_of_the_table_can_be_asked(tmp_path: Path) -> None:
    from importlib import import_module

    assert all(callable(import_module(f"media_tracker.quality.{name}").measure) for name in MODULES)
