"""What media may claim for one problem: DESIGN §2, rule by rule and row by row of its case table."""

from __future__ import annotations

import pytest

from media_tracker.accounts.actor import Level
from media_tracker.monitor.credit import SENTENCES, Credit, Judgement, judge
from media_tracker.problems.case import Basis, Channel, Outcome, Precision
from tests.problems.cases import SHANGHAI, UNIT, Tale, fixed_problem, oid


def judged(tale: Tale, level: Level = Level.CITY) -> Judgement:
    return judge(tale.case, level, SHANGHAI)


def credit(tale: Tale, level: Level = Level.CITY) -> Credit:
    return judged(tale, level).credit


def fixed(tale: Tale, moment: str, precision: Precision = Precision.MINUTE) -> Tale:
    """``tale``, assigned on 1 March, fixed at ``moment``, verified on 20 March."""
    return (
        tale.assigned(UNIT, "03-01 09:00", due="03-31 18:00")
        .claimed("03-19 09:00", fixed=moment, precision=precision)
        .verified("03-20 11:00")
    )


def test_every_verdict_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Credit)


# Exposed, resolved, verified independently


def test_exposed_then_fixed_then_verified_is_resolved_via_media() -> None:
    assert judged(fixed_problem()).credit is Credit.VIA_MEDIA
    assert judged(fixed_problem()).outlets == {oid("evening news")}


def test_it_counts_from_the_verification_and_not_only_from_the_closing() -> None:
    tale = fixed_problem()
    assert judge(tale.as_of("03-04 11:00"), Level.CITY, SHANGHAI).credit is Credit.VIA_MEDIA
    assert judge(tale.as_of("03-04 10:59"), Level.CITY, SHANGHAI).credit is Credit.CLAIMED_ONLY


def test_claimed_only_is_not_counted() -> None:
    assert credit(Tale().exposed("radio", "03-01").assigned(UNIT, "03-01").claimed("03-02")) is Credit.CLAIMED_ONLY


@pytest.mark.parametrize(
    "tale",
    [
        Tale().exposed("radio", "03-01"),
        Tale().exposed("radio", "03-01").assigned(UNIT, "03-01"),
        Tale().exposed("radio", "03-01").assigned(UNIT, "03-01").started("03-02"),
        Tale().exposed("radio", "03-01").assigned(UNIT, "03-01").claimed("03-02").failed("03-03"),
        Tale().exposed("radio", "03-01").assigned(UNIT, "03-01").deferred("03-02"),
        Tale().exposed("radio", "03-01").assigned(UNIT, "03-01").returned("03-02"),
        Tale().exposed("radio", "03-01").refused("03-02"),
        Tale().exposed("radio", "03-01").duplicate_of("another", "03-02"),
        Tale()
        .exposed("radio", "03-01")
        .assigned(UNIT, "03-01")
        .claimed("03-02", outcome=Outcome.NOTHING_FOUND)
        .nothing_found("03-03"),
        fixed_problem().revoked("03-20"),
    ],
    ids=lambda tale: tale.case.state.value,
)
def test_what_is_not_resolved_is_not_counted(tale: Tale) -> None:
    assert credit(tale) is Credit.NOT_RESOLVED


def test_a_partial_result_is_not_resolved() -> None:
    tale = Tale().exposed("radio", "03-01").assigned(UNIT, "03-01").claimed("03-02", outcome=Outcome.PARTLY_RESOLVED)
    assert credit(tale.verified("03-03", outcome=Outcome.PARTLY_RESOLVED)) is Credit.NOT_RESOLVED
    assert credit(tale.closed("03-04")) is Credit.NOT_RESOLVED


def test_a_district_s_own_check_stays_out_of_a_city_s_figures_and_counts_in_the_district_s() -> None:
    tale = fixed_problem(level=Level.DISTRICT)
    assert credit(tale, Level.CITY) is Credit.NOT_INDEPENDENT
    assert credit(tale, Level.DISTRICT) is Credit.VIA_MEDIA
    assert credit(fixed_problem(level=Level.CITY), Level.DISTRICT) is Credit.VIA_MEDIA


def test_a_check_by_somebody_dependent_does_not_count() -> None:
    """Such a check cannot be made here; it may have been brought in with old data."""
    tale = (
        Tale().exposed("radio", "03-01").assigned(UNIT, "03-01").claimed("03-02").verified("03-03", independent=False)
    )
    assert credit(tale) is Credit.NOT_INDEPENDENT
    assert credit(tale, Level.DISTRICT) is Credit.NOT_INDEPENDENT


