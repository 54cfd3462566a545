"""What is sent by mail at set times: the page on which people order it, rest it and end it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, NotFound
from media_tracker.monitor.definitions import DEFINITIONS, Key
from media_tracker.monitor.schedules import BULLETIN, Schedule, Sending
from media_tracker.monitor.timetable import LAST_DAY, Days, Rhythm, Times
from media_tracker.web.choices import Option, option
from media_tracker.web.exports.filters import kept, page_of, title_of, told
from media_tracker.web.exports.lists import LISTS, open_list
from media_tracker.web.exports.mailing import BULLETIN_ROLES, BULLETIN_TITLE
from media_tracker.web.exports.opened import LONGEST_QUERY, Asking
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import signed_in
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page, see_other
from media_tracker.web.visitor import actor, origin, services

PATH = "/schedules"
RHYTHM_NAMES: Mapping[Rhythm, str] = {
    Rhythm.DAILY: N_("every day"),
    Rhythm.WEEKLY: N_("every week"),
    Rhythm.MONTHLY: N_("every month"),
}
DAYS_NAMES: Mapping[Days, str] = {
    Days.LAST_WEEK: N_("the last week, Friday to Thursday"),
    Days.YESTERDAY: N_("the day before"),
    Days.LAST_MONTH: N_("the month before"),
    Days.YEAR: N_("this year so far"),
}
WEEKDAYS = (
    *(N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday")),
    *(N_("Friday"), N_("Saturday"), N_("Sunday")),
)
SENT_FIGURES = (Key.RESOLVED, Key.PROBLEMS, Key.OVERDUE, Key.CLAIMED, Key.RELAPSED, Key.EXPOSURES)
"""The lists behind these figures can be ordered here."""


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One schedule, in words."""

    id: str
    version: int
    what: str
    filters: Sequence[str]
    """In words."""
    page: str
    """Where the list is on screen; empty for what is on none."""
    when: str
    readers: str
    owner: str
    paused: bool
    next_at: datetime
    last_at: datetime | None
    sent: int
    error: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """What somebody comes with from a list's page: that list, with its filters, and no other."""

    name: str
    title: str
    filters: Sequence[str]
    page: str


@dataclass(frozen=True, slots=True)
class SchedulesPage:
    """``templates/exports/schedules.html``"""

    rows: Sequence[ScheduleRow]
    whats: Sequence[Option]
    kinds: Sequence[Option]
    rhythms: Sequence[Option]
    days: Sequence[Option]
    weekdays: Sequence[Option]
    monthdays: Sequence[Option]
    hours: Sequence[Option]
    people: Sequence[Option]
    values: Mapping[str, str]
    chosen: Sequence[str]
    fixed: Fixed | None
    own_mail: bool
    breadcrumb: Sequence[Mapping[str, str]]
    errors: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)


@get(PATH, guards=[signed_in])
async def schedules(request: Request[Any, Any, Any]) -> Response[str]:
    """The visitor's schedules; for an admin all of them. With ``what`` and ``filters`` the form is about that list."""
    return await _show(request)


@post(PATH, guards=[signed_in])
async def add(request: Request[Any, Any, Any]) -> Response[Any]:
    """Send something from now on."""
    form, who = await read_form(request), actor(request)
    try:
        sending = _sending(form, who)
        if sending.name != BULLETIN:  # what cannot be opened with these filters cannot be sent
            asking = Asking(services(request), await names_of(request), who, sending.query)
            await open_list(sending.name, asking)
        await services(request).schedules.add(sending, who, origin(request))
    except (InvalidInput, Conflict) as error:
        return await _show(request, form, error)
    return await see_other(request, PATH, N_("It is sent from now on."))


@post(f"{PATH}/{{schedule_id:str}}/{{act:str}}", guards=[signed_in])
async def change(request: Request[Any, Any, Any], schedule_id: FromPath[str], act: FromPath[str]) -> Response[Any]:
    """``pause``, ``resume`` or ``delete``."""
    form, room = await read_form(request), services(request).schedules
    who, version = actor(request), form.version()
    match act:
        case "delete":
            await room.delete(schedule_id, version, who, origin(request))
            return await see_other(request, PATH, N_("It is sent no more."))
        case "pause":
            await room.pause(schedule_id, version, True, who, origin(request))
            return await see_other(request, PATH, N_("It rests."))
        case "resume":
            known = await room.get(schedule_id, who)
            if known.sending.name not in _whats_of(who):
                raise Forbidden(N_("Your role does not allow this."))
            await room.pause(schedule_id, version, False, who, origin(request))
            return await see_other(request, PATH, N_("It goes on."))
    raise NotFound(N_("There is nothing at this address."))


def _sending(form: Form, who: Actor) -> Sending:
    """What the form orders; ``InvalidInput`` for what there is not."""
    what, kind = form.text("what"), form.text("kind")
    name, _, key = what.partition(":")
    allowed = name in _whats_of(who) and (not key or key in set(Key))
    rhythm = form.choice("rhythm", Rhythm, required=N_("Please choose from the list."))
    days = form.choice("days", Days, required=N_("Please choose from the list."))
    hour, weekday, day = (form.number(each) for each in ("hour", "weekday", "day"))
    readers = form.ids("readers")
    if not allowed:
        form.errors["what"] = N_("Please choose from the list.")
    if kind not in ("csv", "xlsx"):
        form.errors["kind"] = N_("Please choose from the list.")
    form.check()
    assert rhythm is not None  # required
    assert days is not None  # required
    times = Times(rhythm, hour or 0, weekday or 0, day or 1)
    query = f"key={key}" if key else _kept(name, form.text("filters", longest=LONGEST_QUERY))
    return Sending(name, query, "docx" if name == BULLETIN else kind, days, times, tuple(readers))


