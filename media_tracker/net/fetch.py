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
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

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
_PERMANENT = (301, 308)
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK = 64 * 1024
_HEADER_CHARS = 2048

AddrInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]

_refused: ContextVar[list[str]] = ContextVar("refused")
"""Addresses that the guard refused during the request of the current task; connecting may run in child tasks."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one fetch may cost: seconds over all hops, bytes after decompression, redirects, characters of an address."""

    total_seconds: float = 20.0
    bytes_decompressed: int = 15 * 2**20
    redirects: int = 5
    url_chars: int = 2048


DEFAULT_LIMITS = FetchLimits()


@dataclass(frozen=True, slots=True)
class ResponseHeaders:
    """The response headers that somebody asks for later, as they were sent (at most 2,048 characters each)."""

    etag: str | None = None
    last_modified: str | None = None
    content_type: str | None = None
    cache_control: str | None = None
    expires: str | None = None
    date: str | None = None
    retry_after: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document.

    ``url`` is the address that gave it, after redirects. ``permanent_url`` is where the address asked for has moved for good:
    the end of the unbroken run of 301 and 308 at the beginning, or None.
    """

    url: str
    status: int
    body: bytes
    headers: ResponseHeaders
    permanent_url: str | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """The validators still hold (304). ``headers`` may bring newer ones, which replace those stored (RFC 9111 §4.3.4)."""

    url: str
    headers: ResponseHeaders
    permanent_url: str | None = None


@dataclass(frozen=True, slots=True)
class _Redirect:
    location: str
    permanent: bool


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
    ) -> Fetched | NotModified:
        """GET ``url``, conditionally if validators are given, following redirects.

        Raises a :class:`~media_tracker.net.errors.FetchError` for everything that may go wrong outside.
        """
        headers = {"Accept": accept} | _conditions(etag, last_modified)
        here = checked_url(url, self._limits.url_chars)
        clock = asyncio.get_running_loop().time
        left = self._limits.total_seconds
        permanent_url: str | None = None
        moved_for_good = True
        for _ in range(self._limits.redirects + 1):
            async with self._turns.turn(here.host or ""):
                started = clock()
                answer = await self._request(here, headers, left, permanent_url)
                left -= clock() - started
            if not isinstance(answer, _Redirect):
                return answer
            here = checked_url(answer.location, self._limits.url_chars, base=here)
            moved_for_good = moved_for_good and answer.permanent
            if moved_for_good:
                permanent_url = str(here)
        raise TooManyRedirects(url=str(here), host=here.host or "", limit=self._limits.redirects)

    async def _request(
        self, url: URL, headers: dict[str, str], seconds: float, permanent_url: str | None
    ) -> Fetched | NotModified | _Redirect:
        """One request, no redirect followed; every failure as a :class:`FetchError`."""
        if self._session is None:
            raise RuntimeError("use the Fetcher as an async context manager")
        refused: list[str] = []
        token = _refused.set(refused)
        host = url.host or ""
        try:
            async with (
                asyncio.timeout(seconds),
                self._session.get(url, headers=headers, allow_redirects=False) as response,
            ):
                return await self._read(response, url, permanent_url)
        except TimeoutError:
            raise TooSlow(url=str(url), host=host, seconds=self._limits.total_seconds) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if refused:
                raise Blocked(url=str(url), host=host, address=refused[0]) from None
            raise Unreachable(_fault(error), url=str(url), host=host) from error
        finally:
            _refused.reset(token)

    async def _read(
        self, response: aiohttp.ClientResponse, url: URL, permanent_url: str | None
    ) -> Fetched | NotModified | _Redirect:
        status, host = response.status, url.host or ""
        kept = _kept_headers(response)
        location = _header(response, "Location")
        if status in _REDIRECTS and location:
            return _Redirect(location, permanent=status in _PERMANENT)
        request = response.request_info.headers
        if status == 304 and ("If-None-Match" in request or "If-Modified-Since" in request):
            return NotModified(str(url), kept, permanent_url)
        if status not in _OK:
            raise HttpStatus(status, url=str(url), host=host, retry_after=kept.retry_after)
        limit = self._limits.bytes_decompressed
        chunks: list[bytes] = []
        size = 0
        # aiohttp decompresses no more than a buffer's worth ahead of the reader, so a bomb goes off in pieces that are counted.
        async for chunk in response.content.iter_chunked(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise TooBig(url=str(url), host=host, limit=limit)
            chunks.append(chunk)
        return Fetched(str(url), status, b"".join(chunks), kept, permanent_url)

    def _open_socket(self, info: AddrInfo) -> socket.socket:
        """Called by the connector for each address, just before it connects to it."""
        family, kind, protocol, _, where = info
        address, port = str(where[0]), int(str(where[1]))
        if not self._guard.permits(address, port):
            _refused.get([]).append(address)
            raise OSError(errno.EACCES, "address is not public")
        return socket.socket(family, kind, protocol)


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


def _kept_headers(response: aiohttp.ClientResponse) -> ResponseHeaders:
    return ResponseHeaders(
        etag=_header(response, "ETag"),
        last_modified=_header(response, "Last-Modified"),
        content_type=_header(response, "Content-Type"),
        cache_control=_header(response, "Cache-Control"),
        expires=_header(response, "Expires"),
        date=_header(response, "Date"),
        retry_after=_header(response, "Retry-After"),
        link=_header(response, "Link"),
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
    "ResponseHeaders",
    "user_agent",
]
