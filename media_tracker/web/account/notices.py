"""By which way one's notices come, and where one's mail goes."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, post

from media_tracker.errors import N_, InvalidInput
from media_tracker.notices.kinds import Delivery, offered_to
from media_tracker.web.account.view import account_page_of
from media_tracker.web.forms import read_form
from media_tracker.web.guards import signed_in
from media_tracker.web.render import page, see_other
from media_tracker.web.visitor import actor, request_id, services, visitor


@post("/account/notices", guards=[signed_in])
async def choose_notices(request: Request[Any, Any, Any]) -> Response[Any]:
    """Choose for each kind whether it comes by mail, and say to which address."""
    form, who, room = await read_form(request), actor(request), services(request)
    try:
        choice = {
            kind: chosen for kind in offered_to(who.roles) if (chosen := form.choice(str(kind), Delivery)) is not None
        }
        form.check()
        user = visitor(request).user
        assert user is not None  # the guard has seen to it
        address = form.text("mail")
        if address != user.mail:
            await room.accounts.set_mail(who, address, request_id=request_id(request.scope))
        await room.notices.prefer(who.user_id, choice)
    except InvalidInput as error:
        context = await account_page_of(request, error, form.values)
        return await page(request, "account/account.html", context, status=422)
    return await see_other(request, "/account#notices", N_("Saved."))


ROUTES = [choose_notices]
