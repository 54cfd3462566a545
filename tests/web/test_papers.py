"""Orders and dossiers: who may have them, what they say, and that the page and the Word document say the same."""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
from datetime import timedelta
from itertools import pairwise

import httpx
import segno
from bson import ObjectId
from docx import Document

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import User
from media_tracker.db.events import SYSTEM
from media_tracker.ingest.documents import Story
from media_tracker.papers.chain import chain, check
from media_tracker.papers.dossier_form import DIGEST, RECORD
from media_tracker.papers.shipped import Paper, shipped
from media_tracker.problems.case import Basis, Channel, Outcome, Report
from media_tracker.problems.documents import Problem
from media_tracker.problems.steps import Command, Step
from tests.web.browser import Browser
from tests.web.problem_scene import City, photo, photos

HEADING = re.compile(r"<h([1-6])")
NASTY = "Rubbish <w:t>& {{ 7*7 }} {% for %} \U0001f6ae \u202eback\u202c שלום end"


async def exposing_story(city: City, problem: Problem, title: str, text: str = "Rubbish lies there.") -> Problem:
    """Tie a story of the outlet to the problem, as an exposure."""
    now = city.clock()
    story = Story(
        outlet_id=city.outlet,
        feed_id=ObjectId(),
        key=str(ObjectId()),
        url="https://news.example/1",
        title=title,
        text=text,
        column="Exposed",
        published_at=now,
        fetched_at=now,
        content_hash="0",
    )
    await story.insert()
    report = Report(
        id=ObjectId(),
        channel=Channel.EXPOSURE,
        occurred_at=now,
        received_at=now,
        story_id=story.id,
        outlet_id=city.outlet,
        partner=True,
    )
    dispatcher = await city.services.accounts.find_by_username("dispatcher")
    assert dispatcher is not None
    return await city.services.problems.report(problem.number, problem.case.version, report, dispatcher.actor(), SYSTEM)


async def ordered(browser: Browser, problem: Problem) -> httpx.Response:
    """The page of the problem's order, once somebody has made it."""
    path = f"/problems/{problem.number}/order"
    assert (await browser.post(path, {})).headers["location"] == path
    return await browser.get(path)


def read_text(content: bytes) -> str:
    """All texts of a Word document, tables included, in order of kind."""
    document = Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def in_order(html: str) -> bool:
    """Whether no level of headings is left out, and there is one main heading."""
    levels = [int(level) for level in HEADING.findall(html)]
    return levels.count(1) == 1 and all(after <= before + 1 for before, after in pairwise(levels))


async def test_an_order_says_what_is_to_be_done_by_whom_and_by_when(city: City, editor: User) -> None:
    problem = await city.assigned(co=(city.roads,))
    async with await city.browser(editor) as edith:
        page = await ordered(edith, problem)
        word = await edith.get(f"/problems/{problem.number}/order.docx")
        detail = await edith.get(f"/problems/{problem.number}")

    assert page.status_code == word.status_code == 200
    assert f'href="/problems/{problem.number}/order"' in detail.text
    text = read_text(word.content)
    year = city.clock().year
    for said in (
        problem.number,
        problem.title,
        problem.place,
        "Street cleaners",
        "Road works",
        f"{year}-1",
        "5 Mar 2026",
    ):
        assert said in text, said
        assert said in page.text, said
    assert "Receipt" in text
    assert in_order(page.text)
    assert word.headers["content-type"].startswith("application/vnd.openxmlformats")
    assert f'filename="order {year}-1.docx"' in word.headers["content-disposition"]


async def test_looking_draws_no_number_and_making_an_order_twice_draws_one(city: City, official: User) -> None:
    problem = await city.assigned()
    path, orders = f"/problems/{problem.number}/order", city.services.database["dispatch_orders"]
    async with await city.browser(official) as olga:
        looked, file = await olga.get(path), await olga.get(f"{path}.docx")
        assert await orders.count_documents({}) == 0
        assert f'<form method="post" action="{path}"' in looked.text
        assert (file.status_code, file.headers["location"]) == (303, path)
        made = [await ordered(olga, problem) for _ in range(2)]
    assert await orders.count_documents({}) == 1
    assert all(f'action="{path}"' not in each.text and '<article class="paper">' in each.text for each in made)


