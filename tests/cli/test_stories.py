"""Reprints in a file, from the command line, without a database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from media_tracker.cli.jsonl import moment_of
from tests.cli.processes import CommandLine

BINS = (
    "“放学回来都得捂着鼻子走。”东岭区晴岚社区的孩子们说。小区北门外的垃圾桶一个星期没有清运，塑料袋和烂菜叶堆到了人行道上，"
    "摊主们只好自己拿铁锨往里推。街道办事处表示，将尽快核对清运路线。"
)
LAMPS = "长柳路中段的十几盏路灯入冬后陆续不亮，下夜班的工人打着手电走。路灯管理部门回复，配件已在路上，三天之内修好。"


@pytest.fixture
def alone(tmp_path: Path) -> CommandLine:
    """The command line with no database to go to."""
    return CommandLine(tmp_path, {"MONGODB_URI": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100"})


def _lines(*rows: object) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


async def test_reprints_get_the_id_of_the_first_publisher_and_the_order_stays(alone: CommandLine) -> None:
    given = _lines(
        {"id": "app", "title": "晴岚社区垃圾桶满了", "body": BINS[:-20], "published_at": "2021-03-24T12:00:00+08:00"},
        {"id": "lamps", "title": "路灯", "body": LAMPS, "published_at": "2021-03-20T12:00:00+08:00"},
        {"id": 7, "title": "垃圾围门", "body": f"来源：云川晚报\n{BINS}", "published_at": "2021-03-24T00:30:00Z"},
        {"id": "empty", "title": "", "body": ""},
    )
    done = await alone.done("stories", "group", "-", stdin=given)

    assert [json.loads(line) for line in done.out.splitlines()] == [
        {"id": "app", "cluster": 7},
        {"id": "lamps", "cluster": "lamps"},
        {"id": 7, "cluster": 7},
        {"id": "empty", "cluster": "empty"},
    ]


async def test_a_file_with_other_names_for_the_fields_is_understood(alone: CommandLine) -> None:
    first = {"留言编号": 1, "留言主题": "垃圾", "留言时间": "2019/7/4 16:37:07", "留言详情": BINS}
    again = {"留言编号": 2, "留言主题": "还是垃圾", "留言时间": "2019/7/5 9:00:00", "留言详情": f"\n\t{BINS} "}
    (alone.folder / "complaints.jsonl").write_text("\ufeff" + _lines(again, first) + "\n", encoding="utf-8")

    done = await alone.done("stories", "group", "complaints.jsonl")

    assert done.out == _lines({"id": 2, "cluster": 1}, {"id": 1, "cluster": 1})


@pytest.mark.parametrize("line", ["not JSON", "[1]", '{"id": ', '"text"'])
async def test_a_line_that_is_no_object_is_named(alone: CommandLine, line: str) -> None:
    assert "2" in await alone.refused("stories", "group", "-", stdin=_lines({"id": 1, "body": BINS}) + line)


async def test_a_file_in_another_encoding_is_told_so(alone: CommandLine) -> None:
    (alone.folder / "gbk.jsonl").write_bytes('{"id": 1, "body": "垃圾"}'.encode("gbk"))
    assert "UTF-8" in await alone.refused("stories", "group", "gbk.jsonl")


async def test_of_two_names_for_a_field_the_one_with_something_in_it_counts(alone: CommandLine) -> None:
    given = _lines({"id": 1, "body": "", "text": BINS}, {"id": 2, "body": BINS})
    done = await alone.done("stories", "group", "-", stdin=given)
    assert done.out == _lines({"id": 1, "cluster": 1}, {"id": 2, "cluster": 1})


async def test_a_file_that_is_not_there_is_a_wrong_call(alone: CommandLine) -> None:
    assert "nowhere.jsonl" in await alone.misused("stories", "group", "nowhere.jsonl")


async def test_stories_without_dates_or_with_strange_values_are_grouped_in_their_order(alone: CommandLine) -> None:
    given = _lines(
        {"id": "a", "body": BINS},
        {"id": "b", "body": BINS, "published_at": "yesterday"},
        {"id": "c", "body": BINS, "published_at": 12.5},
        {"body": None, "title": ["?"]},
        {"id": "long", "body": "垃" * 1_000_000},
    )
    given += json.dumps({"id": "\ud800", "body": "\ud800<b>😀</b>\x00", "published_at": "0001-01-01"})
    done = await alone.done("stories", "group", "-", stdin=given)

    assert [json.loads(line)["cluster"] for line in done.out.splitlines()] == ["a", "a", "a", 4, "long", "\ud800"]


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        ("2021-03-24T12:30:00+08:00", "2021-03-24T12:30:00+08:00"),
        ("2021-03-24T04:30:00Z", "2021-03-24T04:30:00+00:00"),
        ("2021-03-24 12:30", "2021-03-24T12:30:00+08:00"),
        ("2019/7/4 6:37:07", "2019-07-04T06:37:07+08:00"),
        ("2019年7月4日", "2019-07-04T00:00:00+08:00"),
        ("2019年7月4日 8时5分", "2019-07-04T08:05:00+08:00"),
        ("2021-13-45", None),
        ("0001-01-01", None),
        ("日前", None),
        ("", None),
        (None, None),
    ],
)
def test_a_moment_is_read_as_people_write_it(written: str | None, understood: str | None) -> None:
    moment = moment_of({"published_at": written})

    assert (moment.isoformat() if moment else None) == understood
