"""Errands by a one-time link: photos come in from a phone without an account, and nothing else goes out."""

from __future__ import annotations

import asyncio
import hashlib
import html as markup
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
import pytest_asyncio

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import User
from media_tracker.problems.case import Outcome
from media_tracker.problems.documents import Problem
from media_tracker.problems.folding import fold
from media_tracker.problems.steps import Command, Step
from tests.web.admin_scene import captured_log
from tests.web.browser import Browser
from tests.web.problem_scene import City, photo, photos

ERRAND = {
    "text": "Please sweep <behind> the market.",
    "place": "North gate, left of the wall",
    "due_at": "2026-03-05T18:00",
    "photos_wanted": "1",
}
DONE = {"do": "done", "text": "Two barrows taken away."}
COLOURS = ("red", "green", "blue", "white", "black", "orange", "purple", "yellow", "pink", "brown", "grey")


@pytest_asyncio.fixture
async def olga(city: City) -> User:
    return await city.user("olga", Role.OFFICIAL, units=(city.cleaners,))


@pytest_asyncio.fixture
async def problem(city: City) -> Problem:
    return await city.assigned()


@pytest_asyncio.fixture
async def official(city: City, olga: User) -> AsyncIterator[Browser]:
    async with await city.browser(olga) as browser:
        yield browser


@pytest_asyncio.fixture
async def team(city: City) -> AsyncIterator[Browser]:
    """Somebody with a phone and no account."""
    async with Browser(city.services, client="198.51.100.7") as browser:
        yield browser


async def give(official: Browser, problem: Problem, **differently: object) -> str:
    """Give an errand; the path of its link."""
    answer = await official.post(f"/problems/{problem.number}/errands", {**ERRAND, **differently})
    assert answer.status_code == 201, answer.text
    return link_in(answer)


def link_in(answer: httpx.Response) -> str:
    found = re.search(r"<code>http://[^/]+(/e/[\w-]{43})</code>", answer.text)
    assert answer.text.count('class="qr"') == 1, "somebody who stands beside the screen opens it by phone"
    assert found is not None
    return found[1]


async def handle(official: Browser, problem: Problem, do: str, **fields: object) -> httpx.Response:
    """Do something with the one errand of the problem, as somebody who has just opened its page."""
    html = (await official.get(f"/problems/{problem.number}")).text
    form = re.search(r'action="(/problems/[^"]+/errands/[0-9a-f]{24})".*?name="version" value="(\d+)"', html, re.S)
    assert form is not None
    return await official.post(form[1], {"version": form[2], "do": do, **fields})


async def photos_of(official: Browser, problem: Problem) -> list[str]:
    html = (await official.get(f"/problems/{problem.number}")).text
    return re.findall(r'name="after" value="([0-9a-f]{24})"', html)


async def test_a_team_without_an_account_hands_photos_in_and_the_unit_takes_them_over(
    city: City, problem: Problem, official: Browser, team: Browser
) -> None:
    link = await give(official, problem)
    shown = (await team.get(link)).text
    assert "Please sweep &lt;behind&gt; the market." in shown
    sent = await team.post(link, DONE, photos(("photos", "a.jpg", photo()), ("photos", "b.jpg", photo("red"))))
    assert (sent.status_code, sent.headers["location"]) == (303, link)
    assert "This has been handed in" in (await team.get(link)).text
    page = (await official.get(f"/problems/{problem.number}")).text
    assert "Two barrows taken away." in page
    assert "Errand handed in: photos 2" in page
    first, second = await photos_of(official, problem)
    taken = await handle(official, problem, "take", after=first, before=second)
    assert taken.status_code == 303, taken.text
    answer = (await official.get(f"/problems/{problem.number}/answer")).text
    assert set(re.findall(r'name="drop" value="([0-9a-f]{24})"', answer)) == {first, second}
    version = re.search(r'name="draft_version" value="(\d+)"', answer)
    assert version is not None
    claim = {"outcome": "resolved", "text": "Swept.", "fixed_at": "2026-03-02T08:30", "do": "send"}
    answered = await official.post(f"/problems/{problem.number}/answer", {"draft_version": version[1], **claim})
    assert answered.status_code == 303, answered.text
    stored = await city.services.problems.get(problem.number)
    claimed = stored.case.rounds[-1].claim
    assert claimed is not None
    assert [str(each) for each in (*claimed.after, *claimed.before)] == [first, second]
    assert stored.case == fold(await city.services.problems.history(stored))


