"""Drafts of answers as the database has them."""

from __future__ import annotations

from media_tracker.db.connection import Json
from media_tracker.problems.answers.draft_rules import OPEN, Content, Draft, Remark, Stage
from media_tracker.problems.case import Outcome, Precision


def content_row(content: Content) -> Json:
    """What an answer says so far, as it is stored."""
    return {
        "text": content.text,
        "outcome": content.outcome.value if content.outcome else None,
        "fixed_at": content.fixed_at,
        "precision": content.precision.value,
        "unprotected": content.unprotected,
        "before": list(content.before),
        "after": list(content.after),
        "documents": list(content.documents),
    }


def draft_row(draft: Draft) -> Json:
    """A draft that is begun, as it is stored."""
    return {
        "_id": draft.id,
        "problem_id": draft.problem_id,
        "unit_id": draft.unit_id,
        "version": draft.version,
        "stage": draft.stage.value,
        "open": draft.stage in OPEN,
        **content_row(draft.content),
        "written_by": draft.written_by,
        "written_at": draft.written_at,
        "writers": [draft.written_by],
        "handed_in_by": None,
        "handed_in_at": None,
        "released_by": None,
        "released_at": None,
        "remarks": [],
    }


def draft_of(row: Json) -> Draft:
    """The draft in a stored row."""
    content = Content(
        text=row["text"],
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        fixed_at=row["fixed_at"],
        precision=Precision(row["precision"]),
        unprotected=row["unprotected"],
        before=tuple(row["before"]),
        after=tuple(row["after"]),
        documents=tuple(row["documents"]),
    )
    return Draft(
        id=row["_id"],
        problem_id=row["problem_id"],
        unit_id=row["unit_id"],
        version=row["version"],
        stage=Stage(row["stage"]),
        content=content,
        written_by=row["written_by"],
        written_at=row["written_at"],
        handed_in_by=row["handed_in_by"],
        handed_in_at=row["handed_in_at"],
        released_by=row["released_by"],
        released_at=row["released_at"],
        writers=frozenset(row.get("writers", ())),  # none of before it was kept
        remarks=tuple(Remark(each["by"], each["at"], each["text"]) for each in row["remarks"]),
    )
