"""The filters of the desk's queue as a form, the saved queues as chips, and the pages that queues are kept and deleted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from litestar import Request

from media_tracker.desk.bulk_accept import takes_part
from media_tracker.desk.filters import Order, QueueFilter, Which, read_filter
from media_tracker.desk.saved_queues import SavedQueue
from media_tracker.errors import N_
from media_tracker.web.choices import Offered, Option, option
from media_tracker.web.desk.choices import BAND_NAMES, ORDER_NAMES, choices_of
from media_tracker.web.naming import Names
from media_tracker.web.stories.view import KINDS
from media_tracker.web.visitor import actor, services

DAYS: Mapping[int, str] = {1: N_("one day"), 3: N_("three days"), 7: N_("one week"), 30: N_("thirty days")}
MOST_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class QueueChip:
    """A saved queue. ``active``: it is the one that is shown."""

    name: str
    href: str
    active: bool


@dataclass(frozen=True, slots=True)
class FilterForm:
    """The filters of the queue; ``templates/desk/filters.html`` shows them. ``used``: any of them leaves something out.

    ``keep``: where what is shown can be kept under a name. ``bulk``: where its surest can be accepted; empty for queues of
    other stories.
    """

    values: Mapping[str, str]
    used: bool
    reset: str
    outlets: Offered
    columns: Sequence[Option]
    kinds: Offered
    bands: Offered
    districts: Offered
    days: Sequence[Option]
    orders: Offered
    saved: Sequence[QueueChip] = field(default=())
    keep: str = ""
    bulk: str = ""


async def filter_form(
    request: Request[Any, Any, Any], wanted: QueueFilter, names: Names, saved: Sequence[SavedQueue]
) -> FilterForm:
    """The form, filled in with ``wanted``, and the reader's ``saved`` queues."""
    catalogue = names.pages.catalogue
    given = dict(wanted.pairs())
    values = {
        name: given.get(name, "")
        for name in ("outlet", "column", "kind", "band", "district", "days", "copied", "routed", "order")
    }
    days = [option(number, catalogue.gettext(label)) for number, label in DAYS.items()]
    if wanted.days is not None and wanted.days not in DAYS:
        days.append(option(wanted.days, str(wanted.days)))
    query, choices = wanted.query_string(), choices_of(names)
    return FilterForm(
        values={**values, "queue": given.get("queue", ""), "me": str(actor(request).user_id)},
        used=any(values.values()),
        reset=_path(QueueFilter(which=wanted.which)),
        outlets=choices.outlets,
        columns=await _columns(request, wanted),
        kinds=choices.kinds,
        bands=choices.bands,
        districts=choices.districts,
        days=days,
        orders=choices.orders,
        saved=chips(saved, wanted),
        keep=f"/desk/queues?{query}" if query else "",
        bulk=f"/desk/bulk?{query}".rstrip("?") if takes_part(wanted) else "",
    )


def chips(saved: Sequence[SavedQueue], wanted: QueueFilter) -> list[QueueChip]:
    """The reader's saved queues."""
    shown = [(each.name, read_filter(dict(parse_qsl(each.query)))) for each in saved]
    return [QueueChip(name, _path(queue), queue == wanted) for name, queue in shown]


def describe(wanted: QueueFilter, names: Names) -> list[str]:
    """The filters in words, in the reader's language; empty for all that waits."""
    catalogue = names.pages.catalogue
    words = {
        "outlet": names.outlet(wanted.outlet_id) if wanted.outlet_id is not None else "",
        "column": wanted.column,
        "kind": catalogue.gettext(KINDS[wanted.kind]) if wanted.kind else "",
        "band": catalogue.gettext(BAND_NAMES[wanted.band]) if wanted.band else "",
        "district": names.region(wanted.district) if wanted.district else "",
        "days": catalogue.gettext(DAYS.get(wanted.days or 0, "")) if wanted.days in DAYS else str(wanted.days or ""),
        "copied": catalogue.gettext(N_("with reprints")) if wanted.copied else "",
        "routed": catalogue.gettext(N_("sent by a rule")) if wanted.routed else "",
        "order": catalogue.gettext(ORDER_NAMES[wanted.order]) if wanted.order is not Order.NEWEST else "",
        "queue": catalogue.gettext(WHICH_NAMES[wanted.which]) if wanted.which is not Which.WAITING else "",
    }
    return [word for word in words.values() if word]


WHICH_NAMES: Mapping[Which, str] = {
    Which.WAITING: N_("Waiting"),
    Which.MINE: N_("Begun by me"),
    Which.SNOOZED: N_("Put off"),
    Which.CHANGED: N_("Changed after the decision"),
}


def _path(wanted: QueueFilter) -> str:
    query = urlencode(wanted.pairs())
    return f"/desk?{query}" if query else "/desk"


async def _columns(request: Request[Any, Any, Any], wanted: QueueFilter) -> list[Option]:
    """The columns that feeds and projects name; the one that is asked for in any case."""
    known = await services(request).at_hand.columns()
    names = sorted({*known, wanted.column} - {""})[:MOST_COLUMNS]
    return [option(name, name) for name in names]
