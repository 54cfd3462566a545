"""Notices on a real database: everybody who should be told is, once, whatever is killed when."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.db.consumers import LEASE_SECONDS, Consumer, ConsumerRunner
from media_tracker.db.events import Event, Origin
from media_tracker.notices.alarms import NEWS_FOR
from media_tracker.notices.kinds import Delivery, NoticeKind
from media_tracker.notices.notifier import AT_ONCE, Notifier
from media_tracker.problems.arriving import ARRIVING, IMPORTS
from media_tracker.problems.case import Channel, Report, State
from media_tracker.problems.steps import Step
from tests.notices.scene import Town
from tests.services.deaths import Killed

K = NoticeKind


async def test_an_assignment_is_told_to_the_unit_and_to_the_outlet_and_not_to_who_did_it(town: Town) -> None:
    await town.services.outlets.set_contact(str(town.city.outlet), "desk@news.example.org")
    await town.assigned()
    await town.turn()

    assert await town.told(town.official) == [K.ASSIGNED]
    assert await town.told(None) == [K.OUTLET_ASSIGNED]
    for somebody in (town.editor, town.publicity, town.inspector):
        assert await town.told(somebody) == []


async def test_an_outlet_without_an_address_is_not_told(town: Town) -> None:
    await town.assigned()
    await town.turn()

    assert await town.told(None) == []


async def test_a_return_is_told_to_dispatchers_and_a_deadline_wished_to_the_office(town: Town) -> None:
    problem = await town.assigned()
    wished = problem.case.due_at + timedelta(days=9)  # type: ignore[operator]
    await town.act(problem, Step.ASK_EXTENSION, town.official, due_at=wished)
    await town.turn()
    assert await town.told(town.publicity) == [K.ASKED]
    assert await town.told(town.editor) == []

    await town.act(problem, Step.REFUSE_ASK, town.publicity)
    await town.act(problem, Step.RETURN, town.official)
    await town.turn()
    assert await town.told(town.official) == [K.ASSIGNED, K.ANSWERED]
    assert await town.told(town.editor) == [K.RETURNED]


async def test_reminder_supervision_and_instruction_are_told_to_the_unit(town: Town) -> None:
    problem = await town.assigned()
    for step in (Step.REMIND, Step.SUPERVISE, Step.INSTRUCT):
        await town.act(problem, step, town.publicity)
    await town.turn()

    assert await town.told(town.official) == [K.ASSIGNED, K.REMINDED, K.SUPERVISED, K.INSTRUCTED]


async def test_a_story_tied_to_a_problem_is_told_to_its_unit(town: Town) -> None:
    problem = await town.assigned()
    now = town.city.clock()
    report = Report(
        id=ObjectId(), channel=Channel.FOLLOW_UP, occurred_at=now, received_at=now, story_id=ObjectId(), outlet_id=None
    )
    who = Origin(town.editor.object_id)
    await town.services.problems.report(problem.number, problem.case.version, report, town.editor.actor(), who)
    await town.turn()

    assert await town.told(town.official) == [K.ASSIGNED, K.STORY_TIED]


async def test_it_is_told_to_the_unit_that_was_in_charge_then_and_not_to_who_is_now(town: Town) -> None:
    other = await town.person("otto", Role.OFFICIAL, units=(town.city.roads,))
    problem = await town.assigned()
    await town.act(problem, Step.REMIND, town.editor)
    await town.act(problem, Step.RETURN, town.official)
    await town.act(problem, Step.ASSIGN, town.editor, unit_id=town.city.roads)
    await town.turn()

    assert await town.told(town.official) == [K.ASSIGNED, K.REMINDED]
    assert await town.told(other) == [K.ASSIGNED]


async def test_a_unit_without_officials_is_a_notice_to_the_office(town: Town) -> None:
    await town.act(await town.city.problem(), Step.ASSIGN, town.editor, unit_id=town.city.roads)
    await town.turn()

    assert await town.told(town.publicity) == [K.UNREACHED]
    assert await town.told(town.official) == []


async def test_a_closed_account_is_told_nothing(town: Town) -> None:
    await town.services.accounts.deactivate(None, town.official.object_id)
    await town.assigned()
    await town.turn()

    assert await town.told(town.official) == []
    assert await town.told(town.publicity) == [K.UNREACHED]


async def test_a_dissolved_unit_s_people_are_still_told_of_what_they_have(town: Town) -> None:
    problem = await town.assigned()
    await town.services.places.set_unit_active(str(town.city.cleaners), False)
    await town.act(problem, Step.REMIND, town.editor)
    await town.turn()

    assert await town.told(town.official) == [K.ASSIGNED, K.REMINDED]


async def test_a_process_killed_before_its_position_is_saved_doubles_and_loses_nothing(town: Town) -> None:
    await town.assigned()
    consumer = town.services.notifier.consumer()

    async def dies(events: Sequence[Event]) -> None:
        await consumer.handle(events)
        raise Killed

    runner = ConsumerRunner(town.services.database, town.services.log, town.city.clock, "dead")
    with pytest.raises(Killed):
        await runner.catch_up(Consumer(consumer.name, dies))
    assert await town.told(town.official) == [K.ASSIGNED]

    await town.turn()
    assert await town.told(town.official) == [K.ASSIGNED]


async def test_two_that_handle_the_same_events_at_once_write_each_notice_once(town: Town) -> None:
    for number in range(5):
        await town.assigned(f"Rubbish {number}")
    events = await town.services.log.read(0)
    handle = town.services.notifier.consumer().handle

    await asyncio.gather(*(handle(events) for _ in range(4)))

    assert await town.told(town.official) == [K.ASSIGNED] * 5


async def test_what_happened_long_ago_is_no_news_when_it_is_found_out(town: Town) -> None:
    await town.assigned()
    town.city.clock.advance(days=60)
    await town.turn()

    assert await town.told(town.official) == []


async def test_a_list_of_many_problems_is_one_notice(town: Town) -> None:
    for number in range(3):
        problem = await town.city.problem(f"Rubbish {number}")
        command_of = {"unit_id": town.city.cleaners}
        await town.act(problem, Step.ASSIGN, town.editor, **command_of)
    await town.services.database["events"].update_many({}, {"$set": {"request_id": "import:1", "actor": None}})
    await town.turn()

    assert await town.told(town.official) == [K.LIST_ARRIVED]


# What falls due


async def test_yellow_and_red_are_told_once_each_at_their_moments(town: Town) -> None:
    problem = await town.assigned()
    due = problem.case.due_at
    assert due is not None
    await town.turn()
    assert await town.told(town.official) == [K.ASSIGNED]

    town.city.clock.set(due - timedelta(minutes=1))
    for _ in range(3):
        await town.turn()
    assert await town.told(town.official) == [K.ASSIGNED, K.DUE_SOON]

    town.city.clock.set(due + timedelta(minutes=1))
    for _ in range(3):
        await town.turn()
    assert await town.told(town.official) == [K.ASSIGNED, K.DUE_SOON, K.OVERDUE]


async def test_what_was_claimed_in_time_is_not_called_late(town: Town) -> None:
    problem = await town.city.claimed(town.official)
    await town.turn()
    town.city.clock.set(problem.case.due_at + timedelta(minutes=1))  # type: ignore[operator]
    await town.turn()

    assert K.OVERDUE not in await town.told(town.official)


async def test_an_extended_deadline_is_told_of_when_it_comes_and_not_before(town: Town) -> None:
    problem = await town.assigned()
    due = problem.case.due_at
    assert due is not None
    await town.turn()
    later = due + timedelta(days=5)
    await town.act(problem, Step.EXTEND, town.publicity, due_at=later)
    await town.turn()
    town.city.clock.set(due + timedelta(minutes=1))
    await town.turn()
    assert K.OVERDUE not in await town.told(town.official)

    town.city.clock.set(later + timedelta(minutes=1))
    await town.turn()
    assert (await town.told(town.official)).count(K.OVERDUE) == 1


async def test_what_happens_after_the_red_light_does_not_tell_of_it_again(town: Town) -> None:
    problem = await town.assigned()
    await town.turn()
    town.city.clock.set(problem.case.due_at + timedelta(minutes=1))  # type: ignore[operator]
    await town.turn()
    newcomer = await town.person("nina", Role.OFFICIAL, units=(town.city.cleaners,))
    await town.act(problem, Step.REMIND, town.editor)
    await town.turn()

    assert (await town.told(town.official)).count(K.OVERDUE) == 1
    assert await town.told(newcomer) == [K.REMINDED]


async def test_a_problem_that_nobody_hands_over_is_told_to_the_office(town: Town) -> None:
    problem = await town.city.problem()
    given = problem.case.hand_over
    if given is None:
        pytest.skip("no rule for the hand-over of this problem")
    await town.turn()
    town.city.clock.set(given.due_at + timedelta(minutes=1))
    await town.turn()

    assert set(await town.told(town.publicity)) == {K.HAND_OVER_SOON, K.HAND_OVER_LATE}


async def test_a_deferred_problem_is_told_of_on_its_review_date(town: Town) -> None:
    problem = await town.assigned()
    review = town.city.clock() + timedelta(days=30)
    await town.act(problem, Step.DEFER, town.publicity, review_at=review)
    await town.turn()
    town.city.clock.set(review + timedelta(minutes=1))
    await town.turn()

    assert await town.told(town.publicity) == [K.REVIEW_DUE]
    assert await town.told(town.official) == [K.ASSIGNED, K.ANSWERED, K.REVIEW_DUE]


async def test_a_look_back_is_told_to_inspectors_before_it_is_due(town: Town) -> None:
    problem = await town.city.verified(town.official, town.inspector)
    problem = await town.act(problem, Step.CLOSE, town.editor)
    assert problem.case.state is State.CLOSED
    await town.turn()
    town.city.clock.advance(days=24)
    await town.turn()

    assert (await town.told(town.inspector)).count(K.LOOK_BACK_DUE) == 1 + problem.case.drawn


async def test_a_worker_that_was_off_for_long_tells_what_is_news_and_keeps_quiet_of_the_rest(town: Town) -> None:
    problem = await town.assigned()
    await town.turn()
    due = problem.case.due_at
    assert due is not None
    town.city.clock.set(due + NEWS_FOR - timedelta(hours=1))
    await town.turn()

    assert (await town.told(town.official)).count(K.OVERDUE) == 1


async def test_an_alarm_whose_teller_is_killed_is_told_by_the_next(town: Town) -> None:
    problem = await town.assigned()
    await town.turn()
    town.city.clock.set(problem.case.due_at + timedelta(minutes=1))  # type: ignore[operator]

    class Dying(Notifier):
        async def _write(self, new: Sequence[object], now: object) -> None:
            await super()._write(new, now)  # type: ignore[arg-type]
            raise Killed

    services = town.services
    runner = ConsumerRunner(services.database, services.log, town.city.clock, "dead")
    with pytest.raises(Killed):
        await Dying(services.database, services.log, runner, town.city.clock, "dead").remind()
    town.city.clock.advance(seconds=LEASE_SECONDS + 1)
    await town.turn()

    assert (await town.told(town.official)).count(K.OVERDUE) == 1


async def test_alarms_of_a_list_that_is_still_arriving_wait_for_it(town: Town) -> None:
    problem = await town.assigned()
    await town.turn()
    town.city.clock.set(problem.case.due_at + timedelta(minutes=1))  # type: ignore[operator]
    import_id = ObjectId()
    database = town.services.database
    await database["problems"].update_one({"_id": problem.case.id}, {"$set": {"listed": {"import_id": import_id}}})
    await database[IMPORTS].insert_one({"_id": import_id, "state": ARRIVING})
    await town.services.notifier.remind()
    assert K.OVERDUE not in await town.told(town.official)

    await database["problems"].update_one({"_id": problem.case.id}, {"$unset": {"listed": ""}})
    await database[IMPORTS].delete_many({})
    await town.services.notifier.remind()
    assert K.OVERDUE in await town.told(town.official)


async def test_alarms_of_a_long_list_that_is_arriving_keep_nobody_elses_waiting(town: Town) -> None:
    problem = await town.assigned()
    await town.turn()
    due_at = problem.case.due_at
    assert due_at is not None
    database, import_id = town.services.database, ObjectId()
    await database[IMPORTS].insert_one({"_id": import_id, "state": ARRIVING})
    ids = [ObjectId() for _ in range(AT_ONCE * 2)]
    stored = await database["problems"].find_one({"_id": problem.case.id})
    assert stored is not None
    listed = {**stored, "listed": {"import_id": import_id}, "search": [], "links": []}
    await database["problems"].insert_many(
        [{**listed, "_id": key, "number": f"2026-9{at:04}"} for at, key in enumerate(ids)]
    )
    alarm = {"kind": K.OVERDUE, "deadline": due_at, "at": due_at - timedelta(days=1), "fired": False, "demo": False}
    await database["notice_alarms"].insert_many([{**alarm, "problem_id": key} for key in ids])
    town.city.clock.set(due_at + timedelta(minutes=1))

    await town.services.notifier.remind()

    assert K.OVERDUE in await town.told(town.official)
    assert await database["notice_alarms"].count_documents({"problem_id": {"$in": ids}, "fired": False}) == len(ids)


async def test_a_problem_that_is_gone_is_told_of_to_nobody(town: Town) -> None:
    problem = await town.assigned()
    await town.turn()
    await town.services.database["problems"].delete_one({"_id": problem.case.id})
    town.city.clock.set(problem.case.due_at + timedelta(minutes=1))  # type: ignore[operator]
    await town.turn()

    assert await town.told(town.official) == [K.ASSIGNED]
    assert await town.services.database["notice_alarms"].count_documents({"fired": False, "kind": K.OVERDUE}) == 0


# By which way


async def test_a_notice_waits_for_mail_only_where_it_is_wanted_and_can_go(town: Town) -> None:
    silent = await town.person("sam", Role.OFFICIAL, units=(town.city.cleaners,), mail=False)
    daily = await town.person("dora", Role.OFFICIAL, units=(town.city.cleaners,))
    quiet = await town.person("quin", Role.OFFICIAL, units=(town.city.cleaners,))
    await town.services.notices.prefer(daily.object_id, {K.ASSIGNED: Delivery.DAILY})
    await town.services.notices.prefer(quiet.object_id, {K.ASSIGNED: Delivery.APP})
    await town.assigned()
    await town.turn()

    rows = await town.services.database["notices"].find().to_list()
    ways = {row["user_id"]: row.get("mail") for row in rows}
    assert ways == {
        town.official.object_id: "now",
        silent.object_id: None,
        daily.object_id: "digest",
        quiet.object_id: None,
    }
