"""The parts of a dossier that tell of the work: each round with its plan, its claim, its photos and its check; look-backs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from bson import ObjectId

from media_tracker.accounts.actor import Level
from media_tracker.db.events import Event
from media_tracker.errors import N_
from media_tracker.papers.casefile import Casefile
from media_tracker.papers.safe_text import one_line
from media_tracker.problems.case import Basis, Claim, EventType, Round, Verification
from media_tracker.web.i18n import NOTHING
from media_tracker.web.papers.looked import Looked
from media_tracker.web.papers.wording import PhotoView
from media_tracker.web.problems.words import FOUND_NAMES, OCCASION_NAMES, OUTCOME_NAMES

CHECKS = frozenset({EventType.VERIFIED, EventType.FAILED, EventType.NOTHING_FOUND})


@dataclass(frozen=True, slots=True)
class PairView:
    """A photo from before and one from after the fix, side by side; one of them may be missing."""

    before: PhotoView | None
    after: PhotoView | None


@dataclass(frozen=True, slots=True)
class ClaimView:
    """What the unit reported."""

    outcome: str
    fixed: str
    claimed: str
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class CheckView:
    """What somebody else found."""

    result: str
    at: str
    by: str
    level: str
    independent: str
    basis: str
    text: str
    photos: Sequence[PhotoView]


@dataclass(frozen=True, slots=True)
class RoundView:
    """One round of work."""

    number: int
    unit: str
    co_units: str
    started: str
    plan: str
    notes: Sequence[str]
    claim: ClaimView | None
    pairs: Sequence[PairView]
    documents: Sequence[str]
    check: CheckView | None


@dataclass(frozen=True, slots=True)
class LookBackView:
    """Somebody has gone back after the closing."""

    at: str
    by: str
    occasions: str
    found: str
    level: str
    independent: str
    text: str
    photos: Sequence[PhotoView]


def rounds(file: Casefile, looked: Looked) -> list[RoundView]:
    """Every round, the first one first."""
    told = _by_round(file.events)
    return [_round(each, told.get(each.number, []), file, looked) for each in file.problem.case.rounds]


def look_backs(file: Casefile, looked: Looked) -> list[LookBackView]:
    """Every look-back, the first one first."""
    wording = looked.wording
    events = [event for event in file.events if event.type == EventType.LOOKED_BACK]
    return [
        LookBackView(
            at=wording.moment(each.at),
            by=_who(event, each.by, looked),
            occasions=wording.listed(wording.say(OCCASION_NAMES[occasion]) for occasion in each.occasions),
            found=wording.say(FOUND_NAMES[each.found]),
            level=wording.say(level_name(each.level)),
            independent=wording.say(independence(each.independent)),
            text=file.words_of(event) if event is not None else "",
            photos=_photos(each.photos, N_("Photo from the look-back"), looked),
        )
        for each, event in zip_longest(file.problem.case.look_backs, events)
        if each is not None
    ]


def _by_round(events: Iterable[Event]) -> dict[int, list[Event]]:
    """What happened in each round, in order. Before the first one nothing of it has."""
    told: dict[int, list[Event]] = {}
    number = 0
    for event in events:
        number += event.type == EventType.STARTED
        told.setdefault(number, []).append(event)
    return told


def _round(each: Round, events: Sequence[Event], file: Casefile, looked: Looked) -> RoundView:
    wording = looked.wording
    started = _last(events, {EventType.STARTED})
    notes = [file.words_of(event) for event in events if event.type == EventType.EVIDENCE_ADDED]
    before = _photos(each.before, N_("Photo from before the fix"), looked)
    after = _photos(each.after, N_("Photo from after the fix"), looked)
    named = [looked.bundle.files[key].name for key in each.documents if key in looked.bundle.files]
    return RoundView(
        number=each.number,
        unit=wording.unit(each.unit_id),
        co_units=wording.listed(wording.names.units_of(each.co_unit_ids)),
        started=wording.moment(each.started_at),
        plan=file.words_of(started) if started is not None else "",
        notes=[note for note in notes if note],
        claim=_claim(each.claim, _last(events, {EventType.CLAIMED}), file, looked) if each.claim else None,
        pairs=[PairView(*pair) for pair in zip_longest(before, after)],
        documents=[one_line(name, 120) for name in named],
        check=_check(each.verification, _last(events, CHECKS), file, looked) if each.verification else None,
    )


def _claim(claim: Claim, event: Event | None, file: Casefile, looked: Looked) -> ClaimView:
    wording = looked.wording
    return ClaimView(
        outcome=wording.say(OUTCOME_NAMES[claim.outcome]),
        fixed=wording.moment_or_day(claim.fixed_at, claim.precision),
        claimed=wording.moment(claim.claimed_at),
        by=_who(event, claim.by, looked),
        text=file.words_of(event) if event is not None else "",
    )


def _check(check: Verification, event: Event | None, file: Casefile, looked: Looked) -> CheckView:
    wording = looked.wording
    passed = wording.say(OUTCOME_NAMES[check.outcome]) if check.outcome is not None else NOTHING
    basis = wording.say(N_("On site"))
    if check.basis is Basis.FOLLOW_UP:
        story = looked.bundle.stories.get(check.story_id) if check.story_id is not None else None
        basis = wording.say(N_("A reporter was on site, as an inspector confirms: {title}"), title=wording.story(story))
    return CheckView(
        result=passed if check.passed else wording.say(N_("Not fixed: back to the unit")),
        at=wording.moment(check.at),
        by=_who(event, check.by, looked),
        level=wording.say(level_name(check.level)),
        independent=wording.say(independence(check.independent)),
        basis=basis,
        text=file.words_of(event) if event is not None else "",
        photos=_photos(check.photos, N_("Photo from the check"), looked),
    )


def level_name(level: Level) -> str:
    """Whose check it was."""
    return N_("District check (stays out of the city's figures)") if level is Level.DISTRICT else N_("City check")


def independence(independent: bool) -> str:
    """Whether the rules call who checked independent."""
    if independent:
        return N_("Independent: of the unit in charge and those beside, above and below it, and of who backs the place")
    return N_("Not independent")


def _last(events: Sequence[Event], kinds: Iterable[EventType]) -> Event | None:
    wanted = set(kinds)
    return next((event for event in reversed(events) if event.type in wanted), None)


def _who(event: Event | None, by: ObjectId | None, looked: Looked) -> str:
    unit = event.acting_unit if event is not None else None
    return looked.wording.person(by, looked.bundle.people, unit)


def _photos(ids: Iterable[ObjectId], caption: str, looked: Looked) -> list[PhotoView]:
    wording, files = looked.wording, looked.bundle.files
    facts = [files[key] for key in ids if key in files and files[key].photo]
    return [wording.photo(fact, wording.say(caption), looked.pictures) for fact in facts]
