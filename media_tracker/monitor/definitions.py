"""The figures by name, and what exactly each one counts (口径)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from media_tracker.errors import N_


class Key(StrEnum):
    """The figures."""

    STORIES = "stories"
    CLUSTERS = "clusters"
    EXPOSURES = "exposures"
    BEHAVIOUR = "behaviour"
    PROBLEMS = "problems"
    RESOLVED = "resolved"
    RESOLVED_NET = "resolved_net"
    BEFORE_PRINT = "before_print"
    RESOLVED_COHORT = "resolved_cohort"
    ALSO_REPORTED = "also_reported"
    CLAIMED = "claimed"
    DEFERRED = "deferred"
    OVERDUE = "overdue"
    RELAPSED = "relapsed"
    DUE = "due"
    DUE_CLOSED = "due_closed"
    DUE_ON_TIME = "due_on_time"
    CHECKED = "checked"
    FIRST_FAILED = "first_failed"
    GOOD_DEEDS = "good_deeds"


@dataclass(frozen=True, slots=True)
class Definition:
    """A figure's name, and what exactly it counts (口径)."""

    name: str
    text: str


DEFINITIONS: Mapping[Key, Definition] = {
    Key.STORIES: Definition(
        N_("Stories"),
        N_("Stories published in the period that are not withdrawn. A reprint is a story of its own."),
    ),
    Key.CLUSTERS: Definition(
        N_("Stories without reprints"),
        N_("Groups of stories with the same text; a group counts in the period of its first story."),
    ),
    Key.EXPOSURES: Definition(
        N_("Exposures"),
        N_("One per outlet, problem and occasion, by publication. Copies on the outlet's other platforms count once."),
    ),
    Key.BEHAVIOUR: Definition(
        N_("Exposures of behaviour"),
        N_(
            "Stories that expose somebody's one-off behaviour; an outlet's copies of one text count once. "
            "There is nothing to put right, so no problem and no rate."
        ),
    ),
    Key.PROBLEMS: Definition(
        N_("Problems exposed"),
        N_(
            "Problems whose first exposure that stands was published in the period, "
            "without duplicates and without those that were not accepted."
        ),
    ),
    Key.RESOLVED: Definition(
        N_("Problems resolved via media"),
        N_(
            "Exposed before the fix, resolved, and verified by somebody independent; counted in the period of the verification. "
            "A revoked closing is taken out again."
        ),
    ),
    Key.RESOLVED_NET: Definition(
        N_("Resolved via media, net"),
        N_("Problems resolved via media, without those that have come back since (relapses)."),
    ),
    Key.BEFORE_PRINT: Definition(
        N_("Resolved before print"),
        N_(
            "Fixed after the outlet's inquiry was logged here and before its story came out; not counted as resolved via media."
        ),
    ),
    Key.RESOLVED_COHORT: Definition(
        N_("Of the problems exposed: resolved via media by now"),
        N_("Problems first exposed in the period that count as resolved via media today, whenever they were verified."),
    ),
    Key.ALSO_REPORTED: Definition(
        N_("Resolved, also reported by media"),
        N_("Resolved and verified in the period, but another channel had the problem first and was dealing with it."),
    ),
    Key.CLAIMED: Definition(
        N_("Claimed, not verified"),
        N_("Problems first exposed in the period that a unit has called fixed and nobody has checked."),
    ),
    Key.DEFERRED: Definition(N_("Deferred"), N_("Problems first exposed in the period that are deferred now.")),
    Key.OVERDUE: Definition(
        N_("Overdue"),
        N_("Problems first exposed in the period whose deadline has passed and that nobody has called fixed."),
    ),
    Key.RELAPSED: Definition(
        N_("Relapsed"),
        N_("Problems resolved via media that came back more than 30 days after closing, by the day of the relapse."),
    ),
    Key.DUE: Definition(
        N_("Due to be closed"),
        N_(
            "Exposed problems whose original deadline lay in the period and has passed; without rejected ones and duplicates."
        ),
    ),
    Key.DUE_CLOSED: Definition(
        N_("Of those due: verified or closed"),
        N_("The part of “due to be closed” that somebody independent has verified."),
    ),
    Key.DUE_ON_TIME: Definition(
        N_("Of those due: on time"),
        N_("The part of “due to be closed” that is verified and was called fixed by the original deadline."),
    ),
    Key.CHECKED: Definition(
        N_("Checked"),
        N_("Problems first exposed in the period whose fix somebody has checked on the spot at least once."),
    ),
    Key.FIRST_FAILED: Definition(
        N_("Of those checked: failed the first check"),
        N_("The part of “checked” whose first check found the work wanting, so that it had to be done again."),
    ),
    Key.GOOD_DEEDS: Definition(N_("Good deeds"), N_("Good deeds whose first story was published in the period.")),
}


class Dimension(StrEnum):
    """By what a figure can be broken down and filtered."""

    OUTLET = "outlet"
    COLUMN = "column"
    PROJECT = "project"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    CATEGORY = "category"
    SUBCATEGORY = "subcategory"
    UNIT = "unit"
    SEVERITY = "severity"
    SOURCE = "source"
    STAGE = "stage"
    MONTH = "month"
    DAY = "day"


SEVERAL = frozenset({Dimension.OUTLET, Dimension.COLUMN, Dimension.PROJECT})
"""Of these one row may have several, so that the columns need not add up to the figure (不可加总)."""
