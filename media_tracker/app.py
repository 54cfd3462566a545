"""The web application, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar, Request
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.plugins.htmx import HTMXPlugin
from litestar.static_files import create_static_files_router
from pymongo.errors import PyMongoError

from media_tracker.errors import MediaTrackerError
from media_tracker.locate import static_dir
from media_tracker.logs import configure
from media_tracker.settings import Settings
from media_tracker.web.api.schema import described
from media_tracker.web.edge import Edge
from media_tracker.web.errors import on_any_error, on_database_error, on_http_error, on_own_error
from media_tracker.web.guards import anyone
from media_tracker.web.live_hub import LiveHub
from media_tracker.web.locale_choice import LocaleMiddleware
from media_tracker.web.render import SampleData, pages_in
from media_tracker.web.routes import ROUTES
from media_tracker.web.visitor import VisitorMiddleware
from media_tracker.wiring import Services, open_services, secret_key

BODY_BYTES = 1_000_000
"""Of ordinary forms; the routes that take photos allow more."""
READERS = 1
"""Processes for what hubs push, editors paste and systems hand in, started with the first of it: a document that was made to take
for ever must not take this process's time."""


def create_app(settings: Settings | None = None, services: Services | None = None) -> Litestar:
    """The application. With ``services`` it uses those (tests); else it opens its own when it starts."""
    settings = settings or (services.settings if services else Settings())
    configure(settings.log_format)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        if services is not None:
            yield
            return
        async with open_services(settings, processes=READERS) as opened:
            install(app, opened)
            yield
            await app.state.live.close()

    app = Litestar(
        route_handlers=[
            *ROUTES,
            create_static_files_router(
                path="/static",
                directories=[static_dir()],
                guards=[anyone],
                cache_control=None,
                name="static",
                include_in_schema=False,
            ),
        ],
        lifespan=[lifespan],
        middleware=[VisitorMiddleware(), LocaleMiddleware()],
        csrf_config=CSRFConfig(
            secret=secret_key(settings), cookie_secure=settings.secure_cookies, cookie_httponly=True
        ),
        exception_handlers={
            MediaTrackerError: on_own_error,
            HTTPException: on_http_error,
            PyMongoError: on_database_error,
            Exception: on_any_error,
        },
        plugins=[HTMXPlugin()],
        request_class=Request,
        request_max_body_size=BODY_BYTES,
        state=State(),
        include_in_schema=False,
        openapi_config=described(),
        logging_config=None,
        debug=False,
    )
    if services is not None:
        install(app, services)
    return app


def create_asgi(settings: Settings | None = None, services: Services | None = None) -> Edge:
    """The application behind its outermost layer: what a server serves."""
    settings = settings or (services.settings if services else Settings())
    app = create_app(settings, services)
    return Edge(app, hosts=settings.hosts, proxies=settings.proxies, secure=settings.secure_cookies)


def install(app: Litestar, services: Services) -> None:
    """Have ``app`` work with ``services`` from now on."""
    app.state.services = services
    app.state.pages = pages_in(services.settings.zone)
    app.state.sample_data = SampleData(services.database, services.clock)
    app.state.live = LiveHub(services.database, services.log, services.sessions)
