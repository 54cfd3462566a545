"""Settings: environment or ``.env``, prefix ``MEDIA_TRACKER_``; and ``MONGODB_URI`` without one."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Everything that an installation may set from outside. Defaults suit one machine."""

    model_config = SettingsConfigDict(env_prefix="MEDIA_TRACKER_", env_file=".env", extra="ignore")

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

    timezone: str = "Asia/Shanghai"
    """Zone of local days and months."""

    level: str = "city"
    """Whose installation this is: ``city`` or ``district``. A check of that level counts as independent here."""

    office_name: str = "文明办"
    """Name of the office, as the pages show it."""

    allowed_hosts: str = "localhost,127.0.0.1,[::1]"
    """Comma-separated host names that requests may carry."""

    secure_cookies: bool = False
    """Send cookies over HTTPS only. Set it behind TLS."""

    session_idle_minutes: int = 120
    """A session ends after so many minutes without a request."""

    session_hours: int = 12
    """A session ends so many hours after sign-in, whatever happens."""

    secret_key: str | None = None
    """Key for CSRF tokens. Without one, a random key is kept in ``data_dir``; set the same one on every machine."""

    metrics_token: str | None = None
    """Bearer token for ``/metrics``; without one only a signed-in admin may read it."""

    log_format: str = "console"
    """``console`` for people, ``json`` for collectors."""

    trusted_proxies: str = ""
    """Comma-separated addresses or networks of proxies whose ``X-Forwarded-For`` and ``-Proto`` are believed."""

    @field_validator("secret_key", "metrics_token", "mongodb_uri")
    @classmethod
    def _empty_is_none(cls, value: str | None) -> str | None:
        return value or None

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        ZoneInfo(value)
        return value

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def fetch_exceptions(self) -> frozenset[tuple[str, int]]:
        """``fetch_allow`` as (address, port) pairs."""
        pairs = (item.strip().rpartition(":") for item in self.fetch_allow.split(",") if item.strip())
        return frozenset((address.strip("[]"), int(port)) for address, _, port in pairs)

    @property
    def proxies(self) -> list[str]:
        return [each.strip() for each in self.trusted_proxies.split(",") if each.strip()]

    @property
    def hosts(self) -> list[str]:
        return [host.strip() for host in self.allowed_hosts.split(",") if host.strip()]
