"""Administration of users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from media_tracker.accounts.actor import Level, Role
from media_tracker.accounts.documents import User
from media_tracker.accounts.duties import Duties
from media_tracker.errors import N_, Conflict, InvalidInput
from media_tracker.web.admin.view import (
    LEVEL_NAMES,
    AuditRow,
    audit_rows,
    level_options,
    role_options,
    unit_options,
)
from media_tracker.web.choices import Option
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import admins
from media_tracker.web.i18n import NOTHING, Catalogue
from media_tracker.web.region_input import resolve_region
from media_tracker.web.render import ROLE_NAMES, Pages, page, see_other
from media_tracker.web.visitor import actor, request_id, services

ENTRIES_OF_A_USER = 20
CHANGED = N_("Somebody else has changed this user in the meantime.")


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user in the list. ``roles`` are untranslated."""

    href: str
    username: str
    name: str
    roles: Sequence[str]
    units: Sequence[str]
    active: bool
    must_change_password: bool


@dataclass(frozen=True, slots=True)
class UsersPage:
    """``templates/admin/users.html``"""

    rows: Sequence[UserRow]
    active: int


@dataclass(frozen=True, slots=True)
class DutiesForm:
    """What the fields of a person's duties show, and what is wrong with them. ``backs``: a region's code per line."""

    roles: Sequence[str]
    unit_ids: Sequence[str]
    answers_for: Sequence[str]
    backs: str
    level: str
    errors: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewUserPage:
    """``templates/admin/new_user.html``"""

    duties: DutiesForm
    roles: Sequence[Option]
    units: Sequence[Option]
    levels: Sequence[Option]
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UserPage:
    """``templates/admin/user.html``"""

    id: str
    username: str
    name: str
    active: bool
    must_change_password: bool
    created_at: datetime
    version: int
    oneself: bool
    duties: DutiesForm
    roles: Sequence[Option]
    units: Sequence[Option]
    levels: Sequence[Option]
    audit: Sequence[AuditRow]
    late: str = ""
    """Why the duties that were sent could not be kept, though nothing in them is wrong: an untranslated sentence."""
    present: Sequence[Mapping[str, str]] = ()
    """The duties as they are now, beside those that were sent: {label, value}."""


@dataclass(frozen=True, slots=True)
class PasswordPage:
    """``templates/admin/password.html``: the only place where a made-up password is ever shown."""

    username: str
    name: str
    password: str
    user_href: str
    is_new: bool


@get(["/admin", "/admin/users"], guards=[admins])
async def users_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Everybody with an account."""
    users, units = await services(request).accounts.list_users(), await services(request).places.units()
    rows = [
        UserRow(
            href=f"/admin/users/{user.id}",
            username=user.username,
            name=user.display_name,
            roles=[ROLE_NAMES[role] for role in user.roles],
            units=[units.name(unit_id) for unit_id in user.unit_ids],
            active=user.active,
            must_change_password=user.must_change_password,
        )
        for user in sorted(users, key=lambda user: not user.active)
    ]
    return await page(request, "admin/users.html", UsersPage(rows, sum(user.active for user in users)))


@get("/admin/users/new", guards=[admins])
async def new_user_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The form for a new account."""
    empty = DutiesForm([], [], [], "", services(request).settings.level)
    return await page(request, "admin/new_user.html", await _new_user(request, empty))


@post("/admin/users", guards=[admins])
async def add_user(request: Request[Any, Any, Any]) -> Response[Any]:
    """Add an account, and show its password: on this answer and never again."""
    form = await read_form(request)
    username, name = form.text("username"), form.text("display_name")
    status = 422
    try:
        duties = await _duties(request, form)
        added = await services(request).accounts.add_user(
            username, name, duties, by=actor(request), request_id=request_id(request.scope)
        )
    except (InvalidInput, Conflict) as error:
        if isinstance(error, Conflict):
            error, status = InvalidInput(error.message, {"username": error.message}, **error.params), 409
        context = await _new_user(request, _as_sent(form, error), form.values)
        return await page(request, "admin/new_user.html", context, status=status)
    return await _show_password(request, added.user, added.password, is_new=True)


