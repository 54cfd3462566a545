"""Problems on a real database: what is stored always follows from the events, and a race has one winner."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.errors import Conflict, Forbidden, InvalidInput, MediaTrackerError, NotFound
from media_tracker.ingest.documents import Kind
from media_tracker.problems.case import Channel, EventType, Outcome, Severity, State
from media_tracker.problems.closing import REVOCABLE_FOR
from media_tracker.problems.documents import Problem
from media_tracker.problems.steps import Step
from media_tracker.taxonomy.categories import Category
from media_tracker.wiring import Services
from tests.services.deaths import cut_off, refusing
from tests.services.scene import COVER, PARKING, RUBBISH, XINHUA, XIYUAN, Scene, actor


async def outcome(work: Awaitable[object]) -> str:
    """What came of one of several tries at once."""
    try:
        await work
    except MediaTrackerError as error:
        return type(error).__name__
    return "done"


async def history(scene: Scene, problem: Problem) -> list[str]:
    return [event.type for event in await scene.services.problems.history(problem)]


async def fresh(scene: Scene, problem: Problem) -> Problem:
    return await scene.services.problems.get(problem.number)


async def mark_duplicate(scene: Scene, goes: Problem, stays: Problem) -> Problem:
    return await scene.act(goes, scene.step(Step.MARK_DUPLICATE, target=stays.case.id), scene.editor)


# Numbers


async def test_a_number_is_the_local_year_and_a_counter(scene: Scene) -> None:
    problems = scene.services.problems
    assert [await problems.draw_number() for _ in range(2)] == ["2026-00001", "2026-00002"]
    scene.clock.set(datetime(2026, 12, 31, 15, 59, tzinfo=UTC))
    assert await problems.draw_number() == "2026-00003"
    scene.clock.set(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))
    assert await problems.draw_number() == "2027-00001"


async def test_no_number_is_given_out_twice(scene: Scene, other_process: Services) -> None:
    drawn = await asyncio.gather(
        *(services.problems.draw_number() for services in [scene.services, other_process] * 20)
    )
    assert sorted(drawn) == [f"2026-{number:05d}" for number in range(1, 41)]


async def test_problems_registered_at_once_are_all_there_under_numbers_of_their_own(scene: Scene) -> None:
    problems = scene.services.problems

    async def register() -> Problem:
        new = replace(scene.new_problem(), number=await problems.draw_number())
        return await problems.register(
            new, [scene.report(Channel.PATROL)], scene.editor, scene.who(scene.editor), "巡查所见"
        )

    made = await asyncio.gather(*(register() for _ in range(10)))

    assert len({problem.number for problem in made}) == 10
    assert await scene.services.database["problems"].count_documents({}) == 10
    assert (await fresh(scene, made[0])).words_of(1) == "巡查所见"


@pytest.mark.parametrize("number", ["2026-99999", "nonsense", ""])
async def test_a_number_that_is_none_is_not_found(scene: Scene, number: str) -> None:
    with pytest.raises(NotFound):
        await scene.services.problems.get(number)
    with pytest.raises(NotFound):
        await scene.services.problems.act(number, 1, scene.step(Step.ASSIGN), scene.editor, scene.who(scene.editor))


# The way of a problem


async def test_the_whole_way_from_exposure_to_closing_is_in_the_history(scene: Scene) -> None:
    problem = await scene.closed(await scene.exposed())

    assert problem.case.state is State.CLOSED
    assert problem.case.outcome is Outcome.RESOLVED
    assert await history(scene, problem) == [
        "registered",
        "reported",
        "assigned",
        "started",
        "claimed",
        "verified",
        "closed",
    ]
    actors = [event.actor for event in await scene.services.problems.history(problem)]
    editor, official, inspector = scene.editor.user_id, scene.official.user_id, scene.inspector.user_id
    assert actors == [editor, editor, editor, official, official, inspector, editor]
    assert await fresh(scene, problem) == problem
    assert [words.seq for words in problem.words] == [3, 5, 6, 7]


async def test_a_failed_check_opens_a_second_round(scene: Scene) -> None:
    problem = await scene.claimed(await scene.exposed())
    problem = await scene.act(problem, scene.step(Step.FAIL), scene.inspector)
    assert problem.case.state is State.REWORK
    (first,) = problem.case.rounds
    assert first.verification is not None
    assert not first.verification.passed

    problem = await scene.verified(problem)

    assert [each.number for each in problem.case.rounds] == [1, 2]
    assert (problem.case.state, problem.case.outcome) == (State.VERIFIED, Outcome.RESOLVED)


async def test_other_ways_keep_case_and_events_together(scene: Scene) -> None:
    problem = await scene.assigned(await scene.exposed())
    for step, person in (
        (Step.ACKNOWLEDGE, scene.official),
        (Step.REMIND, scene.editor),
        (Step.SUPERVISE, scene.publicity),
        (Step.EXTEND, scene.publicity),
        (Step.DEFER, scene.publicity),
        (Step.RESUME, scene.publicity),
        (Step.WITHHOLD, scene.publicity),
        (Step.SHOW, scene.publicity),
        (Step.RETURN, scene.official),
        (Step.REFUSE, scene.publicity),
    ):
        problem = await scene.act(problem, scene.step(step), person)
        assert await fresh(scene, problem) == problem
    assert problem.case.state is State.NOT_ACCEPTED


async def test_a_problem_is_corrected_without_touching_its_history(scene: Scene) -> None:
    problem = await scene.assigned(await scene.exposed())

    corrected = await scene.services.problems.correct(
        problem.number,
        problem.case.version,
        title=" 违停 ",
        place="西苑社区北门",
        category=PARKING,
        region=XIYUAN,
        severity=Severity.URGENT,
        long_standing=True,
        actor=scene.editor,
        origin=scene.who(scene.editor),
    )

    assert (corrected.title, corrected.place, corrected.case.category) == ("违停", "西苑社区北门", PARKING)
    assert corrected.region_path[-1] == XIYUAN
    assert (corrected.case.unit_id, corrected.case.due_at) == (scene.unit, problem.case.due_at)
    assert (await history(scene, corrected))[-1] == EventType.CORRECTED


async def test_as_of_an_earlier_moment_the_case_is_what_it_was_then(scene: Scene) -> None:
    problem = await scene.assigned(await scene.exposed())
    then = scene.clock.now
    scene.clock.advance(hours=1)
    await scene.closed(problem)

    events = await scene.services.log.of("problem", problem.case.id, as_of=then)

    assert [event.type for event in events] == ["registered", "reported", "assigned"]


@pytest.mark.parametrize("given", ["unknown", "dissolved", "dissolved beside"])
async def test_a_unit_that_is_not_there_takes_no_problems(scene: Scene, given: str) -> None:
    problem = await scene.exposed()
    await scene.services.places.set_unit_active(str(scene.other_unit), False)
    command = {
        "unknown": scene.step(Step.ASSIGN, unit_id=ObjectId()),
        "dissolved": scene.step(Step.ASSIGN, unit_id=scene.other_unit),
        "dissolved beside": scene.step(Step.ASSIGN, co_unit_ids=(scene.other_unit,)),
    }[given]

    with pytest.raises(InvalidInput):
        await scene.act(problem, command, scene.editor)

    assert await fresh(scene, problem) == problem


# Deadlines


@pytest.mark.parametrize(
    ("category", "assigned", "due"),
    [
        (RUBBISH, datetime(2026, 3, 2, 1, tzinfo=UTC), datetime(2026, 3, 3, 16, tzinfo=UTC)),
        (PARKING, datetime(2026, 3, 5, 1, tzinfo=UTC), datetime(2026, 3, 10, 16, tzinfo=UTC)),
        (RUBBISH, datetime(2026, 2, 14, 1, tzinfo=UTC), datetime(2026, 2, 24, 16, tzinfo=UTC)),
        (COVER, datetime(2026, 2, 14, 1, tzinfo=UTC), datetime(2026, 2, 15, 1, tzinfo=UTC)),
    ],
    ids=["a working day", "over a weekend", "over the Spring Festival", "danger does not wait for the holiday"],
)
async def test_a_deadline_runs_from_the_assignment_as_the_category_has_it(
    scene: Scene, category: str, assigned: datetime, due: datetime
) -> None:
    scene.clock.set(assigned)
    problem = await scene.expose(await scene.exposure(), category=category)

    problem = await scene.assigned(problem)

    assert (problem.case.due_at, problem.case.original_due_at) == (due, due)


async def test_a_category_without_a_limit_has_five_working_days(scene: Scene) -> None:
    row = next(iter((await scene.services.taxonomy.table()).by_code.values()))
    await scene.services.taxonomy.put([Category("199", row.code, "其他", "Other", "", None, None, False)])
    problem = await scene.assigned(await scene.expose(await scene.exposure(), category="199"))

    assert problem.case.due_at == datetime(2026, 3, 9, 16, tzinfo=UTC)


async def test_a_deadline_once_given_stays_on_show(scene: Scene) -> None:
    problem = await scene.assigned(await scene.exposed())
    first = problem.case.due_at
    scene.clock.advance(days=3)
    problem = await scene.act(await scene.claimed(problem), scene.step(Step.FAIL), scene.inspector)

    assert first is not None
    assert problem.case.original_due_at == first
    assert problem.case.due_at == first + timedelta(days=3)


async def test_an_approved_extension_outlasts_a_failed_check_and_a_revoked_closing(scene: Scene) -> None:
    problem = await scene.assigned(await scene.exposed())
    first = problem.case.due_at
    problem = await scene.act(problem, scene.step(Step.EXTEND), scene.publicity)
    extended = scene.clock.now + timedelta(days=20)
    assert (problem.case.original_due_at, problem.case.due_at) == (first, extended)

    problem = await scene.act(await scene.claimed(problem), scene.step(Step.FAIL), scene.inspector)
    assert (problem.case.original_due_at, problem.case.due_at) == (first, extended)

    problem = await scene.closed(problem)
    scene.clock.advance(days=2)
    problem = await scene.attach(await scene.exposure(), problem)
    assert (problem.case.state, problem.case.due_at) == (State.REWORK, extended)


# Who may enter what


async def test_only_dispatchers_register_report_and_correct(scene: Scene) -> None:
    problems = scene.services.problems
    seen = await scene.exposed()
    new = replace(scene.new_problem(), number=await problems.draw_number())
    for person in (scene.official, scene.inspector, actor(Role.VIEWER), actor(Role.ADMIN)):
        who = scene.who(person)
        for tried in (
            problems.register(new, [scene.report(Channel.PATROL)], person, who),
            problems.report(seen.number, seen.case.version, scene.report(Channel.TICKET), person, who),
            problems.correct(
                seen.number,
                seen.case.version,
                title="x",
                place="x",
                category=RUBBISH,
                region=XINHUA,
                severity=Severity.NORMAL,
                long_standing=False,
                actor=person,
                origin=who,
            ),
        ):
            with pytest.raises(Forbidden):
                await tried
    assert await fresh(scene, seen) == seen
    who = scene.who(scene.publicity)
    await problems.register(new, [scene.report(Channel.PATROL)], scene.publicity, who)


async def test_a_number_from_outside_is_a_number_by_whatever_door_it_comes(scene: Scene) -> None:
    problems, who = scene.services.problems, scene.who(scene.editor)
    seen = await scene.exposed()
    report = scene.report(Channel.TICKET, outside_number="请联系张先生，13800000000")
    new = replace(scene.new_problem(), number=await problems.draw_number())
    for tried in (
        problems.register(new, [report], scene.editor, who),
        problems.report(seen.number, seen.case.version, report, scene.editor, who),
    ):
        with pytest.raises(InvalidInput) as refused:
            await tried
        assert set(refused.value.fields) == {"outside_number"}
    assert await fresh(scene, seen) == seen


# Duplicates


async def test_a_duplicate_hands_its_reports_over_exactly_once(scene: Scene) -> None:
    stays = await scene.exposed()
    goes = await scene.exposed(outlet="晚报")
    shared = await scene.exposure(outlet="网")
    for problem in (stays, goes):
        await scene.attach(shared, problem)
    ticket = scene.report(Channel.TICKET, outside_number="12345-7")
    goes = await fresh(scene, goes)
    await scene.services.problems.report(goes.number, goes.case.version, ticket, scene.editor, scene.who(scene.editor))

    goes = await mark_duplicate(scene, goes, stays)

    assert (goes.case.state, goes.case.duplicate_of) == (State.DUPLICATE, stays.case.id)
    stays = await fresh(scene, stays)
    told = Counter(report.story_id for report in stays.case.reports)
    assert len(stays.case.reports) == 4
    assert told[ObjectId(shared.id)] == 1
    assert stays.case.reports[-1].outside_number == "12345-7"
    assert "12345-7" in stays.search
    ids = [report.id for report in (*stays.case.reports, *goes.case.reports)]
    assert len(ids) == len(set(ids))


async def test_a_tie_that_was_withdrawn_moves_and_still_counts_for_nothing(scene: Scene) -> None:
    stays, story = await scene.exposed(), await scene.exposure(outlet="晚报")
    goes = await scene.expose(story)
    story = await scene.fresh(story)
    await scene.services.desk.withdraw(str(story.id), story.version, scene.editor, scene.who(scene.editor))

    await mark_duplicate(scene, goes, stays)

    case = (await fresh(scene, stays)).case
    assert (len(case.reports), len(case.exposures)) == (2, 1)


async def test_a_chain_of_duplicates_brings_everything_to_the_one_that_stays(scene: Scene) -> None:
    first, second, third = [await scene.exposed(outlet=f"报{n}") for n in range(3)]
    await mark_duplicate(scene, first, second)
    await mark_duplicate(scene, second, third)

    assert len((await fresh(scene, third)).case.exposures) == 3
    with pytest.raises(InvalidInput, match="duplicate itself"):
        await mark_duplicate(scene, third, first)
    with pytest.raises(NotFound):
        await scene.act(third, scene.step(Step.MARK_DUPLICATE, target=ObjectId()), scene.editor)
    assert (await fresh(scene, third)).case.state is State.REGISTERED


async def test_two_problems_called_duplicates_of_each_other_at_once_do_not_both_go(scene: Scene) -> None:
    """Both are exposed by one story, so that there is nothing to hand over: neither writes what the other reads."""
    for number in range(4):
        story = await scene.exposure(outlet=f"报{number}")
        one, two = await scene.expose(story), await scene.expose(story, category=PARKING)

        said = await asyncio.gather(outcome(mark_duplicate(scene, one, two)), outcome(mark_duplicate(scene, two, one)))

        assert said.count("done") == 1
        states = [(await fresh(scene, problem)).case.state for problem in (one, two)]
        assert sorted(states) == sorted([State.DUPLICATE, State.REGISTERED])


async def test_a_report_for_a_duplicate_is_refused(scene: Scene) -> None:
    stays, goes = await scene.exposed(), await scene.exposed()
    goes = await mark_duplicate(scene, goes, stays)
    with pytest.raises(Conflict, match="duplicate"):
        await scene.services.problems.report(
            goes.number, goes.case.version, scene.report(Channel.INQUIRY), scene.editor, scene.who(scene.editor)
        )


# Exposed again


async def exposed_after_closing(scene: Scene, problem: Problem, wait: timedelta, **published: object) -> Problem:
    """A story tells of the problem ``wait`` after it was closed, or else verified; an editor ties it two days later."""
    settled = problem.case.closed_at or problem.case.verified_at
    assert settled is not None
    scene.clock.set(settled + wait + timedelta(days=2))
    story = await scene.story(at=settled + wait, **published)  # type: ignore[arg-type]
    return await scene.attach(await scene.decide(story, Kind.EXPOSURE), problem)


async def test_exposed_again_within_thirty_days_of_closing_the_closing_is_revoked(scene: Scene) -> None:
    problem = await exposed_after_closing(scene, await scene.closed(await scene.exposed()), REVOCABLE_FOR)

    case = problem.case
    assert (case.state, case.closed_at, case.verified_at, case.outcome) == (State.REWORK, None, None, None)
    assert case.revoked_at == scene.clock.now
    assert [report.occasion for report in case.exposures] == [1, 2]
    assert (await history(scene, problem))[-2:] == ["reported", "revoked"]
    assert (await scene.closed(problem)).case.state is State.CLOSED


async def test_exposed_again_after_verification_and_before_anybody_closes_it_is_revoked_as_well(scene: Scene) -> None:
    problem = await exposed_after_closing(scene, await scene.verified(await scene.exposed()), timedelta(days=3))

    assert problem.case.state is State.REWORK


@pytest.mark.parametrize("kind", [Kind.FOLLOW_UP, Kind.EXPOSURE])
async def test_a_follow_up_or_a_late_copy_of_the_first_exposure_revokes_nothing(scene: Scene, kind: Kind) -> None:
    problem = await scene.closed(await scene.exposed())
    assert problem.case.closed_at is not None
    at = problem.case.closed_at + (timedelta(days=1) if kind is Kind.FOLLOW_UP else timedelta(days=-1))
    scene.clock.advance(days=2)

    problem = await scene.attach(await scene.decide(await scene.story(at=at), kind), problem)

    assert problem.case.state is State.CLOSED
    assert len(problem.case.reports) == 2


async def test_exposed_again_after_thirty_days_it_is_a_relapse_a_new_problem_linked_both_ways(scene: Scene) -> None:
    former = await scene.closed(await scene.exposed())
    with pytest.raises(Conflict, match="relapse"):
        await exposed_after_closing(scene, former, REVOCABLE_FOR + timedelta(seconds=1))
    assert await fresh(scene, former) == former
    story = (await scene.stories())[-1]

    relapse = await scene.expose(story, relapse_of=former.case.id)

    former = await fresh(scene, former)
    assert relapse.case.relapse_of == former.case.id
    assert (former.case.relapsed_as, former.case.relapsed_at) == (relapse.case.id, scene.clock.now)
    assert former.case.state is State.CLOSED
    assert relapse.number != former.number


async def test_a_problem_that_was_verified_and_never_closed_can_relapse_too(scene: Scene) -> None:
    """Otherwise the story that tells of it could be tied to nothing: too late to revoke, too early to relapse."""
    former = await scene.verified(await scene.exposed())
    with pytest.raises(Conflict, match="relapse"):
        await exposed_after_closing(scene, former, REVOCABLE_FOR + timedelta(days=5))
    story = (await scene.stories())[-1]
    assert await scene.services.desk.relapses(story, [former]) == {former.case.id}

    relapse = await scene.expose(story, relapse_of=former.case.id)

    assert (await fresh(scene, former)).case.relapsed_as == relapse.case.id


async def test_a_problem_has_one_relapse_even_if_two_editors_register_it_at_once(scene: Scene) -> None:
    former = await scene.closed(await scene.exposed())
    scene.clock.advance(days=40)
    stories = [await scene.exposure(outlet=f"报{number}") for number in range(3)]

    said = await asyncio.gather(*(outcome(scene.expose(story, relapse_of=former.case.id)) for story in stories))

    assert sorted(said) == ["Conflict", "Conflict", "done"]
    assert await scene.services.database["problems"].count_documents({}) == 2


async def test_no_relapse_is_registered_of_a_problem_that_is_open_or_was_closed_just_now(scene: Scene) -> None:
    for former in (await scene.exposed(), await scene.closed(await scene.exposed())):
        with pytest.raises(Conflict):
            await scene.expose(await scene.exposure(), relapse_of=former.case.id)
    assert await scene.services.database["problems"].count_documents({}) == 2


# Races, photos, death


async def test_of_twenty_claims_on_one_version_exactly_one_is_taken(scene: Scene, other_process: Services) -> None:
    problem = await scene.assigned(await scene.exposed())
    photos = [await scene.photo() for _ in range(20)]
    both = [scene.services, other_process] * 10

    said = await asyncio.gather(
        *(
            outcome(
                services.problems.act(
                    problem.number,
                    problem.case.version,
                    scene.step(Step.CLAIM, after=(photo,)),
                    scene.official,
                    scene.who(scene.official),
                )
            )
            for services, photo in zip(both, photos, strict=True)
        )
    )

    assert sorted(said) == ["Conflict"] * 19 + ["done"]
    claim = (await fresh(scene, problem)).case.rounds[0].claim
    assert claim is not None
    assert claim.after == (photos[said.index("done")],)
    for photo, came_of in zip(photos, said, strict=True):
        metadata, _ = await scene.services.files.open(photo)
        assert metadata.attached == (came_of == "done")


async def test_an_old_version_is_a_conflict_and_changes_nothing(scene: Scene) -> None:
    seen = await scene.exposed()
    now = await scene.assigned(seen)
    problems, who = scene.services.problems, scene.who(scene.editor)
    correction = {
        "title": "x",
        "place": "x",
        "category": RUBBISH,
        "region": XINHUA,
        "severity": Severity.NORMAL,
        "long_standing": False,
    }
    for tried in (
        problems.act(seen.number, seen.case.version, scene.step(Step.REMIND), scene.editor, who),
        problems.report(seen.number, seen.case.version, scene.report(Channel.TICKET), scene.editor, who),
        problems.correct(seen.number, seen.case.version, **correction, actor=scene.editor, origin=who),  # type: ignore[arg-type]
    ):
        with pytest.raises(Conflict, match=seen.number):
            await tried
    assert await fresh(scene, seen) == now


async def test_different_steps_at_once_leave_one_history(scene: Scene) -> None:
    problem = await scene.assigned(await scene.exposed())
    problems = scene.services.problems
    story = await scene.exposure(outlet="晚报")

    said = await asyncio.gather(
        outcome(scene.act(problem, scene.step(Step.START), scene.official)),
        outcome(scene.act(problem, scene.step(Step.REMIND), scene.editor)),
        outcome(scene.act(problem, scene.step(Step.RETURN), scene.official)),
        outcome(
            problems.report(
                problem.number,
                problem.case.version,
                scene.report(Channel.TICKET),
                scene.editor,
                scene.who(scene.editor),
            )
        ),
        outcome(scene.attach(story, problem)),
    )

    assert "done" in said
    after = await fresh(scene, problem)
    assert len(await history(scene, problem)) == after.case.version == 3 + said.count("done")


@pytest.mark.parametrize("collection", ["events", "problems"])
async def test_what_the_server_refuses_leaves_nothing_behind(scene: Scene, collection: str) -> None:
    problem = await scene.assigned(await scene.exposed())
    photo = await scene.photo()
    claim = scene.step(Step.CLAIM, after=(photo,))

    async with refusing(scene.services.database, collection):
        with pytest.raises(Exception, match="failed validation"):
            await scene.act(problem, claim, scene.official)

    assert await fresh(scene, problem) == problem
    metadata, _ = await scene.services.files.open(photo)
    assert not metadata.attached
    assert (await scene.act(problem, claim, scene.official)).case.state is State.CLAIMED_FIXED


async def test_a_photo_that_is_gone_or_used_already_stops_the_claim(scene: Scene) -> None:
    used = await scene.photo()
    other = await scene.assigned(await scene.exposed())
    await scene.act(other, scene.step(Step.CLAIM, after=(used,)), scene.official)
    problem = await scene.assigned(await scene.exposed())
    for photos in ((used,), (ObjectId(),), (await scene.photo(), ObjectId())):
        with pytest.raises(Conflict, match="file is no longer there"):
            await scene.act(problem, scene.step(Step.CLAIM, after=photos), scene.official)
    assert await fresh(scene, problem) == problem


async def test_photos_that_nothing_needed_are_swept_away_and_the_others_stay(scene: Scene) -> None:
    problem = await scene.claimed(await scene.exposed())
    forgotten = await scene.photo()
    scene.clock.advance(days=2)

    assert await scene.services.files.sweep(scene.clock.now) == 2

    with pytest.raises(NotFound):
        await scene.services.files.open(forgotten)
    claim = problem.case.rounds[0].claim
    assert claim is not None
    assert (await scene.services.files.open(claim.after[0]))[0].attached


async def test_a_claim_cut_off_at_any_moment_is_there_with_its_photo_or_not_at_all(scene: Scene) -> None:
    for moment in range(8):
        problem = await scene.assigned(await scene.exposed())
        photo = await scene.photo()
        await cut_off(scene.act(problem, scene.step(Step.CLAIM, after=(photo,)), scene.official), moment * 0.004)

        after = await fresh(scene, problem)
        metadata, _ = await scene.services.files.open(photo)
        assert (after.case.state is State.CLAIMED_FIXED) == metadata.attached
        assert after.case.version in (problem.case.version, problem.case.version + 2)


async def test_two_exposures_of_one_outlet_attached_at_once_get_occasions_in_a_row(scene: Scene) -> None:
    problem = await scene.exposed()
    apart = [await scene.exposure(at=scene.clock.now - timedelta(days=5 * n)) for n in (1, 2, 3)]

    await asyncio.gather(*(scene.attach(story, problem) for story in apart))

    reports = (await fresh(scene, problem)).case.reports
    assert [report.occasion for report in reports] == [1, 2, 3, 4]
