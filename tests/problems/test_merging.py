"""Two problems that are one: nothing is lost or counted twice while they are, and undoing it restores both exactly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from bson import ObjectId
from hypothesis import event, given, settings
from hypothesis import strategies as st

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import Conflict, InvalidInput, MediaTrackerError
from media_tracker.monitor.counting import rows
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.facts import CaseFact, Facts, Period, View
from media_tracker.problems.case import Case, Channel, EventType, State
from media_tracker.problems.folding import fold
from media_tracker.problems.independence import parties
from media_tracker.problems.lifecycle import Decided, Surroundings
from media_tracker.problems.occasions import occasion_for
from media_tracker.problems.regrouping.merging import STAYS, may_undo, merge, step_of, undo
from media_tracker.problems.steps import ROWS, Step
from tests.problems.cases import Tale, at, fixed_problem, oid

START = at("03-01 08:00")
LATER = at("06-01")
FRESH_DUE = at("07-01")
OUTLETS = ("evening news", "radio", "portal")
VIEW = View(Period(date(2022, 1, 1), date(2022, 12, 31)), at("2022-12-31"))


def around(now: datetime = LATER) -> Surroundings:
    return Surroundings(fresh_due_at=FRESH_DUE, now=now)


def merged(goes: Tale, stays: Tale, moment: datetime = LATER) -> None:
    """Merge the one into the other."""
    done = merge(goes.case, stays.case, around(moment))
    goes.follow(done.goes, moment)
    stays.follow(done.stays, moment)


def undone(goes: Tale, stays: Tale, moment: datetime) -> None:
    done = undo(goes.case, stays.case, moment)
    goes.follow(done.goes, moment)
    stays.follow(done.stays, moment)


def same(one: Case, other: Case) -> bool:
    """True when the two differ in nothing but how much has happened."""
    return one.model_copy(update={"version": 0}) == other.model_copy(update={"version": 0})


def counted(key: Key, *cases: Case) -> int:
    return len(rows(key, Facts(cases=[CaseFact(case) for case in cases]), VIEW))


# What may go into what


REGISTERED = Tale("r").exposed("radio", "03-01")
IN_STATE = {
    State.REGISTERED: REGISTERED,
    State.ASSIGNED: Tale("a").assigned("sanitation", "03-01"),
    State.RETURNED: Tale("re").assigned("sanitation", "03-01").returned("03-02"),
    State.IN_PROGRESS: Tale("i").assigned("sanitation", "03-01").started("03-02"),
    State.CLAIMED_FIXED: Tale("c").assigned("sanitation", "03-01").claimed("03-02"),
    State.REWORK: Tale("w").assigned("sanitation", "03-01").claimed("03-02").failed("03-03"),
    State.DEFERRED: Tale("d").assigned("sanitation", "03-01").deferred("03-02"),
    State.VERIFIED: Tale("v").assigned("sanitation", "03-01").claimed("03-02").verified("03-03"),
    State.CLOSED: fixed_problem("cl"),
    State.NOT_ACCEPTED: Tale("n").refused("03-02"),
    State.NOTHING_FOUND: Tale("nf").assigned("sanitation", "03-01").claimed("03-02").nothing_found("03-03"),
    State.DUPLICATE: Tale("du").duplicate_of("another", "03-02"),
}
EARLY, MIDDLE, LATE = "registered assigned returned", "in_progress claimed_fixed rework deferred", "verified closed"
ALLOWED = {
    **dict.fromkeys(EARLY.split(), f"{EARLY} {MIDDLE} {LATE} not_accepted nothing_found".split()),
    **dict.fromkeys(MIDDLE.split(), f"{MIDDLE} {LATE}".split()),
    **dict.fromkeys(LATE.split(), LATE.split()),
}


@pytest.mark.parametrize("goes", list(State))
@pytest.mark.parametrize("stays", list(State))
def test_what_has_been_proven_stays(goes: State, stays: State) -> None:
    one, other = Tale(f"goes {goes}"), IN_STATE[stays]
    one.events = [
        type(each)(each.type, one.id, each.seq, each.occurred_at, each.recorded_at, each.payload)
        for each in IN_STATE[goes].events
        if each.type != "reported" or goes is not State.REGISTERED
    ]
    one.events = [
        type(each)(each.type, one.id, place, each.occurred_at, each.recorded_at, each.payload)
        for place, each in enumerate(one.events, 1)
    ]
    if stays.value in ALLOWED.get(goes.value, ()):
        assert merge(one.case, other.case, around()).goes
        assert stays in STAYS[goes]
        assert goes in ROWS[step_of(one.case)].sources, "the table has the step"
    else:
        with pytest.raises((Conflict, InvalidInput)):
            merge(one.case, other.case, around())


def test_a_problem_is_not_merged_into_itself_and_not_into_one_that_has_gone() -> None:
    with pytest.raises(InvalidInput, match="into itself"):
        merge(REGISTERED.case, REGISTERED.case, around())
    with pytest.raises(InvalidInput, match="duplicate itself"):
        merge(REGISTERED.case, IN_STATE[State.DUPLICATE].case, around())


def test_a_relapse_and_what_it_came_back_from_are_two() -> None:
    former = fixed_problem("former").relapsed("05-01", as_problem="the relapse")
    relapse = Tale("the relapse", "05-01", relapse_of="former")
    with pytest.raises(Conflict, match="relapse of the other"):
        merge(relapse.case, former.case, around())
    with pytest.raises(Conflict, match="come back"):
        merge(former.case, fixed_problem("third").case, around())


# What it does


def test_reports_move_with_their_ids_and_rounds_stay_where_they_are() -> None:
    goes = Tale("goes").exposed("radio", "03-02").assigned("housing", "03-02").claimed("03-03", by="their official")
    goes.failed("03-04")
    stays = Tale("stays").exposed("evening news", "03-01").assigned("sanitation", "03-01").started("03-02")
    ids = {report.id for report in (*goes.case.reports, *stays.case.reports)}
    merged(goes, stays)
    assert {report.id for report in stays.case.reports} == ids
    assert (goes.case.state, goes.case.duplicate_of, goes.case.reports) == (State.DUPLICATE, stays.id, ())
    assert [each.number for each in goes.case.rounds] == [1], "its history stays readable"
    assert (stays.case.state, stays.case.unit_id, len(stays.case.rounds)) == (State.IN_PROGRESS, oid("sanitation"), 1)
    of = parties(stays.case, ())
    assert oid("housing") in of.units, "who worked on the one that has gone does not check the one that stays"
    assert oid("their official") in of.claimants


def test_one_outlet_and_one_occasion_are_one_exposure_after_merging() -> None:
    goes = Tale("goes").exposed("radio", "03-02 09:00").exposed("radio", "04-01", occasion=2)
    stays = Tale("stays").exposed("radio", "03-01 12:00").exposed("evening news", "03-01")
    assert counted(Key.EXPOSURES, goes.case, stays.case) == 4
    merged(goes, stays)
    assert counted(Key.EXPOSURES, goes.case, stays.case) == 3, (
        "two stories of one outlet within two days were one exposure"
    )
    assert counted(Key.PROBLEMS, goes.case, stays.case) == 1


def test_a_story_that_tells_of_both_is_tied_once_and_comes_back_to_both() -> None:
    goes, stays = Tale("goes"), Tale("stays")
    for tale in (goes, stays):
        tale.reported(Channel.EXPOSURE, "03-01", outlet="radio", story="of both")
    before = (goes.case, stays.case)
    merged(goes, stays)
    assert [report.story_id for report in stays.case.reports] == [oid("of both")]
    undone(goes, stays, LATER)
    assert same(goes.case, before[0])
    assert [r.story_id for r in stays.case.reports] == [oid("of both")]


def test_a_story_of_both_that_was_withdrawn_meanwhile_counts_in_neither() -> None:
    goes, stays = Tale("goes"), Tale("stays")
    for tale in (goes, stays):
        tale.reported(Channel.EXPOSURE, "03-01", outlet="radio", story="of both")
    goes.exposed("portal", "03-02")
    merged(goes, stays)
    stays.withdrawn(LATER)
    undone(goes, stays, LATER + timedelta(days=1))
    assert [report.withdrawn_at for report in goes.case.reports] == [LATER, LATER]
    assert goes.case.exposures == stays.case.exposures == ()


def test_an_exposure_after_the_fix_takes_the_closing_back_and_undoing_gives_it_again() -> None:
    stays = fixed_problem("stays")
    goes = Tale("goes", "03-20").exposed("radio", "03-20")
    before = (goes.case, stays.case)
    assert counted(Key.RESOLVED, *before) == 1
    merged(goes, stays, at("03-21"))
    assert (stays.case.state, stays.case.revoked_at) == (State.REWORK, at("03-21"))
    assert counted(Key.RESOLVED, goes.case, stays.case) == 0
    undone(goes, stays, at("03-22"))
    assert same(goes.case, before[0])
    assert same(stays.case, before[1])
    assert counted(Key.RESOLVED, goes.case, stays.case) == 1


def test_a_closing_that_was_taken_back_and_worked_on_since_cannot_be_given_again() -> None:
    stays, goes = fixed_problem("stays"), Tale("goes", "03-20").exposed("radio", "03-20")
    merged(goes, stays, at("03-21"))
    stays.started("03-22")
    with pytest.raises(Conflict, match="gone on"):
        undo(goes.case, stays.case, at("03-23"))


def test_a_closing_stays_taken_back_where_it_was_exposed_by_others_too() -> None:
    stays, goes = fixed_problem("stays"), Tale("goes", "03-20").exposed("radio", "03-20")
    merged(goes, stays, at("03-21"))
    stays.exposed("portal", "03-22")
    undone(goes, stays, at("03-23"))
    assert stays.case.state is State.REWORK
    assert [report.outlet_id for report in stays.case.exposures] == [oid("evening news"), oid("portal")]


def test_an_exposure_long_after_the_closing_is_a_relapse_and_no_merge() -> None:
    goes = Tale("goes", "05-20").exposed("radio", "05-20")
    with pytest.raises(Conflict, match="relapse"):
        merge(goes.case, fixed_problem("stays").case, around())


def test_what_was_exposed_after_nothing_was_found_is_a_problem_of_its_own() -> None:
    goes = Tale("goes", "03-20").exposed("radio", "03-20")
    with pytest.raises(Conflict, match="Nothing was found"):
        merge(goes.case, IN_STATE[State.NOTHING_FOUND].case, around())


def test_what_is_kept_from_the_public_stays_so_until_the_merge_is_undone() -> None:
    goes, stays = Tale("goes").exposed("radio", "03-01").withheld("03-02"), Tale("stays")
    before = stays.case
    merged(goes, stays)
    assert stays.case.withheld
    undone(goes, stays, LATER)
    assert same(stays.case, before)
    assert goes.case.withheld


def test_what_the_office_withheld_itself_since_stays_withheld() -> None:
    goes, stays = Tale("goes").exposed("radio", "03-01").withheld("03-02"), Tale("stays")
    merged(goes, stays)
    stays.follow([Decided(EventType.SHOWN, {})], LATER).withheld(LATER)
    undone(goes, stays, LATER)
    assert stays.case.withheld


# Undoing


def test_reports_that_came_in_after_the_merge_stay_where_they_came_in() -> None:
    goes, stays = Tale("goes").exposed("radio", "03-01"), Tale("stays").exposed("portal", "03-01")
    before = goes.case
    merged(goes, stays, at("03-05"))
    stays.exposed("evening news", "03-06")
    undone(goes, stays, at("03-07"))
    assert same(goes.case, before)
    assert {report.outlet_id for report in stays.case.exposures} == {oid("portal"), oid("evening news")}


def test_merges_are_undone_in_reverse_and_within_thirty_days() -> None:
    first, second, stays = Tale("first"), Tale("second"), Tale("stays")
    merged(first, stays, at("03-05"))
    merged(second, stays, at("03-06"))
    with pytest.raises(Conflict, match="Another problem"):
        undo(first.case, stays.case, at("03-07"))
    with pytest.raises(Conflict, match="30 days"):
        undo(second.case, stays.case, at("04-06"))
    undone(second, stays, at("03-07"))
    undone(first, stays, at("03-07"))
    assert stays.case.taken_over == ()


def test_a_merge_is_not_undone_while_what_stayed_has_gone_itself() -> None:
    first, second, third = Tale("first"), Tale("second"), Tale("third")
    merged(first, second, at("03-05"))
    merged(second, third, at("03-06"))
    with pytest.raises(Conflict, match="into another one"):
        undo(first.case, second.case, at("03-07"))
    with pytest.raises(Conflict, match="not merged"):
        undo(first.case, third.case, at("03-07"))


def test_a_merge_is_not_undone_where_a_check_rests_on_a_story_that_came_with_it() -> None:
    goes = Tale("goes").followed_up("radio", "03-02", story="the proof")
    stays = Tale("stays").assigned("sanitation", "03-01").claimed("03-02")
    merged(goes, stays, at("03-05"))
    stays.verified("03-06", basis="follow_up", story_id=oid("the proof"))
    with pytest.raises(Conflict, match="rests on a story"):
        undo(goes.case, stays.case, at("03-07"))


def test_only_the_office_undoes_a_merge_of_what_was_worked_on() -> None:
    editor = Actor(ObjectId(), frozenset({Role.EDITOR}))
    office = Actor(ObjectId(), frozenset({Role.PUBLICITY}))
    fresh, worked = Tale("fresh"), Tale("worked").assigned("sanitation", "03-01").started("03-02")
    stays = Tale("stays").assigned("sanitation", "03-01").started("03-02")
    for tale in (fresh, worked):
        merged(tale, stays)
    assert may_undo(fresh.case, editor) is None
    assert may_undo(worked.case, editor) is not None
    assert may_undo(worked.case, office) is None
    assert (step_of(REGISTERED.case), step_of(stays.case)) == (Step.MARK_DUPLICATE, Step.MERGE)


def test_a_thousand_reports_move_and_come_back() -> None:
    goes, stays = Tale("goes"), Tale("stays")
    for number in range(500):
        moment = START + timedelta(days=3 * number)
        goes.reported(Channel.EXPOSURE, moment, outlet="radio", story=f"g{number}", occasion=number + 1)
        stays.reported(Channel.EXPOSURE, moment, outlet="radio", story=f"s{number}", occasion=number + 1)
    before = (goes.case, stays.case)
    merged(goes, stays)
    assert len(stays.case.reports) == 1_000
    assert counted_occasions(stays.case) == 500
    undone(goes, stays, LATER)
    assert same(goes.case, before[0])
    assert same(stays.case, before[1])


def counted_occasions(case: Case) -> int:
    return len({(report.outlet_id, report.occasion) for report in case.exposures})


# Any two histories


HAPPENINGS = st.sampled_from(
    [
        *("exposed", "exposed", "told", "ticket", "withheld", "withdrawn"),
        *("assigned", "returned", "started", "claimed", "failed", "verified", "closed"),
    ]
)
FROM = {
    "assigned": {State.REGISTERED, State.RETURNED},
    "returned": {State.ASSIGNED, State.IN_PROGRESS},
    "started": {State.ASSIGNED, State.REWORK},
    "claimed": {State.ASSIGNED, State.IN_PROGRESS, State.REWORK},
    "failed": {State.CLAIMED_FIXED},
    "verified": {State.CLAIMED_FIXED},
    "closed": {State.VERIFIED},
}


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[str, int, str, int]]:
    """What happens, after how many hours, by which outlet, with which of a few stories. A story has one time in any life."""
    hours = st.sampled_from((1, 24, 48, 72))
    one = st.tuples(HAPPENINGS, hours, st.sampled_from(OUTLETS), st.integers(0, 2))
    return draw(st.lists(one, max_size=14))


def live(tale: Tale, happenings: Sequence[tuple[str, int, str, int]], start: datetime) -> datetime:
    """Let it happen, as far as the state allows it; when the last of it was."""
    moment = start
    for what, hours, outlet, number in happenings:
        moment += timedelta(hours=hours)
        case = tale.case
        if what in FROM and case.state not in FROM[what]:
            continue
        if what in ("exposed", "told"):
            story = f"{outlet} {number} {moment}"
            if case.state is State.DUPLICATE or oid(story) in {report.story_id for report in case.reports}:
                continue
            if case.state in (State.VERIFIED, State.CLOSED):
                continue  # the service takes the closing back; that is another story
            channel = Channel.EXPOSURE if what == "exposed" else Channel.FOLLOW_UP
            occasion = occasion_for(case, oid(outlet), None, moment) if what == "exposed" else 1
            tale.reported(channel, moment, outlet=outlet, story=story, occasion=occasion)
        elif what == "ticket":
            tale.reported(Channel.TICKET, moment, number=f"12345-{number}")
        elif what == "withdrawn":
            tale.withdrawn(moment, outlet=outlet) if case.exposures else None
        elif what == "withheld":
            tale.withheld(moment) if not case.withheld else None
        elif what == "assigned":
            tale.assigned("sanitation" if number % 2 else "housing", moment, due=moment + timedelta(days=5))
        else:
            getattr(tale, what)(moment)
    return moment


def standing(*cases: Case) -> Counter[ObjectId]:
    return Counter(r.story_id for c in cases for r in c.reports if r.story_id is not None and r.withdrawn_at is None)


@settings(max_examples=300, deadline=None)
@given(lives(), lives(), lives())
def test_any_two_histories_merge_without_loss_and_part_exactly(
    of_one: list[tuple[str, int, str, int]],
    of_other: list[tuple[str, int, str, int]],
    meanwhile: list[tuple[str, int, str, int]],
) -> None:
    goes, stays = Tale("goes"), Tale("stays")
    moment = max(live(goes, of_one, START), live(stays, of_other, START)) + timedelta(hours=1)
    before = (goes.case, stays.case)
    figures = {key: counted(key, *before) for key in (Key.EXPOSURES, Key.PROBLEMS, Key.RESOLVED)}
    try:
        merged(goes, stays, moment)
    except MediaTrackerError:
        assert (goes.case, stays.case) == before, "a merge that is refused changes nothing"
        return

    event("merged")
    during = (goes.case, stays.case)
    assert set(standing(stays.case)) == set(standing(*before)), "no story is lost"
    ties = Counter((r.story_id, r.channel) for r in stays.case.reports if r.story_id and r.withdrawn_at is None)
    assert max(ties.values(), default=1) == 1, "none is tied twice for the same"
    assert standing(goes.case) == Counter()
    alone = [counted(Key.EXPOSURES, case) for case in before]
    together = counted(Key.EXPOSURES, *during)
    outlets = {exposure.outlet_id for case in before for exposure in case.exposures}
    assert len(outlets) <= together <= sum(alone), "what stood two days apart may have a copy in between now"
    assert {e.outlet_id for e in stays.case.exposures} == {e.outlet_id for case in before for e in case.exposures}
    groups = {(r.outlet_id, r.occasion) for r in before[1].exposures}
    assert groups <= {(r.outlet_id, r.occasion) for r in stays.case.exposures}, (
        "those of the one that stays keep their numbers"
    )
    assert goes.as_of(moment - timedelta(minutes=1)) == before[0]
    assert stays.as_of(moment - timedelta(minutes=1)) == before[1]

    end = live(stays, meanwhile, moment) + timedelta(hours=1)
    told = [r for r in stays.case.reports if r.id not in {each.id for case in before for each in case.reports}]
    try:
        undone(goes, stays, end)
    except MediaTrackerError:
        return
    event("undone")
    assert goes.as_of(moment) == during[0]
    assert stays.as_of(moment) == during[1]
    assert {r.id for r in told} <= {r.id for r in stays.case.reports}, "what came in since stays where it came in"
    withdrawn = any(what == "withdrawn" for what, *_ in meanwhile)
    if not withdrawn:
        assert same(goes.case, before[0])
    assert goes.case.state is before[0].state
    if not meanwhile:
        assert same(stays.case, before[1])
        assert {key: counted(key, goes.case, stays.case) for key in figures} == figures
    for tale in (goes, stays):
        assert tale.case == fold(tale.events)
