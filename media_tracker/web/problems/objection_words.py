"""What the pages call things about objections: gettext ids by enum value."""

from __future__ import annotations

from collections.abc import Mapping

from media_tracker.errors import N_
from media_tracker.problems.objections.rules import ObjectionAnswer, ObjectionState, Way

STATE_NAMES: Mapping[ObjectionState, str] = {
    ObjectionState.WAITING: N_("Waits for the office"),
    ObjectionState.OPEN: N_("To be answered"),
    ObjectionState.ANSWERED: N_("Answered"),
}
ANSWER_NAMES: Mapping[ObjectionAnswer, str] = {
    ObjectionAnswer.UPHELD: N_("upheld"),
    ObjectionAnswer.REJECTED: N_("rejected"),
    ObjectionAnswer.WITHDRAWN: N_("withdrawn by who made it"),
}
WAY_NAMES: Mapping[Way, str] = {
    Way.WEB: N_("Public form"),
    Way.LETTER: N_("By letter"),
    Way.TELEPHONE: N_("By telephone"),
    Way.VISIT: N_("In person"),
}
RECORDED_WAYS = (Way.LETTER, Way.TELEPHONE, Way.VISIT)
"""How one comes in that the office writes down."""
