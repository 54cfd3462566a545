"""A form that registers something, sent twice: a double click, a reload, a key that is none."""

from __future__ import annotations

import asyncio
import re

import pytest
from bson import ObjectId

from media_tracker.accounts.documents import User
from media_tracker.db.connection import Database
from media_tracker.web.once import COLLECTION, KEPT, OneTimeKeys, new_key
from tests.fake_clock import FakeClock
from tests.web.browser import Browser
from tests.web.problem_scene import City

LAMP = {
    "title": "Broken lamp",
    "place": "River Street 3",
    "category": "103",
    "severity": "normal",
    "channel": "ticket",
    "outside_number": "HZ-1",
}


async def key_on_page(browser: Browser) -> str:
    found = re.search(r'name="form_key" value="([0-9a-f]{24})"', (await browser.get("/problems/new")).text)
    assert found is not None
    return found[1]


async def registered(city: City) -> int:
    return await city.services.database["problems"].count_documents({})


async def test_a_form_sent_again_leads_to_the_problem_that_it_has_made(city: City, editor: User) -> None:
    async with await city.browser(editor) as browser:
        form = {**LAMP, "form_key": await key_on_page(browser)}
        first = await browser.post("/problems/new", form)
        again = await browser.post("/problems/new", form)
        assert (first.status_code, again.status_code) == (303, 303)
        assert first.headers["location"] == again.headers["location"]
        shown = (await browser.get(again.headers["location"])).text
        assert "This form had been sent before." in shown
        assert await registered(city) == 1
        other = await browser.post("/problems/new", {**LAMP, "form_key": await key_on_page(browser)})
        assert other.headers["location"] != first.headers["location"], "another page is another problem"
    assert await registered(city) == 2


async def test_of_several_clicks_at_once_one_registers_and_all_lead_there(city: City, editor: User) -> None:
    async with await city.browser(editor) as browser:
        form = {**LAMP, "form_key": await key_on_page(browser)}
        answers = await asyncio.gather(*(browser.post("/problems/new", form) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert await registered(city) == 1


async def test_a_form_that_came_back_keeps_its_key(city: City, editor: User) -> None:
    async with await city.browser(editor) as browser:
        key = await key_on_page(browser)
        wrong = await browser.post("/problems/new", {**LAMP, "title": "", "form_key": key})
        assert wrong.status_code == 422
        assert f'name="form_key" value="{key}"' in wrong.text
        form = {**LAMP, "form_key": key}
        answers = [await browser.post("/problems/new", form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert await registered(city) == 1


@pytest.mark.parametrize("key", ["", "nonsense", "<b>"])
async def test_a_key_that_is_none_stops_nobody(city: City, editor: User, key: str) -> None:
    async with await city.browser(editor) as browser:
        for _ in range(2):
            assert (await browser.post("/problems/new", {**LAMP, "form_key": key})).status_code == 303
    assert await registered(city) == 2


async def test_keys_belong_to_one_person_and_are_forgotten(database: Database, clock: FakeClock) -> None:
    keys, one, other, key = OneTimeKeys(database, clock), ObjectId(), ObjectId(), new_key()
    drawn = iter(range(9))

    async def draw() -> str:
        return str(next(drawn))

    assert [await keys.number_for(key, user, draw) for user in (one, other, one)] == ["0", "1", "0"]
    clock.now += KEPT * 2
    assert await keys.number_for(new_key(), one, draw) == "2"
    assert await database[COLLECTION].count_documents({}) == 1
