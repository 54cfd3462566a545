"""An editor's desk with a good deed, as tests of deeds work on it."""

from __future__ import annotations

from datetime import date

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.events import Event, Origin
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.deeds.deed import ConsentWay
from media_tracker.deeds.documents import DeedStory, DeedWords, GoodDeed, NewDeed
from media_tracker.deeds.service import ENTITY
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.problem_scene import photo

EDITOR = Actor(ObjectId(), frozenset({Role.EDITOR}))
PUBLICITY = Actor(ObjectId(), frozenset({Role.PUBLICITY}))
NAME = "甲小乙"
WORDS = DeedWords(title=f"{NAME}路边救人", deed=f"{NAME}跳进河里", kind="bravery", region="370303", place="河边")
BY = (EDITOR, Origin(EDITOR.user_id))
OFFICE = (PUBLICITY, Origin(PUBLICITY.user_id))


class Desk:
    """An editor's desk: a deed, and everything that is done with it."""

    def __init__(self, services: Services, transactor: Transactor, clock: FakeClock) -> None:
        self.services = services
        self.deeds, self.work, self.pictures = services.deeds, services.deed_work, services.deed_pictures
        self._transactor = transactor
        self.clock = clock
        self.today: date = clock.now.astimezone(services.settings.zone).date()

    def story(self, young: bool = False) -> DeedStory:
        return DeedStory(story_id=ObjectId(), outlet_id=ObjectId(), published_at=self.clock.now, young=young)

    async def filed(self, person: str = NAME, young: bool = False, **fields: object) -> GoodDeed:
        new = NewDeed(**{**WORDS.model_dump(), "person": person, **fields})

        async def work(tx: Transaction) -> GoodDeed:
            return await self.deeds.file_in(tx, new, self.story(young))

        return await self._transactor.run(work, BY[1])

    async def told_again(self, deed: GoodDeed, young: bool) -> GoodDeed:
        async def work(tx: Transaction) -> GoodDeed:
            return await self.deeds.add_story_in(tx, ObjectId(deed.id), self.story(young))

        return await self._transactor.run(work, BY[1])

    async def withdrawn(self, deed: GoodDeed) -> GoodDeed:
        async def work(tx: Transaction) -> None:
            await self.deeds.withdraw_story_in(tx, deed.stories[0].story_id)

        await self._transactor.run(work, BY[1])
        return await self.stored(deed)

    async def agreed(self, deed: GoodDeed, guardian: bool = False) -> GoodDeed:
        return await self.work.agree(
            str(deed.id), str(deed.people[0].id), deed.version, ConsentWay.FORM, self.today, guardian, *BY
        )

    async def pictured(self, deed: GoodDeed, people: bool = True) -> GoodDeed:
        stored = await self.services.files.save_image(photo(), "a.jpg", EDITOR.user_id, "deed")
        return await self.pictures.add_photos(str(deed.id), deed.version, [(stored.id, f"{NAME}在河边", people)], *BY)

    async def stored(self, deed: GoodDeed) -> GoodDeed:
        return await self.deeds.get(str(deed.id))

    async def history(self, deed: GoodDeed) -> list[Event]:
        return await self.services.log.of(ENTITY, ObjectId(deed.id))
