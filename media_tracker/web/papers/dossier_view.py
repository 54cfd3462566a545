"""A dossier as it stands on paper: cover, then each problem from its exposure to the last look-back, with ids and digests.

Display-ready texts, the same for the page and the Word document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from litestar import Request

from media_tracker.db.events import Event
from media_tracker.errors import N_
from media_tracker.monitor.credit import SENTENCES, Credit, judge
from media_tracker.papers.casefile import Bundle, Casefile, files_in
from media_tracker.papers.chain import Link
from media_tracker.papers.order_rules import GIVEN, order_number
from media_tracker.papers.safe_text import one_line
from media_tracker.papers.word import Picture
from media_tracker.problems.case import Channel
from media_tracker.web.i18n import NOTHING, current_locale
from media_tracker.web.naming import names_of
from media_tracker.web.papers.dossier_reports import FollowUpView, ReportView, follow_ups, reports
from media_tracker.web.papers.dossier_rounds import LookBackView, RoundView, look_backs, rounds
from media_tracker.web.papers.looked import Looked
from media_tracker.web.papers.wording import Wording
from media_tracker.web.problems.case.history import Teller
from media_tracker.web.problems.words import STATE_NAMES
from media_tracker.web.visitor import actor, services, visitor

COUNTED = frozenset({Credit.VIA_MEDIA, Credit.BEFORE_PRINT})

RECIPE = N_(
    "How to check it: a record is one event as JSON, keys in order, no spaces, ASCII. Its digest is SHA-256 of the digest before"
    " it (for the first record 64 zeros), a line feed and the record. The last digest stands for the whole history. The digest of"
    " a file is SHA-256 of its bytes as the system gives them out."
)


@dataclass(frozen=True, slots=True)
class DispatchView:
    """Once that the problem was given to a unit. ``order``: the number of its order; empty while nobody has asked for one."""

    at: str
    what: str
    by: str
    unit: str
    co_units: str
    deadline: str
    order: str
    text: str


@dataclass(frozen=True, slots=True)
class EventView:
    """One event of the history."""

    seq: int
    title: str
    occurred: str
    recorded: str
    who: str
    text: str
    id: str
    record: str
    digest: str


@dataclass(frozen=True, slots=True)
class FileView:
    """A photo or document and its digest."""

    id: str
    what: str
    size: str
    sha256: str
    sha256_sent: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """One problem."""

    index: int
    number: str
    title: str
    place: str
    region: str
    category: str
    severity: str
    state: str
    unit: str
    co_units: str
    registered: str
    deadline: str
    original_deadline: str
    verified: str
    closed: str
    verdict: str
    counted: bool
    remarks: Sequence[str]
    reports: Sequence[ReportView]
    dispatches: Sequence[DispatchView]
    rounds: Sequence[RoundView]
    look_backs: Sequence[LookBackView]
    follow_ups: Sequence[FollowUpView]
    events: Sequence[EventView]
    files: Sequence[FileView]
    head: str
    """The last digest."""


@dataclass(frozen=True, slots=True)
class DossierView:
    """``templates/papers/dossier.html``, and ``dossier`` in the Word template. ``case`` is the first of ``cases``."""

    office: str
    made_at: str
    made_by: str
    several: bool
    count: int
    counted: int
    recipe: str
    case: CaseView
    cases: Sequence[CaseView]


async def dossier_view(
    request: Request[Any, Any, Any], bundle: Bundle, pictures: Mapping[ObjectId, Picture]
) -> DossierView:
    """``bundle`` in words. ``pictures``: the photos of a Word document; none for a page."""
    room = services(request)
    looked = Looked(bundle, Wording(await names_of(request)), pictures)
    level, zone = room.monitor.level, room.monitor.zone
    verdicts = [judge(each.problem.case, level, zone).credit for each in bundle.cases]
    cases = [
        _case(index, each, credit, looked)
        for index, (each, credit) in enumerate(zip(bundle.cases, verdicts, strict=True), start=1)
    ]
    user = visitor(request).user
    who = user.display_name if user is not None else str(actor(request).user_id)
    return DossierView(
        office=room.settings.office_name,
        made_at=looked.wording.moment(room.clock()),
        made_by=who,
        several=len(cases) > 1,
        count=len(cases),
        counted=sum(credit in COUNTED for credit in verdicts),
        recipe=looked.wording.say(RECIPE),
        case=cases[0],
        cases=cases,
    )


def _case(index: int, file: Casefile, credit: Credit, looked: Looked) -> CaseView:
    problem, case, wording = file.problem, file.problem.case, looked.wording
    names = wording.names
    moved = case.original_due_at is not None and case.original_due_at != case.due_at
    return CaseView(
        index=index,
        number=problem.number,
        title=one_line(problem.title, 300),
        place=one_line(problem.place, 300),
        region=names.region(case.region) or NOTHING,
        category=names.category_with_class(case.category),
        severity=wording.severity(case.severity.value),
        state=wording.say(STATE_NAMES[case.state]),
        unit=wording.unit(case.unit_id),
        co_units=wording.listed(names.units_of(case.co_unit_ids)),
        registered=wording.moment(case.registered_at),
        deadline=wording.deadline(case.due_at),
        original_deadline=wording.deadline(case.original_due_at) if moved else "",
        verified=wording.moment(case.verified_at),
        closed=wording.moment(case.closed_at),
        verdict=wording.say(SENTENCES[credit]),
        counted=credit in COUNTED,
        remarks=_remarks(file, looked),
        reports=reports(file, looked),
        dispatches=_dispatches(file, looked),
        rounds=rounds(file, looked),
        look_backs=look_backs(file, looked),
        follow_ups=follow_ups(file, looked),
        events=_events(file, looked),
        files=_files(file, looked),
        head=file.links[-1].digest if file.links else "",
    )


def _remarks(file: Casefile, looked: Looked) -> list[str]:
    """What stands between this problem and others, or the public."""
    case, say = file.problem.case, looked.wording.say
    numbers = looked.bundle.numbers
    tied = (
        (case.duplicate_of, N_("A duplicate of {number}.")),
        (case.relapse_of, N_("A relapse of {number}.")),
        (case.relapsed_as, N_("It came back after closing, as {number}.")),
    )
    found = [say(sentence, number=numbers.get(other, NOTHING)) for other, sentence in tied if other is not None]
    if case.withheld:
        found.append(say(N_("Withheld from the public.")))
    if case.objections:
        found.append(say(N_("An objection to it is not answered yet.")))
    if case.supervised:
        found.append(say(N_("Under supervision by the office.")))
    return found


def _dispatches(file: Casefile, looked: Looked) -> list[DispatchView]:
    """Everything that moved it between the office and units, and its deadlines."""
    wording, names = looked.wording, looked.wording.names
    titles = {event.seq: title for event, title in zip(file.events, _titles(file, looked), strict=True)}
    orders = {
        line.seq: order_number(order.year, order.serial, current_locale())
        for order in file.orders
        for line in order.lines
        if line.problem_id == file.problem.case.id
    }
    return [
        DispatchView(
            at=wording.moment(event.occurred_at),
            what=titles[event.seq],
            by=_who(event, looked),
            unit=wording.unit(event.payload.get("unit_id")) if event.type in GIVEN else "",
            co_units=wording.listed(names.units_of(event.payload.get("co_unit_ids") or ()))
            if event.type in GIVEN
            else "",
            deadline=wording.deadline(event.payload.get("due_at")) if event.payload.get("due_at") else "",
            order=orders.get(event.seq, ""),
            text=file.words_of(event),
        )
        for event in file.events
        if event.type in DISPATCHING
    ]


DISPATCHING = frozenset(
    {
        *GIVEN,
        *(
            "acknowledged",
            "returned",
            "extension_asked",
            "extended",
            "ask_refused",
            "deferral_asked",
            "deferred",
            "resumed",
        ),
        *("reminded", "supervised", "supervision_ended", "instructed", "protected", "not_accepted"),
    }
)
"""Events of the section on dispatch; those of work and checks have sections of their own."""


def _events(file: Casefile, looked: Looked) -> list[EventView]:
    wording = looked.wording
    return [
        _event(event, link, title, file.words_of(event), wording, looked)
        for event, link, title in zip(file.events, file.links, _titles(file, looked), strict=True)
    ]


def _event(event: Event, link: Link, title: str, text: str, wording: Wording, looked: Looked) -> EventView:
    return EventView(
        seq=event.seq,
        title=title,
        occurred=wording.moment(event.occurred_at),
        recorded=_to_the_second(event.recorded_at, wording),
        who=_who(event, looked),
        text=text,
        id=str(event.id),
        record=link.record,
        digest=link.digest,
    )


def _titles(file: Casefile, looked: Looked) -> list[str]:
    """Each event in a sentence, as the page of the problem has it."""
    names = looked.wording.names
    people = {key: person.name for key, person in looked.bundle.people.items()}
    pages = names.pages
    teller = Teller(pages.catalogue, pages.formats, names, people, looked.bundle.numbers, callers=False)
    return [item.title for item in teller.tell(file.problem, file.events)]


def _who(event: Event, looked: Looked) -> str:
    return looked.wording.person(event.actor, looked.bundle.people, event.acting_unit)


def _to_the_second(moment: datetime, wording: Wording) -> str:
    zone = wording.names.pages.formats
    return f"{zone.datetime_text(moment)}:{moment:%S}"


def _files(file: Casefile, looked: Looked) -> list[FileView]:
    """Every file of the problem's events and of the stories that exposed it, in the order in which they came."""
    say, number = looked.wording.say, looked.wording.names.pages.formats.number
    wanted: list[FileView] = []
    for key in _file_ids(file, looked):
        fact = looked.bundle.files.get(key)
        if fact is None:
            continue
        what = say(N_("Photo")) if fact.photo else one_line(fact.name, 80)
        if fact.blacked_out:
            what = say(N_("Photo, parts blacked out"))
        size = say(N_("{kilobytes} KB"), kilobytes=number(max(1, round(fact.size / 1024))))
        sent = fact.sha256_sent if fact.sha256_sent != fact.sha256 else ""
        wanted.append(FileView(str(key), what, size, fact.sha256, sent))
    return wanted


def _file_ids(file: Casefile, looked: Looked) -> list[ObjectId]:
    shown = [
        photo
        for report in file.problem.case.reports
        if report.channel is Channel.EXPOSURE
        and report.story_id is not None
        and report.withdrawn_at is None
        and (story := looked.bundle.stories.get(report.story_id)) is not None
        and story.withdrawn_at is None
        for photo in story.attachments
    ]
    return list(dict.fromkeys([*shown, *files_in(file.events)]))