def test_a_failed_check_does_not_spoil_a_later_good_one() -> None:
    tale = Tale().exposed("radio", "03-01").assigned(UNIT, "03-01").claimed("03-02").failed("03-03")
    assert credit(tale.claimed("03-05").verified("03-06")) is Credit.VIA_MEDIA


# Which ties are exposures


@pytest.mark.parametrize("channel", [channel for channel in Channel if channel is not Channel.EXPOSURE])
def test_nothing_but_an_exposure_is_one(channel: Channel) -> None:
    """A follow-up is never an exposure; self-media is 网络反映, not media."""
    tale = Tale().reported(channel, "03-01 08:00", outlet="evening news", story="a story")
    assert credit(fixed(tale, "03-10 08:00")) is Credit.NOT_EXPOSED


def test_two_outlets_that_exposed_it_before_the_fix_share_the_credit() -> None:
    tale = Tale().exposed("radio", "03-01").exposed("evening news", "03-02").exposed("portal", "03-11")
    assert judged(fixed(tale, "03-10")).outlets == {oid("radio"), oid("evening news")}


def test_an_outlet_that_is_no_partner_counts_for_the_city_and_not_for_a_project() -> None:
    verdict = judged(fixed(Tale().exposed("provincial daily", "03-01", partner=False), "03-10"))
    assert verdict.credit is Credit.VIA_MEDIA
    assert verdict.outlets == {oid("provincial daily")}
    assert verdict.partners == frozenset()


def test_a_partner_that_exposed_it_only_after_the_fix_has_no_part_in_it() -> None:
    tale = Tale().exposed("provincial daily", "03-01", partner=False).exposed("evening news", "03-11")
    assert judged(fixed(tale, "03-10")).partners == frozenset()
    early = Tale().exposed("provincial daily", "03-01", partner=False).exposed("evening news", "03-09")
    assert judged(fixed(early, "03-10")).partners == {oid("evening news")}


def test_a_withdrawn_story_no_longer_counts() -> None:
    tale = fixed_problem().withdrawn("03-08")
    assert credit(tale) is Credit.NOT_EXPOSED
    assert judge(tale.as_of("03-07"), Level.CITY, SHANGHAI).credit is Credit.VIA_MEDIA
    other = fixed_problem().exposed("radio", "03-02 08:00").withdrawn("03-08", outlet="evening news")
    assert judged(other).outlets == {oid("radio")}


# Before the fix, or not


def test_exposed_only_after_the_fix_is_reported_together() -> None:
    assert credit(fixed(Tale().exposed("radio", "03-10 08:01"), "03-10 08:00")) is Credit.TOGETHER
    assert credit(fixed(Tale().exposed("radio", "03-10 08:00"), "03-10 08:00")) is Credit.TOGETHER
    assert credit(fixed(Tale().exposed("radio", "03-10 07:59"), "03-10 08:00")) is Credit.VIA_MEDIA


def test_an_exposure_after_closing_adds_nothing() -> None:
    tale = Tale().assigned(UNIT, "03-01").claimed("03-02").verified("03-03").closed("03-04")
    assert credit(tale) is Credit.NOT_EXPOSED
    assert credit(tale.exposed("radio", "03-05")) is Credit.TOGETHER


def test_only_a_date_and_fixed_the_same_day_is_no_credit() -> None:
    """Not without evidence of the hour, whichever of the two has none."""
    story_dated = Tale().exposed("radio", "03-10", precision=Precision.DAY, received="03-11 07:00")
    assert credit(fixed(story_dated, "03-10 15:00")) is Credit.HOUR_UNKNOWN
    fix_dated = Tale().exposed("radio", "03-10 08:00")
    assert credit(fixed(fix_dated, "03-10", Precision.DAY)) is Credit.HOUR_UNKNOWN
    both = Tale().exposed("radio", "03-10", precision=Precision.DAY, received="03-11 07:00")
    assert credit(fixed(both, "03-10", Precision.DAY)) is Credit.HOUR_UNKNOWN


