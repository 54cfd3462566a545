"""Letters as messages, addresses, servers and tries: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as some

from media_tracker.errors import InvalidInput
from media_tracker.mail.address import checked_address
from media_tracker.mail.letters import Letter, Sender, build, message_id
from media_tracker.mail.retry import GIVEN_UP_AFTER, next_try
from media_tracker.mail.server import MailServer, Security, read_server

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
SENDER = Sender("tracker@example.org", "文明办")


def sent(letter: Letter, sender: Sender = SENDER) -> EmailMessage:
    """The letter as it arrives."""
    message = message_from_bytes(build(letter, sender, "key", NOW).as_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_letter_arrives_as_it_was_written() -> None:
    letter = Letter("li@example.org", "文明办 · 新通知", "第一行\n第二行\n", "<p>第一行</p>", "zh-CN")

    message = sent(letter)

    assert message["Subject"] == "文明办 · 新通知"
    assert message["To"].addresses[0].addr_spec == "li@example.org"
    assert (message["From"].addresses[0].addr_spec, message["From"].addresses[0].display_name) == (
        "tracker@example.org",
        "文明办",
    )
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == "第一行\n第二行\n"
    assert "<p>第一行</p>" in html.get_content()


def test_a_letter_without_html_is_plain_text() -> None:
    assert sent(Letter("li@example.org", "a", "b")).get_content_type() == "text/plain"


@given(subject=some.text(), name=some.text(), text=some.text())
def test_nothing_that_somebody_writes_becomes_a_header(subject: str, name: str, text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    known = set(sent(Letter("li@example.org", "a", "b", language="en")).keys())

    message = sent(Letter("li@example.org", subject, text, language="en"), Sender("tracker@example.org", name))

    assert set(message.keys()) == known
    assert len(message["To"].addresses) == len(message["From"].addresses) == 1


@pytest.mark.parametrize(
    "subject", ["a\r\nBcc: all@example.org", "a\nBcc: b@example.org\n\nbody", "a\u2028Bcc: c", "a\x00b"]
)
def test_line_ends_in_a_subject_are_blanks(subject: str) -> None:
    message = sent(Letter("li@example.org", subject, "text"))

    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]


def test_the_id_of_a_letter_is_the_same_at_every_try_and_another_for_another() -> None:
    assert message_id("a", SENDER) == message_id("a", SENDER) != message_id("b", SENDER)
    assert message_id("a", SENDER).endswith("@example.org>")


@pytest.mark.parametrize("address", ["li@example.org", "a.b+c@mail", "x_1@a-b.example.com.cn", " li@example.org "])
def test_what_is_an_address(address: str) -> None:
    assert checked_address(address) == address.strip()


@pytest.mark.parametrize(
    "address",
    [
        "li",
        "@example.org",
        "li@",
        "a@b@c",
        "a b@c",
        "a@b\nBcc: c@d",
        "a,b@c",
        "<a@b>",
        '"a"@b',
        "李@example.org",
        "a..b@c",
        "a@-b",
        "a@b..c",
        f"{'a' * 65}@b",
        f"a@{'b.' * 130}c",
        "a@b\x00",
    ],
)
def test_what_is_none(address: str) -> None:
    with pytest.raises(InvalidInput) as error:
        checked_address(address)
    assert set(error.value.fields) == {"mail"}


def test_no_address_is_none_too() -> None:
    assert checked_address("  ") == ""


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", MailServer("mail.example.org", 25)),
        ("smtp://u:p%40ss@mail:2525", MailServer("mail", 2525, Security.NONE, "u", "p@ss")),
        ("smtp://u%40x:p@mail?starttls=1", MailServer("mail", 587, Security.STARTTLS, "u@x", "p")),
        ("smtps://u:p@mail", MailServer("mail", 465, Security.TLS, "u", "p")),
        ("smtp://[::1]:25", MailServer("::1", 25)),
    ],
)
def test_a_server_is_named_by_one_address(url: str, server: MailServer) -> None:
    assert read_server(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "mail",
        "http://mail",
        "smtp://",
        "smtp://mail:port",
        "smtp://mail/x",
        "smtp://m?tls=1",
        "smtp://m?starttls=maybe",
    ],
)
def test_what_names_no_server_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"mail server") as error:
        read_server(url.replace("//", "//u:secret@"))
    assert "secret" not in str(error.value)
    assert "secret" not in repr(MailServer("a", 1, password="secret"))


def test_tries_grow_rarer_and_end_after_three_days() -> None:
    waits, now, tries = [], NOW, 1
    while (again := next_try(tries, NOW, now)) is not None:
        waits.append(again - now)
        now, tries = again, tries + 1

    assert waits[:5] == [timedelta(minutes=each) for each in (1, 4, 16, 64, 240)]
    assert set(waits[5:]) == {timedelta(hours=4)}
    assert timedelta(hours=68) < now - NOW <= GIVEN_UP_AFTER
