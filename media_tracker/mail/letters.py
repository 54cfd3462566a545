"""A letter, and how it becomes a message that any mail program reads. Pure.

Whatever stands in a letter, it cannot become a header: line ends and other control characters are taken out of the subject, and
addresses are checked again here.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

from media_tracker.errors import N_, TooLarge
from media_tracker.mail.address import checked_address

LONGEST_SUBJECT = 120


MOST_ATTACHED = 5 * 2**20
"""Bytes of all files of a letter together: what mail servers of offices take, once it is written in base64."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter."""

    filename: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent to one address. ``html`` may be empty; ``language`` is a BCP 47 tag."""

    to: str
    subject: str
    text: str
    html: str = ""
    language: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Sender:
    """From whom letters come: an address, and the name shown with it."""

    address: str
    name: str = ""


def message_id(key: str, sender: Sender) -> str:
    """The id of the letter that is known by ``key``: the same at every try, so that a mail program sees a repeat as one."""
    return f"<{sha256(key.encode()).hexdigest()[:40]}@{sender.address.rpartition('@')[2]}>"


def build(letter: Letter, sender: Sender, key: str, written_at: datetime) -> EmailMessage:
    """The message; the same bytes at every try but for the boundary between its parts.

    Raises:
        InvalidInput: the letter's address, or the sender's, is none.
        TooLarge: its files have more than ``MOST_ATTACHED`` bytes.
    """
    if sum(len(each.data) for each in letter.attachments) > MOST_ATTACHED:
        raise TooLarge(N_("The files of a letter have {megabytes} MB at most."), megabytes=MOST_ATTACHED // 2**20)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=one_line(sender.name), addr_spec=checked_address(sender.address))
    message["To"] = Address(addr_spec=checked_address(letter.to))
    message["Subject"] = one_line(letter.subject)[:LONGEST_SUBJECT]
    message["Date"] = format_datetime(written_at)
    message["Message-ID"] = message_id(key, sender)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes in answer, please
    if letter.language:
        message["Content-Language"] = one_line(letter.language)
    message.set_content(letter.text, cte="base64")
    if letter.html:
        message.add_alternative(letter.html, subtype="html", cte="base64")
    for each in letter.attachments:
        main, _, sub = each.media_type.partition(";")[0].partition("/")
        message.add_attachment(each.data, main, sub, filename=one_line(each.filename))
    return message


def one_line(text: str) -> str:
    """``text`` without control and format characters, its blanks and line ends one blank each."""
    kept = "".join(" " if each.isspace() else each for each in text if each.isspace() or not _invisible(each))
    return " ".join(kept.split())


def _invisible(each: str) -> bool:
    """Controls, direction marks and the like, and halves of characters, which nothing can encode."""
    return unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")
