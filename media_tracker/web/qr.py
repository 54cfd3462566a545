"""Addresses of pages as paper carries them: a QR code beside the text, drawn in the page itself."""

from __future__ import annotations

from typing import Any

import segno
from litestar import Request
from markupsafe import Markup

from media_tracker.web.visitor import services


def whole_address(request: Request[Any, Any, Any], path: str) -> str:
    """The whole address of ``path``, as the outside world reaches it."""
    base = services(request).settings.public_url.rstrip("/")
    if not base:
        base = f"{request.url.scheme}://{request.headers.get('host', '')}"
    return f"{base}{path}"


def qr_code(address: str, title: str) -> Markup:
    """``address`` as inline SVG, readable with a seventh of it torn off; ``title`` says what it opens.

    It is as large as its class ``qr`` makes it. Black on white in a dark page, too: phones ask for that.
    """
    code = segno.make_qr(address, error="m")
    drawn = code.svg_inline(omitsize=True, title=title, svgclass="qr", lineclass=None, dark="#000", light="#fff")
    return Markup(drawn.replace("<svg ", '<svg role="img" ', 1))  # noqa: S704 - segno escapes the title, the rest is its own
