"""The page on which a unit writes its answer: saved as a draft, handed in for review, released by somebody else of the unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from enum import StrEnum
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from media_tracker.db.events import Origin
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, MediaTrackerError
from media_tracker.problems.answers.draft_rules import (
    Content,
    Draft,
    Stage,
    blank_version,
    may_see,
    why_not_release,
    why_not_write,
)
from media_tracker.problems.case import Outcome, Precision
from media_tracker.problems.documents import Problem
from media_tracker.problems.light import light
from media_tracker.problems.steps import Step
from media_tracker.web.forms import LONGEST_TEXT, PHOTOS_BYTES, Form, read_form
from media_tracker.web.guards import signed_in
from media_tracker.web.i18n import NOTHING
from media_tracker.web.problems.case.unit_work import Instruction, Shown, in_words, photos_shown
from media_tracker.web.problems.evidence.uploads import (
    DOCUMENTS,
    FileIds,
    fields_of,
    read_uploads,
    remove_uploads,
    save_uploads,
)
from media_tracker.web.problems.words import OUTCOME_NAMES
from media_tracker.web.render import Pages, page, see_other
from media_tracker.web.visitor import actor, origin, services

BODY_BYTES = PHOTOS_BYTES + 10_000_000
"""As of a step's form; a little too much still comes back with what was typed."""
VERSION = "draft_version"


class Do(StrEnum):
    """What the page's buttons do."""

    SAVE = "save"
    SEND = "send"
    TAKE_BACK = "take_back"
    SEND_BACK = "send_back"
    RELEASE = "release"
    DISCARD = "discard"


DONE: Mapping[Do, str] = {
    Do.SAVE: N_("The draft is saved. Only your unit sees it."),
    Do.TAKE_BACK: N_("You can go on writing."),
    Do.SEND_BACK: N_("Sent back to who wrote it."),
    Do.RELEASE: N_("Done. It is in the history."),
    Do.DISCARD: N_("The draft is thrown away."),
}


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """``templates/problems/answers/answer.html``"""

    number: str
    title: str
    place: str
    due_at: datetime | None
    light: str
    version: int
    """Of the draft; 0: there is none yet."""
    stage: str
    """Empty: there is none yet."""
    left_over: str
    """Why it can no longer go out; empty while it can."""
    reviewed: bool
    may_write: bool
    may_release: bool
    may_discard: bool
    refused: str
    """Why the visitor, though of the unit, may not release it."""
    danger: bool
    """Interim protection was due, and none is on record."""
    written_by: str
    written_at: datetime | None
    handed_in_by: str
    handed_in_at: datetime | None
    before: Sequence[Shown]
    after: Sequence[Shown]
    documents: Sequence[Mapping[str, str]]
    remarks: Sequence[Instruction]
    released: Sequence[Mapping[str, Any]]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    notice: str
    present: Sequence[Mapping[str, str]]
    """What the draft says now, beside what was typed."""


@dataclass(frozen=True, slots=True)
class _Typed:
    """A form that comes back."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    late: Conflict | None = None


@get("/problems/{number:str}/answer", guards=[signed_in])
async def answer_page(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """The unit's answer, as far as it is written. Nobody outside of the unit sees that there is one."""
    problem = await services(request).problems.get(number)
    return await _show(request, problem)


