"""What WebSub hubs ask and send: no account and no form, but an address that only the hub knows, and a signature."""

from __future__ import annotations

from typing import Any

import structlog
from litestar import Request, Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath

from media_tracker.errors import Unavailable
from media_tracker.ingest.websub import SubscriptionOver
from media_tracker.web.guards import anyone
from media_tracker.web.visitor import services

log = structlog.get_logger("websub")

PUSH_BYTES = 15 * 2**20
"""As much as is read of a feed that is polled."""


@get("/websub/{token:str}", guards=[anyone], exclude_from_csrf=True)
async def verify(request: Request[Any, Any, Any], token: FromPath[str]) -> Response[str]:
    """A hub verifies that we have asked for a subscription, or says that it denies one."""
    websub = services(request).websub
    params = dict(request.query_params)
    if params.get("hub.mode") == "denied":
        await websub.denied(token, params)
        return Response("", media_type=MediaType.TEXT)
    return Response(await websub.confirm(token, params), media_type=MediaType.TEXT)


@post("/websub/{token:str}", guards=[anyone], exclude_from_csrf=True, request_max_body_size=PUSH_BYTES)
async def take(request: Request[Any, Any, Any], token: FromPath[str]) -> Response[bytes]:
    """A hub brings news of a feed. A stranger's body is not even read; one with a wrong signature is thrown away in silence."""
    found = services(request)
    try:
        await found.websub.expects(token)
        body = await request.body()
        feed_id = await found.websub.receive(token, request.headers.get("x-hub-signature"), body)
    except SubscriptionOver:
        return Response(b"", status_code=410)  # the hub may forget it
    if feed_id is not None:
        try:
            await found.ingest.take_pushed(feed_id, body, request.headers.get("content-type"))
        except Unavailable as error:  # no feed: it would not become one by being sent again
            log.warning("push_not_read", feed=str(feed_id), reason=str(error))
    return Response(b"", status_code=202)


ROUTES = [verify, take]
