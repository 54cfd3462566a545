"""What an account may be called and may do: pure checks."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from bson import ObjectId

from media_tracker.accounts.actor import Level, Role
from media_tracker.db.connection import Json
from media_tracker.errors import N_, InvalidInput

_USERNAME = re.compile(r"\w[\w.@-]{1,63}")
_MAX_DISPLAY_NAME = 64


@dataclass(frozen=True, slots=True)
class Duties:
    """What a person may do here and for whom; see ``User`` for the fields."""

    roles: frozenset[Role]
    unit_ids: tuple[ObjectId, ...] = ()
    answers_for: tuple[ObjectId, ...] = ()
    backs: tuple[str, ...] = ()
    level: Level = Level.CITY

    def fields(self) -> Json:
        """As the document keeps them, and as events carry them."""
        return {
            "roles": sorted(self.roles),
            "unit_ids": list(self.unit_ids),
            "answers_for": list(self.answers_for),
            "backs": list(self.backs),
            "level": self.level,
        }


def fold_username(username: str) -> str:
    """The one form of a user name: full-width letters made plain, case folded, no blanks around it."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def check_names(username: str, display_name: str) -> None:
    """Accept the (folded) user name and the name to show.

    Raises:
        InvalidInput: with a sentence for each that cannot be taken.
    """
    fields: dict[str, str] = {}
    if not _USERNAME.fullmatch(username):
        fields["username"] = N_("A user name has 2 to 64 letters, digits or . _ @ - and begins with a letter or digit.")
    if not 1 <= len(display_name.strip()) <= _MAX_DISPLAY_NAME:
        fields["display_name"] = N_("A name to show has 1 to 64 characters.")
    if fields:
        raise InvalidInput(next(iter(fields.values())), fields)


def check_duties(duties: Duties) -> None:
    """Accept what a person may do.

    Raises:
        InvalidInput: no role, or an official of no unit.
    """
    if not duties.roles:
        sentence = N_("Choose at least one role.")
        raise InvalidInput(sentence, {"roles": sentence})
    if Role.OFFICIAL in duties.roles and not duties.unit_ids:
        sentence = N_("An official works for a unit. Choose at least one.")
        raise InvalidInput(sentence, {"unit_ids": sentence})
