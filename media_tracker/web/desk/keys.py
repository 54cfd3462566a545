"""The desk's keys: one letter, one meaning, whatever form is open. The page shows them on its buttons, and all by ``?``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from media_tracker.ingest.documents import Kind


@dataclass(frozen=True, slots=True)
class Keys:
    """What a template asks for. ``Enter`` beside any field does what ``accept`` does; ``Escape`` leaves a field."""

    kinds: Mapping[str, str] = field(
        default_factory=lambda: {
            Kind.EXPOSURE.value: "e",
            Kind.FOLLOW_UP.value: "f",
            Kind.GOOD_DEED.value: "g",
            Kind.NOTICE.value: "n",
            Kind.OTHER.value: "o",
        }
    )
    accept: str = "a"
    problems: Sequence[str] = ("1", "2", "3", "4", "5")
    """The problems that are offered, in their order."""
    new_problem: str = "0"
    reasons: Sequence[str] = ("x", "v", "b")
    """Why a story leads to no problem, in their order."""
    category: str = "c"
    region: str = "r"
    place: str = "p"
    unit: str = "w"
    number: str = "m"
    detail: str = "i"
    """What a follow-up reports, of which kind a deed is."""
    title: str = "t"
    fill_in: str = "z"
    again: str = "d"
    alike: str = "h"
    original: str = "l"
    next: str = "j"
    previous: str = "k"
    snooze: str = "s"
    undo: str = "u"


KEYS = Keys()