def test_our_receipt_is_evidence_of_the_hour() -> None:
    tale = Tale().exposed("radio", "03-10", precision=Precision.DAY, received="03-10 09:30")
    assert credit(fixed(tale, "03-10 15:00")) is Credit.VIA_MEDIA
    early = Tale().exposed("radio", "03-10", precision=Precision.DAY, received="03-10 09:30")
    assert credit(fixed(early, "03-10 09:00")) is Credit.HOUR_UNKNOWN


@pytest.mark.parametrize("hour", ["", " 12:00", " 23:59"])
def test_dates_on_different_days_need_no_hour(hour: str) -> None:
    """Whatever hour a date was stored with."""
    day_before = Tale().exposed("radio", f"03-09{hour}", precision=Precision.DAY, received="03-15")
    assert credit(fixed(day_before, f"03-10{hour}", Precision.DAY)) is Credit.VIA_MEDIA
    day_after = Tale().exposed("radio", f"03-11{hour}", precision=Precision.DAY, received="03-15")
    assert credit(fixed(day_after, f"03-10{hour}", Precision.DAY)) is Credit.TOGETHER


def test_a_day_is_a_day_in_shanghai() -> None:
    """00:01 on the 10th is still the 9th in Greenwich."""
    tale = Tale().exposed("radio", "03-10 00:01", precision=Precision.DAY, received="03-15")
    assert credit(fixed(tale, "03-09", Precision.DAY)) is Credit.TOGETHER
    late = Tale().exposed("radio", "03-09 23:59", precision=Precision.DAY, received="03-15")
    assert credit(fixed(late, "03-10 00:01")) is Credit.VIA_MEDIA


# Fixed while reporting (边督边改)


def test_fixed_while_reporting_with_a_logged_inquiry_is_counted_on_its_own_line() -> None:
    tale = Tale().asked("radio", "03-05 10:00").exposed("radio", "03-12")
    assert credit(fixed(tale, "03-10")) is Credit.BEFORE_PRINT


def test_fixed_while_reporting_without_a_logged_inquiry_is_not_counted() -> None:
    assert credit(fixed(Tale().exposed("radio", "03-12"), "03-10")) is Credit.TOGETHER


@pytest.mark.parametrize(
    ("stated", "logged"),
    [("03-05", "03-11"), ("03-05", "03-10 08:00"), ("03-11", "03-11")],
    ids=["logged later with an early date", "logged at the very moment", "asked later"],
)
def test_an_inquiry_counts_only_if_it_was_logged_here_before_the_fix(stated: str, logged: str) -> None:
    tale = Tale().asked("radio", stated, received=logged).exposed("radio", "03-12")
    assert credit(fixed(tale, "03-10 08:00")) is Credit.TOGETHER


def test_another_outlet_s_inquiry_saves_nobody() -> None:
    tale = Tale().asked("evening news", "03-05").exposed("radio", "03-12")
    assert credit(fixed(tale, "03-10")) is Credit.TOGETHER


def test_an_inquiry_that_led_to_no_story_is_no_exposure() -> None:
    assert credit(fixed(Tale().asked("radio", "03-05"), "03-10")) is Credit.NOT_EXPOSED


def test_only_outlets_that_asked_share_in_what_was_fixed_before_print() -> None:
    tale = Tale().asked("radio", "03-05").exposed("radio", "03-12").exposed("evening news", "03-12")
    assert judged(fixed(tale, "03-10")).outlets == {oid("radio")}


def test_an_inquiry_into_what_another_channel_was_dealing_with_earns_no_line_of_its_own() -> None:
    tale = Tale().reported(Channel.TICKET, "03-01").asked("radio", "03-05").exposed("radio", "03-12")
    assert credit(fixed(tale, "03-10")) is Credit.ALSO_REPORTED


# An earlier ticket

EARLIER = [Channel.TICKET, Channel.PATROL, Channel.LIST, Channel.SNAPSHOT]


@pytest.mark.parametrize("channel", EARLIER)
def test_an_earlier_ticket_leaves_media_also_reported(channel: Channel) -> None:
    tale = Tale().reported(channel, "03-01 08:00").exposed("radio", "03-05")
    assert credit(fixed(tale, "03-10")) is Credit.ALSO_REPORTED
    later = Tale().reported(channel, "03-06").exposed("radio", "03-05")
    assert credit(fixed(later, "03-10")) is Credit.VIA_MEDIA


