"""Passwords: what is taken, and how it is kept."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.accounts.passwords import (
    MAX_LENGTH,
    MIN_LENGTH,
    Passwords,
    check_new_password,
    random_password,
)
from media_tracker.errors import InvalidInput


@pytest.mark.parametrize(
    ("password", "username"),
    [
        ("", "wang"),
        ("short-9ch", "wang"),
        ("x" * (MAX_LENGTH + 1), "wang"),
        ("wang.xiaoming", "wang.xiaoming"),
        ("Wang.XiaoMing", "wang.xiaoming"),
        ("ｗａｎｇ.xiaoming", "wang.xiaoming"),
    ],
)
def test_a_password_that_is_short_huge_or_the_user_name_is_refused(password: str, username: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_new_password(password, username)

    assert set(refused.value.fields) == {"password"}
    assert "{" not in str(refused.value)


@given(st.text(min_size=MIN_LENGTH, max_size=40, alphabet=st.characters(codec="ascii", categories=["L", "N", "P"])))
def test_any_long_enough_password_is_taken(password: str) -> None:
    check_new_password(password, "u")


def test_random_passwords_are_taken_and_differ() -> None:
    made = {random_password() for _ in range(50)}

    assert len(made) == 50
    for password in made:
        check_new_password(password, "admin")


async def test_the_kept_string_is_argon2id_and_opens_with_its_password_only(passwords: Passwords) -> None:
    kept = await passwords.hash("correct horse battery")

    assert kept.startswith("$argon2id$")
    assert await passwords.verify(kept, "correct horse battery")
    assert not await passwords.verify(kept, "correct horse batterY")
    assert kept != await passwords.hash("correct horse battery")


async def test_a_password_typed_in_full_width_letters_is_the_same(passwords: Passwords) -> None:
    kept = await passwords.hash("correct horse")

    assert await passwords.verify(kept, "ｃｏｒｒｅｃｔ horse")


async def test_nobody_has_no_right_password(passwords: Passwords) -> None:
    assert not await passwords.verify(None, "")
    assert not await passwords.verify(None, "anything at all")


async def test_a_huge_password_is_wrong_and_not_hashed(passwords: Passwords) -> None:
    kept = await passwords.hash("correct horse")

    assert not await passwords.verify(kept, "x" * 5_000_000)


async def test_a_kept_string_that_is_no_hash_opens_with_nothing(passwords: Passwords) -> None:
    assert not await passwords.verify("!", "correct horse")


async def test_a_hash_of_other_parameters_is_outdated(passwords: Passwords) -> None:
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=64, parallelism=1))
    kept = await passwords.hash("correct horse")

    assert not passwords.is_outdated(kept)
    assert stronger.is_outdated(kept)


def test_by_default_the_parameters_are_those_of_rfc_9106_for_little_memory() -> None:
    hasher = PasswordHasher()

    assert (hasher.time_cost, hasher.memory_cost, hasher.parallelism) == (3, 65536, 4)
