"""From notices to letters, on a real database: one letter for all that waits, once, in the reader's language."""

from __future__ import annotations

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.mail.carriers import SmtpCarrier
from media_tracker.mail.letters import Letter, Sender
from media_tracker.mail.outbox import Outbox
from media_tracker.mail.server import read_server
from media_tracker.notices.kinds import Delivery, NoticeKind
from media_tracker.notices.posting import LEASE_SECONDS, MOST_IN_A_LETTER, Bundle, Posting
from media_tracker.problems.steps import Step
from tests.mail.post_office import post_office
from tests.notices.scene import Town
from tests.services.deaths import Killed

K = NoticeKind
HOSTILE = "Rubbish\r\nBcc: everybody@example.org\r\n\r\n<script>alert(1)</script>"


async def say_daily(town: Town, *kinds: NoticeKind) -> None:
    await town.services.notices.prefer(town.official.object_id, dict.fromkeys(kinds, Delivery.DAILY))


async def test_one_notice_is_one_letter_in_the_reader_s_language(town: Town) -> None:
    english = await town.person("eve", Role.OFFICIAL, units=(town.city.cleaners,))
    await town.services.accounts.set_language(english.actor(), "en")
    problem = await town.assigned()
    await town.turn()
    assert await town.post() == 2
    assert await town.post() == 0

    letters = {letter["to"]: letter for letter in await town.letters()}
    chinese, other = letters["olga@example.org"], letters["eve@example.org"]
    assert chinese["language"] == "zh-CN"
    assert "交办" in chinese["subject"]
    assert "期限：" in chinese["text"]
    assert other["subject"].endswith(f"Assigned to your unit · {problem.number}")
    assert "Rubbish behind the market" in other["text"]
    assert "Rubbish" not in other["subject"] + chinese["subject"]
    assert "Rubbish behind the market" in other["html"]


async def test_links_lead_to_the_public_address_and_are_left_out_without_one(town: Town) -> None:
    problem = await town.assigned()
    await town.turn()
    await town.post()
    (letter,) = await town.letters()
    assert "http" not in letter["text"] + letter["html"].replace("http-equiv", "")

    town.services.settings.public_url = "https://tracker.example.org/"
    await town.act(problem, Step.REMIND, town.editor)
    await town.turn()
    await town.post()
    letter = (await town.letters())[-1]
    assert f"https://tracker.example.org/problems/{problem.number}\n" in letter["text"]
    assert "https://tracker.example.org/account" in letter["text"]


async def test_what_waits_for_one_reader_goes_into_one_letter(town: Town) -> None:
    for number in range(3):
        await town.assigned(f"Rubbish {number}")
    await town.turn()
    assert await town.post() == 1

    (letter,) = await town.letters()
    assert [f"Rubbish {number}" in letter["text"] for number in range(3)] == [True] * 3


async def test_a_thousand_notices_are_one_letter_that_says_how_many_more_there_are(town: Town) -> None:
    problem = await town.assigned()
    await town.turn()
    (row,) = await town.services.database["notices"].find().to_list()
    more = [{**row, "_id": ObjectId(), "key": f"{number}"} for number in range(999)]
    await town.services.database["notices"].insert_many(more)
    assert await town.post() == 1

    (letter,) = await town.letters()
    assert letter["text"].count(problem.number) == MOST_IN_A_LETTER
    assert str(1000 - MOST_IN_A_LETTER) in letter["text"]
    assert await town.services.database["notices"].count_documents({"mail": {"$exists": True}}) == 0


async def test_a_hostile_title_is_one_line_of_text_and_no_markup(town: Town) -> None:
    problem = await town.assigned()
    await town.services.database["problems"].update_one({"_id": problem.case.id}, {"$set": {"title": HOSTILE}})
    await town.turn()
    await town.post()
    async with post_office() as office:
        services = town.services
        carrier = SmtpCarrier(read_server(office.url), "tracker@example.org")
        sender = Sender("tracker@example.org", "office\r\nBcc: x@example.org")
        await Outbox(services.database, town.city.clock, "a", carrier, sender, services.accounts.reachable).send_due()

    (letter,) = office.letters
    assert letter["Bcc"] is None
    assert office.envelopes == [("tracker@example.org", "olga@example.org")]
    plain, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "Rubbish Bcc: everybody@example.org <script>" in plain.get_content()
    assert "<script>" not in html.get_content()


async def test_the_daily_letter_goes_out_once_at_its_hour_with_all_that_waits(town: Town) -> None:
    await say_daily(town, K.ASSIGNED, K.REMINDED)
    problem = await town.assigned()  # at nine in the morning
    await town.turn()
    assert await town.post() == 0
    town.city.clock.advance(hours=22)
    await town.act(problem, Step.REMIND, town.editor)
    await town.turn()
    assert await town.post() == 0

    town.city.clock.advance(hours=1, minutes=1)
    assert await town.post() == 1
    town.city.clock.advance(hours=2)
    assert await town.post() == 0
    (letter,) = await town.letters()
    assert letter["text"].count(problem.number) == 2
    assert "2026年3月3日" in letter["subject"]

    town.city.clock.advance(days=1)
    assert await town.post() == 0, "a day without news has no letter"


