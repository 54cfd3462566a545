"""Fetching over HTTP, the only way out of this program: feeds, pages, hubs and webhooks all pass here.

What is guarded, and where:

- *addresses*: in the connector's ``socket_factory``, which is handed the very address that is about to be connected to, so that
  literals, names, redirects and names that change their answer between two look-ups all meet one check (``net/guard.py``);
- *redirects*: followed here, one at a time, each checked like a first address (``net/urls.py``);
- *time and size*: one budget for all hops, and the body counted after decompression while it streams in;
- *politeness*: turns per host (``net/turns.py``).
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from media_tracker.net.answers import DEFAULT_LIMITS, Fetched, FetchLimits, NotModified, ResponseHeaders
from media_tracker.net.errors import (
    Blocked,
    Fault,
    FetchError,
    HttpStatus,
    TooBig,
    TooManyRedirects,
    TooSlow,
    Unreachable,
)
from media_tracker.net.guard import Guard
from media_tracker.net.turns import HostTurns
from media_tracker.net.urls import checked_url

FEED_TYPES = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
"""The ``Accept`` header of a feed reader."""

_OK = (200, 203)
_TAKEN = range(200, 300)
_PERMANENT = (301, 308)
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK = 64 * 1024
_HEADER_CHARS = 2048
_LINKS_CHARS = 8 * 1024

AddrInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]

OnRedirect = Callable[[str], Awaitable[None]]
"""Told where we are sent to."""

_refused: ContextVar[list[str]] = ContextVar("refused")
"""Addresses that the guard refused during the request of the current task; connecting may run in child tasks."""


@dataclass(frozen=True, slots=True)
class _Redirect:
    location: str
    permanent: bool
    status: int


@dataclass(frozen=True, slots=True)
class _Request:
    """What is sent at each hop. A request with ``data`` is a POST, any other a GET."""

    headers: Mapping[str, str]
    limits: FetchLimits
    data: bytes | None = None


def user_agent(version: str, contact: str = "") -> str:
    """The honest ``User-Agent``: name, version, and where to complain if the operator has set it."""
    contact = "".join(c for c in contact if c.isascii() and c.isprintable()).strip()
    return f"media-tracker/{version} (+{contact})" if contact else f"media-tracker/{version}"


class Fetcher:
    """One HTTP session with every guard around it. Use it as an async context manager, one per process.

    ``allow``: (address, port) pairs that may be asked though they are not public. ``host_gap``: seconds between two requests to
    one host, which also go one at a time; 0 switches both off. ``resolver`` takes the place of the system's.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        limits: FetchLimits = DEFAULT_LIMITS,
        allow: Iterable[tuple[str, int]] = (),
        host_gap: float = 5.0,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._user_agent = user_agent
        self._limits = limits
        self._guard = Guard(allow)
        self._turns = HostTurns(host_gap)
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # No cache of names: a gap between requests outlives it anyway. No limit on connections: callers bound their tasks, and
        # waiting for a free connection would be charged to the server's time.
        connector = aiohttp.TCPConnector(
            socket_factory=self._open_socket, resolver=self._resolver, use_dns_cache=False, limit=0
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self._user_agent},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            trust_env=False,
            max_line_size=16 * 1024,
            max_field_size=16 * 1024,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = FEED_TYPES,
        limits: FetchLimits | None = None,
        on_redirect: OnRedirect | None = None,
    ) -> Fetched | NotModified:
        """GET ``url``, conditionally if validators are given, following redirects. ``limits`` overrule the fetcher's own.

        ``on_redirect`` is called with each address that we are sent to, before it is asked; what it raises comes out.
        Raises a :class:`~media_tracker.net.errors.FetchError` for everything that may go wrong outside.
        """
        limits = limits or self._limits
        request = _Request({"Accept": accept} | _conditions(etag, last_modified), limits)
        here = checked_url(url, limits.url_chars)
        left = limits.total_seconds
        permanent_url: str | None = None
        moved_for_good = True
        for _ in range(limits.redirects + 1):
            answer, seconds = await self._in_turn(here, request, left, permanent_url)
            left -= seconds
            if not isinstance(answer, _Redirect):
                return answer
            here = checked_url(answer.location, limits.url_chars, base=here)
            moved_for_good = moved_for_good and answer.permanent
            if moved_for_good:
                permanent_url = str(here)
            if on_redirect is not None:
                await on_redirect(str(here))
        raise TooManyRedirects(url=str(here), host=here.host or "", limit=limits.redirects)

    async def post(
        self,
        url: str,
        data: Mapping[str, str] | bytes,
        *,
        headers: Mapping[str, str] | None = None,
        limits: FetchLimits | None = None,
    ) -> Fetched:
        """POST ``data``, a form or a body of its own, and give the answer, which may be any of the 2xx; nothing is tried twice.

        No redirect is followed: what was meant for one address is not told to another.
        Raises a :class:`~media_tracker.net.errors.FetchError` for everything that may go wrong outside; a 3xx is an
        :class:`~media_tracker.net.errors.HttpStatus`.
        """
        limits = limits or self._limits
        sent = {"Accept": "*/*", "Content-Type": "application/octet-stream"}
        if not isinstance(data, bytes):
            data = urlencode(data, errors="replace").encode("ascii")
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        request = _Request(sent | dict(headers or {}), limits, data)
        here = checked_url(url, limits.url_chars)
        answer, _ = await self._in_turn(here, request, limits.total_seconds, None)
        if isinstance(answer, Fetched):
            return answer
        status = answer.status if isinstance(answer, _Redirect) else 304
        raise HttpStatus(status, url=str(here), host=here.host or "")

    async def _in_turn(
        self, url: URL, request: _Request, seconds: float, permanent_url: str | None
    ) -> tuple[Fetched | NotModified | _Redirect, float]:
        """One request when the host may be asked, and the seconds that it took; waiting for the turn not counted."""
        clock = asyncio.get_running_loop().time
        async with self._turns.turn(url.host or ""):
            started = clock()
            answer = await self._request(url, request, seconds, permanent_url)
            return answer, clock() - started

    async def _request(
        self, url: URL, request: _Request, seconds: float, permanent_url: str | None
    ) -> Fetched | NotModified | _Redirect:
        """One request, no redirect followed; every failure as a :class:`FetchError`."""
        if self._session is None:
            raise RuntimeError("use the Fetcher as an async context manager")
        refused: list[str] = []
        token = _refused.set(refused)
        host = url.host or ""
        method = "GET" if request.data is None else "POST"
        try:
            async with (
                asyncio.timeout(seconds),
                self._session.request(
                    method, url, headers=request.headers, data=request.data, allow_redirects=False
                ) as response,
            ):
                return await _read(response, url, request, permanent_url)
        except TimeoutError:
            raise TooSlow(url=str(url), host=host, seconds=request.limits.total_seconds) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if refused:
                raise Blocked(url=str(url), host=host, address=refused[0]) from None
            raise Unreachable(_fault(error), url=str(url), host=host) from error
        finally:
            _refused.reset(token)

    def _open_socket(self, info: AddrInfo) -> socket.socket:
        """Called by the connector for each address, just before it connects to it."""
        family, kind, protocol, _, where = info
        address, port = str(where[0]), int(str(where[1]))
        if not self._guard.permits(address, port):
            _refused.get([]).append(address)
            raise OSError(errno.EACCES, "address is not public")
        return socket.socket(family, kind, protocol)