async def test_the_page_behind_the_link_says_nothing_of_the_problem(
    city: City, problem: Problem, official: Browser, team: Browser
) -> None:
    answer = await team.get(await give(official, problem))
    secrets = [problem.number, problem.title, "Street cleaners", "Evening News", "Olga", str(problem.id), "/problems"]
    assert [each for each in secrets if each in answer.text] == []
    assert "/login" not in answer.text
    assert "<script" not in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert answer.headers["cache-control"] == "no-store"
    assert "session" not in team.cookies
    assert 'name="robots" content="noindex' in answer.text


async def test_the_page_is_there_in_both_languages(problem: Problem, official: Browser, team: Browser) -> None:
    link = await give(official, problem)
    assert 'lang="en"' in (await team.get(link)).text
    assert 'lang="zh-CN"' in (await team.get(link, **{"accept-language": "zh-CN"})).text
    back = await team.post("/preferences", {"language": "zh_CN", "next": link})
    assert back.headers["location"] == link


async def test_only_the_photos_that_the_unit_chose_are_shown(
    city: City, problem: Problem, official: Browser, team: Browser
) -> None:
    files = photos(("photos", "where.jpg", photo("blue")))
    answer = await official.post(f"/problems/{problem.number}/errands", ERRAND, files)
    link = link_in(answer)
    page = (await team.get(link)).text
    [address] = re.findall(r'href="(/e/[^"]+/photos/\d+)"', page)
    picture = await team.get(address)
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    assert picture.headers["referrer-policy"] == "no-referrer"
    for nothing in ("1", "s0", "-1", "x", "99999"):
        assert (await team.get(f"{link}/photos/{nothing}")).status_code == 404
    [held] = [
        row["_id"] async for row in city.services.database["files.files"].find({"metadata.thumbnail_id": {"$ne": None}})
    ]
    assert (await team.get(f"/files/{held}")).headers["location"].startswith("/login")
    city.clock.advance(days=2)
    await city.services.files.sweep(city.clock.now)
    assert (await team.get(address)).status_code == 200, "what is held is not swept"


async def test_only_a_hash_of_the_secret_is_kept_and_no_log_learns_it(
    city: City, problem: Problem, official: Browser
) -> None:
    with captured_log() as log:
        async with Browser(city.services) as team:
            link = await give(official, problem)
            await team.get(link)
    secret = link.removeprefix("/e/")
    row = await city.services.database["errands"].find_one({})
    assert row is not None
    assert row["digest"] == hashlib.sha256(secret.encode()).hexdigest()
    for name in await city.services.database.list_collection_names():
        async for document in city.services.database[name].find():
            assert secret not in str(document), name
    assert secret not in log.text
    assert '"/e/…"' in log.text


async def test_who_guesses_at_links_has_to_wait_and_others_do_not(
    city: City, problem: Problem, official: Browser, team: Browser
) -> None:
    link = await give(official, problem)
    async with Browser(city.services, client="192.0.2.66") as guesser:
        answers = [(await guesser.get(f"/e/{number:043d}")).status_code for number in range(25)]
        assert answers[:20] == [404] * 20
        assert answers[-1] == 429
        assert (await guesser.get(link)).status_code == 429, "not even a right one tells a guesser anything"
    assert (await team.get(link)).status_code == 200
    for nonsense in ("x", "é", "a" * 500, "..%2f..%2fetc", "%00"):
        assert (await team.get(f"/e/{nonsense}")).status_code == 404


async def test_a_link_that_is_opened_twice_takes_photos_from_both_and_is_handed_in_once(
    city: City, problem: Problem, official: Browser, team: Browser
) -> None:
    link = await give(official, problem)
    async with Browser(city.services) as other:
        save = {"do": "save", "text": ""}
        assert (await team.post(link, save, photos(("photos", "a.jpg", photo())))).status_code == 303
        assert (await other.post(link, save, photos(("photos", "b.jpg", photo("red"))))).status_code == 303
        answers = await asyncio.gather(team.post(link, DONE), other.post(link, DONE))
    assert [each.status_code for each in answers] in ([303, 303], [303, 200], [200, 303])
    types = [event.type for event in await city.services.problems.history(problem)]
    assert types.count("errand_answered") == 1
    assert len(await photos_of(official, problem)) == 2


