"""Units, regions and the audit trail as administration shows them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from media_tracker.accounts.actor import Level, Role
from media_tracker.accounts.documents import AuditAction, AuditEvent
from media_tracker.errors import N_
from media_tracker.places.regions import Region, RegionTree
from media_tracker.places.units import Unit, UnitTree
from media_tracker.web.admin import audit_words
from media_tracker.web.choices import Option, named, option
from media_tracker.web.i18n import Catalogue
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import ROLE_NAMES
from media_tracker.web.visitor import Connection, services
from media_tracker.wiring import Services

DEEPEST = 4
"""Steps to the right that a list shows; what lies deeper stands under the last one."""
INDENT = "\u3000"

LEVEL_NAMES: Mapping[Level, str] = {Level.CITY: N_("City"), Level.DISTRICT: N_("District")}
REGION_LEVEL_NAMES: Mapping[str, str] = {
    "city": N_("City"),
    "district": N_("District"),
    "subdistrict": N_("Subdistrict"),
    "community": N_("Community"),
}
ACTION_NAMES: Mapping[AuditAction, str] = {
    AuditAction.SIGNED_IN: N_("signed in"),
    AuditAction.SIGN_IN_FAILED: N_("failed to sign in"),
    AuditAction.SIGNED_OUT: N_("signed out"),
    AuditAction.SIGNED_OUT_EVERYWHERE: N_("ended all sessions"),
    AuditAction.PASSWORD_CHANGED: N_("changed the password"),
    AuditAction.PASSWORD_RESET: N_("reset the password"),
    AuditAction.USER_ADDED: N_("added the account"),
    AuditAction.ROLES_CHANGED: N_("changed roles and duties"),
    AuditAction.USER_DEACTIVATED: N_("closed the account"),
    AuditAction.USER_REACTIVATED: N_("opened the account again"),
    AuditAction.EXPORTED: N_("exported"),
    AuditAction.RELEASED: N_("released figures"),
    AuditAction.OUTLET_ADDED: N_("added the outlet"),
    AuditAction.PARTNER_MADE: N_("made the outlet a partner"),
    AuditAction.PARTNER_ENDED: N_("ended the partnership with the outlet"),
    AuditAction.CONTACT_CHANGED: N_("changed the mail address of the outlet"),
    AuditAction.FEED_ADDED: N_("added the feed"),
    AuditAction.FEED_SET_UP: N_("changed the settings of the feed"),
    AuditAction.FEED_NOTICE_DISMISSED: N_("dismissed the notice about the feed"),
    AuditAction.FEED_RESTED: N_("put the feed to rest"),
    AuditAction.FEED_RESUMED: N_("had the feed read again"),
    AuditAction.FEEDS_IMPORTED: N_("took in feeds from an OPML file"),
    AuditAction.PROJECT_ADDED: N_("added the project"),
    AuditAction.PROJECT_CHANGED: N_("changed the project"),
    AuditAction.PROJECT_ENDED: N_("ended the project early"),
    AuditAction.UNIT_ADDED: N_("added the unit"),
    AuditAction.UNIT_DISSOLVED: N_("dissolved the unit"),
    AuditAction.UNIT_REVIVED: N_("brought the unit back"),
    AuditAction.UNIT_REVIEWS: N_("had answers of the unit reviewed"),
    AuditAction.UNIT_REVIEWS_NOT: N_("had answers of the unit reviewed no longer"),
    AuditAction.CONTACT_READ: N_("looked at who made the objection"),
    AuditAction.REGION_GIVEN: N_("gave the region to another body"),
    AuditAction.REGION_TAKEN_BACK: N_("gave the region back to its own district"),
    AuditAction.RESPONSIBILITIES_CHANGED: N_("took in a responsibility table"),
    AuditAction.CATEGORY_CHANGED: N_("changed the category"),
    AuditAction.CLOCKS_CHANGED: N_("changed the clock rules"),
    AuditAction.EVIDENCE_READ: N_("looked at when and where photos were taken"),
    AuditAction.ORIGINAL_OPENED: N_("opened a photo without its black-outs"),
    AuditAction.BLACK_OUT_TAKEN_BACK: N_("took the last black-out of a photo back"),
    AuditAction.RULES_CHANGED: N_("changed the rules for suggestions"),
    AuditAction.RULES_RESTORED: N_("brought former rules for suggestions back"),
    AuditAction.MODEL_ASKED: N_("asked for a new version of the model"),
    AuditAction.MODEL_TRAINED: N_("trained a version of the model, which is used now"),
    AuditAction.MODEL_SET_ASIDE: N_("trained a version of the model, which was set aside"),
    AuditAction.MODEL_CHOSEN: N_("chose the version of the model"),
    AuditAction.PAPER_CHANGED: N_("changed a template of papers"),
    AuditAction.SECOND_LOOKS_SET: N_("set how many stories are looked at twice"),
    AuditAction.CALLER_READ: N_("looked at who had called with a lead"),
    AuditAction.CALLER_ERASED: N_("erased who had called with a lead"),
    AuditAction.NOMINATION_WORDS_CHANGED: N_("changed the words for nominations"),
    AuditAction.CLAIM_BROKEN: N_("took a story away that somebody had open at the desk"),
}
OF_REGIONS = frozenset({AuditAction.REGION_GIVEN, AuditAction.REGION_TAKEN_BACK})
"""Actions whose subject is the code of a region."""
OF_CATEGORIES = frozenset({AuditAction.CATEGORY_CHANGED})
"""Actions whose subject is the code of a category."""


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit in the tree, ``depth`` steps under the top."""

    id: str
    name: str
    depth: int
    aliases: Sequence[str]
    region: str
    active: bool
    reviews_answers: bool
    open_problems: int