@get("/admin/users/{user_id:str}", guards=[admins])
async def user_page(request: Request[Any, Any, Any], user_id: FromPath[str]) -> Response[Any]:
    """One account."""
    user = await services(request).accounts.get(user_id)
    return await page(request, "admin/user.html", await _user(request, user))


@post("/admin/users/{user_id:str}/duties", guards=[admins])
async def set_duties(request: Request[Any, Any, Any], user_id: FromPath[str]) -> Response[Any]:
    """What a person may do, and for whom. It ends the person's sessions."""
    user = await services(request).accounts.get(user_id)
    form = await read_form(request)
    try:
        duties = await _duties(request, form)
        await services(request).accounts.set_roles(
            actor(request),
            user.object_id,
            duties,
            version=form.version(),
            request_id=request_id(request.scope),
        )
    except InvalidInput as error:
        context = await _user(request, user, _as_sent(form, error), form.version())
        return await page(request, "admin/user.html", context, status=422)
    except Conflict as error:
        now = await services(request).accounts.get(user_id)
        late = error.message if now.version == form.version() else CHANGED
        sent = _as_sent(form, InvalidInput(error.message, {}, **error.params))
        context = replace(await _user(request, now, sent), late=late, present=await _present(request, now))
        return await page(request, "admin/user.html", context, status=409)
    return await see_other(request, f"/admin/users/{user_id}", N_("Saved. The person's sessions have ended."))


@post("/admin/users/{user_id:str}/active", guards=[admins])
async def set_active(request: Request[Any, Any, Any], user_id: FromPath[str]) -> Response[Any]:
    """Close an account, or open it again."""
    accounts = services(request).accounts
    user = await accounts.get(user_id)
    form = await read_form(request)
    change, message = (
        (accounts.reactivate, N_("The account is open again."))
        if form.flag("active")
        else (accounts.deactivate, N_("The account is closed. What its owner did stays."))
    )
    await change(actor(request), user.object_id, version=form.version(), request_id=request_id(request.scope))
    return await see_other(request, f"/admin/users/{user_id}", message)


@post("/admin/users/{user_id:str}/password", guards=[admins])
async def reset_password(request: Request[Any, Any, Any], user_id: FromPath[str]) -> Response[Any]:
    """A new made-up password, shown on this answer and never again."""
    accounts = services(request).accounts
    user = await accounts.get(user_id)
    password = await accounts.reset_password(actor(request), user.object_id, request_id=request_id(request.scope))
    return await _show_password(request, user, password, is_new=False)


@post("/admin/users/{user_id:str}/sign-out", guards=[admins])
async def sign_out_user(request: Request[Any, Any, Any], user_id: FromPath[str]) -> Response[Any]:
    """End all sessions of a person."""
    accounts = services(request).accounts
    user = await accounts.get(user_id)
    await accounts.sign_out_everywhere(user.object_id, by=actor(request), request_id=request_id(request.scope))
    return await see_other(request, f"/admin/users/{user_id}", N_("The person is signed out everywhere."))


# -- what pages show


async def _new_user(
    request: Request[Any, Any, Any], duties: DutiesForm, values: Mapping[str, str] | None = None
) -> NewUserPage:
    units = await services(request).places.units()
    catalogue = _catalogue(request)
    return NewUserPage(duties, role_options(catalogue), unit_options(units), level_options(catalogue), values or {})


async def _user(
    request: Request[Any, Any, Any], user: User, sent: DutiesForm | None = None, version: int | None = None
) -> UserPage:
    use = services(request)
    units = await use.places.units()
    entries = await use.audit.latest(ENTRIES_OF_A_USER, subject=user.object_id)
    kept = {*user.unit_ids, *user.answers_for}
    catalogue = _catalogue(request)
    return UserPage(
        id=str(user.id),
        username=user.username,
        name=user.display_name,
        active=user.active,
        must_change_password=user.must_change_password,
        created_at=user.created_at,
        version=user.version if version is None else version,
        oneself=user.object_id == actor(request).user_id,
        duties=sent or await _as_kept(request, user),
        roles=role_options(catalogue),
        units=unit_options(units, kept),
        levels=level_options(catalogue),
        audit=await audit_rows(request, entries),
    )


