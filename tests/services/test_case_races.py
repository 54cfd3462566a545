"""Many people at one case at once: exactly one legal history, and everybody else is told."""

from __future__ import annotations

import asyncio
from collections import Counter

from media_tracker.errors import Conflict
from media_tracker.problems.case import State
from media_tracker.problems.documents import Problem
from media_tracker.problems.steps import Command, Step
from tests.services.legal_history import assert_legal
from tests.services.scene import Scene

WRITERS = 50
SAYS_WHY = ("in the meantime", "cannot be done while", "faster")
"""What somebody reads who was not the first."""


def _is_told_why(error: Conflict) -> bool:
    return any(words in error.message for words in SAYS_WHY)


async def _try(scene: Scene, problem: Problem, command: Command, person: object) -> Problem | Conflict:
    """One writer who has read ``problem`` as it is."""
    services = scene.services.problems
    try:
        return await services.act(problem.number, problem.case.version, command, person, scene.who(person))  # type: ignore[arg-type]
    except Conflict as error:
        return error


async def test_of_fifty_who_have_the_same_page_open_one_wins_and_everybody_else_is_told(scene: Scene) -> None:
    problem = await scene.assigned(await scene.exposed())
    commands = [
        (scene.step(Step.ACKNOWLEDGE), scene.official),
        (scene.step(Step.START), scene.official),
        (scene.step(Step.RETURN), scene.official),
        (scene.step(Step.REMIND), scene.editor),
        (scene.step(Step.SUPERVISE), scene.publicity),
    ]
    results = await asyncio.gather(*(_try(scene, problem, *commands[n % len(commands)]) for n in range(WRITERS)))
    won = [result for result in results if isinstance(result, Problem)]
    lost = [result for result in results if isinstance(result, Conflict)]
    assert (len(won), len(lost)) == (1, WRITERS - 1)
    assert all(_is_told_why(error) for error in lost)
    stored = await scene.services.problems.get(problem.number)
    assert stored.case == won[0].case
    assert stored.case.version == problem.case.version + 1
    assert assert_legal(await scene.services.problems.history(stored)) == stored.case


async def test_fifty_who_look_again_and_go_on_leave_one_history_in_which_every_success_has_its_event(
    scene: Scene,
) -> None:
    start = await scene.assigned(await scene.exposed())
    photos = [await scene.photo() for _ in range(3)]
    done: list[tuple[Step, int]] = []
    told: Counter[str] = Counter()

    def wanted(writer: int) -> tuple[Command, object]:
        match writer % 10:
            case 0:
                return scene.step(Step.START), scene.official
            case 1:
                return scene.step(Step.CLAIM, after=(photos[writer % 3],)), scene.official
            case 2:
                return scene.step(Step.ACKNOWLEDGE), scene.official
            case 3:
                return scene.step(Step.RETURN), scene.official
            case 4:
                return scene.step(Step.ASSIGN), scene.editor
            case 5 | 6:
                return scene.step(Step.REMIND), scene.editor
            case _:
                return scene.step(Step.INSTRUCT), scene.publicity

    async def writer(number: int) -> None:
        command, person = wanted(number)
        for _ in range(20):
            seen = await scene.services.problems.get(start.number)
            result = await _try(scene, seen, command, person)
            if isinstance(result, Problem):
                done.append((command.step, result.case.version))
                return
            assert _is_told_why(result), result.message
            told[result.message] += 1

    await asyncio.gather(*(writer(number) for number in range(WRITERS)))
    stored = await scene.services.problems.get(start.number)
    events = await scene.services.problems.history(stored)
    assert assert_legal(events) == stored.case
    versions = [version for _, version in done]
    assert len(set(versions)) == len(versions), "no two of them wrote the same version"
    begun = {version - 1 for step, version in done if step is Step.CLAIM} - {start.case.version, *versions}
    assert all(events[version - 1].type == "started" for version in begun), "a claim begins the work if nobody has"
    expected = set(range(start.case.version + 1, stored.case.version + 1))
    assert {*versions, *begun} == expected, "every success has its event, and there is no other"
    assert len(done) >= WRITERS // 5, "some of everything comes through"
    assert told, "and somebody was in somebody's way"
    assert stored.case.state in State
