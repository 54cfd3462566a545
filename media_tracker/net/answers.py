"""What is asked for and what comes back, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one fetch may cost: seconds over all hops, bytes after decompression, redirects, characters of an address.

    ``cut``: a longer body is cut off at the limit, for what is of use by its beginning alone; else it is refused.
    """

    total_seconds: float = 20.0
    bytes_decompressed: int = 15 * 2**20
    redirects: int = 5
    url_chars: int = 2048
    cut: bool = False


DEFAULT_LIMITS = FetchLimits()


@dataclass(frozen=True, slots=True)
class ResponseHeaders:
    """The response headers that somebody asks for later, as they were sent (at most 2,048 characters each).

    ``link``: all of them joined by commas (RFC 8288 §3), at most 8,192 characters.
    """

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
