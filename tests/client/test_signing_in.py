"""A key that was found in the environment, and a session that begins beside it."""

import pytest

from assay.client import Client, Unauthorized

PASSWORD = " ".join(("seven", "candles", "and", "a", "key"))


def make_key(url: str, email: str) -> str:
    with Client(url, key="") as client:
        client.create_account(email=email, password=PASSWORD)
        client.sign_in(email=email, password=PASSWORD)
        return client.create_key(name="laptop", scopes=["read", "account"]).data.key


def test_a_session_takes_the_place_of_the_key_of_the_environment(
    keyed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_API_KEY", make_key(keyed, "first@example.org"))
    with Client(keyed) as client:
        assert client.get_own_account().data.email == "first@example.org"
        client.create_account(email="second@example.org", password=PASSWORD)
        client.sign_in(email="second@example.org", password=PASSWORD)
        assert client.get_own_account().data.email == "second@example.org"


def test_a_key_that_was_given_is_never_left_away(keyed: str) -> None:
    key = make_key(keyed, "third@example.org")
    make_key(keyed, "fourth@example.org")
    with Client(keyed, key=key) as client:
        client.sign_in(email="fourth@example.org", password=PASSWORD)
        with pytest.raises(Unauthorized, match="not of one account"):
            client.get_own_account()
