"""The documentation of a problem's life is that of the code."""

from __future__ import annotations

from media_tracker.problems.steps import Clock, Step, Who
from tests.problems.life_table import CLOCKS, PAGE, WHO, in_page, shown


def test_the_table_in_the_documentation_is_the_table_in_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert in_page(page) == shown(), "python -m tests.problems.life_table writes it anew"
    assert all(f"| {step} |" in page for step in Step)


def test_every_person_and_every_clock_of_the_table_has_words() -> None:
    assert set(WHO) == set(Who)
    assert set(CLOCKS) == {None, *Clock}
