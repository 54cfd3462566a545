"""The outbox on a real database, with a real mail server and real files."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
import pytest_asyncio
from bson import ObjectId

from media_tracker.db.connection import Database
from media_tracker.errors import InvalidInput, Unavailable
from media_tracker.mail.carriers import Carrier, FileCarrier, Line, SmtpCarrier, carrier_for
from media_tracker.mail.letters import Letter, Sender
from media_tracker.mail.outbox import COLLECTION, FATE_KEPT, LEASE, LetterState, Outbox
from media_tracker.mail.server import MailServer, read_server
from tests.fake_clock import FakeClock
from tests.mail.post_office import PostOffice, post_office
from tests.services.deaths import Killed

LETTER = Letter("li@example.org", "新通知", "正文", "<p>正文</p>", "zh-CN")
SENDER = Sender("tracker@example.org", "文明办")


@pytest_asyncio.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with post_office() as office:
        yield office


async def everybody(person: ObjectId, address: str) -> bool:
    return True


def outbox_of(database: Database, clock: FakeClock, carrier: Carrier, owner: str = "a") -> Outbox:
    return Outbox(database, clock, owner, carrier, SENDER, everybody)


def by_server(office: PostOffice) -> SmtpCarrier:
    return SmtpCarrier(read_server(office.url), SENDER.address, seconds=5)


@pytest.fixture
def outbox(database: Database, clock: FakeClock, office: PostOffice) -> Outbox:
    return outbox_of(database, clock, by_server(office))


class Dying:
    """A way out whose process ends when the server has taken the letter, before that is written down."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    async def open(self) -> Line:
        self._line = await self._carrier.open()
        return self

    async def send(self, message: EmailMessage, to: str) -> None:
        await self._line.send(message, to)
        raise Killed

    async def close(self) -> None:
        await self._line.close()

    async def check(self) -> str:
        return await self._carrier.check()

    async def sweep(self, before: object) -> int:
        return 0


async def test_a_letter_leaves_once_and_is_forgotten(outbox: Outbox, office: PostOffice, database: Database) -> None:
    assert await outbox.put("one", LETTER)
    assert await outbox.send_due() == 1
    assert await outbox.send_due() == 0

    (letter,) = office.letters
    assert letter["Subject"] == "新通知"
    assert office.envelopes == [("tracker@example.org", "li@example.org")]
    row = await database[COLLECTION].find_one()
    assert row is not None
    assert row["state"] == LetterState.SENT
    assert not {"to", "subject", "text", "html"} & row.keys()


async def test_the_same_key_is_the_same_letter_even_when_it_has_left(outbox: Outbox, office: PostOffice) -> None:
    assert await outbox.put("one", LETTER)
    assert not await outbox.put("one", LETTER)
    await outbox.send_due()
    assert not await outbox.put("one", LETTER)
    await outbox.send_due()

    assert len(office.letters) == 1


async def test_two_workers_send_each_letter_once(database: Database, clock: FakeClock, office: PostOffice) -> None:
    one, other = (outbox_of(database, clock, by_server(office), owner) for owner in "ab")
    for number in range(20):
        await one.put(f"{number}", LETTER)

    assert sum(await asyncio.gather(one.send_due(), other.send_due())) == 20

    assert len(set(office.ids)) == len(office.ids) == 20


async def test_many_letters_go_over_one_line(outbox: Outbox, office: PostOffice) -> None:
    for number in range(5):
        await outbox.put(f"{number}", LETTER)

    assert await outbox.send_due() == 5
    assert office.sessions == 1


async def test_a_process_killed_between_sending_and_writing_it_down_sends_the_same_letter_again(
    database: Database, clock: FakeClock, office: PostOffice
) -> None:
    await outbox_of(database, clock, by_server(office)).put("one", LETTER)
    with pytest.raises(Killed):
        await outbox_of(database, clock, Dying(by_server(office)), "dead").send_due()
    other = outbox_of(database, clock, by_server(office), "other")
    assert await other.send_due() == 0  # it is the dead one's until the lease is over

    clock.advance(seconds=LEASE.total_seconds() + 1)
    assert await other.send_due() == 1
    assert await other.send_due() == 0

    assert len(office.letters) == 2
    assert len(set(office.ids)) == 1


