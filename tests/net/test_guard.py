from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.errors import InvalidInput
from media_tracker.net.guard import Guard, is_public, unmapped

CLOSED = [
    "0.0.0.0",  # noqa: S104 - refused, not bound
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",  # IPv4-compatible
    "::8.8.8.8",
    "::ffff:127.0.0.1",  # IPv4-mapped
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",  # IPv4-translated
    "64:ff9b::7f00:1",  # NAT64 of loopback
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",  # discard
    "2001::1",  # Teredo
    "2001:2::1",  # benchmarks
    "2001:20::1",  # ORCHID
    "2001:db8::1",
    "2002:7f00:1::",  # 6to4 of loopback
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",  # site-local
    "ff02::1",
]

OPEN = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "198.17.255.255",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "2001:4860:4860::8888",
    "2400:3200::1",
    "2606:4700::1111",
]


@pytest.mark.parametrize("address", CLOSED)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(ip_address(address))
    assert not Guard().permits(address, 80)


@pytest.mark.parametrize("address", OPEN)
def test_a_public_address_is_permitted(address: str) -> None:
    assert is_public(ip_address(address))
    assert Guard().permits(address, 443)


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_as_the_address_it_holds(address: IPv4Address) -> None:
    assert is_public(IPv6Address(f"::ffff:{address}")) == is_public(address)


@given(st.ip_addresses())
def test_nothing_that_python_calls_private_or_special_is_public(address: IPv4Address | IPv6Address) -> None:
    if is_public(address):
        address = unmapped(address)
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved


@given(st.ip_addresses(v=4))
def test_no_other_form_that_embeds_an_ipv4_address_is_public(address: IPv4Address) -> None:
    number = int(address)
    for embedded in (
        IPv6Address(number),
        IPv6Address((0x64FF9B << 96) | number),
        IPv6Address((0x2002 << 112) | (number << 80)),
        IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF)),
    ):
        assert not is_public(embedded)


def test_an_exception_opens_one_port_of_one_address() -> None:
    guard = Guard({("127.0.0.1", 8811), ("::1", 8811)})
    assert guard.permits("127.0.0.1", 8811)
    assert guard.permits("::ffff:127.0.0.1", 8811)
    assert guard.permits("::1", 8811)
    assert not guard.permits("127.0.0.1", 8812)
    assert not guard.permits("127.0.0.2", 8811)


def test_an_exception_must_be_an_address() -> None:
    with pytest.raises(InvalidInput, match="localhost cannot be an exception"):
        Guard({("localhost", 8811)})


def test_what_is_no_address_is_not_permitted() -> None:
    assert not Guard().permits("example.org", 80)
