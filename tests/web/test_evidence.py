"""Photos and documents as evidence: put on record, shown in pairs, known again, blacked out; and hostile ones refused."""

from __future__ import annotations

import asyncio
import io
import re

import pytest
from bson import ObjectId
from PIL import Image

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction, User
from media_tracker.demo.pictures import draw
from media_tracker.files.office_files import DOCX
from media_tracker.problems.case import Outcome, State
from media_tracker.problems.documents import Problem
from media_tracker.problems.steps import Command, Step
from tests.files.office import package, pdf, xlsx
from tests.files.pictures import camera_jpeg, encoded, huge_png
from tests.services.invariants import assert_nothing_lost_or_doubled
from tests.web.browser import Browser, Files
from tests.web.problem_scene import City, photo, photos

CLAIM = {"outcome": "resolved", "text": "Swept.", "fixed_at": "2026-03-02T10:30"}
STREET = draw("street", fixed=False)
TIDY = draw("street", fixed=True)
PLAN = package()


async def put(browser: Browser, problem: Problem, files: Files, step: str = "add_evidence", **fields: object) -> int:
    """Send a step's form with files, as somebody who has just opened the page."""
    html = (await browser.get(f"/problems/{problem.number}")).text
    found = re.search(r'name="version" value="(\d+)"', html)
    data = {"version": found[1] if found else "1", **fields}
    return (await browser.post(f"/problems/{problem.number}/steps/{step}", data, files)).status_code


async def claimed_with(city: City, by: User, after: bytes, before: bytes | None = None) -> Problem:
    """A problem that ``by`` has reported fixed with these photos."""
    problem = await city.assigned()
    city.clock.advance(minutes=10)
    files = city.services.files
    saved = [(await files.save_image(each, "p.jpg", by.object_id, "problem")).id for each in (after, before) if each]
    command = Command(
        Step.CLAIM,
        city.clock(),
        text="Swept.",
        outcome=Outcome.RESOLVED,
        fixed_at=city.clock.now,
        after=tuple(saved[:1]),
        before=tuple(saved[1:]),
    )
    return await city.act(problem, command, by)


async def page_as(city: City, user: User, path: str) -> str:
    async with await city.browser(user) as browser:
        return (await browser.get(path)).text


def papers(*named: tuple[str, bytes]) -> Files:
    return [("documents", (name, content, "application/octet-stream")) for name, content in named]


# Put on record before the claim


async def test_an_official_puts_photos_documents_and_notes_on_record_and_the_claim_rests_on_them(
    city: City, official: User, inspector: User
) -> None:
    problem = await city.assigned()
    city.clock.advance(hours=1)
    path = f"/problems/{problem.number}"
    async with await city.browser(official) as olga:
        files = [*photos(("before", "b.jpg", STREET)), *papers(("Plan.docx", PLAN), ("List.xlsx", xlsx()))]
        assert await put(olga, problem, files, text="Two lorries came.") == 303
        assert await city.state(problem.number) is State.IN_PROGRESS
        assert await put(olga, problem, photos(("after", "a.jpg", TIDY))) == 303
        city.clock.advance(hours=1)
        assert await put(olga, problem, papers(("Receipt.pdf", pdf())), "claim", **CLAIM) == 303
        html = (await olga.get(path)).text
        link = re.search(r'href="(/files/\w+)">Plan\.docx', html)
        assert link is not None
        sent = await olga.get(link[1])
    for words in ("Two lorries came.", "Plan.docx", "List.xlsx", "Receipt.pdf", "Put on record", "SHA-256"):
        assert words in html
    assert html.count('class="photo-pair"') == 1
    assert sent.content == PLAN
    assert sent.headers["content-type"] == DOCX
    assert sent.headers["content-disposition"] == "attachment; filename*=UTF-8''Plan.docx"
    assert "sandbox" in sent.headers["content-security-policy"]
    assert sent.headers["x-content-type-options"] == "nosniff"
    assert await city.state(problem.number) is State.CLAIMED_FIXED
    assert "add_evidence" not in await page_as(city, official, path)
    assert "Plan.docx" in await page_as(city, inspector, path)
    await assert_nothing_lost_or_doubled(city.services)


