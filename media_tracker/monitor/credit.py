"""Is one problem "resolved via media"? The rules of DESIGN §2 for a single case, pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.accounts.actor import Level
from media_tracker.errors import N_
from media_tracker.problems.case import Basis, Case, Channel, Claim, Outcome, Precision, Report, State


class Credit(StrEnum):
    """What media may claim for a problem. Only the first is counted as resolved via media."""

    VIA_MEDIA = "via_media"
    BEFORE_PRINT = "before_print"
    ALSO_REPORTED = "also_reported"
    TOGETHER = "together"
    HOUR_UNKNOWN = "hour_unknown"
    NOT_EXPOSED = "not_exposed"
    NOT_INDEPENDENT = "not_independent"
    CLAIMED_ONLY = "claimed_only"
    NOT_RESOLVED = "not_resolved"


SENTENCES: dict[Credit, str] = {
    Credit.VIA_MEDIA: N_("Counted: exposed before the fix, resolved, and verified by somebody independent."),
    Credit.BEFORE_PRINT: N_(
        "Counted on its own line: the outlet's inquiry was logged here before the fix, the story came later."
    ),
    Credit.ALSO_REPORTED: N_("Not counted: another channel had it before, and was neither overdue nor falsely closed."),
    Credit.TOGETHER: N_("Not counted: it was fixed before the first exposure; reported together."),
    Credit.HOUR_UNKNOWN: N_("Not counted: exposed and fixed on one day, and nothing shows which came first."),
    Credit.NOT_EXPOSED: N_("Not counted: no exposure by a medium stands."),
    Credit.NOT_INDEPENDENT: N_("Not counted: the check was not independent at this level."),
    Credit.CLAIMED_ONLY: N_("Not counted yet: claimed, not verified."),
    Credit.NOT_RESOLVED: N_("Not counted: not resolved."),
}

EARLIER_CHANNELS = frozenset({Channel.TICKET, Channel.PATROL, Channel.LIST, Channel.SNAPSHOT})


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, and the exposures that share it: those that came before the fix, or whose outlet had asked before it."""

    credit: Credit
    preceding: tuple[Report, ...] = ()

    @property
    def outlets(self) -> frozenset[ObjectId]:
        """Outlets that share the verdict."""
        return frozenset(report.outlet_id for report in self.preceding if report.outlet_id is not None)

    @property
    def partners(self) -> frozenset[ObjectId]:
        """Those of ``outlets`` that were partners when they exposed it: only theirs counts for a project."""
        return frozenset(r.outlet_id for r in self.preceding if r.outlet_id is not None and r.partner)


def judge(case: Case, level: Level, zone: ZoneInfo) -> Judgement:
    """What media may claim for ``case`` in an installation of ``level``, with local days in ``zone``."""
    if case.state is State.CLAIMED_FIXED:
        return Judgement(Credit.CLAIMED_ONLY)
    current = case.round
    if case.state not in (State.VERIFIED, State.CLOSED) or case.outcome is not Outcome.RESOLVED or current is None:
        return Judgement(Credit.NOT_RESOLVED)
    claim = current.claim
    if claim is None or not soundly_verified(case, level):
        return Judgement(Credit.NOT_INDEPENDENT)
    if not case.exposures:
        return Judgement(Credit.NOT_EXPOSED)
    preceding = tuple(report for report in case.exposures if _latest(report, zone) < _earliest_fix(claim, zone))
    if not preceding:
        return _without_lead(case, claim, zone)
    if all(_was_taken(case, _earliest(report, zone), zone) for report in preceding):
        return Judgement(Credit.ALSO_REPORTED, preceding)
    return Judgement(Credit.VIA_MEDIA, preceding)


def soundly_verified(case: Case, level: Level) -> bool:
    """True when the last round was checked by somebody independent whose check counts in an installation of ``level``.

    A district's own check (区级核验) stays out of a city's figures; a city's check is good everywhere.
    """
    check = case.round.verification if case.round else None
    if check is None or not check.passed or not check.independent:
        return False
    if check.basis is Basis.FOLLOW_UP and not _stands(case, check.story_id):
        return False
    return check.level is Level.CITY or level is Level.DISTRICT


