"""Live pages: ``/events`` as a stream, the same by asking for it, and the bell."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get
from litestar.enums import MediaType
from litestar.types import ASGIApp, Receive, Scope, Send

from media_tracker.web.guards import signed_in
from media_tracker.web.live_hub import LiveHub, TooManyListen, message
from media_tracker.web.render import render
from media_tracker.web.visitor import Connection, actor, services, visitor

HEARTBEAT_SECONDS = 15.0
"""A comment for whom nothing happens: proxies cut silent connections, and a browser that has gone is noticed."""
LONGEST_SECONDS = 900.0
"""A browser comes back by itself, with its last position; a stream that never ends would keep a server from stopping."""
PATIENCE_SECONDS = 30.0
"""Who takes none of what is sent to them for so long has gone."""
HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)
"""Each answer gets a list of its own: what stands outside adds its headers, and one visitor's cookies, to that list."""


def hub_of(connection: Connection) -> LiveHub:
    """The listeners of this process."""
    found: LiveHub = connection.app.state.live
    return found


@get("/events", guards=[signed_in])
async def events(request: Request[Any, Any, Any]) -> ASGIApp:
    """What happens, as it happens: kinds, and how many of each, no content. 503 where too many listen."""
    hub, after = hub_of(request), _position(request)
    user_id, session = actor(request).user_id, visitor(request).session
    session_id = session.id if session is not None else ""

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with hub.listen(user_id, session_id) as listener:
                await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
                retry = 2_000 + 37 * len(hub) % 3_000  # so that not all come back in the same moment
                hello = f"retry: {retry}\n".encode() + message("hello", {"position": listener.start}, listener.start)
                if after is not None and after < listener.start:
                    missed = await hub.since(after, listener.start)
                    hello += message("change", missed.as_dict(), missed.position)
                gone = asyncio.create_task(_gone(receive))
                gone.add_done_callback(lambda _: hub.leave(listener))
                try:
                    async with asyncio.timeout(LONGEST_SECONDS):
                        told: bytes | None = hello
                        while told is not None:
                            async with asyncio.timeout(PATIENCE_SECONDS):
                                await send({"type": "http.response.body", "body": told or b":\n\n", "more_body": True})
                            told = await listener.next(HEARTBEAT_SECONDS)
                except (TimeoutError, OSError):
                    pass
                finally:
                    gone.cancel()
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TooManyListen:
            await send({"type": "http.response.start", "status": 503, "headers": [(b"retry-after", b"60")]})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return stream


@get("/events/since", guards=[signed_in])
async def since(request: Request[Any, Any, Any]) -> Response[Mapping[str, object]]:
    """The same for who cannot listen: what has happened behind the position ``after``; without one only the position."""
    hub, after = hub_of(request), _position(request)
    if after is None:
        return Response({"position": await services(request).log.last_position(), "changes": [], "more": False})
    return Response((await hub.since(after)).as_dict())


@get("/notices/bell", guards=[signed_in])
async def bell(request: Request[Any, Any, Any]) -> Response[str]:
    """The bell of the page's head, with how many notices are new."""
    new = await services(request).notices.unread(actor(request).user_id)
    answer = await render(request, "live/bell.html", {"new_notices": new})
    return Response(answer.content, media_type=MediaType.HTML)


async def _gone(receive: Receive) -> None:
    """Return when the browser has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _position(request: Request[Any, Any, Any]) -> int | None:
    """The last position that the page knows: a browser that comes back says it by itself."""
    told = str(request.headers.get("last-event-id") or request.query_params.get("after", ""))
    return int(told) if told.isascii() and told.isdigit() and len(told) < 16 else None


ROUTES = [events, since, bell]
