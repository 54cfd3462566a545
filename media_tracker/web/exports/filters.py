"""The filters of a list that is sent again and again: which of an address are kept, and how they read."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from media_tracker.errors import N_
from media_tracker.monitor.definitions import DEFINITIONS, Dimension, Key
from media_tracker.web.exports.opened import LONGEST_QUERY
from media_tracker.web.monitor.view import HEADS
from media_tracker.web.naming import Names
from media_tracker.web.problems.finding.words import SHOW_NAMES
from media_tracker.web.problems.words import STATE_NAMES
from media_tracker.web.stories.view import KINDS

PASSING = frozenset({"page", "after", "before", "cursor", "language", "theme", "filters", "what"})
"""What an address holds besides filters: a place in the list, how the page looks."""
OF_THE_RUN = frozenset({"from", "to", "as_of"})
"""Where a list is of a period, each run has its own days."""
PAGES: Mapping[str, str] = {
    "figures": "/monitor",
    "breakdown": "/monitor",
    "problems": "/problems",
    "stories": "/stories",
    "deeds": "/deeds",
    "outlets": "/outlets",
    "look-backs": "/problems/look-backs",
    "audit": "/admin/audit",
}
"""Where each list is on screen."""
LABELS: Mapping[str, str] = {
    "q": N_("Words"),
    "region": N_("Region"),
    "by": N_("By"),
    "state": N_("State"),
    "kind": N_("Kind"),
    "exposed": N_("Exposed by media"),
    "sort": N_("Order"),
    "show": N_("Shown"),
}


VALUES: Mapping[str, Mapping[str, str]] = {
    "state": {each.value: name for each, name in STATE_NAMES.items()},
    "kind": {each.value: name for each, name in KINDS.items()},
    "show": {each.value: name for each, name in SHOW_NAMES.items()},
}
"""What pages call a value of a filter."""


def kept(query: str, *, dated: bool) -> str:
    """``query`` without what is no filter; ``dated``: and without the days, which each run brings."""
    left_out = PASSING | OF_THE_RUN if dated else PASSING
    pairs = parse_qsl(query.lstrip("?")[:LONGEST_QUERY], keep_blank_values=True)
    return urlencode([(name, value) for name, value in pairs if name not in left_out])


def told(query: str, names: Names) -> list[str]:
    """The filters in words: those that pages have names for by these, others as the address spells them."""
    found = []
    for name, value in parse_qsl(query):
        if name == "key":
            continue
        label, said = _said(name, value, names)
        found.append(names.pages.catalogue.translate(N_("{label}: {text}"), None, label=label, text=said))
    return found


def page_of(name: str, query: str) -> str:
    """Where the list with these filters is on screen, with the days that its page opens with."""
    pairs = parse_qsl(query, keep_blank_values=True)
    if name == "figure":
        path = f"/monitor/{dict(pairs).get('key', '')}"
        pairs = [(each, value) for each, value in pairs if each != "key"]
    else:
        path = PAGES[name]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def title_of(name: str, query: str, names: Names, title: str) -> str:
    """What a list is called: the one behind a figure by that figure."""
    key = dict(parse_qsl(query)).get("key", "")
    if name == "figure" and key in set(Key):
        return names.gettext(DEFINITIONS[Key(key)].name)
    return names.gettext(title)


def _said(name: str, value: str, names: Names) -> tuple[str, str]:
    dimension = "source" if name == "channel" else name
    if dimension in set(Dimension):
        by = Dimension(dimension)
        return names.gettext(HEADS[by][1]), names.of(by, value)
    if name == "by" and value in set(Dimension):
        value = names.gettext(HEADS[Dimension(value)][1])
    elif name == "region" and value in names.regions:
        value = names.region(value)
    elif value in VALUES.get(name, {}):
        value = names.gettext(VALUES[name][value])
    return names.gettext(LABELS.get(name, name)), value
