"""What may be entered by hand, and by whom."""

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import Forbidden
from media_tracker.problems.entries import check_dispatcher, mistake_in_number


@pytest.mark.parametrize("role", Role)
def test_editors_and_publicity_staff_enter_problems_and_nobody_else(role: Role) -> None:
    actor = Actor(ObjectId(), frozenset({role}))
    if role in (Role.EDITOR, Role.PUBLICITY):
        check_dispatcher(actor)
    else:
        with pytest.raises(Forbidden):
            check_dispatcher(actor)


@pytest.mark.parametrize(
    ("number", "taken"),
    [
        (None, True),
        ("12345-7", True),
        ("鲁C 2026/0031#2", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("", False),
        (" 12345", False),
        ("12345，张先生", False),
        ("12345\n7", False),
        ("<b>1</b>", False),
    ],
)
def test_an_outside_number_is_a_number_and_no_text(number: str | None, taken: bool) -> None:
    assert (mistake_in_number(number) is None) is taken
