"""Errands as the database has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from media_tracker.db.connection import Json
from media_tracker.problems.answers.errand_rules import Errand, ErrandState, Rejection
from media_tracker.problems.case import Case


@dataclass(frozen=True, slots=True)
class NewErrand:
    """What a unit asks for. ``form_key``: by which a form that is sent twice is known."""

    form_key: str
    text: str
    place: str
    due_at: datetime | None
    photos_wanted: int | None
    shown: tuple[ObjectId, ...] = ()
    """Photos of the problem that the link may show."""
    held: tuple[ObjectId, ...] = ()
    """Photos that were sent with the form, to be shown as well."""


def new_row(errand_id: ObjectId, case: Case, new: NewErrand, digest: str, given_by: ObjectId, now: datetime) -> Json:
    """An errand that is given, as it is stored. ``digest``: of its link's secret."""
    return {
        "_id": errand_id,
        "problem_id": case.id,
        "unit_id": case.unit_id,
        "version": 1,
        "state": ErrandState.OPEN.value,
        "form_key": new.form_key,
        "digest": digest,
        "text": new.text.strip(),
        "place": new.place.strip(),
        "due_at": new.due_at,
        "photos_wanted": new.photos_wanted,
        "shown": [*new.shown, *new.held],
        "held": list(new.held),
        "given_by": given_by,
        "given_at": now,
        "photos": [],
        "digests": [],
        "answer": "",
        "handed_in_at": None,
        "rejections": [],
        "swept": False,
    }


def errand_of(row: Json) -> Errand:
    """The errand in a stored row."""
    return Errand(
        id=row["_id"],
        problem_id=row["problem_id"],
        unit_id=row["unit_id"],
        version=row["version"],
        state=ErrandState(row["state"]),
        text=row["text"],
        place=row["place"],
        due_at=row["due_at"],
        photos_wanted=row["photos_wanted"],
        shown=tuple(row["shown"]),
        given_by=row["given_by"],
        given_at=row["given_at"],
        photos=tuple(row["photos"]),
        answer=row["answer"],
        handed_in_at=row["handed_in_at"],
        rejections=tuple(Rejection(each["by"], each["at"], each["text"]) for each in row["rejections"]),
    )
