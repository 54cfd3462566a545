"""Photos and documents of a case: which there are, how many a round may have, and what a claim may rest on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from media_tracker.accounts.actor import Actor, Level, Role
from media_tracker.errors import InvalidInput
from media_tracker.problems.case import EventType, Outcome, State
from media_tracker.problems.evidence.material import MOST_PER_ROUND, Part, files_of, photos_of, under_way
from media_tracker.problems.evidence.photo_rules import Hint, Taken, hints, may_black_out, nearest
from media_tracker.problems.lifecycle import Decided, Surroundings, decide
from media_tracker.problems.steps import Command, Step
from tests.problems.cases import UNIT, Tale, _check, at, oid

NOW = at("03-03 09:00")
OFFICIAL = Actor(oid("official"), frozenset({Role.OFFICIAL}), units=frozenset({oid(UNIT)}))
CLAIM = Command(Step.CLAIM, NOW, text="done", outcome=Outcome.RESOLVED, fixed_at=NOW - timedelta(hours=1))


def ids(*names: str) -> tuple[object, ...]:
    return tuple(oid(name) for name in names)


def work() -> Tale:
    return Tale().exposed("evening news", "03-01 08:00").assigned(UNIT, "03-01 10:00")


def added(tale: Tale, moment: str = "03-02", **files: object) -> Tale:
    command = replace(Command(Step.ADD_EVIDENCE, at(moment), text="noted"), **files)  # type: ignore[arg-type]
    return tale.follow(decide(tale.case, command, OFFICIAL, Surroundings()), at(moment))


def missing(tale: Tale, command: Command) -> set[str]:
    with pytest.raises(InvalidInput) as refused:
        decide(tale.case, command, OFFICIAL, Surroundings())
    return set(refused.value.fields)


def test_what_is_put_on_record_begins_a_round_and_stays_with_it() -> None:
    tale = added(work(), before=ids("b1"), documents=ids("plan"))
    tale = added(tale, "03-02 10:00", after=ids("a1", "a2"))
    worked = under_way(tale.case)

    assert tale.case.state is State.IN_PROGRESS
    assert worked is not None
    assert (worked.before, worked.after, worked.documents) == (ids("b1"), ids("a1", "a2"), ids("plan"))
    assert [each.seq for each in worked.additions] == [5, 6]
    assert [photo.part for photo in photos_of(tale.case)] == [Part.BEFORE, Part.AFTER, Part.AFTER]
    assert files_of(tale.case) == [*ids("b1", "a1", "a2"), oid("plan")]


def test_photos_of_interim_protection_stay_on_record_when_it_has_to_be_made_sure_of_again() -> None:
    limit = {"due_at": at("03-02"), "warn_at": None, "official": True}
    anew = {"due_at": at("03-10"), "protection": limit}
    tale = work().follow(
        [Decided(EventType.PROTECTED, {"by": oid("x"), "photos": list(ids("fence"))})], at("03-01 11:00")
    )
    tale = tale.claimed("03-02").follow([Decided(EventType.FAILED, {**_check(Level.CITY, {}), **anew})], at("03-03"))

    assert tale.case.protected is None
    assert oid("fence") in files_of(tale.case)
    again = tale.follow([Decided(EventType.PROTECTED, {"by": oid("x"), "photos": list(ids("wall"))})], at("03-04")).case
    assert [each.id for each in photos_of(again) if each.part is Part.PROTECTION] == list(ids("fence", "wall"))


def test_a_claim_may_rest_on_photos_that_stand_with_its_round() -> None:
    assert missing(work(), CLAIM) == {"after"}
    tale = added(work(), after=ids("a1"))
    claimed = tale.follow(decide(tale.case, CLAIM, OFFICIAL, Surroundings()), NOW).case

    assert claimed.round is not None
    assert claimed.round.after == ids("a1")
    assert under_way(claimed) is None


def test_photos_of_a_round_that_failed_prove_nothing_in_the_next() -> None:
    tale = added(work(), after=ids("a1"))
    tale = tale.follow(decide(tale.case, CLAIM, OFFICIAL, Surroundings()), NOW).failed("03-04")

    assert missing(tale, CLAIM) == {"after"}


def test_nothing_at_all_is_no_evidence_and_a_note_alone_is() -> None:
    assert missing(work(), Command(Step.ADD_EVIDENCE, NOW, text=" ")) == {"documents"}
    assert added(work()).case.version == 5


def test_a_round_has_twenty_files_in_however_many_parts() -> None:
    tale = added(work(), before=ids(*(f"b{n}" for n in range(12))))
    tale = added(tale, after=ids(*(f"a{n}" for n in range(7))))

    assert missing(tale, replace(CLAIM, after=ids("x", "y"))) == {"after"}  # type: ignore[arg-type]
    assert missing(tale, replace(CLAIM, documents=ids("x", "y"))) == {"documents"}  # type: ignore[arg-type]
    full = added(tale, documents=ids("last"))
    assert len(files_of(full.case)) == MOST_PER_ROUND
    assert missing(full, Command(Step.ADD_EVIDENCE, NOW, before=(oid("one more"),))) == {"before"}
    assert decide(full.case, CLAIM, OFFICIAL, Surroundings())


def test_the_next_round_has_room_again() -> None:
    tale = added(work(), after=ids(*(f"a{n}" for n in range(20))))
    tale = tale.follow(decide(tale.case, CLAIM, OFFICIAL, Surroundings()), NOW).failed("03-04")

    assert len(files_of(added(tale, "03-05", after=ids(*(f"c{n}" for n in range(20)))).case)) == 40


def test_events_of_before_there_were_documents_still_fold() -> None:
    old = {"outcome": Outcome.RESOLVED, "fixed_at": NOW, "precision": "minute", "before": [], "after": []}
    tale = work().started("03-02").follow([Decided(EventType.CLAIMED, {**old, "by": None, "unit_id": None})], NOW)

    assert tale.case.round is not None
    assert tale.case.round.documents == ()


# Hints


def taken(moment: str | None, filed: str = "03-09") -> Taken:
    return Taken(at(moment) if moment else None, None, at(filed))


def claimed() -> Tale:
    tale = work()
    command = replace(CLAIM, before=ids("b"), after=ids("a"), fixed_at=at("03-02 15:00"))  # type: ignore[arg-type]
    return tale.follow(decide(tale.case, command, OFFICIAL, Surroundings()), NOW)


@pytest.mark.parametrize(
    ("photo", "moment", "found"),
    [
        ("a", "03-02 14:00", ()),
        ("a", "02-28 14:00", (Hint.BEFORE_EXPOSURE,)),
        ("a", "03-01 07:55", ()),  # a clock may be some minutes wrong
        ("a", "03-08 23:00", ()),
        ("a", "03-09 16:00", (Hint.LONG_AFTER, Hint.AFTER_FILING)),
        ("a", None, ()),
        ("b", "02-28 14:00", ()),
        ("b", "03-02 16:00", (Hint.AFTER_FIX,)),
    ],
)
def test_times_that_give_to_think_are_named(photo: str, moment: str | None, found: tuple[Hint, ...]) -> None:
    case = claimed().case
    (one,) = [each for each in photos_of(case) if each.id == oid(photo)]

    assert hints(case, one, taken(moment)) == found


def test_a_photo_from_far_away_is_named() -> None:
    case = claimed().case
    here = nearest((36.8131, 118.0548), [(36.8231, 118.0548), (36.8331, 118.0548)])

    assert here == pytest.approx(1112, abs=2)
    assert hints(case, photos_of(case)[0], taken(None), here) == (Hint.FAR_AWAY,)
    assert nearest(None, [(1.0, 1.0)]) is None
    assert nearest((1.0, 1.0), []) is None


# Who may


@pytest.mark.parametrize(
    ("actor", "own", "check"),
    [
        (OFFICIAL, True, False),
        (Actor(oid("x"), frozenset({Role.OFFICIAL}), units=frozenset({oid("another")})), False, False),
        (Actor(oid("x"), frozenset({Role.PUBLICITY})), True, True),
        (Actor(oid("x"), frozenset({Role.INSPECTOR})), True, True),
        (Actor(oid("x"), frozenset({Role.ADMIN}), units=frozenset({oid(UNIT)})), False, False),
        (Actor(oid("x"), frozenset({Role.VIEWER, Role.EDITOR})), False, False),
    ],
)
def test_the_office_and_inspectors_black_out_every_photo_and_the_unit_its_own(
    actor: Actor, own: bool, check: bool
) -> None:
    case = claimed().verified("03-04", photos=[oid("c")]).case
    photos = {each.id: each for each in photos_of(case)}

    assert may_black_out(case, photos[oid("a")], actor) is own
    assert may_black_out(case, photos[oid("c")], actor) is check
