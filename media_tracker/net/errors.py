"""Why something could not be fetched.

::

    Unavailable
    └── FetchError          ``url``: the hop that failed; ``code``: a stable word for logs and metrics
        ├── BadUrl              not an address that we would ask at all
        ├── Blocked             leads to an address that is not public
        ├── Unreachable         no answer: ``kind`` is dns, connect, tls or protocol
        ├── TooSlow             the time ran out before the last byte
        ├── TooBig              more bytes, after decompression, than the limit
        ├── TooManyRedirects    still being sent on after the last hop allowed
        └── HttpStatus          an answer, but not the document: ``status``, ``retry_after``
"""

from __future__ import annotations

from enum import StrEnum

from media_tracker.errors import N_, Unavailable


class FetchError(Unavailable):
    """Base: ``url`` is the address that failed (after redirects), ``code`` a stable word for it."""

    code = "failed"

    def __init__(self, message: str, *, url: str, **params: object) -> None:
        super().__init__(message, **params)
        self.url = url


class BadUrl(FetchError):
    """The address is not one that is asked: scheme, credentials, port, length or spelling."""

    code = "bad_url"


class Blocked(FetchError):
    """The host is, or resolves to, an address that is not public and is no exception."""

    code = "blocked"

    def __init__(self, *, url: str, host: str, address: str) -> None:
        super().__init__(
            N_("{host} leads to {address}, which is not a public address, so it was not asked."),
            url=url,
            host=host,
            address=address,
        )
        self.address = address


class Fault(StrEnum):
    """Where on the way the connection failed."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    PROTOCOL = "protocol"


_FAULTS = {
    Fault.DNS: N_("The name {host} could not be found; check its spelling."),
    Fault.CONNECT: N_("{host} could not be reached; it refused the connection or is not there."),
    Fault.TLS: N_("{host} could not be trusted; its certificate or its encryption is not in order."),
    Fault.PROTOCOL: N_("{host} broke off, or answered with something that is not proper HTTP."),
}


class Unreachable(FetchError):
    """No usable answer. ``kind`` says at which step; it is also the ``code``."""

    def __init__(self, kind: Fault, *, url: str, host: str) -> None:
        super().__init__(_FAULTS[kind], url=url, host=host)
        self.kind = kind
        self.code = kind.value


class TooSlow(FetchError):
    """The answer was not complete in time; redirects included, our own waiting for a turn not."""

    code = "too_slow"

    def __init__(self, *, url: str, host: str, seconds: float) -> None:
        super().__init__(
            N_("{host} did not answer in full within {seconds} seconds."),
            url=url,
            host=host,
            seconds=f"{seconds:g}",
        )


class TooBig(FetchError):
    """The body is larger than the limit, counted after decompression."""

    code = "too_big"

    def __init__(self, *, url: str, host: str, limit: int) -> None:
        super().__init__(
            N_("{host} sent more than {mebibytes} MiB, which is more than is read."),
            url=url,
            host=host,
            mebibytes=f"{limit / 2**20:g}",
        )


class TooManyRedirects(FetchError):
    """The last hop allowed was a redirect too."""

    code = "too_many_redirects"

    def __init__(self, *, url: str, host: str, limit: int) -> None:
        super().__init__(
            N_("{host} redirects more than {limit} times; give the final address instead."),
            url=url,
            host=host,
            limit=limit,
        )


class HttpStatus(FetchError):
    """The server answered, but not with the document. ``retry_after`` is the header as it was sent."""

    code = "http_status"

    def __init__(self, status: int, *, url: str, host: str, retry_after: str | None = None) -> None:
        super().__init__(N_("{host} answered with HTTP status {status}."), url=url, host=host, status=status)
        self.status = status
        self.retry_after = retry_after
