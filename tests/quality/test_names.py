"""The figures of units and people: what counts as found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from media_tracker.quality.names import measure, scores


def _write(folder: Path, *stories: dict[str, object]) -> None:
    plain: dict[str, object] = {"title": "标题", "kind": "exposure", "units": [], "people": []}
    text = "\n".join(json.dumps(plain | story, ensure_ascii=False) for story in stories)
    (folder / "local_news_given.jsonl").write_text(text, encoding="utf-8")


def test_without_the_data_there_are_no_figures(tmp_path: Path) -> None:
    assert measure(tmp_path) == []


def test_exactly_the_labelled_wordings_count(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {"body": "和平街道办事处介绍，物业称下周换锁。", "units": ["和平街道办事处", "桃园物业"]},
        {"body": "园丁龚秀芸扶起了老人。", "kind": "good_deed", "people": ["龚秀芸"]},
        {"body": "和平街道办事处介绍，路修好了。", "kind": "notice", "units": []},
    )

    figures = {(each.task, each.figure): each.value for each in measure(tmp_path)}

    assert figures["units", "F1"] == figures["units", "precision"] == figures["units", "recall"] == 0.5
    assert figures["people", "recall"] == 1.0


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], (1.0, 1.0, 1.0)),
        ([({"甲"}, set())], (0.0, 0.0, 0.0)),
        ([({"甲", "乙"}, {"甲"}), (set(), {"丙"})], (0.5, 0.5, 0.5)),
    ],
)
def test_scores_are_over_all_stories_together(
    pairs: list[tuple[set[str], set[str]]], expected: tuple[float, float, float]
) -> None:
    assert scores(pairs) == expected
