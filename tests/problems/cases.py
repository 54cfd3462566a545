"""A little language to tell the life of a problem in a test, one happening a line.

::

    case = (
        Tale()
        .exposed("evening news", "03-01 08:00")
        .assigned("sanitation", "03-01 10:00", due="03-08 18:00")
        .claimed("03-03 09:00", fixed="03-02 15:00")
        .verified("03-04 11:00")
        .case
    )

Times are local (Asia/Shanghai) times of 2022; names of outlets, units and people become ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.accounts.actor import Level
from media_tracker.problems.afterwards.facts import Found, Occasion
from media_tracker.problems.case import Basis, Case, Channel, EventType, Outcome, Precision, Severity, State
from media_tracker.problems.folding import fold
from media_tracker.problems.lifecycle import Decided

SHANGHAI = ZoneInfo("Asia/Shanghai")
UNIT = "sanitation"
DUE = "03-10 18:00"


def oid(name: str) -> ObjectId:
    """The id that goes by this name: always the same."""
    return ObjectId(hashlib.sha256(name.encode()).digest()[:12])


def at(moment: str | datetime) -> datetime:
    """``03-01 08:00``, ``03-01`` (midnight) or ``2023-03-01 08:00`` on the clocks of Shanghai."""
    if isinstance(moment, datetime):
        return moment
    day, _, hour = moment.partition(" ")
    year_and_day = day if len(day) == 10 else f"2022-{day}"
    return datetime.fromisoformat(f"{year_and_day}T{hour or '00:00'}").replace(tzinfo=SHANGHAI).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a tale."""

    type: str
    entity_id: ObjectId
    seq: int
    occurred_at: datetime
    recorded_at: datetime
    payload: Mapping[str, Any]


