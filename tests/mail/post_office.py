"""A mail server on loopback that keeps what it is given: enough of SMTP for a client to send letters, and to be refused."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


@dataclass(slots=True)
class PostOffice:
    """What has come in, and how the server behaves."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, str]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    sessions: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    """What is answered in place of the usual, by command (``RCPT``, ``DATA``, ``AUTH``, ``.`` for the end of a letter)."""
    hangs_up_after_data: bool = False
    """Takes the letter, and is gone before it says so."""

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def ids(self) -> list[str]:
        return [str(letter["Message-ID"]) for letter in self.letters]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        sender = to = ""
        await say("220 here")
        while line := (await reader.readline()).decode().strip():
            command, _, rest = line.partition(" ")
            command = command.upper()
            if command in self.answers:
                await say(self.answers[command])
            elif command == "EHLO":
                await say("250-here\r\n250-8BITMIME\r\n250 AUTH PLAIN")
            elif command == "AUTH":
                self.logins.append(base64.b64decode(rest.split()[-1]).decode().replace("\0", ":").lstrip(":"))
                await say("235 welcome")
            elif command == "DATA":
                await say("354 go on")
                content = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
                if "." in self.answers:
                    await say(self.answers["."])
                    continue
                letter = message_from_bytes(content, policy=default)
                assert isinstance(letter, EmailMessage)
                self.letters.append(letter)
                self.envelopes.append((sender, to))
                if self.hangs_up_after_data:
                    return
                await say("250 taken")
            elif command == "QUIT":
                await say("221 bye")
                return
            else:
                address = rest.partition(":")[2].split()[0].strip("<>") if ":" in rest else ""
                sender, to = (address, to) if command == "MAIL" else (sender, address or to)
                await say("250 fine")


@asynccontextmanager
async def post_office() -> AsyncIterator[PostOffice]:
    """A server on a free port of 127.0.0.1."""
    office = PostOffice()
    server = await asyncio.start_server(office.serve, "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
