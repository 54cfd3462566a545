"""Which notices there are, whom each is for, and what happens to a problem that calls for one. Pure.

``RULES`` and ``NEWS`` are the whole of it: a new notice is a kind, a line in each, and a name in the pages' words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from media_tracker.accounts.actor import Role
from media_tracker.problems.case import Case, EventType


class NoticeKind(StrEnum):
    """What somebody is told."""

    ASSIGNED = "assigned"
    LIST_ARRIVED = "list_arrived"  # many problems at once: one notice, not thousands
    UNREACHED = "unreached"  # given to a unit in which nobody has an account
    DUE_SOON = "due_soon"  # yellow
    OVERDUE = "overdue"  # red
    PROTECTION_DUE = "protection_due"  # interim protection of a danger: yellow, and red
    PROTECTION_LATE = "protection_late"
    HAND_OVER_SOON = "hand_over_soon"
    HAND_OVER_LATE = "hand_over_late"
    RETURNED = "returned"
    FAILED = "failed"
    CONTINUED = "continued"
    REVOKED = "revoked"
    RESUMED = "resumed"
    ASKED = "asked"  # the unit wishes an extension or a deferral
    ANSWERED = "answered"  # and hears of it
    REVIEW_DUE = "review_due"
    LOOK_BACK_DUE = "look_back_due"
    REMINDED = "reminded"  # 催办
    SUPERVISED = "supervised"  # 督办
    INSTRUCTED = "instructed"  # 批示
    OBJECTED = "objected"  # 申诉
    STORY_TIED = "story_tied"
    ERRAND_ANSWERED = "errand_answered"
    # to outlets, about problems that they exposed
    OUTLET_ASSIGNED = "outlet_assigned"
    OUTLET_CLAIMED = "outlet_claimed"
    OUTLET_VERIFIED = "outlet_verified"
    OUTLET_CLOSED = "outlet_closed"
    OUTLET_CAME_BACK = "outlet_came_back"


class Audience(StrEnum):
    """Whom a notice is for."""

    UNIT = "unit"  # officials of the unit in charge and of its co-handlers
    DISPATCHERS = "dispatchers"
    OFFICE = "office"
    INSPECTORS = "inspectors"
    OFFICE_AND_UNIT = "office_and_unit"
    OUTLETS = "outlets"  # that have exposed the problem, at the address in their record


ROLES: Mapping[Audience, frozenset[Role]] = {
    Audience.UNIT: frozenset({Role.OFFICIAL}),
    Audience.DISPATCHERS: frozenset({Role.EDITOR, Role.PUBLICITY}),
    Audience.OFFICE: frozenset({Role.PUBLICITY}),
    Audience.INSPECTORS: frozenset({Role.INSPECTOR}),
    Audience.OFFICE_AND_UNIT: frozenset({Role.PUBLICITY, Role.OFFICIAL}),
    Audience.OUTLETS: frozenset(),
}


class Delivery(StrEnum):
    """By which way somebody wants a kind of notice, beside the list in the app, where all of them stand."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    APP = "app"


@dataclass(frozen=True, slots=True)
class Rule:
    """Whom a kind is for, and how it is delivered to who has chosen nothing."""

    audience: Audience
    delivery: Delivery


def _rule(audience: Audience, delivery: Delivery = Delivery.AT_ONCE) -> Rule:
    return Rule(audience, delivery)


K, A, D = NoticeKind, Audience, Delivery

