"""Parts of pages that are kept as they were written, for whoever asks the same of the same figures."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from weakref import WeakKeyDictionary

from markupsafe import Markup

from media_tracker.web.i18n import current_locale
from media_tracker.web.naming import Names
from media_tracker.web.render import Pages

MOST_KEPT = 64
_KEPT: WeakKeyDictionary[Pages, OrderedDict[Hashable, Markup]] = WeakKeyDictionary()


def kept(about: Hashable, names: Names, write: Callable[[], str]) -> Markup:
    """What ``write`` writes, or wrote before of the same, with the same names and in the same language.

    ``about`` has to tell of everything else that it is written from: what has changed has another one, and is never shown.
    """
    parts = _KEPT.setdefault(names.pages, OrderedDict())
    tables = (names.regions, names.categories, names.units)
    called = (tuple(names.outlets.items()), tuple(names.projects.items()), tuple(names.columns))
    key = (about, current_locale(), tables, called)
    found = parts.get(key)
    if found is None:
        found = parts[key] = Markup(write())  # noqa: S704 - written by a template, which escapes
        while len(parts) > MOST_KEPT:
            parts.popitem(last=False)
    else:
        parts.move_to_end(key)
    return found
