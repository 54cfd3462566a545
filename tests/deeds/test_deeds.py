"""Good deeds on a real database: filed, worked on one change at a time, every change an event that names nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.events import Origin
from media_tracker.deeds.deed import ConsentWay, Level, Result
from media_tracker.deeds.documents import DeedWords, GoodDeed
from media_tracker.deeds.service import DeedFilter
from media_tracker.errors import Conflict, Forbidden, InvalidInput, MediaTrackerError, NotFound
from media_tracker.migrations import m0013_deed_people
from tests.deeds.scene import BY, EDITOR, NAME, OFFICE, WORDS, Desk
from tests.services.invariants import assert_nothing_lost_or_doubled


def ids(deed: GoodDeed) -> tuple[str, str]:
    return str(deed.id), str(deed.people[0].id)


async def test_a_deed_goes_its_way_and_its_history_names_nobody(desk: Desk) -> None:
    deed = await desk.filed("甲小乙、丙小丁")
    assert (deed.person, deed.shown_person, deed.district, deed.kind) == ("甲小乙、丙小丁", "", "370303", "bravery")
    deed = await desk.work.edit(str(deed.id), deed.version, WORDS.model_copy(update={"place": " 桥下 "}), *BY)
    assert deed.place == "桥下"
    key, second = str(deed.id), str(deed.people[1].id)
    deed = await desk.work.forget_person(key, second, deed.version, "一位好心人", *BY)
    deed = await desk.agreed(deed)
    deed = await desk.pictured(deed)
    key, first = ids(deed)
    deed = await desk.work.edit_person(key, first, deed.version, NAME, "一位骑手", False, *BY)
    deed = await desk.pictures.edit_photo(key, str(deed.photos[0].id), deed.version, "河边", True, *BY)
    deed = await desk.work.nominate(key, deed.version, Level.DISTRICT, Result.REACHED, desk.today, *OFFICE)
    deed = await desk.work.release(key, deed.version, False, *OFFICE)
    assert deed == await desk.stored(deed)
    assert (deed.shown_person, deed.public, deed.nominated) == (NAME, True, "district")
    deed = await desk.work.take_back(key, first, deed.version, *OFFICE)
    assert (deed.shown_person, deed.public, deed.release) == ("", False, None)
    events = await desk.history(deed)
    assert [event.type for event in events] == [
        "filed",
        "edited",
        "person_forgotten",
        "consent_recorded",
        "photos_added",
        "person_edited",
        "photo_edited",
        "nominated",
        "released",
        "consent_withdrawn",
    ]
    assert events[-1].payload["person"] == deed.people[0].id
    assert events[-1].payload["unreleased"] is True
    told = "".join(str(event) for event in events)
    assert not any(word in told for word in (NAME, "丙小丁", "河边", "骑手"))
    await assert_nothing_lost_or_doubled(desk.services)


async def test_consent_says_who_recorded_it_when_and_how(desk: Desk) -> None:
    deed = await desk.agreed(await desk.filed())
    consent = deed.people[0].consent
    assert consent is not None
    assert (consent.by, consent.recorded_at, consent.way) == (EDITOR.user_id, desk.clock.now, ConsentWay.FORM)
    assert consent.given_on == desk.today.isoformat()
    key, first = ids(deed)
    tomorrow = desk.today + timedelta(days=1)
    with pytest.raises(InvalidInput):
        await desk.work.agree(key, first, deed.version, ConsentWay.PHONE, tomorrow, False, *BY)
    deed = await desk.work.take_back(key, first, deed.version, *BY)
    with pytest.raises(Conflict):
        await desk.work.take_back(key, first, deed.version, *BY)
    deed = await desk.agreed(deed)
    assert deed.shown_person == NAME, "who agrees again is named again"


async def test_what_is_changed_of_a_released_deed_is_not_public_until_it_is_released_again(
    desk: Desk,
) -> None:
    deed = await desk.agreed(await desk.filed())
    deed = await desk.pictured(deed)
    key, first = ids(deed)
    shown = str(deed.photos[0].id)
    changes: list[Callable[[int], Awaitable[GoodDeed]]] = [
        lambda v: desk.work.edit(key, v, WORDS.model_copy(update={"title": "改"}), *BY),
        lambda v: desk.work.edit_person(key, first, v, NAME, "某人", None, *BY),
        lambda v: desk.pictures.edit_photo(key, shown, v, "改", True, *BY),
        lambda v: desk.pictures.remove_photo(key, shown, v, *BY),
        lambda v: desk.work.take_off(key, v, *OFFICE),
    ]
    for change in changes:
        deed = await desk.work.release(key, deed.version, False, *OFFICE)
        assert deed.public
        deed = await change(deed.version)
        assert not deed.public
    assert deed.photos == []
    assert await desk.services.database["files.files"].count_documents({}) == 0, "a removed picture is deleted"
    deed = await desk.work.release(key, deed.version, False, *OFFICE)
    deed = await desk.work.nominate(key, deed.version, Level.CITY, Result.REFUSED, desk.today, *BY)
    assert deed.public, "a nomination changes nothing that was signed"
    assert not (await desk.withdrawn(deed)).public


async def test_words_that_point_to_a_child_mask_until_somebody_says_otherwise(desk: Desk) -> None:
    deed = await desk.agreed(await desk.filed())
    key, first = ids(deed)
    deed = await desk.work.edit_person(key, first, deed.version, NAME, "", False, *BY)
    deed = await desk.work.release(key, deed.version, False, *OFFICE)
    deed = await desk.told_again(deed, young=False)
    assert (deed.shown_person, deed.public) == (NAME, True)
    deed = await desk.told_again(deed, young=True)
    assert (deed.shown_person, deed.public) == ("", False), "a new story says that it was a child"
    with pytest.raises(Conflict):
        await desk.work.release(key, deed.version, False, *OFFICE)
    deed = await desk.agreed(deed, guardian=True)
    deed = await desk.work.release(key, deed.version, False, *OFFICE)
    assert (deed.shown_person, deed.public) == ("", True), "the guardian agreed: public, and not named"
    deed = await desk.work.edit_person(key, first, deed.version, NAME, "", False, *BY)
    assert deed.shown_person == NAME


async def test_who_is_erased_leaves_no_trace_in_the_deed(desk: Desk) -> None:
    deed = await desk.pictured(await desk.agreed(await desk.filed()))
    deed = await desk.pictured(deed, people=False)
    key, first = ids(deed)
    deed = await desk.work.forget_person(key, first, deed.version, "一位好心人", *OFFICE)
    assert (deed.title, deed.deed, deed.people) == ("一位好心人路边救人", "一位好心人跳进河里", [])
    assert [each.caption for each in deed.photos] == ["一位好心人在河边"]
    assert NAME not in str(await desk.services.database["deeds"].find_one({"_id": deed.id}))
    await assert_nothing_lost_or_doubled(desk.services)
    with pytest.raises(Conflict):
        await desk.work.release(key, deed.version, False, *OFFICE)
    assert (await desk.work.release(key, deed.version, True, *OFFICE)).public


async def test_of_two_who_work_at_once_one_is_told_and_the_same_again_is_no_change(desk: Desk) -> None:
    deed = await desk.filed()

    async def outcome(title: str) -> str:
        try:
            words = WORDS.model_copy(update={"title": title})
            return (await desk.work.edit(str(deed.id), deed.version, words, *BY)).title
        except MediaTrackerError as error:
            return type(error).__name__

    done = await asyncio.gather(outcome("甲"), outcome("乙"))
    assert sorted(done)[0] == Conflict.__name__
    stored = await desk.stored(deed)
    assert stored.title in done
    same = WORDS.model_copy(update={"title": f" {stored.title} "})
    assert await desk.work.edit(str(deed.id), stored.version, same, *BY) == stored
    assert len(await desk.history(deed)) == 2


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OFFICIAL, Role.INSPECTOR, Role.ADMIN])
async def test_others_change_nothing(desk: Desk, role: Role) -> None:
    deed = await desk.filed()
    key, first = ids(deed)
    by = (Actor(ObjectId(), frozenset({role})), Origin())
    tries = [
        desk.work.edit(key, 1, WORDS, *by),
        desk.work.add_person(key, 1, "某", "", None, *by),
        desk.work.edit_person(key, first, 1, "某", "", None, *by),
        desk.work.forget_person(key, first, 1, "", *by),
        desk.work.agree(key, first, 1, ConsentWay.FORM, desk.today, False, *by),
        desk.work.take_back(key, first, 1, *by),
        desk.pictures.add_photos(key, 1, [], *by),
        desk.work.nominate(key, 1, Level.CITY, Result.REACHED, desk.today, *by),
        desk.work.release(key, 1, True, *by),
        desk.work.take_off(key, 1, *by),
    ]
    for each in tries:
        with pytest.raises(Forbidden):
            await each
    with pytest.raises(Forbidden):
        await desk.work.release(key, 1, True, *BY)
    assert await desk.stored(deed) == deed


async def test_what_is_not_there_is_said(desk: Desk) -> None:
    deed = await desk.filed()
    with pytest.raises(InvalidInput):
        await desk.work.edit(str(deed.id), 1, DeedWords(title=" "), *BY)
    for nothing in (str(ObjectId()), "nonsense"):
        with pytest.raises(NotFound):
            await desk.work.edit(nothing, 1, WORDS, *BY)
        with pytest.raises(NotFound):
            await desk.work.take_back(str(deed.id), nothing, 1, *BY)
        with pytest.raises(NotFound):
            await desk.pictures.remove_photo(str(deed.id), nothing, 1, *BY)
    with pytest.raises(Conflict):
        await desk.pictures.add_photos(str(deed.id), 1, [(ObjectId(), "", True)], *BY)


async def test_the_library_is_found_by_kind_place_month_and_level_and_asks_indexes(desk: Desk) -> None:
    first = await desk.filed()
    desk.clock.now += timedelta(days=40)
    await desk.filed(kind="honesty", region="370302")
    await desk.work.nominate(str(first.id), 1, Level.CITY, Result.REACHED, desk.today, *OFFICE)
    middle = first.first_published_at + timedelta(days=20)
    for wanted, count in [
        (DeedFilter(), 2),
        (DeedFilter(kind="bravery"), 1),
        (DeedFilter(district="370302"), 1),
        (DeedFilter(since=middle), 1),
        (DeedFilter(before=middle, kind="honesty"), 0),
        (DeedFilter(nominated=Level.CITY), 1),
        (DeedFilter(public=True), 0),
    ]:
        assert len((await desk.deeds.page(wanted=wanted)).deeds) == await desk.deeds.count(wanted) == count
        found = desk.services.database["deeds"].find(wanted.query()).sort([("first_published_at", -1), ("_id", -1)])
        plan = str((await found.explain())["queryPlanner"]["winningPlan"])
        assert "IXSCAN" in plan
        assert "'stage': 'SORT'" not in plan
    page = await desk.deeds.page(size=1)
    assert page.next is not None
    assert [each.id for each in (await desk.deeds.page(page.next)).deeds] == [first.id]


async def test_deeds_of_before_get_their_people(desk: Desk) -> None:
    deed = await desk.filed("")
    old = {"person": "甲小乙、丙小丁", "consent": True, "minor": False}
    gone = dict.fromkeys(("people", "kind", "photos", "nominations", "nominated", "release", "public"), "")
    deeds = desk.services.database["deeds"]
    await deeds.update_one({"_id": deed.id}, {"$set": old, "$unset": gone})
    for _ in range(2):
        await m0013_deed_people.up(desk.services.database)
    changed = await desk.stored(deed)
    assert changed.shown_person == "甲小乙、丙小丁"
    assert {person.consent.way for person in changed.people if person.consent} == {ConsentWay.EARLIER}
    row = await deeds.find_one({"_id": deed.id})
    assert row is not None
    assert not set(old) & set(row)
