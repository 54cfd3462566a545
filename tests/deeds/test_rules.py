"""What may be shown of people and pictures, how a nomination goes up, what may stand in a lead: pure rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.deeds.deed import Consent, ConsentWay, DeedPhoto, DeedStory, Level, Nomination, Person, Result
from media_tracker.deeds.lead_rules import Caller, erase_at, says_too_much
from media_tracker.deeds.nominations import ORDER, mistakes, standing
from media_tracker.deeds.showing import is_public, masked, may_look, may_name, may_show, under_18, why_not_release

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TODAY = date(2026, 3, 1)
AGREED = Consent(way=ConsentWay.FORM, given_on="2026-02-01", recorded_at=NOW)
GUARDIAN = AGREED.model_copy(update={"guardian": True})
TAKEN_BACK = AGREED.model_copy(update={"withdrawn_at": NOW})
STORY = DeedStory(story_id=ObjectId(), outlet_id=ObjectId(), published_at=NOW)


def person(
    minor: bool | None = None, consent: Consent | None = AGREED, name: str = "甲小乙", called: str = ""
) -> Person:
    return Person(id=ObjectId(), name=name, called=called, minor=minor, consent=consent)


def photo(people: bool = True) -> DeedPhoto:
    return DeedPhoto(id=ObjectId(), people=people, at=NOW)


@pytest.mark.parametrize(
    ("minor", "young", "consent", "named"),
    [
        (None, False, AGREED, True),
        (False, True, AGREED, True),
        (None, True, AGREED, False),
        (True, False, GUARDIAN, False),
        (None, False, None, False),
        (None, False, TAKEN_BACK, False),
    ],
)
def test_a_name_needs_consent_that_stands_and_is_never_a_childs(
    minor: bool | None, young: bool, consent: Consent | None, named: bool
) -> None:
    who = person(minor, consent)
    assert may_name(who, young) is named
    assert may_show(photo(), [who], young) is named
    assert may_show(photo(people=False), [who], young), "nobody can be recognised in it"


def test_a_picture_with_somebody_in_it_needs_that_everybody_is_known_and_agrees() -> None:
    assert not may_show(photo(), [], False)
    assert not may_show(photo(), [person(), person(consent=None)], False)
    assert may_look(photo(), [person(consent=None)], False)
    assert not may_look(photo(), [person(consent=TAKEN_BACK)], False)


def test_of_a_child_the_given_name_is_masked_too_and_longer_names_come_first() -> None:
    people = [
        person(True, name="甲小乙", called="一名初中生"),
        person(None, None, name="小乙丙"),
        person(name="丁戊己"),
    ]
    text = masked("甲小乙、小乙丙和丁戊己。小乙笑了。", people, False, lambda who: who.called or "一位好心人")
    assert text == "一名初中生、一位好心人和丁戊己。一名初中生笑了。"


@given(
    st.lists(st.tuples(st.sampled_from([None, True, False]), st.sampled_from([None, AGREED, GUARDIAN, TAKEN_BACK]))),
    st.booleans(),
)
def test_what_can_be_released_is_public_and_nothing_that_is_public_lacks_consent(
    people: list[tuple[bool | None, Consent | None]], young: bool
) -> None:
    recorded = [person(minor, consent) for minor, consent in people]
    can = why_not_release(recorded, [STORY], young, nobody=True) is None
    assert can is is_public(True, recorded, [STORY], young)
    assert not is_public(False, recorded, [STORY], young)
    gone = STORY.model_copy(update={"withdrawn_at": NOW})
    assert not is_public(True, recorded, [gone], young)
    if can:
        for who in recorded:
            assert who.consent is not None
            assert who.consent.stands
            assert who.consent.guardian or not under_18(who, young)
    if not recorded:
        assert why_not_release(recorded, [STORY], young, nobody=False) is not None


def line(level: Level, result: Result = Result.REACHED, on: str = "2026-02-01") -> Nomination:
    return Nomination(level=level, result=result, on=on, at=NOW)


@pytest.mark.parametrize(
    ("lines", "level", "result", "on", "wrong"),
    [
        ([], Level.RECOMMENDED, Result.REACHED, TODAY, set()),
        ([], Level.CITY, Result.REACHED, TODAY, set()),
        ([], None, Result.REACHED, TODAY, {"level"}),
        ([], None, Result.WITHDRAWN, TODAY, {"result"}),
        ([line(Level.CITY)], Level.DISTRICT, Result.REACHED, TODAY, {"level"}),
        ([line(Level.CITY)], Level.CITY, Result.REFUSED, TODAY, {"level"}),
        ([line(Level.CITY)], Level.PROVINCE, Result.REFUSED, TODAY, set()),
        ([line(Level.CITY)], None, Result.WITHDRAWN, TODAY, set()),
        ([line(Level.CITY)], Level.PROVINCE, Result.REACHED, date(2026, 1, 31), {"on"}),
        ([line(Level.CITY)], Level.PROVINCE, Result.REACHED, date(2026, 3, 2), {"on"}),
        ([line(Level.CITY)], Level.PROVINCE, Result.REACHED, None, {"on"}),
    ],
)
def test_a_nomination_goes_up_and_forward_in_time(
    lines: list[Nomination], level: Level | None, result: Result, on: date | None, wrong: set[str]
) -> None:
    assert set(mistakes(lines, level, result, on, TODAY)) == wrong


@given(st.lists(st.tuples(st.sampled_from(Level), st.sampled_from(Result), st.dates(date(2026, 1, 1), TODAY))))
def test_whatever_is_tried_the_way_never_goes_back(tries: list[tuple[Level, Result, date]]) -> None:
    lines: list[Nomination] = []
    for level, result, on in tries:
        before = standing(lines)
        if mistakes(lines, level, result, on, TODAY):
            continue
        lines.append(line(before if result is Result.WITHDRAWN and before else level, result, on.isoformat()))
        after = standing(lines)
        if result is Result.WITHDRAWN:
            assert after is None
        elif result is Result.REFUSED:
            assert after is before
        else:
            assert after is level
            assert before is None or ORDER[level] > ORDER[before]
    assert [each.on for each in lines] == sorted(each.on for each in lines)


@pytest.mark.parametrize(
    ("text", "too_much"),
    [
        ("同一小区还有一位老人义务打扫楼道", False),
        ("1998年开始，已经28年", False),
        ("请打 13800001111", True),
        ("请打１３８００００１１１１", True),
        ("座机 0533-5550199", True),
        ("来电人庚辛说", True),
        ("后四位是 533 5550199", True),
        ("写信到 someone@example.org", True),
        ("身份证 37030319900101123X", True),
    ],
)
def test_what_belongs_to_the_caller_stands_nowhere_else(text: str, too_much: bool) -> None:
    assert says_too_much(text, Caller("庚辛", "0533-5550199", "")) is too_much


def test_a_caller_is_erased_on_a_date_whether_the_lead_is_settled_or_not() -> None:
    assert erase_at(NOW, None, 90) == NOW + timedelta(days=365)
    assert erase_at(NOW, NOW + timedelta(days=2), 90) == NOW + timedelta(days=92)
