"""The application that tests ask: built once in a process, since its routes are the same for all; services are put in."""

from __future__ import annotations

from functools import cache

from litestar import Litestar

from media_tracker.app import create_app, install
from media_tracker.logs import configure
from media_tracker.settings import Settings
from media_tracker.web.edge import Edge
from media_tracker.wiring import Services


def application(services: Services) -> Litestar:
    """The application, working with ``services`` from now on. Who asked before, with others, is to ask no more."""
    configure(services.settings.log_format)
    app = _built(services.settings.secure_cookies)
    if getattr(app.state, "services", None) is not services:
        install(app, services)
    return app


def serving(services: Services) -> Edge:
    """The application behind its outermost layer."""
    settings = services.settings
    return Edge(application(services), hosts=settings.hosts, proxies=settings.proxies, secure=settings.secure_cookies)


@cache
def _built(secure_cookies: bool) -> Litestar:
    """An application without services. Forms are signed with one secret, which is no test's own."""
    return create_app(Settings(_env_file=None, secret_key="of the tests", secure_cookies=secure_cookies))
