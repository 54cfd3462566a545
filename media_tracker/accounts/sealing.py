"""Personal data that stands encrypted in the database: who reads the database alone cannot read it.

Fernet (AES-128-CBC with HMAC-SHA256) under a key derived from the installation's secret by HKDF-SHA256 (RFC 5869). The secret is
not in the database: it is set from outside, or kept in the data folder.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from functools import cached_property

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from media_tracker.errors import N_, NotReady


class Seal:
    """Seals words, and opens them again. ``purpose`` keeps the keys of different collections apart."""

    def __init__(self, secret: Callable[[], str], purpose: str) -> None:
        self._secret = secret
        self._purpose = purpose

    def close(self, words: Mapping[str, str]) -> bytes:
        """``words``, by name, so that only who has the secret can read them."""
        return self._key.encrypt(json.dumps(dict(words), ensure_ascii=False).encode())

    def open(self, sealed: bytes) -> dict[str, str]:
        """What was sealed.

        Raises:
            NotReady: it was sealed with another secret, or has been changed since.
        """
        try:
            opened: dict[str, str] = json.loads(self._key.decrypt(sealed))
        except InvalidToken:
            raise NotReady(
                N_(
                    "This was encrypted with another secret key. It can be read where MEDIA_TRACKER_SECRET_KEY, or secret.key "
                    "in the data folder, is the one of that time."
                )
            ) from None
        return opened

    @cached_property
    def _key(self) -> Fernet:
        derived = HKDF(SHA256(), length=32, salt=None, info=f"media-tracker {self._purpose}".encode())
        return Fernet(base64.urlsafe_b64encode(derived.derive(self._secret().encode())))
