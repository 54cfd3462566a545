"""What the desk's forms and filters offer: hundreds of options, made again only when a table or the language changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from bson import ObjectId
from markupsafe import Markup

from media_tracker.desk.filters import Band, Order
from media_tracker.errors import N_
from media_tracker.places.regions import RegionTree
from media_tracker.taxonomy.service import CategoryTable
from media_tracker.web.choices import (
    Offered,
    category_options,
    district_options,
    named,
    offered,
    option,
    outlet_options,
)
from media_tracker.web.i18n import current_locale
from media_tracker.web.naming import Names
from media_tracker.web.region_input import offered_regions
from media_tracker.web.render import Pages
from media_tracker.web.stories.view import DEEDS, KINDS, OUTCOMES

ORDER_NAMES: Mapping[Order, str] = {
    Order.NEWEST: N_("newest first"),
    Order.OLDEST: N_("oldest first"),
    Order.SUREST: N_("surest suggestion first"),
    Order.LEAST_SURE: N_("least sure suggestion first"),
}
BAND_NAMES: Mapping[Band, str] = {
    Band.HIGH: N_("80 and more of 100"),
    Band.MIDDLE: N_("50 to 79"),
    Band.LOW: N_("less than 50"),
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What forms and filters offer."""

    categories: Offered
    codes: Collection[str]
    """Of the categories."""
    regions: Offered
    region_names: Collection[str]
    outcomes: Offered
    deeds: Offered
    outlets: Offered
    districts: Offered
    kinds: Offered
    bands: Offered
    orders: Offered
    written: dict[tuple[object, ...], Markup] = field(default_factory=dict, compare=False)
    """Parts of pages that were made of these, by all else that they were made of."""

    def categories_with(self, code: str, names: Names) -> Offered:
        """The categories, and ``code`` among them, though it may be out of use."""
        if not code or code in self.codes or code not in names.categories:
            return self.categories
        return offered(category_options(names, (code,)))

    def regions_with(self, shown: str) -> Offered:
        """The regions, and the one that is ``shown``, which may be a community."""
        if not shown or shown in self.region_names:
            return self.regions
        return Offered(self.regions.html + Markup('<option value="{0}">{0}</option>').format(shown))


@dataclass(frozen=True, slots=True)
class _Kept:
    """Choices, and the tables that they were made from."""

    regions: RegionTree
    categories: CategoryTable
    outlets: Mapping[ObjectId, str]
    choices: Choices

    def is_of(self, names: Names) -> bool:
        """Whether the tables are the same; outlets are read anew for each request, and compared."""
        same = self.regions is names.regions and self.categories is names.categories
        return same and self.outlets == names.outlets


_KEPT: WeakKeyDictionary[Pages, dict[str, _Kept]] = WeakKeyDictionary()
"""By language. Names of tables only: nothing that one reader may see and another may not."""


def choices_of(names: Names) -> Choices:
    """The choices in the language of the page."""
    kept = _KEPT.setdefault(names.pages, {})
    found = kept.get(current_locale())
    if found is None or not found.is_of(names):
        found = _Kept(names.regions, names.categories, names.outlets, _made(names))
        kept[current_locale()] = found
    return found.choices


def _made(names: Names) -> Choices:
    catalogue = names.pages.catalogue
    regions = offered_regions(names.regions)
    return Choices(
        categories=offered(category_options(names)),
        codes=frozenset(code for code, each in names.categories.by_code.items() if each.active and each.parent),
        regions=offered(regions),
        region_names=frozenset(each["value"] for each in regions),
        outcomes=offered(option(value, names.gettext(name)) for value, name in OUTCOMES.items()),
        deeds=offered(option(value, names.gettext(name)) for value, name in DEEDS.items()),
        outlets=offered(outlet_options(names)),
        districts=offered(district_options(names)),
        kinds=offered(named(catalogue, KINDS)),
        bands=offered(named(catalogue, BAND_NAMES)),
        orders=offered(named(catalogue, ORDER_NAMES)[1:]),
    )
