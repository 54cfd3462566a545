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
from media_tracker.problems.case import Case, Channel, EventType, Outcome
from media_tracker.problems.documents import Problem
from media_tracker.problems.folding import apply
from media_tracker.web.i18n import NOTHING, Catalogue, Formats
from media_tracker.web.naming import Names
from media_tracker.web.problems.words import CHANNEL_NAMES, OUTCOME_NAMES

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
    EventType.WITHHELD: N_("Withheld from the public"),
    EventType.SHOWN: N_("Shown to the public again"),
}
BY_DISTRICT: Mapping[EventType, str] = {
    EventType.VERIFIED: N_("District check passed: {outcome}"),
    EventType.FAILED: N_("District check failed: rework, due {due}"),
    EventType.NOTHING_FOUND: N_("Confirmed by a district check: nothing found"),
}


CALLERS_WORDS = frozenset({EventType.REGISTERED, EventType.REPORTED})
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
                    actor=self._who(event.actor),
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

    def _who(self, actor: ObjectId | None) -> str:
        if actor is None:
            return self.catalogue.gettext(N_("by the system"))
        return self.people.get(actor) or self.catalogue.gettext(N_("a former user"))

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
        other = payload.get("duplicate_of") or payload.get("relapsed_as")
        return {
            "unit": self.names.unit(payload.get("unit_id")) or NOTHING,
            "due": self.formats.deadline_text(payload.get("due_at")),
            "review": self.formats.date_text(payload.get("review_at")),
            "outcome": say(OUTCOME_NAMES[Outcome(outcome)]) if outcome else NOTHING,
            "channel": say(CHANNEL_NAMES[Channel(channel)]) if channel else NOTHING,
            "source": self._source(payload),
            "number": self.numbers.get(other, NOTHING) if other else NOTHING,
        }

    def _source(self, payload: Json) -> str:
        return " ".join(
            part for part in (self.names.outlet(payload.get("outlet_id")), payload.get("outside_number")) if part
        )


def people_in(events: Sequence[Event]) -> set[ObjectId]:
    """Ids of everybody who did something."""
    return {event.actor for event in events if event.actor is not None}
