"""Clock rules: which of them applies to a problem, and what it gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given as always
from hypothesis import strategies as st

from media_tracker.problems.case import Severity
from media_tracker.problems.clocks.rules import (
    DANGER,
    DEFAULT_WORKDAYS,
    RULED,
    Circumstances,
    ClockKind,
    ClockRule,
    Source,
    contenders,
    fits,
    given,
    mistakes,
    own_rule,
    source_of,
    verdict,
)
from media_tracker.problems.clocks.table import in_order, row_of, rule_of, shipped_rules
from media_tracker.taxonomy.categories import read_categories
from tests.problems.cases import SHANGHAI, Tale, at

COVER, RUBBISH, STICKERS = "102", "201", "106"
CATEGORIES = {category.code: category for category in read_categories()}
MONDAY = at("03-07 09:00")
FEEDBACK, HAND_OVER, PROTECTION = ClockKind.FEEDBACK, ClockKind.HAND_OVER, ClockKind.PROTECTION


def rule(
    limit: int,
    unit: str = "workday",
    *,
    kind: ClockKind = FEEDBACK,
    category: str | None = None,
    severity: Severity | None = None,
    source: Source | None = None,
    warning_hours: int | None = None,
) -> ClockRule:
    return ClockRule(kind, category, severity, source, limit, unit, warning_hours)  # type: ignore[arg-type]


def about(code: str, severity: Severity = Severity.NORMAL, source: Source = Source.MEDIA) -> Circumstances:
    known = CATEGORIES[code]
    path = (code, known.parent) if known.parent else (code,)
    return Circumstances(path, known.danger, severity, source, own_rule(code, known.limit, known.limit_unit))


def applies(rules: list[ClockRule], of: Circumstances, kind: ClockKind = FEEDBACK) -> tuple[int, str] | None:
    found = verdict(kind, rules, of, MONDAY, SHANGHAI)
    return (found.rule.limit, found.rule.unit) if found else None


@pytest.mark.parametrize(
    ("rules", "of", "expected"),
    [
        ([], about(RUBBISH), (1, "workday")),
        ([], about(COVER), (24, "hour")),
        ([], replace(about(RUBBISH), own=own_rule(RUBBISH, None, None)), (DEFAULT_WORKDAYS, "workday")),
        ([rule(9, category=RUBBISH)], about(RUBBISH), (9, "workday")),
        ([rule(9, category="2")], about(RUBBISH), (1, "workday")),
        ([rule(9)], about(RUBBISH), (1, "workday")),
        ([rule(2, source=Source.MEDIA)], about(STICKERS), (2, "workday")),
        ([rule(2, source=Source.MEDIA)], about(STICKERS, source=Source.OTHER), (3, "workday")),
        ([rule(9, source=Source.MEDIA)], about(STICKERS), (3, "workday")),
        ([rule(9, category=STICKERS, source=Source.MEDIA)], about(STICKERS), (9, "workday")),
        (
            [rule(4, category=STICKERS), rule(9, category=STICKERS, source=Source.MEDIA)],
            about(STICKERS),
            (9, "workday"),
        ),
        ([rule(24, "hour", severity=Severity.URGENT)], about(STICKERS, Severity.URGENT), (24, "hour")),
        ([rule(24, "hour", severity=Severity.URGENT)], about(STICKERS, Severity.KEY), (3, "workday")),
        ([rule(3, severity=Severity.KEY)], about(COVER, Severity.KEY), (24, "hour")),
        ([rule(12, "hour", category=DANGER)], about(COVER), (24, "hour")),
        ([rule(12, "hour", category=DANGER, source=Source.MEDIA)], about(COVER), (12, "hour")),
        ([rule(12, "hour", category=DANGER, source=Source.MEDIA)], about(STICKERS), (3, "workday")),
        ([rule(2, kind=HAND_OVER)], about(STICKERS), (3, "workday")),
    ],
    ids=[
        "the table of categories alone",
        "a danger in hours",
        "nothing at all",
        "the very category takes the place of its own limit",
        "a class does not lengthen what a category says",
        "nor does a rule for all",
        "media shorten what a category says",
        "but not for others",
        "and do not lengthen it",
        "unless the category is named",
        "the more special of two for the category",
        "urgent in hours",
        "urgent is not key",
        "working days do not lengthen a danger's hours",
        "the category's own limit is more special than that of all dangers",
        "all dangers that media expose",
        "and nothing else",
        "another clock",
    ],
)
def test_the_rule_that_says_most_about_a_problem_applies_and_of_equals_the_shorter(
    rules: list[ClockRule], of: Circumstances, expected: tuple[int, str]
) -> None:
    assert applies(rules, of) == expected


def test_what_ends_later_beside_it_is_told() -> None:
    rules = [rule(2, source=Source.MEDIA), rule(1, severity=Severity.KEY)]
    found = verdict(FEEDBACK, rules, about(STICKERS, Severity.KEY), MONDAY, SHANGHAI)
    assert found is not None
    assert found.rule == rules[1]
    assert [(other.limit, other.category) for other in found.beside] == [(2, None), (3, STICKERS)]


def test_a_clock_that_no_rule_is_made_for_does_not_run() -> None:
    rules = [rule(2, "hour", kind=PROTECTION, category=DANGER)]
    assert applies(rules, about(COVER), PROTECTION) == (2, "hour")
    assert applies(rules, about(STICKERS), PROTECTION) is None
    assert applies([], about(STICKERS), HAND_OVER) is None


@pytest.mark.parametrize(
    ("of", "kind", "due"),
    [
        (about(STICKERS), HAND_OVER, "03-09 00:00"),
        (about(STICKERS, source=Source.OTHER), HAND_OVER, "03-10 00:00"),
        (about(STICKERS, Severity.URGENT), HAND_OVER, "03-07 13:00"),
        (about(COVER), HAND_OVER, "03-07 11:00"),
        (about(COVER), PROTECTION, "03-07 11:00"),
        (about(COVER), FEEDBACK, "03-08 09:00"),
        (about(STICKERS), FEEDBACK, "03-11 00:00"),
        (about("104"), FEEDBACK, "03-17 00:00"),
        (about("104", source=Source.OTHER), FEEDBACK, "03-29 00:00"),
        (about("104", Severity.KEY), FEEDBACK, "03-11 00:00"),
        (about("104", Severity.URGENT), FEEDBACK, "03-08 09:00"),
    ],
)
def test_what_an_installation_begins_with(of: Circumstances, kind: ClockKind, due: str) -> None:
    found = verdict(kind, shipped_rules(), of, MONDAY, SHANGHAI)
    assert found is not None
    assert found.given.due_at == at(due)


def test_every_category_has_a_limit_for_the_hand_over_and_the_fix_and_dangers_one_for_protection() -> None:
    for code, category in CATEGORIES.items():
        if category.parent is None:
            continue
        for severity in Severity:
            for source in Source:
                of = about(code, severity, source)
                kinds = {kind for kind in RULED if verdict(kind, shipped_rules(), of, MONDAY, SHANGHAI)}
                assert kinds == ({*RULED} if category.danger else {HAND_OVER, FEEDBACK}), code


def test_the_warning_is_given_with_the_limit_and_never_before_its_beginning() -> None:
    assert given(rule(24, "hour", warning_hours=6), MONDAY, SHANGHAI).warn_at == MONDAY + timedelta(hours=18)
    assert given(rule(1, warning_hours=24), at("03-07 23:00"), SHANGHAI).warn_at == at("03-08 00:00")
    assert given(rule(1, warning_hours=200), MONDAY, SHANGHAI).warn_at == MONDAY
    assert given(rule(1), MONDAY, SHANGHAI).warn_at is None


def test_a_limit_that_reaches_into_a_year_without_a_calendar_says_so() -> None:
    assert not given(rule(3), at("2099-01-02 09:00"), SHANGHAI).official
    assert given(rule(3, "hour"), at("2099-01-02 09:00"), SHANGHAI).official


def test_an_exposure_that_stands_makes_it_a_problem_of_media() -> None:
    exposed = Tale().exposed("evening news", "03-01")
    assert source_of(exposed.case) is Source.MEDIA
    assert source_of(exposed.withdrawn("03-02").case) is Source.OTHER
    assert source_of(Tale().asked("evening news", "03-01").case) is Source.OTHER


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (rule(0), "limit"),
        (rule(251), "limit"),
        (rule(24, "hour", warning_hours=25), "warning_hours"),
        (rule(24, "hour", warning_hours=0), "warning_hours"),
        (rule(1, category="999"), "category"),
        (rule(1, kind=PROTECTION, category=DANGER, severity=Severity.KEY), "unit"),
        (rule(1, category=DANGER), "unit"),
        (rule(7, source=Source.MEDIA), "category"),
    ],
)
def test_a_rule_that_cannot_stand_beside_the_others_is_named_by_its_field(wrong: ClockRule, field: str) -> None:
    assert set(mistakes(wrong, shipped_rules(), CATEGORIES)) == {field}


def test_what_is_shipped_could_be_typed_in_and_is_stored_and_read_as_it_is() -> None:
    for one in shipped_rules():
        assert mistakes(one, [other for other in shipped_rules() if other != one], CATEGORIES) == {}
        assert rule_of(row_of(one)) == one


_rules = st.builds(
    ClockRule,
    st.sampled_from(RULED),
    st.sampled_from([None, DANGER, "1", "2", COVER, RUBBISH]),
    st.sampled_from([None, *Severity]),
    st.sampled_from([None, *Source]),
    st.integers(1, 60),
    st.sampled_from(["workday", "hour"]),
)
_problems = st.builds(
    about, st.sampled_from([COVER, RUBBISH, STICKERS]), st.sampled_from(Severity), st.sampled_from(Source)
)


@always(st.lists(_rules, max_size=6, unique_by=lambda each: each.key), _problems, st.sampled_from(RULED))
def test_the_order_of_the_rules_means_nothing_and_what_does_not_fit_changes_nothing(
    rules: list[ClockRule], of: Circumstances, kind: ClockKind
) -> None:
    expected = applies(rules, of, kind)
    due = {
        order[0].limit if order else 0: verdict(kind, order, of, MONDAY, SHANGHAI) for order in permutations(rules[:4])
    }
    first = verdict(kind, rules[:4], of, MONDAY, SHANGHAI)
    assert {found.given.due_at if found else None for found in due.values()} == {first.given.due_at if first else None}
    fitting = [each for each in rules if each.kind is kind and fits(each, of)]
    assert applies(fitting, of, kind) == expected
    assert set(contenders(kind, rules, of)) <= {*fitting, of.own}


@always(st.lists(_rules, max_size=6, unique_by=lambda each: each.key))
def test_rules_are_kept_in_an_order_of_their_own(rules: list[ClockRule]) -> None:
    ordered = in_order(rules)
    assert ordered == in_order(list(reversed(rules)))
    assert sorted(ordered, key=lambda each: each.key) == sorted(rules, key=lambda each: each.key)
