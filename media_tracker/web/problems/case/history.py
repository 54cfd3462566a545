"""The history of a problem in sentences: every event with who, for which unit, when, and the words written with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Level, Role
from media_tracker.db.connection import Json
from media_tracker.db.events import Event
from media_tracker.errors import N_
from media_tracker.problems.afterwards.facts import Found
from media_tracker.problems.afterwards.satisfaction import Answer
from media_tracker.problems.case import Case, Channel, EventType, Outcome
from media_tracker.problems.documents import Problem
from media_tracker.problems.folding import apply
from media_tracker.problems.objections.rules import ObjectionAnswer
from media_tracker.web.i18n import NOTHING, Catalogue, Formats
from media_tracker.web.naming import CHANNEL_NAMES, Names
from media_tracker.web.problems.objection_words import ANSWER_NAMES
from media_tracker.web.problems.words import FOUND_NAMES, OUTCOME_NAMES, REPLY_NAMES

SENTENCES: Mapping[EventType, str] = {
    EventType.REGISTERED: N_("Problem registered"),
    EventType.REPORTED: N_("{channel}: {source}"),
    EventType.REPORT_WITHDRAWN: N_("A report was withdrawn; it counts no longer"),
    EventType.CORRECTED: N_("Description corrected"),
    EventType.ASSIGNED: N_("Assigned to {unit}, due {due}"),
    EventType.ACKNOWLEDGED: N_("Receipt acknowledged"),
    EventType.RETURNED: N_("Returned by the unit"),
    EventType.STARTED: N_("Work started"),
    EventType.CLAIMED: N_("Result reported: {outcome}"),
    EventType.VERIFIED: N_("Check passed: {outcome}"),
    EventType.FAILED: N_("Check failed: rework, due {due}"),
    EventType.NOTHING_FOUND: N_("Confirmed: nothing found"),
    EventType.CLOSED: N_("Problem closed"),
    EventType.DEFERRED: N_("Deferred, to be looked at again on {review}"),
    EventType.RESUMED: N_("Resumed, due {due}"),
    EventType.EXTENDED: N_("Deadline extended to {due}"),
    EventType.REMINDED: N_("Reminder sent"),
    EventType.SUPERVISED: N_("Put under supervision by the office"),
    EventType.INSTRUCTED: N_("Instruction recorded"),
    EventType.NOT_ACCEPTED: N_("Problem not accepted"),
    EventType.DUPLICATE: N_("Marked as a duplicate of {number}"),
    EventType.REVOKED: N_("Closing taken back: rework, due {due}"),
    EventType.RELAPSED: N_("Came back, registered as {number}"),
    EventType.UNTIED: N_("A tie that was a mistake was taken back at the desk"),
    EventType.WITHHELD: N_("Withheld from the public"),
    EventType.SHOWN: N_("Shown to the public again"),
    EventType.REASSIGNED: N_("Handed over to {unit}, due {due}"),
    EventType.MERGED: N_("Merged into {number}"),
    EventType.MERGE_UNDONE: N_("Merge into {number} undone"),
    EventType.TOOK_OVER: N_("Took over {number} with its reports"),
    EventType.GAVE_BACK: N_("Gave back {number} with its reports"),
    EventType.SPLIT_FROM: N_("Split off from {number}"),
    EventType.SPLIT_OFF: N_("A part was split off as {number}"),
    EventType.CONTINUED: N_("The rest is to be done too: due {due}"),
    EventType.LOOKED_BACK: N_("Looked back: {found}"),
    EventType.SATISFACTION: N_("The citizen was called back: {reply}"),
    EventType.SUPERVISION_ENDED: N_("Supervision ended"),
    EventType.ERRAND_GIVEN: N_("Errand given by a link, due {due}"),
    EventType.ERRAND_ANSWERED: N_("Errand handed in: photos {photos}"),
    EventType.OBJECTED: N_("Objection received; masked from the public until it is answered"),
    EventType.OBJECTION_ANSWERED: N_("Objection answered: {answer}"),
    EventType.PROTECTED: N_("Interim protection is in place"),
    EventType.EXTENSION_ASKED: N_("The unit asks for more time, until {due}"),
    EventType.DEFERRAL_ASKED: N_("The unit asks to defer it until {review}"),
    EventType.ASK_REFUSED: N_("What the unit asked for was refused"),
    EventType.EVIDENCE_ADDED: N_("Photos, documents or a note put on record"),
    EventType.PHOTO_BLACKED_OUT: N_("Parts of a photo were blacked out"),
    EventType.BLACK_OUT_TAKEN_BACK: N_("The last black-out of a photo was taken back"),
}
BY_DISTRICT: Mapping[EventType, str] = {
    EventType.VERIFIED: N_("District check passed: {outcome}"),
    EventType.FAILED: N_("District check failed: rework, due {due}"),
    EventType.NOTHING_FOUND: N_("Confirmed by a district check: nothing found"),
    EventType.LOOKED_BACK: N_("District look-back: {found}"),
}


BY_STRANGERS: Mapping[EventType, str] = {
    EventType.ERRAND_ANSWERED: N_("by a link"),
    EventType.OBJECTED: N_("by the public form"),
}
"""Who did what nobody with an account did."""


CALLERS_WORDS = frozenset({EventType.REGISTERED, EventType.REPORTED, EventType.SATISFACTION})
"""Events whose words may tell of the person who called."""


def may_read_callers(who: Actor) -> bool:
    """Whether ``who`` works on reports, and not for the unit that they are about."""
    return who.has(Role.EDITOR, Role.PUBLICITY, Role.INSPECTOR)


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One entry, as ``ui.timeline`` takes it."""

    at: datetime
    title: str
    actor: str
    unit: str
    state: str
    """The state that it brought; empty when it brought none."""
    text: str
    now: bool


