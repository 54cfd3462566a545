"""Personal data that stands encrypted."""

from __future__ import annotations

import pytest

from media_tracker.accounts.sealing import Seal
from media_tracker.errors import NotReady

WORDS = {"name": "某经营者", "telephone": "000-0000", "address": ""}


def test_what_is_sealed_is_opened_with_the_same_secret_and_cannot_be_read() -> None:
    sealed = Seal(lambda: "a secret", "contacts").close(WORDS)
    assert Seal(lambda: "a secret", "contacts").open(sealed) == WORDS
    assert "某经营者".encode() not in sealed
    assert b"000-0000" not in sealed


def test_the_same_words_look_different_each_time() -> None:
    seal = Seal(lambda: "a secret", "contacts")
    assert seal.close(WORDS) != seal.close(WORDS)


@pytest.mark.parametrize(("secret", "purpose"), [("another", "contacts"), ("a secret", "leads")])
def test_another_secret_or_purpose_opens_nothing(secret: str, purpose: str) -> None:
    sealed = Seal(lambda: "a secret", "contacts").close(WORDS)
    with pytest.raises(NotReady, match="another secret key"):
        Seal(lambda: secret, purpose).open(sealed)


def test_what_has_been_changed_is_not_opened() -> None:
    seal = Seal(lambda: "a secret", "contacts")
    sealed = bytearray(seal.close(WORDS))
    sealed[30] ^= 1
    with pytest.raises(NotReady):
        seal.open(bytes(sealed))
