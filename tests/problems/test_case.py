"""A case is the fold of its events, and each event changes exactly what it says."""

from __future__ import annotations

import pytest

from media_tracker.problems.case import EXITS, OPEN_STATES, Channel, EventType, Outcome, Severity, State
from media_tracker.problems.folding import apply, fold
from tests.problems.cases import DUE, Happened, Tale, at, fixed_problem, oid


def event(tale: Tale, kind: EventType, **payload: object) -> Happened:
    """An event that would follow on ``tale``."""
    when = at("03-20")
    return Happened(kind.value, tale.id, len(tale.events) + 1, when, when, payload)


def test_nothing_has_happened_without_events() -> None:
    assert fold([]) is None


def test_a_case_begins_with_its_registration() -> None:
    tale = Tale(category="C02", region="370303001", relapse_of="the former")
    case = tale.case
    assert (case.id, case.version, case.state) == (tale.id, 1, State.REGISTERED)
    assert (case.category, case.region, case.relapse_of) == ("C02", "370303001", oid("the former"))
    assert case.registered_at == at("02-01 08:00")
    with pytest.raises(ValueError, match="begins with registered"):
        apply(None, event(tale, EventType.ASSIGNED))


@pytest.mark.parametrize("step", [0, 2, 5])
def test_an_event_out_of_line_is_refused(step: int) -> None:
    tale = Tale()
    wrong = Happened("reminded", tale.id, tale.case.version + step, at("03-01"), at("03-01"), {})
    with pytest.raises(ValueError, match="does not follow"):
        apply(tale.case, wrong)


def test_a_case_cannot_be_registered_twice() -> None:
    tale = Tale()
    with pytest.raises((ValueError, KeyError)):
        apply(tale.case, event(tale, EventType.REGISTERED, category="A01", region=None))


def test_every_kind_of_event_is_understood() -> None:
    """A new kind of event that nothing applies would break every stored problem that has one."""
    told = (
        fixed_problem()
        .withdrawn("03-06")
        .revoked("03-10")
        .deferred("03-11")
        .resumed("03-12", due="03-30")
        .acknowledged("03-12 09:00")
        .returned("03-13")
        .assigned("housing", "03-14")
        .extended("03-15", due="04-15")
        .claimed("03-16")
        .failed("03-17")
        .claimed("03-18")
        .nothing_found("03-19")
        .relapsed("03-19 10:00")
        .withheld("03-19 11:00")
    )
    assert fold(told.events) == told.case
    known = {each.type for each in told.events}
    words: dict[EventType, dict[str, object]] = {
        EventType.CORRECTED: {"category": "B02", "region": None, "severity": Severity.KEY.value, "long_standing": True},
        EventType.REMINDED: {},
        EventType.SUPERVISED: {},
        EventType.INSTRUCTED: {},
        EventType.NOT_ACCEPTED: {},
        EventType.DUPLICATE: {"duplicate_of": oid("another")},
        EventType.SHOWN: {},
        EventType.REASSIGNED: {"unit_id": oid("housing"), "co_unit_ids": [], "due_at": at("05-01")},
        EventType.MERGED: {"problem": oid("another")},
        EventType.SPLIT_OFF: {"problem": oid("another"), "report_ids": []},
        EventType.CONTINUED: {"due_at": at("05-01")},
        EventType.LOOKED_BACK: {"by": None, "level": "city", "independent": True, "found": "holds"},
        EventType.SATISFACTION: {"by": None, "reply": "satisfied"},
    }
    limit = {"due_at": at("05-01"), "warn_at": None, "official": True}
    words |= {
        EventType.PROTECTED: {"by": None, "photos": [oid("a barrier")]},
        EventType.EXTENSION_ASKED: {"due_at": at("05-01"), "by": oid("the official")},
        EventType.DEFERRAL_ASKED: {"review_at": at("05-01"), "by": oid("the official")},
        EventType.ASK_REFUSED: {"answers": "extension"},
        EventType.RESUMED: {**limit, "protection": limit},
        EventType.SUPERVISION_ENDED: {},
        EventType.ERRAND_GIVEN: {"errand_id": oid("an errand"), "due_at": at("05-01")},
        EventType.ERRAND_ANSWERED: {"errand_id": oid("an errand")},
        EventType.OBJECTED: {"objection_id": oid("an objection")},
        EventType.OBJECTION_ANSWERED: {"objection_id": oid("an objection"), "outcome": "rejected"},
        EventType.EVIDENCE_ADDED: {"by": None, "before": [], "after": [oid("a photo")], "documents": []},
        EventType.PHOTO_BLACKED_OUT: {"photo": oid("a photo")},
        EventType.BLACK_OUT_TAKEN_BACK: {"photo": oid("a photo")},
        EventType.UNTIED: {"report_ids": [], "closing": None, "relapsed_as": None},
    }
    for kind, payload in words.items():
        after = apply(told.case, event(told, kind, **payload))
        assert after.version == told.case.version + 1
        known.add(kind.value)
    known |= {
        "merge_undone",
        "took_over",
        "gave_back",
        "split_from",
    }  # of two cases at once: tests of merging and splitting
    assert known == {kind.value for kind in EventType}


