"""The figures: every rule of DESIGN §2, every row of its case table, and what must hold of any campaign."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tracker.accounts.actor import Level
from media_tracker.monitor.counting import adds_up, breakdown, rows
from media_tracker.monitor.definitions import DEFINITIONS, Dimension, Key
from media_tracker.monitor.facts import EVERYTHING, DeedFact, Facts, Period, Slice, View, month_of, whole_days
from media_tracker.problems.case import Channel, Outcome
from media_tracker.problems.light import is_overdue
from tests.monitor.campaigns import (
    START,
    YEAR,
    Campaign,
    campaigns,
    cases,
    days,
    fact,
    moment,
    number,
    recounted_exposures,
    recounted_problems,
    recounted_resolved,
    story,
    view,
)
from tests.problems.cases import SHANGHAI, UNIT, Tale, at, fixed_problem, oid

NEWS, RADIO, PORTAL = "evening news", "radio", "portal"


def by(key: Key, facts: Facts, dimension: Dimension, seen: View | None = None) -> dict[str, int]:
    return breakdown(rows(key, facts, seen or view()), dimension, SHANGHAI)


def test_every_figure_has_a_name_and_a_definition() -> None:
    assert set(DEFINITIONS) == set(Key)
    assert all(each.name and each.text for each in DEFINITIONS.values())
    assert len({each.name for each in DEFINITIONS.values()}) == len(Key)


def test_nothing_counts_as_nothing() -> None:
    assert {key: number(key, Facts()) for key in Key} == dict.fromkeys(Key, 0)


# Stories, clusters, problems


def test_a_reprint_is_a_story_of_its_own_and_the_same_cluster() -> None:
    facts = Facts([story(NEWS, "03-01", cluster="text"), story(RADIO, "03-02", cluster="text"), story(PORTAL, "03-03")])
    assert (number(Key.STORIES, facts), number(Key.CLUSTERS, facts), number(Key.PROBLEMS, facts)) == (3, 2, 0)


def test_a_cluster_falls_in_the_period_of_its_first_story() -> None:
    facts = Facts([story(NEWS, "02-28", cluster="text"), story(RADIO, "03-01", cluster="text")])
    assert (number(Key.STORIES, facts), number(Key.CLUSTERS, facts)) == (1, 0)
    facts = Facts([story(NEWS, "02-28", cluster="text", withdrawn=True), story(RADIO, "03-01", cluster="text")])
    assert number(Key.CLUSTERS, facts) == 1


def test_one_story_five_problems() -> None:
    tales = [Tale(f"problem {n}").reported(Channel.EXPOSURE, "03-01", outlet=NEWS, story="one story") for n in range(5)]
    facts = replace(cases(*tales), stories=[story(NEWS, "03-01")])
    assert (number(Key.STORIES, facts), number(Key.EXPOSURES, facts), number(Key.PROBLEMS, facts)) == (1, 5, 5)


@pytest.mark.parametrize("why", ["dirty in many places", "another city in a provincial outlet"])
def test_a_story_that_names_no_place_here_is_a_story_and_nothing_else(why: str) -> None:
    facts = Facts([story(NEWS, "03-01", name=why)])
    assert {key for key in Key if number(key, facts)} == {Key.STORIES, Key.CLUSTERS}


def test_one_off_behaviour_is_an_exposure_of_behaviour_no_problem_and_no_rate() -> None:
    facts = Facts([story(NEWS, "03-01", behaviour=True)])
    assert {key for key in Key if number(key, facts)} == {Key.STORIES, Key.CLUSTERS, Key.BEHAVIOUR}


def test_an_outlet_s_copies_of_a_story_on_behaviour_are_one_voice() -> None:
    copies = [story(NEWS, f"03-0{n} 08:00", name=app, cluster="text", behaviour=True) for n, app in enumerate("abc", 1)]
    facts = Facts([*copies, story(RADIO, "03-02", cluster="text", behaviour=True)])
    assert number(Key.BEHAVIOUR, facts) == 2
    assert number(Key.BEHAVIOUR, facts, view(days("03-02", "03-31"))) == 1, "the reprint; the copies belong to the 1st"


# Exposures


def test_a_follow_up_is_never_an_exposure() -> None:
    tale = Tale().exposed(NEWS, "03-01").followed_up(NEWS, "03-09").followed_up(RADIO, "03-10")
    assert (number(Key.EXPOSURES, cases(tale)), number(Key.PROBLEMS, cases(tale))) == (1, 1)
    only = Tale().followed_up(NEWS, "03-09")
    assert (number(Key.EXPOSURES, cases(only)), number(Key.PROBLEMS, cases(only))) == (0, 0)


@pytest.mark.parametrize("channel", [channel for channel in Channel if channel is not Channel.EXPOSURE])
def test_no_other_channel_exposes_anything(channel: Channel) -> None:
    tale = Tale().reported(channel, "03-01", outlet=NEWS, story="a story")
    assert {key for key in Key if number(key, cases(tale), view(YEAR))} == set()


def test_one_outlet_s_copies_on_paper_app_wechat_and_douyin_are_one() -> None:
    tale = Tale()
    for hour, platform in enumerate(["paper", "app", "wechat", "douyin"], 8):
        tale.exposed(NEWS, f"03-01 {hour:02}:00", copy=platform)
    (row,) = rows(Key.EXPOSURES, cases(tale), view())
    assert row.at == at("03-01 08:00"), "the first of them"


def test_the_same_outlet_on_another_occasion_is_another_exposure_of_the_same_problem() -> None:
    tale = Tale().exposed(NEWS, "03-01").exposed(NEWS, "03-20", occasion=2)
    assert (number(Key.EXPOSURES, cases(tale)), number(Key.PROBLEMS, cases(tale))) == (2, 1)


def test_other_outlets_reprints_count_apart() -> None:
    tale = Tale().exposed(NEWS, "03-01").exposed(RADIO, "03-01").exposed(PORTAL, "03-02")
    assert number(Key.EXPOSURES, cases(tale)) == 3


def test_two_outlets_on_one_problem_are_one_problem_and_do_not_add_up_by_outlet() -> None:
    facts = cases(fixed_problem().exposed(RADIO, "03-01 20:00"), fixed_problem("another"))
    assert (number(Key.PROBLEMS, facts), number(Key.EXPOSURES, facts)) == (2, 3)
    both = {str(oid(NEWS)): 2, str(oid(RADIO)): 1}
    for key in (Key.PROBLEMS, Key.RESOLVED):
        assert by(key, facts, Dimension.OUTLET) == both
        assert not adds_up(rows(key, facts, view()), Dimension.OUTLET, view().zone)
        assert adds_up(rows(key, facts, view()), Dimension.DISTRICT, view().zone)
    assert by(Key.EXPOSURES, facts, Dimension.OUTLET) == both
    assert adds_up(rows(Key.EXPOSURES, facts, view()), Dimension.OUTLET, view().zone)


def test_a_problem_falls_in_the_period_of_its_first_exposure_and_exposures_in_their_own() -> None:
    facts = cases(Tale().exposed(NEWS, "02-28 23:59").exposed(RADIO, "03-01 00:01"))
    february = view(days("02-01", "02-28"))
    assert (number(Key.PROBLEMS, facts, february), number(Key.EXPOSURES, facts, february)) == (1, 1)
    assert (number(Key.PROBLEMS, facts), number(Key.EXPOSURES, facts)) == (0, 1)


def test_a_withdrawn_story_stops_counting_from_then() -> None:
    tale = fixed_problem().withdrawn("04-05")
    for key in (Key.EXPOSURES, Key.PROBLEMS, Key.RESOLVED, Key.DUE):
        assert number(key, cases(tale)) == 0
        assert number(key, cases(tale.as_of("04-04"))) == 1
    stories = Facts([story(NEWS, "03-01", withdrawn=True, behaviour=True)])
    assert {key for key in Key if number(key, stories)} == set()


def test_when_one_copy_is_withdrawn_another_copy_stands() -> None:
    tale = Tale().exposed(NEWS, "03-01", copy="paper").withdraw_last("03-05").exposed(NEWS, "03-02", copy="app")
    (row,) = rows(Key.EXPOSURES, cases(tale), view())
    assert row.at == at("03-02")


def test_a_duplicate_counts_only_in_the_problem_that_stays() -> None:
    gone = Tale("gone").exposed(RADIO, "03-02").duplicate_of("stays", "03-03")
    stays = Tale("stays").exposed(NEWS, "03-01").exposed(RADIO, "03-02")
    assert (number(Key.PROBLEMS, cases(gone, stays)), number(Key.EXPOSURES, cases(gone, stays))) == (1, 2)


def test_what_was_not_accepted_was_exposed_and_is_no_problem() -> None:
    refused, looked_at = Tale("refused").exposed(NEWS, "03-01"), Tale("looked at").exposed(NEWS, "03-01")
    assert number(Key.PROBLEMS, cases(refused)) == 1, "nobody has decided yet"
    facts = cases(refused.refused("03-02"))
    assert (number(Key.EXPOSURES, facts), number(Key.PROBLEMS, facts)) == (1, 0)
    looked_at.assigned(UNIT, "03-01").claimed("03-02", outcome=Outcome.NOTHING_FOUND).nothing_found("03-03")
    assert number(Key.PROBLEMS, cases(looked_at)) == 1, "somebody had to go and look"


def test_local_days_decide_not_greenwich() -> None:
    facts = Facts(
        [story(NEWS, datetime(2022, 2, 28, 16, 0, tzinfo=UTC)), story(NEWS, datetime(2022, 3, 31, 16, 0, tzinfo=UTC))]
    )
    assert [row.at for row in rows(Key.STORIES, facts, view())] == [at("03-01 00:00")]


# Resolved via media


@pytest.mark.parametrize(("verified", "month"), [("03-31 23:59", "2022-03"), ("04-01 00:01", "2022-04")])
def test_resolved_falls_in_the_local_day_of_its_verification(verified: str, month: str) -> None:
    tale = Tale().exposed(NEWS, "02-10").assigned(UNIT, "02-11").claimed("03-02").verified(verified)
    facts = cases(tale)
    assert number(Key.RESOLVED, facts) == (month == "2022-03")
    assert number(Key.RESOLVED, facts, view(days("04-01", "04-30"))) == (month == "2022-04")
    assert by(Key.RESOLVED, facts, Dimension.MONTH, view(YEAR)) == {month: 1}


def test_the_cohort_by_exposure_stands_beside() -> None:
    tale = Tale().exposed(NEWS, "02-10").assigned(UNIT, "02-11").claimed("03-02").verified("03-03")
    february = view(days("02-01", "02-28"))
    assert (number(Key.RESOLVED, cases(tale)), number(Key.RESOLVED_COHORT, cases(tale))) == (1, 0)
    assert (number(Key.RESOLVED, cases(tale), february), number(Key.RESOLVED_COHORT, cases(tale), february)) == (0, 1)


def test_claimed_is_not_resolved_and_stays_visible() -> None:
    tale = Tale().exposed(NEWS, "03-01").assigned(UNIT, "03-01").claimed("03-02")
    assert (number(Key.RESOLVED, cases(tale)), number(Key.CLAIMED, cases(tale))) == (0, 1)


def test_a_district_s_own_check_stays_out_of_every_city_figure() -> None:
    facts = cases(fixed_problem(level=Level.DISTRICT))
    city, district = view(), view(level=Level.DISTRICT)
    for key in (Key.RESOLVED, Key.RESOLVED_NET, Key.RESOLVED_COHORT, Key.DUE_CLOSED, Key.DUE_ON_TIME):
        assert (number(key, facts, city), number(key, facts, district)) == (0, 1), key
    assert number(Key.DUE, facts, city) == 1, "it stays in the denominator"


def test_nothing_found_by_a_district_s_own_check_does_not_close_a_case_for_the_city() -> None:
    tale = Tale().exposed(NEWS, "03-01").assigned(UNIT, "03-01").claimed("03-02", outcome=Outcome.NOTHING_FOUND)
    facts = cases(tale.nothing_found("03-03", level=Level.DISTRICT))
    assert (number(Key.DUE, facts), number(Key.DUE_CLOSED, facts)) == (1, 0)
    assert number(Key.DUE_CLOSED, facts, view(level=Level.DISTRICT)) == 1


def test_a_partial_result_is_not_resolved() -> None:
    tale = Tale().exposed(NEWS, "03-01").assigned(UNIT, "03-01").claimed("03-02", outcome=Outcome.PARTLY_RESOLVED)
    tale.verified("03-03", outcome=Outcome.PARTLY_RESOLVED).closed("03-04")
    assert (number(Key.RESOLVED, cases(tale)), number(Key.RESOLVED_COHORT, cases(tale))) == (0, 0)


def test_what_was_fixed_while_reporting_has_a_line_of_its_own() -> None:
    asked = Tale("asked").asked(NEWS, "03-01").exposed(NEWS, "03-05")
    unasked = Tale("unasked").exposed(NEWS, "03-05")
    told = [tale.assigned(UNIT, "03-01").claimed("03-06", fixed="03-04").verified("03-07") for tale in (asked, unasked)]
    facts = cases(*told)
    assert (number(Key.BEFORE_PRINT, facts), number(Key.RESOLVED, facts), number(Key.PROBLEMS, facts)) == (1, 0, 2)
    assert rows(Key.BEFORE_PRINT, facts, view())[0].problem_id == asked.id


def test_with_an_earlier_ticket_media_is_also_reported() -> None:
    def told(name: str, received: str, due: str | None = None) -> Tale:
        tale = Tale(name).reported(Channel.TICKET, "02-20", received=received, due=due).exposed(NEWS, "03-01")
        return tale.assigned(UNIT, "03-01").claimed("03-03").verified("03-04")

    facts = cases(told("running", "02-20"), told("back-dated", "03-02"), told("overdue", "02-20", due="02-25"))
    assert (number(Key.ALSO_REPORTED, facts), number(Key.RESOLVED, facts)) == (1, 2)
    assert rows(Key.ALSO_REPORTED, facts, view())[0].problem_id == oid("running")


def test_an_outlet_that_exposed_it_only_after_the_fix_has_no_part_in_the_figure() -> None:
    facts = cases(fixed_problem().exposed(RADIO, "03-03"))
    assert by(Key.RESOLVED, facts, Dimension.OUTLET) == {str(oid(NEWS)): 1}
    assert by(Key.PROBLEMS, facts, Dimension.OUTLET) == {str(oid(NEWS)): 1, str(oid(RADIO)): 1}


def test_praise_of_the_fix_of_what_nobody_exposed_counts_as_nothing() -> None:
    tale = Tale().reported(Channel.PATROL, "03-01").assigned(UNIT, "03-01").claimed("03-03").verified("03-04")
    facts = cases(tale.followed_up(NEWS, "03-05"))
    assert {key for key in Key if number(key, facts)} == set()


def test_exposed_again_within_thirty_days_the_closing_is_uncounted_from_then() -> None:
    tale = fixed_problem().exposed(NEWS, "03-25", occasion=2).revoked("03-25 12:00")
    for key in (Key.RESOLVED, Key.RESOLVED_NET, Key.RESOLVED_COHORT, Key.DUE_CLOSED, Key.DUE_ON_TIME):
        assert number(key, cases(tale)) == 0
        assert number(key, cases(tale.as_of("03-25 11:59"))) == 1
    again = cases(tale.claimed("04-02").verified("04-03"))
    assert number(Key.RESOLVED, again) == 0
    assert number(Key.RESOLVED, again, view(days("04-01", "04-30"))) == 1
    assert (number(Key.DUE_CLOSED, again), number(Key.DUE_ON_TIME, again)) == (1, 0), (
        "fixed, but not by the original date"
    )


def test_exposed_again_later_it_is_a_relapse_and_net_resolved_stands_beside() -> None:
    former = fixed_problem("former").relapsed("04-20", as_problem="latter")
    latter = Tale("latter", relapse_of="former").exposed(NEWS, "04-20")
    facts, april = cases(former, latter), view(days("04-01", "04-30"))
    assert (number(Key.RESOLVED, facts), number(Key.RESOLVED_NET, facts), number(Key.RELAPSED, facts)) == (1, 0, 0)
    assert (number(Key.PROBLEMS, facts, april), number(Key.RELAPSED, facts, april)) == (1, 1)
    before = cases(former.as_of("04-19"))
    assert (number(Key.RESOLVED, before), number(Key.RESOLVED_NET, before)) == (1, 1)


# What is due, what is late


def test_a_problem_is_overdue_from_the_first_moment_over() -> None:
    case = Tale().exposed(NEWS, "03-01").assigned(UNIT, "03-01", due="03-10 18:00").case
    assert not is_overdue(case, at("03-10 18:00"))
    assert is_overdue(case, at("03-10 18:00") + timedelta(milliseconds=1))


def test_overdue_and_deferred_stay_visible() -> None:
    late = Tale("late").exposed(NEWS, "03-01").assigned(UNIT, "03-01", due="03-10")
    put_off = Tale("put off").exposed(NEWS, "03-01").assigned(UNIT, "03-01", due="03-10").deferred("03-05")
    facts = cases(late, put_off)
    assert [row.problem_id for row in rows(Key.OVERDUE, facts, view())] == [late.id]
    assert [row.problem_id for row in rows(Key.DEFERRED, facts, view())] == [put_off.id]
    assert (number(Key.DUE, facts), number(Key.DUE_CLOSED, facts)) == (2, 0), (
        "a deferral does not leave the denominator"
    )


@pytest.mark.parametrize(
    ("tale", "overdue"),
    [
        (Tale().assigned(UNIT, "03-01", due="03-10"), True),
        (Tale().assigned(UNIT, "03-01", due="03-10").started("03-02"), True),
        (Tale().assigned(UNIT, "03-01", due="03-10").returned("03-02"), True),
        (Tale().assigned(UNIT, "03-01", due="03-10").claimed("03-02").failed("03-03", due="03-12"), True),
        (Tale().assigned(UNIT, "03-01", due="03-10").claimed("03-02"), False),
        (Tale().assigned(UNIT, "03-01", due="03-10").extended("03-05", due="06-01"), False),
        (Tale().assigned(UNIT, "03-01", due="03-10").claimed("03-20").verified("03-21"), False),
        (Tale(), False),
    ],
    ids=["assigned", "in progress", "sent back", "in rework", "claimed", "extended", "verified", "not assigned"],
)
def test_who_is_overdue(tale: Tale, overdue: bool) -> None:
    assert is_overdue(tale.case, at("04-30")) is overdue


def test_due_is_what_should_have_been_closed_by_the_original_deadline() -> None:
    def told(name: str, due: str) -> Tale:
        return Tale(name).exposed(NEWS, "02-20").assigned(UNIT, "02-20", due=due)

    facts = cases(
        told("before", "02-28"), told("in", "03-31 23:59"), told("after", "04-01"), Tale("none").exposed(NEWS, "03-01")
    )
    assert [row.problem_id for row in rows(Key.DUE, facts, view())] == [oid("in")]
    assert number(Key.DUE, facts, view(now="03-20")) == 0, "a deadline that has not come is not missed"
    moved = cases(told("moved", "03-10").extended("03-05", due="06-01"))
    assert number(Key.DUE, moved) == 1, "an extension does not leave the denominator"


def test_due_leaves_out_what_was_rejected_or_is_a_duplicate_or_was_never_exposed() -> None:
    sent_back = Tale("r").exposed(NEWS, "03-01").assigned(UNIT, "03-01").returned("03-02")
    facts = cases(
        sent_back.refused("03-03"),
        Tale("d").exposed(NEWS, "03-01").assigned(UNIT, "03-01").duplicate_of("x", "03-02"),
        Tale("p").reported(Channel.PATROL, "03-01").assigned(UNIT, "03-01"),
    )
    assert number(Key.DUE, facts) == 0


@pytest.mark.parametrize(
    ("claimed", "on_time"), [("03-10 17:59", 1), ("03-10 18:00", 1), ("03-10 18:01", 0), ("03-20", 0)]
)
def test_on_time_is_by_the_original_deadline_and_by_the_answer(claimed: str, on_time: int) -> None:
    tale = Tale().exposed(NEWS, "03-01").assigned(UNIT, "03-01", due="03-10 18:00").extended("03-02", due="03-30")
    facts = cases(tale.claimed(claimed, fixed="03-09").verified("03-25"))
    assert (number(Key.DUE, facts), number(Key.DUE_CLOSED, facts), number(Key.DUE_ON_TIME, facts)) == (1, 1, on_time)


def test_a_false_answer_in_time_does_not_make_a_late_fix_punctual() -> None:
    tale = Tale().exposed(NEWS, "03-01").assigned(UNIT, "03-01", due="03-10 18:00").claimed("03-09")
    facts = cases(tale.failed("03-12", due="03-20").claimed("03-15").verified("03-16"))
    assert (number(Key.DUE_CLOSED, facts), number(Key.DUE_ON_TIME, facts)) == (1, 0)


# Deeds


def test_a_good_deed_falls_in_the_period_of_its_first_story() -> None:
    facts = Facts(deeds=[DeedFact(oid("deed"), frozenset({oid(NEWS), oid(RADIO)}), at("03-01"), "370303")])
    assert number(Key.GOOD_DEEDS, facts) == 1
    assert not adds_up(rows(Key.GOOD_DEEDS, facts, view()), Dimension.OUTLET, view().zone)
    assert number(Key.GOOD_DEEDS, facts, view(days("03-02", "03-31"))) == 0


# Lists and breakdowns


def test_the_newest_comes_first() -> None:
    facts = Facts([story(NEWS, "03-01"), story(NEWS, "03-03"), story(NEWS, "03-02")])
    assert [row.at for row in rows(Key.STORIES, facts, view())] == [at("03-03"), at("03-02"), at("03-01")]


def test_categories_are_broken_down_by_their_top_class_and_can_be_listed_at_any_level() -> None:
    facts = Facts(
        cases=[
            fact(Tale("1").exposed(NEWS, "03-01"), categories=("A01", "A")),
            fact(Tale("2").exposed(NEWS, "03-01"), categories=("A02", "A")),
            fact(Tale("3").exposed(NEWS, "03-01"), categories=()),
        ]
    )
    assert by(Key.PROBLEMS, facts, Dimension.CATEGORY) == {"": 1, "A": 2}
    for category, length in {"A": 2, "A01": 1, "A02": 1, "": 1, "B": 0}.items():
        assert len(rows(Key.PROBLEMS, facts, view(), Slice(category=category))) == length


def test_slices_narrow_each_other() -> None:
    facts = Facts(
        cases=[fact(fixed_problem("1"), "370303"), fact(fixed_problem("2"), "370304"), fact(fixed_problem("3"), None)]
    )
    assert by(Key.RESOLVED, facts, Dimension.DISTRICT) == {"": 1, "370303": 1, "370304": 1}
    part = Slice(outlet=oid(NEWS), district="370304", category="A", month="2022-03")
    assert [row.problem_id for row in rows(Key.RESOLVED, facts, view(), part)] == [oid("2")]
    assert rows(Key.RESOLVED, facts, view(), replace(part, outlet=oid(RADIO))) == []
    assert rows(Key.RESOLVED, facts, view(), replace(part, month="2022-04")) == []


def test_days_and_months_are_local() -> None:
    assert whole_days(date(2022, 3, 1), date(2022, 3, 31), SHANGHAI) == (at("03-01"), at("04-01"))
    assert month_of(datetime(2022, 3, 31, 16, 0, tzinfo=UTC), SHANGHAI) == "2022-04"
    assert not view().holds(None)


# Whatever the campaign

ANY = settings(deadline=None, max_examples=60)
LEVELS = st.sampled_from(Level)


@st.composite
def views(draw: st.DrawFn) -> View:
    start = draw(st.integers(0, 100))
    length = draw(st.integers(0, 100))
    first = START.astimezone(SHANGHAI).date() + timedelta(days=start)
    now = moment(draw(st.integers(0, 24 * 120)))
    return View(Period(first, first + timedelta(days=length)), now, draw(LEVELS))


@ANY
@given(campaigns(), views())
def test_every_number_is_the_length_of_the_list_behind_it(campaign: Campaign, seen: View) -> None:
    facts = campaign.facts
    for key in Key:
        whole = rows(key, facts, seen)
        assert len({row.id for row in whole}) == len(whole), "nothing is listed twice"
        assert all(seen.holds(row.at) for row in whole)
        for dimension in Dimension:
            cells = breakdown(whole, dimension, seen.zone)
            assert sum(cells.values()) >= len(whole)
            assert (sum(cells.values()) == len(whole)) is adds_up(whole, dimension, view().zone)
            for value, count in cells.items():
                part = rows(key, facts, seen, EVERYTHING.only(dimension, value))
                assert len(part) == count > 0
                assert [row for row in whole if row in part] == part


PARTS = [
    (Key.CLUSTERS, Key.STORIES),
    (Key.BEHAVIOUR, Key.STORIES),
    (Key.RESOLVED_NET, Key.RESOLVED),
    (Key.RESOLVED_COHORT, Key.PROBLEMS),
    (Key.CLAIMED, Key.PROBLEMS),
    (Key.DEFERRED, Key.PROBLEMS),
    (Key.OVERDUE, Key.PROBLEMS),
    (Key.DUE_CLOSED, Key.DUE),
    (Key.DUE_ON_TIME, Key.DUE_CLOSED),
]
APART = [Key.RESOLVED, Key.BEFORE_PRINT, Key.ALSO_REPORTED]


@ANY
@given(campaigns(), views())
def test_a_numerator_is_a_part_of_its_denominator(campaign: Campaign, seen: View) -> None:
    facts = campaign.facts
    ids = {key: {row.id for row in rows(key, facts, seen)} for key in Key}
    for part, whole in PARTS:
        assert ids[part] <= ids[whole], (part, whole)
    for one, other in combinations(APART, 2):
        assert ids[one].isdisjoint(ids[other]), (one, other)
    assert {row.problem_id for row in rows(Key.EXPOSURES, facts, seen)} >= ids[Key.PROBLEMS]


RECLASSIFIED = {Key.ALSO_REPORTED, Key.BEFORE_PRINT}
"""What stays of a withdrawn exposure's problem may fall to one of these: it is taken from the line above."""