class Tale:
    """The life of one problem, told event by event."""

    def __init__(
        self,
        name: str = "the problem",
        registered: str = "02-01 08:00",
        *,
        category: str = "A01",
        region: str | None = "370303001",
        relapse_of: str | None = None,
    ) -> None:
        self.id = oid(name)
        self.name = name
        self.events: list[Happened] = []
        self._happened(
            EventType.REGISTERED,
            registered,
            category=category,
            region=region,
            severity=Severity.NORMAL,
            long_standing=False,
            relapse_of=oid(relapse_of) if relapse_of else None,
        )

    @property
    def case(self) -> Case:
        """The case that the tale amounts to."""
        case = fold(self.events)
        assert case is not None
        return case

    def as_of(self, moment: str | datetime) -> Case:
        """The case as it was known at ``moment``."""
        case = fold(event for event in self.events if event.recorded_at <= at(moment))
        assert case is not None, "the tale had not begun"
        return case

    def follow(self, decided: list[Decided], moment: datetime) -> Self:
        """Take over what the lifecycle decided."""
        for each in decided:
            self._happened(each.type, moment, **each.payload)
        return self

    def happened(self, kind: EventType, moment: str | datetime, /, **payload: Any) -> Self:
        """Any event, with the payload that it is given."""
        return self._happened(kind, moment, **payload)

    # Reports

    def exposed(self, outlet: str, moment: str | datetime, *, copy: str = "", **report: Any) -> Self:
        """``outlet`` exposes the problem. ``copy`` names the platform where there are several; ``occasion`` counts."""
        return self.reported(
            Channel.EXPOSURE, moment, outlet=outlet, story=f"{self.name} {outlet} {moment} {copy}", **report
        )

    def followed_up(self, outlet: str, moment: str | datetime, *, story: str = "a follow-up", **report: Any) -> Self:
        """``outlet`` tells what has become of it."""
        return self.reported(Channel.FOLLOW_UP, moment, outlet=outlet, story=story, **report)

    def asked(self, outlet: str, moment: str | datetime, **report: Any) -> Self:
        """``outlet`` asks before it prints (采访核实)."""
        return self.reported(Channel.INQUIRY, moment, outlet=outlet, **report)

    def reported(
        self,
        channel: Channel,
        moment: str | datetime,
        *,
        outlet: str | None = None,
        story: str | None = None,
        received: str | datetime | None = None,
        precision: Precision = Precision.MINUTE,
        partner: bool = True,
        occasion: int = 1,
        number: str | None = None,
        due: str | datetime | None = None,
        closed_elsewhere: str | datetime | None = None,
    ) -> Self:
        """A report by any channel; received here when it was made, unless told otherwise."""
        seen = at(received) if received is not None else at(moment)
        return self._happened(
            EventType.REPORTED,
            seen,
            id=oid(f"{self.name} report {len(self.events)}"),
            channel=channel,
            occurred_at=at(moment),
            precision=precision,
            received_at=seen,
            story_id=oid(story) if story else None,
            outlet_id=oid(outlet) if outlet else None,
            partner=partner,
            occasion=occasion,
            outside_number=number,
            due_at=at(due) if due else None,
            closed_elsewhere_at=at(closed_elsewhere) if closed_elsewhere else None,
        )

    def withdrawn(self, moment: str | datetime, *, outlet: str | None = None) -> Self:
        """The stories of ``outlet`` (of everybody, without one) are withdrawn."""
        for report in self.case.reports:
            if report.story_id is not None and (outlet is None or report.outlet_id == oid(outlet)):
                self._happened(EventType.REPORT_WITHDRAWN, moment, report_id=report.id)
        return self

    def withdraw_last(self, moment: str | datetime) -> Self:
        """The story that was told last is withdrawn."""
        return self._happened(EventType.REPORT_WITHDRAWN, moment, report_id=self.case.reports[-1].id)

    # Work

    def assigned(
        self, unit: str, moment: str | datetime, *, due: str | datetime = DUE, co: tuple[str, ...] = ()
    ) -> Self:
        """The problem is given to ``unit`` (主办), with ``co`` beside it (协办)."""
        return self._happened(
            EventType.ASSIGNED, moment, unit_id=oid(unit), co_unit_ids=[oid(each) for each in co], due_at=at(due)
        )

    def acknowledged(self, moment: str | datetime) -> Self:
        return self._happened(EventType.ACKNOWLEDGED, moment)

    def returned(self, moment: str | datetime) -> Self:
        return self._happened(EventType.RETURNED, moment)

    def started(self, moment: str | datetime) -> Self:
        return self._happened(EventType.STARTED, moment)

    def claimed(
        self,
        moment: str | datetime,
        *,
        fixed: str | datetime | None = None,
        outcome: Outcome = Outcome.RESOLVED,
        precision: Precision = Precision.MINUTE,
        by: str = "the official",
        reviewed: str | None = None,
    ) -> Self:
        """The unit says that it is done; a round is begun where none is under way."""
        if self.case.state is not State.IN_PROGRESS:
            self.started(moment)
        return self._happened(
            EventType.CLAIMED,
            moment,
            outcome=outcome,
            fixed_at=at(fixed if fixed is not None else moment),
            precision=precision,
            by=oid(by),
            reviewed_by=oid(reviewed) if reviewed else None,
            unit_id=self.case.unit_id,
            before=[],
            after=[oid("a photo")],
        )

    def verified(
        self, moment: str | datetime, *, outcome: Outcome = Outcome.RESOLVED, level: Level = Level.CITY, **check: Any
    ) -> Self:
        return self._happened(EventType.VERIFIED, moment, outcome=outcome, **_check(level, check))

    def failed(self, moment: str | datetime, *, due: str | datetime = DUE, level: Level = Level.CITY) -> Self:
        return self._happened(EventType.FAILED, moment, due_at=at(due), **_check(level, {}))

    def nothing_found(self, moment: str | datetime, *, level: Level = Level.CITY) -> Self:
        return self._happened(EventType.NOTHING_FOUND, moment, outcome=Outcome.NOTHING_FOUND, **_check(level, {}))

    def closed(self, moment: str | datetime, **drawn: bool) -> Self:
        return self._happened(EventType.CLOSED, moment, **drawn)

    def continued(self, moment: str | datetime, *, due: str | datetime = DUE) -> Self:
        """The rest of what was fixed in part is asked for."""
        return self._happened(EventType.CONTINUED, moment, due_at=at(due))

    def looked_back(
        self, moment: str | datetime, *, found: Found = Found.HOLDS, occasions: tuple[Occasion, ...] = ()
    ) -> Self:
        """Somebody independent goes back after the closing."""
        who = {"by": oid("the inspector"), "level": Level.CITY, "independent": True}
        photos = [oid("a photo of the look-back")]
        return self._happened(
            EventType.LOOKED_BACK, moment, **who, found=found, occasions=list(occasions), photos=photos
        )

    def deferred(self, moment: str | datetime, *, review: str | datetime = "06-01") -> Self:
        return self._happened(EventType.DEFERRED, moment, review_at=at(review))

    def resumed(self, moment: str | datetime, *, due: str | datetime) -> Self:
        return self._happened(EventType.RESUMED, moment, due_at=at(due))

    def extended(self, moment: str | datetime, *, due: str | datetime) -> Self:
        return self._happened(EventType.EXTENDED, moment, due_at=at(due))

    def refused(self, moment: str | datetime) -> Self:
        return self._happened(EventType.NOT_ACCEPTED, moment)

    def duplicate_of(self, name: str, moment: str | datetime) -> Self:
        return self._happened(EventType.DUPLICATE, moment, duplicate_of=oid(name))

    def revoked(self, moment: str | datetime, *, due: str | datetime = "05-01") -> Self:
        return self._happened(EventType.REVOKED, moment, due_at=at(due))

    def relapsed(self, moment: str | datetime, *, as_problem: str = "the relapse") -> Self:
        return self._happened(EventType.RELAPSED, moment, relapsed_as=oid(as_problem))

    def withheld(self, moment: str | datetime) -> Self:
        return self._happened(EventType.WITHHELD, moment)

    def _happened(self, kind: EventType, moment: str | datetime, /, **payload: Any) -> Self:
        when = at(moment)
        self.events.append(Happened(kind.value, self.id, len(self.events) + 1, when, when, payload))
        return self


def _check(level: Level, check: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "by": oid("the inspector"),
        "level": level,
        "independent": True,
        "basis": Basis.ON_SITE,
        "story_id": None,
        "photos": [],
        **check,
    }


def fixed_problem(name: str = "the problem", *, exposed: str = "03-01 08:00", level: Level = Level.CITY) -> Tale:
    """The ordinary case: exposed by a partner, assigned, fixed on 2 March, verified on 4 March, closed on 5 March."""
    return (
        Tale(name)
        .exposed("evening news", exposed)
        .assigned(UNIT, "03-01 10:00")
        .claimed("03-03 09:00", fixed="03-02 15:00")
        .verified("03-04 11:00", level=level)
        .closed("03-05 09:00")
    )