def test_states_are_open_ended_or_exits() -> None:
    assert OPEN_STATES | EXITS | {State.CLOSED} == set(State)
    assert OPEN_STATES.isdisjoint(EXITS)


def test_the_ordinary_life_of_a_problem() -> None:
    case = fixed_problem().case
    assert (case.state, case.outcome) == (State.CLOSED, Outcome.RESOLVED)
    assert (case.assigned_at, case.verified_at, case.closed_at) == (
        at("03-01 10:00"),
        at("03-04 11:00"),
        at("03-05 09:00"),
    )
    assert case.round is not None
    assert case.round.claim is not None
    assert (case.round.number, case.round.claim.fixed_at, case.round.claim.by) == (
        1,
        at("03-02 15:00"),
        oid("the official"),
    )


def test_a_failed_check_opens_a_new_round_and_keeps_the_old_one() -> None:
    case = (
        Tale()
        .assigned("sanitation", "03-01")
        .claimed("03-03")
        .failed("03-04", due="03-20")
        .claimed("03-08")
        .verified("03-09")
        .case
    )
    assert [each.number for each in case.rounds] == [1, 2]
    assert [each.verification is not None and each.verification.passed for each in case.rounds] == [False, True]
    first = case.rounds[0]
    assert first.claim is not None
    assert first.verification is not None
    assert (first.claim.claimed_at, first.verification.passed) == (at("03-03"), False)


def test_the_original_deadline_stays_on_show() -> None:
    tale = Tale().assigned("sanitation", "03-01", due="03-10").extended("03-05", due="03-20")
    assert (tale.case.original_due_at, tale.case.due_at) == (at("03-10"), at("03-20"))
    tale.deferred("03-06").resumed("04-01", due="04-10")
    assert (tale.case.original_due_at, tale.case.due_at) == (at("03-10"), at("04-10"))
    tale.returned("04-02").assigned("housing", "04-03", due="05-01")
    assert (tale.case.original_due_at, tale.case.due_at) == (at("03-10"), at("05-01"))
    assert tale.case.assigned_at == at("03-01")


def test_returning_leaves_nobody_in_charge_and_remembers_who_was() -> None:
    case = Tale().assigned("sanitation", "03-01", co=("police",)).acknowledged("03-01 09:00").returned("03-02").case
    assert (case.state, case.unit_id, case.co_unit_ids, case.returns) == (State.RETURNED, None, (), 1)
    assert case.former_unit_ids == (oid("sanitation"),)
    again = Tale().assigned("sanitation", "03-01").acknowledged("03-02").returned("03-03").assigned("housing", "03-04")
    assert again.case.acknowledged_at is None, "the new unit has yet to sign for it"


def test_a_revoked_closing_is_open_again_and_no_longer_solved() -> None:
    case = fixed_problem().revoked("03-20", due="03-30").case
    assert (case.state, case.outcome, case.verified_at, case.closed_at) == (State.REWORK, None, None, None)
    assert (case.revoked_at, case.due_at, case.original_due_at) == (at("03-20"), at("03-30"), at(DUE))


def test_a_relapse_leaves_the_closing_as_it_was() -> None:
    case = fixed_problem().relapsed("06-01", as_problem="the new one").case
    assert (case.state, case.outcome) == (State.CLOSED, Outcome.RESOLVED)
    assert (case.relapsed_at, case.relapsed_as) == (at("06-01"), oid("the new one"))


def test_exposures_are_those_that_stand_earliest_first() -> None:
    tale = (
        Tale()
        .followed_up("evening news", "02-20 08:00")
        .reported(Channel.ONLINE, "02-21 08:00", outlet="a blogger")
        .exposed("radio", "03-02 08:00")
        .exposed("evening news", "03-01 08:00")
        .asked("radio", "02-22 08:00")
    )
    assert [report.outlet_id for report in tale.case.exposures] == [oid("evening news"), oid("radio")]
    assert tale.case.first_exposed_at == at("03-01 08:00")
    tale.withdrawn("03-05", outlet="evening news")
    assert tale.case.first_exposed_at == at("03-02 08:00")
    tale.withdrawn("03-06")
    assert tale.case.first_exposed_at is None


def test_the_case_as_of_a_moment_is_the_fold_of_what_was_recorded_by_then() -> None:
    tale = fixed_problem().revoked("03-20")
    assert tale.as_of("03-01 09:00").state is State.REGISTERED
    assert tale.as_of("03-03 10:00").state is State.CLAIMED_FIXED
    assert tale.as_of("03-19").state is State.CLOSED
    assert tale.as_of("03-19").outcome is Outcome.RESOLVED
    assert tale.as_of("03-21").state is State.REWORK


def test_a_case_survives_being_stored() -> None:
    case = fixed_problem().revoked("03-20").case
    assert type(case).model_validate(case.model_dump()) == case
