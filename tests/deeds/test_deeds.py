"""Good deeds on a real database: editors change what is said of one, one at a time, and every change is an event."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio
from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.events import Event, Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.deeds.documents import DeedStory, DeedWords, GoodDeed, NewDeed
from media_tracker.deeds.service import ENTITY
from media_tracker.errors import Conflict, Forbidden, InvalidInput, MediaTrackerError, NotFound
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock

EDITOR = Actor(ObjectId(), frozenset({Role.EDITOR}))
WORDS = DeedWords(title="路边救人", deed="跳进河里", person="某女士", consent=True)


class Office:
    """An editor's office: every method is one transaction."""

    def __init__(self, services: Services, transactor: Transactor, clock: FakeClock) -> None:
        self.services = services
        self.deeds = services.deeds
        self._transactor = transactor
        self._clock = clock

    async def filed(self) -> GoodDeed:
        story = DeedStory(story_id=ObjectId(), outlet_id=ObjectId(), published_at=self._clock.now)

        async def work(tx: Transaction) -> GoodDeed:
            return await self.deeds.file_in(tx, NewDeed(**WORDS.model_dump()), story)

        return await self._transactor.run(work, Origin(EDITOR.user_id))

    async def edited(self, deed: GoodDeed, words: DeedWords, by: Actor = EDITOR) -> GoodDeed:
        async def work(tx: Transaction) -> GoodDeed:
            return await self.deeds.edit_in(tx, str(deed.id), deed.version, words, by)

        return await self._transactor.run(work, Origin(by.user_id))

    async def stored(self, deed: GoodDeed) -> GoodDeed:
        return await self.deeds.get(str(deed.id))

    async def history(self, deed: GoodDeed) -> list[Event]:
        return await self.services.log.of(ENTITY, ObjectId(deed.id))


@pytest_asyncio.fixture
async def office(services: Services, transactor: Transactor, clock: FakeClock) -> Office:
    return Office(services, transactor, clock)


async def test_what_is_said_of_a_deed_can_be_changed(office: Office) -> None:
    deed = await office.filed()
    words = DeedWords(title=" 河边救人 ", deed="跳进河里，救起一人", person=" 另一女士 ", consent=False, minor=True)
    changed = await office.edited(deed, words)
    assert changed == await office.stored(deed)
    assert (changed.title, changed.deed, changed.person) == ("河边救人", "跳进河里，救起一人", "另一女士")
    assert (changed.consent, changed.minor, changed.shown_person) == (False, True, "")
    assert (changed.stories, changed.first_published_at, changed.version) == (deed.stories, deed.first_published_at, 2)


async def test_every_change_is_an_event_that_names_nobody(office: Office) -> None:
    deed = await office.filed()
    deed = await office.edited(deed, WORDS.model_copy(update={"consent": False}))
    deed = await office.edited(deed, WORDS.model_copy(update={"consent": False, "person": "第三人", "title": "救人"}))
    filed, consent, person = await office.history(deed)
    assert [event.seq for event in (filed, consent, person)] == [1, 2, 3]
    assert [event.type for event in (filed, consent, person)] == ["filed", "edited", "edited"]
    assert consent.payload == {"fields": ["consent"], "consent": False, "minor": False}
    assert person.payload["fields"] == ["person", "title"]
    assert person.actor == EDITOR.user_id


async def test_what_is_the_same_already_is_no_change(office: Office) -> None:
    deed = await office.filed()
    assert await office.edited(deed, WORDS.model_copy(update={"title": f" {WORDS.title}"})) == deed
    assert len(await office.history(deed)) == 1


async def test_of_two_who_edit_at_once_one_is_told(office: Office) -> None:
    deed = await office.filed()

    async def outcome(title: str) -> str:
        try:
            return (await office.edited(deed, WORDS.model_copy(update={"title": title}))).title
        except MediaTrackerError as error:
            return type(error).__name__

    done = await asyncio.gather(outcome("甲"), outcome("乙"))
    assert sorted(done)[0] == Conflict.__name__
    assert (await office.stored(deed)).title in done
    assert len(await office.history(deed)) == 2


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.EDITOR])
async def test_only_editors_edit(office: Office, role: Role) -> None:
    deed = await office.filed()
    with pytest.raises(Forbidden):
        await office.edited(deed, DeedWords(title="x"), by=Actor(ObjectId(), frozenset({role})))
    assert await office.stored(deed) == deed


async def test_a_deed_keeps_its_title_and_must_be_there(office: Office) -> None:
    deed = await office.filed()
    with pytest.raises(InvalidInput) as refused:
        await office.edited(deed, DeedWords(title=" "))
    assert set(refused.value.fields) == {"deed_title"}
    for nothing in (str(ObjectId()), "nonsense"):
        with pytest.raises(NotFound):
            await office.edited(deed.model_copy(update={"id": nothing}), WORDS)
    assert await office.stored(deed) == deed
