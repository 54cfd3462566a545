"""A server that is killed between any two writes: history and state agree, and no photo is attached twice or lost."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
from bson import Binary

from media_tracker.problems.case import State
from media_tracker.problems.documents import Problem
from media_tracker.problems.evidence.material import photos_of
from media_tracker.problems.steps import Step
from tests.services.dying_child import DIED
from tests.services.invariants import assert_nothing_lost_or_doubled
from tests.services.legal_history import assert_legal
from tests.services.scene import COVER, Scene

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
async def test_whatever_write_a_process_dies_before_history_and_state_agree_and_others_go_on(
    scene: Scene, mongodb_uri: str
) -> None:
    database = scene.services.database
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.services.dying_child", mongodb_uri, database.name, str(scene.unit)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await child.communicate()
    *deaths, last = [json.loads(line) for line in told.splitlines()]
    assert (last["code"], last["lives"]) == (0, len(deaths) + 1), "the last of them got through"
    assert len(deaths) > 30, "there are many writes to die before"
    assert {"insert", "update", "commitTransaction"} <= {death["write"] for death in deaths}
    assert DIED != 0

    # The server ends what they have left open after a minute; here it is asked to do so now.
    left = [{"id": Binary(bytes.fromhex(death["session"]), 4)} for death in deaths if death["session"]]
    await database.client.admin.command("killSessions", left)
    await assert_nothing_lost_or_doubled(scene.services)
    found = [Problem.model_validate(row) async for row in database["problems"].find()]
    states = {problem.case.state for problem in found}
    assert {State.REGISTERED, State.ASSIGNED, State.CLAIMED_FIXED, State.VERIFIED, State.CLOSED} == states
    used = [photo.id for problem in found for photo in photos_of(problem.case)]
    assert len(used) == len(set(used)), "a photo is in one case only"
    for problem in found:
        assert assert_legal(await scene.services.problems.history(problem)) == problem.case
        assert problem.case.category == COVER

    for state, step, person in (
        (State.REGISTERED, Step.ASSIGN, scene.editor),
        (State.ASSIGNED, Step.CLAIM, scene.official),
        (State.CLAIMED_FIXED, Step.VERIFY, scene.inspector),
        (State.VERIFIED, Step.CLOSE, scene.editor),
    ):
        problem = next(each for each in found if each.case.state is state)
        after = {"after": (await scene.photo(),)} if step is Step.CLAIM else {}
        await scene.act(problem, scene.step(step, **after), person)
