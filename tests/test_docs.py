"""The README is true: every command and setting in it exists, and the other way round."""

from __future__ import annotations

import re
from pathlib import Path

import click

from media_tracker.cli import main
from media_tracker.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _commands(group: click.Group, prefix: str = "") -> set[str]:
    found: set[str] = set()
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        path = f"{prefix}{name}"
        found |= _commands(command, f"{path} ") if isinstance(command, click.Group) else {path}
    return found


def _settings() -> set[str]:
    names = set()
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        names.add(alias if isinstance(alias, str) else f"MEDIA_TRACKER_{name.upper()}")
    return names


def test_every_command_is_in_the_readme() -> None:
    table = README[README.index("| command |") : README.index("## For real")]
    missing = [path for path in _commands(main) if not re.search(rf"[`\s]{re.escape(path)}[`\s]", table)]
    assert missing == []


def test_every_command_that_the_readme_shows_exists() -> None:
    known = _commands(main)
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", README, re.DOTALL))
    shown = set(re.findall(r"media-tracker ([a-z]+(?: [a-z]+(?:-[a-z]+)*)?)", code))
    unknown = {path for path in shown if path not in known and path.split()[0] not in known}
    assert unknown == set()


def test_every_setting_is_in_the_readme_and_in_the_example_and_none_is_made_up() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    table = set(re.findall(r"^\| `((?:MEDIA_TRACKER_|MONGODB_URI)\w*)`", README, re.MULTILINE))
    assert table == _settings()
    assert {name for name in _settings() if name not in example} == set()


def test_every_make_target_that_the_readme_shows_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)`?", README)) - {"and"} <= targets | {"that"}


def test_every_path_in_the_readme_and_the_decisions_exists() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        text = document.read_text(encoding="utf-8")
        for path in re.findall(r"`((?:media_tracker|templates|feeds|docs|tests|bench)/[\w./-]*)`", text):
            assert (ROOT / path).exists(), f"{document.name}: {path}"
        for link in re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", text):
            assert (document.parent / link).exists(), f"{document.name}: {link}"
