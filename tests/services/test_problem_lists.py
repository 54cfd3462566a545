"""Lists of problems among thousands: what they show, in which order, and how much the database reads for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import pytest_asyncio

from bench.many_problems import Scene, make_problems, set_scene
from media_tracker.accounts.actor import Level, Role
from media_tracker.accounts.duties import Duties
from media_tracker.db.connection import Json
from media_tracker.monitor.counting import occasions
from media_tracker.problems.case import OPEN_STATES, Case, Channel, Severity, State
from media_tracker.problems.documents import Problem
from media_tracker.problems.finding import areas as finding_areas
from media_tracker.problems.finding.areas import AreaNumbers, count_areas
from media_tracker.problems.finding.facets import Flag, Waiting
from media_tracker.problems.finding.lines import FIELDS, line_of
from media_tracker.problems.finding.listing import (
    Order,
    ProblemFilter,
    Span,
    ask,
    count,
    read_listing,
    read_page,
    unarrived,
)
from media_tracker.problems.light import WAITING, Light, is_overdue, pressing
from media_tracker.problems.stakes import Dependent
from media_tracker.wiring import Services
from tests.traces import Traces

MANY = 2_000
MOST_EXAMINED = 10
"""Documents for each one that is shown."""


_made: list[tuple[Scene, dict[str, list[Json]]]] = []
"""Made once for all tests; what one of them has changed is copied anew for the next."""


@pytest_asyncio.fixture
async def many(services: Services, traces: Traces) -> Scene:
    database = services.database
    if traces.stands("many"):
        return _made[0][0]
    if not _made:
        scene = await set_scene(services)
        await make_problems(services, scene, MANY)
        _made.append((scene, {name: await database[name].find().to_list() for name in ("units", "problems")}))
    else:
        scene, copies = _made[0]
        for name, rows in copies.items():
            await database[name].insert_many(rows)
    await traces.keep("many", ("units", "problems"))
    return scene


@pytest.fixture
def scene(many: Scene) -> Scene:
    return many


def default_filters(services: Services, scene: Scene) -> dict[str, ProblemFilter]:
    """Everything that one choice in the list, a quick filter, a line of somebody's work or an area leads to."""
    now = services.clock()
    mine = frozenset(scene.units[:2])
    overdue = ProblemFilter(overdue_at=now)
    return {
        "all": ProblemFilter(),
        "open": ProblemFilter(states=OPEN_STATES),
        "overdue": overdue,
        "to verify": ProblemFilter(states=frozenset({State.CLAIMED_FIXED})),
        "mine": ProblemFilter(states=OPEN_STATES, units=mine),
        "mine, red": ProblemFilter(states=OPEN_STATES, units=mine, light=Light.OVER, now=now),
        "mine, yellow": ProblemFilter(states=OPEN_STATES, units=mine, light=Light.SOON, now=now),
        "mine, soon": ProblemFilter(states=OPEN_STATES, units=mine, due=Span(now, now + timedelta(days=90))),
        "mine, to sign for": ProblemFilter(states=OPEN_STATES, units=mine, waiting=Waiting.SIGN),
        "mine, sent back": ProblemFilter(states=OPEN_STATES, units=mine, waiting=Waiting.RETURNED),
        "mine, rework": ProblemFilter(states=frozenset({State.REWORK}), units=mine),
        "to be assigned": ProblemFilter(states=frozenset({State.REGISTERED, State.RETURNED})),
        "red": ProblemFilter(light=Light.OVER, now=now),
        "yellow": ProblemFilter(light=Light.SOON, now=now),
        "unit": ProblemFilter(units=frozenset({scene.units[5]})),
        "region": ProblemFilter(area=scene.regions[0]),
        "region, open": ProblemFilter(area=scene.regions[0][:6], states=OPEN_STATES),
        "region, overdue": replace(overdue, area=scene.regions[0][:6]),
        "region, relapses": ProblemFilter(
            area=scene.regions[0][:6], states=OPEN_STATES, flags=frozenset({Flag.RELAPSE})
        ),
        "category": ProblemFilter(category=scene.categories[0]),
        "class": ProblemFilter(category=scene.categories[0][:1]),
        "severity": ProblemFilter(severity=Severity.URGENT),
        "channel": ProblemFilter(channel=Channel.TICKET),
        "outlet": ProblemFilter(outlet=scene.outlets[0]),
        "exposed": ProblemFilter(flags=frozenset({Flag.EXPOSED})),
        "unexposed": ProblemFilter(flags=frozenset({Flag.UNEXPOSED})),
        "registered then": ProblemFilter(registered=Span(now - timedelta(days=90), now - timedelta(days=60))),
        **{f"only {state.value}": ProblemFilter(states=frozenset({state})) for state in State},
        **{f"search {words}": ProblemFilter(words=words) for words in ("井盖", "垃圾桶满溢", "清泉小区", "复查")},
    }


