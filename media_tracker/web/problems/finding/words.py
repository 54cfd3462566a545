"""What the filters of the list of problems call their choices: gettext ids by enum value."""

from __future__ import annotations

from collections.abc import Mapping

from media_tracker.errors import N_
from media_tracker.problems.finding.facets import Flag, Waiting
from media_tracker.problems.finding.listing import Order
from media_tracker.web.problems.finding.asked import Lit, Show, Told

SHOW_NAMES: Mapping[Show, str] = {
    Show.MINE: N_("My unit, open"),
    Show.OPEN: N_("Open"),
    Show.TO_VERIFY: N_("To verify"),
    Show.OVERDUE: N_("Overdue"),
    Show.ALL: N_("All"),
}
"""In the order in which they stand above the list."""

LIGHT_NAMES: Mapping[Lit, str] = {Lit.YELLOW: N_("Yellow: a limit is near"), Lit.RED: N_("Red: a limit is over")}

TOLD_NAMES: Mapping[Told, str] = {Told.YES: N_("exposed by media"), Told.NO: N_("not exposed")}

WAITING_NAMES: Mapping[Waiting, str] = {
    Waiting.SIGN: N_("Not acknowledged yet"),
    Waiting.ASKED: N_("The unit asks for more time"),
    Waiting.RETURNED: N_("Sent back, to be assigned"),
    Waiting.PROTECT: N_("Danger without protection"),
}

FLAG_NAMES: Mapping[Flag, str] = {
    Flag.RELAPSE: N_("Relapse"),
    Flag.LONG_STANDING: N_("Long-standing"),
    Flag.SUPERVISED: N_("Under supervision"),
}

ORDER_NAMES: Mapping[Order, str] = {
    Order.NEWEST: N_("newest first"),
    Order.DUE: N_("nearest limit first"),
}
