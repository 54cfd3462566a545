"""What WebSub asks of a subscriber, without database and network (W3C Recommendation of 23 January 2018). Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from media_tracker.ingest.entries import absolute_link

LEASE = timedelta(days=10)
"""What is asked for; the hub decides."""
SHORTEST_LEASE = timedelta(minutes=1)
LONGEST_LEASE = timedelta(days=365)
SOONEST_RENEWAL = timedelta(minutes=5)
FIRST_RETRY = timedelta(minutes=10)
LONGEST_RETRY = timedelta(hours=24)

_METHODS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
_LINK = re.compile(
    r"<([^<>]{1,2048})>((?:\s*;\s*[\w*!#$&+.^`|~-]{1,40}(?:\s*=\s*(?:\"[^\"]{0,500}\"|[^\s\",;]{0,500}))?){0,10})"
)
_PARAM = re.compile(r";\s*([^\s\"=;]+)(?:\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]*)))?")
_LONGEST_HEADER = 10_000


@dataclass(frozen=True, slots=True)
class Advertised:
    """Where a feed is pushed from: the first hub that it names, and its own address there."""

    hub: str
    topic: str


def advertised(link_header: str | None, url: str) -> Advertised | None:
    """What the ``Link`` headers of the answer from ``url`` advertise (§4); without ``rel="self"`` the topic is ``url`` itself."""
    found: dict[str, str] = {}
    for match in _LINK.finditer((link_header or "")[:_LONGEST_HEADER]):
        params = ((name.lower(), quoted or bare) for name, quoted, bare in _PARAM.findall(match[2]))
        rel = next((value for name, value in params if name == "rel"), "")
        for name in rel.lower().split():
            link = absolute_link(match[1], url)
            if name in ("hub", "self") and link:
                found.setdefault(name, link)
    return Advertised(found["hub"], found.get("self", url)) if "hub" in found else None


def subscription_request(topic: str, callback: str, secret: str, lease: timedelta = LEASE) -> dict[str, str]:
    """The form that asks a hub for a subscription, or for its renewal (§5.1)."""
    return {
        "hub.mode": "subscribe",
        "hub.topic": topic,
        "hub.callback": callback,
        "hub.secret": secret,
        "hub.lease_seconds": str(int(lease.total_seconds())),
    }


def verify_signature(secret: str, header: str | None, body: bytes) -> bool:
    """Whether ``header`` (``X-Hub-Signature: method=hex``, §7.1) is the HMAC of ``body`` under ``secret``; in constant time."""
    method, _, given = (header or "").strip().partition("=")
    algorithm = _METHODS.get(method.strip().lower())
    if algorithm is None:
        return False
    expected = hmac.new(secret.encode(), body, algorithm).hexdigest()
    return hmac.compare_digest(expected.encode(), given.strip().lower().encode("utf-8", "replace"))


def granted_lease(params: Mapping[str, str]) -> timedelta | None:
    """The lease that a hub confirms, cut to between a minute and a year; None if it is nonsense.

    §5.3 demands one; of a hub that gives none, what was asked for is taken.
    """
    written = params.get("hub.lease_seconds", "").strip()
    if not written:
        return LEASE
    if not (written.isascii() and written.isdigit()) or not written.strip("0"):
        return None
    seconds = min(int(written[:12]), int(LONGEST_LEASE.total_seconds()))
    return max(timedelta(seconds=seconds), SHORTEST_LEASE)


def renewal_due(confirmed_at: datetime, lease: timedelta) -> datetime:
    """When to ask for a renewal: after three quarters of the lease, so that there is time to ask again if that fails."""
    return confirmed_at + max(lease * 0.75, SOONEST_RENEWAL)


def retry_due(now: datetime, failures: int) -> datetime:
    """When to ask again after ``failures`` requests that no confirmation followed: ten minutes, doubling, at most a day."""
    return now + min(FIRST_RETRY * (1 << min(max(failures - 1, 0), 20)), LONGEST_RETRY)
