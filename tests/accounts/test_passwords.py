"""What is a good password, and that hashing tells right from wrong in equal time."""

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from assay.accounts import Passwords
from assay.accounts.compute.passwords import MIN_LENGTH, check_password
from assay.kit.errors import BadInput

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "fewer than 10"),
        ("ninechars", "fewer than 10"),
        ("🦊" * 9, "fewer than 10"),
        ("x7" * 65, "more than 128"),
        ("1234567890", "guessed first"),
        ("PassWord123", "guessed first"),
        ("correcthorsebatterystaple", "guessed first"),
        ("aaaaaaaaaaaa", "guessed first"),
        ("abababababab", "guessed first"),
        ("Ada.Lovelace@example.org", "is the e-mail"),
        ("ada.lovelace", "is the e-mail"),
    ],
)
def test_a_bad_password_is_refused_with_its_reason_and_never_repeated(
    password: str, reason: str
) -> None:
    with pytest.raises(BadInput) as caught:
        check_password(password, "ada.lovelace@example.org")
    assert reason in caught.value.message
    assert not password or password not in str(caught.value)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "пароль-на-кириллице",
        "🦊🐻🐼🐨🦁🐯🐮🐷🐸🐵",
        "x7y9" * 32,
        "          ab c",
    ],
)
def test_any_characters_make_a_good_password(password: str) -> None:
    assert check_password(password, "ada@example.org")


@given(st.text(min_size=MIN_LENGTH, max_size=40))
def test_only_length_and_variety_count_not_kinds_of_characters(text: str) -> None:
    password = text + "q7;~"
    assert len(check_password(password, None)) >= MIN_LENGTH
    assert check_password(check_password(password, None), None) == check_password(password, None)


def test_two_ways_to_type_the_same_letters_are_one_password() -> None:
    passwords = Passwords(QUICK)
    stored = passwords.hash(check_password("café au lait, vite", None))
    assert passwords.verify(stored, "cafe\u0301 au lait, vite")
    assert not passwords.verify(stored, "cafe au lait, vite")


def test_there_is_no_password_for_nobody() -> None:
    passwords = Passwords(QUICK)
    assert not passwords.verify(None, "nobody has this password")
    assert not passwords.verify("not a hash", "whatever it is")


def test_a_hash_of_weaker_parameters_is_outdated() -> None:
    passwords = Passwords()
    assert passwords.is_outdated(QUICK.hash("some password"))
    ours = passwords.hash("some password")
    assert ours.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not passwords.is_outdated(ours)