@post("/problems/{number:str}/answer", guards=[signed_in], request_max_body_size=BODY_BYTES)
async def send_answer(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
    """Save, hand in, take back, send back, release or throw away."""
    problem = await services(request).problems.get(number)
    form = await read_form(request)
    do = form.choice("do", Do) or Do.SAVE
    try:
        if do in (Do.SAVE, Do.SEND):
            return await _write(request, problem, form, do)
        return await _handle(request, problem, form, do)
    except InvalidInput as error:
        return await _show(request, problem, _Typed(form.values, error.fields), status=422)
    except Conflict as error:
        problem = await services(request).problems.get(number)
        return await _show(request, problem, _Typed(form.values, late=error), status=409)


async def _write(request: Request[Any, Any, Any], problem: Problem, form: Form, do: Do) -> Redirect:
    room, who = services(request), actor(request)
    version = form.number(VERSION) or 0
    uploads = await read_uploads(form, fields_of(Step.CLAIM))
    content = _content(form)
    await room.drafts.check(problem, version, who)
    form.check()
    reviewed = await room.drafts.reviewed(problem)
    saved = await save_uploads(request, form, uploads)
    try:
        draft = await room.drafts.open_for(problem, who)
        ours = draft is not None and draft.unit_id == problem.case.unit_id
        content = _with_files(content, draft.content if draft is not None and ours else Content(), form, saved)
        new = [each for ids in saved.values() for each in ids]
        if do is Do.SAVE:
            await room.drafts.save(problem, version, content, who, new)
            return await see_other(request, f"/problems/{problem.number}/answer", DONE[Do.SAVE])
        if reviewed:
            await room.drafts.hand_in(problem, version, content, who, new)
            message = N_("Handed in. It goes out when somebody else of your unit has released it; the clock runs on.")
            return await see_other(request, f"/problems/{problem.number}", message)
        await room.drafts.send(problem, version, content, who, acting(request, problem), new)
    except MediaTrackerError:
        await remove_uploads(request, saved)
        raise
    return await see_other(request, f"/problems/{problem.number}", DONE[Do.RELEASE])


async def _handle(request: Request[Any, Any, Any], problem: Problem, form: Form, do: Do) -> Redirect:
    drafts, who = services(request).drafts, actor(request)
    version = form.number(VERSION) or 0
    remark = form.text("remark", longest=LONGEST_TEXT)
    form.check()
    match do:
        case Do.TAKE_BACK:
            await drafts.take_back(problem, version, who)
        case Do.SEND_BACK:
            await drafts.send_back(problem, version, remark, who)
        case Do.DISCARD:
            await drafts.discard(problem, version, who)
        case Do.RELEASE:
            await drafts.release(problem, version, who, acting(request, problem))
    to = f"/problems/{problem.number}" + ("/answer" if do is Do.TAKE_BACK else "")
    return await see_other(request, to, DONE[do])


def acting(request: Request[Any, Any, Any], problem: Problem) -> Origin:
    """Who acts for the unit in charge, be it as who answers for it."""
    unit, who = problem.case.unit_id, actor(request)
    if unit is None or not may_see(unit, who):
        return origin(request)
    return replace(origin(request), acting_unit=unit)


def _content(form: Form) -> Content:
    """What is typed; mistakes are kept in the form."""
    by_day = form.flag("fixed_day")
    fixed_at = form.moment("fixed_at")
    if fixed_at is not None and by_day:
        fixed_at = datetime.combine(fixed_at.date(), time(), form.zone)
    return Content(
        text=form.text("text", longest=LONGEST_TEXT),
        outcome=form.choice("outcome", Outcome),
        fixed_at=fixed_at,
        precision=Precision.DAY if by_day else Precision.MINUTE,
        unprotected=form.flag("unprotected"),
    )


def _with_files(content: Content, stored: Content, form: Form, saved: FileIds) -> Content:
    """What is typed, with the files that the draft has, without those that were ticked, and with the new ones."""
    kept = stored.without({ObjectId(each) for each in form.texts("drop") if ObjectId.is_valid(each)})
    return replace(
        content,
        before=(*kept.before, *saved.get("before", ())),
        after=(*kept.after, *saved.get("after", ())),
        documents=(*kept.documents, *saved.get(DOCUMENTS, ())),
    )


# What the page shows


async def _show(
    request: Request[Any, Any, Any], problem: Problem, typed: _Typed | None = None, status: int = 200
) -> Response[Any]:
    room, who, case = services(request), actor(request), problem.case
    draft = await room.drafts.open_for(problem, who)
    cannot = why_not_write(case, who)
    if draft is None and cannot is not None and not await room.drafts.released(problem, who):
        if isinstance(cannot, Forbidden):
            raise cannot
        if typed is None:
            return await see_other(request, f"/problems/{problem.number}")
    context = await _context(request, problem, draft, cannot, typed or _Typed())
    return await page(request, "problems/answers/answer.html", context, status=status)


async def _context(
    request: Request[Any, Any, Any],
    problem: Problem,
    draft: Draft | None,
    cannot: Conflict | Forbidden | None,
    typed: _Typed,
) -> AnswerPage:
    room, who, case = services(request), actor(request), problem.case
    pages: Pages = request.app.state.pages
    content = draft.content if draft is not None else Content()
    released = await room.drafts.released(problem, who)
    people = await room.accounts.names(_people([*([draft] if draft else []), *released]))
    photos = await room.files.photos(content.photos)
    papers = await room.files.papers(content.documents)
    refusal = why_not_release(draft, case, who) if draft is not None else None
    waits = draft is not None and draft.stage is Stage.HANDED_IN
    ours = draft is None or draft.unit_id == case.unit_id
    works_there = draft is not None and draft.unit_id in who.units
    return AnswerPage(
        number=problem.number,
        title=problem.title,
        place=problem.place,
        due_at=case.due_at,
        light=light(case, room.clock()).value,
        version=draft.version if draft is not None else blank_version(case),
        stage=draft.stage.value if draft is not None else "",
        left_over=_left_over(cannot, ours=ours),
        reviewed=await room.drafts.reviewed(problem),
        may_write=cannot is None and not waits,
        may_release=waits and refusal is None,
        may_discard=works_there and not waits,
        refused=refusal.message if waits and isinstance(refusal, Forbidden) and works_there else "",
        danger=case.protection is not None and case.protected is None,
        written_by=people.get(draft.written_by, "") if draft is not None else "",
        written_at=draft.written_at if draft is not None else None,
        handed_in_by=people.get(draft.handed_in_by, "") if draft is not None and draft.handed_in_by else "",
        handed_in_at=draft.handed_in_at if draft is not None else None,
        before=photos_shown(content.before, photos, pages, N_("Photo from before the fix")),
        after=photos_shown(content.after, photos, pages, N_("Photo from after the fix")),
        documents=[{"id": str(key), "name": papers[key].filename} for key in content.documents if key in papers],
        remarks=[Instruction(each.at, each.text, people.get(each.by, "")) for each in (draft.remarks if draft else ())],
        released=[
            {
                "written_by": people.get(each.written_by, ""),
                "released_by": people.get(each.released_by, "") if each.released_by else "",
                "at": each.released_at,
            }
            for each in released
        ],
        values=typed.values or _values(content, pages),
        errors=typed.errors,
        notice=in_words(pages, typed.late) if typed.late is not None else "",
        present=_present(content, pages) if typed.late is not None and draft is not None else (),
    )


def _left_over(cannot: Conflict | Forbidden | None, *, ours: bool) -> str:
    if not ours:
        return N_(
            "Another unit is in charge of this problem now. This draft can no longer go out; copy from it what is needed."
        )
    if isinstance(cannot, Conflict):
        return N_("The problem takes no answer at the moment. This draft stays with your unit.")
    return ""


def _people(drafts: Sequence[Draft]) -> set[ObjectId]:
    found: set[ObjectId | None] = set()
    for draft in drafts:
        found |= {draft.written_by, draft.handed_in_by, draft.released_by, *(each.by for each in draft.remarks)}
    return {each for each in found if each is not None}


def _values(content: Content, pages: Pages) -> Mapping[str, str]:
    """The fields of the form as the draft has them."""
    by_day = content.precision is Precision.DAY
    return {
        "text": content.text,
        "outcome": content.outcome.value if content.outcome else "",
        "fixed_at": pages.formats.field(content.fixed_at) if content.fixed_at else "",
        "fixed_day": "1" if by_day else "",
        "unprotected": "1" if content.unprotected else "",
    }


def _present(content: Content, pages: Pages) -> list[Mapping[str, str]]:
    """What somebody else has saved, line by line."""
    say = pages.catalogue.gettext
    fixed = pages.formats.field(content.fixed_at).replace("T", " ") if content.fixed_at else NOTHING
    return [
        {
            "label": say(N_("What came of it")),
            "value": say(OUTCOME_NAMES[content.outcome]) if content.outcome else NOTHING,
        },
        {"label": say(N_("What was done")), "value": content.text or NOTHING},
        {"label": say(N_("When it was fixed")), "value": fixed},
    ]


ROUTES = [answer_page, send_answer]