async def test_who_is_not_of_the_unit_puts_nothing_on_record(city: City, inspector: User) -> None:
    stranger = await city.user("otto", Role.OFFICIAL, units=(city.roads,))
    problem = await city.assigned()
    for user in (stranger, inspector):
        async with await city.browser(user) as browser:
            data = {"version": problem.case.version, "text": "It was us."}
            path = f"/problems/{problem.number}/steps/add_evidence"
            assert (await browser.post(path, data, photos(("after", "a.jpg", photo())))).status_code == 403
    assert await city.kept_files() == 0


async def test_the_twenty_first_file_of_a_round_is_refused_over_several_forms(city: City, official: User) -> None:
    problem = await city.assigned()
    many = photos(*(("before", f"{n}.jpg", photo()) for n in range(19)))
    async with await city.browser(official) as olga:
        assert await put(olga, problem, many) == 303
        problem = await city.services.problems.get(problem.number)
        data = {"version": problem.case.version, "text": "More."}
        path = f"/problems/{problem.number}/steps/add_evidence"
        refused = await olga.post(path, data, photos(("after", "a.jpg", photo()), ("after", "b.jpg", photo())))
        assert refused.status_code == 422
        assert "At most 20 photos and documents belong to one round of work" in refused.text
        assert "More." in refused.text
        assert await put(olga, problem, photos(("after", "a.jpg", photo()))) == 303
    assert await city.kept_files() == 40


async def test_of_two_uploads_at_once_one_is_told_and_the_round_never_holds_too_many(
    city: City, official: User
) -> None:
    second = await city.user("oscar", Role.OFFICIAL, units=(city.cleaners,))
    problem = await city.assigned()
    path = f"/problems/{problem.number}/steps/add_evidence"
    data = {"version": problem.case.version, "text": "Here."}
    many = photos(*(("before", f"{n}.jpg", photo()) for n in range(11)))
    async with await city.browser(official) as olga, await city.browser(second) as oscar:
        answers = await asyncio.gather(*(each.post(path, data, many) for each in (olga, oscar)))
        assert sorted(answer.status_code for answer in answers) == [303, 409]
        data["version"] = (await city.services.problems.get(problem.number)).case.version
        assert (await oscar.post(path, data, many)).status_code == 422
    assert await city.kept_files() == 22
    await assert_nothing_lost_or_doubled(city.services)


def _gps_nonsense() -> bytes:
    exif = Image.Exif()
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (4000.0, 99.0, 99.0), "E", (float("inf"), 0.0, 0.0)
    return encoded(Image.open(io.BytesIO(STREET)), exif=exif)


HOSTILE = [
    ("after", "a.jpg", b"<script>alert(1)</script>", "a.jpg: This file is not a photo."),
    (
        "after",
        "a.jpg",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "a.jpg: This file is not a photo.",
    ),
    ("after", "a.png", huge_png(20_000, 20_000), "a.png: The photo has more than 40 million pixels."),
    ("after", "a.jpg", STREET[:5000], "a.jpg: The photo is damaged or incomplete."),
    ("after", "a.jpg", b"\xff\xd8" + bytes(10 * 2**20 - 1), "at most 10 MB"),
    ("documents", "a.pdf", b"<html><script>alert(1)</script>", "a.pdf: This file is no document."),
    ("documents", "a.docx", package({"word/vbaProject.bin": b"x"}), "a.docx: There is something in this document"),
    (
        "documents",
        "a.docx",
        package({f"{n}": b"\0" * 2**21 for n in range(60)}),
        "a.docx: This document unpacks to more",
    ),
    ("documents", "a.pdf", pdf(b"<< /S /JavaScript /JS (app) >>"), "a.pdf: There is something in this document"),
    ("documents", "a.pdf", pdf() + bytes(10 * 2**20), "at most 10 MB"),
]


@pytest.mark.parametrize(("field", "name", "content", "sentence"), HOSTILE)
async def test_a_hostile_file_gets_a_sentence_and_leaves_nothing_behind(
    city: City, official: User, field: str, name: str, content: bytes, sentence: str
) -> None:
    problem = await city.assigned()
    async with await city.browser(official) as olga:
        files = [*photos(("before", "good.jpg", photo())), (field, (name, content, "image/jpeg"))]
        data = {"version": problem.case.version, "text": "Kept <words>."}
        answer = await olga.post(f"/problems/{problem.number}/steps/add_evidence", data, files)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Kept &lt;words&gt;." in answer.text
    assert "<script>alert" not in answer.text
    assert await city.state(problem.number) is State.ASSIGNED
    assert await city.kept_files() == 0


