"""Signing in and out, one's own account, language and theme."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromQuery
from litestar.response import Redirect

from media_tracker.accounts.actor import Actor
from media_tracker.accounts.documents import Language
from media_tracker.errors import N_, InvalidInput, TooMany
from media_tracker.web.account.view import account_page_of
from media_tracker.web.forms import read_form
from media_tracker.web.guards import anyone, signed_in
from media_tracker.web.render import page, safe_path, start_of
from media_tracker.web.visitor import SESSION_COOKIE, actor, client_address, request_id, services, visitor

PREFERENCE_SECONDS = 365 * 24 * 3600
LANGUAGES: tuple[Language, ...] = ("zh_CN", "en")


@dataclass(frozen=True, slots=True)
class LoginPage:
    """``templates/account/login.html``"""

    next: str
    username: str = ""
    message: str = ""
    """An untranslated sentence, when the try before this one failed."""
    params: dict[str, object] = field(default_factory=dict)


@get("/login", guards=[anyone])
async def login_page(request: Request[Any, Any, Any], next: FromQuery[str] = "/") -> Response[Any]:
    """The sign-in form; who is signed in is sent on."""
    who = visitor(request).actor
    if who is not None:
        return Redirect(_wished(safe_path(next), who), status_code=303)
    return await page(request, "account/login.html", LoginPage(safe_path(next)))


@post("/login", guards=[anyone])
async def login(request: Request[Any, Any, Any]) -> Response[Any]:
    """Sign in. The session is always a new one; an old cookie's session is ended."""
    form = await read_form(request)
    username, target = form.text("username"), safe_path(form.text("next", longest=2000), "/")
    password = form.values.get("password", "")
    accounts = services(request).accounts
    try:
        token = await accounts.sign_in(
            username,
            password,
            client=client_address(request),
            request_id=request_id(request.scope),
            old_token=request.cookies.get(SESSION_COOKIE),
        )
    except (InvalidInput, TooMany) as error:
        status = 429 if isinstance(error, TooMany) else 422
        context = LoginPage(target, username, error.message, error.params)
        response = await page(request, "account/login.html", context, status=status)
        if isinstance(error, TooMany):
            response.headers["retry-after"] = str(error.retry_after)
        return response
    found = await services(request).sessions.find(token)
    if found is not None:
        user = found[1]
        target = "/account" if user.must_change_password else _wished(target, user.actor())
    answer = Redirect(target, status_code=303)
    _set_session(request, answer, token)
    return answer


@post("/logout", guards=[signed_in])
async def logout(request: Request[Any, Any, Any]) -> Response[Any]:
    """End this session."""
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        await services(request).accounts.sign_out(token, request_id=request_id(request.scope))
    answer = Redirect("/", status_code=303)
    answer.delete_cookie(SESSION_COOKIE)
    return answer


@get("/account", guards=[signed_in])
async def account_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """One's own account: password, sessions, notices."""
    return await page(request, "account/account.html", await account_page_of(request))


@post("/account/password", guards=[signed_in])
async def change_password(request: Request[Any, Any, Any]) -> Response[Any]:
    """A new password. It ends every session, and opens a new one here."""
    form = await read_form(request)
    old, new, again = (form.values.get(name, "") for name in ("old", "new", "again"))
    try:
        if new != again:
            raise InvalidInput(
                N_("Please look at the marked fields."), {"again": N_("The two new passwords are not the same.")}
            )
        token = await services(request).accounts.change_password(
            actor(request), old, new, client=client_address(request), request_id=request_id(request.scope)
        )
    except InvalidInput as error:
        context = await account_page_of(request, error)
        return await page(request, "account/account.html", context, status=422)
    sessions = services(request).sessions
    found = await sessions.find(token)
    if found is not None:
        await sessions.flash(found[0].id, "success", N_("Your password is changed. Other sessions have ended."), {})
    answer = Redirect("/account", status_code=303)
    _set_session(request, answer, token)
    return answer


@post("/account/sign-out-everywhere", guards=[signed_in])
async def sign_out_everywhere(request: Request[Any, Any, Any]) -> Response[Any]:
    """End every session of one's own, this one included."""
    who = actor(request)
    await services(request).accounts.sign_out_everywhere(who.user_id, by=who, request_id=request_id(request.scope))
    answer = Redirect("/login", status_code=303)
    answer.delete_cookie(SESSION_COOKIE)
    return answer


@post("/preferences", guards=[anyone])
async def preferences(request: Request[Any, Any, Any]) -> Response[Any]:
    """Language or theme, in a cookie; the language of somebody signed in also with the account."""
    form = await read_form(request)
    answer = Redirect(safe_path(form.text("next", longest=2000)), status_code=303)
    secure = services(request).settings.secure_cookies
    for name, allowed in (("language", LANGUAGES), ("theme", ("light", "dark"))):
        value = form.text(name)
        if value in allowed:
            answer.set_cookie(name, value, max_age=PREFERENCE_SECONDS, samesite="lax", secure=secure)
    language = next((each for each in LANGUAGES if each == form.text("language")), None)
    if language is not None and visitor(request).user is not None:
        await services(request).accounts.set_language(actor(request), language, request_id=request_id(request.scope))
    return answer


def _wished(target: str, who: Actor) -> str:
    """The page that was asked for; ``/`` is what stands in the form when none was."""
    return start_of(who) if target == "/" else target


def _set_session(request: Request[Any, Any, Any], answer: Response[Any], token: str) -> None:
    settings = services(request).settings
    answer.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=settings.session_hours * 3600,
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )


ROUTES = [
    login_page,
    login,
    logout,
    account_page,
    change_password,
    sign_out_everywhere,
    preferences,
]