@dataclass(frozen=True, slots=True)
class Teller:
    """Turns events into sentences in the reader's language."""

    catalogue: Catalogue
    formats: Formats
    names: Names
    people: Mapping[ObjectId, str]
    numbers: Mapping[ObjectId, str]
    callers: bool
    """Whether the reader may see what was written with reports."""

    def tell(self, problem: Problem, events: Sequence[Event]) -> list[HistoryItem]:
        """The whole history, oldest first."""
        items: list[HistoryItem] = []
        case: Case | None = None
        for event in events:
            before, case = case, apply(case, event)
            items.append(
                HistoryItem(
                    at=event.occurred_at,
                    title=self._title(event),
                    actor=self._who(event),
                    unit=self.names.unit(event.acting_unit),
                    state="" if before is not None and before.state is case.state else case.state.value,
                    text=self._words(problem, event),
                    now=event is events[-1],
                )
            )
        return items

    def _words(self, problem: Problem, event: Event) -> str:
        hidden = EventType(event.type) in CALLERS_WORDS and not self.callers
        return "" if hidden else problem.words_of(event.seq)

    def _who(self, event: Event) -> str:
        if event.actor is None:
            return self.catalogue.gettext(BY_STRANGERS.get(EventType(event.type), N_("by the system")))
        return self.people.get(event.actor) or self.catalogue.gettext(N_("a former user"))

    def _title(self, event: Event) -> str:
        kind = EventType(event.type)
        district = event.payload.get("level") == Level.DISTRICT.value
        sentence = BY_DISTRICT[kind] if district and kind in BY_DISTRICT else SENTENCES[kind]
        if kind is EventType.REPORTED and not self._source(event.payload):
            return self.catalogue.gettext(CHANNEL_NAMES[Channel(event.payload["channel"])])
        return self.catalogue.translate(sentence, None, **self._params(event.payload))

    def _params(self, payload: Json) -> dict[str, str]:
        """Everything that a sentence may name; what the event does not say stays a dash."""
        say = self.catalogue.gettext
        outcome, channel = payload.get("outcome"), payload.get("channel")
        other = payload.get("duplicate_of") or payload.get("relapsed_as") or payload.get("problem")
        answer = payload.get("answer")
        return {
            "unit": self.names.unit(payload.get("unit_id")) or NOTHING,
            "due": self.formats.deadline_text(payload.get("due_at")),
            "review": self.formats.date_text(payload.get("review_at")),
            "outcome": say(OUTCOME_NAMES[Outcome(outcome)]) if outcome else NOTHING,
            "channel": say(CHANNEL_NAMES[Channel(channel)]) if channel else NOTHING,
            "source": self._source(payload),
            "found": say(FOUND_NAMES[Found(payload["found"])]) if payload.get("found") else NOTHING,
            "reply": say(REPLY_NAMES[Answer(payload["reply"])]) if payload.get("reply") else NOTHING,
            "number": self.numbers.get(other, NOTHING) if other else NOTHING,
            "photos": str(payload.get("photo_count", NOTHING)),
            "answer": say(ANSWER_NAMES[ObjectionAnswer(answer)]) if answer in set(ObjectionAnswer) else NOTHING,
        }

    def _source(self, payload: Json) -> str:
        return " ".join(
            part for part in (self.names.outlet(payload.get("outlet_id")), payload.get("outside_number")) if part
        )


def problems_in(events: Sequence[Event]) -> set[ObjectId]:
    """Ids of the other problems that a history names: merged, split, a duplicate, a relapse."""
    named = (event.payload.get(name) for event in events for name in ("problem", "duplicate_of", "relapsed_as"))
    return {each for each in named if isinstance(each, ObjectId)}


def people_in(events: Sequence[Event]) -> set[ObjectId]:
    """Ids of everybody who did something; of a claim that somebody else released, its writer too."""
    people = {event.actor for event in events} | {event.payload.get("by") for event in events}
    return {each for each in people if isinstance(each, ObjectId)}