async def test_a_server_that_hangs_up_before_it_says_that_it_has_the_letter_gets_it_again(
    outbox: Outbox, office: PostOffice, clock: FakeClock
) -> None:
    office.hangs_up_after_data = True
    await outbox.put("one", LETTER)
    assert await outbox.send_due() == 0

    office.hangs_up_after_data = False
    clock.advance(minutes=2)
    assert await outbox.send_due() == 1

    assert len(set(office.ids)) == 1


async def test_who_comes_back_after_its_lease_does_not_settle_what_another_has_taken(
    database: Database, clock: FakeClock, office: PostOffice
) -> None:
    late = outbox_of(database, clock, by_server(office), "late")
    await late.put("one", LETTER)
    taken = await late._take()
    assert taken is not None
    clock.advance(seconds=LEASE.total_seconds() + 1)
    assert await outbox_of(database, clock, by_server(office), "other").send_due() == 1

    await late._settle(taken, LetterState.GIVEN_UP)

    assert await late.counts() == {LetterState.SENT: 1}


@pytest.mark.parametrize(("command", "answer"), [("RCPT", "450 later"), ("DATA", "451 busy"), (".", "452 full")])
async def test_what_is_refused_for_now_is_tried_again(
    outbox: Outbox, office: PostOffice, clock: FakeClock, command: str, answer: str
) -> None:
    office.answers[command] = answer
    await outbox.put("one", LETTER)
    assert await outbox.send_due() == 0
    assert await outbox.send_due() == 0
    assert await outbox.counts() == {LetterState.WAITING: 1}

    office.answers.clear()
    clock.advance(minutes=2)
    assert await outbox.send_due() == 1


@pytest.mark.parametrize(("command", "answer"), [("RCPT", "550 nobody"), (".", "554 no")])
async def test_what_is_refused_for_good_is_given_up_and_does_not_hold_up_the_others(
    outbox: Outbox, office: PostOffice, command: str, answer: str
) -> None:
    office.answers[command] = answer
    await outbox.put("bad", LETTER)
    await outbox.send_due()
    office.answers.clear()
    await outbox.put("good", LETTER)

    assert await outbox.send_due() == 1
    assert await outbox.counts() == {LetterState.GIVEN_UP: 1, LetterState.SENT: 1}


async def test_a_sender_that_the_server_does_not_like_is_a_matter_of_settings_and_waits(
    outbox: Outbox, office: PostOffice
) -> None:
    office.answers["MAIL"] = "550 not you"
    await outbox.put("one", LETTER)
    await outbox.send_due()

    assert await outbox.counts() == {LetterState.WAITING: 1}


async def test_letters_wait_while_no_server_answers_and_are_given_up_after_three_days(
    database: Database, clock: FakeClock
) -> None:
    nowhere = SmtpCarrier(MailServer("127.0.0.1", 1), SENDER.address, seconds=2)
    outbox = outbox_of(database, clock, nowhere)
    await outbox.put("one", LETTER)
    for _ in range(40):
        assert await outbox.send_due() == 0
        clock.advance(hours=2)

    row = await database[COLLECTION].find_one()
    assert row is not None
    assert (row["state"], row["error"]) == (LetterState.GIVEN_UP, "ConnectionRefusedError")
    assert "text" not in row


async def test_when_the_line_is_down_the_next_letters_are_not_tried(
    outbox: Outbox, office: PostOffice, database: Database
) -> None:
    office.answers["EHLO"] = office.answers["HELO"] = "421 closing"
    for number in range(3):
        await outbox.put(f"{number}", LETTER)
    await outbox.send_due()

    assert sorted([row["tries"] async for row in database[COLLECTION].find()]) == [0, 0, 1]


