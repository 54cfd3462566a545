"""Passwords: what is accepted, and how they are kept (argon2id)."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from media_tracker.errors import N_, InvalidInput

MIN_LENGTH = 10
MAX_LENGTH = 256
"""Long enough for any phrase, short enough that nobody has us hash a novel."""
HASHES_AT_ONCE = 4
"""Each takes 64 MiB while it runs; the rest of a flood of sign-ins waits."""

_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_RANDOM_LENGTH = 16


def random_password() -> str:
    """A password of about 92 random bits, without letters that look alike: it is read from a screen and typed once."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))


def check_new_password(password: str, username: str) -> None:
    """Accept a new password for ``username``, by length and not by recipe (NIST SP 800-63B, 5.1.1.2).

    Raises:
        InvalidInput: too short, too long, or the user name itself.
    """
    problem = _fault(_normal(password), username)
    if problem is not None:
        raise InvalidInput(problem, {"password": problem}, minimum=MIN_LENGTH, maximum=MAX_LENGTH)


def _fault(password: str, username: str) -> str | None:
    if len(password) < MIN_LENGTH:
        return N_("The password is too short. Use {minimum} characters or more.")
    if len(password) > MAX_LENGTH:
        return N_("The password is too long. Use {maximum} characters or fewer.")
    if password.casefold() == _normal(username).casefold():
        return N_("The password must not be the user name.")
    return None


def _normal(text: str) -> str:
    # An input method may send full-width letters for the same keys.
    return unicodedata.normalize("NFKC", text)


class Passwords:
    """Hashes and checks, in threads, a few at a time. The default parameters are RFC 9106's low-memory profile."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._slots = asyncio.Semaphore(HASHES_AT_ONCE)
        self._nobody = self._hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """The string to keep for ``password``."""
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, _normal(password))

    async def verify(self, kept: str | None, password: str) -> bool:
        """True when ``password`` is the one behind ``kept``. None (no such user) takes as long and is False."""
        if len(password) > MAX_LENGTH:
            kept, password = None, ""
        async with self._slots:
            right = await asyncio.to_thread(self._matches, kept or self._nobody, _normal(password))
        return right and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """True when ``kept`` was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)

    def _matches(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