async def test_an_order_is_opened_from_paper_by_phone(city: City, editor: User) -> None:
    first, second = await city.assigned(), await city.assigned()
    async with await city.browser(editor) as edith:
        one = (await ordered(edith, first)).text
        made = await edith.post("/orders", {"unit": str(city.cleaners), "numbers": [first.number, second.number]})
        both = (await edith.get(made.headers["location"])).text
    code = segno.make_qr(f"http://testserver/problems/{first.number}", error="m")
    drawn = str(code.svg_inline(omitsize=True, lineclass=None, svgclass=None)).split('d="')[1].split('"')[0]
    assert one.count('class="qr"') == 1
    assert drawn in one
    assert both.count('class="qr"') == 2
    assert drawn in both


async def test_an_order_is_chinese_for_who_reads_chinese(city: City, editor: User) -> None:
    problem = await city.assigned()
    async with await city.browser(editor) as edith:
        edith.cookies.set("language", "zh_CN", domain="testserver.local")
        page = await ordered(edith, problem)
        word = await edith.get(f"/problems/{problem.number}/order.docx")

    number, deadline = f"交办〔{city.clock().year}〕1号", "2026年3月5日24时"
    assert number in page.text
    assert deadline in page.text
    text = read_text(word.content)
    assert number in text
    assert deadline in text
    assert "回执" in text


async def test_twenty_downloads_at_once_get_the_same_number_and_leave_no_gap(city: City, editor: User) -> None:
    problem, next_one = await city.assigned(), await city.assigned()
    orders, who = city.services.orders, editor.actor()

    found = await asyncio.gather(*(orders.of_problem(problem.number, who, SYSTEM) for _ in range(20)))
    another = await orders.of_problem(next_one.number, who, SYSTEM)

    assert {(order.id, order.serial) for order in found} == {(found[0].id, 1)}
    assert another.serial == 2
    assert await city.services.database["dispatch_orders"].count_documents({}) == 2
    events = await city.services.log.of("order", found[0].id)  # type: ignore[arg-type]  # it has been stored
    assert [event.type for event in events] == ["issued"]


async def test_another_assignment_gets_another_order_and_the_first_one_stays_as_it_was(
    city: City, editor: User, official: User
) -> None:
    problem = await city.assigned()
    orders, who = city.services.orders, editor.actor()
    first = await orders.of_problem(problem.number, who, SYSTEM)
    problem = await city.act(problem, Command(Step.RETURN, city.clock(), text="Not ours."), official)
    async with await city.browser(editor) as edith:
        nobody = await edith.get(f"/problems/{problem.number}/order")
    problem = await city.act(problem, Command(Step.ASSIGN, city.clock(), unit_id=city.roads), editor)
    second = await orders.of_problem(problem.number, who, SYSTEM)
    async with await city.browser(editor) as edith:
        kept = await edith.get(f"/orders/{first.id}")
        now = await edith.get(f"/orders/{second.id}")

    assert nobody.status_code == 409
    assert (first.unit_id, second.unit_id) == (city.cleaners, city.roads)
    assert (first.serial, second.serial) == (1, 2)
    assert "Street cleaners" in kept.text
    assert "no longer holds" in kept.text
    assert "no longer holds" not in now.text


