"""What was typed into a form of the desk that the story does not need any longer: shown once more, so that it is not lost."""

from __future__ import annotations

from collections.abc import Mapping

from media_tracker.errors import N_
from media_tracker.ingest.documents import Disposition, Kind
from media_tracker.web.forms import told
from media_tracker.web.naming import Names
from media_tracker.web.stories.view import DEEDS, DISPOSITIONS, KINDS, OUTCOMES

LABELS: Mapping[str, str] = {
    "kind": N_("Kind"),
    "number": N_("Number of a problem"),
    "title": N_("What is wrong"),
    "category": N_("Category"),
    "region": N_("Region"),
    "place": N_("Place"),
    "outcome": N_("Reported outcome"),
    "units": N_("Units"),
    "deed_kind": N_("Kind of deed"),
    "people": N_("People"),
    "why": N_("Reason"),
    "deed_title": N_("Title"),
    "deed": N_("What the person did"),
    "person": N_("Person"),
}
_CHOSEN: Mapping[str, Mapping[str, str]] = {"outcome": OUTCOMES, "deed_kind": DEEDS}


def kept_text(values: Mapping[str, str], names: Names) -> str:
    """The fields that were filled in, a line each, with names in place of codes."""
    lines = [(label, _shown(name, values.get(name, "").strip(), names)) for name, label in LABELS.items()]
    return told(names.pages.catalogue, lines)


def _shown(name: str, value: str, names: Names) -> str:
    if name == "kind" and value in set(Kind):
        return names.gettext(KINDS[Kind(value)])
    if name in _CHOSEN and value in _CHOSEN[name]:
        return names.gettext(_CHOSEN[name][value])
    if name == "why" and value in set(Disposition):
        return names.gettext(DISPOSITIONS[Disposition(value)])
    return names.category(value) if name == "category" else value
