"""The ways by which a letter leaves: a mail server, or, where none is set, files in the data folder.

``smtplib`` of the standard library does the talking, in a thread: letters are few, one after the other over one line.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import smtplib
import ssl
import tempfile
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Protocol, TypeVar

from media_tracker.errors import N_, Unavailable
from media_tracker.mail.server import MailServer, Security

T = TypeVar("T")

SECONDS = 20.0
"""How long a server may take for one answer."""
PERMANENT = 500
"""From this code on a server means it (RFC 5321, 4.2.1)."""


class NotCarried(Exception):
    """This letter was not taken now; perhaps later. The text is for the log: a code or the name of an error, no addresses."""


class Refused(NotCarried):
    """This letter will never be taken: nobody has that address, or the server finds fault with what it says."""


class LineDown(NotCarried):
    """The server cannot be reached, does not let us in, or has broken off: no letter leaves this way now."""


class Line(Protocol):
    """An open way out."""

    async def send(self, message: EmailMessage, to: str) -> None:
        """Hand ``message`` over. Raises ``Refused``, ``LineDown`` or ``NotCarried``."""
        ...

    async def close(self) -> None:
        """Let go of the line; never fails."""
        ...


class Carrier(Protocol):
    """A way out for letters."""

    async def open(self) -> Line:
        """A line to send over; ``LineDown`` when there is none."""
        ...

    async def check(self) -> str:
        """What way this is, in a few words, once it has been tried without sending; ``Unavailable`` when it does not work."""
        ...

    async def sweep(self, before: datetime) -> int:
        """Remove what was put down before ``before``; how many letters."""
        ...


def carrier_for(server: MailServer | None, sender: str, folder: Path) -> Carrier:
    """The way by which letters leave: ``server``, or files in ``folder`` without one."""
    return SmtpCarrier(server, sender) if server is not None else FileCarrier(folder)


class FileCarrier:
    """Puts each letter into a file (``.eml``), which mail programs open; readable by the program's own user alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def open(self) -> Line:
        return self

    async def check(self) -> str:
        return f"letters go to files in {self._folder}; MEDIA_TRACKER_SMTP_URL names a server"

    async def send(self, message: EmailMessage, to: str) -> None:
        """Write the letter; the same one again takes the place of its file."""
        try:
            await asyncio.to_thread(self._write, message)
        except OSError as error:
            raise LineDown(type(error).__name__) from error

    async def close(self) -> None:
        return

    async def sweep(self, before: datetime) -> int:
        return await asyncio.to_thread(self._sweep, before)

    def _sweep(self, before: datetime) -> int:
        gone = 0
        for path in self._folder.glob("*.eml"):
            with contextlib.suppress(FileNotFoundError):  # another worker sweeps too
                if path.stat().st_mtime < before.timestamp():
                    path.unlink()
                    gone += 1
        return gone

    def _write(self, message: EmailMessage) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        day = message["Date"].datetime
        name = f"{day:%Y%m%d-%H%M%S}-{sha256(str(message['Message-ID']).encode()).hexdigest()[:16]}.eml"
        handle, half = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".part")  # 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(message.as_bytes())
                file.flush()
                os.fsync(file.fileno())
            os.replace(half, self._folder / name)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(half)
            raise


class SmtpCarrier:
    """Hands letters to a mail server. Its certificate is checked; without STARTTLS where it was asked for, nothing is sent."""

    def __init__(self, server: MailServer, sender: str, seconds: float = SECONDS) -> None:
        self._server = server
        self._sender = sender
        self._seconds = seconds

    async def open(self) -> Line:
        return _SmtpLine(await _in_thread(self._connect), self._sender)

    async def check(self) -> str:
        where = f"{self._server.host}:{self._server.port}"
        try:
            await (await self.open()).close()
        except NotCarried as error:
            raise Unavailable(
                N_("The mail server {server} cannot be used ({reason}). Check MEDIA_TRACKER_SMTP_URL."),
                server=where,
                reason=str(error),
            ) from error
        openly = (
            "; the password goes unencrypted, ?starttls=1 would hide it" if self._server.tells_password_openly else ""
        )
        return f"{where} answers ({self._server.security.value}){openly}"

    async def sweep(self, before: datetime) -> int:
        return 0  # what a server has taken is its own

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        line: smtplib.SMTP
        if server.security is Security.TLS:
            context = ssl.create_default_context()
            line = smtplib.SMTP_SSL(server.host, server.port, timeout=self._seconds, context=context)
        else:
            line = smtplib.SMTP(server.host, server.port, timeout=self._seconds)
        try:
            if server.security is Security.STARTTLS:
                line.starttls(context=ssl.create_default_context())
            if server.user:
                line.login(server.user, server.password)
        except BaseException:
            line.close()
            raise
        return line


class _SmtpLine:
    def __init__(self, line: smtplib.SMTP, sender: str) -> None:
        self._line = line
        self._sender = sender

    async def send(self, message: EmailMessage, to: str) -> None:
        await _in_thread(lambda: self._send(message, to))

    async def close(self) -> None:
        with contextlib.suppress(NotCarried):
            await _in_thread(self._line.quit)

    def _send(self, message: EmailMessage, to: str) -> None:
        try:
            self._line.sendmail(self._sender, [to], message.as_bytes())
        except smtplib.SMTPRecipientsRefused as error:
            code = max(int(code) for code, _ in error.recipients.values())
            raise _judged(code, "recipient") from error
        except smtplib.SMTPDataError as error:
            raise _judged(error.smtp_code, "data") from error
        except smtplib.SMTPSenderRefused as error:  # a matter of settings, which somebody may mend: never for good
            raise NotCarried(f"sender {error.smtp_code}") from error


def _judged(code: int, what: str) -> NotCarried:
    return Refused(f"{what} {code}") if code >= PERMANENT else NotCarried(f"{what} {code}")


async def _in_thread(work: Callable[[], T]) -> T:
    """``work`` in a thread; what the network or the server does to the whole line becomes ``LineDown``."""
    try:
        return await asyncio.to_thread(work)
    except NotCarried:
        raise
    except smtplib.SMTPResponseException as error:
        raise LineDown(f"{type(error).__name__} {error.smtp_code}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise LineDown(type(error).__name__) from error