async def _present(request: Request[Any, Any, Any], user: User) -> list[Mapping[str, str]]:
    """A person's duties in words."""
    say, units = _catalogue(request).gettext, await services(request).places.units()
    comma = say(N_(", "))
    several = {
        N_("Roles"): [say(ROLE_NAMES[role]) for role in user.roles],
        N_("Level of the person's checks"): [say(LEVEL_NAMES[user.level])],
        N_("Works in"): [units.name(unit) for unit in user.unit_ids],
        N_("Answers for"): [units.name(unit) for unit in user.answers_for],
        N_("Stands behind these regions"): await _region_names(request, user.backs),
    }
    return [{"label": say(label), "value": comma.join(values) or NOTHING} for label, values in several.items()]


async def _as_kept(request: Request[Any, Any, Any], user: User) -> DutiesForm:
    return DutiesForm(
        roles=list(user.roles),
        unit_ids=[str(unit_id) for unit_id in user.unit_ids],
        answers_for=[str(unit_id) for unit_id in user.answers_for],
        backs="\n".join(await _region_names(request, user.backs)),
        level=user.level,
    )


async def _region_names(request: Request[Any, Any, Any], codes: Sequence[str]) -> list[str]:
    """Codes as the field shows them: with their name where that is enough to find the code again."""
    tree = await services(request).places.regions()
    return [f"{code} {tree.label(code)}" if code in tree else code for code in codes]


def _as_sent(form: Form, error: InvalidInput) -> DutiesForm:
    """The fields as they came in, with what is wrong."""
    several = {
        name: [value for value in form.data.getall(name, []) if isinstance(value, str)]
        for name in ("roles", "unit_ids", "answers_for")
    }
    values = form.values
    return DutiesForm(
        several["roles"],
        several["unit_ids"],
        several["answers_for"],
        values.get("backs", ""),
        values.get("level", ""),
        error.fields,
        error.params,
    )


async def _duties(request: Request[Any, Any, Any], form: Form) -> Duties:
    """What the form gives a person to do.

    Raises:
        InvalidInput: something that is none: a role, a unit, a region.
    """
    roles = form.choices("roles", Role)
    units, answers_for = form.ids("unit_ids"), form.ids("answers_for")
    known = (await services(request).places.units()).by_id
    for name, chosen in (("unit_ids", units), ("answers_for", answers_for)):
        if not known.keys() >= set(chosen):
            form.errors[name] = N_("Please choose from the list.")
    level = form.choice("level", Level, required=N_("Please choose from the list."))
    backs = await _backs(request, form)
    form.check()
    assert level is not None  # or check() would have raised
    return Duties(frozenset(roles), tuple(units), tuple(answers_for), tuple(backs), level)


async def _backs(request: Request[Any, Any, Any], form: Form) -> list[str]:
    """Codes of the regions that are named one per line; ``370303 张店区`` means what its code means."""
    places = services(request).places
    tree = await places.regions()
    codes: list[str] = []
    for line in form.text("backs", longest=2000).splitlines():
        first, _, _ = line.strip().partition(" ")
        try:
            code = first if first in tree else await resolve_region(places, line)
        except InvalidInput as error:
            form.errors["backs"] = error.message
            break
        if code is not None and code not in codes:
            codes.append(code)
    return codes


async def _show_password(request: Request[Any, Any, Any], user: User, password: str, *, is_new: bool) -> Response[Any]:
    context = PasswordPage(user.username, user.display_name, password, f"/admin/users/{user.id}", is_new)
    return await page(request, "admin/password.html", context, status=201 if is_new else 200)


def _catalogue(request: Request[Any, Any, Any]) -> Catalogue:
    pages: Pages = request.app.state.pages
    return pages.catalogue


ROUTES = [
    users_page,
    new_user_page,
    add_user,
    user_page,
    set_duties,
    set_active,
    reset_password,
    sign_out_user,
]
