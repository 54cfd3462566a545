"""What the filters of the list of problems offer: hundreds of options, made again only when a table or the language changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from bson import ObjectId

from media_tracker.places.regions import RegionTree
from media_tracker.places.units import Unit
from media_tracker.problems.case import State
from media_tracker.taxonomy.service import CategoryTable
from media_tracker.web.choices import Offered, category_filter, named, offered, option, outlet_options
from media_tracker.web.i18n import current_locale
from media_tracker.web.naming import CHANNEL_NAMES, Names, say_severity
from media_tracker.web.problems.finding.words import FLAG_NAMES, LIGHT_NAMES, ORDER_NAMES, TOLD_NAMES, WAITING_NAMES
from media_tracker.web.problems.words import SEVERITIES
from media_tracker.web.region_input import offered_regions
from media_tracker.web.render import Pages


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters offer."""

    states: Sequence[str]
    categories: Offered
    regions: Offered
    units: Offered
    outlets: Offered
    lights: Offered
    waiting: Offered
    severities: Offered
    channels: Offered
    told: Offered
    flags: Offered
    orders: Offered


@dataclass(frozen=True, slots=True)
class _Kept:
    """Choices, and the tables that they were made from."""

    regions: RegionTree
    categories: CategoryTable
    units: Mapping[ObjectId, Unit]
    outlets: Mapping[ObjectId, str]
    choices: Choices

    def is_of(self, names: Names) -> bool:
        """Whether the tables are the same; two of them are read anew for each request, and compared."""
        same = self.regions is names.regions and self.categories is names.categories
        return same and self.units == names.units.by_id and self.outlets == names.outlets


_KEPT: WeakKeyDictionary[Pages, dict[str, _Kept]] = WeakKeyDictionary()
"""By language. Names of tables only: nothing that one reader may see and another may not."""


def choices_of(names: Names) -> Choices:
    """The choices in the language of the page."""
    kept = _KEPT.setdefault(names.pages, {})
    found = kept.get(current_locale())
    if found is None or not found.is_of(names):
        found = _Kept(names.regions, names.categories, names.units.by_id, names.outlets, _made(names))
        kept[current_locale()] = found
    return found.choices


def _made(names: Names) -> Choices:
    catalogue = names.pages.catalogue
    return Choices(
        states=[state.value for state in State],
        categories=offered(category_filter(names)),
        regions=offered(offered_regions(names.regions)),
        units=offered(option(each.id, each.name) for each in names.units),
        outlets=offered(outlet_options(names)),
        lights=offered(named(catalogue, LIGHT_NAMES)),
        waiting=offered(named(catalogue, WAITING_NAMES)),
        severities=offered(option(each.value, say_severity(catalogue, each)) for each in SEVERITIES),
        channels=offered(named(catalogue, CHANNEL_NAMES)),
        told=offered(named(catalogue, TOLD_NAMES)),
        flags=offered(named(catalogue, FLAG_NAMES)),
        orders=offered(named(catalogue, ORDER_NAMES)),
    )
