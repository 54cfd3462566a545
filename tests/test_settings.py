"""Settings come from the environment, and each value is understood as people write it."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from media_tracker.settings import Settings


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting but those of the test."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MEDIA_TRACKER_{name.upper()}", raising=False)
    monkeypatch.delenv("MONGODB_URI", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_defaults_suit_one_machine() -> None:
    settings = Settings()

    assert settings.mongodb_uri is None
    assert settings.fetch_exceptions == frozenset()
    assert settings.zone == ZoneInfo("Asia/Shanghai")
    assert settings.hosts == ["localhost", "127.0.0.1", "[::1]"]
    assert settings.proxies == []
    assert settings.data_dir == Path(".data")


def test_the_environment_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://db/")
    monkeypatch.setenv("MEDIA_TRACKER_HOST_GAP", "0.5")
    monkeypatch.setenv("MEDIA_TRACKER_SECURE_COOKIES", "true")
    monkeypatch.setenv("MEDIA_TRACKER_TIMEZONE", "Asia/Urumqi")
    settings = Settings()

    assert (settings.mongodb_uri, settings.host_gap, settings.secure_cookies) == ("mongodb://db/", 0.5, True)
    assert settings.zone == ZoneInfo("Asia/Urumqi")


def test_a_file_sets_them_and_the_environment_overrules_it(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("MEDIA_TRACKER_DATABASE=one\nMEDIA_TRACKER_LEVEL=district\nOTHER=1\n", "utf-8")
    monkeypatch.setenv("MEDIA_TRACKER_DATABASE", "two")
    settings = Settings()

    assert (settings.database, settings.level) == ("two", "district")


@pytest.mark.parametrize("name", ["MEDIA_TRACKER_SECRET_KEY", "MEDIA_TRACKER_METRICS_TOKEN", "MONGODB_URI"])
def test_what_is_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "")
    settings = Settings()

    assert (settings.secret_key, settings.metrics_token, settings.mongodb_uri) == (None, None, None)


@pytest.mark.parametrize(
    ("given", "pairs"),
    [
        ("", set()),
        ("127.0.0.1:8811", {("127.0.0.1", 8811)}),
        (" 127.0.0.1:8811 , 10.0.0.5:80,", {("127.0.0.1", 8811), ("10.0.0.5", 80)}),
        ("[::1]:8811", {("::1", 8811)}),
    ],
)
def test_exceptions_of_the_address_guard_are_pairs(given: str, pairs: set[tuple[str, int]]) -> None:
    assert Settings(fetch_allow=given).fetch_exceptions == pairs


def test_lists_are_separated_by_commas() -> None:
    settings = Settings(allowed_hosts="a.example, b.example,", trusted_proxies="10.0.0.0/8 , 192.168.1.1")

    assert settings.hosts == ["a.example", "b.example"]
    assert settings.proxies == ["10.0.0.0/8", "192.168.1.1"]


@pytest.mark.parametrize(
    ("name", "value"), [("HOST_GAP", "soon"), ("SESSION_HOURS", "x"), ("SECURE_COOKIES", "perhaps")]
)
def test_a_value_that_cannot_be_meant_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"MEDIA_TRACKER_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


@pytest.mark.parametrize(
    "given",
    [
        {"smtp_url": "http://u:secret@mail", "mail_from": "a@b"},
        {"smtp_url": "smtp://u:secret@mail"},
        {"smtp_url": "smtp://u:secret@mail", "mail_from": "no address"},
    ],
)
def test_mail_that_could_not_be_sent_is_refused_without_telling_the_password(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="mail") as error:
        Settings(**given)  # type: ignore[arg-type]
    assert "secret" not in str(error.value)


def test_a_password_stands_in_no_picture_of_the_settings() -> None:
    settings = Settings(smtp_url="smtp://u:hunter2@mail", mail_from="a@b")

    assert settings.mail_server is not None
    assert settings.mail_server.password == "hunter2"
    assert "hunter2" not in repr(settings)


def test_a_zone_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIA_TRACKER_TIMEZONE", "Asia/Zibo")
    with pytest.raises(Exception, match="Asia/Zibo"):
        Settings()
