"""Two problems that are one: which may go into which, what each of them becomes, and how that is undone. Pure.

The one that goes becomes a duplicate: its reports move, with their ids, and its rounds stay readable under its number. The one
that stays keeps its state, unit, deadlines and rounds. So that nothing proven is lost, only what is as far along can stay:

=================================  ==================================================================
goes                               stays
=================================  ==================================================================
registered, assigned, returned     anything but a duplicate
in progress, claimed, rework,      in progress, claimed fixed, rework, deferred; verified, closed
deferred
verified, closed                   verified, closed
not accepted, nothing found,       nowhere
duplicate
=================================  ==================================================================
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput
from media_tracker.problems.case import Case, Channel, EventType, Report, State, TakenOver
from media_tracker.problems.closing import revocable, settled_at
from media_tracker.problems.independence import parties
from media_tracker.problems.lifecycle import Decided, Surroundings, danger_anew, given_anew
from media_tracker.problems.occasions import SAME_OCCASION_WITHIN
from media_tracker.problems.steps import Step

UNDO_WITHIN = timedelta(days=30)

FRESH = frozenset({State.REGISTERED, State.ASSIGNED, State.RETURNED})
UNDER_WAY = frozenset({State.IN_PROGRESS, State.CLAIMED_FIXED, State.REWORK, State.DEFERRED})
SETTLED = frozenset({State.VERIFIED, State.CLOSED})

STAYS: Mapping[State, frozenset[State]] = {
    **dict.fromkeys(FRESH, frozenset(State) - {State.DUPLICATE}),
    **dict.fromkeys(UNDER_WAY, UNDER_WAY | SETTLED),
    **dict.fromkeys(SETTLED, SETTLED),
}
"""For each state of the one that goes the states that the one that stays may have."""


@dataclass(frozen=True, slots=True)
class Regrouped:
    """What happens to the one that goes (or comes back), and to the one that stays."""

    goes: list[Decided]
    stays: list[Decided]


def step_of(case: Case) -> Step:
    """Which step of the table a merge of ``case`` into another is: who may take it depends on whether there was work."""
    return Step.MARK_DUPLICATE if case.state in FRESH else Step.MERGE


def merge(goes: Case, stays: Case, around: Surroundings) -> Regrouped:
    """What merging ``goes`` into ``stays`` does. Who may is for ``steps.TABLE``; ``around`` is of the one that stays.

    An exposure that came after the fix of the one that stays takes its closing back, as it would have by itself.

    Raises:
        InvalidInput: they are one already, or the one that is to stay has gone itself (field ``target``).
        Conflict: these two cannot be merged, or only the other way round; the sentence says why.
    """
    _check(goes, stays)
    moved = moved_reports(goes, stays)
    revokes = _revokes(moved, stays)
    stake = parties(goes, ())
    taken = {
        "problem": goes.id,
        "reports": [report.model_dump() for report in moved],
        "unit_ids": sorted(stake.units),
        "claimants": sorted(stake.claimants | stake.reviewers),
        "withheld": goes.withheld,
        "revokes": revokes,
    }
    events = [Decided(EventType.TOOK_OVER, taken)]
    if revokes:
        events.append(Decided(EventType.REVOKED, {**given_anew(stays, around), **danger_anew(around)}))
    return Regrouped([Decided(EventType.MERGED, {"problem": stays.id})], events)


def _check(goes: Case, stays: Case) -> None:
    if goes.id == stays.id:
        sentence = N_("A problem cannot be merged into itself. Give the number of the other one.")
        raise InvalidInput(sentence, {"target": sentence})
    if stays.state is State.DUPLICATE:
        raise InvalidInput(
            N_("That problem is a duplicate itself."), {"target": N_("Give the number of the one that stays.")}
        )
    if goes.state not in STAYS:
        raise Conflict(
            N_(
                "This cannot be done while the problem is “{state}”. Somebody may have been faster: look at its history."
            ),
            state=goes.state,
        )
    if stays.state not in STAYS[goes.state]:
        raise Conflict(N_("More has been done about this one than about the other: merge the other one into this one."))
    if stays.id in (goes.relapse_of, goes.relapsed_as):
        raise Conflict(N_("One of them is the relapse of the other: they are two problems, and linked already."))
    if goes.relapsed_as is not None:
        raise Conflict(N_("This one has come back as another problem since. Merge the other one into this one."))
    if goes.objections:
        raise Conflict(N_("Somebody has objected to this one and waits for an answer. Answer first, then merge."))


def moved_reports(goes: Case, stays: Case) -> list[Report]:
    """The reports that ``stays`` takes over, with the occasions that they get there.

    All of them but those of stories that it is tied to already, and copies that a split has made. What comes back to where
    it was split off gets the occasion that it had there.
    """
    tied = {report.story_id for report in stays.reports if report.story_id is not None}
    standing = {r.story_id for r in stays.reports if r.story_id is not None and r.withdrawn_at is None}
    exposing = {report.story_id for report in stays.exposures}
    there = {_without_story(report) for report in stays.reports if report.story_id is None}

    def is_there(report: Report) -> bool:
        if report.story_id is None:
            return _without_story(report) in there
        if report.withdrawn_at is not None:
            return report.story_id in tied
        # What exposed the one and only followed up the other has exposed the problem that both are.
        return report.story_id in (exposing if report.channel is Channel.EXPOSURE else standing)

    moved = [report for report in goes.reports if not is_there(report)]
    numbers = occasions_among(goes.reports, [*_at_home(goes, stays), *stays.reports])
    return [
        report.model_copy(update={"occasion": numbers[report.outlet_id, report.occasion]})
        if report.channel is Channel.EXPOSURE
        else report
        for report in moved
    ]


def _without_story(report: Report) -> tuple[object, ...]:
    """By what a report without a story is known to be a copy of another: nothing else comes in at the same millisecond."""
    return report.channel, report.outlet_id, report.outside_number, report.occurred_at, report.received_at


def _at_home(goes: Case, stays: Case) -> list[Report]:
    """The reports of ``goes`` that were split off from ``stays``, as they were, where their occasion is still free or theirs."""
    own: dict[Occasion, list[Report]] = defaultdict(list)
    for report in stays.reports:
        if report.channel is Channel.EXPOSURE:
            own[report.outlet_id, report.occasion].append(report)
    left = [report for each in stays.split_off if each.problem_id == goes.id for report in each.reports]
    return [
        report
        for report in left
        if not (there := own.get((report.outlet_id, report.occasion))) or _known_occasion([report], there) is not None
    ]


Occasion = tuple[ObjectId | None, int]
"""An outlet, and the number of one of its exposures."""


def occasions_among(coming: Iterable[Report], there: Iterable[Report]) -> dict[Occasion, int]:
    """For each occasion of ``coming`` the number that it has among the reports that are ``there``.

    One outlet, one occasion: what is of one story, one text or two days of each other is one exposure (``occasions``); what was
    one exposure stays one. Others get the next free numbers, in the order of their time.
    """
    own: dict[ObjectId | None, list[Report]] = defaultdict(list)
    for report in there:
        if report.channel is Channel.EXPOSURE:
            own[report.outlet_id].append(report)
    groups: dict[Occasion, list[Report]] = defaultdict(list)
    for report in sorted(coming, key=lambda each: (each.occurred_at, each.id)):
        if report.channel is Channel.EXPOSURE:
            groups[report.outlet_id, report.occasion].append(report)
    next_number = {outlet: max((r.occasion for r in reports), default=0) + 1 for outlet, reports in own.items()}
    numbers: dict[Occasion, int] = {}
    for (outlet, occasion), members in groups.items():
        known = _known_occasion(members, own[outlet])
        if known is None:
            known = next_number.get(outlet, 1)
            next_number[outlet] = known + 1
        numbers[outlet, occasion] = known
    return numbers


def _known_occasion(members: Sequence[Report], own: Sequence[Report]) -> int | None:
    stories = {report.story_id for report in members} - {None}
    clusters = {report.cluster for report in members} - {None}
    for report in own:
        near = any(abs(report.occurred_at - each.occurred_at) <= SAME_OCCASION_WITHIN for each in members)
        if near or report.story_id in stories or report.cluster in clusters:
            return report.occasion
    return None


def _revokes(moved: Sequence[Report], stays: Case) -> bool:
    """Whether one of ``moved`` tells that it is not fixed after all; ``Conflict`` where that is a relapse by now."""
    settled = settled_at(stays)
    if stays.state is State.NOTHING_FOUND and stays.verified_at is not None:
        settled = stays.verified_at
    home = {report.id for each in stays.split_off for report in each.reports}
    told = [r for r in moved if r.channel is Channel.EXPOSURE and r.withdrawn_at is None and r.id not in home]
    late = [] if settled is None else [report for report in told if report.occurred_at > settled]
    if late and stays.state is State.NOTHING_FOUND:
        raise Conflict(N_("Nothing was found there, and this was exposed afterwards: it is a problem of its own."))
    if any(not revocable(stays, report.occurred_at) for report in late):
        raise Conflict(
            N_(
                "The other one was closed more than 30 days before this was exposed: it is a relapse, a new, linked problem."
            )
        )
    return bool(late)


def may_undo(goes: Case, actor: Actor) -> Forbidden | None:
    """Why ``actor`` may not undo the merge of ``goes``; as with merging, the office alone where there was work."""
    fresh = goes.merged is not None and goes.merged.state in FRESH
    if actor.has(Role.PUBLICITY) or (fresh and actor.has(Role.EDITOR)):
        return None
    return Forbidden(N_("Your role does not allow this."))


def undo(goes: Case, stays: Case, now: datetime) -> Regrouped:
    """What undoing the merge of ``goes`` into ``stays`` does: both are what they were, and what came since stays where it came.

    A story that was withdrawn meanwhile comes back withdrawn. A closing that the merge took back stands again, unless
    ``stays`` was exposed by others after it, too.

    Raises:
        Conflict: it is too late, or something has happened that would be lost; the sentence says what.
    """
    record = _undoable(goes, stays, now)
    closes_again = record.closing is not None and not _exposed_again(stays, record)
    if record.closing is not None and closes_again and not _untouched(stays, record):
        raise Conflict(N_("Work on the problem that stays has gone on since the merge took its closing back."))
    reports = [report.model_dump() for report in _coming_back(goes, stays, record)]
    return Regrouped(
        [Decided(EventType.MERGE_UNDONE, {"problem": stays.id, "reports": reports})],
        [Decided(EventType.GAVE_BACK, {"problem": goes.id, "closes_again": closes_again})],
    )


def _undoable(goes: Case, stays: Case, now: datetime) -> TakenOver:
    """The record of the merge, where nothing stands in the way of undoing it."""
    if goes.merged is None or goes.merged.into != stays.id:
        raise Conflict(N_("This problem is not merged into another, or was before merges could be undone."))
    if now - goes.merged.at > UNDO_WITHIN:
        raise Conflict(N_("This was merged more than 30 days ago. Split the other problem instead."))
    if stays.state is State.DUPLICATE:
        raise Conflict(N_("The problem that stayed was merged into another one since. Undo that first."))
    record = stays.taken_over[-1]
    if record.problem_id != goes.id:
        raise Conflict(N_("Another problem was merged into the one that stays since. Undo that first."))
    taken = set(record.report_ids)
    if not taken.issubset(report.id for report in stays.reports):
        raise Conflict(N_("Reports of this one were split off with a third problem since. Merge that one back first."))
    proofs = {r.story_id for r in stays.reports if r.id in taken and r.story_id is not None}
    checks = [each.verification for each in stays.rounds if each.verification is not None]
    if any(check.story_id in proofs for check in checks):
        raise Conflict(N_("A check of the problem that stays rests on a story of this one: they cannot be parted."))
    return record


def _exposed_again(stays: Case, record: TakenOver) -> bool:
    """Whether exposures of its own would have taken the closing back anyway."""
    closing = record.closing
    assert closing is not None  # asked only of a closing that was taken back
    settled = closing.closed_at or closing.verified_at
    own = [exposure for exposure in stays.exposures if exposure.id not in record.report_ids]
    return settled is not None and any(exposure.occurred_at > settled for exposure in own)


def _untouched(stays: Case, record: TakenOver) -> bool:
    """Whether nothing was done about the problem since the merge took its closing back."""
    closing = record.closing
    assert closing is not None  # as above
    return stays.state is State.REWORK and stays.revoked_at == record.at and len(stays.rounds) == closing.rounds


def _coming_back(goes: Case, stays: Case, record: TakenOver) -> list[Report]:
    """The reports of the one that comes back, as they were, but for what was withdrawn meanwhile."""
    assert goes.merged is not None  # or there would be nothing to undo
    now = {report.id: report for report in stays.reports if report.id in record.report_ids}
    gone: dict[ObjectId | None, datetime | None]
    gone = {r.story_id: r.withdrawn_at for r in stays.reports if r.story_id is not None and r.withdrawn_at is not None}
    standing = {r.story_id for r in stays.reports if r.story_id is not None and r.withdrawn_at is None}
    found = []
    for report in goes.merged.reports:
        withdrawn_at = report.withdrawn_at
        if report.id in now:
            withdrawn_at = now[report.id].withdrawn_at
        elif withdrawn_at is None and report.story_id not in standing:
            withdrawn_at = gone.get(report.story_id)
        found.append(report.model_copy(update={"withdrawn_at": withdrawn_at}))
    return found