async def test_a_double_click_keeps_each_photo_once(
    city: City, problem: Problem, official: Browser, team: Browser
) -> None:
    link = await give(official, problem)
    same = photos(("photos", "a.jpg", photo()))
    for _ in range(2):
        assert (await team.post(link, {"do": "save"}, same)).status_code == 303
    assert (await team.get(link)).text.count("/photos/s") == 1
    assert await city.kept_files() == 2, "the second copy is not kept"


async def test_a_form_that_is_sent_twice_gives_one_errand(city: City, problem: Problem, official: Browser) -> None:
    page = (await official.get(f"/problems/{problem.number}/errands")).text
    key = re.search(r'name="form_key" value="([0-9a-f]{24})"', page)
    assert key is not None
    path = f"/problems/{problem.number}/errands"
    first = await official.post(path, {**ERRAND, "form_key": key[1]}, photos(("photos", "w.jpg", photo())))
    second = await official.post(path, {**ERRAND, "form_key": key[1]}, photos(("photos", "w.jpg", photo())))
    assert (first.status_code, second.status_code) == (201, 409)
    assert "A new link can be made" in second.text
    assert await city.services.database["errands"].count_documents({}) == 1
    assert await city.kept_files() == 2


async def test_nothing_is_handed_in_after_the_deadline_or_a_withdrawal(
    city: City, problem: Problem, official: Browser, team: Browser
) -> None:
    link = await give(official, problem)
    form = photos(("photos", "a.jpg", photo()))
    assert (await handle(official, problem, "revoke")).status_code == 303
    withdrawn = await team.post(link, DONE, form)
    assert (withdrawn.status_code, "has been withdrawn" in withdrawn.text) == (410, True)
    late = await give(official, problem)
    city.clock.advance(days=4)
    expired = await team.post(late, DONE, form)
    assert (expired.status_code, "has expired" in expired.text) == (410, True)
    assert await city.kept_files() == 0


async def test_a_link_dies_with_a_sentence_when_the_problem_goes_to_another_unit(
    city: City, problem: Problem, official: Browser, team: Browser, olga: User
) -> None:
    link = await give(official, problem)
    returned = await city.act(
        await city.services.problems.get(problem.number), Command(Step.RETURN, city.clock(), "No."), olga
    )
    assert returned.case.unit_id is None
    answer = await team.post(link, DONE, photos(("photos", "a.jpg", photo())))
    assert (answer.status_code, "in other hands" in answer.text) == (410, True)
    assert "Please sweep" not in answer.text
    assert await city.kept_files() == 0


async def test_a_link_dies_with_its_unit_and_a_dissolved_unit_gives_no_other(
    city: City, problem: Problem, official: Browser, team: Browser
) -> None:
    link = await give(official, problem)
    await city.services.places.set_unit_active(str(city.cleaners), False)
    assert (await team.get(link)).status_code == 410
    refused = await official.post(f"/problems/{problem.number}/errands", ERRAND)
    assert (refused.status_code, "Your unit is dissolved" in refused.text) == (409, True)


async def test_what_is_handed_in_is_opened_again_with_a_remark_and_the_same_link_works(
    city: City, problem: Problem, official: Browser, team: Browser
) -> None:
    link = await give(official, problem)
    await team.post(link, DONE, photos(("photos", "a.jpg", photo())))
    city.clock.advance(hours=1.5)
    without = await handle(official, problem, "reopen", due_at="2026-03-09T18:00")
    assert (without.status_code, "Please say so in a few words." in without.text) == (422, True)
    again = await handle(official, problem, "reopen", text="The corner is missing.", due_at="2026-03-09T18:00")
    assert again.status_code == 303, again.text
    page = (await team.get(link)).text
    assert "The corner is missing." in page
    assert page.count("/photos/s") == 1
    await team.post(link, DONE, photos(("photos", "b.jpg", photo("red"))))
    assert len(await photos_of(official, problem)) == 2


async def test_another_link_replaces_the_first_one(problem: Problem, official: Browser, team: Browser) -> None:
    link = await give(official, problem)
    renewed = link_in(await handle(official, problem, "renew"))
    assert (await team.get(link)).status_code == 404
    assert (await team.get(renewed)).status_code == 200


