"""What is done with a good deed that is filed: its words, people and their consent, nomination, release. Pictures: ``pictures``.

Editors say what a deed is; publicity staff release it. What is changed of a released deed takes it out of the public library
until it is released again: a release stands for what somebody saw. Events name parts by their ids, never a person.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database
from media_tracker.db.events import Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.deeds.book import DeedBook
from media_tracker.deeds.deed import Consent, ConsentWay, DeedRelease, Level, Nomination, Person, Result
from media_tracker.deeds.documents import DeedWords, GoodDeed
from media_tracker.deeds.nominations import mistakes, standing
from media_tracker.deeds.pictures import delete_pictures
from media_tracker.deeds.service import Deeds, check_editor, checked_title
from media_tracker.deeds.showing import why_not_release
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, NotFound
from media_tracker.files.store import FileStore

MOST_PEOPLE = 30

OnForgotten = Callable[[Transaction, GoodDeed, str], Awaitable[None]]
"""Told of which deed who is forgotten, by name."""


class DeedWork:
    """Changes deeds: each change one transaction, on the version that somebody saw."""

    def __init__(
        self, database: Database, transactor: Transactor, deeds: Deeds, files: FileStore, clock: Clock, zone: ZoneInfo
    ) -> None:
        self._book = DeedBook(database, clock)
        self._transactor = transactor
        self._deeds = deeds
        self._files = files
        self._clock = clock
        self._zone = zone
        self._on_forgotten: list[OnForgotten] = []

    def on_forgotten(self, also: OnForgotten) -> None:
        """Have ``also`` forget whom a deed forgets, in the same transaction."""
        self._on_forgotten.append(also)

    # Words

    async def edit(self, deed_id: str, version: int, words: DeedWords, actor: Actor, origin: Origin) -> GoodDeed:
        """Change what is said of a deed. What is the same already changes nothing.

        Raises:
            Forbidden: no editor. InvalidInput: no title. NotFound, Conflict.
        """
        check_editor(actor)
        given = {
            "title": checked_title(words.title),
            "deed": words.deed.strip(),
            "kind": words.kind,
            "region": words.region,
            "place": words.place.strip(),
        }
        district = await self._deeds.district_of(words.region)

        async def change(tx: Transaction, deed: GoodDeed) -> GoodDeed:
            fields = sorted(name for name, value in given.items() if getattr(deed, name) != value)
            if not fields:
                return deed
            changes: dict[str, Any] = {**given, "district": district, "release": None}
            return await self._book.change(tx, deed, "edited", {"fields": fields}, **changes)

        return await self._book.change_at(self._transactor, deed_id, version, change, origin)

    # People

    async def add_person(
        self, deed_id: str, version: int, name: str, called: str, minor: bool | None, actor: Actor, origin: Origin
    ) -> GoodDeed:
        """Record somebody who did it; consent is recorded by itself.

        Raises:
            Forbidden: no editor. InvalidInput: no name, or too many people. NotFound, Conflict.
        """
        check_editor(actor)
        person = Person(id=ObjectId(), name=_checked_name(name), called=called.strip(), minor=minor)

        async def change(tx: Transaction, deed: GoodDeed) -> GoodDeed:
            if len(deed.people) >= MOST_PEOPLE:
                raise _mistake("name", N_("These are too many people for one deed."))
            people = [*deed.people, person]
            return await self._book.change(tx, deed, "person_added", {"person": person.id}, people=people, release=None)

        return await self._book.change_at(self._transactor, deed_id, version, change, origin)

    async def edit_person(
        self,
        deed_id: str,
        person_id: str,
        version: int,
        name: str,
        called: str,
        minor: bool | None,
        actor: Actor,
        origin: Origin,
    ) -> GoodDeed:
        """Correct who somebody is, and whether they are under 18. What is the same already changes nothing.

        Raises:
            Forbidden: no editor. InvalidInput: no name. NotFound, Conflict.
        """
        check_editor(actor)
        given = {"name": _checked_name(name), "called": called.strip(), "minor": minor}

        async def change(tx: Transaction, deed: GoodDeed) -> GoodDeed:
            person = _person(deed, person_id)
            fields = sorted(field for field, value in given.items() if getattr(person, field) != value)
            if not fields:
                return deed
            payload = {"person": person.id, "fields": fields, "minor": minor}
            people = _with(deed, person.model_copy(update=given))
            return await self._book.change(tx, deed, "person_edited", payload, people=people, release=None)

        return await self._book.change_at(self._transactor, deed_id, version, change, origin)

    async def forget_person(
        self, deed_id: str, person_id: str, version: int, instead: str, actor: Actor, origin: Origin
    ) -> GoodDeed:
        """Erase somebody from a deed: the name goes out of its words too, and pictures with people in them are deleted.

        ``instead``: what stands in the words from now on.

        Raises:
            Forbidden: neither editor nor publicity staff. NotFound, Conflict.
        """
        _check_staff(actor)
        gone: list[ObjectId] = []

        async def change(tx: Transaction, deed: GoodDeed) -> GoodDeed:
            person = _person(deed, person_id)
            put = person.called or instead
            gone[:] = [photo.id for photo in deed.photos if photo.people]
            changes: dict[str, Any] = {
                "people": [each for each in deed.people if each.id != person.id],
                "title": deed.title.replace(person.name, put),
                "deed": deed.deed.replace(person.name, put),
                "photos": [
                    photo.model_copy(update={"caption": photo.caption.replace(person.name, put)})
                    for photo in deed.photos
                    if not photo.people
                ],
                "release": None,
            }
            for also in self._on_forgotten:
                await also(tx, deed, person.name)
            payload = {"person": person.id, "photos": list(gone)}
            return await self._book.change(tx, deed, "person_forgotten", payload, **changes)

        changed = await self._book.change_at(self._transactor, deed_id, version, change, origin)
        await delete_pictures(self._files, gone)
        return changed

    # Consent

    async def agree(
        self,
        deed_id: str,
        person_id: str,
        version: int,
        way: ConsentWay,
        on: date,
        guardian: bool,
        actor: Actor,
        origin: Origin,
    ) -> GoodDeed:
        """Record that somebody agreed to be named and shown, how and when; ``guardian``: a parent or guardian did.

        Raises:
            Forbidden: no editor. InvalidInput: a day to come. NotFound, Conflict.
        """
        check_editor(actor)
        now = self._clock()
        if on > now.astimezone(self._zone).date():
            raise _mistake("given_on", N_("This day is still to come."))
        consent = Consent(way=way, given_on=on.isoformat(), guardian=guardian, by=actor.user_id, recorded_at=now)

        async def change(tx: Transaction, deed: GoodDeed) -> GoodDeed:
            person = _person(deed, person_id)
            payload = {"person": person.id, "way": way.value, "given_on": consent.given_on, "guardian": guardian}
            people = _with(deed, person.model_copy(update={"consent": consent}))
            return await self._book.change(tx, deed, "consent_recorded", payload, people=people)

        return await self._book.change_at(self._transactor, deed_id, version, change, origin)

    async def take_back(self, deed_id: str, person_id: str, version: int, actor: Actor, origin: Origin) -> GoodDeed:
        """Record that somebody no longer agrees: name and pictures are masked at once, and the public library loses the deed.

        Raises:
            Forbidden: neither editor nor publicity staff. NotFound.
            Conflict: there is no consent that stands, or somebody was faster.
        """
        _check_staff(actor)
        now = self._clock()

        async def change(tx: Transaction, deed: GoodDeed) -> GoodDeed:
            person = _person(deed, person_id)
            if person.consent is None or not person.consent.stands:
                raise Conflict(N_("There is no consent that could be taken back."))
            consent = person.consent.model_copy(update={"withdrawn_at": now, "withdrawn_by": actor.user_id})
            people = _with(deed, person.model_copy(update={"consent": consent}))
            return await self._book.change(
                tx, deed, "consent_withdrawn", {"person": person.id}, people=people, release=None
            )

        return await self._book.change_at(self._transactor, deed_id, version, change, origin)

    # The way up

    async def nominate(
        self,
        deed_id: str,
        version: int,
        level: Level | None,
        result: Result,
        on: date | None,
        actor: Actor,
        origin: Origin,
    ) -> GoodDeed:
        """Write down how far the nomination has come, that it was refused, or taken back.

        Raises:
            Forbidden: neither editor nor publicity staff. InvalidInput: see ``nominations.mistakes``. NotFound, Conflict.
        """
        _check_staff(actor)
        now = self._clock()

        async def change(tx: Transaction, deed: GoodDeed) -> GoodDeed:
            fields = mistakes(deed.nominations, level, result, on, now.astimezone(self._zone).date())
            if fields:
                raise InvalidInput(next(iter(fields.values())), fields)
            at = standing(deed.nominations) if result is Result.WITHDRAWN else level
            assert at is not None  # mistakes() says so
            assert on is not None
            line = Nomination(level=at, result=result, on=on.isoformat(), by=actor.user_id, at=now)
            payload = {"level": at.value, "result": result.value, "on": line.on}
            return await self._book.change(tx, deed, "nominated", payload, nominations=[*deed.nominations, line])

        return await self._book.change_at(self._transactor, deed_id, version, change, origin)

    # The public library

    async def release(self, deed_id: str, version: int, nobody: bool, actor: Actor, origin: Origin) -> GoodDeed:
        """Put a deed into the public library, as it is now (签发). ``nobody``: it names nobody, somebody has looked.

        Raises:
            Forbidden: not publicity staff. Conflict: consent is missing, see ``showing.why_not_release``. NotFound.
        """
        _check_publicity(actor)
        now = self._clock()

        async def change(tx: Transaction, deed: GoodDeed) -> GoodDeed:
            if (error := why_not_release(deed.people, deed.stories, deed.young, nobody)) is not None:
                raise error
            stories = tuple(story.story_id for story in deed.stories)
            release = DeedRelease(by=actor.user_id, at=now, stories=stories)
            return await self._book.change(tx, deed, "released", {"stories": list(stories)}, release=release)

        return await self._book.change_at(self._transactor, deed_id, version, change, origin)

    async def take_off(self, deed_id: str, version: int, actor: Actor, origin: Origin) -> GoodDeed:
        """Take a deed out of the public library.

        Raises:
            Forbidden: not publicity staff. Conflict: it is not in it, or somebody was faster. NotFound.
        """
        _check_publicity(actor)

        async def change(tx: Transaction, deed: GoodDeed) -> GoodDeed:
            if deed.release is None:
                raise Conflict(N_("It is not in the public library."))
            return await self._book.change(tx, deed, "taken_off", {}, release=None)

        return await self._book.change_at(self._transactor, deed_id, version, change, origin)


def _person(deed: GoodDeed, person_id: str) -> Person:
    key = parse_id(person_id)
    for person in deed.people:
        if person.id == key:
            return person
    raise NotFound(N_("This person is not recorded with the deed (any more)."))


def _with(deed: GoodDeed, changed: Person) -> list[Person]:
    return [changed if person.id == changed.id else person for person in deed.people]


def _checked_name(name: str) -> str:
    if not name.strip():
        raise _mistake("name", N_("Please give a name."))
    return name.strip()


def _check_staff(actor: Actor) -> None:
    if not actor.has(Role.EDITOR, Role.PUBLICITY):
        raise Forbidden(N_("Your role does not allow this."))


def _check_publicity(actor: Actor) -> None:
    if not actor.has(Role.PUBLICITY):
        raise Forbidden(N_("Your role does not allow this."))


def _mistake(field: str, sentence: str) -> InvalidInput:
    return InvalidInput(sentence, {field: sentence})
