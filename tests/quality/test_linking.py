"""How the linking is measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from media_tracker.quality import follow_ups, replies, same_problem


@pytest.mark.parametrize(
    ("found", "overall", "macro"),
    [
        ({1: 1, 2: 1, 3: 3}, 1.0, 1.0),
        ({1: 1, 2: 2, 3: 3}, 0.8, 5 / 6),
        ({1: 1, 2: 1, 3: 1}, 5 / 7, 0.65),
    ],
)
def test_b_cubed_counts_reports_and_its_macro_counts_problems(
    found: dict[int, int], overall: float, macro: float
) -> None:
    labels = {1: "a", 2: "a", 3: "b"}
    assert same_problem.b_cubed(found, labels) == pytest.approx((overall, macro), abs=1e-6)


@pytest.mark.parametrize("module", [same_problem, replies, follow_ups])
def test_without_data_nothing_is_measured(module: object, tmp_path: Path) -> None:
    assert module.measure(tmp_path) == []  # type: ignore[attr-defined]


def test_a_reply_that_takes_up_its_complaints_words_is_ranked_first(tmp_path: Path) -> None:
    troubles = ("晴岚社区垃圾桶满了没人清运", "长柳路路灯入冬后陆续不亮", "松柏里小区消防通道停满了车")
    rows = [
        {
            "留言主题": trouble,
            "留言详情": f"您好,{trouble},请派人看看。",
            "留言时间": f"2019/4/{day} 9:32:09",
            "答复意见": f"网友“A000{day}”您好,您反映的{trouble}一事已经处理。",
            "答复时间": f"2019-05-{day} 14:56:53",
        }
        for day, trouble in enumerate(troubles, start=10)
    ]
    file = tmp_path / replies.REPLIES
    file.parent.mkdir()
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    assert [(each.figure, each.value, each.baseline) for each in replies.measure(tmp_path)] == [
        ("R@1", 1.0, 1.0),
        ("MRR", 1.0, 1.0),
    ]
