"""Lists of problems from the command line: what is told, what is written beside the list, and what a kill leaves."""

from __future__ import annotations

import csv
import io
from asyncio.subprocess import Process
from pathlib import Path

import pytest
from openpyxl import load_workbook

from media_tracker.db.connection import Database
from tests.cli.processes import CommandLine, kill, until
from tests.problems.lists import as_csv, as_xlsx, table

ROWS = [{"编号": f"A-{number}", "问题": f"第{number}处垃圾桶满溢", "责任单位": ""} for number in range(6)]
WRONG = {"编号": "B-1", "责任单位": "", "类别": "垃圾清运", "发现时间": "日前"}


@pytest.fixture
def folder(cli: CommandLine) -> Path:
    """Where the command line is called, with a list that is right and one with a row that is wrong."""
    (cli.folder / "right.xlsx").write_bytes(as_xlsx(table(*ROWS)))
    (cli.folder / "wrong.xlsx").write_bytes(as_xlsx(table(*ROWS, WRONG), before=["2022年清单"]))
    (cli.folder / "wrong.csv").write_bytes(as_csv(table(*ROWS, WRONG), encoding="gb18030"))
    return cli.folder


async def test_a_list_is_taken_once_and_says_so_in_numbers(cli: CommandLine, folder: Path) -> None:
    first = await cli.done("problems", "import", "right.xlsx", "--json")
    again = await cli.done("problems", "import", "right.xlsx", "--json")

    assert first.json() == {"added": 6, "changed": 0, "unchanged": 0, "errors": []}
    assert again.json() == {"added": 0, "changed": 0, "unchanged": 6, "errors": []}


async def test_a_dry_run_shows_columns_and_numbers_and_adds_nothing(
    cli: CommandLine, folder: Path, own_database: Database
) -> None:
    shown = await cli.done("problems", "import", "right.xlsx", "--dry-run")

    assert "问题 → text" in shown.out
    assert "6 would be added" in shown.out
    assert await own_database["problems"].count_documents({}) == 0


@pytest.mark.parametrize("name", ["wrong.xlsx", "wrong.csv"])
async def test_a_wrong_row_adds_nothing_and_is_told_beside_it_in_a_copy(
    cli: CommandLine, folder: Path, own_database: Database, name: str
) -> None:
    before = (folder / name).read_bytes()
    ended = await cli("problems", "import", name, "--json")

    result = ended.json()
    line = 9 if name.endswith("xlsx") else 8
    assert ended.code == 1
    assert (result["added"], result["changed"]) == (0, 0)
    assert {(error["line"], error["column"]) for error in result["errors"]} == {(line, "类别"), (line, "发现时间")}
    assert await own_database["problems"].count_documents({}) == 0
    assert (folder / name).read_bytes() == before
    copy = _rows(folder / f"wrong.错误.{name.rpartition('.')[2]}")
    assert copy[line - 8][-1] == "错误"
    assert [number for number, row in enumerate(copy, start=1) if "垃圾清运不及时" in str(row[-1])] == [line]


async def test_right_rows_beside_wrong_ones_are_taken_when_that_is_said(cli: CommandLine, folder: Path) -> None:
    taken = await cli.done("problems", "import", "wrong.csv", "--skip-errors", "--errors", "told.csv", "--json")

    assert (taken.json()["added"], len(taken.json()["errors"])) == (6, 2)
    assert (folder / "told.csv").exists()
    assert not (folder / "wrong.错误.csv").exists()


@pytest.mark.parametrize(
    ("data", "said"), [(b"", "sheet"), (b"PK\x03\x04 nonsense", "sheet"), (b"\xd0\xcf\x11\xe0", ".xlsx")]
)
async def test_a_file_that_is_no_list_is_refused_in_a_sentence(cli: CommandLine, data: bytes, said: str) -> None:
    (cli.folder / "none.xlsx").write_bytes(data)

    refused = await cli("problems", "import", "none.xlsx")

    assert refused.code == 1
    assert said in refused.sentences[-1] or "问题" in refused.sentences[-1]


async def test_a_file_that_is_not_there_is_a_wrong_call(cli: CommandLine) -> None:
    assert "nowhere.xlsx" in await cli.misused("problems", "import", "nowhere.xlsx")


@pytest.mark.slow
async def test_whoever_is_killed_whenever_leaves_all_or_nothing_and_the_next_gets_it_done(
    cli: CommandLine, own_database: Database
) -> None:
    rows = [{"编号": f"A-{n}", "问题": f"第{n}处垃圾桶满溢", "责任单位": ""} for n in range(1_500)]
    (cli.folder / "long.csv").write_bytes(as_csv(table(*rows)))
    states = set()
    for wanted in ("staging", "arriving"):
        process = await cli.start("problems", "import", "long.csv")

        async def is_so_far(process: Process = process, wanted: str = wanted) -> bool:
            there = await own_database["problem_imports"].find_one({"state": wanted})
            return there is not None or process.returncode is not None

        await until(is_so_far)
        await kill(process)
        await own_database["leases"].delete_many({})  # as if half a minute had passed
        left = await own_database["problem_imports"].find_one({"state": {"$ne": "done"}})
        states.add(left["state"] if left else None)

    ended = await cli.done("problems", "import", "long.csv", "--json")

    assert states <= {"staging", "arriving", None}
    assert ended.json()["added"] + ended.json()["unchanged"] == 1_500
    assert await own_database["problems"].count_documents({}) == 1_500
    assert await own_database["problem_import_rows"].count_documents({}) == 0
    assert len(await own_database["problems"].distinct("number")) == 1_500


def _rows(file: Path) -> list[list[object]]:
    if file.suffix == ".xlsx":
        return [list(row) for row in load_workbook(file).worksheets[0].iter_rows(values_only=True)]
    return [list(row) for row in csv.reader(io.StringIO(file.read_text("utf-8-sig"), newline=""))]
