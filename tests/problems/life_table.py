"""The table of steps as docs/problems.md shows it. ``python -m tests.problems.life_table`` writes it there anew."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from media_tracker.problems.case import OPEN_STATES, State
from media_tracker.problems.needs import _FIELDS
from media_tracker.problems.steps import TABLE, Clock, Need, Transition, Who

PAGE = Path(__file__).parents[2] / "docs" / "problems.md"
BEGIN, END = "<!-- table of steps: begin -->\n", "<!-- table of steps: end -->\n"

WHO = {
    Who.DISPATCHER: "editor, publicity staff",
    Who.OFFICE: "publicity staff",
    Who.HANDLER: "official of the unit in charge",
    Who.INDEPENDENT_OFFICE: "publicity staff, independent",
    Who.VERIFIER: "inspector, independent",
    Who.CALLER_BACK: "editor, publicity staff, inspector",
}
CLOCKS = {
    None: "",
    Clock.STARTS: "starts",
    Clock.ANEW: "starts anew, never earlier than before",
    Clock.MOVES: "moves",
    Clock.RESTS: "rests",
    Clock.STOPS: "stops",
    Clock.PROTECTS: "of interim protection: stops",
}


def shown() -> str:
    """The table, row by row in the order of the code."""
    lines = ["| from | step | to | who | needs | event | clock |", "|---|---|---|---|---|---|---|"]
    return "\n".join([*lines, *(_row(row) for row in TABLE)]) + "\n"


def _row(row: Transition) -> str:
    needs = ", ".join(_need(need) for need in row.needs)
    cells = (_states(row.sources), row.step, row.target or "stays", WHO[row.who], needs, row.event, CLOCKS[row.clock])
    return f"| {' | '.join(cells)} |"


def _need(need: Need) -> str:
    return f"`{_FIELDS.get(need, need.value)}`"


def _states(states: Collection[State]) -> str:
    if set(states) == set(State):
        return "any"
    missing = OPEN_STATES - set(states)
    if not missing or (len(missing) < 3 and set(states) <= OPEN_STATES):
        return "open" + (f" but {_named(missing)}" if missing else "")
    return _named(states)


def _named(states: Collection[State]) -> str:
    return ", ".join(state.value for state in State if state in states)


def in_page(page: str) -> str:
    """What stands between the marks."""
    return page.partition(BEGIN)[2].partition(END)[0].strip("\n") + "\n"


def main() -> None:
    """Write the table into the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{shown()}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
