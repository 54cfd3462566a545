"""DESIGN §3 as a table of its own, compared with what the lifecycle does, state by state and person by person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tracker.accounts.actor import Actor, Level, Role
from media_tracker.errors import Conflict, Forbidden, InvalidInput, MediaTrackerError
from media_tracker.problems.afterwards.facts import Found
from media_tracker.problems.afterwards.satisfaction import Answer
from media_tracker.problems.case import (
    OPEN_STATES,
    AskKind,
    Basis,
    Case,
    Channel,
    EventType,
    Given,
    Outcome,
    Precision,
    State,
)
from media_tracker.problems.closing import revocable
from media_tracker.problems.folding import fold
from media_tracker.problems.lifecycle import Decided, Surroundings, available, decide, refusal
from media_tracker.problems.steps import ROWS, TABLE, Command, Step
from tests.problems.cases import Tale, at, fixed_problem, oid

NOW = at("03-06 12:00")
FRESH = at("03-20 18:00")
UNIT = "sanitation"
CO_UNIT = "street office"
ANCESTORS = {oid(UNIT): (oid("bureau"),), oid("squad"): (oid(UNIT), oid("bureau"))}
AROUND = Surroundings(region_path=("370303", "370303001"), ancestors=ANCESTORS, fresh_due_at=FRESH, now=NOW)


# Who there is

HANDLER = "the unit's official"
OFFICE_BOUND = "publicity staff of the unit"
VERIFIER_BOUND = "an inspector of the unit"


def _actor(name: str, *roles: Role, unit: str | None = None, **more: object) -> Actor:
    units = frozenset({oid(unit)}) if unit else frozenset()
    return replace(Actor(oid(name), frozenset(roles), units), **more)  # type: ignore[arg-type]  # a test's shorthand


PEOPLE: Mapping[str, Actor] = {
    "a viewer": _actor("a viewer", Role.VIEWER),
    "an editor": _actor("an editor", Role.EDITOR),
    "publicity staff": _actor("publicity staff", Role.PUBLICITY, unit="publicity office"),
    "an inspector": _actor("an inspector", Role.INSPECTOR, unit="civilization office"),
    "an administrator": _actor("an administrator", Role.ADMIN),
    "nobody in particular": _actor("nobody in particular"),
    HANDLER: _actor(HANDLER, Role.OFFICIAL, unit=UNIT),
    "another unit's official": _actor("another unit's official", Role.OFFICIAL, unit="housing"),
    "the co-handler's official": _actor("the co-handler's official", Role.OFFICIAL, unit=CO_UNIT),
    "the superior's official": _actor("the superior's official", Role.OFFICIAL, unit="bureau"),
    "an official without a unit": _actor("an official without a unit", Role.OFFICIAL),
    "an administrator of the unit": _actor("an administrator of the unit", Role.ADMIN, unit=UNIT),
    OFFICE_BOUND: _actor(OFFICE_BOUND, Role.PUBLICITY, unit=UNIT),
    VERIFIER_BOUND: _actor(VERIFIER_BOUND, Role.INSPECTOR, unit=UNIT),
    "an inspector who is its official too": _actor("both", Role.INSPECTOR, Role.OFFICIAL, unit=UNIT),
    "an inspector of the co-handler": _actor("co-handling inspector", Role.INSPECTOR, unit=CO_UNIT),
    "an inspector of the bureau above": _actor("inspector above", Role.INSPECTOR, unit="bureau"),
    "an inspector of the squad below": _actor("inspector below", Role.INSPECTOR, unit="squad"),
    "an inspector who answers for the unit": _actor("answers", Role.INSPECTOR, answers_for=frozenset({oid(UNIT)})),
    "an inspector behind the street": _actor("backs", Role.INSPECTOR, backs=frozenset({"370303001"})),
}

HANDLERS = {HANDLER, "an inspector who is its official too"}
OFFICE = {"publicity staff", OFFICE_BOUND}
DISPATCHERS = {"an editor", *OFFICE}
INDEPENDENT_OFFICE = {"publicity staff"}
VERIFIERS = {"an inspector"}
CALLERS_BACK = {*DISPATCHERS, *(name for name, actor in PEOPLE.items() if Role.INSPECTOR in actor.roles)}


# What DESIGN says

WORK = "assigned in_progress rework"
UNDER_WAY = "registered assigned in_progress claimed_fixed returned deferred rework"
EVERY = " ".join(state.value for state in State)


@dataclass(frozen=True)
class Rule:
    """One line: from which states, to which (None: it stays), by whom, with what, and what becomes of the deadline."""

    sources: str
    target: str | None
    who: set[str]
    needs: str = ""
    fresh_deadline: bool = False


DESIGN: Mapping[Step, Rule] = {
    Step.ASSIGN: Rule("registered returned", "assigned", DISPATCHERS, "unit_id", fresh_deadline=True),
    Step.ACKNOWLEDGE: Rule("assigned", None, HANDLERS),
    Step.RETURN: Rule("assigned in_progress", "returned", HANDLERS, "text"),
    Step.START: Rule("assigned rework", "in_progress", HANDLERS, "text"),
    Step.CLAIM: Rule(WORK, "claimed_fixed", HANDLERS, "outcome text fixed_at after"),
    Step.VERIFY: Rule("claimed_fixed", "verified", VERIFIERS, "verified_outcome on_site after text"),
    Step.FAIL: Rule("claimed_fixed", "rework", VERIFIERS, "on_site after text", fresh_deadline=True),
    Step.CONFIRM_NOTHING: Rule("claimed_fixed", "nothing_found", VERIFIERS, "on_site after text"),
    Step.CLOSE: Rule("verified", "closed", DISPATCHERS),
    Step.CONTINUE: Rule("verified", "rework", DISPATCHERS, "text", fresh_deadline=True),
    Step.LOOK_BACK: Rule("closed", None, VERIFIERS, "found on_site after text"),
    Step.SATISFACTION: Rule("claimed_fixed verified closed nothing_found", None, CALLERS_BACK, "satisfaction"),
    Step.DEFER: Rule(WORK, "deferred", INDEPENDENT_OFFICE, "text review_at"),
    Step.RESUME: Rule("deferred", "assigned", OFFICE, fresh_deadline=True),
    Step.EXTEND: Rule(WORK, None, OFFICE, "text due_at"),
    Step.REMIND: Rule(WORK, None, DISPATCHERS),
    Step.SUPERVISE: Rule(UNDER_WAY, None, OFFICE, "text"),
    Step.INSTRUCT: Rule(UNDER_WAY, None, OFFICE, "text"),
    Step.REFUSE: Rule("registered returned", "not_accepted", OFFICE, "text"),
    Step.MARK_DUPLICATE: Rule("registered assigned returned", "duplicate", DISPATCHERS, "target"),
    Step.REVOKE: Rule("verified closed", "rework", OFFICE, "text", fresh_deadline=True),
    Step.WITHHOLD: Rule(EVERY, None, OFFICE, "text"),
    Step.SHOW: Rule(EVERY, None, OFFICE),
    Step.PROTECT: Rule(WORK, None, HANDLERS, "text"),
    Step.ASK_EXTENSION: Rule(WORK, None, HANDLERS, "text due_at"),
    Step.ASK_DEFERRAL: Rule(WORK, None, HANDLERS, "text review_at"),
    Step.REFUSE_ASK: Rule(WORK, None, OFFICE, "text"),
    Step.REASSIGN: Rule(WORK, "assigned", DISPATCHERS, "unit_id text", fresh_deadline=True),
    Step.MERGE: Rule("in_progress claimed_fixed verified closed deferred rework", "duplicate", OFFICE, "target"),
    Step.END_SUPERVISION: Rule(UNDER_WAY, None, OFFICE, "text"),
    Step.ADD_EVIDENCE: Rule(WORK, "in_progress", HANDLERS, "documents"),
}


# Cases and commands to try it with


def _registered() -> Tale:
    return Tale().exposed("evening news", "03-01 08:00")


def _assigned() -> Tale:
    return _registered().assigned(UNIT, "03-01 10:00", due="03-10 18:00", co=(CO_UNIT,))


def _claimed(outcome: Outcome = Outcome.RESOLVED) -> Tale:
    return _assigned().claimed("03-03 09:00", fixed="03-02 15:00", outcome=outcome, by=HANDLER)


IN_STATE: Mapping[State, Callable[[], Tale]] = {
    State.REGISTERED: _registered,
    State.ASSIGNED: _assigned,
    State.IN_PROGRESS: lambda: _assigned().started("03-02"),
    State.CLAIMED_FIXED: _claimed,
    State.VERIFIED: lambda: _claimed().verified("03-04"),
    State.CLOSED: lambda: _claimed().verified("03-04").closed("03-05"),
    State.RETURNED: lambda: _assigned().returned("03-02"),
    State.DEFERRED: lambda: _assigned().deferred("03-02"),
    State.REWORK: lambda: _claimed().failed("03-04", due="03-12"),
    State.NOT_ACCEPTED: lambda: _registered().refused("03-02"),
    State.DUPLICATE: lambda: _registered().duplicate_of("another", "03-02"),
    State.NOTHING_FOUND: lambda: _claimed(Outcome.NOTHING_FOUND).nothing_found("03-04"),
}


def tale_for(step: Step, state: State) -> Tale:
    """A problem in ``state`` with which ``step`` makes sense, if it ever does."""
    if step is Step.CONFIRM_NOTHING and state is State.CLAIMED_FIXED:
        return _claimed(Outcome.NOTHING_FOUND)
    if step is Step.CONTINUE and state is State.VERIFIED:
        return _claimed().verified("03-04", outcome=Outcome.PARTLY_RESOLVED)
    tale = IN_STATE[state]()
    if step is Step.PROTECT:
        return dangerous(tale)
    if step is Step.END_SUPERVISION:
        return tale.happened(EventType.SUPERVISED, "03-05 11:00")
    if step is Step.REFUSE_ASK and state in ROWS[step].sources:
        return tale.happened(EventType.EXTENSION_ASKED, "03-05 11:00", due_at=at("03-25"), by=oid(HANDLER))
    if step is Step.SATISFACTION:
        return tale.reported(Channel.TICKET, "03-05 11:00", number="12345-7")
    return tale.withheld("03-05 10:00") if step is Step.SHOW else tale


PROTECTED_BY = at("03-01 12:00")


def dangerous(tale: Tale) -> Tale:
    """The same tale of a danger: whoever it was given to had until noon of the first day to put up a barrier."""
    limit = {"due_at": PROTECTED_BY, "warn_at": None, "official": True}
    tale.events[:] = [
        replace(event, payload={**event.payload, "protection": limit}) if event.type == EventType.ASSIGNED else event
        for event in tale.events
    ]
    return tale


def good(step: Step, moment: datetime = NOW, case: Case | None = None) -> Command:
    """A command that leaves nothing to be wished for."""
    present = case.due_at if case is not None and case.due_at is not None else FRESH
    return Command(
        step,
        moment,
        text="as agreed on the spot",
        unit_id=oid("housing" if step is Step.REASSIGN else UNIT),
        co_unit_ids=(oid(CO_UNIT),),
        outcome=Outcome.RESOLVED,
        verified_outcome=Outcome.RESOLVED,
        fixed_at=moment - timedelta(hours=1),
        after=(oid("a photo"),),
        on_site=True,
        review_at=moment + timedelta(days=30),
        due_at=max(present, moment) + timedelta(days=5),
        target=oid("another"),
        found=Found.HOLDS,
        satisfaction=Answer.SATISFIED,
    )


def who_does(step: Step) -> Actor:
    return PEOPLE[sorted(DESIGN[step].who)[0]]


ALLOWED = [(step, State(state)) for step, rule in DESIGN.items() for state in rule.sources.split()]
FORBIDDEN = [(step, state) for step in Step for state in State if (step, state) not in ALLOWED]


def test_the_table_here_and_the_table_there_name_the_same_steps() -> None:
    assert set(DESIGN) == set(Step) == set(ROWS)
    assert len(TABLE) == len(ROWS), "one row for each step"
    assert {state: tale().case.state for state, tale in IN_STATE.items()} == {state: state for state in State}


@pytest.mark.parametrize(("step", "state"), ALLOWED)
def test_a_step_that_the_state_allows_leads_where_design_says(step: Step, state: State) -> None:
    tale = tale_for(step, state)
    before = tale.case
    decided = decide(before, good(step, case=before), who_does(step), AROUND)
    after = tale.follow(decided, NOW).case
    target = DESIGN[step].target
    assert after.state == (State(target) if target else before.state)
    assert after.version == before.version + len(decided)
    begins = step in (Step.CLAIM, Step.ADD_EVIDENCE) and state is not State.IN_PROGRESS
    assert len(decided) == (2 if begins else 1), "work that nobody has begun begins with it"


@pytest.mark.parametrize(("step", "state"), FORBIDDEN)
def test_a_step_that_the_state_forbids_is_a_conflict_for_everybody(step: Step, state: State) -> None:
    case = tale_for(step, state).case
    for actor in PEOPLE.values():
        with pytest.raises(Conflict):
            decide(case, good(step, case=case), actor, AROUND)


@pytest.mark.parametrize(("step", "state"), ALLOWED)
def test_who_may(step: Step, state: State) -> None:
    case = tale_for(step, state).case
    for name, actor in PEOPLE.items():
        error = refusal(case, actor, step, AROUND)
        result = attempt(case, good(step, case=case), actor, AROUND)
        assert (step in available(case, actor, AROUND)) is (name in DESIGN[step].who), name
        if name in DESIGN[step].who:
            assert error is None, name
            assert isinstance(result, list), name
        else:
            assert isinstance(error, Forbidden), name
            assert isinstance(result, Forbidden), name


def test_an_administrator_as_such_has_no_say_in_any_problem() -> None:
    for tale in IN_STATE.values():
        assert available(tale().case, PEOPLE["an administrator"], AROUND) == ()


# What a step needs

BAD: Mapping[str, dict[str, object]] = {
    "text": {"text": " \n"},
    "unit_id": {"unit_id": None},
    "outcome": {"outcome": None},
    "fixed_at": {"fixed_at": None},
    "after": {"after": ()},
    "on_site": {"on_site": False},
    "verified_outcome": {"verified_outcome": None},
    "review_at": {"review_at": None},
    "due_at": {"due_at": None},
    "target": {"target": None},
    "found": {"found": None},
    "satisfaction": {"satisfaction": None},
    "documents": {"documents": (), "before": (), "after": (), "text": ""},
}
NEEDS = [(step, need) for step, rule in DESIGN.items() for need in rule.needs.split()]


def attempt(case: Case, command: Command, actor: Actor, around: Surroundings) -> list[Decided] | MediaTrackerError:
    """What ``command`` leads to, or why it is refused."""
    try:
        return decide(case, command, actor, around)
    except MediaTrackerError as error:
        return error


def refused_fields(case: Case, command: Command) -> set[str]:
    """The fields that ``command`` is sent back for; empty when it is accepted."""
    result = attempt(case, command, who_does(command.step), AROUND)
    if isinstance(result, list):
        return set()
    assert isinstance(result, InvalidInput)
    assert all(result.fields.values()), "each with a sentence of its own"
    return set(result.fields)


def with_(command: Command, **changes: object) -> Command:
    return replace(command, **changes)  # type: ignore[arg-type]  # the tables here name fields by word


@pytest.mark.parametrize(("step", "need"), NEEDS)
def test_what_is_missing_is_named(step: Step, need: str) -> None:
    case = tale_for(step, State(DESIGN[step].sources.split()[0])).case
    assert refused_fields(case, with_(good(step, case=case), **BAD[need])) == {need}


@pytest.mark.parametrize("step", Step)
def test_everything_that_is_missing_is_named_at_once_and_nothing_else_is_asked(step: Step) -> None:
    case = tale_for(step, State(DESIGN[step].sources.split()[0])).case
    assert refused_fields(case, Command(step, NOW)) == set(DESIGN[step].needs.split())


def test_who_may_not_is_told_so_before_being_asked_to_fill_in_more() -> None:
    with pytest.raises(Forbidden):
        decide(_claimed().case, Command(Step.VERIFY, NOW), PEOPLE[VERIFIER_BOUND], AROUND)


WRONG = [
    (Step.CLAIM, {"fixed_at": NOW + timedelta(minutes=1)}, "fixed_at"),
    (Step.CLAIM, {"outcome": Outcome.DEFERRED}, "outcome"),
    (Step.VERIFY, {"verified_outcome": Outcome.NOTHING_FOUND}, "verified_outcome"),
    (Step.VERIFY, {"verified_outcome": Outcome.DEFERRED}, "verified_outcome"),
    (Step.DEFER, {"review_at": NOW}, "review_at"),
    (Step.EXTEND, {"due_at": at("03-10 18:00")}, "due_at"),
    (Step.EXTEND, {"due_at": at("03-09 18:00")}, "due_at"),
    (Step.MARK_DUPLICATE, {"target": oid("the problem")}, "target"),
]


@pytest.mark.parametrize(("step", "changes", "field"), WRONG)
def test_what_is_wrong_is_named(step: Step, changes: dict[str, object], field: str) -> None:
    case = _claimed().case if step is Step.VERIFY else _assigned().case
    assert refused_fields(case, with_(good(step, case=case), **changes)) == {field}


def test_nothing_found_needs_no_photo_of_the_fix() -> None:
    assert refused_fields(_assigned().case, with_(good(Step.CLAIM), outcome=Outcome.NOTHING_FOUND, after=())) == set()


def test_an_overdue_problem_is_extended_beyond_the_present_moment() -> None:
    case = _registered().assigned(UNIT, "03-01", due="03-02").case
    assert refused_fields(case, with_(good(Step.EXTEND), due_at=at("03-05"))) == {"due_at"}
    assert refused_fields(case, with_(good(Step.EXTEND), due_at=at("03-07"))) == set()


# Verification

FOLLOW_UP = {
    "basis": Basis.FOLLOW_UP,
    "on_site": False,
    "story_id": oid("a follow-up"),
    "reporter_on_site": True,
    "units_own_copy": False,
}


@pytest.mark.parametrize("step", [Step.VERIFY, Step.FAIL])
def test_a_follow_up_verifies_if_an_inspector_confirms_that_the_reporter_was_there_and_wrote_it(step: Step) -> None:
    case = _claimed().followed_up("evening news", "03-05 08:00").case
    assert refused_fields(case, with_(good(step), **FOLLOW_UP)) == set()


@pytest.mark.parametrize(
    "changes",
    [{"reporter_on_site": False}, {"units_own_copy": True}, {"story_id": None}, {"story_id": oid("another story")}],
    ids=["nobody was there", "the unit's own copy", "no story", "a story about something else"],
)
def test_a_follow_up_alone_verifies_nothing(changes: dict[str, object]) -> None:
    case = _claimed().followed_up("evening news", "03-05 08:00").case
    command = with_(good(Step.VERIFY), **{**FOLLOW_UP, **changes})
    assert refused_fields(case, command) == {"on_site"}


def test_neither_an_exposure_nor_a_withdrawn_follow_up_proves_a_fix() -> None:
    exposed = _claimed().reported(Channel.EXPOSURE, "03-05 08:00", outlet="evening news", story="a follow-up")
    withdrawn = _claimed().followed_up("evening news", "03-05 08:00").withdrawn("03-05 09:00", outlet="evening news")
    for tale in (exposed, withdrawn):
        assert refused_fields(tale.case, with_(good(Step.VERIFY), **FOLLOW_UP)) == {"on_site"}


def test_having_been_on_site_oneself_is_not_confirmed_by_a_follow_up() -> None:
    command = with_(good(Step.VERIFY), **{**FOLLOW_UP, "basis": Basis.ON_SITE})
    assert refused_fields(_claimed().followed_up("evening news", "03-05").case, command) == {"on_site"}


def test_a_verification_says_who_looked_for_whom_and_what_was_found() -> None:
    district = replace(PEOPLE["an inspector"], level=Level.DISTRICT)
    command = with_(good(Step.VERIFY), verified_outcome=Outcome.PARTLY_RESOLVED)
    case = _claimed().follow(decide(_claimed().case, command, district, AROUND), NOW).case
    assert case.round is not None
    check = case.round.verification
    assert check is not None
    assert (check.by, check.level, check.independent, check.passed) == (district.user_id, Level.DISTRICT, True, True)
    assert (case.outcome, case.verified_at) == (Outcome.PARTLY_RESOLVED, NOW)


@pytest.mark.parametrize("outcome", [Outcome.RESOLVED, Outcome.PARTLY_RESOLVED, Outcome.NOTHING_FOUND])
def test_what_was_claimed_decides_which_check_is_offered(outcome: Outcome) -> None:
    offered = set(available(_claimed(outcome).case, PEOPLE["an inspector"], AROUND))
    wanted = Step.CONFIRM_NOTHING if outcome is Outcome.NOTHING_FOUND else Step.VERIFY
    assert offered == {wanted, Step.FAIL}


def test_one_signs_for_a_problem_once_and_withholds_it_once() -> None:
    signed = _assigned().acknowledged("03-02").case
    assert Step.ACKNOWLEDGE not in available(signed, PEOPLE[HANDLER], AROUND)
    withheld = _assigned().withheld("03-02").case
    assert Step.WITHHOLD not in available(withheld, PEOPLE["publicity staff"], AROUND)
    assert Step.SHOW not in available(_assigned().case, PEOPLE["publicity staff"], AROUND)


def test_who_worked_on_an_earlier_round_may_not_verify_a_later_one() -> None:
    case = (
        _claimed()
        .failed("03-04")
        .started("03-04 10:00")
        .returned("03-04 11:00")
        .assigned("housing", "03-04 12:00")
        .claimed("03-05", by="another unit's official")
        .case
    )
    assert available(case, PEOPLE["an inspector"], AROUND) == (Step.VERIFY, Step.FAIL)
    for name in (VERIFIER_BOUND, "an inspector of the co-handler", "an inspector of the bureau above"):
        assert available(case, PEOPLE[name], AROUND) == ()


def test_what_a_district_has_checked_itself_the_city_may_check_again_and_then_it_counts() -> None:
    checked = _claimed().verified("03-04", level=Level.DISTRICT).closed("03-05")
    city, district = PEOPLE["an inspector"], replace(PEOPLE["an inspector"], level=Level.DISTRICT)
    assert {Step.VERIFY, Step.FAIL} <= set(available(checked.case, city, AROUND))
    assert not {Step.VERIFY, Step.FAIL} & set(available(checked.case, district, AROUND))
    again = checked.verified("03-06").case
    assert (again.state, again.closed_at) == (State.VERIFIED, None)
    assert not {Step.VERIFY, Step.FAIL} & set(available(again, city, AROUND))
    found_wanting = checked.failed("03-06").case
    assert (found_wanting.state, found_wanting.outcome, found_wanting.verified_at) == (State.REWORK, None, None)


# Deadlines


@pytest.mark.parametrize("step", Step)
def test_only_steps_that_start_a_clock_or_extend_it_touch_the_deadline(step: Step) -> None:
    for state in DESIGN[step].sources.split():
        tale = tale_for(step, State(state))
        before = tale.case
        command = good(step, case=before)
        after = tale.follow(decide(before, command, who_does(step), AROUND), NOW).case
        if DESIGN[step].fresh_deadline:
            assert after.due_at == FRESH
        elif step is Step.EXTEND:
            assert after.due_at == command.due_at
        else:
            assert after.due_at == before.due_at
        if before.original_due_at is not None:
            assert after.original_due_at == before.original_due_at


# Limits as they are given: warnings, interim protection, and what a unit asks for

WARNED = replace(AROUND, fresh_warn_at=at("03-19 18:00"), fresh_official=False)
RISKY = replace(WARNED, fresh_protection=Given(due_at=at("03-06 14:00")))


def taken(tale: Tale, command: Command, around: Surroundings = AROUND) -> Case:
    """The case after ``command`` by somebody who may."""
    return tale.follow(decide(tale.case, command, who_does(command.step), around), command.at).case


def test_a_limit_is_given_with_its_warning_and_with_whether_the_calendar_is_official() -> None:
    case = taken(_registered(), good(Step.ASSIGN), WARNED)
    assert (case.due_at, case.warn_at, case.official) == (FRESH, at("03-19 18:00"), False)
    extended = _assigned().extended("03-02", due="06-30")
    kept = taken(extended.claimed("03-03", by=HANDLER), good(Step.FAIL), WARNED)
    assert (kept.due_at, kept.warn_at, kept.official) == (at("06-30"), None, True), (
        "what stays keeps what belongs to it"
    )


def test_a_danger_that_is_handed_over_gets_a_limit_for_interim_protection_first() -> None:
    assert taken(_registered(), good(Step.ASSIGN)).protection is None
    tale = _registered()
    assert taken(tale, good(Step.ASSIGN), RISKY).protection == Given(due_at=at("03-06 14:00"))
    protected = taken(tale, with_(good(Step.PROTECT), after=(oid("a barrier"),)))
    assert protected.protected is not None
    assert (protected.protected.at, protected.protected.by) == (NOW, who_does(Step.PROTECT).user_id)
    assert protected.protected.photos == (oid("a barrier"),)
    assert Step.PROTECT not in available(protected, PEOPLE[HANDLER], AROUND)
    assert protected.due_at == FRESH, "the clock of the fix runs on"


@pytest.mark.parametrize("step", [Step.FAIL, Step.REVOKE])
def test_where_a_danger_is_there_again_it_is_protected_again(step: Step) -> None:
    tale = dangerous(_assigned()).happened(EventType.PROTECTED, "03-01 11:00", by=None, photos=[])
    tale.claimed("03-03", by=HANDLER)
    case = taken(tale if step is Step.FAIL else tale.verified("03-04"), good(step), RISKY)
    assert (case.protection, case.protected) == (Given(due_at=at("03-06 14:00")), None)


def test_a_danger_that_is_handed_on_keeps_the_protection_that_it_has() -> None:
    tale = dangerous(_assigned()).happened(EventType.PROTECTED, "03-01 11:00", by=None, photos=[]).returned("03-02")
    before = tale.case
    assert (taken(tale, good(Step.ASSIGN), RISKY).protected, tale.case.protection) == (
        before.protected,
        before.protection,
    )
    bare = taken(dangerous(_assigned()).returned("03-02"), good(Step.ASSIGN), RISKY)
    assert bare.protection == Given(due_at=at("03-06 14:00")), "the new unit has its own time"


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"fixed_at": at("03-01 11:59")}, False),
        ({"fixed_at": at("03-01 12:01")}, True),
        ({"fixed_at": at("03-01"), "precision": Precision.DAY}, False),
        ({"fixed_at": at("03-02"), "precision": Precision.DAY}, True),
        ({"outcome": Outcome.NOTHING_FOUND, "fixed_at": at("03-05")}, False),
        ({"unprotected": True, "fixed_at": at("03-05")}, False),
    ],
    ids=["in time", "late", "that day", "the day after", "nothing found", "and says so"],
)
def test_a_danger_is_claimed_fixed_if_the_fix_came_within_the_limit_of_protection_or_the_unit_says_that_none_was(
    changes: dict[str, object], asked: bool
) -> None:
    case = dangerous(_assigned()).case
    assert refused_fields(case, with_(good(Step.CLAIM), **changes)) == ({"unprotected"} if asked else set())
    safe = dangerous(_assigned()).happened(EventType.PROTECTED, "03-04", by=None, photos=[]).case
    assert refused_fields(safe, with_(good(Step.CLAIM), **changes)) == set(), "late protection is protection"


def test_that_there_was_no_protection_stands_in_the_claim() -> None:
    case = taken(dangerous(_assigned()), with_(good(Step.CLAIM), unprotected=True))
    assert case.round is not None
    assert case.round.claim is not None
    assert case.round.claim.unprotected


def test_a_danger_rests_only_when_it_is_protected() -> None:
    tale = dangerous(_assigned())
    assert isinstance(refusal(tale.case, PEOPLE["publicity staff"], Step.DEFER, AROUND), Conflict)
    tale.happened(EventType.PROTECTED, "03-01 11:00", by=None, photos=[])
    assert refusal(tale.case, PEOPLE["publicity staff"], Step.DEFER, AROUND) is None


@pytest.mark.parametrize(
    ("ask", "grant", "kind"),
    [
        (Step.ASK_EXTENSION, Step.EXTEND, AskKind.EXTENSION),
        (Step.ASK_DEFERRAL, Step.DEFER, AskKind.DEFERRAL),
    ],
)
def test_the_unit_asks_and_the_office_grants_or_refuses(ask: Step, grant: Step, kind: AskKind) -> None:
    tale = _assigned()
    before = tale.case
    asking = taken(tale, good(ask, case=before))
    assert asking.asked is not None
    assert (asking.asked.kind, asking.asked.by) == (kind, who_does(ask).user_id)
    assert (asking.state, asking.due_at, asking.review_at) == (before.state, before.due_at, None), "nothing shifts yet"
    assert not {Step.ASK_EXTENSION, Step.ASK_DEFERRAL} & set(available(asking, PEOPLE[HANDLER], AROUND)), (
        "once is enough"
    )
    granted = Tale()
    granted.events = list(tale.events)
    refused = taken(tale, good(Step.REFUSE_ASK))
    assert (refused.asked, refused.due_at, refused.state) == (None, before.due_at, before.state)
    assert tale.events[-1].payload["answers"] == kind
    after = taken(granted, good(grant, case=before))
    assert (after.asked, after.original_due_at) == (None, before.original_due_at)
    assert granted.events[-1].payload["answers"] == kind
    assert (after.state is State.DEFERRED) is (kind is AskKind.DEFERRAL)


def test_the_office_grants_unasked_too_and_what_was_asked_is_over_when_the_problem_moves_on() -> None:
    decided = decide(_assigned().case, good(Step.EXTEND, case=_assigned().case), who_does(Step.EXTEND), AROUND)
    assert decided[0].payload["answers"] is None
    asked = _assigned().happened(EventType.EXTENSION_ASKED, "03-02", due_at=at("03-25"), by=oid(HANDLER))
    assert Step.REFUSE_ASK not in available(_assigned().case, PEOPLE["publicity staff"], AROUND)
    for step in (Step.CLAIM, Step.RETURN, Step.DEFER):
        tale = Tale()
        tale.events = list(asked.events)
        assert taken(tale, good(step, case=asked.case)).asked is None


def test_more_time_given_unasked_leaves_a_request_to_defer_it_to_be_answered() -> None:
    tale = _assigned().happened(EventType.DEFERRAL_ASKED, "03-02", review_at=at("04-25"), by=oid(HANDLER))
    extended = taken(tale, good(Step.EXTEND, case=tale.case))
    assert extended.asked is not None
    assert extended.asked.kind is AskKind.DEFERRAL
    assert tale.events[-1].payload["answers"] is None
    assert Step.REFUSE_ASK in available(extended, PEOPLE["publicity staff"], AROUND)
    assert taken(tale, good(Step.DEFER, case=extended)).asked is None


def test_the_unit_in_charge_is_not_its_own_co_handler() -> None:
    command = with_(good(Step.ASSIGN), co_unit_ids=(oid(UNIT), oid(CO_UNIT)))
    case = _registered().follow(decide(_registered().case, command, PEOPLE["an editor"], AROUND), NOW).case
    assert (case.unit_id, case.co_unit_ids) == (oid(UNIT), (oid(CO_UNIT),))


# Taking back a closing

CLOSED_AT = at("03-05 09:00")


@pytest.mark.parametrize(
    ("after_closing", "in_time"),
    [
        (timedelta(days=-1), False),
        (timedelta(), True),
        (timedelta(days=29, hours=23), True),
        (timedelta(days=30), True),
        (timedelta(days=30, seconds=1), False),
        (timedelta(days=200), False),
    ],
)
def test_a_closing_can_be_taken_back_for_thirty_days(after_closing: timedelta, in_time: bool) -> None:
    case = fixed_problem().case
    assert case.closed_at == CLOSED_AT
    moment = CLOSED_AT + after_closing
    assert revocable(case, moment) is in_time
    error = refusal(case, PEOPLE["publicity staff"], Step.REVOKE, replace(AROUND, now=moment))
    assert (error is None) is in_time
    assert in_time or isinstance(error, Conflict)


def test_an_exposure_in_time_that_is_handled_late_still_takes_the_closing_back() -> None:
    """Otherwise whoever lets a story lie for a weekend keeps the figure."""
    late = replace(AROUND, now=CLOSED_AT + timedelta(days=32))
    in_time = fixed_problem().exposed("radio", CLOSED_AT + timedelta(days=29))
    too_late = fixed_problem().exposed("radio", CLOSED_AT + timedelta(days=31))
    withdrawn = fixed_problem().exposed("radio", CLOSED_AT + timedelta(days=29)).withdrawn("04-04", outlet="radio")
    assert Step.REVOKE in available(in_time.case, PEOPLE["publicity staff"], late)
    assert Step.REVOKE not in available(too_late.case, PEOPLE["publicity staff"], late)
    assert Step.REVOKE not in available(withdrawn.case, PEOPLE["publicity staff"], late)


def test_a_check_takes_a_closing_back_for_thirty_days_only_and_not_once_the_relapse_is_registered() -> None:
    of_district = _claimed().verified("03-04", level=Level.DISTRICT).closed("03-05")
    inspector = PEOPLE["an inspector"]
    assert Step.FAIL in available(of_district.case, inspector, replace(AROUND, now=at("04-03")))
    assert Step.FAIL not in available(of_district.case, inspector, replace(AROUND, now=at("04-10")))
    assert Step.VERIFY in available(of_district.case, inspector, replace(AROUND, now=at("04-10")))
    relapsed = of_district.relapsed("04-11")
    assert {Step.FAIL, Step.VERIFY}.isdisjoint(available(relapsed.case, inspector, replace(AROUND, now=at("04-12"))))


def test_an_open_problem_has_no_closing_to_take_back() -> None:
    assert not revocable(_claimed().case, NOW)


# Whatever people try

ACTORS = list(PEOPLE.values())
BLANKS: list[dict[str, object]] = [{}, {}, {}, *BAD.values(), {"outcome": Outcome.NOTHING_FOUND}]
tries = st.lists(
    st.tuples(
        st.one_of(st.sampled_from(Step), st.integers(0, 5)),
        st.sampled_from(ACTORS),
        st.sampled_from(BLANKS),
        st.integers(1, 400),
    ),
    max_size=25,
)


def _able(case: Case, step: Step, around: Surroundings) -> Actor | None:
    return next((actor for actor in ACTORS if refusal(case, actor, step, around) is None), None)


LONG = at("06-30")
"""Later than any fresh deadline."""


@pytest.mark.parametrize(
    ("step", "tale"),
    [
        (Step.ASSIGN, _assigned().extended("03-02", due=LONG).returned("03-03")),
        (Step.FAIL, _assigned().extended("03-02", due=LONG).claimed("03-03", by=HANDLER)),
        (Step.RESUME, _assigned().extended("03-02", due=LONG).deferred("03-03")),
        (Step.REVOKE, _assigned().extended("03-02", due=LONG).claimed("03-03", by=HANDLER).verified("03-04")),
    ],
)
def test_a_limit_that_is_given_anew_never_cuts_an_extension_short(step: Step, tale: Tale) -> None:
    case = tale.case
    result = attempt(case, good(step, NOW, case), _able(case, step, AROUND) or ACTORS[0], AROUND)
    assert isinstance(result, list)
    after = tale.follow(result, NOW).case
    assert (after.due_at, after.original_due_at) == (LONG, at("03-10 18:00"))


@settings(deadline=None, max_examples=80)
@given(tries)
def test_no_sequence_of_tries_leads_where_the_table_forbids(
    attempts: list[tuple[Step | int, Actor, dict[str, object], int]],
) -> None:
    tale = _registered()
    moment = at("03-01 12:00")
    for wanted, actor, changes, hours in attempts:
        moment += timedelta(hours=hours)
        limit = Given(due_at=moment + timedelta(hours=2))  # every third day it is a danger
        risk = limit if moment.day % 3 == 0 else None
        around = replace(AROUND, now=moment, fresh_due_at=moment + timedelta(days=5), fresh_protection=risk)
        before = tale.case
        step = wanted
        if isinstance(step, int):  # something that the state allows, by somebody who may: else nothing gets far
            possible = [each for each in Step if _able(before, each, around)]
            step = possible[step % len(possible)]
            actor = _able(before, step, around) or actor
        rule = DESIGN[step]
        result = attempt(before, with_(good(step, moment, before), **changes), actor, around)
        if isinstance(result, list):
            assert before.state.value in rule.sources.split()
            after = tale.follow(result, moment).case
            assert ROWS[step].event in [each.type for each in result], "what is accepted leaves its event"
            assert after.state == (State(rule.target) if rule.target else before.state)
            continue
        assert (step in available(before, actor, around)) is isinstance(result, InvalidInput)
        if isinstance(result, InvalidInput):
            assert set(result.fields) <= {*rule.needs.split(), *(["unprotected"] if step is Step.CLAIM else [])}
        elif isinstance(result, Forbidden):
            assert before.state.value in rule.sources.split()
        else:
            assert isinstance(result, Conflict)
        assert tale.case == before
    assert [event.seq for event in tale.events] == list(range(1, len(tale.events) + 1))
    assert tale.case.version == len(tale.events)
    assert fold(tale.events) == tale.case
    assert_it_can_still_end(tale, moment)


def assert_it_can_still_end(tale: Tale, moment: datetime) -> None:
    """Walk on from where ``tale`` is, by whoever may, until an end is reached: an open problem is never stuck."""
    route = {
        State.REGISTERED: Step.ASSIGN,
        State.RETURNED: Step.ASSIGN,
        State.ASSIGNED: Step.CLAIM,
        State.IN_PROGRESS: Step.CLAIM,
        State.REWORK: Step.CLAIM,
        State.DEFERRED: Step.RESUME,
        State.CLAIMED_FIXED: Step.VERIFY,
        State.VERIFIED: Step.CLOSE,
    }
    assert set(route) == OPEN_STATES
    around = replace(AROUND, now=moment)
    for _ in range(5):
        case = tale.case
        if case.state not in OPEN_STATES:
            return
        step = route[case.state]
        if step is Step.VERIFY and Step.VERIFY not in available(case, PEOPLE["an inspector"], around):
            step = Step.CONFIRM_NOTHING
        actor = _able(case, step, around)
        assert actor is not None, f"nobody can take a problem on from {case.state}"
        command = with_(good(step, moment, case), unprotected=True)
        tale.follow(decide(case, command, actor, around), moment)
    raise AssertionError(f"still {tale.case.state} after five steps")


def test_a_fix_known_by_its_day_alone_is_taken_as_it_is() -> None:
    command = with_(good(Step.CLAIM), fixed_at=at("03-06"), precision=Precision.DAY)
    case = _assigned().follow(decide(_assigned().case, command, PEOPLE[HANDLER], AROUND), NOW).case
    assert case.round is not None
    assert case.round.claim is not None
    assert (case.round.claim.fixed_at, case.round.claim.precision) == (at("03-06"), Precision.DAY)
