"""Accounts from the command line."""

from __future__ import annotations

import re

from media_tracker.accounts.passwords import Passwords
from media_tracker.db.connection import Database
from tests.cli.processes import CommandLine


def _password(out: str) -> str:
    found = re.search(r"^password: (\S+)$", out, re.MULTILINE)
    assert found, out
    return found[1]


async def _opens(database: Database, username: str, password: str) -> bool:
    user = await database["users"].find_one({"username": username})
    assert user is not None
    return bool(await Passwords().verify(user["password_hash"], password))


async def test_an_account_is_added_once(cli: CommandLine, own_database: Database) -> None:
    added = await cli.done("user", "add", "wang", "--name", "王编辑", "--role", "editor", "--role", "publicity")
    assert "wang: added" in added.out
    assert await _opens(own_database, "wang", _password(added.out))

    again = await cli("user", "add", "wang", "--role", "viewer")
    assert again.code == 1
    assert again.out == ""
    assert again.sentences

    listed = await cli.done("user", "list")
    assert listed.out == "wang\t王编辑\teditor,publicity\n"


async def test_a_password_may_come_from_standard_input_and_is_not_shown(
    cli: CommandLine, own_database: Database
) -> None:
    ours = "three words and a river"
    added = await cli.done("user", "add", "li", "--role", "viewer", "--password-stdin", stdin=f"{ours}\n")

    assert "password" not in added.out
    assert await _opens(own_database, "li", ours)


async def test_a_password_that_is_too_weak_is_refused(cli: CommandLine, own_database: Database) -> None:
    refused = await cli("user", "add", "li", "--role", "viewer", "--password-stdin", stdin="12345\n")

    assert (refused.code, refused.out) == (1, "")
    assert refused.sentences
    assert await own_database["users"].count_documents({}) == 0


async def test_an_official_without_a_unit_is_refused(cli: CommandLine, own_database: Database) -> None:
    refused = await cli("user", "add", "zhao", "--role", "official")

    assert (refused.code, refused.out) == (1, "")
    assert "unit" in refused.err
    assert await own_database["users"].count_documents({}) == 0


async def test_a_unit_that_nobody_knows_is_named(cli: CommandLine, own_database: Database) -> None:
    sentence = await cli.refused("user", "add", "zhao", "--role", "official", "--unit", "没有的单位")

    assert "没有的单位" in sentence
    assert await own_database["users"].count_documents({}) == 0


async def test_a_role_that_there_is_not_is_a_wrong_call(cli: CommandLine) -> None:
    said = await cli.misused("user", "add", "zhao", "--role", "king")

    assert "king" in said
    assert "editor" in said


async def test_a_new_password_replaces_the_old_one(cli: CommandLine, own_database: Database) -> None:
    old = _password((await cli.done("user", "add", "wang", "--role", "editor")).out)
    new = _password((await cli.done("user", "password", "wang")).out)

    assert new != old
    assert await _opens(own_database, "wang", new)
    assert not await _opens(own_database, "wang", old)


async def test_a_new_password_for_nobody_is_refused(cli: CommandLine) -> None:
    assert "nobody" in await cli.refused("user", "password", "nobody")
