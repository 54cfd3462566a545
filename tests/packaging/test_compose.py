"""What docker-compose.yml promises, read from its structure: no engine runs it here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from media_tracker.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SOURCE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(SOURCE)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SERVERS = ["mongo", "mongo2", "mongo3", "web", "worker", "proxy"]
ONE_SHOTS = ["mongo-key", "mongo-init", "migrate"]
SECRETS = {"MONGODB_ROOT_PASSWORD", "MONGODB_APP_PASSWORD", "MEDIA_TRACKER_SECRET_KEY"}
READ_BY_COMPOSE = {"COMPOSE_PROFILES"}

VOLUME = r"^[a-z0-9-]+:/[a-z/-]+(:ro)?$"
"""A named volume and a path in the container; a folder of the host begins with a dot or a slash."""

SERVICE = {
    "type": "object",
    "required": ["image", "restart", "logging"],
    "properties": {
        "image": {"type": "string", "pattern": r"^[a-z-]+:.+"},
        "restart": {"enum": ["unless-stopped", "no"]},
        "volumes": {"type": "array", "items": {"type": "string", "pattern": VOLUME}},
        "networks": {"type": "array", "items": {"enum": ["front", "data", "out"]}},
        "environment": {"type": "object"},
        "healthcheck": {
            "type": "object",
            "oneOf": [{"required": ["test", "interval", "timeout"]}, {"required": ["disable"]}],
        },
    },
    "not": {"anyOf": [{"required": [name]} for name in ("container_name", "env_file", "privileged", "secrets")]},
}
SCHEMA = {
    "type": "object",
    "required": ["services", "networks", "volumes", "configs"],
    "properties": {
        "services": {"type": "object", "additionalProperties": SERVICE},
        "volumes": {"type": "object", "additionalProperties": {"type": "null"}},
        "configs": {"type": "object", "additionalProperties": {"type": "object", "required": ["content"]}},
    },
}


def variables(text: str) -> set[str]:
    """Names that compose fills in from .env; a doubled dollar is none."""
    return set(re.findall(r"\$\{([A-Z_]+)", text.replace("$$", "")))


def settings_names() -> set[str]:
    prefix = Settings.model_config["env_prefix"]
    return {
        field.validation_alias if isinstance(field.validation_alias, str) else f"{prefix}{name}".upper()
        for name, field in Settings.model_fields.items()
    }


def example_names() -> set[str]:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", example, re.MULTILINE))


def dependencies(service: str) -> dict[str, str]:
    return {name: wanted["condition"] for name, wanted in SERVICES[service].get("depends_on", {}).items()}


def test_every_service_has_the_shape_that_was_agreed() -> None:
    jsonschema.validate(COMPOSE, SCHEMA)
    assert set(SERVICES) == {*SERVERS, *ONE_SHOTS}


def test_everything_that_a_service_names_is_declared() -> None:
    for service in SERVICES.values():
        assert {volume.partition(":")[0] for volume in service.get("volumes", [])} <= set(COMPOSE["volumes"])
        assert {config["source"] for config in service.get("configs", [])} <= set(COMPOSE["configs"])
        assert set(service.get("networks", [])) <= set(COMPOSE["networks"])
        assert set(service.get("depends_on", {})) <= set(SERVICES)


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_restarts_and_is_asked_for_its_health(name: str) -> None:
    asked_in_the_image = name == "web" and "HEALTHCHECK" in (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert SERVICES[name]["restart"] == "unless-stopped"
    assert "test" in SERVICES[name].get("healthcheck", {}) or asked_in_the_image


@pytest.mark.parametrize("name", ONE_SHOTS)
def test_a_one_shot_is_not_started_again(name: str) -> None:
    assert SERVICES[name]["restart"] == "no"


@pytest.mark.parametrize("name", ["web", "worker"])
def test_web_and_workers_scale_and_wait_for_the_migration(name: str) -> None:
    assert not {"ports", "volumes", "hostname"} & set(SERVICES[name])
    assert dependencies(name) == {"migrate": "service_completed_successfully"}
    assert "stop_grace_period" in SERVICES[name]


def test_the_steps_before_the_application_come_in_order() -> None:
    assert dependencies("migrate") == {"mongo-init": "service_completed_successfully"}
    assert dependencies("mongo-init")["mongo"] == "service_healthy"
    assert dependencies("mongo") == {"mongo-key": "service_completed_successfully"}


@pytest.mark.parametrize("name", ["mongo", "mongo2", "mongo3"])
def test_every_database_server_is_a_member_that_wants_a_key_and_keeps_its_data(name: str) -> None:
    service = SERVICES[name]

    assert service["image"].startswith("mongo:8")
    assert {"--replSet", "--keyFile"} <= set(service["command"])
    assert any(volume.endswith(":/data/db") for volume in service["volumes"])
    assert "mongo-key:/etc/mongo-key:ro" in service["volumes"]


def test_only_the_proxy_can_be_reached_from_outside_and_it_cannot_reach_the_database() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert SERVICES["proxy"]["networks"] == ["front"]
    assert all(
        SERVICES[name]["networks"] == ["data"] for name in ("mongo", "mongo2", "mongo3", "mongo-init", "migrate")
    )


def test_every_secret_must_be_given_and_none_has_a_default() -> None:
    uses = re.findall(r"\$\{([A-Z_]+)([^}]*)\}", SOURCE.replace("$$", ""))
    secret_uses = [(name, rest) for name, rest in uses if name in SECRETS]

    assert {name for name, _ in secret_uses} == SECRETS
    assert all(rest.startswith(":?") for _, rest in secret_uses)


def test_the_root_password_stays_out_of_the_application() -> None:
    for name in ("migrate", "web", "worker", "proxy"):
        assert "MONGODB_ROOT_PASSWORD" not in str(SERVICES[name])


def test_the_application_gets_every_setting_except_the_place_of_the_embedded_server() -> None:
    for name in ("migrate", "web", "worker"):
        assert set(SERVICES[name]["environment"]) == settings_names() - {"MEDIA_TRACKER_DATA_DIR"}


def test_the_example_names_every_variable_and_no_other() -> None:
    assert example_names() == settings_names() | variables(SOURCE) | READ_BY_COMPOSE


def test_the_example_shows_the_defaults_that_the_settings_have() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^#(MEDIA_TRACKER_[A-Z_]+)=(.*)$", example, re.MULTILINE))
    defaults = {
        f"MEDIA_TRACKER_{name.upper()}": "" if field.default is None else str(field.default)
        for name, field in Settings.model_fields.items()
        if field.validation_alias is None
    }

    assert {name: shown[name].lower() for name in defaults} == {name: value.lower() for name, value in defaults.items()}
