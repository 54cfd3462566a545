from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.ingest.websub_rules import (
    LEASE,
    LONGEST_LEASE,
    LONGEST_RETRY,
    SHORTEST_LEASE,
    Advertised,
    advertised,
    granted_lease,
    renewal_due,
    retry_due,
    subscription_request,
    verify_signature,
)
from tests.bounded import bounded

URL = "http://outlet.example/rss.xml"
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HUB = "https://hub.example/"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            f'<{HUB}>; rel="hub", <http://outlet.example/feed>; rel="self"',
            Advertised(HUB, "http://outlet.example/feed"),
        ),
        (f"<{HUB}>;rel=hub,</feed>;rel=self", Advertised(HUB, "http://outlet.example/feed")),
        (f'<{HUB}>; title="a, b; rel=next"; rel="alternate HUB"', Advertised(HUB, URL)),
        (f"<{HUB}>; rel=hub, <https://other.example/>; rel=hub", Advertised(HUB, URL)),
        ('<http://outlet.example/>; rel="self"', None),
        ("<javascript:alert(1)>; rel=hub", None),
        (f"{HUB}; rel=hub", None),
        (f"<{HUB}>", None),
        ("", None),
        (None, None),
    ],
)
def test_the_first_hub_and_the_address_of_the_feed_there_are_read(
    header: str | None, expected: Advertised | None
) -> None:
    assert advertised(header, URL) == expected


@pytest.mark.parametrize(
    "header", ["<" * 100_000, f"<{HUB}>" + " " * 100_000, f"<{HUB}>" + ";a=" * 50_000, "<a>; " * 20_000]
)
def test_a_header_made_to_be_slow_is_not(header: str) -> None:
    with bounded():
        assert advertised(header, URL) in (None, Advertised(HUB, URL))


@given(st.text(max_size=200))
def test_no_header_brings_it_down(header: str) -> None:
    found = advertised(header, URL)
    assert found is None or found.hub.startswith(("http://", "https://"))


def test_a_request_says_what_where_to_and_for_how_long() -> None:
    assert subscription_request("http://x/feed", "https://we.example/websub/t", "s") == {
        "hub.mode": "subscribe",
        "hub.topic": "http://x/feed",
        "hub.callback": "https://we.example/websub/t",
        "hub.secret": "s",
        "hub.lease_seconds": "864000",
    }


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
@given(body=st.binary(max_size=100), secret=st.text(min_size=1, max_size=40).filter(str.isascii))
def test_a_true_signature_is_believed_and_no_other(method: str, body: bytes, secret: str) -> None:
    signature = hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()
    assert verify_signature(secret, f"{method}={signature}", body)
    assert verify_signature(secret, f" {method.upper()}={signature.upper()} ", body)
    assert not verify_signature(secret, f"{method}={signature}", body + b" ")
    assert not verify_signature(secret + "x", f"{method}={signature}", body)
    assert not verify_signature(secret, f"{method}={signature[:-1]}", body)


def test_the_signatures_of_others_are_ours() -> None:
    # RFC 4231, test case 2.
    known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert verify_signature("Jefe", f"sha256={known}", b"what do ya want for nothing?")


@pytest.mark.parametrize(
    "header", [None, "", "=", "sha256", "sha256=", "md5=" + "0" * 32, "sha256=报", "sha256=\udcff"]
)
def test_what_is_no_signature_is_none(header: str | None) -> None:
    assert not verify_signature("s", header, b"")


@pytest.mark.parametrize(
    ("written", "lease"),
    [
        ("3600", timedelta(hours=1)),
        ("1", SHORTEST_LEASE),
        ("9" * 400, LONGEST_LEASE),
        (None, LEASE),
        ("", LEASE),
        ("0", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
    ],
)
def test_a_lease_is_cut_to_sense(written: str | None, lease: timedelta | None) -> None:
    assert granted_lease({} if written is None else {"hub.lease_seconds": written}) == lease


@given(st.timedeltas(min_value=SHORTEST_LEASE, max_value=LONGEST_LEASE))
def test_a_renewal_is_asked_for_before_the_end_but_not_all_the_time(lease: timedelta) -> None:
    due = renewal_due(NOW, lease)
    assert due - NOW >= timedelta(minutes=5)
    assert due - NOW <= max(lease * 0.75, timedelta(minutes=5))


@given(st.integers(min_value=0, max_value=10**9))
def test_asking_again_takes_longer_each_time_and_never_stops(failures: int) -> None:
    wait = retry_due(NOW, failures) - NOW
    assert timedelta(minutes=10) <= wait <= LONGEST_RETRY
    assert wait <= retry_due(NOW, failures + 1) - NOW
