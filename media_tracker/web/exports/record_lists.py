"""Records as files: problems, stories, good deeds, outlets, look-backs, the audit trail. Filters as the pages have them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditEvent
from media_tracker.deeds.documents import GoodDeed
from media_tracker.deeds.reading import is_staff, stands
from media_tracker.errors import N_
from media_tracker.ingest.documents import DeskState, Kind, Story
from media_tracker.ingest.stories import StoryFilter
from media_tracker.monitor.exports import Deadline, Value
from media_tracker.outlets.documents import OutletKind
from media_tracker.problems.afterwards.work import LookBackFilter, Show
from media_tracker.problems.documents import Problem
from media_tracker.problems.finding.listing import ProblemFilter, count, read_page
from media_tracker.problems.stakes import Dependent, dependent
from media_tracker.web.admin.view import audit_rows_with
from media_tracker.web.exports.opened import CHUNK, Asking, Opened, Rows, heading
from media_tracker.web.naming import CHANNEL_NAMES, say_severity
from media_tracker.web.outlets.view import KIND_NAMES as OUTLET_KINDS
from media_tracker.web.problems.finding.asked import Reader, filter_of, read_asked
from media_tracker.web.problems.words import OUTCOME_NAMES, STATE_NAMES
from media_tracker.web.region_input import resolve_region
from media_tracker.web.stories.view import KINDS, MASKED, story_row

Choice = TypeVar("Choice", bound=StrEnum)
Record = TypeVar("Record")
LONGEST_WORDS = 300
NAMES_FILE = "%Y%m%d"
"""Lists of records are named for the day on which they were written."""


async def open_problems(asking: Asking) -> Opened:
    """Problems, with the filters of their list."""
    asked = read_asked(asking.pairs)
    area = await resolve_region(asking.room.places, asked.region) if asked.region else None
    reader = await _reader(asking, stakes=asked.mine_to_check)
    wanted, problems = filter_of(asked, area, reader), asking.room.database[Problem.Settings.name]

    async def rows() -> Rows:
        async for some in _problem_pages(asking, wanted, asked.order):
            yield [_problem_row(each, asking) for each in some]

    total = await count(problems, wanted)
    labels = (
        *(N_("Number"), N_("Problem"), N_("Place"), N_("Region"), N_("Category"), N_("Severity"), N_("Source")),
        *(N_("State"), N_("Outcome"), N_("Unit in charge"), N_("Outlet"), N_("Registered"), N_("First exposed")),
        *(N_("Deadline"), N_("Original deadline"), N_("Verified on"), N_("Closed on")),
    )
    return Opened(
        heading(asking, N_("Problems"), labels, _about(asking, total)), rows(), total, _name("problems", asking)
    )


async def _problem_pages(asking: Asking, wanted: ProblemFilter, order: Any) -> AsyncIterator[Sequence[Problem]]:
    after: str | None = None
    while True:
        found = await read_page(asking.room.database[Problem.Settings.name], wanted, after, None, CHUNK, order)
        yield found.problems
        if found.older is None:
            return
        after = found.older


def _problem_row(problem: Problem, asking: Asking) -> list[Value]:
    case, names = problem.case, asking.names
    source = case.reports[0].channel if case.reports else None
    return [
        problem.number,
        problem.title,
        problem.place,
        names.region(case.region),
        names.category(case.category),
        say_severity(names.pages.catalogue, case.severity),
        asking.say(CHANNEL_NAMES[source]) if source else "",
        asking.say(STATE_NAMES[case.state]),
        asking.say(OUTCOME_NAMES[case.outcome]) if case.outcome else "",
        names.unit(case.unit_id),
        names.joined({each.outlet_id for each in case.exposures if each.outlet_id is not None}),
        case.registered_at,
        problem.first_exposed_at,
        Deadline(case.due_at) if case.due_at else None,
        Deadline(case.original_due_at) if case.original_due_at else None,
        case.verified_at,
        case.closed_at,
    ]


async def open_stories(asking: Asking) -> Opened:
    """Stories, with the filters of their list."""
    values, who = asking.values, asking.actor
    words, narrowed = (
        values.get("q", "").strip()[:LONGEST_WORDS],
        any(map(values.get, ("q", "kind", "desk", "district"))),
    )
    gone = {"yes": True, "no": False}.get(values.get("withdrawn", ""))
    if narrowed and not who.has(Role.EDITOR, Role.PUBLICITY):
        gone = False  # what is masked must not be found by what it said, nor by what was said of it
    wanted = StoryFilter(
        desk=_choice(DeskState, values.get("desk")),
        outlet_id=_id(values.get("outlet")),
        kind=_choice(Kind, values.get("kind")),
        district=district if (district := values.get("district")) in asking.names.regions else None,
        words=words,
        withdrawn=gone,
        viewer=who,
    )

    async def rows() -> Rows:
        after: str | None = None
        while True:
            found = await asking.room.stories.page(wanted, after, CHUNK)
            yield [_story_row(each, asking) for each in found.stories]
            if found.next is None:
                return
            after = found.next

    total = None if words else await asking.room.stories.count(wanted)
    labels = (
        *(N_("Published"), N_("Story"), N_("Outlet"), N_("Column"), N_("Kind"), N_("District")),
        *(N_("Decided"), N_("Address")),
    )
    return Opened(
        heading(asking, N_("Stories"), labels, _about(asking, total)), rows(), total, _name("stories", asking)
    )


def _story_row(story: Story, asking: Asking) -> list[Value]:
    row = story_row(story, asking.names, asking.actor)
    yes = asking.say(N_("yes")) if row.decided else ""
    kind = asking.say(KINDS[Kind(row.kind)]) if row.kind else ""
    return [
        row.published_at,
        row.title,
        row.outlet,
        row.column,
        kind,
        row.district,
        yes,
        "" if row.masked else story.url,
    ]


async def open_deeds(asking: Asking) -> Opened:
    """Good deeds, newest first. Names stand there only where they may be shown."""
    deeds, names = asking.room.database[GoodDeed.Settings.name], asking.names
    cursor = deeds.find().sort([("first_published_at", -1), ("_id", -1)]).batch_size(CHUNK)

    def row(stored: dict[str, Any]) -> list[Value]:
        deed = GoodDeed.model_validate(stored)
        outlets = {each.outlet_id for each in deed.stories if each.withdrawn_at is None}
        if not stands(deed) and not is_staff(asking.actor):
            masked = (asking.say(MASKED), "", "", "", names.region(deed.region))
            return [deed.first_published_at, *masked, names.joined(outlets), len(deed.stories)]
        told = (names.deed_title(deed), names.deed_told(deed), deed.shown_person, deed.place, names.region(deed.region))
        return [deed.first_published_at, *told, names.joined(outlets), len(deed.stories)]

    total = await deeds.estimated_document_count()
    labels = (
        *(N_("First published"), N_("Good deed"), N_("What was done"), N_("Person"), N_("Place"), N_("Region")),
        *(N_("Outlet"), N_("Stories")),
    )
    rows = _in_chunks(cursor, row)
    return Opened(heading(asking, N_("Good deeds"), labels, _about(asking, total)), rows, total, _name("deeds", asking))


async def open_outlets(asking: Asking) -> Opened:
    """Outlets with their feeds."""
    outlets = await asking.room.outlets.all()
    feeds: dict[ObjectId, int] = {}
    for feed in await asking.room.outlets.feeds():
        feeds[feed.outlet_id] = feeds.get(feed.outlet_id, 0) + 1
    yes, no = asking.say(N_("yes")), asking.say(N_("no"))
    found: list[list[Value]] = [
        [
            each.name,
            asking.say(OUTLET_KINDS[OutletKind(each.kind)]),
            yes if each.partner else no,
            each.homepage,
            feeds.get(ObjectId(each.id), 0),
            yes if each.active else no,
        ]
        for each in outlets
    ]
    labels = (N_("Outlet"), N_("Kind"), N_("Partner"), N_("Address"), N_("Feeds"), N_("Active"))
    title, total = N_("Outlets"), len(found)
    return Opened(heading(asking, title, labels, _about(asking, total)), _once(found), total, _name("outlets", asking))


async def open_look_backs(asking: Asking) -> Opened:
    """One of the lists of look-backs."""
    values, who = asking.values, asking.actor
    show = _choice(Show, values.get("show")) or Show.DUE
    district = known if (known := values.get("district")) in asking.names.regions else None
    wanted = LookBackFilter(show, asking.room.clock(), district, who.units | who.answers_for)

    async def rows() -> Rows:
        after: str | None = None
        while True:
            found = await asking.room.look_backs.page(wanted, after, CHUNK)
            yield [_look_back_row(each, asking) for each in found.problems]
            if found.next is None:
                return
            after = found.next

    total = await asking.room.look_backs.count(wanted)
    labels = (
        *(N_("Number"), N_("Problem"), N_("Place"), N_("Unit in charge"), N_("Closed on")),
        *(N_("Due on"), N_("Looked back on"), N_("Came back")),
    )
    return Opened(
        heading(asking, N_("Look-backs"), labels, _about(asking, total)), rows(), total, _name("look-backs", asking)
    )


def _look_back_row(problem: Problem, asking: Asking) -> list[Value]:
    case = problem.case
    last = case.look_backs[-1] if case.look_backs else None
    back = asking.say(N_("yes")) if last is not None and last.came_back else ""
    unit, due = asking.names.unit(case.unit_id), problem.after.look_back_due_at
    return [problem.number, problem.title, problem.place, unit, case.closed_at, due, last.at if last else None, back]


async def open_audit(asking: Asking) -> Opened:
    """The audit trail, newest first."""
    entries = asking.room.database[AuditEvent.Settings.name]
    cursor = entries.find().sort([("at", -1), ("_id", -1)]).batch_size(CHUNK)

    async def rows() -> Rows:
        async for some in _some(cursor):
            shown = await audit_rows_with(asking.room, asking.names, [AuditEvent.model_validate(each) for each in some])
            yield [
                [
                    each.at,
                    each.actor,
                    asking.say(each.action),
                    each.subject,
                    asking.say(N_(", ")).join(asking.say(role) for role in each.roles),
                    each.detail,
                    each.request_id,
                ]
                for each in shown
            ]

    total = await entries.estimated_document_count()
    labels = (N_("When"), N_("Who"), N_("What"), N_("To what"), N_("Roles"), N_("Details"), N_("Request"))
    return Opened(
        heading(asking, N_("Audit trail"), labels, _about(asking, total)), rows(), total, _name("audit", asking)
    )


async def _reader(asking: Asking, *, stakes: bool) -> Reader:
    """Who reads, and, with ``stakes``, what they may not verify."""
    room, who = asking.room, asking.actor
    of = Dependent(who.user_id)
    if stakes and who.has(Role.INSPECTOR):
        units = await room.places.units()
        of = dependent(who, units.ancestors, await room.places.responsibilities.backings(asking.now.date()))
    return Reader(who, room.clock(), room.settings.zone, of)


async def _some(cursor: AsyncIterator[dict[str, Any]]) -> AsyncIterator[list[dict[str, Any]]]:
    some: list[dict[str, Any]] = []
    async for each in cursor:
        some.append(each)
        if len(some) == CHUNK:
            yield some
            some = []
    if some:
        yield some


async def _in_chunks(cursor: AsyncIterator[dict[str, Any]], row: Callable[[dict[str, Any]], list[Value]]) -> Rows:
    async for some in _some(cursor):
        yield [row(each) for each in some]


async def _once(rows: Sequence[Sequence[Value]]) -> Rows:
    yield rows


def _about(asking: Asking, total: int | None) -> Sequence[tuple[str, Value]]:
    shown: list[tuple[str, Value]] = [(N_("As of"), asking.now)]
    return [*shown, *([(N_("Rows"), total)] if total is not None else [])]


def _name(what: str, asking: Asking) -> str:
    return f"{what}_{asking.now:{NAMES_FILE}}"


def _choice(kind: type[Choice], value: str | None) -> Choice | None:
    return next((each for each in kind if each.value == value), None)


def _id(value: str | None) -> ObjectId | None:
    return ObjectId(value) if value and ObjectId.is_valid(value) else None
