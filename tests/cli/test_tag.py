"""Suggestions, training and measuring from the command line, without a database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.processes import CommandLine

EXPOSURE = {
    "id": "n1",
    "title": "小区门口的井盖没了",
    "body": "家住张店区和平街道的一位居民反映，小区北门外的井盖丢失一周，一直没人管。街道办事处表示，将尽快联系产权单位。",
    "outlet": "云川晚报",
    "column": "曝光台",
    "published_at": "2022-03-24T08:00:00+08:00",
}
OTHER = {"标题": "某球队夺冠", "正文": "昨晚的决赛中，客队球员三次进球，球迷欢呼。教练说，比赛很精彩。"}
COMPLAINTS = [
    {"留言编号": n, "留言主题": title, "留言详情": f"{title}{n}，请尽快处理。", "一级标签": label}
    for n in range(4)
    for title, label in (("小区井盖丢了没人管", "城建"), ("公司拖欠工资不发", "劳动"))
]


@pytest.fixture
def alone(tmp_path: Path) -> CommandLine:
    """The command line with no database to go to."""
    own = {"MONGODB_URI": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100"}
    return CommandLine(tmp_path, own | {"MEDIA_TRACKER_DATA_DIR": str(tmp_path / "data")})


def _lines(*rows: object) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.mark.slow
async def test_stories_are_suggested_for_in_order_and_the_model_is_trained_only_once(alone: CommandLine) -> None:
    done = await alone.done("tag", "predict", "-", stdin=_lines(EXPOSURE, OTHER, {}))

    assert "Training the starting model" in done.err
    first, second, third = (json.loads(line) for line in done.out.splitlines())
    assert [first["id"], second["id"], third["id"]] == ["n1", 2, 3]
    assert (first["kind"], first["category"], second["kind"], third["kind"]) == ("exposure", "102", "other", "other")
    assert first["region"] == {"district": "张店区", "subdistrict": "和平街道", "community": None}
    assert "街道办事处" in first["units"]
    assert second["region"] == {"district": None, "subdistrict": None, "community": None}
    assert third["kind_score"] <= 0.5

    again = await alone.done("tag", "predict", "-", stdin=_lines(EXPOSURE))

    assert again.err == ""
    assert json.loads(again.out) == first


@pytest.mark.slow
async def test_any_label_can_be_trained_and_predicted(alone: CommandLine) -> None:
    (alone.folder / "given.jsonl").write_text(_lines(*COMPLAINTS, {"留言主题": "没有标签"}), encoding="utf-8")

    trained = await alone.done("tag", "train", "given.jsonl", "--label", "一级标签", "--model", "m.npz")
    asked = _lines({"留言编号": 9, "留言主题": "路上的井盖丢了"}, {"row": 5, "seg": "公司 拖欠 工资"})
    done = await alone.done("tag", "predict", "-", "--label", "一级标签", "--model", "m.npz", stdin=asked)

    assert "8 texts, 2 labels" in trained.err
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [(row["id"], row["一级标签"]) for row in rows] == [(9, "城建"), (5, "劳动")]
    assert all(0.5 < row["score"] <= 1.0 for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "given", "code", "sentence"),
    [
        (("predict", "-"), '{"id": 1}\n{bad\n', 1, "Line 2 is not a JSON object."),
        (("predict", "-", "--label", "x", "--model", "none.npz"), "", 1, "none.npz cannot be read"),
        (("predict", "-", "--label", "x", "--model", "text.npz"), "", 1, "not a model"),
        (("predict", "-", "--label", "x"), "", 2, "--label needs --model"),
        (("train", "-", "--label", "x", "--model", "m.npz"), '{"title": "a"}\n', 1, "No line has a value"),
        (("train", "-", "--label", "x", "--model", "m.npz"), '{"title": "a", "x": 1}\n', 1, "nothing to learn"),
        (("train", "-"), "", 2, "needs --label and --model"),
        (("evaluate", "--only", "nothing", "--data", "."), "", 2, "There is no nothing"),
    ],
)
async def test_what_cannot_be_done_is_one_sentence(
    alone: CommandLine, arguments: tuple[str, ...], given: str, code: int, sentence: str
) -> None:
    (alone.folder / "text.npz").write_text("no model")

    ended = await alone("tag", *arguments, stdin=given)

    assert ended.code == code
    assert sentence in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""


@pytest.mark.slow
async def test_evaluating_without_data_measures_nothing(alone: CommandLine) -> None:
    done = await alone.done("tag", "evaluate", "--data", ".", "--only", "heads", "--json")

    assert done.out == ""
