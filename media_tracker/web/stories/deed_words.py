"""What consent, ages and words that point to a child are called: for the desk, a story's page and the deed's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from media_tracker.deeds.deed import ConsentWay
from media_tracker.deeds.minor_cues import Cue
from media_tracker.errors import N_
from media_tracker.web.choices import Option, option
from media_tracker.web.naming import Names

CONSENT_NAMES: Mapping[ConsentWay, str] = {
    ConsentWay.FORM: N_("Written form"),
    ConsentWay.PHONE: N_("By telephone"),
    ConsentWay.IN_PERSON: N_("In person"),
    ConsentWay.EARLIER: N_("Noted earlier, way not recorded"),
}
OFFERED_WAYS = (ConsentWay.FORM, ConsentWay.PHONE, ConsentWay.IN_PERSON)
AGE_NAMES: Mapping[str, str] = {
    "": N_("Not said: words of the stories decide"),
    "yes": N_("Under 18"),
    "no": N_("18 or older"),
}
_AGES: Mapping[str, bool] = {"yes": True, "1": True, "no": False}


@dataclass(frozen=True, slots=True)
class CueView:
    """A word that points to somebody under 18, and what stands around it."""

    before: str
    words: str
    after: str
    strong: bool
    title: bool
    """It stands in the title."""


def cue_views(cues: Sequence[Cue]) -> list[CueView]:
    """``cues`` as a page shows them."""
    return [CueView(c.before, c.words, c.after, c.strong, c.field == "title") for c in cues]


def way_options(names: Names) -> list[Option]:
    """Ways of agreeing that can be recorded."""
    return [option(way.value, names.gettext(CONSENT_NAMES[way])) for way in OFFERED_WAYS]


def age_options(names: Names) -> list[Option]:
    """What can be said of somebody's age."""
    return [option(value, names.gettext(label)) for value, label in AGE_NAMES.items()]


def age_of(value: str) -> bool | None:
    """Whether somebody is under 18, as a form says it; None: it does not say."""
    return _AGES.get(value)


def age_value(minor: bool | None) -> str:
    """The same as the form's field has it."""
    return "" if minor is None else "yes" if minor else "no"
