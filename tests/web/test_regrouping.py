"""Merging, splitting and handing over as dispatchers do it on the pages; with two at once, double clicks and old forms."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest_asyncio
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import User
from media_tracker.db.events import SYSTEM
from media_tracker.problems.case import Channel, State
from media_tracker.problems.documents import Problem
from media_tracker.problems.steps import Command, Step
from tests.web.browser import Browser
from tests.web.problem_scene import City


@pytest_asyncio.fixture
async def editor(city: City) -> AsyncIterator[Browser]:
    async with await city.browser(await city.user("edith", Role.EDITOR)) as browser:
        yield browser


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, name
    return found[1]


def merge_form(html: str) -> tuple[str, dict[str, object]]:
    """Where the form for merging goes, and what it sends."""
    action = re.search(r'<form method="post" action="(/problems/[^"]+/merge)"', html)
    assert action is not None
    form = html[action.start() :]
    return action[1], {name: hidden(form, name) for name in ("version", "stays", "stays_version")}


async def exposures_of(city: City, problem: Problem) -> int:
    return len((await city.services.problems.get(problem.number)).case.exposures)


# Merging


async def test_both_problems_are_looked_at_before_they_are_merged_and_the_merge_is_undone(
    city: City, editor: Browser
) -> None:
    first, second = await city.problem("The one"), await city.problem("The same again")
    page = (await editor.get(f"/problems/{second.number}")).text
    assert f'href="/problems/{second.number}/merge"' in page
    assert (await editor.get(f"/problems/{second.number}/merge")).status_code == 200

    both = (await editor.get(f"/problems/{second.number}/merge?with={first.number}")).text
    assert "The one" in both
    assert "The same again" in both
    assert "Exposures: 2 before, 1 afterwards." in both, "one outlet, one occasion"
    path, form = merge_form(both)
    assert (path, form["stays"]) == (f"/problems/{second.number}/merge", first.number), "the older one stays"
    round_ = (await editor.get(f"/problems/{second.number}/merge?with={first.number}&stays={second.number}")).text
    assert merge_form(round_)[0] == f"/problems/{first.number}/merge"

    answer = await editor.post(path, {**form, "text": "Same heap."})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/problems/{first.number}")
    again = await editor.post(path, form)
    assert again.status_code == 303, "a double click finds it done"
    gone = (await editor.get(f"/problems/{second.number}")).text
    assert f'<a href="/problems/{first.number}">{first.number}</a>' in gone
    assert "Same heap." in gone
    assert f"Merged into {first.number}" in gone
    assert f"/problems/{second.number}/split" not in gone
    stays = (await editor.get(f"/problems/{first.number}")).text
    assert f'<a href="/problems/{second.number}">{second.number}</a>' in stays
    assert f"Took over {second.number}" in stays

    undo = await editor.post(f"/problems/{second.number}/merge/undo", {"version": hidden(gone, "version")})
    assert undo.status_code == 303
    assert [await exposures_of(city, each) for each in (first, second)] == [1, 1]
    assert await city.state(second.number) is State.REGISTERED
    assert (await editor.post(f"/problems/{second.number}/merge/undo", {"version": 9})).status_code == 409


async def test_what_cannot_be_merged_is_said_in_a_sentence(city: City, official: User) -> None:
    worked, other = await city.claimed(official), await city.claimed(official)
    problem = await city.problem()
    path = f"/problems/{problem.number}/merge"
    async with await city.browser(await city.user("edith", Role.EDITOR)) as editor:
        for wanted, sentence in (
            ("2026-99999", "There is no problem with this number."),
            (problem.number, "A problem cannot be merged into itself."),
        ):
            answer = await editor.get(f"{path}?with={wanted}")
            assert answer.status_code == 422
            assert sentence in answer.text
        refused = (await editor.get(f"/problems/{other.number}/merge?with={worked.number}")).text
        assert "Your role does not allow this." in refused
    async with await city.browser(await city.user("paul", Role.PUBLICITY)) as office:
        wrong = (await office.get(f"{path}?with={worked.number}&stays={problem.number}")).text
        assert "merge the other one into this one" in wrong
        assert "The other way round" in wrong
        right = (await office.get(f"{path}?with={worked.number}")).text
        assert merge_form(right)[1]["stays"] == worked.number


async def test_a_form_that_somebody_has_overtaken_shows_both_as_they_are_now(city: City, editor: Browser) -> None:
    first, second = await city.problem("The one"), await city.problem("The same again")
    path, form = merge_form((await editor.get(f"/problems/{second.number}/merge?with={first.number}")).text)
    dispatcher = await city.services.accounts.find_by_username("dispatcher")
    assert dispatcher is not None
    await city.act(first, Command(Step.ASSIGN, city.clock(), unit_id=city.roads), dispatcher)
    late = await editor.post(path, {**form, "text": "Same heap."})
    assert late.status_code == 409
    assert "Same heap." in late.text
    assert "Road works" in late.text
    path, form = merge_form(late.text)
    assert (await editor.post(path, form)).status_code == 303


# Splitting


async def reported(city: City, problem: Problem, channel: Channel = Channel.PATROL) -> Problem:
    """A second report of it, an hour later."""
    city.clock.advance(hours=1)
    room = city.services
    editor = await room.accounts.find_by_username("dispatcher")
    assert editor is not None
    first = problem.case.reports[0]
    report = first.model_copy(
        update={
            "id": ObjectId(),
            "channel": channel,
            "outlet_id": None,
            "received_at": city.clock(),
            "outside_number": "P-9",
        }
    )
    return await room.problems.report(problem.number, problem.case.version, report, editor.actor(), SYSTEM)


async def test_a_problem_is_split_after_a_look_at_both_and_only_once(city: City, editor: Browser) -> None:
    problem = await reported(city, await city.problem())
    path = f"/problems/{problem.number}/split"
    page = (await editor.get(path)).text
    goes = problem.case.reports[1].id
    form: dict[str, object] = {
        "version": hidden(page, "version"),
        "form_key": hidden(page, "form_key"),
        "title": "Broken lamp",
        "place": "South gate",
        "category": "103",
        "region": "东城区河畔街道",
        "severity": "normal",
        "unit": "",
    }
    nothing = await editor.post(path, form)
    assert nothing.status_code == 422
    assert "Choose at least one report" in nothing.text
    form[f"share_{goes}"] = "goes"
    look = await editor.post(path, form)
    assert look.status_code == 200
    assert "What becomes of both" in look.text
    assert await city.services.database["problems"].count_documents({}) == 1

    done = await editor.post(path, {**form, "confirm": "1"})
    again = await editor.post(path, {**form, "confirm": "1"})
    assert (done.status_code, again.status_code) == (303, 303)
    assert done.headers["location"] == again.headers["location"]
    assert await city.services.database["problems"].count_documents({}) == 2
    new = (await editor.get(done.headers["location"])).text
    assert f'<a href="/problems/{problem.number}">{problem.number}</a>' in new
    assert "P-9" in new
    number = done.headers["location"].rpartition("/")[2]
    assert f"A part was split off as {number}" in (await editor.get(f"/problems/{problem.number}")).text

    late = await editor.post(path, {**form, "form_key": str(ObjectId()), "confirm": "1"})
    assert late.status_code in (409, 422)
    assert "South gate" in late.text, "what was typed is kept"


async def test_a_split_that_differs_in_nothing_is_refused(city: City, editor: Browser) -> None:
    problem = await city.problem()
    form = {
        "version": problem.case.version,
        "title": problem.title,
        "place": problem.place,
        "category": problem.case.category,
        "region": "990101001",
        f"share_{problem.case.reports[0].id}": "both",
    }
    answer = await editor.post(f"/problems/{problem.number}/split", form)
    assert answer.status_code == 422
    assert "Split only where place, category or unit differs." in answer.text
    other = await editor.post(f"/problems/{problem.number}/split", {**form, "unit": "other"})
    assert other.status_code == 200


# Handing over


async def test_a_dispatcher_hands_a_problem_to_another_unit(city: City, editor: Browser, official: User) -> None:
    problem = await city.assigned()
    page = (await editor.get(f"/problems/{problem.number}")).text
    form = page.partition('id="step-reassign"')[2].partition("</form>")[0]
    assert str(city.roads) in form
    assert f'<option value="{city.cleaners}"' not in form, "the unit that has it is not offered"
    path = f"/problems/{problem.number}/steps/reassign"
    data: dict[str, object] = {"version": hidden(page, "version"), "unit_id": str(city.roads)}
    assert (await editor.post(path, data)).status_code == 422
    assert (await editor.post(path, {**data, "text": "It is their road."})).status_code == 303
    case = (await city.services.problems.get(problem.number)).case
    assert (case.state, case.unit_id, case.returns) == (State.ASSIGNED, city.roads, 0)
    page = (await editor.get(f"/problems/{problem.number}")).text
    assert "Handed over to Road works" in page
    assert "It is their road." in page


async def test_a_problem_of_a_dissolved_unit_is_to_be_handed_over(city: City, editor: Browser) -> None:
    problem = await city.assigned()
    await city.services.places.set_unit_active(str(city.cleaners), False)
    page = (await editor.get(f"/problems/{problem.number}")).text
    assert "Street cleaners is dissolved. A dispatcher hands this over to another unit." in page
    assert 'id="step-reassign" open' in page


async def test_a_group_of_units_of_which_only_the_present_one_is_left_is_not_offered(
    city: City, editor: Browser
) -> None:
    alone = await city.services.places.add_unit("District works", region="990101")
    problem = await city.assigned(to=alone)
    page = await editor.get(f"/problems/{problem.number}")
    assert page.status_code == 200
    form = page.text.partition('id="step-reassign"')[2].partition("</form>")[0]
    assert str(city.roads) in form
    assert f'<option value="{alone}"' not in form


async def test_officials_of_a_dissolved_unit_are_told(city: City, official: User) -> None:
    async with await city.browser(official) as olga:
        assert "is dissolved" not in (await olga.get("/work")).text
        await city.services.places.set_unit_active(str(city.cleaners), False)
        assert "Street cleaners is dissolved: it is given nothing new" in (await olga.get("/work")).text
