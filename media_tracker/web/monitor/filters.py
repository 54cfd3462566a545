"""The filters of the monitor: lists to choose from, fields to type into, and the address that they lead to.

What is long (streets and communities, units, columns) is typed, with suggestions: the form sends the words (``find_place`` …),
and the answer is a redirect to the address that says what they mean, so that an address can be kept and handed on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from bson import ObjectId

from media_tracker.errors import N_, InvalidInput
from media_tracker.monitor.definitions import Dimension, Key
from media_tracker.places.service import Places
from media_tracker.places.units import UnitTree
from media_tracker.problems.case import Channel, Severity
from media_tracker.web.choices import Option, category_filter, district_options, outlet_options
from media_tracker.web.figure_links import ALL, Asked
from media_tracker.web.monitor.view import HEADS, STRETCH_NAMES
from media_tracker.web.naming import NONE_OF, Names
from media_tracker.web.region_input import resolve_region

CHOSEN = (
    *(Dimension.DISTRICT, Dimension.OUTLET, Dimension.CATEGORY),
    *(Dimension.PROJECT, Dimension.SEVERITY, Dimension.SOURCE),
)
"""What is chosen from a list; the first three stand in the first row of the form."""
TYPED: Mapping[str, Sequence[Dimension]] = {
    "find_place": (Dimension.STREET, Dimension.COMMUNITY),
    "find_unit": (Dimension.UNIT,),
    "find_column": (Dimension.COLUMN,),
}
"""The fields that are typed into, and what they set."""
LEVELS = {"district": Dimension.DISTRICT, "subdistrict": Dimension.STREET, "community": Dimension.COMMUNITY}
NO_SUCH_UNIT = N_("No unit of this name is known. Choose one from the list, or leave it empty.")


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the address without it."""

    kind: str
    value: str
    remove: str


@dataclass(frozen=True, slots=True)
class FilterForm:
    """The form's fields. ``kept``: filters that it has no field for, sent along. ``more``: one of the later fields is used."""

    options: Mapping[str, Sequence[Option]]
    chosen: Mapping[str, str]
    typed: Mapping[str, str]
    units: Sequence[Option]
    columns: Sequence[Option]
    kept: Sequence[tuple[str, str]]
    more: bool
    errors: Mapping[str, str] = field(default_factory=dict)


def filter_form(asked: Asked, names: Names, query: Mapping[str, str], errors: Mapping[str, str]) -> FilterForm:
    """The form as ``asked`` fills it; what could not be understood stands in it as it was typed."""
    filters = asked.filters
    typed = {name: query[name] if name in errors else _shown(name, asked, names) for name in TYPED}
    with_field = {*CHOSEN, *(each for name, below in TYPED.items() if typed[name] for each in below)}
    return FilterForm(
        options={each.value: _options(each, names, asked) for each in CHOSEN},
        chosen={each.value: filters.get(each, ALL) for each in CHOSEN},
        typed=typed,
        units=[{"value": unit.name, "label": ""} for unit in names.units],
        columns=[{"value": column, "label": ""} for column in names.columns],
        kept=[(each.value, value) for each, value in filters.items() if each not in with_field and _lasts(each)],
        more=any(typed.values()) or any(each in filters for each in CHOSEN[3:]) or asked.as_of is not None,
        errors=errors,
    )


def _lasts(dimension: Dimension) -> bool:
    """A month or a day is asked for by first and last day instead."""
    return dimension not in (Dimension.MONTH, Dimension.DAY)


async def understood(query: Mapping[str, str], names: Names, places: Places) -> tuple[str, dict[str, str]]:
    """The address that a sent form means, and what could not be understood, by field."""
    sent = {name: value for name, value in query.items() if name not in TYPED}
    errors: dict[str, str] = {}
    said = {name: query.get(name, "").strip() for name in TYPED}
    if said["find_place"]:
        try:
            code = await resolve_region(places, said["find_place"])
        except InvalidInput as error:
            errors["find_place"] = error.fields["region"]
        else:
            level = names.regions[code].level if code else ""
            if level in LEVELS:
                sent["district"] = ALL
                sent[LEVELS[level].value] = code or ""
    if said["find_unit"]:
        unit = _unit(names.units, said["find_unit"])
        if unit is None:
            errors["find_unit"] = NO_SUCH_UNIT
        else:
            sent["unit"] = str(unit)
    if said["find_column"]:
        sent["column"] = said["find_column"]
    blank = {"from", "to", "as_of", "by"}
    kept = [(n, v) for n, v in sent.items() if v != ALL and not (n in blank and not v.strip())]
    return f"/monitor?{urlencode(kept)}", errors


def was_sent(query: Mapping[str, str]) -> bool:
    """Whether the address is that of a form just sent."""
    return any(name in query for name in TYPED)


def filter_chips(asked: Asked, names: Names, by: Dimension | None = None) -> list[Chip]:
    """The filters that are set, each with the address of the monitor without it."""
    return [
        Chip(names.gettext(HEADS[each][1]), names.of(each, value), asked.without(each).overview(by))
        for each, value in asked.filters.items()
    ]


def _unit(units: UnitTree, text: str) -> ObjectId | None:
    wanted = "".join(text.split()).casefold()
    found = [
        unit.id for unit in units if wanted in {"".join(name.split()).casefold() for name in (unit.name, *unit.aliases)}
    ]
    return found[0] if found else None


def _shown(name: str, asked: Asked, names: Names) -> str:
    """What stands in a field for what is set; nothing for "those that have none"."""
    found = [each for each in TYPED[name] if asked.filters.get(each)]
    return names.of(found[-1], asked.filters[found[-1]]) if found else ""


def _options(dimension: Dimension, names: Names, asked: Asked) -> list[Option]:
    """The choices of a filter: all, each one, and those that have none. A value that nothing has any more is kept."""
    options: list[Option] = [{"value": ALL, "label": names.gettext(N_("All"))}]
    match dimension:
        case Dimension.OUTLET:
            options += outlet_options(names)
        case Dimension.DISTRICT:
            options += district_options(names)
        case Dimension.CATEGORY:
            options += category_filter(names)
        case Dimension.PROJECT:
            options += [{"value": str(each), "label": name} for each, name in names.projects.items()]
        case Dimension.SEVERITY:
            options += [{"value": each.value, "label": names.of(dimension, each.value)} for each in Severity]
        case Dimension.SOURCE:
            options += [{"value": each.value, "label": names.of(dimension, each.value)} for each in Channel]
    if dimension in NONE_OF:
        options.append({"value": "", "label": names.of(dimension, "")})
    chosen = asked.filters.get(dimension)
    known = {option["value"] for option in _flat(options)}
    if chosen is not None and chosen not in known:
        options.append({"value": chosen, "label": names.of(dimension, chosen)})
    return options


def _flat(options: Sequence[Option]) -> list[Option]:
    flat: list[Option] = []
    for option in options:
        inner = option.get("options")
        flat += inner if isinstance(inner, list) else [option]
    return flat


def list_chips(key: Key, asked: Asked, names: Names) -> list[Chip]:
    """The filters, each with the address of the list without it."""
    chips = [
        Chip(names.gettext(HEADS[dimension][1]), names.of(dimension, value), asked.without(dimension).list_of(key))
        for dimension, value in asked.filters.items()
    ]
    if asked.stretch is not None:
        stretch = names.gettext(STRETCH_NAMES[asked.stretch])
        remove = replace(asked, stretch=None).list_of(key)
        chips.append(Chip(names.gettext(N_("Both ends known")), stretch, remove))
    return chips
