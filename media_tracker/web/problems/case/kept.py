"""What was written into a step's form that is offered no longer: shown once more, so that nobody has to write it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bson import ObjectId

from media_tracker.errors import N_
from media_tracker.problems.case import Outcome
from media_tracker.web.forms import told
from media_tracker.web.naming import Names
from media_tracker.web.problems.words import OUTCOME_NAMES

LABELS: Mapping[str, str] = {
    "unit_id": N_("Unit in charge"),
    "target": N_("Number of the problem that stays"),
    "outcome": N_("What came of it"),
    "verified_outcome": N_("What you found there"),
    "fixed_at": N_("When it was fixed"),
    "review_at": N_("Look at it again on"),
    "due_at": N_("New deadline"),
    "text": N_("Text"),
}
"""What people fill in, field by field; ticks are made again in a moment."""


def kept_text(values: Mapping[str, str], co_units: Sequence[str], names: Names) -> str:
    """The fields that were filled in, a line each, with names in place of ids."""
    lines = [(label, _shown(name, values.get(name, "").strip(), names)) for name, label in LABELS.items()]
    beside = names.units_of(ObjectId(unit) for unit in co_units)
    lines.insert(1, (N_("Units that work with it"), names.gettext(", ").join(beside)))
    return told(names.pages.catalogue, lines)


def _shown(name: str, value: str, names: Names) -> str:
    if name == "unit_id":
        return names.unit(ObjectId(value)) if ObjectId.is_valid(value) else ""
    if name in ("outcome", "verified_outcome"):
        return names.gettext(OUTCOME_NAMES[Outcome(value)]) if value in set(Outcome) else ""
    return value.replace("T", " ") if name.endswith("_at") else value
