"""How papers say what pages say: names, moments and deadlines as text, in the language of the reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.errors import N_
from media_tracker.ingest.documents import Story
from media_tracker.papers.casefile import FileFact, Person
from media_tracker.papers.safe_text import one_line
from media_tracker.papers.word import Picture
from media_tracker.problems.case import Precision, Severity
from media_tracker.web.i18n import NOTHING, current_locale
from media_tracker.web.naming import Names, say_severity
from media_tracker.web.render import ROLE_NAMES

WITHDRAWN = N_("(withdrawn by the outlet)")


@dataclass(frozen=True, slots=True)
class PhotoView:
    """A photo on paper: ``href`` for the page, ``picture`` for the Word document."""

    id: str
    href: str
    caption: str
    sha256: str
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class Wording:
    """Says things in the language of the request."""

    names: Names

    def say(self, message: str, /, **params: object) -> str:
        """A sentence of ours, its ``{named}`` places filled."""
        return self.names.pages.catalogue.translate(message, None, **params)

    def moment(self, moment: datetime | None) -> str:
        """Date and time of day."""
        return self.names.pages.formats.datetime_text(moment)

    def moment_or_day(self, moment: datetime, precision: Precision | str) -> str:
        """The same, or only the day where the hour is not known."""
        return self.moment(moment) if precision == Precision.MINUTE else self.day(moment)

    def day(self, moment: datetime | None) -> str:
        """The local date."""
        return self.names.pages.formats.date_text(moment)

    def deadline(self, moment: datetime | None) -> str:
        """A deadline as papers write it: 2026年3月5日24时, 2026年3月5日10时30分; 5 Mar 2026, end of day."""
        text = self.names.pages.formats.deadline_text(moment)
        if moment is None or current_locale() != "zh_CN":
            return text
        day, _, clock = text.rpartition(" ")
        hour, _, minute = clock.partition(":")
        return f"{day}{int(hour)}时" + (f"{minute}分" if minute != "00" else "")

    def severity(self, severity: str) -> str:
        """Urgent, key or normal."""
        return say_severity(self.names.pages.catalogue, Severity(severity))

    def listed(self, parts: Iterable[str]) -> str:
        """Several names as one text; a dash for none."""
        return self.say(N_(", ")).join(parts) or NOTHING

    def unit(self, unit_id: ObjectId | None) -> str:
        """A unit; a dash for none."""
        return self.names.unit(unit_id) or NOTHING

    def story(self, story: Story | None) -> str:
        """The title of a story. What has been withdrawn is masked; empty where there is no story."""
        if story is None:
            return ""
        return self.say(WITHDRAWN) if story.withdrawn_at is not None else one_line(story.title, 300)

    def person(self, who: ObjectId | None, people: Mapping[ObjectId, Person], unit: ObjectId | None) -> str:
        """Name, roles and the unit somebody acted for."""
        if who is None:
            return self.say(N_("by the system"))
        known = people.get(who)
        if known is None:
            return self.say(N_("a former user"))
        roles = [self.say(ROLE_NAMES[Role(role)]) for role in known.roles if role in set(Role)]
        parts = [*roles, *([self.names.unit(unit)] if unit is not None and self.names.unit(unit) else [])]
        return self.say(N_("{name} ({parts})"), name=known.name, parts=self.listed(parts)) if parts else known.name

    def photo(self, fact: FileFact, caption: str, pictures: Mapping[ObjectId, Picture]) -> PhotoView:
        """A photo with what it is under it."""
        return PhotoView(str(fact.id), f"/files/{fact.id}", caption, fact.sha256, pictures.get(fact.id))
