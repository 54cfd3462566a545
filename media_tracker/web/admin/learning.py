"""Versions of the model: what each was trained from, how good it was, which one is in use; training and going back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, Conflict, NotFound
from media_tracker.tagging.learner import Progress
from media_tracker.tagging.versions import Version
from media_tracker.web.forms import read_form
from media_tracker.web.guards import admins, rule_keepers
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down
from media_tracker.web.visitor import actor, services

PATH = "/admin/learning"
HEAD_NAMES: Mapping[str, str] = {
    "kind": N_("Kind"),
    "category": N_("Category"),
    "outcome": N_("Reported outcome"),
    "deed": N_("Kind of deed"),
}


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One question: macro-F1 of the version and of the one before it, on the same decisions. None: not judged."""

    name: str
    """Untranslated."""
    now: float | None
    before: float | None


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version in the list."""

    number: int
    trained_at: datetime
    who: str
    """Who asked for it; empty: the worker by itself."""
    decisions: int
    held_back: int
    figures: Sequence[FigureRow]
    took_over: bool
    in_use: bool
    kept: bool


@dataclass(frozen=True, slots=True)
class LearningPage:
    """``templates/admin/learning.html``"""

    admin: bool
    progress: Progress
    in_use: int | None
    since: datetime | None
    versions: Sequence[VersionRow]


@get(PATH, guards=[rule_keepers])
async def learning_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """What has been learnt, and what is being learnt."""
    found = services(request)
    in_use = await found.versions.in_use()
    users = {user.object_id: user.display_name for user in await found.accounts.list_users()}
    number = in_use.number if in_use else None
    context = LearningPage(
        admin=actor(request).has(Role.ADMIN),
        progress=await found.learner.progress(),
        in_use=number,
        since=in_use.since if in_use else None,
        versions=[
            _row(each, users.get(each.trained_by, "") if each.trained_by else "", number)
            for each in await found.versions.latest()
        ],
    )
    return await page(request, "admin/learning.html", context)


@post("/admin/learning/train", guards=[rule_keepers])
async def train(request: Request[Any, Any, Any]) -> Response[Any]:
    """Ask for a new version; a worker trains it."""
    await read_form(request)
    await services(request).learner.ask(actor(request))
    await write_down(request, AuditAction.MODEL_ASKED, None)
    return await see_other(request, PATH, N_("A worker will train a new version in a moment. It takes about a minute."))


@post("/admin/learning/use", guards=[admins])
async def use(request: Request[Any, Any, Any]) -> Response[Any]:
    """Have another version used from now on."""
    form = await read_form(request)
    number = form.number("number")
    if number is None:
        raise NotFound(N_("There is no such version of the model, or it is no longer kept."))
    if form.text("seen") != await _seen(request):
        raise Conflict(N_("Another version has come into use in the meantime. Look again."))
    version = await services(request).versions.use(number, actor(request))
    await write_down(request, AuditAction.MODEL_CHOSEN, f"model/{version.number}")
    return await see_other(
        request, PATH, N_("Version {number} is used everywhere within half a minute."), number=version.number
    )


async def _seen(request: Request[Any, Any, Any]) -> str:
    in_use = await services(request).versions.in_use()
    return "" if in_use is None else str(in_use.number)


def _row(version: Version, who: str, in_use: int | None) -> VersionRow:
    return VersionRow(
        number=version.number,
        trained_at=version.trained_at,
        who=who,
        decisions=version.decisions,
        held_back=version.held_back,
        figures=[
            FigureRow(name, version.figures.get(head), version.former_figures.get(head))
            for head, name in HEAD_NAMES.items()
            if head in version.figures
        ],
        took_over=version.took_over,
        in_use=version.number == in_use,
        kept=version.file is not None,
    )


ROUTES = [learning_page, train, use]
