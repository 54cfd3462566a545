"""From where somebody comes, as far as it may be kept: a network, and its hash. Pure."""

from __future__ import annotations

import hashlib
import ipaddress


def network_of(client: str) -> str:
    """The address; of IPv6 the /64, for one subscriber has all of it. What is no address stays as it is."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def hashed(text: str) -> str:
    """``text`` as 64 hexadecimal characters that do not say what it was."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
