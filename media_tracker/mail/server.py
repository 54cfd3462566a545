"""Which server takes our letters: read from one address, as the settings have it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlsplit


class Security(StrEnum):
    """How the line to the server is kept private."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


PORTS = {Security.NONE: 25, Security.STARTTLS: 587, Security.TLS: 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server that takes letters."""

    host: str
    port: int
    security: Security = Security.NONE
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def tells_password_openly(self) -> bool:
        """True when a password goes over a line that others may read."""
        return bool(self.password) and self.security is Security.NONE


def read_server(url: str) -> MailServer:
    """The server that ``url`` names: ``smtp://[user:password@]host[:port][?starttls=1]``, or ``smtps://`` for TLS at once.

    Without a port: 25, with STARTTLS 587, with TLS 465. User and password may be percent-encoded.

    Raises:
        ValueError: it names none; the text says what an address looks like, and never repeats a password.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(_LOOKS_LIKE) from None
    if parts.scheme not in ("smtp", "smtps") or not host or parts.path.strip("/") or not host.isprintable():
        raise ValueError(_LOOKS_LIKE)
    options = parse_qs(parts.query, keep_blank_values=True)
    wishes_tls = options.pop("starttls", ["0"])[-1]
    if options or wishes_tls not in ("0", "1"):
        raise ValueError("the only option of a mail server's address is ?starttls=1")
    plain = Security.STARTTLS if wishes_tls == "1" else Security.NONE
    security = Security.TLS if parts.scheme == "smtps" else plain
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(host, port or PORTS[security], security, user, password)


_LOOKS_LIKE = "a mail server is named like smtp://user:password@mail.example.org:587?starttls=1"
