"""Settings: environment or ``.env``, prefix ``MEDIA_TRACKER_``; and ``MONGODB_URI`` without one."""

from __future__ import annotations

from functools import cached_property
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from media_tracker.errors import InvalidInput
from media_tracker.mail.address import checked_address
from media_tracker.mail.server import MailServer, read_server


class Settings(BaseSettings):
    """Everything that an installation may set from outside. Defaults suit one machine."""

    model_config = SettingsConfigDict(
        env_prefix="MEDIA_TRACKER_", env_file=".env", extra="ignore", hide_input_in_errors=True
    )

    mongodb_uri: str | None = Field(default=None, validation_alias="MONGODB_URI")
    """A MongoDB replica set to use; without one the embedded server is started in ``data_dir``."""

    database: str = "media_tracker"
    """Name of the database on that server."""

    data_dir: Path = Path(".data")
    """Where the embedded server keeps its data, its credentials and the cookie secret."""

    fetch_allow: str = ""
    """Comma-separated ``address:port`` pairs that may be fetched though they are not public."""

    host_gap: float = 5.0
    """Least number of seconds between two requests to one host."""

    contact: str = ""
    """A URL or mail address that goes into the User-Agent, so that an outlet can reach the operator."""

    public_url: str = ""
    """Where the outside world reaches these pages, such as https://tracker.example.org: WebSub hubs push stories there."""

    timezone: str = "Asia/Shanghai"
    """Zone of local days and months."""

    level: Literal["city", "district"] = "city"
    """Whose installation this is: ``city`` or ``district``. A check of that level counts as independent here."""

    office_name: str = "文明办"
    """Name of the office, as the pages show it."""

    allowed_hosts: str = "localhost,127.0.0.1,[::1]"
    """Comma-separated host names that requests may carry."""

    secure_cookies: bool = False
    """Send cookies over HTTPS only. Set it behind TLS."""

    learn_after: int = Field(default=50, ge=1)
    """After so many new decisions of the editors, a worker trains a new version of the model."""

    session_idle_minutes: int = 120
    """A session ends after so many minutes without a request."""

    session_hours: int = 12
    """A session ends so many hours after sign-in, whatever happens."""

    secret_key: str | None = None
    """Key for CSRF tokens. Without one, a random key is kept in ``data_dir``; set the same one on every machine."""

    smtp_url: str | None = Field(default=None, repr=False)
    """The server that takes our mail, such as smtp://user:password@mail.example.org:587?starttls=1, or smtps://…; without one
    letters go to files in ``data_dir``/mail."""

    mail_from: str = ""
    """The address that mail comes from; needed with ``smtp_url``."""

    digest_hour: int = Field(default=8, ge=0, le=23)
    """The local hour at which the daily mail goes out."""

    lead_callers_days: int = Field(default=90, ge=1, le=3650)
    """Who called with a lead is erased so many days after the lead was settled; one year after it came in otherwise."""

    metrics_token: str | None = None
    """Bearer token for ``/metrics``; without one only a signed-in admin may read it."""

    log_format: Literal["console", "json"] = "console"
    """``console`` for people, ``json`` for collectors."""

    trusted_proxies: str = ""
    """Comma-separated addresses or networks of proxies whose ``X-Forwarded-For`` and ``-Proto`` are believed."""

    @field_validator("secret_key", "metrics_token", "mongodb_uri", "smtp_url")
    @classmethod
    def _empty_is_none(cls, value: str | None) -> str | None:
        return value or None

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, OSError, ValueError):
            raise ValueError(f"there is no time zone called {value!r}; Asia/Shanghai is one") from None
        return value

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: str | None) -> str | None:
        if value is not None:
            read_server(value)
        return value

    @field_validator("mail_from")
    @classmethod
    def _mail_address(cls, value: str) -> str:
        try:
            return checked_address(value)
        except InvalidInput:
            raise ValueError(f"{value!r} is not a mail address, like tracker@example.org") from None

    @model_validator(mode="after")
    def _mail_has_a_sender(self) -> Self:
        if self.smtp_url and not self.mail_from:
            raise ValueError("MEDIA_TRACKER_SMTP_URL needs MEDIA_TRACKER_MAIL_FROM: the address that mail comes from")
        return self

    @field_validator("fetch_allow")
    @classmethod
    def _pairs(cls, value: str) -> str:
        for item in _items(value):
            address, _, port = item.rpartition(":")
            try:
                ip_address(address.strip("[]"))
            except ValueError:
                raise ValueError(f"{item!r} is not address:port, like 127.0.0.1:8811") from None
            if not port.isdecimal() or not 0 < int(port) < 65_536:
                raise ValueError(f"{item!r} is not address:port, like 127.0.0.1:8811")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for item in _items(value):
            try:
                ip_network(item, strict=False)
            except ValueError:
                raise ValueError(f"{item!r} is not an address or a network, like 10.0.0.0/8") from None
        return value

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def mail_server(self) -> MailServer | None:
        """The server of ``smtp_url``."""
        return read_server(self.smtp_url) if self.smtp_url else None

    @property
    def fetch_exceptions(self) -> frozenset[tuple[str, int]]:
        """``fetch_allow`` as (address, port) pairs."""
        pairs = (item.rpartition(":") for item in _items(self.fetch_allow))
        return frozenset((address.strip("[]"), int(port)) for address, _, port in pairs)

    @property
    def proxies(self) -> list[str]:
        return _items(self.trusted_proxies)

    @property
    def hosts(self) -> list[str]:
        """The host names that requests may carry: those that are set, and the one under which the outside world comes."""
        public = urlsplit(self.public_url).hostname
        return [*_items(self.allowed_hosts), *([public] if public else [])]


def _items(text: str) -> list[str]:
    """The parts of a comma-separated setting."""
    return [item.strip() for item in text.split(",") if item.strip()]