@dataclass(frozen=True, slots=True)
class RegionRow:
    """A region and the body that counts it. ``level`` is untranslated."""

    code: str
    label: str
    level: str
    lies_in: str
    body: str
    """Code of the body that is entered for this very region; empty: none."""
    counted_by: str
    """Name of the body or district that counts it now."""
    inherited: str
    """Name of the one that would count it without an entry of its own."""
    changeable: bool


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry of the audit trail. ``action`` and ``roles`` are untranslated; ``actor`` empty: nobody or the system."""

    at: datetime
    actor: str
    action: str
    subject: str
    subject_href: str
    roles: Sequence[str]
    detail: str
    request_id: str


def role_options(catalogue: Catalogue) -> list[Option]:
    """Every role."""
    return named(catalogue, ROLE_NAMES)


def level_options(catalogue: Catalogue) -> list[Option]:
    """Whose checks a person's checks are."""
    return named(catalogue, LEVEL_NAMES)


def unit_options(units: UnitTree, kept: Collection[ObjectId] = ()) -> list[Option]:
    """Units that can be chosen, as a tree; dissolved ones only where they are among ``kept``."""
    return [
        option(unit.id, INDENT * min(depth, DEEPEST) + unit.name)
        for unit, depth in _walk(units)
        if unit.active or unit.id in kept
    ]


def unit_rows(units: UnitTree, regions: RegionTree, open_problems: Mapping[ObjectId, int]) -> list[UnitRow]:
    """All units as a tree, each under the one that it answers to; ``open_problems`` by unit."""
    return [
        UnitRow(
            id=str(unit.id),
            name=unit.name,
            depth=min(depth, DEEPEST),
            aliases=unit.aliases,
            region=regions.label(unit.region) if unit.region is not None and unit.region in regions else "",
            active=unit.active,
            reviews_answers=unit.reviews_answers,
            open_problems=open_problems.get(unit.id, 0),
        )
        for unit, depth in _walk(units)
    ]


