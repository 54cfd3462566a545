"""What may stand as a mail address. Pure."""

from __future__ import annotations

import re

from media_tracker.errors import N_, InvalidInput

LONGEST = 254
"""RFC 5321: a path of 256 octets, without its brackets."""
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_LOCAL}@{_LABEL}(?:\.{_LABEL})*")
_LONGEST_LOCAL = 64


def checked_address(text: str, field: str = "mail") -> str:
    """``text`` as an address, without blanks around it; empty for nothing.

    Only what needs no quoting in a header is taken, so that an address can never become two, or a header of its own. A host
    without a dot is fine: many offices have a server of their own.

    Raises:
        InvalidInput: this is no address; ``fields`` says so of ``field``.
    """
    address = text.strip()
    if not address:
        return ""
    if len(address) > LONGEST or len(address.partition("@")[0]) > _LONGEST_LOCAL or not _ADDRESS.fullmatch(address):
        sentence = N_("This is not a mail address. One looks like name@example.org.")
        raise InvalidInput(sentence, {field: sentence})
    return address
