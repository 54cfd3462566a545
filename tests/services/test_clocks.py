"""Clocks on a real database: limits are given with the hand-over, kept whatever becomes of the rules, and asked for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.errors import Conflict, Forbidden, InvalidInput
from media_tracker.migrations import m0006_clocks
from media_tracker.problems.case import AskKind, Channel, EventType, Severity, State
from media_tracker.problems.clocks.book import ClockBook
from media_tracker.problems.clocks.rules import ClockKind, ClockRule, Source
from media_tracker.problems.clocks.table import shipped_rules
from media_tracker.problems.documents import Problem
from media_tracker.problems.light import Light, light, pressing
from media_tracker.problems.steps import Step
from tests.problems.cases import SHANGHAI
from tests.services.scene import COVER, PARKING, RUBBISH, Scene, actor

ADMIN = actor(Role.ADMIN)
MEDIA_PARKING = ClockRule(ClockKind.FEEDBACK, PARKING, None, Source.MEDIA, 1, "workday", 4)


async def _with_rule(scene: Scene, new: ClockRule) -> None:
    """``new`` holds from now on, in every process that looks again."""
    found = scene.services.clock_keeping
    current = await found.current()
    await found.save(await found.changed(current, None, new), current.number, ADMIN)
    scene.clock.advance(minutes=2)


async def _exposed(scene: Scene, category: str, **more: object) -> Problem:
    return await scene.expose(await scene.exposure(), category=category, **more)


def _local(moment: datetime | None) -> str:
    assert moment is not None
    return f"{moment.astimezone(SHANGHAI):%m-%d %H:%M}"


async def test_the_hand_over_has_a_clock_of_its_own_from_the_first_exposure_that_was_received(scene: Scene) -> None:
    story = await scene.exposure()
    received = scene.clock.now
    scene.clock.advance(hours=20)
    problem = await scene.expose(story, category=COVER)
    assert problem.case.hand_over is not None
    assert problem.case.hand_over.due_at == received + timedelta(hours=2), "it lay here for a day: it is late by now"
    clock = pressing(problem.case)
    assert clock is not None
    assert (clock.kind, clock.light(scene.clock.now)) == (ClockKind.HAND_OVER, Light.OVER)
    assert light(problem.case, scene.clock.now) is Light.DONE, "and nobody's fix is overdue"
    assert (problem.clock_kind, problem.clock_due_at) == ("hand_over", problem.case.hand_over.due_at)
    after = await scene.assigned(problem)
    assert after.case.hand_over == problem.case.hand_over
    assert after.clock_kind == "protection"


async def test_media_exposures_have_their_own_limits(scene: Scene) -> None:
    exposed = await scene.assigned(await _exposed(scene, "104"))
    patrol = replace(scene.new_problem(), number=await scene.services.problems.draw_number(), category="104")
    found = await scene.services.problems.register(
        patrol, [scene.report(Channel.PATROL)], scene.editor, scene.who(scene.editor)
    )
    told = await scene.assigned(found)
    assert exposed.case.due_at is not None
    assert told.case.due_at is not None
    assert exposed.case.due_at < told.case.due_at
    assert found.case.hand_over is not None
    assert exposed.case.hand_over is not None


async def test_a_rule_holds_for_what_is_given_from_now_on_and_moves_no_deadline_that_was_given(scene: Scene) -> None:
    before = await scene.assigned(await _exposed(scene, PARKING))
    effects = await scene.services.clock_keeping.effects(shipped_rules(), [*shipped_rules(), MEDIA_PARKING])
    assert {each.kind: (each.running, each.others) for each in effects} == {
        ClockKind.HAND_OVER: (0, 0),
        ClockKind.FEEDBACK: (1, 1),
        ClockKind.PROTECTION: (0, 0),
    }
    await _with_rule(scene, MEDIA_PARKING)
    kept = await scene.services.problems.get(before.number)
    assert (kept.case.due_at, kept.case.warn_at) == (before.case.due_at, before.case.warn_at)
    after = await scene.assigned(await _exposed(scene, PARKING))
    assert after.case.due_at is not None
    assert before.case.due_at is not None
    assert after.case.due_at < before.case.due_at
    assert after.case.warn_at == after.case.due_at - timedelta(hours=4)


async def test_of_two_admins_who_save_at_once_one_is_told(scene: Scene) -> None:
    keeping = scene.services.clock_keeping
    others = ClockRule(ClockKind.FEEDBACK, PARKING, Severity.KEY, None, 2, "workday")
    saves = [keeping.save([*shipped_rules(), rule], 0, ADMIN) for rule in (MEDIA_PARKING, others)]
    results = await asyncio.gather(*saves, return_exceptions=True)
    assert sorted(type(each).__name__ for each in results) == ["ClockRules", "Conflict"]
    assert (await keeping.current()).number == 1
    with pytest.raises(Conflict):
        await keeping.save(shipped_rules(), 0, ADMIN)


async def test_who_does_not_keep_the_tables_changes_no_rule(scene: Scene) -> None:
    for person in (scene.editor, scene.publicity, scene.inspector, scene.official):
        with pytest.raises(Forbidden):
            await scene.services.clock_keeping.save([MEDIA_PARKING], 0, person)
    assert (await scene.services.clock_keeping.current()).rules == shipped_rules()


async def test_a_rule_that_stands_already_or_changes_nothing_is_refused(scene: Scene) -> None:
    keeping = scene.services.clock_keeping
    current = await keeping.current()
    first = current.rules[0]
    for old, new in ((first, first), (None, replace(first, limit=9)), (None, replace(MEDIA_PARKING, category="999"))):
        with pytest.raises(InvalidInput):
            await keeping.changed(current, old, new)
    assert set(await keeping.changed(current, first, None)) == {*current.rules} - {first}


async def test_another_process_hears_of_a_change_within_a_minute(scene: Scene) -> None:
    book = ClockBook(scene.services.database, scene.clock)
    assert MEDIA_PARKING not in await book.rules()
    await scene.services.clock_keeping.save([MEDIA_PARKING], 0, ADMIN)
    scene.clock.advance(seconds=61)
    assert await book.rules() == (MEDIA_PARKING,)


async def test_a_deadline_in_a_year_without_a_calendar_says_so_and_stays(scene: Scene) -> None:
    scene.clock.now = datetime(2098, 3, 7, 1, tzinfo=scene.clock.now.tzinfo)
    problem = await scene.assigned(await _exposed(scene, PARKING))
    assert not problem.case.official
    assert problem.case.hand_over is not None
    assert not problem.case.hand_over.official
    (assigned,) = [each for each in await scene.services.problems.history(problem) if each.type == EventType.ASSIGNED]
    assert assigned.payload["official"] is False


async def test_a_danger_is_protected_first_with_a_photo_that_is_kept(scene: Scene) -> None:
    problem = await scene.assigned(await _exposed(scene, COVER))
    start = scene.clock.now
    assert problem.case.protection is not None
    assert problem.case.protection.due_at == start + timedelta(hours=2)
    assert problem.case.due_at == start + timedelta(hours=24)
    scene.clock.advance(hours=1)
    photo = await scene.photo()
    safe = await scene.act(problem, scene.step(Step.PROTECT, after=(photo,)), scene.official)
    assert safe.case.protected is not None
    assert safe.case.protected.photos == (photo,)
    assert safe.clock_kind == "feedback"
    claimed = await scene.claimed(safe)
    assert claimed.case.round is not None
    assert claimed.case.round.claim is not None
    assert not claimed.case.round.claim.unprotected
    assert claimed.clock_kind is None


async def test_who_fixed_a_danger_late_without_protection_has_to_say_so(scene: Scene) -> None:
    problem = await scene.assigned(await _exposed(scene, COVER))
    scene.clock.advance(hours=3)
    claim = scene.step(Step.CLAIM, after=(await scene.photo(),))
    with pytest.raises(InvalidInput) as refused:
        await scene.act(problem, claim, scene.official)
    assert set(refused.value.fields) == {"unprotected"}
    said = await scene.act(problem, replace(claim, unprotected=True), scene.official)
    assert said.case.round is not None
    assert said.case.round.claim is not None
    assert said.case.round.claim.unprotected


async def test_a_unit_asks_for_time_and_the_original_deadline_stands_beside(scene: Scene) -> None:
    problem = await scene.assigned(await _exposed(scene, RUBBISH))
    wished = scene.clock.now + timedelta(days=9)
    asking = await scene.act(problem, scene.step(Step.ASK_EXTENSION, due_at=wished, text="设备未到"), scene.official)
    assert asking.case.asked is not None
    assert (asking.case.asked.kind, asking.case.asked.wished_at) == (AskKind.EXTENSION, wished)
    assert asking.case.due_at == problem.case.due_at
    assert asking.words_of(asking.case.version) == "设备未到"
    granted = await scene.act(asking, scene.step(Step.EXTEND, due_at=wished), scene.publicity)
    assert (granted.case.due_at, granted.case.asked) == (wished, None)
    assert granted.case.original_due_at == problem.case.due_at
    again = await scene.act(granted, scene.step(Step.ASK_DEFERRAL, review_at=wished), scene.official)
    refused = await scene.act(again, scene.step(Step.REFUSE_ASK, text="须按期完成"), scene.publicity)
    assert (refused.case.state, refused.case.due_at, refused.case.asked) == (State.ASSIGNED, wished, None)


async def test_a_deferred_problem_whose_day_has_come_is_taken_up_again(scene: Scene) -> None:
    problem = await scene.assigned(await _exposed(scene, PARKING))
    day = scene.clock.now + timedelta(days=60)
    deferred = await scene.act(problem, scene.step(Step.DEFER, review_at=day), scene.publicity)
    assert (deferred.clock_kind, deferred.clock_warn_at) == ("review", day)
    scene.clock.now = day + timedelta(hours=30)
    assert Step.RESUME in await scene.services.problems.steps(deferred, scene.publicity)
    resumed = await scene.act(deferred, scene.step(Step.RESUME), scene.publicity)
    assert (resumed.case.state, resumed.clock_kind) == (State.ASSIGNED, "feedback")
    assert resumed.case.due_at is not None
    assert resumed.case.due_at > scene.clock.now


async def test_problems_from_before_get_their_clocks_written_beside_them(scene: Scene) -> None:
    problem = await scene.assigned(await _exposed(scene, PARKING))
    problems = scene.services.database["problems"]
    names = ("clock_kind", "clock_warn_at", "clock_due_at")
    before = await problems.find_one({"_id": ObjectId(problem.case.id)})
    await problems.update_many({}, {"$unset": dict.fromkeys(names, "")})
    for _ in range(2):
        await m0006_clocks.up(scene.services.database)
        assert await problems.find_one({"_id": ObjectId(problem.case.id)}) == before


async def test_what_applies_to_a_problem_is_told_with_what_stands_beside_it(scene: Scene) -> None:
    found = await scene.services.clock_keeping.what_applies("106", Severity.KEY, Source.MEDIA)
    assert set(found) == {ClockKind.HAND_OVER, ClockKind.FEEDBACK}
    fix = found[ClockKind.FEEDBACK]
    assert (fix.rule.limit, fix.rule.severity) == (3, Severity.KEY)
    assert _local(fix.given.due_at)
    assert [(other.limit, other.source) for other in fix.beside] == [(7, Source.MEDIA)]
