"""Which problems are worth another story: the reasons as a table, and what takes a problem off the list."""

from __future__ import annotations

import pytest

from media_tracker.problems.afterwards.revisits import UNTOLD_AFTER, UNVERIFIED_AFTER, Revisit, Why, revisit
from media_tracker.problems.case import Outcome, Precision
from tests.problems.cases import UNIT, Tale, at, fixed_problem

VERIFIED = at("03-04 11:00")
CLAIMED = at("03-03 09:00")


def claimed() -> Tale:
    return (
        Tale()
        .exposed("evening news", "03-01 08:00")
        .assigned(UNIT, "03-01 10:00")
        .claimed(CLAIMED, fixed="03-02 15:00")
    )


def relapse() -> Tale:
    return Tale(relapse_of="the former problem")


UNTOLD = Revisit(Why.UNTOLD, VERIFIED + UNTOLD_AFTER)
UNVERIFIED = Revisit(Why.UNVERIFIED, CLAIMED + UNVERIFIED_AFTER)
BACK = Revisit(Why.CAME_BACK, at("03-20"))

TABLE = [
    ("fixed, and nobody has told so", fixed_problem(), UNTOLD),
    ("verified, and not closed yet", claimed().verified(VERIFIED), UNTOLD),
    ("fixed in part", claimed().verified(VERIFIED, outcome=Outcome.PARTLY_RESOLVED), UNTOLD),
    ("a follow-up from before the fix", fixed_problem().followed_up("radio", "03-02 08:00"), UNTOLD),
    ("a follow-up since the fix", fixed_problem().followed_up("radio", "03-02 16:00"), None),
    (
        "a follow-up of that day, the hour unknown",
        fixed_problem().followed_up("radio", "03-02", precision=Precision.DAY),
        None,
    ),
    ("a follow-up that was withdrawn", fixed_problem().followed_up("radio", "03-06").withdraw_last("03-07"), UNTOLD),
    ("called fixed, and nobody has looked", claimed(), UNVERIFIED),
    ("called fixed, and a story told so", claimed().followed_up("radio", "03-03 10:00"), None),
    ("found wanting", claimed().failed("03-04"), None),
    ("nothing was found", claimed().nothing_found("03-04"), None),
    ("a closing that was taken back", fixed_problem().revoked("03-20"), BACK),
    ("taken back for an exposure", fixed_problem().exposed("radio", "03-19").revoked("03-20"), None),
    ("taken back, and told since", fixed_problem().revoked("03-20").followed_up("radio", "03-22"), None),
    ("taken back, and fixed again", fixed_problem().revoked("03-20").claimed("03-21").verified(VERIFIED), UNTOLD),
    ("a relapse that no story tells of", relapse(), Revisit(Why.CAME_BACK, at("02-01 08:00"))),
    ("a relapse that was exposed", relapse().exposed("radio", "03-01"), None),
    ("what has come back as a new problem", fixed_problem().relapsed("05-01"), None),
    ("open", Tale().exposed("evening news", "03-01").assigned(UNIT, "03-02"), None),
    ("exposed by nobody", Tale().assigned(UNIT, "03-01").claimed("03-02").verified("03-03"), None),
    (
        "exposed by somebody who is no partner",
        Tale()
        .exposed("evening news", "03-01", partner=False)
        .assigned(UNIT, "03-01")
        .claimed("03-02")
        .verified("03-03"),
        None,
    ),
]


@pytest.mark.parametrize(("which", "tale", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_what_is_worth_another_story_row_by_row(which: str, tale: Tale, expected: Revisit | None) -> None:
    assert revisit(tale.case) == expected, which


def test_every_reason_is_in_the_table() -> None:
    assert {expected.why for _, _, expected in TABLE if expected is not None} == set(Why)