async def test_files_in_a_field_that_a_step_does_not_have_are_not_looked_at(
    city: City, official: User, inspector: User
) -> None:
    problem = await city.claimed(official)
    async with await city.browser(inspector) as ines:
        files = [*photos(("after", "c.jpg", photo("red")), ("before", "b.jpg", photo())), *papers(("a.pdf", pdf()))]
        fields = {"verified_outcome": "resolved", "basis": "on_site", "text": "Clean."}
        assert await put(ines, problem, files, "verify", **fields) == 303
    await assert_nothing_lost_or_doubled(city.services)


# Used before


async def test_a_photo_that_was_used_before_is_flagged_on_both_pages_to_office_and_inspectors(
    city: City, official: User, inspector: User
) -> None:
    smaller = encoded(Image.open(io.BytesIO(TIDY)).resize((480, 320)), quality=60)
    first, second = await claimed_with(city, official, TIDY), await claimed_with(city, official, smaller)
    third = await claimed_with(city, official, TIDY)
    for problem, other in ((first, second), (second, first)):
        html = await page_as(city, inspector, f"/problems/{problem.number}")
        assert "Photos that were used before" in html
        assert re.search(rf'looks the same as\s+<a href="/problems/{other.number}/photos/\w+">{other.number}', html)
    assert re.search(
        rf"the same file as\s+<a href=\"/problems/{third.number}/",
        await page_as(city, inspector, f"/problems/{first.number}"),
    )
    assert "Photos that were used before" not in await page_as(city, official, f"/problems/{first.number}")


async def test_a_photo_from_before_that_is_filed_as_the_one_from_after_is_flagged(
    city: City, official: User, inspector: User
) -> None:
    problem = await claimed_with(city, official, STREET, STREET)
    honest = await claimed_with(city, official, draw("yard", fixed=True), draw("yard", fixed=False))

    html = await page_as(city, inspector, f"/problems/{problem.number}")
    assert "Photo from after the fix, round 1" in html
    assert "the same file as" in html
    assert "used before" not in await page_as(city, inspector, f"/problems/{honest.number}")


# One photo, large


async def test_the_photos_of_a_problem_are_turned_over_by_plain_links(city: City, official: User) -> None:
    problem = await claimed_with(city, official, TIDY, STREET)
    claim = problem.case.rounds[0].claim
    assert claim is not None
    before, after = claim.before[0], claim.after[0]
    path = f"/problems/{problem.number}/photos"
    async with await city.browser(official) as olga:
        html = (await olga.get(f"{path}/{before}")).text
        assert f'rel="next" href="{path}/{after}"' in html
        assert 'rel="prev"' not in html
        assert "Photo 1 of 2" in html
        assert (await olga.get(f"{path}/{ObjectId()}")).status_code == 404
        other = await claimed_with(city, official, photo())
        assert (await olga.get(f"/problems/{other.number}/photos/{before}")).status_code == 404


# When and where


async def test_when_and_where_a_photo_was_taken_is_for_inspectors_and_admins_and_looking_is_written_down(
    city: City, official: User, inspector: User
) -> None:
    admin = await city.user("anna", Role.ADMIN)
    problem = await claimed_with(city, official, camera_jpeg(taken="2026:02:27 08:15:00", offset=None))
    path = f"/problems/{problem.number}/evidence"
    page = await page_as(city, official, f"/problems/{problem.number}")
    assert path not in page
    assert "27" not in re.sub(r"<[^>]*>", "", page.partition('id="rounds"')[2].partition("</section>")[0])
    async with await city.browser(official) as olga:
        assert (await olga.get(path)).status_code == 403
    assert path in await page_as(city, inspector, f"/problems/{problem.number}")
    html = await page_as(city, inspector, path)
    assert "08:15" in html
    assert "which does not say its zone" in html
    assert "taken before anybody told of the problem" in html
    await page_as(city, admin, path)
    read = [each for each in await city.services.audit.latest() if each.action is AuditAction.EVIDENCE_READ]
    assert [each.actor for each in read] == [admin.object_id, inspector.object_id]
    assert f"Problem {problem.number}" in await page_as(city, admin, "/admin/audit")


