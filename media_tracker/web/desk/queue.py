"""The filters of the desk's queue as a form, the saved queues as chips, and the pages that queues are kept and deleted on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from bson import ObjectId
from litestar import Request
from markupsafe import Markup

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
MOST_WRITTEN = 500
"""Forms that are kept; there are few editors and few filters, but addresses can be made up."""


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


async def written_filters(
    request: Request[Any, Any, Any], wanted: QueueFilter, names: Names, saved: Sequence[SavedQueue]
) -> Markup:
    """The form, filled in with ``wanted``, and the reader's ``saved`` queues; written anew only where one of its parts is new."""
    columns, who = await services(request).at_hand.columns(), actor(request).user_id
    choices = choices_of(names)
    made_of = (wanted, who, tuple(saved), columns)
    if made_of not in choices.written:
        if len(choices.written) >= MOST_WRITTEN:
            choices.written.clear()
        form = filter_form(wanted, who, columns, names, saved)
        text = names.pages.render("desk/filters.html", {"filters": form})
        choices.written[made_of] = Markup(text)  # noqa: S704 - a template has made it
    return choices.written[made_of]


def filter_form(
    wanted: QueueFilter, me: ObjectId, columns: Collection[str], names: Names, saved: Sequence[SavedQueue]
) -> FilterForm:
    """The form for the reader ``me``."""
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
    shown = sorted({*columns, wanted.column} - {""})[:MOST_COLUMNS]
    return FilterForm(
        values={**values, "queue": given.get("queue", ""), "me": str(me)},
        used=any(values.values()),
        reset=_path(QueueFilter(which=wanted.which)),
        outlets=choices.outlets,
        columns=[option(name, name) for name in shown],
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