RULES: Mapping[NoticeKind, Rule] = {
    K.ASSIGNED: _rule(A.UNIT),
    K.LIST_ARRIVED: _rule(A.UNIT),
    K.UNREACHED: _rule(A.OFFICE),
    K.DUE_SOON: _rule(A.UNIT, D.DAILY),
    K.OVERDUE: _rule(A.UNIT),
    K.PROTECTION_DUE: _rule(A.UNIT),
    K.PROTECTION_LATE: _rule(A.OFFICE_AND_UNIT),
    K.HAND_OVER_SOON: _rule(A.OFFICE, D.DAILY),
    K.HAND_OVER_LATE: _rule(A.OFFICE),
    K.RETURNED: _rule(A.DISPATCHERS),
    K.FAILED: _rule(A.UNIT),
    K.CONTINUED: _rule(A.UNIT),
    K.REVOKED: _rule(A.UNIT),
    K.RESUMED: _rule(A.UNIT),
    K.ASKED: _rule(A.OFFICE),
    K.ANSWERED: _rule(A.UNIT),
    K.REVIEW_DUE: _rule(A.OFFICE_AND_UNIT, D.DAILY),
    K.LOOK_BACK_DUE: _rule(A.INSPECTORS, D.DAILY),
    K.REMINDED: _rule(A.UNIT),
    K.SUPERVISED: _rule(A.UNIT),
    K.INSTRUCTED: _rule(A.UNIT),
    K.OBJECTED: _rule(A.OFFICE),
    K.STORY_TIED: _rule(A.UNIT, D.DAILY),
    K.ERRAND_ANSWERED: _rule(A.UNIT),
    K.OUTLET_ASSIGNED: _rule(A.OUTLETS),
    K.OUTLET_CLAIMED: _rule(A.OUTLETS),
    K.OUTLET_VERIFIED: _rule(A.OUTLETS),
    K.OUTLET_CLOSED: _rule(A.OUTLETS),
    K.OUTLET_CAME_BACK: _rule(A.OUTLETS),
}

NEWS: Mapping[EventType, tuple[NoticeKind, ...]] = {
    EventType.ASSIGNED: (K.ASSIGNED, K.OUTLET_ASSIGNED),
    EventType.REASSIGNED: (K.ASSIGNED,),
    EventType.SPLIT_FROM: (K.ASSIGNED,),  # where the unit of the first one has the new one too
    EventType.RETURNED: (K.RETURNED,),
    EventType.CLAIMED: (K.OUTLET_CLAIMED,),
    EventType.VERIFIED: (K.OUTLET_VERIFIED,),
    EventType.FAILED: (K.FAILED,),
    EventType.CONTINUED: (K.CONTINUED,),
    EventType.CLOSED: (K.OUTLET_CLOSED,),
    EventType.REVOKED: (K.REVOKED, K.OUTLET_CAME_BACK),
    EventType.RELAPSED: (K.OUTLET_CAME_BACK,),
    EventType.RESUMED: (K.RESUMED,),
    EventType.EXTENSION_ASKED: (K.ASKED,),
    EventType.DEFERRAL_ASKED: (K.ASKED,),
    EventType.EXTENDED: (K.ANSWERED,),
    EventType.DEFERRED: (K.ANSWERED,),
    EventType.ASK_REFUSED: (K.ANSWERED,),
    EventType.REMINDED: (K.REMINDED,),
    EventType.SUPERVISED: (K.SUPERVISED,),
    EventType.INSTRUCTED: (K.INSTRUCTED,),
    EventType.OBJECTED: (K.OBJECTED,),
    EventType.REPORTED: (K.STORY_TIED,),
    EventType.ERRAND_ANSWERED: (K.ERRAND_ANSWERED,),
}
"""What is told of what happens to a problem. Events that are not here call for no notice."""


def kinds_of(event_type: str, payload: Mapping[str, Any], case: Case) -> tuple[NoticeKind, ...]:
    """What is told of an event that has made a problem what ``case`` is; nothing of types that nobody here knows."""
    try:
        kinds = NEWS.get(EventType(event_type), ())
    except ValueError:
        return ()
    # A ticket or a list's row is no story; and before there is a unit, nobody waits for one.
    tied = payload.get("story_id") is not None and case.unit_id is not None
    return tuple(kind for kind in kinds if kind is not NoticeKind.STORY_TIED or tied)


def offered_to(roles: frozenset[Role]) -> tuple[NoticeKind, ...]:
    """The kinds that somebody with ``roles`` may get, in the order in which they are offered."""
    return tuple(kind for kind in NoticeKind if ROLES[RULES[kind].audience] & roles)