@ANY
@given(campaigns(), st.data())
def test_withdrawing_a_story_never_raises_a_figure(campaign: Campaign, data: st.DataObject) -> None:
    """Over all days: within a period, a problem may move to a later first exposure that stands."""
    seen = View(Period(date(2022, 1, 1), date(2023, 12, 31)), moment(24 * 60), data.draw(LEVELS))
    before = {key: {row.id for row in rows(key, campaign.facts, seen)} for key in Key}
    told = [replace(each, withdrawn=True) if data.draw(st.booleans()) else each for each in campaign.stories]
    plans = [
        replace(plan, told=tuple(replace(e, withdrawn=e.withdrawn or data.draw(st.booleans())) for e in plan.told))
        for plan in campaign.plans
    ]
    after = Campaign(tuple(plans), tuple(told), campaign.deeds).facts
    for key in set(Key) - RECLASSIFIED:
        assert len(rows(key, after, seen)) <= len(before[key]), key
    counted = set().union(*(before[key] for key in APART))
    for key in RECLASSIFIED:
        assert {row.id for row in rows(key, after, seen)} <= counted, key


@ANY
@given(campaigns(), views(), st.data())
def test_the_parts_of_a_period_add_up(campaign: Campaign, seen: View, data: st.DataObject) -> None:
    period = seen.period
    cut = period.start + timedelta(days=data.draw(st.integers(0, (period.end - period.start).days)))
    first = replace(seen, period=Period(period.start, cut))
    facts = campaign.facts
    for key in Key:
        rest = 0
        if cut < period.end:
            rest = len(rows(key, facts, replace(seen, period=Period(cut + timedelta(days=1), period.end))))
        assert len(rows(key, facts, first)) + rest == len(rows(key, facts, seen)), key


@settings(deadline=None, max_examples=150)
@given(campaigns(), views())
def test_a_slow_recount_from_the_rules_comes_to_the_same(campaign: Campaign, seen: View) -> None:
    origin = START.astimezone(SHANGHAI).date()
    first, last = (seen.period.start - origin).days, (seen.period.end - origin).days
    facts = campaign.facts
    assert len(rows(Key.EXPOSURES, facts, seen)) == recounted_exposures(campaign.plans, first, last)
    assert len(rows(Key.PROBLEMS, facts, seen)) == recounted_problems(campaign.plans, first, last)
    assert len(rows(Key.RESOLVED, facts, seen)) == recounted_resolved(campaign.plans, first, last, seen.level)
