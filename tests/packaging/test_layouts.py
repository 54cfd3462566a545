"""Templates, feeds and static files are found in each way to install the package, from any directory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

from media_tracker import locate
from media_tracker.errors import NotReady

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")
NOT_PART_OF_A_CLONE = shutil.ignore_patterns(
    ".venv",
    ".git",
    ".data",
    ".*_cache",
    ".hypothesis",
    "__pycache__",
    "vendor",
    "dist",
    "build",
    "test-results",
    ".env",
)
ASK = """
import json, media_tracker.locate as l
print(json.dumps([str(folder) for folder in (l.templates_dir(), l.feeds_dir(), l.static_dir())]))
"""


@dataclass(frozen=True)
class Installed:
    """A fresh virtual environment with media-tracker in it."""

    venv: Path

    @property
    def site_packages(self) -> Path:
        return Path(sysconfig.get_path("purelib", vars={"base": str(self.venv)}))

    def run(self, program: str, *args: str, cwd: Path) -> str:
        return run(str(self.venv / "bin" / program), *args, cwd=cwd)


def run(*command: str, cwd: Path, **environment: str) -> str:
    """Output of a command that must succeed."""
    clean = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(
        command, cwd=cwd, env=clean | environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def install(folder: Path, *what: str) -> Installed:
    """Put ``what`` alone into a new environment, which borrows the dependencies of the present one.

    Python reads no .pth file in a folder that a .pth file named, so the present editable install stays invisible.
    """
    run(str(UV), "-q", "venv", "--python", sys.executable, str(folder), cwd=folder.parent)
    installed = Installed(folder)
    run(str(UV), "-q", "pip", "install", "--python", str(folder / "bin/python"), "--no-deps", *what, cwd=folder.parent)
    (installed.site_packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return installed


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as a clone has it: without what was built here."""
    return Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("clone") / "project", ignore=NOT_PART_OF_A_CLONE))


@pytest.fixture(scope="module")
def editable(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    constraints = ("--build-constraints", str(clone / "constraints.txt"))
    return install(tmp_path_factory.mktemp("editable") / "venv", *constraints, "--editable", str(clone))


@pytest.fixture(scope="module")
def wheel(clone: Path, editable: Installed, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Built after the editable install has fetched the browser libraries, with an npm that could fetch nothing."""
    out = tmp_path_factory.mktemp("wheel")
    command = (str(UV), "-q", "build", "--wheel", "--python", sys.executable, "--build-constraints", "constraints.txt")
    empty = tmp_path_factory.mktemp("npm")
    run(*command, "-o", str(out), cwd=clone, npm_config_offline="true", npm_config_cache=str(empty))
    (built,) = out.glob("*.whl")
    return install(out / "venv", str(built))


def folders(installed: Installed, cwd: Path) -> tuple[Path, Path, Path]:
    templates, feeds, static = json.loads(installed.run("python", "-c", ASK, cwd=cwd))
    return Path(templates), Path(feeds), Path(static)


def assert_complete(templates: Path, feeds: Path, static: Path) -> None:
    assert (templates / "base.html").is_file()
    assert (feeds / "partners.opml").is_file()
    assert "htmx" in (static / "vendor" / "htmx.min.js").read_text(encoding="utf-8")
    assert (static / "vendor" / "htmx.LICENSE").is_file()


def test_an_editable_install_uses_the_folders_of_the_checkout(clone: Path, editable: Installed, tmp_path: Path) -> None:
    found = folders(editable, tmp_path)

    assert found == (clone / "templates", clone / "feeds", clone / "media_tracker/web/static")
    assert_complete(*found)


def test_an_editable_install_leaves_no_copies_in_site_packages(editable: Installed) -> None:
    assert not (editable.site_packages / "media_tracker").exists()


def test_a_wheel_brings_its_folders_along_and_is_built_without_fetching_again(wheel: Installed, tmp_path: Path) -> None:
    found = folders(wheel, tmp_path)

    assert all(folder.is_relative_to(wheel.site_packages / "media_tracker") for folder in found)
    assert_complete(*found)


@pytest.mark.parametrize("layout", ["editable", "wheel"])
def test_the_command_runs_from_any_directory(layout: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    installed: Installed = request.getfixturevalue(layout)

    assert "0.1.0" in installed.run("media-tracker", "--version", cwd=tmp_path)


def test_a_folder_that_is_missing_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "templates").mkdir()  # a neighbour in site-packages, not ours
    monkeypatch.setattr(locate, "PACKAGE", tmp_path / "media_tracker")

    with pytest.raises(NotReady, match=r"_bundled/templates is missing.*make setup"):
        locate.templates_dir()
