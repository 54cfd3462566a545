"""Who is told what, and what time makes worth telling: pure."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.notices.alarms import Alarm, alarms_of
from media_tracker.notices.kinds import NEWS, ROLES, RULES, Audience, NoticeKind, kinds_of, offered_to
from media_tracker.notices.posting import last_digest
from media_tracker.notices.readers import Person, may_read, told
from media_tracker.problems.case import Case, EventType
from media_tracker.problems.light import running
from media_tracker.web.notices.words import KIND_NAMES
from tests.problems.cases import SHANGHAI, UNIT, Tale, at, fixed_problem, oid

K = NoticeKind
OFFICIAL, INSPECTOR, EDITOR, PUBLICITY = Role.OFFICIAL, Role.INSPECTOR, Role.EDITOR, Role.PUBLICITY


def person(name: str, *roles: Role, units: tuple[str, ...] = (), answers_for: tuple[str, ...] = ()) -> Person:
    return Person(oid(name), frozenset(roles), frozenset(map(oid, units)), frozenset(map(oid, answers_for)))


OWN = person("own", OFFICIAL, units=(UNIT,))
BOSS = person("boss", OFFICIAL, units=("bureau",), answers_for=(UNIT,))
CO = person("co", OFFICIAL, units=("roads",))
OTHER = person("other", OFFICIAL, units=("another",))
ED = person("ed", EDITOR)
PUB = person("pub", PUBLICITY)
INS = person("ins", INSPECTOR)
EVERYBODY = (OWN, BOSS, CO, OTHER, ED, PUB, INS)


def names(kind: NoticeKind, case: Case, people: tuple[Person, ...] = EVERYBODY, actor: str = "") -> set[ObjectId]:
    return {each.person.id for each in told(kind, case, people, oid(actor) if actor else None)}


def assigned(co: tuple[str, ...] = ("roads",)) -> Case:
    return Tale().exposed("evening news", "03-01 08:00").assigned(UNIT, "03-01 10:00", co=co).case


def test_every_kind_has_a_rule_and_a_name_and_something_that_calls_for_it() -> None:
    by_time = {kind for kind in NoticeKind if kind.endswith(("_due", "_late", "_soon")) or kind == "overdue"}
    instead = {K.LIST_ARRIVED, K.UNREACHED}

    assert set(RULES) == set(KIND_NAMES) == set(NoticeKind)
    assert {kind for kinds in NEWS.values() for kind in kinds} | by_time | instead == set(NoticeKind)
    assert set(ROLES) == set(Audience)


def test_a_unit_s_notices_go_to_its_officials_and_the_co_handlers() -> None:
    assert names(K.ASSIGNED, assigned()) == {OWN.id, CO.id}
    assert names(K.FAILED, assigned(co=())) == {OWN.id}


def test_an_inspector_of_the_unit_hears_of_no_look_back_and_so_not_of_the_draw() -> None:
    own, co, boss = (
        person("own inspector", OFFICIAL, INSPECTOR, units=(UNIT,)),
        person("co inspector", INSPECTOR, units=("roads",)),
        person("boss", INSPECTOR, answers_for=(UNIT,)),
    )

    assert names(K.LOOK_BACK_DUE, assigned(), (own, co, boss, INS)) == {INS.id}


def test_a_unit_is_told_of_a_problem_that_was_split_off_as_its_own() -> None:
    assert kinds_of(EventType.SPLIT_FROM, {}, assigned()) == (K.ASSIGNED,)
    assert told(K.ASSIGNED, Tale().exposed("evening news", "03-01 08:00").case, EVERYBODY, None) == []


def test_where_a_unit_has_no_officials_those_who_answer_for_it_are_told() -> None:
    assert names(K.ASSIGNED, assigned(co=()), (BOSS, OTHER, PUB)) == {BOSS.id}


def test_where_nobody_can_be_told_of_an_assignment_the_office_is() -> None:
    found = told(K.ASSIGNED, assigned(co=()), (OTHER, ED, PUB), None)

    assert [(each.kind, each.person.id) for each in found] == [(K.UNREACHED, PUB.id)]
    assert told(K.REMINDED, assigned(co=()), (OTHER, ED, PUB), None) == []


def test_somebody_of_the_unit_and_of_the_office_hears_of_the_assignment_and_not_that_nobody_did() -> None:
    both = person("both", OFFICIAL, PUBLICITY, units=("roads",))

    found = told(K.ASSIGNED, assigned(), (both, PUB), None)

    assert {(each.kind, each.person.id) for each in found} == {(K.ASSIGNED, both.id), (K.UNREACHED, PUB.id)}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (K.RETURNED, {ED.id, PUB.id}),
        (K.ASKED, {PUB.id}),
        (K.OBJECTED, {PUB.id}),
        (K.HAND_OVER_LATE, {PUB.id}),
        (K.LOOK_BACK_DUE, {INS.id}),
        (K.REVIEW_DUE, {PUB.id, OWN.id, CO.id}),
        (K.OUTLET_CLOSED, set()),
    ],
)
def test_whom_a_kind_is_for(kind: NoticeKind, expected: set[ObjectId]) -> None:
    assert names(kind, assigned()) == expected


def test_who_did_it_is_not_told_of_it() -> None:
    assert names(K.ASSIGNED, assigned(), actor="own") == {CO.id}


def test_a_story_is_told_of_only_where_a_unit_waits_for_it() -> None:
    payload = {"story_id": oid("a story")}

    assert kinds_of(EventType.REPORTED, payload, assigned()) == (K.STORY_TIED,)
    assert kinds_of(EventType.REPORTED, {"story_id": None}, assigned()) == ()
    assert kinds_of(EventType.REPORTED, payload, Tale().case) == ()
    assert kinds_of("something new", {}, assigned()) == ()


def test_everybody_is_offered_what_they_may_get() -> None:
    assert K.ASSIGNED in offered_to(frozenset({OFFICIAL}))
    assert K.RETURNED not in offered_to(frozenset({OFFICIAL}))
    assert offered_to(frozenset({Role.VIEWER})) == ()
    assert not [kind for kind in offered_to(frozenset(Role)) if kind.startswith("outlet_")]


def actor(*roles: Role, units: tuple[str, ...] = ()) -> Actor:
    return Actor(oid("somebody"), frozenset(roles), units=frozenset(map(oid, units)))


def test_who_has_lost_role_or_unit_reads_nothing_any_more() -> None:
    case = assigned()

    assert may_read(K.ASSIGNED, actor(OFFICIAL, units=(UNIT,)), case)
    assert may_read(K.ASSIGNED, actor(OFFICIAL, units=("roads",)), case)
    assert not may_read(K.ASSIGNED, actor(OFFICIAL, units=("another",)), case)
    assert not may_read(K.ASSIGNED, actor(EDITOR, units=(UNIT,)), case)
    assert may_read(K.RETURNED, actor(EDITOR), case)
    assert not may_read(K.OBJECTED, actor(OFFICIAL, units=(UNIT,)), case)
    assert not may_read(K.OUTLET_CLOSED, actor(*Role), case)


def test_a_unit_that_had_the_problem_before_may_still_read_what_it_was_told() -> None:
    returned = Tale().assigned(UNIT, "03-01 10:00").returned("03-01 12:00").case

    assert may_read(K.OVERDUE, actor(OFFICIAL, units=(UNIT,)), returned)


def test_yellow_and_red_of_a_deadline_are_alarms_at_the_moments_at_which_the_light_changes() -> None:
    case = assigned()
    (clock,) = running(case)

    assert alarms_of(case) == (
        Alarm(K.DUE_SOON, clock.warn_at, clock.due_at),
        Alarm(K.OVERDUE, clock.due_at, clock.due_at),
    )


def test_what_is_claimed_has_no_alarm_and_a_failed_check_has_new_ones() -> None:
    tale = Tale().assigned(UNIT, "03-01 10:00").claimed("03-02 10:00")
    assert alarms_of(tale.case) == ()

    assert {each.deadline for each in alarms_of(tale.failed("03-03", due="03-20").case)} == {at("03-20")}


def test_a_deferral_is_reviewed_on_its_day() -> None:
    case = Tale().assigned(UNIT, "03-01").deferred("03-02", review="06-01").case

    assert alarms_of(case) == (Alarm(K.REVIEW_DUE, at("06-01"), at("06-01")),)


def test_a_closing_has_its_look_backs_before_it() -> None:
    case = fixed_problem().case
    closed = at("03-05 09:00")

    assert [(each.at - closed, each.deadline - closed) for each in alarms_of(case)] == [
        (timedelta(days=23), timedelta(days=30)),
        (timedelta(days=83), timedelta(days=90)),
    ]


@pytest.mark.parametrize(
    ("now", "expected"),
    [("03-02 07:59", "03-01 08:00"), ("03-02 08:00", "03-02 08:00"), ("03-02 23:00", "03-02 08:00")],
)
def test_the_daily_letter_was_due_at_the_last_hour_of_its_own(now: str, expected: str) -> None:
    assert last_digest(at(now), SHANGHAI, 8) == at(expected)
