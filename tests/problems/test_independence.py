"""Who may not verify: DESIGN §3, person by person, on a small tree of units.

::

    city bureau            other city bureau
    ├── district bureau    └── other bureau's team
    │   ├── team
    │   │   └── squad
    │   └── sibling team
    └── other district bureau
    street office
"""

from __future__ import annotations

import pytest
from bson import ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tracker.accounts.actor import Actor, Role
from media_tracker.places.responsibility import Backers
from media_tracker.places.units import Unit, UnitTree
from media_tracker.problems.case import EventType
from media_tracker.problems.independence import SENTENCES, Dependence, dependences, parties
from media_tracker.problems.lifecycle import Decided
from tests.problems.cases import Tale, at, oid

ABOVE = {
    "district bureau": ("city bureau",),
    "team": ("district bureau", "city bureau"),
    "squad": ("team", "district bureau", "city bureau"),
    "sibling team": ("district bureau", "city bureau"),
    "other district bureau": ("city bureau",),
    "other bureau's team": ("other city bureau",),
}
ANCESTORS = {oid(unit): tuple(oid(each) for each in above) for unit, above in ABOVE.items()}

PLACE = ("370300", "370303", "370303001", "370303001002", "370391")
"""City, district, subdistrict, community; and the high-tech zone that administers them though its code lies elsewhere."""


def person(
    *units: str, name: str = "somebody", answers_for: tuple[str, ...] = (), backs: tuple[str, ...] = ()
) -> Actor:
    return Actor(
        oid(name),
        frozenset({Role.INSPECTOR}),
        units=frozenset(map(oid, units)),
        answers_for=frozenset(map(oid, answers_for)),
        backs=frozenset(backs),
    )


CLAIMED_BY_TEAM = (
    Tale()
    .assigned("team", "03-01", co=("street office",))
    .claimed("03-02", by="the team's clerk", reviewed="the team's head")
    .case
)

BACKERS = Backers(frozenset({oid("the leader by the table")}), frozenset({oid("civilised unit")}))

C, R, O, UP, DOWN, A, B, U = (  # noqa: E741 - short names keep the table a table
    Dependence.CLAIMANT,
    Dependence.REVIEWER,
    Dependence.OWN_UNIT,
    Dependence.SUPERIOR,
    Dependence.SUBORDINATE,
    Dependence.ANSWERS_FOR,
    Dependence.BACKS_PLACE,
    Dependence.UNIT_BACKS_PLACE,
)

TABLE = [
    ("the claimant, who has left the unit", person(name="the team's clerk"), {C}),
    ("the claimant, still there", person("team", name="the team's clerk"), {C, O}),
    ("who released the answer, and has left the unit", person(name="the team's head"), {R}),
    ("who released the answer, still there", person("team", name="the team's head"), {R, O}),
    ("a colleague in the unit", person("team"), {O}),
    ("somebody of the co-handling unit", person("street office"), {O}),
    ("the bureau right above", person("district bureau"), {UP}),
    ("the bureau at the top", person("city bureau"), {UP}),
    ("a squad below", person("squad"), {DOWN}),
    ("a team beside it under one bureau", person("sibling team"), set()),
    ("the same bureau of another district", person("other district bureau"), set()),
    ("another bureau", person("other city bureau"), set()),
    ("another bureau's team", person("other bureau's team"), set()),
    ("somebody of no unit (a citizens' patrol)", person(), set()),
    ("one foot outside, one inside", person("other city bureau", "team"), {O}),
    ("who answers for the unit", person("other city bureau", answers_for=("team",)), {A}),
    ("who answers for the co-handler", person(answers_for=("street office",)), {A}),
    ("who answers for the bureau above", person(answers_for=("district bureau",)), {A}),
    ("who answers for the bureau at the top", person(answers_for=("city bureau",)), {A}),
    ("who answers for another bureau", person(answers_for=("other city bureau",)), set()),
    ("the leader behind the community", person(backs=("370303001002",)), {B}),
    ("the leader behind the subdistrict", person(backs=("370303001",)), {B}),
    ("the leader behind the district", person(backs=("370303",)), {B}),
    ("the leader behind the body that administers it", person(backs=("370391",)), {B}),
    ("the leader behind another subdistrict", person(backs=("370303002",)), set()),
    ("the leader behind another community there", person(backs=("370303001003",)), set()),
    ("the leader behind it by the table", person(name="the leader by the table"), {B}),
    ("somebody of a civilised unit behind it", person("civilised unit"), {U}),
    ("who answers for a civilised unit behind it", person(answers_for=("civilised unit",)), {U}),
    (
        "everything at once",
        person("team", name="the team's clerk", answers_for=("team",), backs=("370303",)),
        {C, O, A, B},
    ),
]