async def test_what_comes_after_the_hour_waits_for_the_next_day(town: Town) -> None:
    await say_daily(town, K.ASSIGNED)
    await town.assigned()
    await town.turn()
    town.city.clock.advance(hours=22)
    assert await town.post() == 0
    town.city.clock.advance(hours=1)
    assert await town.post() == 1


async def test_a_process_killed_before_or_after_the_letter_is_in_the_outbox_leaves_one_letter(town: Town) -> None:
    async def dies(bundle: Bundle) -> Letter | None:
        raise Killed

    class DyingOutbox(Outbox):
        async def put(self, key: str, letter: Letter, person: ObjectId | None = None) -> bool:
            await super().put(key, letter, person)
            raise Killed

    services, clock = town.services, town.city.clock
    await town.assigned()
    await town.turn()
    with pytest.raises(Killed):
        await services.posting.turn(dies)
    await town.assigned("Rubbish that came meanwhile")
    await town.turn()
    carrier, sender = services.outbox.carrier, Sender("tracker@example.org")
    outbox = DyingOutbox(services.database, clock, "dead", carrier, sender, services.accounts.reachable)
    dead = Posting(services.database, outbox, clock, "dead", services.settings.zone, 8)

    async def compose(bundle: Bundle) -> Letter | None:
        return Letter("olga@example.org", "subject", " ".join(str(each.id) for each in bundle.notices))

    with pytest.raises(Killed):
        await dead.turn(compose)
    clock.advance(seconds=LEASE_SECONDS + 1)
    await services.posting.turn(compose)

    told = {str(row["_id"]) async for row in services.database["notices"].find()}
    written = [each for letter in await town.letters() for each in letter["text"].split()]
    assert sorted(written) == sorted(told)
    assert len(told) == 2


async def test_a_letter_that_cannot_be_written_does_not_hold_up_the_others(town: Town) -> None:
    other = await town.person("otto", Role.OFFICIAL, units=(town.city.cleaners,))
    await town.assigned()
    await town.turn()

    async def compose(bundle: Bundle) -> Letter | None:
        if bundle.user_id == other.object_id:
            raise ValueError("something unforeseen")
        return Letter("olga@example.org", "subject", "text")

    assert await town.services.posting.turn(compose) == 1
    assert await town.services.posting.turn(compose) == 0
    assert await town.told(other) == [K.ASSIGNED]


@pytest.mark.parametrize("what", ["closed", "moved", "without address", "gone"])
async def test_who_may_no_longer_read_it_gets_no_letter(town: Town, what: str) -> None:
    problem = await town.assigned()
    await town.turn()
    users = town.services.database["users"]
    if what == "closed":
        await town.services.accounts.deactivate(None, town.official.object_id)
    elif what == "moved":
        await users.update_one({"_id": town.official.id}, {"$set": {"unit_ids": [town.city.roads]}})
    elif what == "without address":
        await town.services.accounts.set_mail(town.official.actor(), "")
    else:
        await town.services.database["problems"].delete_one({"_id": problem.case.id})

    assert await town.post() == 0
    assert await town.letters() == []
    assert await town.services.database["notices"].count_documents({"mail": {"$exists": True}}) == 0


async def test_a_letter_to_somebody_who_has_left_since_it_was_written_is_dropped(town: Town) -> None:
    await town.assigned()
    await town.turn()
    await town.post()
    await town.services.accounts.deactivate(None, town.official.object_id)
    async with post_office() as office:
        services = town.services
        carrier, sender = SmtpCarrier(read_server(office.url), "t@example.org"), Sender("t@example.org")
        outbox = Outbox(services.database, town.city.clock, "a", carrier, sender, services.accounts.reachable)
        assert await outbox.send_due() == 0
    assert office.letters == []


async def test_an_outlet_hears_its_own_headlines_and_nothing_of_the_office_s_words(town: Town) -> None:
    await town.services.outlets.set_contact(str(town.city.outlet), "desk@news.example.org")
    problem = await town.city.verified(town.official, town.inspector)
    await town.act(problem, Step.CLOSE, town.editor)
    await town.turn()
    await town.post()

    (letter,) = [each for each in await town.letters() if each["to"] == "desk@news.example.org"]
    assert letter["text"].count(problem.number) == 4
    assert problem.title not in letter["text"] + letter["subject"] + letter["html"]
    assert "Evening News" in letter["text"]


async def test_of_a_problem_that_is_withheld_an_outlet_hears_nothing(town: Town) -> None:
    await town.services.outlets.set_contact(str(town.city.outlet), "desk@news.example.org")
    problem = await town.assigned()
    await town.turn()
    await town.act(problem, Step.WITHHOLD, town.publicity)
    await town.post()

    assert [each["to"] for each in await town.letters()] == ["olga@example.org"]


async def test_two_that_post_at_once_write_each_letter_once(town: Town) -> None:
    await town.assigned()
    await town.turn()
    clock, services = town.city.clock, town.services
    other = Posting(services.database, services.outbox, clock, "other", services.settings.zone, 8)

    async def compose(bundle: Bundle) -> Letter | None:
        assert await other.turn(compose) == 0, "the first has the lease"
        return Letter("olga@example.org", "subject", "text")

    assert await services.posting.turn(compose) == 1
    assert await other.turn(compose) == 0
