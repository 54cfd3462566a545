"""A unit writes its answer: drafts that only the unit sees, and its own review before the answer goes out."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack

import httpx
import pytest_asyncio
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import User
from media_tracker.accounts.duties import Duties
from media_tracker.problems.case import State
from media_tracker.problems.documents import Problem
from media_tracker.problems.folding import fold
from media_tracker.problems.steps import Command, Step
from tests.web.browser import Browser, Files
from tests.web.problem_scene import City, photo, photos

HALF = {"do": "save", "text": "Half of it is swept <so far>."}
WHOLE = {"outcome": "resolved", "text": "Swept and fenced.", "fixed_at": "2026-03-02T08:30"}


@pytest_asyncio.fixture
async def olga(city: City) -> User:
    return await city.user("olga", Role.OFFICIAL, units=(city.cleaners,))


@pytest_asyncio.fixture
async def otto(city: City) -> User:
    return await city.user("otto", Role.OFFICIAL, units=(city.cleaners,))


@pytest_asyncio.fixture
async def rita(city: City) -> User:
    """Of another unit."""
    return await city.user("rita", Role.OFFICIAL, units=(city.roads,))


def path_of(problem: Problem) -> str:
    return f"/problems/{problem.number}/answer"


async def version_of(browser: Browser, problem: Problem) -> str:
    found = re.search(r'name="draft_version" value="(\d+)"', (await browser.get(path_of(problem))).text)
    assert found is not None
    return found[1]


async def send(
    browser: Browser, problem: Problem, files: Files | None = None, version: str | None = None, **fields: object
) -> httpx.Response:
    """Send the form as somebody who has just opened the page, or who saw ``version``."""
    seen = await version_of(browser, problem) if version is None else version
    return await browser.post(path_of(problem), {"draft_version": seen, **fields}, files)


async def has_reviews(city: City) -> None:
    await city.services.places.set_unit_reviews(str(city.cleaners), True)


async def now(city: City, problem: Problem) -> Problem:
    stored = await city.services.problems.get(problem.number)
    assert stored.case == fold(await city.services.problems.history(stored))
    return stored


def picture_addresses(html: str) -> list[str]:
    return re.findall(r'src="(/files/[0-9a-f]{24})"', html)


async def test_a_draft_is_saved_half_written_and_leaves_no_trace_in_the_history(city: City, olga: User) -> None:
    problem = await city.assigned()
    async with await city.browser(olga) as browser:
        answer = await send(browser, problem, photos(("before", "b.jpg", photo("red"))), **HALF)
        assert answer.status_code == 303
        html = (await browser.get(path_of(problem))).text
        assert "Half of it is swept &lt;so far&gt;." in html
        assert len(picture_addresses(html)) == 1
        assert "A draft of the answer, by Olga." in (await browser.get(f"/problems/{problem.number}")).text
    assert (await now(city, problem)).case == problem.case


async def test_a_form_that_was_opened_for_an_earlier_answer_does_not_become_a_later_one(
    city: City, olga: User, otto: User
) -> None:
    problem = await city.assigned()
    inspector = await city.user("ines", Role.INSPECTOR)
    async with AsyncExitStack() as stack:
        quick, slow = [await stack.enter_async_context(await city.browser(who)) for who in (olga, otto)]
        opened = await version_of(slow, problem)
        assert (await send(quick, problem, photos(("after", "a.jpg", photo())), do="send", **WHOLE)).status_code == 303
        seen = await city.services.files.save_image(photo("blue"), "check.jpg", inspector.object_id, "problem")
        found = Command(Step.FAIL, city.clock(), text="Still dirty.", on_site=True, after=(seen.id,))
        await city.act(await now(city, problem), found, inspector)
        late = await send(slow, problem, version=opened, do="save", text="Words for the first answer.")
        assert late.status_code == 409
        assert "Words for the first answer." in late.text
        assert (await send(slow, problem, do="save", text="Words for the second.")).status_code == 303


async def test_the_form_on_the_problems_page_can_be_kept_as_a_draft(city: City, olga: User) -> None:
    problem = await city.assigned()
    async with await city.browser(olga) as browser:
        html = (await browser.get(f"/problems/{problem.number}")).text
        assert f'formaction="{path_of(problem)}"' in html
        kept = await browser.post(path_of(problem), {"version": "2", "draft_version": "0", **HALF})
        assert kept.status_code == 303
        assert f'formaction="{path_of(problem)}"' not in (await browser.get(f"/problems/{problem.number}")).text


async def test_an_official_of_another_unit_sees_neither_the_draft_nor_its_photos(
    city: City, olga: User, rita: User
) -> None:
    problem = await city.assigned(co=(city.roads,))
    office = await city.user("paula", Role.PUBLICITY, Role.EDITOR, Role.ADMIN, Role.INSPECTOR)
    async with AsyncExitStack() as stack:
        own, other, desk = [await stack.enter_async_context(await city.browser(who)) for who in (olga, rita, office)]
        await send(own, problem, photos(("after", "a.jpg", photo())), **HALF)
        [address] = picture_addresses((await own.get(path_of(problem))).text)
        assert (await own.get(address)).status_code == 200
        for outsider in (other, desk):
            assert (await outsider.get(path_of(problem))).status_code == 403
            assert (await outsider.get(address)).status_code == 404
            assert "Half of it" not in (await outsider.get(f"/problems/{problem.number}")).text
            for do in ("save", "send", "take_back", "send_back", "release", "discard"):
                refused = await outsider.post(
                    path_of(problem), {"do": do, "draft_version": "1", "remark": "No.", **WHOLE}
                )
                assert refused.status_code == 403, do
        async with await city.browser(None) as stranger:
            assert (await stranger.get(path_of(problem))).headers["location"].startswith("/login")
    draft = await city.services.database["answer_drafts"].find_one({})
    assert draft is not None
    assert draft["version"] == 1


async def test_who_moves_to_another_unit_sees_it_no_more_not_even_their_own_photos(city: City, olga: User) -> None:
    problem = await city.assigned()
    admin = await city.user("adam", Role.ADMIN)
    async with await city.browser(olga) as browser:
        await send(browser, problem, photos(("after", "a.jpg", photo())), **HALF)
        [address] = picture_addresses((await browser.get(path_of(problem))).text)
    duties = Duties(frozenset({Role.OFFICIAL}), unit_ids=(city.roads,))
    await city.services.accounts.set_roles(admin.actor(), olga.object_id, duties, version=olga.version)
    moved = await city.services.accounts.get(str(olga.id))
    async with await city.browser(moved) as browser:
        assert (await browser.get(path_of(problem))).status_code == 403
        assert (await browser.get(address)).status_code == 404


async def test_the_photos_of_a_draft_outlive_the_sweep_and_become_the_claims(city: City, olga: User) -> None:
    problem = await city.assigned()
    async with await city.browser(olga) as browser:
        await send(browser, problem, photos(("before", "b.jpg", photo("red")), ("after", "a.jpg", photo())), **HALF)
        city.clock.advance(hours=1)
        await city.services.files.sweep(city.clock.now)
        assert await city.kept_files() == 4
        done = await send(browser, problem, do="send", **WHOLE)
        assert done.status_code == 303, done.text
    case = (await now(city, problem)).case
    claim = case.rounds[-1].claim
    assert claim is not None
    assert (case.state, len(claim.before), len(claim.after), claim.by) == (State.CLAIMED_FIXED, 1, 1, olga.id)
    assert claim.reviewed_by is None
    await city.services.files.sweep(city.clock.now)
    assert await city.kept_files() == 4
    assert await city.services.database["files.files"].count_documents({"metadata.attached": False}) == 0


async def test_a_photo_that_is_ticked_away_goes_and_the_others_stay(city: City, olga: User) -> None:
    problem = await city.assigned()
    async with await city.browser(olga) as browser:
        await send(browser, problem, photos(("after", "a.jpg", photo()), ("after", "b.jpg", photo("red"))), **HALF)
        html = (await browser.get(path_of(problem))).text
        first = re.findall(r'name="drop" value="([0-9a-f]{24})"', html)[0]
        await send(browser, problem, drop=first, **HALF)
        assert len(picture_addresses((await browser.get(path_of(problem))).text)) == 1
    city.clock.advance(hours=1)
    await city.services.files.sweep(city.clock.now)
    assert await city.kept_files() == 2


async def test_an_answer_that_lacks_something_comes_back_and_nothing_is_kept_of_it(city: City, olga: User) -> None:
    problem = await city.assigned()
    async with await city.browser(olga) as browser:
        answer = await send(browser, problem, photos(("before", "b.jpg", photo())), do="send", text="Swept.")
        assert answer.status_code == 422
        assert "at least one photo taken after the fix" in answer.text
        assert "Swept.</textarea>" in answer.text
    assert await city.kept_files() == 0
    assert await city.services.database["answer_drafts"].count_documents({}) == 0


async def test_a_script_in_place_of_a_photo_and_ten_thousand_characters_get_a_sentence(city: City, olga: User) -> None:
    problem = await city.assigned()
    script = [("after", ("a.jpg", b"<script>alert(1)</script>", "image/jpeg"))]
    async with await city.browser(olga) as browser:
        answer = await send(browser, problem, script, **HALF)
        assert (answer.status_code, "not a photo" in answer.text) == (422, True)
        long = await send(browser, problem, do="save", text="x" * 10_000)
        assert (long.status_code, "This is too long." in long.text) == (422, True)
    assert await city.kept_files() == 0


async def test_two_who_write_at_once_get_both_texts(city: City, olga: User, otto: User) -> None:
    problem = await city.assigned()
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(await city.browser(who)) for who in (olga, otto)]
        await send(first, problem, **HALF)
        seen = await version_of(second, problem)
        await send(first, problem, do="save", text="Olga's words.")
        late = await send(second, problem, photos(("after", "a.jpg", photo())), seen, do="save", text="Otto's words.")
        assert late.status_code == 409
        assert "<dd>Olga&#39;s words.</dd>" in late.text
        assert "Otto&#39;s words.</textarea>" in late.text
        found = re.search(r'name="draft_version" value="(\d+)"', late.text)
        assert found is not None
        again = await send(second, problem, None, found[1], do="save", text="Otto's words.")
        assert again.status_code == 303
    assert await city.kept_files() == 0, "the photo of the late form was removed again"


async def test_two_who_begin_at_once_make_one_draft(city: City, olga: User, otto: User) -> None:
    problem = await city.assigned()
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(await city.browser(who)) for who in (olga, otto)]
        assert (await send(first, problem, version="0", **HALF)).status_code == 303
        assert (await send(second, problem, version="0", **HALF)).status_code == 409
    assert await city.services.database["answer_drafts"].count_documents({}) == 1


async def test_with_a_review_nothing_goes_out_until_somebody_else_releases_it(
    city: City, olga: User, otto: User, rita: User
) -> None:
    await has_reviews(city)
    problem = await city.assigned()
    async with AsyncExitStack() as stack:
        writer, reviewer, other = [
            await stack.enter_async_context(await city.browser(who)) for who in (olga, otto, rita)
        ]
        assert 'id="step-claim"' not in (await writer.get(f"/problems/{problem.number}")).text
        after = photos(("after", "a.jpg", photo()))
        assert (await send(writer, problem, after, do="send", **WHOLE)).status_code == 303
        assert (await now(city, problem)).case == problem.case, "nothing has left the unit"
        own = (await writer.get(path_of(problem))).text
        assert "Somebody else of your unit has to release it." in own
        assert (await send(writer, problem, do="release")).status_code == 403
        assert (await other.post(path_of(problem), {"do": "release", "draft_version": "2"})).status_code == 403
        assert "Review the answer" in (await reviewer.get(f"/problems/{problem.number}")).text
        city.clock.advance(hours=1)
        assert (await send(reviewer, problem, do="release")).status_code == 303
        assert (await reviewer.post(path_of(problem), {"do": "release", "draft_version": "2"})).status_code == 409
        assert "Written by Olga, released by Otto" in (await writer.get(path_of(problem))).text
    stored = await now(city, problem)
    claim = stored.case.rounds[-1].claim
    assert claim is not None
    assert (claim.by, claim.reviewed_by, claim.unit_id) == (olga.id, otto.id, city.cleaners)
    assert stored.words_of(stored.case.version) == WHOLE["text"]
    assert await city.services.database["files.files"].count_documents({"metadata.attached": False}) == 0


async def test_who_wrote_the_first_half_does_not_release_what_a_colleague_has_finished(
    city: City, olga: User, otto: User
) -> None:
    await has_reviews(city)
    problem = await city.assigned()
    third = await city.user("ole", Role.OFFICIAL, units=(city.cleaners,))
    async with await city.browser(olga) as first, await city.browser(otto) as second, await city.browser(third) as ole:
        await send(first, problem, **HALF)
        assert (await send(second, problem, photos(("after", "a.jpg", photo())), do="send", **WHOLE)).status_code == 303
        assert (await send(first, problem, do="release")).status_code == 403
        assert (await now(city, problem)).case == problem.case
        assert (await send(ole, problem, do="release")).status_code == 303
    claim = (await now(city, problem)).case.rounds[-1].claim
    assert claim is not None
    assert (claim.by, claim.reviewed_by) == (otto.id, third.id)


async def test_a_result_that_is_reported_without_the_draft_puts_the_draft_aside(
    city: City, olga: User, otto: User
) -> None:
    problem = await city.assigned()
    drafts = city.services.database["answer_drafts"]
    async with await city.browser(olga) as browser, await city.browser(otto) as colleague:
        await send(colleague, problem, photos(("after", "b.jpg", photo())), **HALF)
        page = (await browser.get(f"/problems/{problem.number}")).text
        assert "Your unit has a draft of its answer." in page
        form = {"version": str(problem.case.version), **WHOLE}
        files = photos(("after", "a.jpg", photo()))
        claimed = await browser.post(f"/problems/{problem.number}/steps/claim", form, files)
        assert claimed.status_code == 303
        stored = await now(city, problem)
        assert stored.case.state is State.CLAIMED_FIXED
        assert await drafts.count_documents({"open": True}) == 0
        assert (await drafts.find_one({}))["text"] == HALF["text"], "put aside, not destroyed"  # type: ignore[index] - there is one
        assert "Go on with the answer" not in (await colleague.get(f"/problems/{problem.number}")).text


async def test_an_answer_is_sent_back_with_a_remark_changed_and_released(city: City, olga: User, otto: User) -> None:
    await has_reviews(city)
    problem = await city.assigned()
    async with AsyncExitStack() as stack:
        writer, reviewer = [await stack.enter_async_context(await city.browser(who)) for who in (olga, otto)]
        await send(writer, problem, photos(("after", "a.jpg", photo())), do="send", **WHOLE)
        assert (await send(reviewer, problem, do="send_back")).status_code == 422
        assert (await send(reviewer, problem, do="send_back", remark="Name the street.")).status_code == 303
        assert "Name the street." in (await writer.get(path_of(problem))).text
        assert (
            await send(writer, problem, do="send", **{**WHOLE, "text": "River Street is swept."})
        ).status_code == 303
        assert (await send(reviewer, problem, do="release")).status_code == 303
    stored = await now(city, problem)
    assert stored.words_of(stored.case.version) == "River Street is swept."


async def test_what_is_handed_in_is_taken_back_before_it_is_changed(city: City, olga: User) -> None:
    await has_reviews(city)
    problem = await city.assigned()
    async with await city.browser(olga) as browser:
        await send(browser, problem, photos(("after", "a.jpg", photo())), do="send", **WHOLE)
        assert (await send(browser, problem, do="save", text="Changed.")).status_code == 409
        assert (await send(browser, problem, do="take_back")).headers["location"] == path_of(problem)
        assert (await send(browser, problem, do="save", text="Changed.")).status_code == 303


async def test_a_superior_who_answers_for_the_unit_releases_but_does_not_write(city: City, olga: User) -> None:
    await has_reviews(city)
    problem = await city.assigned()
    duties = Duties(frozenset({Role.OFFICIAL}), unit_ids=(city.bureau,), answers_for=(city.cleaners,))
    added = await city.services.accounts.add_user("sonja", "Sonja", duties, must_change_password=False)
    async with AsyncExitStack() as stack:
        writer, superior = [await stack.enter_async_context(await city.browser(who)) for who in (olga, added.user)]
        assert (await superior.get(path_of(problem))).status_code == 403
        await send(writer, problem, photos(("after", "a.jpg", photo())), do="send", **WHOLE)
        assert (await send(superior, problem, do="save", text="Mine.")).status_code == 403
        assert (await send(superior, problem, do="release")).status_code == 303
    claim = (await now(city, problem)).case.rounds[-1].claim
    assert claim is not None
    assert claim.reviewed_by == added.user.id


async def test_a_draft_that_was_left_over_by_a_new_unit_stays_with_the_old_one(
    city: City, olga: User, rita: User
) -> None:
    problem = await city.assigned()
    async with AsyncExitStack() as stack:
        old, new = [await stack.enter_async_context(await city.browser(who)) for who in (olga, rita)]
        await send(old, problem, photos(("after", "a.jpg", photo())), **HALF)
        html = (await old.get(f"/problems/{problem.number}")).text
        version = re.search(r'name="version" value="(\d+)"', html)
        assert version is not None
        returned = {"version": version[1], "text": "Not ours."}
        assert (await old.post(f"/problems/{problem.number}/steps/return", returned)).status_code == 303
        editor = await city.user("edith", Role.EDITOR)
        async with await city.browser(editor) as desk:
            stored = await now(city, problem)
            given = {"version": stored.case.version, "unit_id": str(city.roads)}
            assert (await desk.post(f"/problems/{problem.number}/steps/assign", given)).status_code == 303
        kept = (await old.get(path_of(problem))).text
        assert "Another unit is in charge of this problem now." in kept
        assert "Half of it is swept" in kept
        assert (await old.post(path_of(problem), {**HALF, "draft_version": "1"})).status_code == 403
        assert "Half of it" not in (await new.get(path_of(problem))).text
        assert (await send(new, problem, do="save", text="The new unit's.")).status_code == 303
        city.clock.advance(days=31)
    assert await city.services.drafts.sweep() == 1, "the new unit's draft can still go out"
    rows = await city.services.database["answer_drafts"].find({"open": True}).to_list()
    assert [row["unit_id"] for row in rows] == [city.roads]
    assert await city.services.files.sweep(city.clock.now) == 2


async def test_a_draft_is_thrown_away_with_its_photos(city: City, olga: User) -> None:
    problem = await city.assigned()
    async with await city.browser(olga) as browser:
        await send(browser, problem, photos(("after", "a.jpg", photo())), **HALF)
        assert (await send(browser, problem, do="discard")).status_code == 303
        assert "A draft of the answer" not in (await browser.get(f"/problems/{problem.number}")).text
    city.clock.advance(hours=1)
    assert await city.services.files.sweep(city.clock.now) == 2


async def test_an_admin_has_a_units_answers_reviewed_and_the_audit_trail_tells(city: City) -> None:
    admin = await city.user("adam", Role.ADMIN)
    async with await city.browser(admin) as browser:
        answer = await browser.post(f"/admin/units/{city.cleaners}/reviews", {"reviews": "1"})
        assert answer.status_code == 303
        assert (await city.services.places.units()).reviews_answers(city.cleaners)
        await browser.post(f"/admin/units/{city.cleaners}/reviews")
        assert not (await city.services.places.units()).reviews_answers(city.cleaners)
        assert (await browser.post(f"/admin/units/{ObjectId()}/reviews")).status_code == 404
        assert "had answers of the unit reviewed" in (await browser.get("/admin/audit")).text