@pytest.mark.parametrize(("who", "actor", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_independence_row_by_row(who: str, actor: Actor, expected: set[Dependence]) -> None:
    assert set(dependences(actor, parties(CLAIMED_BY_TEAM, PLACE, BACKERS), ANCESTORS)) == expected, who


def test_the_table_names_every_reason_and_every_reason_has_a_sentence() -> None:
    assert {reason for _, _, reasons in TABLE for reason in reasons} == set(Dependence)
    assert set(SENTENCES) == set(Dependence)


def test_a_co_handlers_superior_and_subordinate_have_a_stake_as_well() -> None:
    case = Tale().assigned("street office", "03-01", co=("team",)).claimed("03-02").case
    of = parties(case, PLACE)
    assert dependences(person("district bureau"), of, ANCESTORS) == (Dependence.SUPERIOR,)
    assert dependences(person("squad"), of, ANCESTORS) == (Dependence.SUBORDINATE,)


def test_who_worked_on_an_earlier_round_still_counts() -> None:
    case = (
        Tale()
        .assigned("team", "03-01", co=("squad",))
        .claimed("03-02", by="the team's clerk")
        .failed("03-03")
        .started("03-04")
        .returned("03-05")
        .assigned("street office", "03-06")
        .claimed("03-07", by="the office's clerk")
        .case
    )
    assert case.unit_id == oid("street office")
    of = parties(case, PLACE)
    for actor, expected in (
        (person("team"), {Dependence.OWN_UNIT, Dependence.SUPERIOR}),
        (person("squad"), {Dependence.OWN_UNIT, Dependence.SUBORDINATE}),
        (person("district bureau"), {Dependence.SUPERIOR}),
        (person(name="the team's clerk"), {Dependence.CLAIMANT}),
        (person(name="the office's clerk"), {Dependence.CLAIMANT}),
        (person("other city bureau"), set()),
    ):
        assert set(dependences(actor, of, ANCESTORS)) == expected


def test_the_unit_in_charge_has_a_stake_before_it_has_begun() -> None:
    """A deferral is asked for before any work: the unit that wants it may not approve it."""
    case = Tale().assigned("team", "03-01", co=("street office",)).case
    of = parties(case, PLACE)
    assert dependences(person("team"), of, ANCESTORS) == (Dependence.OWN_UNIT,)
    assert dependences(person("street office"), of, ANCESTORS) == (Dependence.OWN_UNIT,)
    assert dependences(person("district bureau"), of, ANCESTORS) == (Dependence.SUPERIOR,)


def test_a_unit_that_sent_it_back_untouched_has_no_stake() -> None:
    case = Tale().assigned("team", "03-01").returned("03-02").assigned("street office", "03-03").claimed("03-04").case
    assert dependences(person("team"), parties(case, PLACE), ANCESTORS) == ()


def test_who_put_evidence_on_record_has_a_stake_wherever_they_work_now() -> None:
    tale = Tale().assigned("team", "03-01").started("03-02")
    photo = {"by": oid("a clerk"), "before": [], "after": [oid("a photo")], "documents": []}
    tale.happened(EventType.EVIDENCE_ADDED, "03-03", **photo).claimed("03-04", by="the team's clerk")
    assert dependences(person(name="a clerk"), parties(tale.case, PLACE), ANCESTORS) == (Dependence.CLAIMANT,)


def test_nobody_is_dependent_on_a_problem_that_nobody_has_touched() -> None:
    assert dependences(person("team"), parties(Tale().case, ()), ANCESTORS) == ()


# Any tree of units, anybody

NAMES = [f"unit {number}" for number in range(8)]
some = st.sets(st.sampled_from(NAMES), max_size=2)


@st.composite
def trees(draw: st.DrawFn) -> dict[str, str | None]:
    """Units with the unit above each: only earlier ones, so nothing is above itself."""
    above: dict[str, str | None] = {}
    for name in NAMES:
        above[name] = draw(st.sampled_from([None, *above]))
    return above


def _is_above(tree: dict[str, str | None], high: str, low: str) -> bool:
    climbing = tree[low]
    while climbing is not None and climbing != high:
        climbing = tree[climbing]
    return climbing == high


def _has_a_stake(tree: dict[str, str | None], own: str, party: str) -> bool:
    return own == party or _is_above(tree, own, party) or _is_above(tree, party, own)


@settings(deadline=None, max_examples=200)
@given(trees(), st.sampled_from(NAMES), some, some, some)
def test_who_has_a_stake_is_whoever_stands_in_line_with_a_unit_that_worked_on_it(
    tree: dict[str, str | None], lead: str, helpers: set[str], own: set[str], answered: set[str]
) -> None:
    case = Tale().assigned(lead, "03-01", co=tuple(sorted(helpers))).claimed("03-02").case
    ancestors = UnitTree(Unit(oid(each), each, oid(above) if above else None) for each, above in tree.items()).ancestors
    actor = person(*own, answers_for=tuple(answered))
    expected = any(_has_a_stake(tree, each, party) for each in own | answered for party in {lead, *helpers})
    assert bool(dependences(actor, parties(case, PLACE), ancestors)) is expected


@settings(deadline=None, max_examples=100)
@given(trees(), st.sampled_from(NAMES), some, some, some, st.sampled_from([(), ("370303",), ("370391",)]))
def test_another_duty_never_makes_anybody_independent(
    tree: dict[str, str | None], lead: str, own: set[str], more: set[str], answered: set[str], backs: tuple[str, ...]
) -> None:
    case = Tale().assigned(lead, "03-01").claimed("03-02").case
    ancestors: dict[ObjectId, tuple[ObjectId, ...]] = {
        oid(each): tuple(oid(other) for other in tree if _is_above(tree, other, each)) for each in tree
    }
    of = parties(case, PLACE)
    before = set(dependences(person(*own), of, ancestors))
    after = set(dependences(person(*own, *more, answers_for=tuple(answered), backs=backs), of, ancestors))
    assert before <= after


def test_who_has_put_interim_protection_on_record_has_a_stake_though_others_made_the_fix() -> None:
    guard = oid("who put up the fence")
    tale = (
        Tale()
        .assigned("other bureau's team", "03-01")
        .follow([Decided(EventType.PROTECTED, {"by": guard, "photos": []})], at("03-01 11:00"))
    )
    elsewhere = person(name="who put up the fence")
    later = tale.follow(
        [Decided(EventType.REASSIGNED, {"unit_id": oid("team"), "co_unit_ids": [], "due_at": at("03-20")})], at("03-02")
    )

    assert dependences(elsewhere, parties(later.claimed("03-03").case, PLACE), ANCESTORS) == (C,)
