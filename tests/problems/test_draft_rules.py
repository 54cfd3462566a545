"""A unit's answer before it goes out: who sees, writes and releases it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import Conflict, Forbidden
from media_tracker.problems.answers.draft_rules import (
    Content,
    Draft,
    Stage,
    claim_of,
    may_see,
    why_not_release,
    why_not_write,
)
from media_tracker.problems.case import Case, Outcome, State
from media_tracker.problems.lifecycle import Surroundings, decide
from tests.problems.cases import Tale, at, oid

UNIT, OTHER = oid("sanitation"), oid("roads")
NOW = at("03-04 09:00")
OFFICIAL = frozenset({Role.OFFICIAL})


def person(name: str, *roles: Role, units: tuple[ObjectId, ...] = (), answers: tuple[ObjectId, ...] = ()) -> Actor:
    return Actor(oid(name), frozenset(roles), units=frozenset(units), answers_for=frozenset(answers))


WRITER = person("writer", Role.OFFICIAL, units=(UNIT,))
COLLEAGUE = person("colleague", Role.OFFICIAL, units=(UNIT,))
SUPERIOR = person("superior", Role.OFFICIAL, answers=(UNIT,))
STRANGER = person("stranger", Role.OFFICIAL, units=(OTHER,))
OUTSIDERS = [
    STRANGER,
    person("admin", Role.ADMIN),
    person("office", Role.PUBLICITY),
    person("inspector", Role.INSPECTOR),
    person("in the unit, without the role", Role.VIEWER, units=(UNIT,)),
]


def assigned() -> Case:
    return Tale().assigned("sanitation", "03-01 10:00").case


def handed_in() -> Draft:
    content = Content("Swept.", Outcome.RESOLVED, at("03-03 08:00"), after=(oid("photo"),))
    return Draft(
        oid("draft"), oid("the problem"), UNIT, 2, Stage.HANDED_IN, content, WRITER.user_id, NOW, WRITER.user_id, NOW
    )


def test_people_of_the_unit_and_who_answers_for_it_see_a_draft_and_nobody_else() -> None:
    assert all(may_see(UNIT, who) for who in (WRITER, COLLEAGUE, SUPERIOR))
    assert not any(may_see(UNIT, who) for who in OUTSIDERS)


@pytest.mark.parametrize("who", [*OUTSIDERS, SUPERIOR], ids=str)
def test_only_officials_of_the_unit_in_charge_write(who: Actor) -> None:
    assert isinstance(why_not_write(assigned(), who), Forbidden)


def test_an_answer_is_written_while_the_unit_works_and_at_no_other_time() -> None:
    case = assigned()
    can = {state for state in State if why_not_write(case.model_copy(update={"state": state}), WRITER) is None}
    assert can == {State.ASSIGNED, State.IN_PROGRESS, State.REWORK}
    assert isinstance(why_not_write(case.model_copy(update={"state": State.CLOSED}), WRITER), Conflict)


def test_somebody_else_of_the_unit_or_its_superior_releases_and_never_who_wrote_it_or_handed_it_in() -> None:
    draft, case = handed_in(), assigned()
    assert why_not_release(draft, case, COLLEAGUE) is None
    assert why_not_release(draft, case, SUPERIOR) is None
    assert isinstance(why_not_release(draft, case, WRITER), Forbidden)
    assert isinstance(why_not_release(replace(draft, written_by=COLLEAGUE.user_id), case, COLLEAGUE), Forbidden)
    for who in OUTSIDERS:
        assert isinstance(why_not_release(draft, case, who), Forbidden)


def test_who_wrote_in_it_before_somebody_else_did_does_not_release_it_either() -> None:
    together = replace(handed_in(), writers=frozenset({WRITER.user_id, COLLEAGUE.user_id}))
    assert isinstance(why_not_release(together, assigned(), COLLEAGUE), Forbidden)
    assert why_not_release(together, assigned(), SUPERIOR) is None


def test_only_what_is_handed_in_is_released_and_only_by_the_unit_that_is_still_in_charge() -> None:
    draft = handed_in()
    for stage in set(Stage) - {Stage.HANDED_IN}:
        assert isinstance(why_not_release(replace(draft, stage=stage), assigned(), COLLEAGUE), Conflict)
    moved = Tale().assigned("roads", "03-01 10:00").case
    assert isinstance(why_not_release(draft, moved, COLLEAGUE), Forbidden)


def test_the_claim_is_the_writers_and_names_who_released_it() -> None:
    draft = handed_in()
    command = claim_of(draft.content, NOW, draft.written_by, COLLEAGUE.user_id)
    claim = decide(assigned(), command, COLLEAGUE, Surroundings())[-1]
    assert (claim.payload["by"], claim.payload["reviewed_by"]) == (WRITER.user_id, COLLEAGUE.user_id)
    tale = (
        Tale().assigned("sanitation", "03-01 10:00").follow(decide(assigned(), command, COLLEAGUE, Surroundings()), NOW)
    )
    stored = tale.case.rounds[-1].claim
    assert stored is not None
    assert stored.reviewed_by == COLLEAGUE.user_id


def test_where_answers_are_reviewed_nobody_claims_directly() -> None:
    command = claim_of(handed_in().content, NOW, WRITER.user_id)
    with pytest.raises(Conflict, match="reviews its answers"):
        decide(assigned(), command, WRITER, Surroundings(answers_reviewed=True))
    with pytest.raises(Forbidden):
        decide(assigned(), command, STRANGER, Surroundings(answers_reviewed=True))


def test_content_gives_up_the_files_that_were_ticked_and_keeps_the_others() -> None:
    content = Content(before=(oid("a"), oid("b")), after=(oid("c"),), documents=(oid("d"),))
    left = content.without([oid("a"), oid("d")])
    assert left.files == (oid("b"), oid("c"))
    assert left.photos == left.files