async def test_an_order_is_for_the_office_and_for_the_officials_of_its_units(city: City, official: User) -> None:
    problem = await city.assigned()
    of_roads = await city.user("rolf", Role.OFFICIAL, units=(city.roads,))
    viewer = await city.user("vera", Role.VIEWER)
    statuses = {}
    await city.services.orders.of_problem(problem.number, official.actor(), SYSTEM)
    for user in (official, of_roads, viewer):
        async with await city.browser(user) as browser:
            statuses[user.username] = [
                (await browser.get(f"/problems/{problem.number}/{name}")).status_code
                for name in ("order", "order.docx")
            ]
            offered = (await browser.get(f"/problems/{problem.number}")).text
            assert (f'"/problems/{problem.number}/order"' in offered) is (user is official)
    order = await city.services.orders.of_problem(problem.number, official.actor(), SYSTEM)
    async with await city.browser(of_roads) as rolf:
        direct = await rolf.get(f"/orders/{order.id}/order.docx")

    assert statuses == {"olga": [200, 200], "rolf": [403, 403], "vera": [403, 403]}
    assert direct.status_code == 403


async def test_one_order_takes_several_problems_of_a_unit_and_no_other_unit(city: City, editor: User) -> None:
    mine = [await city.assigned() for _ in range(3)]
    theirs = await city.assigned(to=city.roads)
    numbers = [problem.number for problem in mine]
    async with await city.browser(editor) as edith:
        form = await edith.get(f"/orders/new?unit={city.cleaners}")
        sent = {"unit": str(city.cleaners), "numbers": numbers}
        made = [await edith.post("/orders", sent) for _ in range(2)]
        page = await edith.get(made[0].headers["location"])
        word = await edith.get(f"{made[0].headers['location']}/order.docx")
        mixed = await edith.post("/orders", {"unit": str(city.cleaners), "numbers": [*numbers, theirs.number]})

    assert all(f'value="{number}"' in form.text for number in numbers)
    assert theirs.number not in form.text
    assert made[0].status_code == 303
    assert made[0].headers["location"] == made[1].headers["location"]
    assert all(number in page.text and number in read_text(word.content) for number in numbers)
    assert mixed.status_code == 422
    assert "for one unit" in mixed.text


async def test_a_dossier_tells_the_whole_case_with_digests_that_can_be_recomputed(
    city: City, editor: User, official: User, inspector: User
) -> None:
    problem = await exposing_story(city, await city.problem(), "The heap behind the market", "It stinks.")
    problem = await city.act(problem, Command(Step.ASSIGN, city.clock(), unit_id=city.cleaners), editor)
    city.clock.advance(hours=1)
    async with await city.browser(official) as olga:
        page = await olga.get(f"/problems/{problem.number}")
        version = re.search(r'name="version" value="(\d+)"', page.text)
        assert version is not None
        pictures = photos(("before", "b.jpg", photo("red")), ("after", "a.jpg", photo("green")))
        claim = {
            "version": version[1],
            "outcome": "resolved",
            "text": "Swept & fenced.",
            "fixed_at": "2026-03-02T09:30",
        }
        sent = await olga.post(f"/problems/{problem.number}/steps/claim", claim, pictures)
        assert sent.status_code == 303, sent.text
    problem = await city.services.problems.get(problem.number)
    saved = await city.services.files.save_image(photo("blue"), "check.jpg", inspector.object_id, "problem")
    verify = Command(
        Step.VERIFY,
        city.clock(),
        text="Clean indeed.",
        verified_outcome=Outcome.RESOLVED,
        on_site=True,
        basis=Basis.ON_SITE,
        after=(saved.id,),
    )
    problem = await city.act(problem, verify, inspector)
    async with await city.browser(editor) as edith:
        await ordered(edith, problem)
        page = await edith.get(f"/problems/{problem.number}/dossier")
        word = await edith.get(f"/problems/{problem.number}/dossier.docx")

    assert page.status_code == word.status_code == 200
    text = read_text(word.content)
    links = chain(await city.services.problems.history(problem))
    story = await city.services.stories.get(problem.case.exposures[-1].story_id)  # type: ignore[arg-type]  # tied above
    said = [
        problem.number,
        "The heap behind the market",
        "Evening News",
        "Exposed",
        "https://news.example/1",
        hashlib.sha256(story.text.encode()).hexdigest(),
        "Street cleaners",
        "Clean indeed.",
        "Counted: exposed before the fix",
        f"{city.clock().year}-1",
        links[-1].digest,
    ]
    for each in said:
        assert each in text, each
        assert each in page.text, each
    assert "Swept & fenced." in text
    assert in_order(page.text)
    assert page.text.count("<table") == page.text.count("<caption")
    current = problem.case.round
    assert current is not None
    assert current.claim is not None
    for file_id in (*current.claim.before, *current.claim.after, saved.id):
        _, chunks = await city.services.files.open(file_id)
        digest = hashlib.sha256(b"".join([chunk async for chunk in chunks])).hexdigest()
        assert digest in text
        assert digest in page.text
        assert f"/files/{file_id}" in page.text
    document = Document(io.BytesIO(word.content))
    assert len(document.inline_shapes) == 3
    records = [each.text for each in document.paragraphs if each.style is not None and each.style.name == RECORD]
    digests = [each.text for each in document.paragraphs if each.style is not None and each.style.name == DIGEST]
    assert check(list(zip(records, digests, strict=True))).wrong is None
    assert digests == [link.digest for link in links]