def _kept(name: str, filters: str) -> str:
    kind = LISTS.get(name)
    return kept(filters, dated=kind is not None and kind.dated)


def _fixed(what: str, filters: str, who: Actor, names: Names) -> Fixed | None:
    """What the form is about, for who comes from a list's page; None for everybody else."""
    if not filters or what not in LISTS or what not in _whats_of(who):
        return None
    query = _kept(what, filters)
    if not query:
        return None
    return Fixed(what, title_of(what, query, names, LISTS[what].title), told(query, names), page_of(what, query))


def _whats_of(who: Actor) -> set[str]:
    """Names of what somebody may order."""
    lists = {name for name, kind in LISTS.items() if who.has(*kind.roles)}
    return lists | ({BULLETIN} if who.has(*BULLETIN_ROLES) else set())


async def _show(
    request: Request[Any, Any, Any], form: Form | None = None, error: InvalidInput | Conflict | None = None
) -> Response[str]:
    room, names, who = services(request), await names_of(request), actor(request)
    found = await room.schedules.of(who)
    say = names.gettext
    users = [user for user in await room.accounts.list_users() if user.active]
    mine = next((user for user in users if user.object_id == who.user_id), None)
    may_others = who.has(Role.PUBLICITY, Role.ADMIN)
    people = [user for user in users if user.mail and (may_others or user.object_id == who.user_id)]
    shown = {user.object_id: user.display_name for user in users}
    fields = error.fields if isinstance(error, InvalidInput) else {"what": error.message} if error else {}
    default = {
        "what": "figures",
        "kind": "xlsx",
        "rhythm": "weekly",
        "days": "last_week",
        "hour": "8",
        "weekday": "4",
        "day": "1",
        "filters": "",
    }
    default |= {name: text for name in ("what", "filters") if (text := request.query_params.get(name, ""))}
    values = {**default, **(form.values if form is not None else {})}
    context = SchedulesPage(
        rows=[_line(each, names, shown) for each in found],
        whats=_offered(who, names),
        kinds=[option("xlsx", "Excel"), option("csv", "CSV")],
        rhythms=[option(each.value, say(name)) for each, name in RHYTHM_NAMES.items()],
        days=[option(each.value, say(name)) for each, name in DAYS_NAMES.items()],
        weekdays=[option(str(place), say(name)) for place, name in enumerate(WEEKDAYS)],
        monthdays=[option(str(day), str(day)) for day in range(1, LAST_DAY + 1)],
        hours=[option(str(hour), f"{hour:02}:00") for hour in range(24)],
        people=[option(str(user.object_id), user.display_name) for user in people],
        values=values,
        fixed=_fixed(values["what"], values["filters"], who, names),
        chosen=form.texts("readers") if form is not None else [str(who.user_id)],
        own_mail=mine is not None and bool(mine.mail),
        breadcrumb=[{"label": say(N_("My files")), "href": "/exports"}, {"label": say(N_("Sent by mail"))}],
        errors=fields,
        params=error.params if error else {},
    )
    status = 200 if error is None else 422 if isinstance(error, InvalidInput) else 409
    return await page(request, "exports/schedules.html", context, status=status)


def _offered(who: Actor, names: Names) -> list[Option]:
    allowed = _whats_of(who)
    found = [option(BULLETIN, f"{names.gettext(BULLETIN_TITLE)} (Word)")] if BULLETIN in allowed else []
    found += [
        option(name, names.gettext(kind.title)) for name, kind in LISTS.items() if name in allowed and name != "figure"
    ]
    pattern = names.pages.catalogue.translate
    return found + [
        option(f"figure:{key.value}", pattern(N_("List: {name}"), None, name=names.gettext(DEFINITIONS[key].name)))
        for key in SENT_FIGURES
    ]


def _line(schedule: Schedule, names: Names, people: Mapping[ObjectId, str]) -> ScheduleRow:
    sending = schedule.sending
    return ScheduleRow(
        id=str(schedule.id),
        version=schedule.version,
        what=_what(sending, names),
        filters=told(sending.query, names),
        page="" if sending.name == BULLETIN else page_of(sending.name, sending.query),
        when=_when(sending.times, names),
        readers=names.gettext(N_(", ")).join(people.get(each, "—") for each in sending.readers),
        owner=people.get(schedule.owner, ""),
        paused=schedule.paused,
        next_at=schedule.next_at,
        last_at=schedule.last_at,
        sent=schedule.sent,
        error=names.gettext(schedule.error) if schedule.error else "",
    )


def _what(sending: Sending, names: Names) -> str:
    kind = LISTS.get(sending.name)
    title = title_of(sending.name, sending.query, names, BULLETIN_TITLE if kind is None else kind.title)
    dated = kind is None or kind.dated
    days = f" · {names.gettext(DAYS_NAMES[sending.days])}" if dated else ""
    return f"{title} ({'Word' if sending.kind == 'docx' else 'CSV' if sending.kind == 'csv' else 'Excel'}){days}"


def _when(times: Times, names: Names) -> str:
    parts = [names.gettext(RHYTHM_NAMES[times.rhythm])]
    if times.rhythm is Rhythm.WEEKLY:
        parts.append(names.gettext(WEEKDAYS[times.weekday]))
    if times.rhythm is Rhythm.MONTHLY:
        parts.append(names.pages.catalogue.translate(N_("day {day}"), None, day=times.day))
    return " · ".join([*parts, f"{times.hour:02}:00"])


ROUTES = [schedules, add, change]
