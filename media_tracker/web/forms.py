"""Reading forms: every field typed, every mistake kept beside its field, nothing lost for the second try."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bson import ObjectId
from litestar import Request
from litestar.datastructures import FormMultiDict, UploadFile

from media_tracker.errors import N_, InvalidInput, TooLarge
from media_tracker.web.i18n import Catalogue
from media_tracker.web.visitor import services

Choice = TypeVar("Choice", bound=StrEnum)

LONGEST_TEXT = 5_000
LONGEST_LINE = 300
PHOTO_BYTES = 10 * 2**20
MOST_PHOTOS = 20
PHOTOS_BYTES = 50 * 2**20
"""Of all photos of one form together: they are in memory while they are looked at."""


@dataclass(slots=True)
class Form:
    """A form as it came in. ``values`` go back onto the page when something is wrong; ``errors`` stand beside them."""

    data: FormMultiDict
    zone: ZoneInfo
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, str]:
        """Every text field as it was sent, for showing the form again."""
        return {name: value for name, value in self.data.multi_items() if isinstance(value, str)}

    def text(self, name: str, *, required: str = "", longest: int = LONGEST_LINE) -> str:
        """A trimmed text. ``required`` is the sentence for an empty one."""
        value = self._raw(name).strip()
        if not value and required:
            self.errors[name] = required
        if len(value) > longest:
            self.errors[name] = N_("This is too long.")
        return value[:longest]

    def optional(self, name: str, longest: int = LONGEST_LINE) -> str | None:
        """A trimmed text, None when it is empty."""
        return self.text(name, longest=longest) or None

    def flag(self, name: str) -> bool:
        """A checkbox."""
        return bool(self._raw(name))

    def choice(self, name: str, kind: type[Choice], *, required: str = "") -> Choice | None:
        """One of an enum's values; None when nothing was chosen."""
        value = self._raw(name)
        if not value:
            if required:
                self.errors[name] = required
            return None
        try:
            return kind(value)
        except ValueError:
            self.errors[name] = N_("Please choose from the list.")
            return None

    def choices(self, name: str, kind: type[Choice]) -> list[Choice]:
        """Several of an enum's values."""
        try:
            return [kind(value) for value in self._all(name)]
        except ValueError:
            self.errors[name] = N_("Please choose from the list.")
            return []

    def id(self, name: str, *, required: str = "") -> ObjectId | None:
        """An id; None when nothing was chosen."""
        value = self._raw(name).strip()
        if not value:
            if required:
                self.errors[name] = required
            return None
        if not ObjectId.is_valid(value):
            self.errors[name] = N_("Please choose from the list.")
            return None
        return ObjectId(value)

    def ids(self, name: str) -> list[ObjectId]:
        """Several ids."""
        values = [value for value in self._all(name) if value]
        if not all(ObjectId.is_valid(value) for value in values):
            self.errors[name] = N_("Please choose from the list.")
            return []
        return [ObjectId(value) for value in values]

    def texts(self, name: str) -> list[str]:
        """Every value of a field that comes several times."""
        return list(self._all(name))

    def number(self, name: str) -> int | None:
        """A whole number from 0 up; None when it is empty."""
        value = self._raw(name).strip()
        if not value:
            return None
        if not value.isdecimal() or len(value) > 9:
            self.errors[name] = N_("Please give a whole number.")
            return None
        return int(value)

    def version(self) -> int:
        """The version of the thing that the form was made from; 0 (which never matches) when it was tampered with."""
        value = self._raw("version")
        return int(value) if value.isdecimal() and len(value) < 10 else 0

    def day(self, name: str, *, required: str = "") -> date | None:
        """A day, as date fields send it."""
        value = self._raw(name).strip()
        if not value:
            if required:
                self.errors[name] = required
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.errors[name] = N_("Please give a day as year-month-day.")
            return None

    def moment(self, name: str, *, required: str = "") -> datetime | None:
        """A local time, as datetime-local fields send it; aware, in the installation's zone."""
        value = self._raw(name).strip()
        if not value:
            if required:
                self.errors[name] = required
            return None
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            self.errors[name] = N_("Please give a day and a time.")
            return None
        if not 1990 <= parsed.year <= 2200:
            self.errors[name] = N_("Please give a day and a time.")
            return None
        return parsed.replace(tzinfo=self.zone) if parsed.tzinfo is None else parsed

    async def photos(self, name: str) -> list[tuple[str, bytes]]:
        """Uploaded files as (file name, content); empty file fields are left out.

        Raises:
            TooLarge: a file over 10 MB, or more than 20 of them.
        """
        uploads = [value for value in self.data.getall(name, []) if isinstance(value, UploadFile)]
        found = []
        for upload in uploads:
            content = await upload.read()
            if not content and not upload.filename:
                continue
            if len(content) > PHOTO_BYTES:
                raise TooLarge(N_("A photo may have at most 10 MB."))
            found.append((upload.filename, content))
        if len(found) > MOST_PHOTOS:
            raise TooLarge(N_("At most 20 photos at a time."))
        return found

    def check(self) -> None:
        """``InvalidInput`` with all that is wrong, if anything is."""
        if self.errors:
            raise InvalidInput(N_("Please look at the marked fields."), self.errors)

    def _raw(self, name: str) -> str:
        value = self.data.get(name, "")
        return value if isinstance(value, str) else ""

    def _all(self, name: str) -> Iterable[str]:
        return [value for value in self.data.getall(name, []) if isinstance(value, str)]


def told(catalogue: Catalogue, lines: Iterable[tuple[str, str]]) -> str:
    """Fields of a form as text, a line each: (untranslated label, what was written); empty ones are left out."""
    pattern = catalogue.gettext(N_("%(kind)s: %(value)s"))
    return "\n".join(pattern % {"kind": catalogue.gettext(label), "value": value} for label, value in lines if value)


async def read_form(request: Request[Any, Any, Any]) -> Form:
    """The form that a request carries."""
    return Form(await request.form(), services(request).settings.zone)