def stages(plan: Any) -> list[str]:
    """Names of the stages of a plan."""
    if isinstance(plan, dict):
        own = [plan["stage"]] if isinstance(plan.get("stage"), str) else []
        return own + [name for value in plan.values() for name in stages(value)]
    return [name for each in plan for name in stages(each)] if isinstance(plan, list) else []


async def explained(services: Services, wanted: ProblemFilter, order: Order) -> tuple[int, int, list[str]]:
    """Documents examined and returned for a list's first page, and the stages of the plan."""
    problems = services.database["problems"]
    question = await ask(problems, wanted)
    key, sign = ("turns_at", 1) if order is Order.DUE else ("case.registered_at", -1)
    cursor = problems.find(question.query(order)).sort([(key, sign), ("_id", sign)]).limit(51)
    plan: Json = await cursor.hint(question.index(order)).explain()
    stats = plan["executionStats"]
    return stats["totalDocsExamined"], stats["nReturned"], stages(plan["queryPlanner"]["winningPlan"])


async def test_lists_read_little_more_than_they_show_and_never_sort_in_memory(services: Services, scene: Scene) -> None:
    wrong = {}
    for name, wanted in default_filters(services, scene).items():
        by_date = wanted.light is not None or wanted.overdue_at is not None or wanted.due != Span()
        orders = (Order.DUE,) if by_date else (Order.NEWEST,) if wanted.registered != Span() else tuple(Order)
        for order in orders:
            examined, returned, plan = await explained(services, wanted, order)
            if examined > MOST_EXAMINED * max(1, returned) or "SORT" in plan or "COLLSCAN" in plan:
                wrong[name, order] = (examined, returned, plan)
    assert wrong == {}


def fits(problem: Problem, wanted: ProblemFilter, services: Services) -> bool:
    """What a filter means, said about the case alone; words and areas are left to other tests."""
    case, now = problem.case, services.clock()
    clock = pressing(case)
    light = clock.light(now) if clock is not None else Light.DONE
    tests = [
        wanted.states is None or case.state in wanted.states,
        wanted.overdue_at is None or is_overdue(case, now),
        wanted.light is None or light is wanted.light,
        wanted.units is None or wanted.waiting is not None or not wanted.units.isdisjoint(_hands(case)),
        wanted.waiting is not Waiting.SIGN
        or (case.state is State.ASSIGNED and case.acknowledged_at is None and case.unit_id in (wanted.units or ())),
        wanted.waiting is not Waiting.RETURNED
        or (case.state is State.RETURNED and case.former_unit_ids[-1] in (wanted.units or ())),
        wanted.severity is None or case.severity is wanted.severity,
        wanted.channel is None or wanted.channel in {report.channel for report in case.reports},
        wanted.outlet is None or wanted.outlet in {report.outlet_id for report in case.exposures},
        Flag.EXPOSED not in wanted.flags or bool(case.exposures),
        Flag.UNEXPOSED not in wanted.flags or not case.exposures,
        Flag.RELAPSE not in wanted.flags or case.relapse_of is not None,
        wanted.registered.start is None or case.registered_at >= wanted.registered.start,
        wanted.registered.end is None or case.registered_at < wanted.registered.end,
        wanted.due.start is None or (clock is not None and clock.due_at >= wanted.due.start),
        wanted.due.end is None or (clock is not None and clock.due_at < wanted.due.end),
        wanted.area is None or wanted.area in problem.region_path or wanted.area == problem.district,
        wanted.category is None or case.category.startswith(wanted.category),
        wanted.words not in ("井盖", "复查") or wanted.words in problem.title + "".join(w.text for w in problem.words),
    ]
    return all(tests)


def _hands(case: Case) -> set[object]:
    return {case.unit_id, *case.co_unit_ids}