async def test_a_password_that_is_refused_leaves_the_letter_waiting(
    database: Database, clock: FakeClock, office: PostOffice
) -> None:
    office.answers["AUTH"] = "535 wrong"
    server = read_server(office.url.replace("//", "//somebody:secret@"))
    outbox = outbox_of(database, clock, SmtpCarrier(server, SENDER.address))
    await outbox.put("one", LETTER)
    await outbox.send_due()
    assert await outbox.counts() == {LetterState.WAITING: 1}
    with pytest.raises(Unavailable, match="SMTPAuthenticationError 535") as error:
        await outbox.carrier.check()
    assert "secret" not in str(error.value)

    del office.answers["AUTH"]
    assert "unencrypted" in await outbox.carrier.check()
    assert office.logins == ["somebody:secret"]


async def test_where_starttls_is_asked_for_and_not_offered_nothing_is_sent(
    database: Database, clock: FakeClock, office: PostOffice
) -> None:
    server = read_server(office.url.replace("//", "//somebody:secret@") + "?starttls=1")
    outbox = outbox_of(database, clock, SmtpCarrier(server, SENDER.address))
    await outbox.put("one", LETTER)
    await outbox.send_due()

    assert office.letters == office.logins == []
    assert await outbox.counts() == {LetterState.WAITING: 1}


async def test_what_somebody_no_longer_gets_is_dropped(
    database: Database, clock: FakeClock, office: PostOffice
) -> None:
    async def nobody(person: ObjectId, address: str) -> bool:
        return False

    outbox = Outbox(database, clock, "a", by_server(office), SENDER, nobody)
    await outbox.put("theirs", LETTER, ObjectId())
    await outbox.put("an outlet's", LETTER)

    assert await outbox.send_due() == 1
    assert await outbox.counts() == {LetterState.DROPPED: 1, LetterState.SENT: 1}


async def test_a_letter_to_no_address_is_refused_when_it_is_put_in(outbox: Outbox, database: Database) -> None:
    with pytest.raises(InvalidInput):
        await outbox.put("one", Letter("a@b\nBcc: c@d", "a", "b"))
    assert await database[COLLECTION].count_documents({}) == 0


def kept(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


async def test_without_a_server_letters_are_files_that_only_their_owner_reads(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    folder = tmp_path / "data" / "mail"
    carrier = carrier_for(None, SENDER.address, folder)
    outbox = outbox_of(database, clock, carrier)
    assert str(folder) in await carrier.check()
    assert kept(folder) == []
    await outbox.put("one", LETTER)
    await outbox.send_due()

    (path,) = kept(folder)
    assert path.suffix == ".eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    letter = message_from_bytes(path.read_bytes(), policy=default)
    assert letter["Subject"] == "新通知"


async def test_a_kill_after_the_file_was_written_leaves_one_file(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    carrier = FileCarrier(tmp_path / "mail")
    await outbox_of(database, clock, carrier).put("one", LETTER)
    with pytest.raises(Killed):
        await outbox_of(database, clock, Dying(carrier), "dead").send_due()
    clock.advance(seconds=LEASE.total_seconds() + 1)

    assert await outbox_of(database, clock, carrier).send_due() == 1
    assert len(kept(tmp_path / "mail")) == 1


async def test_old_files_are_swept_and_new_ones_stay(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    outbox = outbox_of(database, clock, FileCarrier(tmp_path / "mail"))
    assert await outbox.sweep() == 0
    await outbox.put("one", LETTER)
    await outbox.send_due()
    (path,) = kept(tmp_path / "mail")
    clock.set(clock.now.fromtimestamp(path.stat().st_mtime, clock.now.tzinfo) + timedelta(days=1))
    assert await outbox.sweep() == 0

    clock.advance(seconds=FATE_KEPT.total_seconds())
    assert await outbox.sweep() == 1
    assert kept(tmp_path / "mail") == []