def region_row(tree: RegionTree, region: Region) -> RegionRow:
    """``region`` as the table shows it."""
    above = tree.path(region.code)[:-1]
    counted_by = tree.district_for_counting(region.code)
    without = tree.district_for_counting(above[-1]) if above else None
    return RegionRow(
        code=region.code,
        label=tree.label(region.code),
        level=REGION_LEVEL_NAMES[region.level],
        lies_in="".join(tree[code].name for code in above),
        body=region.administered_by or "",
        counted_by=tree[counted_by].name if counted_by is not None else "",
        inherited=tree[without].name if without is not None else "",
        changeable=region.level in ("subdistrict", "community"),
    )


@dataclass(frozen=True, slots=True)
class Subjects:
    """What entries speak of, by id or code: what it is called, and where it is shown."""

    names: Mapping[str, str]
    addresses: Mapping[str, str]


async def audit_rows(connection: Connection, entries: Sequence[AuditEvent]) -> list[AuditRow]:
    """Entries with the names of who did it and to what, as they are now."""
    return await audit_rows_with(services(connection), await names_of(connection), entries)


async def audit_rows_with(found: Services, names: Names, entries: Sequence[AuditEvent]) -> list[AuditRow]:
    """The same where no request asks."""
    subjects = await _subjects(found, names, entries)
    return [_audit_row(entry, subjects, names) for entry in entries]


async def _subjects(found: Services, names: Names, entries: Sequence[AuditEvent]) -> Subjects:
    users = {str(user.object_id): user.display_name for user in await found.accounts.list_users()}
    outlets = {str(outlet): name for outlet, name in names.outlets.items()}
    units = {str(unit.id): unit.name for unit in names.units}
    feeds = {str(feed.id): feed for feed in await found.outlets.feeds()}
    projects = {str(project.id): project.name for project in await found.outlets.projects()}
    regions = {str(entry.subject): names.region(str(entry.subject)) for entry in entries if entry.action in OF_REGIONS}
    coded = [str(entry.subject) for entry in entries if entry.action in OF_CATEGORIES]
    categories = {code: names.category(code) for code in coded}
    titles = {feed_id: feed.title for feed_id, feed in feeds.items()}
    return Subjects(
        names=users | outlets | units | titles | projects | regions | categories,
        addresses={user: f"/admin/users/{user}" for user in users}
        | {outlet: f"/outlets/{outlet}" for outlet in outlets}
        | {feed_id: f"/outlets/{feed.outlet_id}/feeds/{feed_id}" for feed_id, feed in feeds.items()}
        | {project: f"/projects/{project}" for project in projects},
    )


def _audit_row(entry: AuditEvent, subjects: Subjects, names: Names) -> AuditRow:
    who = str(entry.actor) if entry.actor is not None else ""
    subject = str(entry.subject) if entry.subject is not None and entry.subject != entry.actor else ""
    roles = entry.detail.get("roles", [])
    said, href = audit_words.subject(subject, names)
    return AuditRow(
        at=entry.at,
        actor=subjects.names.get(who, who),
        action=ACTION_NAMES[entry.action],
        subject=subjects.names.get(subject, said),
        subject_href=subjects.addresses.get(subject, href),
        roles=[ROLE_NAMES[Role(str(role))] for role in roles] if isinstance(roles, list) else [],
        detail=audit_words.details(entry, names),
        request_id=entry.request_id or "",
    )


def _walk(units: UnitTree) -> Iterator[tuple[Unit, int]]:
    """Every unit once, by name, with its depth, each below the one that it answers to (if that one is known)."""
    children: dict[ObjectId | None, list[Unit]] = {}
    for unit in units:
        path = units.ancestors[unit.id]
        children.setdefault(path[0] if path else None, []).append(unit)

    def below(parent: ObjectId | None, depth: int) -> Iterator[tuple[Unit, int]]:
        for unit in children.get(parent, []):
            yield unit, depth
            yield from below(unit.id, depth + 1)

    yield from below(None, 0)
