"""A unit's answer before it goes out: who may see, write and release it, and what a draft holds. Pure.

A unit may have its answers reviewed (单位内审): then one official hands the answer in, and another person of the unit, or a
superior who answers for it, releases it. Until then nothing leaves the unit, and the clock runs on.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput
from media_tracker.problems.case import Case, Outcome, Precision
from media_tracker.problems.steps import ROWS, Command, Step


class Stage(StrEnum):
    """How far a draft is. Only the first two are open."""

    WRITING = "writing"
    HANDED_IN = "handed_in"
    RELEASED = "released"
    DISCARDED = "discarded"


MOST_FILES = 20
CHANGED = N_("Somebody of your unit has changed this answer in the meantime. Both texts are shown; nothing is lost.")
OPEN = frozenset({Stage.WRITING, Stage.HANDED_IN})


@dataclass(frozen=True, slots=True)
class Content:
    """What an answer says so far; everything may still be missing."""

    text: str = ""
    outcome: Outcome | None = None
    fixed_at: datetime | None = None
    precision: Precision = Precision.MINUTE
    unprotected: bool = False
    before: tuple[ObjectId, ...] = ()
    after: tuple[ObjectId, ...] = ()
    documents: tuple[ObjectId, ...] = ()

    @property
    def photos(self) -> tuple[ObjectId, ...]:
        """All of its photos."""
        return (*self.before, *self.after)

    @property
    def files(self) -> tuple[ObjectId, ...]:
        """Its photos and documents."""
        return (*self.before, *self.after, *self.documents)

    def without(self, files: Collection[ObjectId]) -> Content:
        """The same without some of its files."""
        before, after, documents = (
            tuple(each for each in kept if each not in files) for kept in (self.before, self.after, self.documents)
        )
        return replace(self, before=before, after=after, documents=documents)


@dataclass(frozen=True, slots=True)
class Remark:
    """Why a reviewer sent an answer back."""

    by: ObjectId
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A unit's answer to one problem, before it goes out; afterwards the unit's own record of who wrote and who released it."""

    id: ObjectId
    problem_id: ObjectId
    unit_id: ObjectId
    version: int
    stage: Stage
    content: Content
    written_by: ObjectId
    written_at: datetime
    handed_in_by: ObjectId | None = None
    handed_in_at: datetime | None = None
    released_by: ObjectId | None = None
    released_at: datetime | None = None
    remarks: tuple[Remark, ...] = ()
    writers: frozenset[ObjectId] = frozenset()
    """Everybody who has written in it, those before ``written_by`` too."""

    @property
    def authors(self) -> frozenset[ObjectId]:
        """Everybody who has a hand in it: none of them releases it."""
        own = {self.written_by} if self.handed_in_by is None else {self.written_by, self.handed_in_by}
        return self.writers | own


def may_see(unit_id: ObjectId, actor: Actor) -> bool:
    """Whether ``actor`` may see what the unit has not let out yet: people of the unit, and who answers for it."""
    return actor.has(Role.OFFICIAL) and (unit_id in actor.units or unit_id in actor.answers_for)


def why_not_write(case: Case, actor: Actor) -> Conflict | Forbidden | None:
    """Why ``actor`` cannot write an answer for this case now; None when they can."""
    if not actor.has(Role.OFFICIAL) or case.unit_id is None or case.unit_id not in actor.units:
        return Forbidden(N_("Only the unit in charge of this problem can do this."))
    if case.state not in ROWS[Step.CLAIM].sources:
        return Conflict(
            N_(
                "This cannot be done while the problem is “{state}”. Somebody may have been faster: look at its history."
            ),
            state=case.state,
        )
    return None


def why_not_release(draft: Draft, case: Case, actor: Actor) -> Conflict | Forbidden | None:
    """Why ``actor`` cannot release the answer, or send it back; None when they can."""
    if case.unit_id != draft.unit_id or not may_see(draft.unit_id, actor):
        return Forbidden(N_("Only the unit in charge of this problem can do this."))
    if draft.stage is not Stage.HANDED_IN:
        return Conflict(N_("This answer does not wait for a review. Somebody may have been faster."))
    if actor.user_id in draft.authors:
        return Forbidden(N_("You wrote in this answer or handed it in. Somebody else of your unit has to release it."))
    return None


def claim_of(content: Content, now: datetime, written_by: ObjectId, reviewed_by: ObjectId | None = None) -> Command:
    """The step that the answer becomes when it goes out."""
    return Command(
        Step.CLAIM,
        now,
        text=content.text,
        outcome=content.outcome,
        fixed_at=content.fixed_at,
        precision=content.precision,
        before=content.before,
        after=content.after,
        documents=content.documents,
        unprotected=content.unprotected,
        written_by=written_by,
        reviewed_by=reviewed_by,
    )


def blank_version(case: Case) -> int:
    """What a form says that begins a draft; the draft's own versions follow on it.

    So no form that was opened for an earlier answer fits a later one.
    """
    return case.answers * 1_000


def check_writable(case: Case, draft: Draft | None, version: int) -> None:
    """Accept that somebody who saw ``version`` writes; ``Conflict`` when it is another one by now, or handed in."""
    if (draft.version if draft else blank_version(case)) != version:
        raise Conflict(CHANGED)
    if draft is not None and draft.stage is Stage.HANDED_IN:
        raise Conflict(N_("This answer is handed in for review. Take it back first, then change it."))


def check_few_enough(content: Content) -> None:
    """Accept what one answer takes; else ``InvalidInput``."""
    if len(content.files) > MOST_FILES:
        sentence = N_("An answer takes at most 20 photos and documents. Remove some.")
        raise InvalidInput(sentence, {"after": sentence})
