"""The responsibility table from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from media_tracker.db.connection import Database
from tests.cli.processes import CommandLine

SHEET = "类别,区域,责任单位\n102,全市,市政处\n"


async def test_a_table_is_looked_at_taken_in_once_and_written_down(
    cli: CommandLine, own_database: Database, tmp_path: Path
) -> None:
    unit = {"name": "市政处", "parent": None, "region": None, "active": True, "version": 1}
    await own_database["units"].insert_one({**unit, "aliases": ["市政"]})
    file = tmp_path / "分工.csv"
    file.write_text(SHEET, encoding="utf-8")

    looked = await cli.done("routing", "import", str(file), "--since", "2026-03-01", "--dry-run", "--json")
    assert json.loads(looked.out)["added"] == 1
    assert await own_database["responsibilities"].count_documents({}) == 0

    taken = await cli.done("routing", "import", str(file), "--since", "2026-03-01", "--json")
    assert json.loads(taken.out)["errors"] == []
    row = await own_database["responsibilities"].find_one({})
    assert row is not None
    assert (row["category"], row["region"], row["valid_from"], row["valid_to"]) == ("102", None, "2026-03-01", None)
    assert await own_database["audit"].count_documents({"action": "responsibilities_changed"}) == 1

    again = await cli.done("routing", "import", str(file), "--since", "2026-03-01")
    assert again.out.startswith("0 added, 0 ended, 1 unchanged")


async def test_a_table_with_a_row_that_cannot_be_read_is_not_taken(
    cli: CommandLine, own_database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "分工.csv"
    file.write_text(SHEET, encoding="utf-8")

    refused = await cli("routing", "import", str(file))
    assert refused.code == 1
    assert "市政处" in refused.err
    assert await own_database["responsibilities"].count_documents({}) == 0