async def test_an_absurd_place_is_no_place(city: City, official: User, inspector: User) -> None:
    problem = await claimed_with(city, official, _gps_nonsense())
    html = await page_as(city, inspector, f"/problems/{problem.number}/evidence")
    assert html.count("not told") == 2


# Blacking out


async def black_out(browser: Browser, path: str, *boxes: tuple[int, int, int, int], seen: str = "") -> tuple[int, str]:
    html = (await browser.get(f"{path}/black-out")).text
    found = re.search(r'name="seen" value="(\w+)"', html)
    columns = zip(*boxes, strict=True)
    data = dict(zip(("left", "top", "width", "height"), map(list, columns), strict=False))
    answer = await browser.post(f"{path}/black-out", {"seen": seen or (found[1] if found else ""), **data})
    return answer.status_code, answer.text


def mean(data: bytes, part: tuple[float, float, float, float]) -> float:
    image = Image.open(io.BytesIO(data)).convert("L")
    box = tuple(round(share * size) for share, size in zip(part, (*image.size, *image.size), strict=True))
    pixels = image.crop(box).tobytes()  # type: ignore[arg-type]  # four numbers
    return sum(pixels) / len(pixels)


async def test_what_is_blacked_out_is_gone_for_everybody_and_an_admin_opens_the_original_with_a_reason(
    city: City, official: User, inspector: User
) -> None:
    admin = await city.user("anna", Role.ADMIN)
    problem = await claimed_with(city, official, TIDY)
    claim = problem.case.rounds[0].claim
    assert claim is not None
    path = f"/problems/{problem.number}/photos/{claim.after[0]}"
    async with await city.browser(official) as olga, await city.browser(admin) as anna:
        original = (await olga.get(f"/files/{claim.after[0]}")).content
        assert (await black_out(olga, path, (0, 0, 50, 100), (60, 60, 20, 20)))[0] == 303
        page = (await olga.get(path)).text
        assert "partly blacked out" in page
        assert "The original" not in page
        shown = (await olga.get(f"/files/{claim.after[0]}")).content
        assert mean(shown, (0.0, 0.0, 0.49, 1.0)) < 3 < mean(original, (0.0, 0.0, 0.49, 1.0))
        thumbs = re.findall(r'<img src="(/files/\w+)"', (await olga.get(f"/problems/{problem.number}")).text)
        assert mean((await olga.get(thumbs[0])).content, (0.0, 0.0, 0.48, 1.0)) < 3
        assert (await olga.post(f"{path}/original", {"reason": "curious"})).status_code == 403
        without = await anna.post(f"{path}/original", {"reason": " "})
        assert without.status_code == 422
        assert "Please say why you need the original" in without.text
        opened = await anna.post(f"{path}/original", {"reason": "objection 7 of 2026"})
        assert opened.status_code == 200
        assert opened.content == original
        assert opened.headers["cache-control"] == "no-store"
        trail = (await anna.get("/admin/audit")).text
    assert "opened a photo without its black-outs" in trail
    assert "objection 7 of 2026" in trail
    history = await city.services.problems.history(problem)
    assert history[-1].type == "photo_blacked_out"
    assert "Parts of a photo were blacked out" in await page_as(city, inspector, f"/problems/{problem.number}")
    await assert_nothing_lost_or_doubled(city.services)


