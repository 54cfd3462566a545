"""Why a server did not start, read from its log (one JSON object per line, see MongoDB's manual on log messages)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

_LINES = 3
_LONGEST = 300
_TAIL = 256 * 1024
_NOISE = frozenset({23090, 6384300})
"""Ids of messages that say no more than that the process is aborting."""


def reason_in_log(log: Path, start: int) -> str:
    """The last complaints that ``log`` holds after byte ``start``, as one line of text; empty if there are none."""
    with log.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(start, size - _TAIL))
        text = file.read().decode("utf-8", "replace")
    return "; ".join(complaints(text.splitlines())[-_LINES:])


def complaints(lines: Iterable[str]) -> list[str]:
    """What the lines complain of: errors and fatal errors, and whatever is not a log message at all."""
    found: list[str] = []
    for line in lines:
        complaint = _complaint(line)
        if complaint and complaint not in found:
            found.append(complaint)
    return found


def _complaint(line: str) -> str:
    try:
        entry = json.loads(line)
    except ValueError:
        return _one_line(line)
    if not isinstance(entry, dict) or entry.get("s") not in ("E", "F") or entry.get("id") in _NOISE:
        return ""
    detail = _detail(entry.get("attr", {}))
    return _one_line(f"{entry.get('msg')}: {detail}" if detail else str(entry.get("msg")))


def _detail(attributes: dict[str, object]) -> str:
    """The part of a message's attributes that tells a person something: text, or the text within."""
    for name, inner in (("error", "errmsg"), ("message", "msg")):
        value = attributes.get(name)
        if isinstance(value, dict):
            value = value.get(inner)
        if isinstance(value, str):
            return value
    return ""


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST]