@pytest.mark.parametrize("channel", EARLIER)
def test_a_back_dated_entry_never_proves_that_it_was_earlier(channel: Channel) -> None:
    tale = Tale().exposed("radio", "03-05").reported(channel, "03-01", received="03-08")
    assert credit(fixed(tale, "03-10")) is Credit.VIA_MEDIA


def test_an_outside_number_proves_the_date_that_stands_beside_it() -> None:
    tale = Tale().exposed("radio", "03-05").reported(Channel.TICKET, "03-01", received="03-08", number="12345-0001")
    assert credit(fixed(tale, "03-10")) is Credit.ALSO_REPORTED
    later = Tale().exposed("radio", "03-05").reported(Channel.TICKET, "03-06", received="03-08", number="12345-0001")
    assert credit(fixed(later, "03-10")) is Credit.VIA_MEDIA


def test_a_ticket_that_is_only_dated_is_earlier_from_the_next_day_on() -> None:
    def told(exposed: str) -> Tale:
        dated = Tale().reported(Channel.TICKET, "03-05", received="03-08", number="12345-0001", precision=Precision.DAY)
        return fixed(dated.exposed("radio", exposed), "03-10")

    assert credit(told("03-05 23:00")) is Credit.VIA_MEDIA
    assert credit(told("03-06 00:00")) is Credit.ALSO_REPORTED


def test_a_ticket_of_the_day_of_a_story_without_an_hour_is_not_proven_earlier() -> None:
    tale = Tale().reported(Channel.TICKET, "03-05 09:00")
    tale.exposed("radio", "03-05 12:00", precision=Precision.DAY, received="03-06")
    assert credit(fixed(tale, "03-10")) is Credit.VIA_MEDIA


def test_a_ticket_that_was_overdue_at_publication_takes_no_credit() -> None:
    overdue = Tale().reported(Channel.TICKET, "03-01", due="03-04").exposed("radio", "03-05")
    assert credit(fixed(overdue, "03-10")) is Credit.VIA_MEDIA
    running = Tale().reported(Channel.TICKET, "03-01", due="03-06").exposed("radio", "03-05")
    assert credit(fixed(running, "03-10")) is Credit.ALSO_REPORTED


def test_a_ticket_that_was_falsely_closed_at_publication_takes_no_credit() -> None:
    closed = Tale().reported(Channel.TICKET, "03-01", closed_elsewhere="03-04").exposed("radio", "03-05")
    assert credit(fixed(closed, "03-10")) is Credit.VIA_MEDIA
    later = Tale().reported(Channel.TICKET, "03-01", closed_elsewhere="03-06").exposed("radio", "03-05")
    assert credit(fixed(later, "03-10")) is Credit.ALSO_REPORTED


def test_one_ticket_that_was_dealt_with_is_enough_whatever_the_others_did() -> None:
    tale = (
        Tale()
        .reported(Channel.TICKET, "03-01", due="03-04")
        .reported(Channel.PATROL, "03-02")
        .exposed("radio", "03-05")
    )
    assert credit(fixed(tale, "03-10")) is Credit.ALSO_REPORTED


def test_a_patrol_s_finding_that_was_overdue_here_takes_no_credit() -> None:
    """A patrol has no clock but ours."""

    def told(exposed: str) -> Tale:
        return (
            Tale()
            .reported(Channel.PATROL, "02-10")
            .assigned(UNIT, "02-10", due="02-20 18:00")
            .exposed("radio", exposed)
            .claimed("03-03", fixed="03-02")
            .verified("03-04")
        )

    assert credit(told("02-20 17:00")) is Credit.ALSO_REPORTED
    assert credit(told("02-20 19:00")) is Credit.VIA_MEDIA


def test_a_deadline_that_was_extended_does_not_show_that_a_finding_lay_idle() -> None:
    tale = (
        Tale()
        .reported(Channel.PATROL, "02-10")
        .assigned(UNIT, "02-10", due="02-20 18:00")
        .extended("02-19", due="03-10")
        .exposed("radio", "03-01")
        .claimed("03-03", fixed="03-02")
        .verified("03-04")
    )
    assert credit(tale) is Credit.ALSO_REPORTED