async def test_an_admin_takes_black_outs_back_one_by_one_for_everybody_and_says_why(city: City, official: User) -> None:
    admin = await city.user("anna", Role.ADMIN)
    problem = await claimed_with(city, official, TIDY)
    photo_id = problem.case.rounds[0].after[0]
    path = f"/problems/{problem.number}/photos/{photo_id}"
    left, right = (0.0, 0.0, 0.49, 1.0), (0.51, 0.0, 1.0, 1.0)
    async with await city.browser(official) as olga, await city.browser(admin) as anna:
        await black_out(olga, path, (0, 0, 50, 100))
        await black_out(olga, path, (50, 0, 50, 100))
        addresses = set(re.findall(r'src="(/files/\w+)"', (await olga.get(path)).text)) | {f"/files/{photo_id}"}
        seen = re.search(r'name="seen" value="(\w+)"', (await anna.get(path)).text)
        assert seen is not None
        form = {"seen": seen[1], "taken_back": "The wrong half"}
        assert (await olga.post(f"{path}/take-back", form)).status_code == 403
        assert (await anna.post(f"{path}/take-back", {**form, "taken_back": " "})).status_code == 422
        assert (await anna.post(f"{path}/take-back", form)).status_code == 303
        for address in addresses:
            shown = (await olga.get(address)).content
            assert mean(shown, left) < 3 < mean(shown, right)
        assert (await anna.post(f"{path}/take-back", form)).status_code == 409, "it is shown in another version by now"
        again = re.search(r'name="seen" value="(\w+)"', (await anna.get(path)).text)
        assert again is not None
        assert (await anna.post(f"{path}/take-back", {**form, "seen": again[1]})).status_code == 303
        page = await olga.get(path)
        assert "partly blacked out" not in page.text
        thumbs = re.findall(r'<img src="(/files/\w+)"', (await olga.get(f"/problems/{problem.number}")).text)
        for address in (*addresses, *thumbs):
            assert mean((await olga.get(address)).content, left) > 3
        await black_out(olga, path, (0, 0, 100, 100))
        assert mean((await olga.get(f"/files/{photo_id}")).content, right) < 3, "and is blacked out anew"
        history = (await olga.get(f"/problems/{problem.number}")).text
        assert history.count("The last black-out of a photo was taken back") == 2
        assert "The wrong half" in history
        assert "took the last black-out of a photo back" in (await anna.get("/admin/audit")).text
    await assert_nothing_lost_or_doubled(city.services)


async def test_only_the_office_inspectors_and_the_unit_in_charge_black_out(
    city: City, official: User, inspector: User
) -> None:
    office = await city.user("paula", Role.PUBLICITY)
    problem = await claimed_with(city, official, TIDY)
    path = f"/problems/{problem.number}/photos/{problem.case.rounds[0].after[0]}"
    for user, status in (
        (await city.user("otto", Role.OFFICIAL, units=(city.roads,)), 403),
        (await city.user("vera", Role.VIEWER), 403),
        (await city.user("anna", Role.ADMIN), 403),
        (inspector, 303),
        (office, 303),
    ):
        async with await city.browser(user) as browser:
            assert (await browser.get(f"{path}/black-out")).status_code == (403 if status == 403 else 200)
            assert (await black_out(browser, path, (1, 1, 5, 5)))[0] == status, user.username


@pytest.mark.parametrize(
    "boxes",
    [[("", "", "", "")], [("-1", "0", "5", "5")], [("90", "0", "50", "5")], [("a", "b", "c", "d")], [("1e2",) * 4]],
)
async def test_boxes_that_make_no_sense_get_a_sentence_and_come_back(
    city: City, official: User, boxes: list[tuple[str, str, str, str]]
) -> None:
    problem = await claimed_with(city, official, TIDY)
    files = await city.kept_files()
    path = f"/problems/{problem.number}/photos/{problem.case.rounds[0].after[0]}"
    async with await city.browser(official) as olga:
        status, text = await black_out(olga, path, *boxes)  # type: ignore[arg-type]  # what people type
    assert status == 422
    assert "Please" in text
    assert boxes[0][0] == "" or f'value="{boxes[0][0]}"' in text
    assert await city.kept_files() == files


async def test_who_draws_on_a_version_that_is_no_longer_shown_is_told_so(city: City, official: User) -> None:
    problem = await claimed_with(city, official, TIDY)
    photo_id = problem.case.rounds[0].after[0]
    path = f"/problems/{problem.number}/photos/{photo_id}"
    async with await city.browser(official) as olga:
        assert (await black_out(olga, path, (0, 0, 10, 10)))[0] == 303
        files = await city.kept_files()
        status, text = await black_out(olga, path, (50, 0, 10, 10), seen=str(photo_id))
    assert status == 409
    assert "Somebody has blacked out parts of this photo in the meantime" in text
    assert await city.kept_files() == files
