"""Problems in files, from the command line, without a database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.processes import CommandLine
from tests.papers.test_reading import FIRST, SECOND, changed, dossier

BINS = "晴岚社区北门的三个垃圾桶满了一周没人清运，居民绕着走，街道表示会核对清运路线。"
AGAIN = "住在晴岚社区的市民说，北门垃圾桶满溢一周，一直没有清运车来，酸臭味很重。"
LAMPS = "长柳路中段十几盏路灯入冬后陆续不亮，下夜班的工人打着手电走。"
FIXED = "晴岚社区北门垃圾桶满溢一事有了结果，三个桶已经清空，清运路线重新编过。"


@pytest.fixture
def alone(tmp_path: Path) -> CommandLine:
    """The command line with no database to go to."""
    return CommandLine(tmp_path, {"MONGODB_URI": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100"})


def _lines(*rows: object) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


async def test_reports_of_one_problem_get_the_id_of_the_first_and_the_order_stays(alone: CommandLine) -> None:
    given = _lines(
        {"id": "a", "title": "晴岚社区垃圾桶满了", "body": BINS},
        {"留言编号": 7, "留言主题": "长柳路路灯不亮", "留言详情": LAMPS, "留言时间": "2019/2/28 11:25:05"},
        {"id": "c", "title": "晴岚社区垃圾桶还是没人管", "body": AGAIN},
        {},
    )
    done = await alone.done("problems", "group", "-", stdin=given)

    assert [json.loads(line) for line in done.out.splitlines()] == [
        {"id": "a", "problem": "a"},
        {"id": 7, "problem": 7},
        {"id": "c", "problem": "a"},
        {"id": 4, "problem": 4},
    ]


async def test_each_follow_up_gets_the_exposures_before_it_the_likeliest_first(alone: CommandLine) -> None:
    given = _lines(
        {"id": "f", "role": "follow_up", "title": "清空了", "body": FIXED, "published_at": "2021-03-26T08:00:00+08:00"},
        {"id": "l", "role": "exposure", "title": "路灯", "body": LAMPS, "published_at": "2021-03-20T08:00:00+08:00"},
        {"id": "b", "role": "exposure", "title": "垃圾", "body": BINS, "published_at": "2021-03-24T08:00:00+08:00"},
        {"id": "late", "role": "exposure", "title": "垃圾", "body": AGAIN, "published_at": "2021-04-24T08:00:00+08:00"},
        {"id": "undated", "role": "follow_up", "title": "", "body": "", "published_at": "?"},
    )
    done = await alone.done("problems", "match", "-", stdin=given)

    first, second = (json.loads(line) for line in done.out.splitlines())
    assert (first["id"], [each["id"] for each in first["candidates"]]) == ("f", ["b", "l"])
    assert all(0 <= each["score"] <= 1 for each in first["candidates"])
    assert (second["id"], len(second["candidates"])) == ("undated", 3)


async def test_another_role_is_one_clear_error(alone: CommandLine) -> None:
    said = await alone.refused("problems", "match", "-", stdin=_lines({"id": 1, "title": "", "body": "", "role": "好"}))
    assert "Row 1 needs a role" in said


async def test_the_digests_of_a_dossier_are_recomputed_and_a_change_is_told(alone: CommandLine, tmp_path: Path) -> None:
    document = dossier(FIRST, SECOND)
    (tmp_path / "good.docx").write_bytes(document)
    (tmp_path / "bad.docx").write_bytes(changed(document, 2, SECOND.replace("assigned", "closed")))

    good = await alone.done("problems", "verify-dossier", str(tmp_path / "good.docx"))
    bad = await alone("problems", "verify-dossier", str(tmp_path / "bad.docx"))

    assert [(row["events"], row["wrong"]) for row in map(json.loads, good.out.splitlines())] == [(2, None)]
    assert bad.code == 1
    assert json.loads(bad.out)["wrong"] == 2
