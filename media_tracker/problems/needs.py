"""What a step needs and has not been given. Pure."""

from __future__ import annotations

from bson import ObjectId

from media_tracker.errors import N_
from media_tracker.problems.case import Basis, Case, Channel, Outcome
from media_tracker.problems.evidence.material import too_many, under_way
from media_tracker.problems.steps import Command, Need, Step, Transition

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
    Need.CHECK_PHOTO: N_("Please add at least one photo of what you found there."),
    Need.REST: N_("It was fixed in part. Say why it is closed as it is, or ask for the rest instead."),
    Need.FOUND: N_("Please say whether the fix has held."),
    Need.SATISFACTION: N_("Please choose what the citizen said."),
    Need.PROTECTION: N_(
        "Interim protection was due first, and none is on record. Report it, or tick here that there was none, and say why."
    ),
    Need.EVIDENCE: N_("Please add a photo, a document or a note."),
}


_FIELDS = {Need.CHECK_PHOTO: "after", Need.REST: "text"}
"""Where two needs share a field of the form."""


def missing(case: Case, command: Command, row: Transition) -> dict[str, str]:
    """Fields that are missing or wrong, with a sentence each."""
    lacking = {_FIELDS.get(need, need.value): _MISSING[need] for need in row.needs if not _given(case, command, need)}
    return {**too_many(case, command), **lacking}


def _given(case: Case, command: Command, need: Need) -> bool:
    match need:
        case Need.TEXT:
            return bool(command.text.strip())
        case Need.UNIT:
            same = command.step is Step.REASSIGN and command.unit_id == case.unit_id
            return command.unit_id is not None and not same
        case Need.OUTCOME:
            return command.outcome in (Outcome.RESOLVED, Outcome.PARTLY_RESOLVED, Outcome.NOTHING_FOUND)
        case Need.VERIFIED_OUTCOME:
            return command.verified_outcome in (Outcome.RESOLVED, Outcome.PARTLY_RESOLVED)
        case Need.FIXED_AT:
            return command.fixed_at is not None and command.fixed_at <= command.at
        case Need.AFTER_PHOTO:
            at_work = under_way(case)
            filed = bool(command.after) or (at_work is not None and bool(at_work.after))
            return filed or command.outcome is Outcome.NOTHING_FOUND
        case Need.ON_SITE:
            if command.basis is Basis.ON_SITE or command.step is Step.LOOK_BACK:
                return command.on_site and command.basis is Basis.ON_SITE
            return _tells_of_it(case, command.story_id) and command.reporter_on_site and not command.units_own_copy
        case Need.REVIEW_AT:
            return command.review_at is not None and command.review_at > command.at
        case Need.DUE_AT:
            present = case.due_at or command.at
            return command.due_at is not None and command.due_at > max(present, command.at)
        case Need.TARGET:
            return command.target is not None and command.target != case.id
        case Need.CHECK_PHOTO:
            return bool(command.after) or command.basis is Basis.FOLLOW_UP
        case Need.REST:
            return case.outcome is not Outcome.PARTLY_RESOLVED or bool(command.text.strip())
        case Need.FOUND:
            return command.found is not None
        case Need.SATISFACTION:
            return command.satisfaction is not None
        case Need.EVIDENCE:
            return bool(command.before or command.after or command.documents or command.text.strip())
        case Need.PROTECTION:
            return command.unprotected or not _owes_protection(case, command)


def _owes_protection(case: Case, command: Command) -> bool:
    """True when a danger was neither protected nor fixed by the limit of its interim protection. Nothing found was none.

    A fix that is known by its day alone is taken to its favour: ``fixed_at`` is the day's first moment.
    """
    if case.protection is None or case.protected is not None or command.outcome is Outcome.NOTHING_FOUND:
        return False
    return command.fixed_at is not None and command.fixed_at > case.protection.due_at


def _tells_of_it(case: Case, story_id: ObjectId | None) -> bool:
    """True when the story is tied to the problem as a follow-up that stands: no other story proves this fix."""
    return story_id is not None and any(
        report.story_id == story_id and report.channel is Channel.FOLLOW_UP and report.withdrawn_at is None
        for report in case.reports
    )
