"""What a form or a filter lets people choose from, as ``forms.select`` takes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from markupsafe import Markup, escape

from media_tracker.errors import N_
from media_tracker.web.i18n import Catalogue
from media_tracker.web.naming import Names

Option = Mapping[str, object]
"""``{value, label}``, or ``{group, options}``."""
Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Offered:
    """Options as a page writes them, made once: there are hundreds, and few people's lists differ in them."""

    html: Markup

    def with_chosen(self, value: object) -> Markup:
        """The same with ``value`` chosen."""
        if not value:
            return self.html
        tag = f'<option value="{escape(str(value))}"'
        return Markup(str(self.html).replace(f"{tag}>", f"{tag} selected>", 1))  # noqa: S704 - both are escaped


def offered(options: Iterable[Option]) -> Offered:
    """``options`` for ``forms.select`` and ``forms.combobox``, ready."""
    return Offered(Markup("").join(map(_tag, options)))


def _tag(item: Option) -> Markup:
    below = item.get("options")
    if isinstance(below, Sequence):
        return Markup('<optgroup label="{}">{}</optgroup>').format(item["group"], Markup("").join(map(_tag, below)))
    return Markup('<option value="{}">{}</option>').format(item["value"], item["label"])


def option(value: object, label: str) -> Option:
    """One choice; ``label`` is in the reader's language, or a name."""
    return {"value": str(value), "label": label}


def named(catalogue: Catalogue, names: Mapping[Choice, str]) -> list[Option]:
    """The values of an enum by their names, which are gettext ids."""
    return [option(value.value, catalogue.gettext(name)) for value, name in names.items()]


def category_options(names: Names, kept: Collection[str] = ()) -> list[Option]:
    """Sub-classes under their class: what a story or a problem can be; those out of use only where they are among ``kept``."""
    return [
        {
            "group": names.category(top.code),
            "options": [option(each.code, names.category(each.code)) for each in offered],
        }
        for top, below in names.categories.groups()
        if (offered := [each for each in below if each.active or each.code in kept])
    ]


def category_filter(names: Names) -> list[Option]:
    """Classes, each followed by its sub-classes: what a list can be narrowed to."""
    return [
        {
            "group": names.category(top.code),
            "options": [option(each.code, names.category(each.code)) for each in (top, *below)],
        }
        for top, below in names.categories.groups()
    ]


def district_options(names: Names) -> list[Option]:
    """The districts, and the zones that count like one."""
    return [option(region.code, region.name) for region in names.regions if region.level == "district"]


def unit_options(names: Names, district: str | None = None) -> list[Option]:
    """Units that can be put in charge; those of ``district`` first."""
    return [each for _, units in _by_district(names, district) for each in units]


def unit_groups(names: Names, district: str | None = None) -> list[Option]:
    """The same under the names of their districts: that of ``district`` first, then those of no district, then the others.

    One list where there is one group only.
    """
    groups = _by_district(names, district)
    if len(groups) < 2:
        return [each for _, units in groups for each in units]
    whole = names.gettext(N_("Of the whole city"))
    return [{"group": names.region(code) or whole, "options": units} for code, units in groups]


def _by_district(names: Names, district: str | None) -> list[tuple[str | None, list[Option]]]:
    """Units by the district of the region that they are responsible for; each by name."""
    groups: dict[str | None, list[Option]] = {}
    for unit in names.units.active():
        known = unit.region is not None and unit.region in names.regions
        lies_in = names.regions.district_for_counting(unit.region) if known and unit.region is not None else None
        groups.setdefault(lies_in, []).append(option(unit.id, unit.name))
    return sorted(groups.items(), key=lambda group: (group[0] != district, group[0] is not None, group[0] or ""))


def outlet_options(names: Names) -> list[Option]:
    """Every outlet."""
    return [option(outlet, name) for outlet, name in names.outlets.items()]
