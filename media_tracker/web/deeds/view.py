"""Good deeds as somebody may see them: names and pictures only where they may be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from media_tracker.accounts.actor import Actor
from media_tracker.deeds.deed import DeedPhoto, Level
from media_tracker.deeds.documents import GoodDeed
from media_tracker.deeds.nominations import standing
from media_tracker.deeds.pictures import may_see_photo
from media_tracker.deeds.reading import is_staff, stands
from media_tracker.deeds.showing import taken_back
from media_tracker.deeds.words import Words
from media_tracker.errors import N_
from media_tracker.web.choices import Option, option
from media_tracker.web.i18n import NOTHING, current_locale
from media_tracker.web.naming import Names
from media_tracker.web.stories.view import DEEDS, MASKED

MONTHS_OFFERED = 24


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a page shows it. ``hidden``: there is one, and it may not be shown (any more)."""

    id: str
    src: str
    href: str
    alt: str
    caption: str
    people: bool
    hidden: bool
    shown: bool
    """To everybody who may see the deed, not only to those who work on it."""


@dataclass(frozen=True, slots=True)
class PersonView:
    """Somebody as the deed's page calls them. ``named``: it is the name."""

    label: str
    named: bool
    young: bool
    taken_back: bool


@dataclass(frozen=True, slots=True)
class DeedCard:
    """A deed in the library."""

    id: str
    href: str
    title: str
    told: str
    people: Sequence[PersonView]
    kind: str
    kind_name: str
    where: str
    published_at: datetime
    outlets: Sequence[str]
    stories: int
    picture: Picture | None
    nominated: str
    public: bool
    masked: bool
    """All its stories have been withdrawn, and the reader has nothing to do with that."""


def deed_card(deed: GoodDeed, names: Names, words: Words, who: Actor | None, base: str = "/deeds") -> DeedCard:
    """``deed`` for the library; ``who`` is None for the public."""
    masked = not stands(deed) and not is_staff(who)
    pictures = [] if masked else pictures_of(deed, names, who)
    standing_stories = [each for each in deed.stories if each.withdrawn_at is None]
    region = names.region(deed.region)
    place = deed.place if region in deed.place else f"{region} {deed.place}".strip()
    level = standing(deed.nominations)
    return DeedCard(
        id=str(deed.id),
        href=f"{base}/{deed.id}",
        title=names.gettext(MASKED) if masked else names.deed_title(deed),
        told="" if masked else names.deed_told(deed),
        people=() if masked else people_of(deed, names),
        kind=deed.kind or "",
        kind_name=names.gettext(DEEDS[deed.kind]) if deed.kind and deed.kind in DEEDS else "",
        where="" if masked else place,
        published_at=deed.first_published_at,
        outlets=list(dict.fromkeys(names.outlets.get(each.outlet_id, NOTHING) for each in standing_stories)),
        stories=len(standing_stories),
        picture=next((each for each in pictures if each.shown), None),
        nominated=level_name(level, words) if level and not masked else "",
        public=deed.public,
        masked=masked,
    )


def people_of(deed: GoodDeed, names: Names) -> list[PersonView]:
    """The people of a deed, each as they may be called."""
    return [
        PersonView(
            names.deed_person(deed, person), deed.names(person), deed.counts_as_young(person), taken_back(person)
        )
        for person in deed.people
    ]


def pictures_of(deed: GoodDeed, names: Names, who: Actor | None) -> list[Picture]:
    """The pictures of a deed; to those who work on it also the places of those that may not be shown."""
    return [
        _picture(deed, photo, names, who) for photo in deed.photos if may_see_photo(deed, photo, who) or is_staff(who)
    ]


def _picture(deed: GoodDeed, photo: DeedPhoto, names: Names, who: Actor | None) -> Picture:
    href = f"/deeds/{deed.id}/photos/{photo.id}"
    caption = names.deed_masked(deed, photo.caption)
    return Picture(
        id=str(photo.id),
        src=f"{href}?small=1",
        href=href,
        alt=caption or names.gettext(N_("Picture of the good deed")),
        caption=caption,
        people=photo.people,
        hidden=not may_see_photo(deed, photo, who),
        shown=deed.shows(photo),
    )


def level_name(level: Level, words: Words) -> str:
    """What a level is called, in the language of the page."""
    chinese, english = words[level]
    return english if current_locale() == "en" else chinese


def level_options(words: Words) -> list[Option]:
    """Every level by its name."""
    return [option(level.value, level_name(level, words)) for level in Level]


def kind_options(names: Names) -> list[Option]:
    """Kinds of good deeds."""
    return [option(value, names.gettext(label)) for value, label in DEEDS.items()]


def month_options(now: datetime, zone: ZoneInfo, names: Names) -> list[Option]:
    """The last months, the latest first."""
    day = now.astimezone(zone).date().replace(day=1)
    found = []
    for _ in range(MONTHS_OFFERED):
        found.append(option(f"{day:%Y-%m}", names.month(f"{day:%Y-%m}")))
        day = (day - timedelta(days=1)).replace(day=1)
    return found


def month_bounds(text: str, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """From when to when the month ``2026-03`` lasts here; None where ``text`` is none."""
    try:
        first = date.fromisoformat(f"{text}-01")
        following = (first + timedelta(days=32)).replace(day=1)
    except (ValueError, OverflowError):
        return None
    start, end = (datetime(d.year, d.month, d.day, tzinfo=zone) for d in (first, following))
    return (start, end) if 1990 <= first.year <= 2200 else None
