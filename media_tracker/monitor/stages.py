"""How far a problem has come, as a path: the flow from exposure to a fix that lasts is drawn from it. Pure.

A stage stands under others as a category under its class: what is closed has been confirmed, answered and handed over before.
Every problem has one *last* stage, so the last stages of a list add up to it, and each stage above is the sum of those under it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from media_tracker.errors import N_
from media_tracker.problems.case import Case, State


class Stage(StrEnum):
    """The stages. Those that no state stands for (``HANDED_OVER``, ``ANSWERED``, ``CONFIRMED``) are sums of others."""

    WAITING = "waiting"
    RETURNED = "returned"
    NOT_ACCEPTED = "not_accepted"
    DUPLICATE = "duplicate"
    NOTHING_FOUND = "nothing_found"
    HANDED_OVER = "handed_over"
    IN_HAND = "in_hand"
    DEFERRED = "deferred"
    ANSWERED = "answered"
    CLAIMED = "claimed"
    CONFIRMED = "confirmed"
    VERIFIED = "verified"
    CLOSED = "closed"
    RELAPSED = "relapsed"


STAGE_NAMES: Mapping[Stage, str] = {
    Stage.WAITING: N_("Waiting to be assigned"),
    Stage.RETURNED: N_("Returned by the unit"),
    Stage.NOT_ACCEPTED: N_("Not accepted"),
    Stage.DUPLICATE: N_("Duplicate"),
    Stage.NOTHING_FOUND: N_("Nothing found"),
    Stage.HANDED_OVER: N_("With a unit"),
    Stage.IN_HAND: N_("Being worked on"),
    Stage.DEFERRED: N_("Deferred"),
    Stage.ANSWERED: N_("Called fixed"),
    Stage.CLAIMED: N_("Called fixed, not checked"),
    Stage.CONFIRMED: N_("Fix confirmed"),
    Stage.VERIFIED: N_("Confirmed, to be closed"),
    Stage.CLOSED: N_("Closed"),
    Stage.RELAPSED: N_("Closed, then relapsed"),
}

ABOVE: Mapping[Stage, Stage] = {
    Stage.IN_HAND: Stage.HANDED_OVER,
    Stage.DEFERRED: Stage.HANDED_OVER,
    Stage.ANSWERED: Stage.HANDED_OVER,
    Stage.CLAIMED: Stage.ANSWERED,
    Stage.CONFIRMED: Stage.ANSWERED,
    Stage.VERIFIED: Stage.CONFIRMED,
    Stage.CLOSED: Stage.CONFIRMED,
    Stage.RELAPSED: Stage.CONFIRMED,
}
"""The stage that each stands under; the others come right after the exposure."""

LAST: Mapping[State, Stage] = {
    State.REGISTERED: Stage.WAITING,
    State.RETURNED: Stage.RETURNED,
    State.ASSIGNED: Stage.IN_HAND,
    State.IN_PROGRESS: Stage.IN_HAND,
    State.REWORK: Stage.IN_HAND,
    State.DEFERRED: Stage.DEFERRED,
    State.CLAIMED_FIXED: Stage.CLAIMED,
    State.VERIFIED: Stage.VERIFIED,
    State.CLOSED: Stage.CLOSED,
    State.NOT_ACCEPTED: Stage.NOT_ACCEPTED,
    State.DUPLICATE: Stage.DUPLICATE,
    State.NOTHING_FOUND: Stage.NOTHING_FOUND,
}


def path(stage: Stage) -> tuple[str, ...]:
    """``stage`` and the stages above it, the last one first."""
    found = [stage.value]
    while (above := ABOVE.get(stage)) is not None:
        found.append(above.value)
        stage = above
    return tuple(found)


PATHS: Mapping[Stage, tuple[str, ...]] = {stage: path(stage) for stage in Stage}


def stages_of(case: Case) -> tuple[str, ...]:
    """How far ``case`` has come: its last stage and those above it. It depends on no moment: nothing in it ripens with time."""
    relapsed = case.relapsed_at is not None and case.state in (State.VERIFIED, State.CLOSED)
    return PATHS[Stage.RELAPSED if relapsed else LAST[case.state]]