async def test_every_list_shows_exactly_what_its_filter_says_and_counts_as_many(
    services: Services, scene: Scene
) -> None:
    problems = services.database["problems"]
    every = [Problem.model_validate(row) async for row in problems.find()]
    for name, wanted in default_filters(services, scene).items():
        if wanted.words in ("垃圾桶满溢", "清泉小区"):
            continue
        meant = {problem.number for problem in every if fits(problem, wanted, services)}
        page = await read_page(problems, wanted, None, None, MANY)
        assert {problem.number for problem in page.problems} == meant, name
        assert await count(problems, wanted) == len(meant), name
        assert await count(problems, wanted, 7) == min(7, len(meant)), name


@pytest.mark.parametrize("order", list(Order))
async def test_pages_lead_through_the_whole_list_and_back_though_a_thousand_share_one_moment(
    services: Services, scene: Scene, order: Order
) -> None:
    problems, wanted = services.database["problems"], ProblemFilter(states=OPEN_STATES, area=scene.regions[0][:4])
    whole = (await read_page(problems, wanted, None, None, MANY, order)).problems
    keys = [problem.case.registered_at if order is Order.NEWEST else problem.turns_at for problem in whole]
    assert keys == sorted(keys, reverse=order is Order.NEWEST)
    assert Counter(keys).most_common(1)[0][1] > 20
    seen: list[str] = []
    pages = []
    older: str | None = None
    while True:
        page = await read_page(problems, wanted, older, None, 90, order)
        seen += [problem.number for problem in page.problems]
        pages.append(page)
        if page.older is None:
            break
        older = page.older
    assert seen == [problem.number for problem in whole]
    for before, after in pairwise(pages):
        back = await read_page(problems, wanted, None, after.newer, 90, order)
        assert [p.number for p in back.problems] == [p.number for p in before.problems]


async def test_a_page_deep_in_a_moment_that_thousands_share_reads_no_more(services: Services, scene: Scene) -> None:
    problems, wanted = services.database["problems"], ProblemFilter(flags=frozenset({Flag.UNEXPOSED}))
    page = await read_page(problems, wanted, None, None, 500)
    question = await ask(problems, wanted)
    last = page.problems[-1]
    part = {"case.registered_at": last.case.registered_at, "_id": {"$lt": last.case.id}}
    plan: Json = await (
        problems.find(question.query(Order.NEWEST, part))
        .sort([("case.registered_at", -1), ("_id", -1)])
        .hint("found_newest")
        .limit(51)
        .explain()
    )
    stats = plan["executionStats"]
    assert stats["totalDocsExamined"] <= 51 + len(State)


async def test_a_problem_is_found_by_its_numbers_here_and_elsewhere_and_by_the_beginning_of_those(
    services: Services, scene: Scene
) -> None:
    problems = services.database["problems"]
    row = await problems.find_one({"case.reports.outside_number": {"$ne": None}})
    assert row is not None
    problem = Problem.model_validate(row)
    number = problem.case.reports[0].outside_number
    assert number is not None

    async def found(words: str) -> Sequence[str]:
        page = await read_page(problems, ProblemFilter(words=words), None, None, MANY)
        return [each.number for each in page.problems]

    assert await found(problem.number) == [problem.number]
    assert problem.number in await found(number)
    assert problem.number in await found(number.lower())
    begun = await found(number[:-1])
    assert problem.number in begun
    assert len(begun) < 50
    assert await found("HZ-1999") == []
    assert await found("！？") == []
    assert await found(".*") == []


async def test_nobody_is_shown_what_they_may_not_verify(services: Services, scene: Scene) -> None:
    ines = Duties(frozenset({Role.INSPECTOR}), level=Level.CITY)
    problems = services.database["problems"]
    waiting = ProblemFilter(states=frozenset({State.CLAIMED_FIXED}))
    of = Dependent((await services.accounts.add_user("ines", "Ines", ines)).user.object_id, frozenset({scene.units[0]}))
    shown = (await read_page(problems, replace(waiting, without=of), None, None, MANY)).problems
    every = (await read_page(problems, waiting, None, None, MANY)).problems
    assert 0 < len(shown) < len(every)
    assert {p.number for p in shown} == {p.number for p in every if scene.units[0] not in _hands(p.case)}
    first = shown[0]
    assert first.district is not None
    elsewhere = replace(of, places=frozenset({first.district}))
    left = (await read_page(problems, replace(waiting, without=elsewhere), None, None, MANY)).problems
    there = {p.number for p in shown if first.district in (p.district, *p.region_path)}
    assert {p.number for p in left} == {p.number for p in shown} - there


def test_the_states_in_which_a_clock_runs_are_open() -> None:
    assert WAITING < OPEN_STATES