def _stands(case: Case, story_id: ObjectId | None) -> bool:
    """True while the follow-up story that proves the fix has not been withdrawn."""
    return any(report.story_id == story_id and report.withdrawn_at is None for report in case.reports)


def _without_lead(case: Case, claim: Claim, zone: ZoneInfo) -> Judgement:
    """No exposure is known to precede the fix: why, and does an inquiry save it?"""
    asked = [
        report
        for report in case.reports
        if report.channel is Channel.INQUIRY
        and report.withdrawn_at is None
        and report.received_at < _earliest_fix(claim, zone)
    ]
    first: dict[ObjectId | None, datetime] = {}
    for report in sorted(asked, key=lambda report: report.received_at):
        first.setdefault(report.outlet_id, report.received_at)
    told = tuple(report for report in case.exposures if report.outlet_id in first)
    if told:
        taken = all(_was_taken(case, first[report.outlet_id], zone) for report in told)
        return Judgement(Credit.ALSO_REPORTED if taken else Credit.BEFORE_PRINT, told)
    may_precede = any(_earliest(report, zone) < _latest_fix(claim, zone) for report in case.exposures)
    return Judgement(Credit.HOUR_UNKNOWN if may_precede else Credit.TOGETHER)


def _was_taken(case: Case, moment: datetime, zone: ZoneInfo) -> bool:
    """True when another channel provably had the problem before ``moment``, and was dealing with it then."""
    if _lay_idle(case, moment):
        return False
    return any(_was_earlier(report, moment, zone) for report in case.reports)


def _lay_idle(case: Case, moment: datetime) -> bool:
    """True when the problem was known here before ``moment``, and by then overdue or falsely closed here.

    A patrol's or a list's finding has no clock but ours. A deadline that has moved since proves nothing: it may have been
    extended with good reason. A fix in part whose rest was asked for was never closed: somebody was dealing with it.
    """
    overdue = case.original_due_at is not None and case.original_due_at == case.due_at and case.due_at < moment
    checks = [each.verification for each in case.rounds[:-1] if each.verification is not None]
    if case.revoked_at is None:
        checks = [check for check in checks if check.outcome is not Outcome.PARTLY_RESOLVED]
    return overdue or any(check.passed and check.at < moment for check in checks)


def _was_earlier(report: Report, moment: datetime, zone: ZoneInfo) -> bool:
    """True when ``report`` proves that its channel had the problem before ``moment``, and was dealing with it.

    A stated date proves nothing; our receipt or an outside number does.
    """
    if report.channel not in EARLIER_CHANNELS or report.withdrawn_at is not None:
        return False
    received = report.received_at < moment
    numbered = bool(report.outside_number) and _latest(report, zone) < moment
    overdue = report.due_at is not None and report.due_at < moment
    falsely_closed = report.closed_elsewhere_at is not None and report.closed_elsewhere_at < moment
    return (received or numbered) and not overdue and not falsely_closed


def _day(moment: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """First and last moment of the local day of ``moment``."""
    midnight = datetime.combine(moment.astimezone(zone).date(), time(), zone)
    return midnight, midnight + timedelta(days=1) - datetime.resolution


def _earliest(report: Report, zone: ZoneInfo) -> datetime:
    return report.occurred_at if report.precision is Precision.MINUTE else _day(report.occurred_at, zone)[0]


def _latest(report: Report, zone: ZoneInfo) -> datetime:
    """When the report was out at the latest: what we had received was out."""
    if report.precision is Precision.MINUTE:
        return report.occurred_at
    return min(_day(report.occurred_at, zone)[1], report.received_at)


def _earliest_fix(claim: Claim, zone: ZoneInfo) -> datetime:
    return claim.fixed_at if claim.precision is Precision.MINUTE else _day(claim.fixed_at, zone)[0]


def _latest_fix(claim: Claim, zone: ZoneInfo) -> datetime:
    return claim.fixed_at if claim.precision is Precision.MINUTE else _day(claim.fixed_at, zone)[1]
