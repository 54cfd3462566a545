"""What happens to deeds, nominations and leads is called; and the page on which an office edits the words for levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post

from media_tracker.accounts.actor import Role
from media_tracker.deeds.deed import Level, Result
from media_tracker.deeds.lead_rules import Channel, State
from media_tracker.deeds.service import MOST_COUNTED, DeedFilter
from media_tracker.errors import N_, Conflict, InvalidInput
from media_tracker.web.deeds.view import level_name
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import dispatchers, publicity
from media_tracker.web.render import page, see_other
from media_tracker.web.visitor import actor, origin, services

HAPPENED: Mapping[str, str] = {
    "filed": N_("Filed as a good deed"),
    "story_added": N_("A further story tells of it"),
    "story_withdrawn": N_("A story was withdrawn"),
    "story_taken_out": N_("A story was taken out again"),
    "edited": N_("Its words were changed"),
    "person_added": N_("A person was recorded"),
    "person_edited": N_("What is said of a person was changed"),
    "person_forgotten": N_("A person was erased"),
    "consent_recorded": N_("Consent was recorded"),
    "consent_withdrawn": N_("Consent was taken back"),
    "photos_added": N_("Pictures were added"),
    "photo_edited": N_("What is said of a picture was changed"),
    "photo_removed": N_("A picture was removed"),
    "nominated": N_("The nomination went on"),
    "released": N_("Released for the public library"),
    "taken_off": N_("Taken out of the public library"),
}
RESULT_NAMES: Mapping[Result, str] = {
    Result.REACHED: N_("reached"),
    Result.REFUSED: N_("not chosen"),
    Result.WITHDRAWN: N_("nomination withdrawn"),
}
CHANNEL_NAMES: Mapping[Channel, str] = {
    Channel.HOTLINE: N_("Hotline call"),
    Channel.MESSAGE: N_("Message"),
    Channel.COMMENT: N_("Comment below the story"),
    Channel.LETTER: N_("Letter or mail"),
    Channel.VISIT: N_("Visit"),
    Channel.OUTLET: N_("Passed on by the outlet"),
}
STATE_NAMES: Mapping[State, str] = {
    State.NEW: N_("New"),
    State.FOLLOWED_UP: N_("Followed up"),
    State.STORY: N_("Became a story"),
    State.DEED: N_("Became a good deed"),
    State.PROBLEM: N_("Became a problem"),
    State.NOTHING: N_("Came to nothing"),
}
OUTCOMES = (State.STORY, State.DEED, State.PROBLEM, State.NOTHING)


@dataclass(frozen=True, slots=True)
class LevelRow:
    """One level of the table, and how many deeds stand at it."""

    value: str
    name: str
    chinese: str
    english: str
    count: int
    more: bool
    """There are more than could be counted quickly."""


@dataclass(frozen=True, slots=True)
class NominationsPage:
    """``templates/deeds/nominations.html``"""

    version: int
    rows: Sequence[LevelRow]
    may_edit: bool
    errors: Mapping[str, str]
    notice: str


@get("/deeds/nominations", guards=[dispatchers])
async def nominations(request: Request[Any, Any, Any]) -> Response[Any]:
    """How many deeds stand at which level, and what the levels are called."""
    return await _page(request)


@post("/deeds/nominations", guards=[publicity])
async def edit_words(request: Request[Any, Any, Any]) -> Response[Any]:
    """Write down what the levels are called."""
    form = await read_form(request)
    words = {level: (form.text(f"{level.value}_zh"), form.text(f"{level.value}_en")) for level in Level}
    try:
        form.check()
        await services(request).nomination_words.edit(form.version(), words, actor(request), origin(request))
    except InvalidInput as error:
        return await _page(request, form, error.fields, status=422)
    except Conflict as error:
        return await _page(request, form, notice=error.message, status=409)
    return await see_other(request, "/deeds/nominations", N_("The words are saved."))


async def _page(
    request: Request[Any, Any, Any],
    typed: Form | None = None,
    errors: Mapping[str, str] | None = None,
    notice: str = "",
    status: int = 200,
) -> Response[Any]:
    found = services(request)
    version, words = await found.nomination_words.get()
    rows = []
    for level in Level:
        count = await found.deeds.count(DeedFilter(nominated=level))
        chinese, english = words[level]
        given = typed.values if typed else {}
        rows.append(
            LevelRow(
                value=level.value,
                name=level_name(level, words),
                chinese=given.get(f"{level.value}_zh", chinese),
                english=given.get(f"{level.value}_en", english),
                count=min(count, MOST_COUNTED),
                more=count > MOST_COUNTED,
            )
        )
    context = NominationsPage(version, rows, actor(request).has(Role.PUBLICITY), errors or {}, notice)
    return await page(request, "deeds/nominations.html", context, status=status)


ROUTES = [nominations, edit_words]
