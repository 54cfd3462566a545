"""Which addresses may be connected to: public ones, and exceptions that name an address *and* a port.

Pure. The check belongs at connect time, on the very address that is connected to (``net/fetch.py``), because a name may resolve
to something else a moment after it was looked up.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from media_tracker.errors import N_, InvalidInput

IPAddress = IPv4Address | IPv6Address

# IANA IPv4 Special-Purpose Address Registry, spelt out because ``is_global`` differs between Python's patch releases and takes
# multicast for global. Further, addresses that are public in form only: a cloud's metadata service.
_CLOSED_4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network, unspecified
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba Cloud's metadata lives here too
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and 169.254.169.254
        "168.63.129.16/32",  # Azure's metadata and wire server
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relay
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)

# Only 2000::/3 is handed out as global unicast. What lies outside it needs no row of its own: loopback, unspecified,
# IPv4-compatible (::/96), NAT64 (64:ff9b::/96, 64:ff9b:1::/48), discard, SRv6, ULA with fd00:ec2::254, link-local, site-local,
# multicast.
_GLOBAL_6 = IPv6Network("2000::/3")
_CLOSED_6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments: Teredo 2001::/32, benchmarks 2001:2::/48, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, whatever it embeds
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)


def unmapped(address: IPAddress) -> IPAddress:
    """The IPv4 address inside an IPv4-mapped one (``::ffff:a.b.c.d``), which is where the kernel connects; else ``address``."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_public(address: IPAddress) -> bool:
    """Whether ``address`` is global unicast, and so may be connected to.

    IPv4-mapped addresses are judged by what they hold. Other forms that carry an IPv4 address (NAT64, 6to4, Teredo,
    IPv4-compatible) are refused whatever they carry: no outlet publishes under one.
    """
    address = unmapped(address)
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _CLOSED_4)
    return address in _GLOBAL_6 and not any(address in block for block in _CLOSED_6)


class Guard:
    """The one check that every connection passes: a public address, or an exception.

    ``exceptions`` are (address, port) pairs, so that allowing one sample server opens nothing else on its machine.
    Raises :class:`InvalidInput` for an exception that is not an IP address.
    """

    def __init__(self, exceptions: Iterable[tuple[str, int]] = ()) -> None:
        self._exceptions = frozenset((_address(text), port) for text, port in exceptions)

    def permits(self, address: str, port: int) -> bool:
        """Whether a connection to ``address`` (an IP literal, maybe with a scope) and ``port`` may be made."""
        try:
            parsed = unmapped(ip_address(address))
        except ValueError:
            return False
        return is_public(parsed) or (parsed, port) in self._exceptions


def _address(text: str) -> IPAddress:
    try:
        return unmapped(ip_address(text))
    except ValueError:
        raise InvalidInput(
            N_("{address} cannot be an exception: give an IP address and a port, such as 127.0.0.1:8811."),
            address=text,
        ) from None