@pytest.mark.parametrize("nonsense", [b"<script>alert(1)</script>", b"GIF89a", b"\xff\xd8\xff", b""])
async def test_what_is_no_photo_gets_a_sentence_and_leaves_nothing(
    city: City, problem: Problem, official: Browser, team: Browser, nonsense: bytes
) -> None:
    link = await give(official, problem)
    files = photos(("photos", "good.jpg", photo()), ("photos", "evil<b>.jpg", nonsense))
    answer = await team.post(link, DONE, files)
    assert answer.status_code == 422
    assert "evil&lt;b&gt;.jpg" in answer.text
    assert "Two barrows taken away.</textarea>" in answer.text
    assert await city.kept_files() == 0


async def test_the_twenty_first_photo_ten_thousand_characters_and_too_few_photos_are_told(
    city: City, problem: Problem, official: Browser, team: Browser
) -> None:
    link = await give(official, problem, photos_wanted="2")
    assert (
        "Fewer photos than were asked for." in (await team.post(link, DONE, photos(("photos", "a.jpg", photo())))).text
    )
    long = await team.post(link, {"do": "save", "text": "x" * 10_000})
    assert (long.status_code, "This is too long." in long.text) == (422, True)
    eleven = [("photos", f"{colour}.jpg", photo(colour)) for colour in COLOURS]
    assert (await team.post(link, {"do": "save"}, photos(*eleven))).status_code == 303
    others = [("photos", f"{colour}.png", photo(colour, "PNG")) for colour in COLOURS[:10]]
    over = await team.post(link, {"do": "save"}, photos(*others))
    assert (over.status_code, "At most 20 photos" in markup.unescape(over.text)) == (422, True)
    assert (await team.post(link, {"do": "save"}, photos(*others[:9]))).status_code == 303
    assert await city.kept_files() == 40


async def test_an_errand_with_mistakes_comes_back_with_what_was_typed(problem: Problem, official: Browser) -> None:
    wrong = {**ERRAND, "text": " ", "due_at": "2026-03-01T10:00", "photos_wanted": "21"}
    answer = await official.post(f"/problems/{problem.number}/errands", wrong)
    assert answer.status_code == 422
    assert answer.text.count('class="field-error"') == 3
    assert 'value="North gate, left of the wall"' in answer.text


async def test_nobody_outside_of_the_unit_gives_sees_or_handles_its_errands(
    city: City, problem: Problem, official: Browser, team: Browser
) -> None:
    await give(official, problem)
    row = await city.services.database["errands"].find_one({})
    assert row is not None
    rita = await city.user("rita", Role.OFFICIAL, units=(city.roads,))
    boss = await city.user("boss", Role.PUBLICITY, Role.ADMIN, Role.EDITOR)
    async with AsyncExitStack() as stack:
        for who in (rita, boss):
            browser = await stack.enter_async_context(await city.browser(who))
            assert (await browser.get(f"/problems/{problem.number}/errands")).status_code == 403
            assert (await browser.post(f"/problems/{problem.number}/errands", ERRAND)).status_code == 403
            assert "Please sweep" not in (await browser.get(f"/problems/{problem.number}")).text
            path = f"/problems/{problem.number}/errands/{row['_id']}"
            for do in ("take", "reopen", "revoke", "renew"):
                fields = {"do": do, "version": "1", "text": "x", "due_at": "2026-03-09T18:00"}
                assert (await browser.post(path, fields)).status_code == 404, do


async def test_what_nobody_took_over_is_forgotten_ninety_days_after_the_deadline(
    city: City, problem: Problem, official: Browser, team: Browser, olga: User
) -> None:
    link = await give(official, problem)
    await team.post(link, DONE, photos(("photos", "a.jpg", photo())))
    assert await city.services.errands.sweep() == 0
    city.clock.advance(days=94)
    assert await city.services.errands.sweep() == 1
    assert await city.services.errands.sweep() == 0
    row = await city.services.database["errands"].find_one({})
    assert row is not None
    assert (row["text"], row["answer"]) == ("", "")
    assert await city.services.files.sweep(city.clock.now) == 2


async def test_a_claim_in_the_meantime_closes_the_link(
    city: City, problem: Problem, official: Browser, team: Browser, olga: User
) -> None:
    link = await give(official, problem)
    saved = await city.services.files.save_image(photo(), "after.jpg", olga.object_id, "problem")
    done = Command(
        Step.CLAIM, city.clock(), "Swept.", outcome=Outcome.RESOLVED, fixed_at=city.clock(), after=(saved.id,)
    )
    await city.act(await city.services.problems.get(problem.number), done, olga)
    assert (await team.get(link)).status_code == 410