def test_a_finding_that_was_falsely_closed_here_takes_no_credit() -> None:
    tale = (
        Tale()
        .reported(Channel.PATROL, "02-10")
        .assigned(UNIT, "02-10", due="02-28")
        .claimed("02-12")
        .verified("02-13")
        .closed("02-14")
        .exposed("radio", "03-01")
        .revoked("03-01", due="03-20")
        .claimed("03-03", fixed="03-02")
        .verified("03-04")
    )
    assert credit(tale) is Credit.VIA_MEDIA


def test_a_finding_of_which_a_part_was_fixed_and_the_rest_asked_for_was_being_dealt_with() -> None:
    def told(exposed: str) -> Tale:
        return (
            Tale()
            .reported(Channel.PATROL, "02-10")
            .assigned(UNIT, "02-10", due="03-31")
            .claimed("02-12", outcome=Outcome.PARTLY_RESOLVED)
            .verified("02-13", outcome=Outcome.PARTLY_RESOLVED)
            .continued("02-14", due="03-20")
            .exposed("radio", exposed)
            .claimed("03-03", fixed="03-02")
            .verified("03-04")
        )

    assert credit(told("03-01")) is Credit.ALSO_REPORTED


def test_what_was_closed_falsely_only_after_the_exposure_was_being_dealt_with_at_publication() -> None:
    tale = (
        Tale()
        .reported(Channel.PATROL, "02-10")
        .exposed("radio", "02-11")
        .assigned(UNIT, "02-12", due="02-28")
        .claimed("02-14")
        .verified("02-15")
        .closed("02-16")
        .revoked("03-01", due="03-20")
        .claimed("03-03", fixed="03-02")
        .verified("03-04")
    )
    assert credit(tale) is Credit.ALSO_REPORTED


def test_a_ticket_that_was_taken_back_takes_no_credit() -> None:
    tale = Tale().reported(Channel.TICKET, "03-01").withdraw_last("03-02").exposed("radio", "03-05")
    assert credit(fixed(tale, "03-10")) is Credit.VIA_MEDIA


def test_an_exposure_after_the_ticket_ran_out_counts_though_an_earlier_one_did_not() -> None:
    tale = Tale().reported(Channel.TICKET, "03-01", due="03-06").exposed("radio", "03-05")
    assert credit(fixed(tale.exposed("evening news", "03-07"), "03-10")) is Credit.VIA_MEDIA


def test_an_exposure_before_the_ticket_counts_though_another_came_after_it() -> None:
    tale = Tale().exposed("radio", "03-01").reported(Channel.TICKET, "03-03").exposed("evening news", "03-05")
    assert credit(fixed(tale, "03-10")) is Credit.VIA_MEDIA


# Coming back


def test_a_revoked_closing_counts_until_then_and_not_from_then() -> None:
    tale = fixed_problem().revoked("03-20 10:00")
    assert judge(tale.as_of("03-20 09:59"), Level.CITY, SHANGHAI).credit is Credit.VIA_MEDIA
    assert judge(tale.as_of("03-20 10:00"), Level.CITY, SHANGHAI).credit is Credit.NOT_RESOLVED
    again = tale.claimed("03-22").verified("03-23")
    assert credit(again) is Credit.VIA_MEDIA


def test_a_relapse_leaves_the_former_problem_s_credit() -> None:
    assert credit(fixed_problem().relapsed("06-01")) is Credit.VIA_MEDIA


def test_a_second_round_is_judged_by_its_own_fix() -> None:
    """What was reported together the first time was exposed before the second fix."""
    tale = fixed(Tale().exposed("radio", "03-12"), "03-10")
    assert credit(tale) is Credit.TOGETHER
    assert credit(tale.closed("03-21").revoked("03-25").claimed("03-28").verified("03-29")) is Credit.VIA_MEDIA


# A follow-up as proof


def test_a_check_that_rests_on_a_follow_up_counts_and_the_follow_up_is_no_exposure() -> None:
    tale = Tale().exposed("radio", "03-01").assigned(UNIT, "03-01").claimed("03-03").followed_up("portal", "03-04")
    tale.verified("03-05", basis=Basis.FOLLOW_UP, story_id=oid("a follow-up"))
    assert judged(tale).credit is Credit.VIA_MEDIA
    assert judged(tale).outlets == {oid("radio")}


def test_praise_of_the_fix_of_what_nobody_exposed_is_no_credit() -> None:
    tale = Tale().reported(Channel.PATROL, "03-01").followed_up("evening news", "03-12")
    assert credit(fixed(tale, "03-10")) is Credit.NOT_EXPOSED
