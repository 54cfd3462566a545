"""What the pages and letters call notices: gettext ids by kind, and how urgent each looks."""

from __future__ import annotations

from collections.abc import Mapping

from media_tracker.errors import N_
from media_tracker.notices.kinds import Delivery, NoticeKind

KIND_NAMES: Mapping[NoticeKind, str] = {
    NoticeKind.ASSIGNED: N_("Assigned to your unit"),
    NoticeKind.LIST_ARRIVED: N_("A list has brought problems to your unit"),
    NoticeKind.UNREACHED: N_("Assigned to a unit in which nobody has an account"),
    NoticeKind.DUE_SOON: N_("The deadline is near"),
    NoticeKind.OVERDUE: N_("The deadline has passed"),
    NoticeKind.PROTECTION_DUE: N_("Danger: interim protection is due"),
    NoticeKind.PROTECTION_LATE: N_("Danger: interim protection is late"),
    NoticeKind.HAND_OVER_SOON: N_("Soon to be handed over to a unit"),
    NoticeKind.HAND_OVER_LATE: N_("Not handed over to a unit in time"),
    NoticeKind.RETURNED: N_("Returned by the unit"),
    NoticeKind.FAILED: N_("Check failed: rework"),
    NoticeKind.CONTINUED: N_("Fixed in part: the rest is to be done"),
    NoticeKind.REVOKED: N_("The closing was taken back: rework"),
    NoticeKind.RESUMED: N_("Work is to go on"),
    NoticeKind.ASKED: N_("A unit asks for more time"),
    NoticeKind.ANSWERED: N_("The office has decided on the deadline"),
    NoticeKind.REVIEW_DUE: N_("A deferred problem is to be looked at again"),
    NoticeKind.LOOK_BACK_DUE: N_("A look-back is due"),
    NoticeKind.REMINDED: N_("The office reminds you"),
    NoticeKind.SUPERVISED: N_("Put under supervision by the office"),
    NoticeKind.INSTRUCTED: N_("An instruction was given"),
    NoticeKind.OBJECTED: N_("Somebody objects"),
    NoticeKind.STORY_TIED: N_("Another story tells of it"),
    NoticeKind.ERRAND_ANSWERED: N_("An errand was handed in"),
    NoticeKind.OUTLET_ASSIGNED: N_("Assigned to a unit"),
    NoticeKind.OUTLET_CLAIMED: N_("The unit calls it fixed; the check is still to come"),
    NoticeKind.OUTLET_VERIFIED: N_("The fix was verified on site"),
    NoticeKind.OUTLET_CLOSED: N_("Closed"),
    NoticeKind.OUTLET_CAME_BACK: N_("It has come back"),
}

TONES: Mapping[NoticeKind, str] = {
    NoticeKind.OVERDUE: "warn",
    NoticeKind.PROTECTION_DUE: "warn",
    NoticeKind.PROTECTION_LATE: "warn",
    NoticeKind.HAND_OVER_LATE: "warn",
    NoticeKind.FAILED: "loop",
    NoticeKind.CONTINUED: "loop",
    NoticeKind.REVOKED: "loop",
    NoticeKind.RETURNED: "back",
    NoticeKind.DUE_SOON: "clock",
    NoticeKind.HAND_OVER_SOON: "clock",
    NoticeKind.REVIEW_DUE: "clock",
    NoticeKind.LOOK_BACK_DUE: "clock",
    NoticeKind.STORY_TIED: "link",
    NoticeKind.LIST_ARRIVED: "copies",
}
"""The icon that stands before a kind; ``info`` before the others."""

DELIVERY_NAMES: Mapping[Delivery, str] = {
    Delivery.AT_ONCE: N_("By mail at once"),
    Delivery.DAILY: N_("With the daily mail"),
    Delivery.APP: N_("Here only"),
}

NOTHING_TO_SEE = N_("This is no longer yours to see.")
