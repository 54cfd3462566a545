"""Lists of problems on a real database: all or nothing, twice is once, and what people did here goes before what a list says."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Level
from media_tracker.db.events import SYSTEM
from media_tracker.errors import Conflict
from media_tracker.monitor.credit import Credit, judge
from media_tracker.monitor.periods import Quick, quick
from media_tracker.problems.case import Channel, EventType, Outcome, Severity, State
from media_tracker.problems.documents import Problem
from media_tracker.problems.finding.listing import ProblemFilter
from media_tracker.problems.folding import fold
from media_tracker.problems.lists.importing import ListImport, Plan
from media_tracker.problems.lists.sheet import ListSheet, read_list
from media_tracker.problems.steps import Step
from media_tracker.problems.tables import Tables
from media_tracker.wiring import Services
from tests.problems.lists import as_csv, as_xlsx, table
from tests.services.deaths import DyingTransactor, Killed
from tests.services.scene import Scene

DONE = {"状态": "已整改", "整改时间": "2022-03-06", "整改情况": "已安排清运。"}


async def sheet(services: Services, *rows: Mapping[str, object]) -> ListSheet:
    names = await services.list_import.names()
    return read_list(as_csv(table(*rows)), "清单.csv", names, services.settings.zone, services.clock())


async def take(services: Services, *rows: Mapping[str, object], source: str = "") -> Plan:
    """Import usual rows that differ in what is given."""
    read = await sheet(services, *rows)
    async with services.list_import.alone():
        plan = await services.list_import.plan(read, source)
        if not plan.errors:
            await services.list_import.carry_out(plan, SYSTEM)
        return plan


def counts(plan: Plan) -> tuple[int, int, int, int]:
    return len(plan.added), len(plan.changed), plan.unchanged, len(plan.errors)


async def all_problems(services: Services) -> list[Problem]:
    rows = services.database["problems"].find().sort("number", 1)
    return [Problem.model_validate(row) async for row in rows]


async def only(services: Services) -> Problem:
    (problem,) = await all_problems(services)
    return problem


async def happened(services: Services, problem: Problem) -> list[str]:
    return [event.type for event in await services.problems.history(problem)]


def numbered(count: int) -> list[dict[str, object]]:
    return [{"编号": f"A-{number}", "问题": f"第{number}处垃圾桶满溢"} for number in range(count)]


def dying(services: Services, after: int) -> ListImport:
    """The import of a process that ends when so many parts have been moved."""
    transactor = DyingTransactor(services.database, services.log, after=after)
    zone = services.settings.zone
    return ListImport(
        services.database, transactor, services.places, services.taxonomy, services.clock, zone, services.owner
    )


# What a row becomes


async def test_a_row_becomes_a_problem_that_is_handed_over_with_the_lists_own_deadline(scene: Scene) -> None:
    plan = await take(scene.services, {"备注": "第二次反映", "来源": "巡访团", "严重程度": "重点"})

    problem = await only(scene.services)
    assert counts(plan) == (1, 0, 0, 0)
    assert await happened(scene.services, problem) == ["registered", "reported", "assigned"]
    assert (problem.title, problem.place, problem.case.category) == ("北门垃圾桶满溢", "北门垃圾投放点", "201")
    assert (problem.case.state, problem.case.unit_id) == (State.ASSIGNED, scene.unit)
    assert problem.case.severity is Severity.KEY
    assert problem.case.due_at is not None
    assert problem.case.due_at.isoformat() == "2022-03-09T16:00:00+00:00"
    assert problem.words_of(1) == "来源：巡访团\n备注：第二次反映"
    assert (await scene.services.problems.get(problem.number)).case == problem.case


async def test_what_a_list_states_is_stated_and_what_we_know_is_when_it_came(scene: Scene) -> None:
    await take(scene.services, {})

    (report,) = (await only(scene.services)).case.reports
    assert (report.channel, report.outside_number) == (Channel.LIST, "WM-2022-017")
    assert report.occurred_at.isoformat() == "2022-03-03T16:00:00+00:00"
    assert report.received_at == scene.clock.now


async def test_done_in_a_list_is_claimed_and_never_counts_by_itself(scene: Scene) -> None:
    await take(scene.services, DONE)

    problem = await only(scene.services)
    assert problem.case.state is State.CLAIMED_FIXED
    assert await happened(scene.services, problem) == ["registered", "reported", "assigned", "started", "claimed"]
    assert problem.words_of(5) == "已安排清运。"
    zone = scene.services.settings.zone
    assert judge(problem.case, Level.CITY, zone).credit is Credit.CLAIMED_ONLY
    verified = await scene.act(problem, scene.step(Step.VERIFY), scene.inspector)
    assert judge(verified.case, Level.CITY, zone).credit is Credit.NOT_EXPOSED


async def test_an_exposure_after_the_fix_that_a_list_states_earns_nothing(scene: Scene) -> None:
    await take(scene.services, DONE)
    problem = await only(scene.services)
    tied = await scene.attach(await scene.exposure(), problem)

    verified = await scene.act(tied, scene.step(Step.VERIFY), scene.inspector)

    assert judge(verified.case, Level.CITY, scene.services.settings.zone).credit is Credit.TOGETHER


async def test_without_a_unit_a_problem_is_registered_and_waits_for_one(scene: Scene) -> None:
    await take(scene.services, {"责任单位": ""})

    problem = await only(scene.services)
    assert problem.case.state is State.REGISTERED
    assert (await scene.act(problem, scene.step(Step.ASSIGN, unit_id=scene.unit), scene.editor)).case.due_at


async def test_figures_leave_out_what_is_still_arriving(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media_tracker.problems.lists.importing.MOVED_AT_ONCE", 1)
    services = scene.services
    plan = await services.list_import.plan(await sheet(services, *numbered(2)), "")
    period = quick(Quick.WEEK, scene.clock.now.date())

    with pytest.raises(Killed):
        await dying(services, after=1).carry_out(plan, SYSTEM)

    assert (await services.monitor.facts(period)).cases == []
    assert await services.list_import.finish()
    assert len((await services.monitor.facts(period)).cases) == 2


async def test_an_imported_problem_is_found_by_its_words_its_number_and_that_of_the_list(scene: Scene) -> None:
    await take(scene.services, {})
    problem = await only(scene.services)

    for words in ("垃圾桶", problem.number, "WM-2022-017"):
        page = await scene.services.problems.page(ProblemFilter(words=words))
        assert [each.number for each in page.problems] == [problem.number]


# Twice, and changed


async def test_the_same_list_again_adds_nothing_and_changes_nothing(scene: Scene) -> None:
    rows: list[Mapping[str, object]] = [*numbered(3), {**DONE, "编号": ""}]
    await take(scene.services, *rows)
    before = await all_problems(scene.services)
    scene.clock.advance(days=3)

    again = await take(scene.services, *reversed(rows))

    assert counts(again) == (0, 0, 4, 0)
    assert await all_problems(scene.services) == before


async def test_two_lists_that_count_alike_are_kept_apart_by_their_names(scene: Scene) -> None:
    await take(scene.services, {"编号": "1"}, source="三月")

    plan = await take(scene.services, {"编号": "1", "问题": "路面坑洼", "地点": "东门"}, source="四月")

    assert counts(plan) == (1, 0, 0, 0)
    assert len(await all_problems(scene.services)) == 2


async def test_a_known_number_for_quite_another_problem_is_an_error_and_no_change(scene: Scene) -> None:
    await take(scene.services, {"编号": "1"})

    plan = await take(scene.services, {"编号": "1", "问题": "路面坑洼", "地点": "东门"})

    assert counts(plan) == (0, 0, 0, 1)
    assert "--list" in plan.errors[0].sentence
    assert (await only(scene.services)).title == "北门垃圾桶满溢"


async def test_a_row_that_is_done_by_now_is_claimed_by_an_event(scene: Scene) -> None:
    await take(scene.services, {}, {"编号": "B"})
    scene.clock.advance(days=3)

    plan = await take(scene.services, DONE, {"编号": "B"})

    assert counts(plan) == (0, 1, 1, 0)
    changed, other = await all_problems(scene.services)
    assert (changed.case.state, other.case.state) == (State.CLAIMED_FIXED, State.ASSIGNED)
    claim = changed.case.rounds[-1].claim
    assert claim is not None
    assert (claim.outcome, claim.claimed_at) == (Outcome.RESOLVED, scene.clock.now)
    assert counts(await take(scene.services, DONE, {"编号": "B"})) == (0, 0, 2, 0)


async def test_corrected_words_and_dates_are_corrected_and_the_day_of_receipt_stays(scene: Scene) -> None:
    await take(scene.services, {})
    received = scene.clock.now
    scene.clock.advance(days=3)
    rows = {"问题": "北门两处垃圾桶满溢", "发现时间": "2022-03-03", "整改时限": "2022-03-20"}

    assert counts(await take(scene.services, rows)) == (0, 1, 0, 0)

    problem = await only(scene.services)
    assert problem.title == "北门两处垃圾桶满溢"
    assert await happened(scene.services, problem) == [
        *("registered", "reported", "assigned", "corrected", "report_withdrawn", "reported", "extended")
    ]
    (standing,) = [report for report in problem.case.reports if report.withdrawn_at is None]
    assert (standing.occurred_at.day, standing.received_at) == (2, received)
    assert problem.case.original_due_at is not None
    assert problem.case.due_at is not None
    assert problem.case.original_due_at < problem.case.due_at
    assert counts(await take(scene.services, rows)) == (0, 0, 1, 0)


async def test_what_was_corrected_here_outlasts_a_list_that_has_not_changed_it(scene: Scene) -> None:
    await take(scene.services, {})
    problem = await only(scene.services)
    await scene.services.problems.correct(
        problem.number,
        problem.case.version,
        title=problem.title,
        place=problem.place,
        category="202",
        region=problem.case.region,
        severity=Severity.URGENT,
        long_standing=False,
        actor=scene.editor,
        origin=scene.who(scene.editor),
    )

    await take(scene.services, {"问题": "北门垃圾桶满溢多日"})

    corrected = await only(scene.services)
    assert (corrected.case.category, corrected.case.severity) == ("202", Severity.URGENT)
    assert corrected.title == "北门垃圾桶满溢多日"


@pytest.mark.parametrize(
    ("change", "column"),
    [({"状态": "退单"}, "状态"), ({"责任单位": "交警大队"}, "责任单位"), ({"整改时限": "2022-03-07"}, "整改时限")],
)
async def test_what_the_state_here_does_not_allow_is_an_error_that_shows_the_state(
    scene: Scene, change: Mapping[str, object], column: str
) -> None:
    await take(scene.services, DONE)
    before = await only(scene.services)

    plan = await take(scene.services, {**DONE, **change}, {"编号": "B"})

    assert [error.column for error in plan.errors] == [column]
    assert plan.errors[0].params["state"] == State.CLAIMED_FIXED.value
    assert await all_problems(scene.services) == [before]


async def test_a_list_that_lags_behind_changes_nothing_that_was_done_here(scene: Scene) -> None:
    await take(scene.services, {})
    verified = await scene.verified(await only(scene.services))

    plan = await take(scene.services, {"状态": "整改中"})

    assert counts(plan) == (0, 0, 1, 0)
    assert (await only(scene.services)).case == verified.case


async def test_a_returned_problem_goes_to_the_unit_that_the_list_names_next(scene: Scene) -> None:
    await take(scene.services, {})
    await scene.act(await only(scene.services), scene.step(Step.RETURN), scene.official)

    await take(scene.services, {"责任单位": "交警大队"})

    problem = await only(scene.services)
    assert (problem.case.state, problem.case.unit_id) == (State.ASSIGNED, scene.other_unit)


# All or nothing


async def test_an_error_anywhere_adds_nothing(scene: Scene) -> None:
    plan = await take(scene.services, *numbered(5), {"编号": "X", "类别": "没有这一类"})

    assert len(plan.errors) == 1
    assert await all_problems(scene.services) == []


async def test_who_ends_before_the_decision_leaves_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    services = scene.services
    read = await sheet(services, *numbered(3))

    async def ends(self: Tables, problem: Problem) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Tables, "describe", ends)
        with pytest.raises(Killed):
            await services.list_import.carry_out(await services.list_import.plan(read, ""), SYSTEM)

    for collection in ("problems", "problem_import_rows", "problem_imports", "problem_links"):
        assert await services.database[collection].count_documents({}) == 0


async def test_what_a_killed_process_had_prepared_is_swept_by_the_next(scene: Scene) -> None:
    services = scene.services
    killed = ObjectId()
    await services.database["problem_imports"].insert_one({"_id": killed, "state": "staging", "actor": None})
    await services.database["problem_import_rows"].insert_one({"import_id": killed, "order": 0, "problem": {}})

    assert await services.list_import.finish()

    assert await services.database["problem_import_rows"].count_documents({}) == 0
    assert await services.database["problem_imports"].count_documents({}) == 0


@pytest.mark.parametrize("moved", [0, 1, 2])
async def test_who_ends_after_the_decision_shows_nothing_until_the_next_has_finished(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    monkeypatch.setattr("media_tracker.problems.lists.importing.MOVED_AT_ONCE", 4)
    services = scene.services
    await take(services, {})
    plan = await services.list_import.plan(await sheet(services, *numbered(10)), "")

    with pytest.raises(Killed):
        await dying(services, after=moved).carry_out(plan, SYSTEM)

    everything = ProblemFilter()
    assert await services.database["problems"].count_documents({}) == 1 + 4 * moved
    assert await services.problems.count(everything) == 1
    assert len((await services.problems.page(everything)).problems) == 1
    assert await services.list_import.finish()
    assert await services.problems.count(everything) == 11
    assert len((await services.problems.page(everything)).problems) == 11
    assert await services.database["problem_import_rows"].count_documents({}) == 0
    assert counts(await take(services, *numbered(10))) == (0, 0, 10, 0)


async def test_who_was_held_up_until_another_began_is_told_and_changes_nothing(
    scene: Scene, other_process: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = scene.services
    read = await sheet(services, *numbered(3))
    plan = await services.list_import.plan(read, "")

    stage = services.list_import._stage

    async def held_up(*given: object) -> None:
        await stage(*given)  # type: ignore[arg-type]
        await other_process.list_import.finish()

    monkeypatch.setattr(services.list_import, "_stage", held_up)
    with pytest.raises(Conflict):
        await services.list_import.carry_out(plan, SYSTEM)

    assert await all_problems(services) == []
    assert await services.database["problem_import_rows"].count_documents({}) == 0


async def test_one_import_at_a_time(scene: Scene, other_process: Services) -> None:
    async with scene.services.list_import.alone():
        with pytest.raises(Conflict):
            async with other_process.list_import.alone(patience=0):
                raise AssertionError("two at once")
        assert await other_process.list_import.finish()

    assert counts(await take(other_process, {})) == (1, 0, 0, 0)


async def test_the_events_of_an_import_say_which_one_it_was(scene: Scene) -> None:
    await take(scene.services, {})
    problem = await only(scene.services)

    assert problem.listed is not None
    history = await scene.services.problems.history(problem)
    assert {event.request_id for event in history} == {f"import:{problem.listed.import_id}"}
    assert history[0].type == EventType.REGISTERED


@pytest.mark.slow
async def test_thousands_of_rows_with_merged_cells_and_dates_as_text_come_in_at_once(services: Services) -> None:
    await services.places.add_unit("环卫中心")
    states = ("未整改", "整改中", "已整改", "不属实", "长期整改")
    rows = table(
        *(
            {
                "编号": f"WM-{number:05d}",
                "问题": f"第{number}处垃圾桶满溢",
                "发现时间": f"{number % 3 + 1}月{number % 28 + 1}日",
                "状态": states[number % len(states)],
                "整改时限": "立行立改",
            }
            for number in range(5_000)
        )
    )
    blocks = []
    for column, letter in ((rows[0].index("类别"), "C"), (rows[0].index("街道"), "E")):
        for first in range(1, 5_001, 50):
            blocks.append(f"{letter}{first + 1}:{letter}{first + 50}")
            for row in rows[first + 1 : first + 50]:
                row[column] = ""
    names, zone = await services.list_import.names(), services.settings.zone
    data = as_xlsx(rows, merged=blocks, before=[])
    read = read_list(data, "2022年问题清单.xlsx", names, zone, services.clock())

    async with services.list_import.alone():
        await services.list_import.carry_out(await services.list_import.plan(read, ""), SYSTEM)
        again = await services.list_import.plan(read, "")

    assert counts(again) == (0, 0, 5_000, 0)
    assert await services.problems.count(ProblemFilter()) == 5_000
    assert await services.problems.count(ProblemFilter(states=frozenset({State.CLAIMED_FIXED}))) == 2_000
    assert len(await services.database["problems"].distinct("number")) == 5_000
    one = await services.problems.page(ProblemFilter(words="WM-04999"))
    assert [(each.case.category, each.title) for each in one.problems] == [("201", "第4999处垃圾桶满溢")]
    assert fold(await services.problems.history(one.problems[0])) == one.problems[0].case
