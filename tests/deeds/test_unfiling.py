"""Taking back that a story tells of a good deed: what it had brought goes too, nothing that somebody has said since."""

from __future__ import annotations

import pytest
from bson import ObjectId

from media_tracker.db.events import SYSTEM
from media_tracker.db.transactions import Transactor
from media_tracker.deeds.documents import GoodDeed
from media_tracker.deeds.unfiling import unfile_in
from tests.deeds.scene import BY, NAME, OFFICE, Desk
from tests.services.invariants import assert_nothing_lost_or_doubled


async def unfiled(desk: Desk, deed: GoodDeed, place: int, seq: int | None = None) -> GoodDeed:
    """The deed without its story at ``place``. ``seq``: as ``unfile_in`` takes it; else nobody has worked on the deed."""
    services, story = desk.services, deed.stories[place].story_id
    key, version = ObjectId(deed.id), deed.version if seq is None else seq
    transactor = Transactor(services.database, services.log)
    await transactor.run(lambda tx: unfile_in(tx, services.database, key, story, version, desk.clock.now), SYSTEM)
    return await desk.stored(deed)


async def released(desk: Desk) -> GoodDeed:
    """A deed in the public library, of somebody who is grown up."""
    deed = await desk.agreed(await desk.filed(minor=False))
    deed = await desk.work.release(str(deed.id), deed.version, False, *OFFICE)
    assert deed.public
    return deed


async def test_a_story_that_raised_doubts_takes_them_with_it(desk: Desk) -> None:
    deed = await released(desk)
    doubted = await desk.told_again(deed, young=True)
    assert ([each.minor for each in doubted.people], doubted.public) == ([None], False)
    left = await unfiled(desk, doubted, 1)
    assert ([each.minor for each in left.people], left.public) == ([False], True)
    assert left.shown_person == NAME
    await assert_nothing_lost_or_doubled(desk.services)


async def test_another_story_that_points_to_somebody_young_keeps_the_doubts(desk: Desk) -> None:
    deed = await desk.told_again(await released(desk), young=True)
    deed = await desk.told_again(deed, young=True)
    left = await unfiled(desk, deed, 1)
    assert ([each.minor for each in left.people], left.public) == ([None], False)


@pytest.mark.parametrize("minor", [None, True])
async def test_what_somebody_has_said_since_stays(desk: Desk, minor: bool | None) -> None:
    deed = await desk.told_again(await released(desk), young=True)
    told, person = deed.version, deed.people[0]
    deed = await desk.work.edit_person(
        str(deed.id), str(person.id), deed.version, person.name, "一名热心人", minor, *BY
    )
    left = await unfiled(desk, deed, 1, told)
    assert [each.minor for each in left.people] == [minor]
    assert left.public == left.is_public
