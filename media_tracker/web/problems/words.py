"""What the pages of problems call things: gettext ids by enum value, and what each step's form looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from media_tracker.errors import N_
from media_tracker.problems.afterwards.facts import Found, Occasion
from media_tracker.problems.afterwards.satisfaction import Answer
from media_tracker.problems.case import Channel, Outcome, Severity, State
from media_tracker.problems.clocks.rules import ClockKind, Source
from media_tracker.problems.steps import ROWS, Need, Step

STATE_NAMES: Mapping[State, str] = {
    State.REGISTERED: N_("Registered"),
    State.ASSIGNED: N_("Assigned"),
    State.IN_PROGRESS: N_("In progress"),
    State.CLAIMED_FIXED: N_("Claimed fixed"),
    State.VERIFIED: N_("Verified"),
    State.CLOSED: N_("Closed"),
    State.RETURNED: N_("Returned"),
    State.DEFERRED: N_("Deferred"),
    State.REWORK: N_("Rework"),
    State.NOT_ACCEPTED: N_("Not accepted"),
    State.DUPLICATE: N_("Duplicate"),
    State.NOTHING_FOUND: N_("Nothing found"),
}

CLOCK_NAMES: Mapping[ClockKind, str] = {
    ClockKind.HAND_OVER: N_("Hand-over"),
    ClockKind.FEEDBACK: N_("Feedback"),
    ClockKind.PROTECTION: N_("Interim protection"),
    ClockKind.REVIEW: N_("Review of the deferral"),
}
SOURCE_NAMES: Mapping[Source, str] = {
    Source.MEDIA: N_("exposed by media"),
    Source.OTHER: N_("from other channels"),
}

OUTCOME_NAMES: Mapping[Outcome, str] = {
    Outcome.RESOLVED: N_("Resolved"),
    Outcome.PARTLY_RESOLVED: N_("Partly resolved"),
    Outcome.NOTHING_FOUND: N_("Nothing found"),
    Outcome.DEFERRED: N_("Deferred"),
}

FOUND_NAMES: Mapping[Found, str] = {
    Found.HOLDS: N_("the fix has held"),
    Found.CAME_BACK: N_("it has come back"),
}

OCCASION_NAMES: Mapping[Occasion, str] = {
    Occasion.SAMPLE: N_("Random re-check"),
    Occasion.DAYS_30: N_("Look-back after 30 days"),
    Occasion.DAYS_90: N_("Look-back after 90 days"),
}

REPLY_NAMES: Mapping[Answer, str] = {
    Answer.SATISFIED: N_("satisfied"),
    Answer.DISSATISFIED: N_("dissatisfied"),
    Answer.NOT_REACHED: N_("not reached"),
}

OTHER_CHANNELS = (Channel.INQUIRY, Channel.TICKET, Channel.PATROL, Channel.LIST, Channel.SNAPSHOT)
"""What somebody enters by hand; stories come from the desk."""

CHANNEL_HINTS: Mapping[Channel, str] = {
    Channel.INQUIRY: N_("An outlet asks before it prints."),
    Channel.TICKET: N_("The citizens' hotline, with its own number and deadline."),
}

SEVERITIES = tuple(Severity)


@dataclass(frozen=True, slots=True)
class StepWords:
    """How a step is offered: its button, what it does, and what its text field asks for (optional where the step needs none)."""

    label: str
    hint: str = ""
    text: str = ""
    text_hint: str = ""
    look: str = "primary"
    photos: bool = False


_FINDINGS = N_("What you found")
_REASON = N_("Reason")

STEP_WORDS: Mapping[Step, StepWords] = {
    Step.ASSIGN: StepWords(N_("Assign"), N_("Give it to the unit in charge; the clock starts."), N_("Remark")),
    Step.REASSIGN: StepWords(
        N_("Hand over to another unit"),
        N_("It has returned nothing; the original deadline stays on show."),
        _REASON,
        look="",
    ),
    Step.ACKNOWLEDGE: StepWords(N_("Acknowledge receipt"), N_("Say that your unit has received it.")),
    Step.PROTECT: StepWords(
        N_("Report interim protection"),
        N_("A barrier, a cover or a guard, so that nobody is hurt until it is fixed."),
        N_("What was set up"),
        photos=True,
    ),
    Step.START: StepWords(
        N_("Start work"), N_("File the plan; a new round begins."), N_("Plan"), N_("Who does what, and by when.")
    ),
    Step.ADD_EVIDENCE: StepWords(
        N_("Add photos, documents or a note"),
        N_("They stand with this round of work; the report of the result may rest on them."),
        N_("What was done"),
        look="",
        photos=True,
    ),
    Step.CLAIM: StepWords(
        N_("Report the result"),
        N_("Say what came of it, with photos. Somebody independent will check."),
        N_("What was done"),
        photos=True,
    ),
    Step.RETURN: StepWords(
        N_("Return"), N_("It is not for your unit."), _REASON, N_("Name the unit that it belongs to, if you know."), ""
    ),
    Step.VERIFY: StepWords(
        N_("Verify the fix"), N_("You or a reporter were there, and it is fixed."), _FINDINGS, photos=True
    ),
    Step.CONFIRM_NOTHING: StepWords(
        N_("Confirm that nothing was found"),
        N_("You were there, and there is no such problem."),
        _FINDINGS,
        photos=True,
    ),
    Step.FAIL: StepWords(
        N_("Check failed"), N_("It is not fixed: back to the unit, with a new limit."), _FINDINGS, "", "danger", True
    ),
    Step.CLOSE: StepWords(
        N_("Close the problem"),
        N_("The fix is verified; nothing is left to do."),
        N_("Remark"),
        N_("Needed where it was fixed in part: why the rest stays as it is."),
    ),
    Step.CONTINUE: StepWords(
        N_("Ask for the rest"),
        N_("It was fixed in part: back to the unit, with a new limit."),
        N_("What is still to be done"),
    ),
    Step.LOOK_BACK: StepWords(
        N_("Look back"), N_("You have been there again after the closing."), _FINDINGS, photos=True
    ),
    Step.SATISFACTION: StepWords(
        N_("Record what the citizen says"),
        N_("It is satisfaction, not a check: figures do not count it."),
        N_("Remark"),
        "",
        "",
    ),
    Step.ASK_EXTENSION: StepWords(
        N_("Ask for more time"),
        N_("The office decides; until then the deadline stands."),
        _REASON,
        N_("Why it takes longer, and what will be done by when."),
        "",
    ),
    Step.ASK_DEFERRAL: StepWords(
        N_("Ask to defer it"), N_("It cannot be fixed for now; the office decides."), _REASON, "", ""
    ),
    Step.REFUSE_ASK: StepWords(
        N_("Refuse what the unit asks"), N_("The deadline stays as it is."), _REASON, N_("The unit reads it."), "danger"
    ),
    Step.REMIND: StepWords(N_("Send a reminder"), N_("It is written into the history."), N_("Remark"), look=""),
    Step.EXTEND: StepWords(
        N_("Extend the deadline"),
        N_("The original deadline stays on show."),
        _REASON,
        N_("Who approved it, and why."),
        "",
    ),
    Step.DEFER: StepWords(
        N_("Defer"), N_("It cannot be fixed now; the clock rests."), _REASON, N_("Who approved it, and why."), ""
    ),
    Step.RESUME: StepWords(N_("Resume"), N_("Work goes on; a new limit starts."), N_("Remark")),
    Step.SUPERVISE: StepWords(N_("Put under supervision"), "", _REASON, look=""),
    Step.END_SUPERVISION: StepWords(N_("End the supervision"), "", _REASON, look=""),
    Step.INSTRUCT: StepWords(
        N_("Record an instruction"),
        N_("It stands at the top of the problem's page from then on."),
        N_("Who instructed what"),
        look="",
    ),
    Step.REFUSE: StepWords(N_("Do not accept"), N_("It is not ours to solve."), _REASON, "", "danger"),
    Step.REVOKE: StepWords(
        N_("Take the closing back"), N_("The same defect is back within 30 days."), _REASON, "", "danger"
    ),
    Step.WITHHOLD: StepWords(
        N_("Withhold from the public"), N_("Public lists show an unnamed row instead."), _REASON, "", ""
    ),
    Step.SHOW: StepWords(N_("Show to the public again"), "", N_("Remark"), "", ""),
}
"""In the order in which the page offers them."""


def needs(step: Step) -> tuple[str, ...]:
    """The form fields that ``step`` cannot do without."""
    return tuple(need.value for need in ROWS[step].needs)


def needs_text(step: Step) -> bool:
    """True when the step's text must be filled in."""
    return Need.TEXT in ROWS[step].needs