async def test_a_withdrawn_story_is_masked_in_dossier_and_order(city: City, editor: User) -> None:
    problem = await exposing_story(city, await city.problem(), "A title that must go", "A text that must go")
    problem = await city.act(problem, Command(Step.ASSIGN, city.clock(), unit_id=city.cleaners), editor)
    async with await city.browser(editor) as edith:
        before = await ordered(edith, problem)
        await city.services.database["stories"].update_many({}, {"$set": {"withdrawn_at": city.clock()}})
        shown = [await edith.get(f"/problems/{problem.number}/{name}") for name in ("order", "dossier")]
        files = [await edith.get(f"/problems/{problem.number}/{name}.docx") for name in ("order", "dossier")]

    gone = ("A title that must go", hashlib.sha256(b"A text that must go").hexdigest(), "https://news.example/1")
    assert gone[0] in before.text
    texts = [*(page.text for page in shown), *(read_text(file.content) for file in files)]
    assert all(secret not in text for text in texts for secret in gone)
    assert all("(withdrawn by the outlet)" in text for text in texts)


async def test_what_callers_wrote_is_in_no_dossier(city: City, editor: User) -> None:
    problem = await city.problem()
    report = Report(
        id=ObjectId(),
        channel=Channel.TICKET,
        occurred_at=city.clock(),
        received_at=city.clock(),
        outside_number="12345-7",
    )
    problem = await city.services.problems.report(
        problem.number, problem.case.version, report, editor.actor(), SYSTEM, "Mrs Example called, 555 0100"
    )
    async with await city.browser(editor) as edith:
        page = await edith.get(f"/problems/{problem.number}/dossier")
        word = await edith.get(f"/problems/{problem.number}/dossier.docx")

    assert "12345-7" in page.text
    assert "555 0100" not in page.text
    assert "555 0100" not in read_text(word.content)


async def test_nasty_and_endless_texts_make_a_document_that_opens(city: City, editor: User, official: User) -> None:
    problem = await city.problem(NASTY)
    problem = await city.act(problem, Command(Step.ASSIGN, city.clock(), unit_id=city.cleaners), editor)
    plan = "\n".join(f"{NASTY} {number}" for number in range(200)) + " the very end"
    problem = await city.act(problem, Command(Step.START, city.clock(), text=plan), official)
    async with await city.browser(editor) as edith:
        await ordered(edith, problem)
        files = [await edith.get(f"/problems/{problem.number}/{name}.docx") for name in ("order", "dossier")]

    for file in files:
        assert file.status_code == 200
        text = read_text(file.content)
        assert "<w:t>& {{ 7*7 }} {% for %} \U0001f6ae back" in text
        assert "\u202e" not in text
    assert "the very end" in read_text(files[1].content)


