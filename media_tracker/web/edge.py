"""The outermost layer: request id, client address, host check, security headers, one log line and one measurement a request."""

from __future__ import annotations

import ipaddress
import secrets
import time
from collections.abc import Sequence

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram

log = structlog.get_logger("web")

REQUESTS = Counter("media_tracker_http_requests_total", "HTTP requests", ["method", "status"])
SECONDS = Histogram("media_tracker_http_request_seconds", "Time to answer a request", ["method"])

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
}
OPEN_TO_ANY_HOST = frozenset({"/healthz"})
"""Probes ask by address; they are told nothing but that the process lives."""
SECRET_BEHIND = ("/websub/", "/e/")
"""Addresses that end in a secret; a log does not learn it."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""What is counted by its name; a client can invent any other, and each would be kept for ever."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

WRONG_HOST = b"This host name is not served here. Set MEDIA_TRACKER_ALLOWED_HOSTS.\n"
FOREIGN_FORM = b"This form was sent from another site. Open the page here, and send it again.\n"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Edge:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, *, hosts: Sequence[str], proxies: Sequence[str], secure: bool) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._proxies: list[Network] = [ipaddress.ip_network(proxy, strict=False) for proxy in proxies]
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        await self._serve(scope, receive, send)

    async def _serve(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        number = secrets.token_hex(8)
        scope["request_id"] = number  # type: ignore[typeddict-unknown-key]  # scopes may carry keys of one's own
        scope["client_address"] = self._client(scope)  # type: ignore[typeddict-unknown-key]
        scope["scheme"] = self._scheme(scope)
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableScopeHeaders.from_message(message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers["x-request-id"] = number
                if self._secure:
                    headers["strict-transport-security"] = "max-age=31536000"
                if "cache-control" not in headers:
                    headers["cache-control"] = "no-store"
            await send(message)

        try:
            if self._host_is_wrong(scope):
                await _refuse(send_with_headers, 400, WRONG_HOST)
            elif _is_foreign_form(scope):
                await _refuse(send_with_headers, 403, FOREIGN_FORM)
            else:
                await self._app(scope, receive, send_with_headers)
        finally:
            seconds = time.perf_counter() - started
            method = scope["method"] if scope["method"] in METHODS else "OTHER"
            REQUESTS.labels(method, str(status)).inc()
            SECONDS.labels(method).observe(seconds)
            log.info(
                "request",
                method=scope["method"],
                path=_shown_path(scope["path"]),
                status=status,
                ms=round(seconds * 1000, 1),
                request_id=number,
            )

    def _host_is_wrong(self, scope: Scope) -> bool:
        if "*" in self._hosts or scope["path"] in OPEN_TO_ANY_HOST:
            return False
        host = _header(scope, b"host").lower()
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        return name not in self._hosts

    def _client(self, scope: Scope) -> str:
        """The last address in ``X-Forwarded-For`` that is none of the trusted proxies, if one of them is the peer."""
        client = scope.get("client")
        peer = client[0] if client else ""
        hops = [hop.strip() for hop in _header(scope, b"x-forwarded-for").split(",") if hop.strip()]
        address = peer
        while hops and self._trusted(address):
            address = hops.pop()
        return address

    def _scheme(self, scope: HTTPScope) -> str:
        """``X-Forwarded-Proto`` where a trusted proxy is the peer, else the connection's own."""
        told = _header(scope, b"x-forwarded-proto").lower()
        client = scope.get("client")
        return told if told in {"http", "https"} and client and self._trusted(client[0]) else scope["scheme"]

    def _trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._proxies)


def _header(scope: Scope, name: bytes) -> str:
    """A header's value; several lines mean one list (RFC 9110, 5.3).

    None may be left out: a visitor can send an ``X-Forwarded-For``, and the proxy adds its own in a line below.
    """
    return ",".join(value.decode("latin-1") for key, value in scope["headers"] if key == name)


def _is_foreign_form(scope: HTTPScope) -> bool:
    """True for what would change something and was sent by another site's page, as far as the browser says (Fetch Metadata).

    It stands before the CSRF token: two locks, of which one is enough. Programs do not send the header.
    """
    return scope["method"] not in SAFE_METHODS and _header(scope, b"sec-fetch-site").lower() == "cross-site"


async def _refuse(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _shown_path(path: str) -> str:
    return next((f"{start}…" for start in SECRET_BEHIND if path.startswith(start)), path)
