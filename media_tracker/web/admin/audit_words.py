"""What an entry of the audit trail says besides who, what and when: its keys, codes and ids as words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from media_tracker.accounts.documents import AuditEvent
from media_tracker.errors import N_
from media_tracker.monitor.definitions import DEFINITIONS, Dimension, Key
from media_tracker.monitor.service import Stretch
from media_tracker.tagging.rules import Table
from media_tracker.web.monitor.view import STRETCH_NAMES
from media_tracker.web.naming import Names

DETAIL_NAMES: Mapping[str, str] = {
    "number": N_("Number"),
    "from": N_("First day"),
    "to": N_("Last day"),
    "rows": N_("Rows"),
    "reason": N_("Reason"),
    "outlets": N_("New outlets"),
    "feeds": N_("Feeds"),
    "known": N_("Feeds that were known"),
    "body": N_("Body"),
    "added": N_("Rows added"),
    "ended": N_("Rows ended"),
    "decisions": N_("Decisions learnt from"),
    "held_back": N_("Decisions kept back for judging"),
    "table": N_("Table"),
    "stretch": N_("Both ends known"),
    "filter_outlet": N_("Outlet"),
    "filter_district": N_("District"),
    "filter_category": N_("Category"),
    "filter_month": N_("Month"),
}
FILE_NAMES: Mapping[str, str] = {"csv": "CSV", "xlsx": "Excel"}
TABLE_NAMES: Mapping[str, str] = {
    Table.KIND: N_("Words for kinds"),
    Table.CATEGORY: N_("Words for categories"),
    Table.OUTCOME: N_("Words for outcomes"),
    Table.PLACES: N_("Names of places"),
    Table.UNITS: N_("Other names of units"),
    Table.DEFAULTS: N_("Defaults by column"),
    Table.ROUTES: N_("Routes to editors"),
    "undone": N_("A change was undone"),
    "thresholds": N_("Thresholds"),
    "restored": N_("All tables"),
}
"""What an edition of the rules is about."""
RELEASE = "release/"
EDITION = "rules/"
VERSION = "model/"
CLOCKS = "clocks/"
PROBLEM = "problem/"
FIGURE = "monitor/"
ORDER = "order/"
DOSSIER = "dossier/"
LEAD = "lead/"


def details(entry: AuditEvent, names: Names) -> str:
    """The details of ``entry`` in words. What is shown by itself is left out: roles, and lists of ids."""
    pattern, comma = names.gettext("%(kind)s: %(value)s"), names.gettext(", ")
    shown = [
        (names.gettext(DETAIL_NAMES[name]), _value(name, value, names))
        for name, value in entry.detail.items()
        if name in DETAIL_NAMES and isinstance(value, str | int)
    ]
    return comma.join(pattern % {"kind": label, "value": value} for label, value in shown)


def subject(text: str, names: Names) -> tuple[str, str]:
    """What was exported, released, ruled or learnt, and where it is shown; the text itself where it is neither."""
    if text.startswith(RELEASE):
        number = text.removeprefix(RELEASE)
        return names.pages.catalogue.translate(N_("Release {number}"), None, number=number), f"/bulletins/{number}"
    if text.startswith(EDITION):
        number = text.removeprefix(EDITION)
        return names.pages.catalogue.translate(N_("Edition {number}"), None, number=number), "/admin/rules"
    if text.startswith(VERSION):
        number = text.removeprefix(VERSION)
        return names.pages.catalogue.translate(N_("Version {number}"), None, number=number), "/admin/learning"
    if text.startswith(PROBLEM):
        number = text.removeprefix(PROBLEM)
        return names.pages.catalogue.translate(N_("Problem {number}"), None, number=number), f"/problems/{number}"
    if text.startswith(CLOCKS):
        number = text.removeprefix(CLOCKS)
        return names.pages.catalogue.translate(N_("Edition {number}"), None, number=number), "/admin/clocks"
    if text.startswith(LEAD):
        return names.pages.catalogue.translate(N_("Lead {number}"), None, number=text.removeprefix(LEAD)), ""
    if text.startswith(ORDER):
        return names.pages.catalogue.translate(N_("Order {number}"), None, number=text.removeprefix(ORDER)), ""
    if text.startswith(DOSSIER):
        number = text.removeprefix(DOSSIER)
        href = f"/problems/{number}" if number else ""
        return names.pages.catalogue.translate(N_("Dossier {number}"), None, number=number), href
    key, _, suffix = text.removeprefix(FIGURE).partition(".")
    if text.startswith(FIGURE) and key in set(Key) and suffix in FILE_NAMES:
        return f"{names.gettext(DEFINITIONS[Key(key)].name)} ({FILE_NAMES[suffix]})", ""
    return text, ""


def _value(name: str, value: str | int, names: Names) -> str:
    text = str(value)
    if name.startswith("filter_") and name.removeprefix("filter_") in set(Dimension):
        return names.of(Dimension(name.removeprefix("filter_")), text)
    if name == "stretch" and text in set(Stretch):
        return names.gettext(STRETCH_NAMES[Stretch(text)])
    if name == "table" and text in TABLE_NAMES:
        return names.gettext(TABLE_NAMES[text])
    if name == "body":
        return names.region(text)
    return _day(text, names) if name in ("from", "to") else text


def _day(text: str, names: Names) -> str:
    try:
        return names.pages.formats.date_text(date.fromisoformat(text))
    except ValueError:
        return text