async def _read(
    response: aiohttp.ClientResponse, url: URL, request: _Request, permanent_url: str | None
) -> Fetched | NotModified | _Redirect:
    """What the answer is; its body only if it is a document."""
    status, host = response.status, url.host or ""
    kept = _kept_headers(response)
    location = _header(response, "Location")
    if status in _REDIRECTS and location:
        return _Redirect(location, permanent=status in _PERMANENT, status=status)
    if status == 304 and ("If-None-Match" in request.headers or "If-Modified-Since" in request.headers):
        return NotModified(str(url), kept, permanent_url)
    if status not in (_OK if request.data is None else _TAKEN):
        raise HttpStatus(status, url=str(url), host=host, retry_after=kept.retry_after)
    body = await _body(response, request.limits)
    if body is None:
        raise TooBig(url=str(url), host=host, limit=request.limits.bytes_decompressed)
    return Fetched(str(url), status, body, kept, permanent_url)


async def _body(response: aiohttp.ClientResponse, limits: FetchLimits) -> bytes | None:
    """The body, decompressed; None where it is larger than may be read and is not to be cut."""
    limit = limits.bytes_decompressed
    chunks: list[bytes] = []
    size = 0
    # aiohttp decompresses no more than a buffer's worth ahead of the reader, so a bomb goes off in pieces that are counted.
    async for chunk in response.content.iter_chunked(_CHUNK):
        size += len(chunk)
        if size > limit:
            return b"".join([*chunks, chunk])[:limit] if limits.cut else None
        chunks.append(chunk)
    return b"".join(chunks)


def _conditions(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """Validators as request headers; one that could not be sent as it came is left out."""
    pairs = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in pairs.items() if value and value.isascii() and value.isprintable()}


def _header(response: aiohttp.ClientResponse, name: str) -> str | None:
    """One header, without the lone surrogates that stand for odd bytes; None where it is missing or absurdly long."""
    value = response.headers.get(name)
    if value is None or len(value) > _HEADER_CHARS:
        return None
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip() or None


def _links(response: aiohttp.ClientResponse) -> str | None:
    """All ``Link`` headers as one, without those that are absurdly long, as far as there is room for whole ones."""
    kept = ""
    for value in response.headers.getall("Link", []):
        clean = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip()
        if clean and len(clean) <= _HEADER_CHARS and len(kept) + len(clean) + 2 <= _LINKS_CHARS:
            kept = f"{kept}, {clean}" if kept else clean
    return kept or None


def _kept_headers(response: aiohttp.ClientResponse) -> ResponseHeaders:
    return ResponseHeaders(
        etag=_header(response, "ETag"),
        last_modified=_header(response, "Last-Modified"),
        content_type=_header(response, "Content-Type"),
        cache_control=_header(response, "Cache-Control"),
        expires=_header(response, "Expires"),
        date=_header(response, "Date"),
        retry_after=_header(response, "Retry-After"),
        link=_links(response),
    )


def _fault(error: Exception) -> Fault:
    """Which step of the way ``error`` belongs to."""
    match error:
        case aiohttp.ClientConnectorDNSError() | UnicodeError():
            return Fault.DNS  # the resolver refuses over-long labels with a UnicodeError
        case aiohttp.ClientSSLError():
            return Fault.TLS
        case aiohttp.ClientConnectorError():
            return Fault.CONNECT
        case _:
            return Fault.PROTOCOL


__all__ = [
    "DEFAULT_LIMITS",
    "FEED_TYPES",
    "FetchError",
    "FetchLimits",
    "Fetched",
    "Fetcher",
    "NotModified",
    "OnRedirect",
    "ResponseHeaders",
    "user_agent",
]
