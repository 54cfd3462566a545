"""What a change of the rules would do, as a page that shows it before it is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response

from media_tracker.accounts.actor import Role
from media_tracker.errors import N_, Conflict
from media_tracker.tagging.rules import Rules, Table, written
from media_tracker.tagging.trial import Trial
from media_tracker.web.admin.rule_words import Words, shown_difference
from media_tracker.web.forms import Form
from media_tracker.web.naming import names_of
from media_tracker.web.render import page
from media_tracker.web.visitor import actor, services

PATH = "/admin/rules"
ROWS = 100
"""Rows of a table, or of a change, that one page shows."""
IN_FULL = 20
"""Stories of which a trial shows what would change; the others are listed."""


@dataclass(frozen=True, slots=True)
class ExampleRow:
    """A story that would be seen otherwise: what differs, in words."""

    story_id: str
    title: str
    changes: Sequence[tuple[str, str, str]]
    """(field, before, after)"""


@dataclass(frozen=True, slots=True)
class TrialPage:
    """``templates/admin/rule_trial.html``. ``fields`` go into the saving form; ``of`` exceeds ``stories`` when time was up.

    ``examples`` are shown with all that changes; ``others`` are the rest of the ``changed`` stories.
    """

    stories: int
    of: int
    changed: int
    waiting: int
    examples: Sequence[ExampleRow]
    others: Sequence[ExampleRow]
    out: Sequence[str]
    into: Sequence[str]
    action: str
    fields: Mapping[str, str]
    back: str


@dataclass(frozen=True, slots=True)
class Way:
    """Where the page leads: the address that saves, with the fields that it is sent, and the way back."""

    action: str
    fields: Mapping[str, str]
    back: str = PATH


async def rules_trial(request: Request[Any, Any, Any], before: Rules, after: Rules, way: Way) -> Response[Any]:
    """Try ``after`` on the latest stories, and show what would change."""
    trial = await services(request).trials.of_rules(before, after)
    gone = [written(row) for table in Table for row in before.tables[table] if row not in set(after.tables[table])]
    new = [written(row) for table in Table for row in after.tables[table] if row not in set(before.tables[table])]
    return await trial_page(request, trial, gone, new, way)


async def trial_page(
    request: Request[Any, Any, Any], trial: Trial, out: Sequence[str], into: Sequence[str], way: Way
) -> Response[Any]:
    """Show what came of a trial of the change ``out`` → ``into``."""
    words = await words_of(request)
    shown = [ExampleRow(str(e.story_id), e.title, shown_difference(e, words)) for e in trial.examples]
    context = TrialPage(
        stories=trial.stories,
        of=trial.of,
        changed=trial.changed,
        waiting=trial.waiting,
        examples=shown[:IN_FULL],
        others=shown[IN_FULL:],
        out=out[:ROWS],
        into=into[:ROWS],
        action=way.action,
        fields=way.fields,
        back=way.back,
    )
    return await page(request, "admin/rule_trial.html", context)


async def words_of(request: Request[Any, Any, Any]) -> Words:
    """Codes and people by their names."""
    people = {str(user.object_id): user.display_name for user in await services(request).accounts.list_users()}
    return Words(await names_of(request), people)


def as_seen(rules: Rules, form: Form) -> Rules:
    """The present rules, if they are still those that the person saw. ``Conflict`` otherwise."""
    if form.number("seen") != rules.number:
        raise Conflict(N_("Somebody has changed the rules in the meantime. Look at them again."))
    return rules


def is_admin(request: Request[Any, Any, Any]) -> bool:
    """Whether the person may open every page of administration."""
    return actor(request).has(Role.ADMIN)
