"""The description of the API (OpenAPI 3.1) at ``/schema/openapi.json``: only what programs ask, no pages."""

from __future__ import annotations

from litestar import Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from media_tracker import __version__
from media_tracker.web.guards import anyone

PATH = "/schema"


def described() -> OpenAPIConfig:
    """How the API is described. It needs no account: it says what can be asked, not what is answered."""
    return OpenAPIConfig(
        title="media-tracker",
        version=__version__,
        description="Stories in, figures out. Errors are application/problem+json (RFC 9457).",
        use_handler_docstrings=True,
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        openapi_router=Router(PATH, route_handlers=[], guards=[anyone]),
        components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
        security=[{"token": []}],
    )