async def test_while_a_list_arrives_the_newest_are_found_without_reading_what_arrives(
    services: Services, scene: Scene
) -> None:
    database, problems = services.database, services.database["problems"]
    row = await problems.find_one({"case.registered_at": {"$lt": services.clock() - timedelta(days=11)}})
    assert row is not None
    began = services.clock() - timedelta(days=10)
    import_id = (await database["problem_imports"].insert_one({"state": "arriving", "started_at": began})).inserted_id
    arriving = {"case.registered_at": began}
    await problems.update_many(arriving, {"$set": {"listed": {"import_id": import_id}}})
    number = await problems.count_documents(arriving)
    assert number > MANY / 5
    page = await read_page(problems, ProblemFilter(), None, None, 50)
    assert len(page.problems) == 50
    assert all(problem.case.registered_at != began for problem in page.problems)
    assert await count(problems, ProblemFilter()) == MANY - number
    query = (await ask(problems, ProblemFilter())).query(Order.NEWEST, await unarrived(problems))
    plan: Json = await problems.find(query).sort([("case.registered_at", -1), ("_id", -1)]).limit(51).explain()
    assert plan["executionStats"]["totalDocsExamined"] <= 52


@pytest.mark.parametrize("most", [finding_areas.MOST_COUNTED, 40])
async def test_the_numbers_of_an_area_are_those_of_its_lists_however_many_there_are(
    services: Services, scene: Scene, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(finding_areas, "MOST_COUNTED", most)
    problems, now = services.database["problems"], services.clock()
    codes = ["3703", "3701", *sorted({code[:6] for code in scene.regions}), scene.regions[0], "370303999"]
    wanted = [
        ProblemFilter(states=OPEN_STATES),
        ProblemFilter(overdue_at=now),
        ProblemFilter(states=frozenset({State.CLAIMED_FIXED})),
        ProblemFilter(states=frozenset({State.DEFERRED})),
        ProblemFilter(states=OPEN_STATES, flags=frozenset({Flag.RELAPSE})),
    ]
    found = await count_areas(problems, codes, now)
    assert found[0].open >= 40
    assert found[-1] == AreaNumbers()
    for code, numbers in zip(codes, found, strict=True):
        listed = [await count(problems, replace(each, area=code)) for each in wanted]
        own = [numbers.open, numbers.overdue, numbers.to_verify, numbers.deferred, numbers.relapses]
        assert own == [min(listed[0], most), *listed[1:]], code


async def test_a_line_of_a_list_says_what_the_whole_case_says(services: Services, scene: Scene) -> None:
    problems = services.database["problems"]
    lines = {row["number"]: line_of(row) async for row in problems.find({}, dict(FIELDS))}
    every = [Problem.model_validate(row) async for row in problems.find()]
    assert len(lines) == len(every) == MANY
    for problem in every:
        line, case, clock = lines[problem.number], problem.case, pressing(problem.case)
        assert (line.title, line.place, line.category, line.unit_id) == (
            problem.title,
            problem.place,
            case.category,
            case.unit_id,
        )
        assert (line.state, line.severity, line.due_at) == (case.state, case.severity, case.due_at)
        assert (line.review_at, line.exposures) == (case.review_at, len(occasions(case)))
        assert line.clock is None if clock is None else line.clock is not None and line.clock.kind is clock.kind
        moments = [services.clock(), *([clock.warn_at, clock.due_at] if clock is not None else [])]
        for now in moments if clock is not None and line.clock is not None else ():
            assert line.clock.light(now) is clock.light(now)


async def test_a_list_and_the_numbers_around_it_are_read_together(services: Services, scene: Scene) -> None:
    problems = services.database["problems"]
    both = ProblemFilter(severity=Severity.URGENT, flags=frozenset({Flag.EXPOSED}))
    beside = [ProblemFilter(states=OPEN_STATES), ProblemFilter(overdue_at=services.clock())]
    for wanted in (both, ProblemFilter(words="清泉小区"), ProblemFilter(area=scene.regions[0][:4])):
        page = await read_page(problems, wanted, None, None, 7, Order.DUE)
        found = await read_listing(problems, wanted, order=Order.DUE, size=7, total=True, beside=beside)
        assert [line.number for line in found.lines] == [problem.number for problem in page.problems]
        assert (found.newer, found.older) == (page.newer, page.older)
        every = await read_page(problems, wanted, None, None, MANY)
        assert found.total == len(every.problems)
        assert list(found.beside) == [await count(problems, each) for each in beside]
    assert (await read_listing(problems, both)).total is None
