"""The figures of reprints: what they say when a grouping is right, and when it is not."""

from __future__ import annotations

import json
from pathlib import Path

from media_tracker.quality.reprints import measure
from tests.text.test_fingerprint import FOLLOW_UP, OTHER, STORY


def _write(folder: Path, *rows: tuple[str, str, str | None]) -> None:
    lines = [
        {"id": id, "title": id, "body": body, "published_at": "2021-03-24T08:00:00+08:00", "reprint_of": first}
        for id, body, first in rows
    ]
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    (folder / "local_news_given.jsonl").write_text(text, encoding="utf-8")


def test_without_the_data_there_are_no_figures(tmp_path: Path) -> None:
    assert measure(tmp_path) == []


def test_right_pairs_reach_the_bars_and_equal_titles_do_not(tmp_path: Path) -> None:
    _write(tmp_path, ("a", STORY, None), ("b", STORY[:-40], "a"), ("c", FOLLOW_UP, None), ("d", OTHER, None))

    precision, recall, *copies = measure(tmp_path)

    assert (precision.value, precision.reached) == (1.0, True)
    assert (recall.value, recall.baseline, recall.reached) == (1.0, 0.0, True)
    assert [each.value for each in copies] == [1.0, 1.0, 1.0]


def test_a_pair_that_is_missed_and_one_that_is_wrong_cost(tmp_path: Path) -> None:
    _write(tmp_path, ("a", STORY, None), ("b", OTHER, "a"), ("c", STORY, None))

    precision, recall, *_ = measure(tmp_path)

    assert (precision.value, precision.reached) == (0.0, False)
    assert (recall.value, recall.reached) == (0.0, False)
