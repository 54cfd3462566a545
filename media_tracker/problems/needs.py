"""What a step needs and has not been given. Pure."""

from __future__ import annotations

from bson import ObjectId

from media_tracker.errors import N_
from media_tracker.problems.case import Basis, Case, Channel, Outcome
from media_tracker.problems.steps import Command, Need, Transition

_MISSING: dict[Need, str] = {
    Need.TEXT: N_("Please say so in a few words."),
    Need.UNIT: N_("Please choose the unit in charge."),
    Need.OUTCOME: N_("Please choose what came of it."),
    Need.VERIFIED_OUTCOME: N_("Please choose what you found."),
    Need.FIXED_AT: N_("Please give the time of the fix; it cannot lie in the future."),
    Need.AFTER_PHOTO: N_("Please add at least one photo taken after the fix."),
    Need.ON_SITE: N_("A fix counts as verified only when somebody was there. Confirm who it was."),
    Need.REVIEW_AT: N_("Please give a day in the future on which to look at it again."),
    Need.DUE_AT: N_("Please give a new deadline that is later than the present one."),
    Need.TARGET: N_("Please give the number of the other problem."),
}


def missing(case: Case, command: Command, row: Transition) -> dict[str, str]:
    """Fields that are missing or wrong, with a sentence each."""
    return {need.value: _MISSING[need] for need in row.needs if not _given(case, command, need)}


def _given(case: Case, command: Command, need: Need) -> bool:
    match need:
        case Need.TEXT:
            return bool(command.text.strip())
        case Need.UNIT:
            return command.unit_id is not None
        case Need.OUTCOME:
            return command.outcome in (Outcome.RESOLVED, Outcome.PARTLY_RESOLVED, Outcome.NOTHING_FOUND)
        case Need.VERIFIED_OUTCOME:
            return command.verified_outcome in (Outcome.RESOLVED, Outcome.PARTLY_RESOLVED)
        case Need.FIXED_AT:
            return command.fixed_at is not None and command.fixed_at <= command.at
        case Need.AFTER_PHOTO:
            return bool(command.after) or command.outcome is Outcome.NOTHING_FOUND
        case Need.ON_SITE:
            if command.basis is Basis.ON_SITE:
                return command.on_site
            return _tells_of_it(case, command.story_id) and command.reporter_on_site and not command.units_own_copy
        case Need.REVIEW_AT:
            return command.review_at is not None and command.review_at > command.at
        case Need.DUE_AT:
            present = case.due_at or command.at
            return command.due_at is not None and command.due_at > max(present, command.at)
        case Need.TARGET:
            return command.target is not None and command.target != case.id


def _tells_of_it(case: Case, story_id: ObjectId | None) -> bool:
    """True when the story is tied to the problem as a follow-up that stands: no other story proves this fix."""
    return story_id is not None and any(
        report.story_id == story_id and report.channel is Channel.FOLLOW_UP and report.withdrawn_at is None
        for report in case.reports
    )
