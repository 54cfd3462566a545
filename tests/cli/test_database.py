"""The command line and its database: preparing it, asking how far it is, and doing without one."""

from __future__ import annotations

import json

import pytest

from media_tracker import __version__
from tests.cli.processes import CommandLine


async def test_it_says_its_version_without_any_settings(unprepared: CommandLine) -> None:
    ended = await CommandLine(unprepared.folder).done("--version")

    assert ended.out.strip().endswith(__version__)


@pytest.mark.parametrize(
    "arguments",
    [
        ("ingest", "--once"),
        ("worker",),
        ("feeds", "list"),
        ("feeds", "export"),
        ("user", "list"),
        ("user", "add", "wang", "--role", "editor"),
        ("user", "password", "wang"),
    ],
    ids=" ".join,
)
async def test_on_a_database_that_is_not_prepared_it_says_how_to_prepare_it(
    unprepared: CommandLine, arguments: tuple[str, ...]
) -> None:
    assert "media-tracker db migrate" in await unprepared.refused(*arguments)


async def test_a_prepared_database_is_current_and_preparing_it_again_changes_nothing(unprepared: CommandLine) -> None:
    before = await unprepared("db", "status", "--json")
    assert before.code == 1
    assert before.json()["current"] is False
    assert before.json()["pending"]

    first = await unprepared.done("db", "init")
    assert first.out == "current\n"
    assert first.err

    after = await unprepared.done("db", "status", "--json")
    assert after.json() == {"pending": [], "missing_indexes": [], "unknown": [], "current": True}
    assert (await unprepared.done("db", "status")).out == "current\n"

    again = await unprepared.done("db", "migrate")
    assert (again.out, again.err) == ("current\n", "")


async def test_the_doctor_finds_nothing_amiss_on_a_prepared_database(cli: CommandLine) -> None:
    ended = await cli("doctor", "--json")
    findings = {each["name"]: each for each in map(json.loads, ended.out.splitlines())}

    assert {"media-tracker", "files", "MongoDB", "schema", "feeds"} <= set(findings)
    assert findings["schema"] == {"name": "schema", "found": "current", "well": True}
    assert [each for each in findings.values() if not each["well"]] == []
    assert ended.code == 0


async def test_the_doctor_finds_a_database_that_is_not_prepared(unprepared: CommandLine) -> None:
    ended = await unprepared("doctor")

    assert ended.code == 1
    assert [line.split(":")[0] for line in ended.out.splitlines() if line.startswith("BAD")] == ["BAD  schema"]


async def test_a_database_that_does_not_answer_is_told_in_a_sentence(unprepared: CommandLine) -> None:
    nobody = unprepared.setting(MONGODB_URI="mongodb://127.0.0.1:1/?replicaSet=rs0")

    sentence = await nobody.refused("db", "status")

    assert "MongoDB does not answer" in sentence
    assert "MONGODB_URI" in sentence


async def test_an_address_of_a_database_that_is_none_is_told_in_a_sentence(unprepared: CommandLine) -> None:
    assert "MONGODB_URI" in await unprepared.setting(MONGODB_URI="postgres://127.0.0.1/").refused("db", "status")


@pytest.mark.parametrize(
    ("name", "value"),
    [("LEVEL", "xyz"), ("FETCH_ALLOW", "foo"), ("TIMEZONE", "Mars"), ("HOST_GAP", "soon")],
)
@pytest.mark.parametrize("arguments", [("db", "status"), ("serve", "--port", "1"), ("doctor",)], ids=" ".join)
async def test_a_setting_that_cannot_be_meant_is_named_in_a_sentence(
    unprepared: CommandLine, name: str, value: str, arguments: tuple[str, ...]
) -> None:
    sentence = await unprepared.setting(**{name: value}).refused(*arguments)

    assert name in sentence.upper()
