"""What the pages are made of keeps its promises: contrast, one dark palette, a strict content security policy, small scripts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from media_tracker.web import i18n

ROOT = Path(__file__).resolve().parents[2]
STATIC = Path(i18n.__file__).with_name("static")
CSS = (STATIC / "app.css").read_text(encoding="utf-8")
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

Palette = dict[str, str]


def _tokens(block: str) -> Palette:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6}|transparent);", block))


def _blocks() -> tuple[str, str, str]:
    light = re.search(r"\n:root \{(.*?)\n\}", CSS, re.S)
    system = re.search(r':root:not\(\[data-theme="light"\]\) \{(.*?)\n\}', CSS, re.S)
    chosen = re.search(r'\n:root\[data-theme="dark"\] \{(.*?)\n\}', CSS, re.S)
    assert light is not None
    assert system is not None
    assert chosen is not None
    return light[1], system[1], chosen[1]


LIGHT, DARK, DARK_CHOSEN = _blocks()
PALETTES = {"light": _tokens(LIGHT), "dark": _tokens(LIGHT) | _tokens(DARK)}

GROUNDS = ("paper", "sheet", "sunken", "raised")
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3", "link", "link-hover", "alarm", "warn", "good") for ground in GROUNDS),
    *((ink, f"{tone}-soft") for tone in ("good", "warn", "alarm", "info") for ink in ("ink", "link")),
    *(("ink-3", ground) for ground in ("info-soft",)),
    ("alarm", "alarm-soft"), ("warn", "info-soft"), ("alarm", "info-soft"), ("sample", "sample-soft"),
    ("on-primary", "primary"), ("on-primary", "primary-hover"), ("on-seal", "seal"), ("paper", "ink"), ("paper", "ink-2"),
    *((f"s-{state}", f"s-{state}-soft") for state in ("registered", "assigned", "progress", "claimed", "verified")),
    *((f"s-{state}", f"s-{state}-soft") for state in ("returned", "deferred", "rework")),
    ("s-closed-on", "s-closed"), *(("s-exit", ground) for ground in ("paper", "sheet", "info-soft")),
    *(("ink", f"ev-{kind}") for kind in ("kind", "category", "place")),
]  # fmt: skip
SHAPES = [
    *(("focus", ground) for ground in GROUNDS), *(("line-strong", ground) for ground in ("paper", "sheet", "raised")),
    ("bar", "sheet"), ("bar-2", "sheet"), ("bar", "track"), ("alarm", "track"), ("seal", "sheet"), ("rule", "sheet"),
    *((f"ev-{kind}-line", f"ev-{kind}") for kind in ("kind", "category", "place")), ("primary", "sheet"),
]  # fmt: skip


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio, 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", PALETTES)
def test_text_stands_out_from_its_ground_by_four_and_a_half_to_one(theme: str) -> None:
    palette = PALETTES[theme]
    ratios = {(ink, ground): round(_contrast(palette[ink], palette[ground]), 2) for ink, ground in TEXT}
    assert not {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5}


@pytest.mark.parametrize("theme", PALETTES)
def test_what_is_seen_but_not_read_stands_out_by_three_to_one(theme: str) -> None:
    palette = PALETTES[theme]
    ratios = {(shape, ground): round(_contrast(palette[shape], palette[ground]), 2) for shape, ground in SHAPES}
    assert not {pair: ratio for pair, ratio in ratios.items() if ratio < 3}


def test_dark_by_choice_is_dark_by_system() -> None:
    assert DARK == DARK_CHOSEN
    assert set(_tokens(DARK)) == set(_tokens(LIGHT))


def test_every_token_that_a_rule_uses_is_defined() -> None:
    defined = set(re.findall(r"(--[\w-]+):", CSS))
    assert set(re.findall(r"var\((--[\w-]+)", CSS)) <= defined


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_keeps_to_the_content_security_policy(path: Path) -> None:
    source = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.S)
    assert not re.findall(r"\sstyle\s*=|<style|\son[a-z]+\s*=\s*[\"']|javascript:|\shx-on", source)
    assert not re.findall(r"<script(?![^>]*\ssrc=|\stype=\"application/json\")", source), "but data, which nothing runs"


def test_our_own_scripts_stay_under_thirty_kilobytes() -> None:
    assert (STATIC / "app.js").stat().st_size < 7_000
    assert sum(path.stat().st_size for path in STATIC.glob("*.js")) < 30_000


@pytest.mark.parametrize("path", sorted((ROOT / "templates" / "macros").glob("*.html")), ids=lambda path: path.name)
def test_a_macro_file_describes_every_macro_that_pages_may_call(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    described = source[: source.index("#}")]
    inner = {
        "described",
        "label_for",
        "remarks",
        "option",
        "choices",
        "calendar_field",
        "tally",
        "state_mark",
        "photo",
        "shown",
    }
    inner |= {"definition", "not_additive"}
    macros = set(re.findall(r"\{% macro (\w+)\(", source)) - inner
    assert not {name for name in macros if f"{name}(" not in described}
