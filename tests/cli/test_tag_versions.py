"""Versions of the model from the command line."""

from __future__ import annotations

import json

import pytest

from tests.cli.processes import CommandLine


@pytest.mark.slow
async def test_versions_are_trained_listed_and_gone_back_from(cli: CommandLine) -> None:
    assert (await cli.done("tag", "versions")).out == ""
    refused = await cli("tag", "rollback")
    assert refused.code == 1
    assert "There is no former version to go back to." in refused.err
    first = json.loads((await cli.done("tag", "retrain", "--json")).out)
    second = json.loads((await cli.done("tag", "retrain", "--json")).out)
    assert (first["version"], first["in_use"], second["version"], second["in_use"]) == (0, True, 1, True)
    assert second["model"] == first["model"], "the same stories and no decisions give the same model"
    assert "version 0" in (await cli.done("tag", "rollback")).out
    listed = (await cli.done("tag", "versions")).out.splitlines()
    assert [line[:4].strip() for line in listed] == ["1", "* 0"]
    again = await cli("tag", "rollback", "0")
    assert again.code == 1
    assert "in use already" in again.err