async def test_a_dossier_of_several_has_each_once_in_the_order_asked_for(city: City, editor: User) -> None:
    problems = [await city.assigned() for _ in range(3)]
    numbers = [problem.number for problem in reversed(problems)]
    async with await city.browser(editor) as edith:
        form = await edith.get("/dossiers")
        page = await edith.get(f"/dossiers?numbers={numbers[0]}，{numbers[1]}%0A{numbers[2]}%20{numbers[0]}")
        word = await edith.get(f"/dossiers/dossier.docx?numbers={','.join(numbers)}")
        filtered = await edith.get("/dossiers?show=open")
        unknown = await edith.get(f"/dossiers?numbers={numbers[0]},1999-00001")
        many = await edith.get("/dossiers?numbers=" + ",".join(f"2026-{number:05}" for number in range(201)))

    assert form.status_code == page.status_code == word.status_code == 200
    places = [page.text.index(f'id="case-{index}"') for index in (1, 2, 3)]
    assert places == sorted(places)
    assert [page.text.index(f'class="paper-title">{number}') for number in numbers] == sorted(
        page.text.index(f'class="paper-title">{number}') for number in numbers
    )
    assert in_order(page.text)
    assert all(number in read_text(word.content) for number in numbers)
    assert filtered.status_code == 200
    assert all(number in filtered.text for number in numbers)
    assert unknown.status_code == 404
    assert "1999-00001" in unknown.text
    assert many.status_code == 422
    assert "200" in many.text


async def test_a_document_that_leaves_the_house_is_written_down(city: City, official: User) -> None:
    problem = await city.assigned()
    async with await city.browser(official) as olga:
        await olga.get(f"/problems/{problem.number}/dossier.docx")
        await ordered(olga, problem)
        await olga.get(f"/problems/{problem.number}/order.docx")
        await olga.get(f"/problems/{problem.number}/dossier")

    rows = await city.services.database["audit"].find({"action": "exported"}).to_list()
    assert [(row["subject"], row["actor"]) for row in rows] == [
        (f"dossier/{problem.number}", official.id),
        (f"order/{city.clock().year}-1", official.id),
    ]


async def test_the_deadline_on_an_order_stays_though_it_was_extended(city: City, editor: User) -> None:
    problem = await city.assigned()
    office = await city.user("paula", Role.PUBLICITY)
    async with await city.browser(editor) as edith:
        await ordered(edith, problem)
        assert problem.case.due_at is not None
        later = problem.case.due_at + timedelta(days=5)
        await city.act(problem, Command(Step.EXTEND, city.clock(), text="Rain.", due_at=later), office)
        page = await edith.get(f"/problems/{problem.number}/order")

    assert "5 Mar 2026" in page.text
    assert "another deadline by now" in page.text


async def test_an_office_puts_its_own_template_in_and_goes_back_to_ours(city: City, editor: User) -> None:
    admin = await city.user("adam", Role.ADMIN)
    problem = await city.assigned()
    own = Document(io.BytesIO(shipped(Paper.ORDER, "en")))
    own.add_paragraph("Our own line for {{ order.number }}")
    out = io.BytesIO()
    own.save(out)
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    path, order = "/admin/papers/order/en", f"/problems/{problem.number}/order.docx"
    async with await city.browser(admin) as adam, await city.browser(editor) as edith:
        await ordered(edith, problem)
        put = await adam.post(path, {}, [("template", ("own.docx", out.getvalue(), kind))])
        shown = await adam.get("/admin/papers")
        with_own = await edith.get(order)
        refused = await adam.post(path, {}, [("template", ("bad.docx", b"MZ no document", kind))])
        nothing = await adam.post(path, {})
        still_own = await edith.get(order)
        back = await adam.post(path, {"ours": "1"})
        with_ours = await edith.get(order)

    line = f"Our own line for {city.clock().year}-1"
    assert (put.status_code, refused.status_code, nothing.status_code, back.status_code) == (303, 422, 422, 303)
    assert "own.docx" in shown.text
    assert "no document" in refused.text
    assert line in read_text(with_own.content)
    assert line in read_text(still_own.content)
    assert line not in read_text(with_ours.content)
