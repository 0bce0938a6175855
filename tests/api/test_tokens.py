"""Client credentials: what buys an access token, what it opens, and OAuth's errors."""

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.api.asking import Answer
from tests.api.keyed import Header, Keyed, make_keyed

from assay.accounts.types import Verb

LIST = "/v1/grades/trader?limit=3"
FORM = (b"content-type", b"application/x-www-form-urlencoded")


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[Keyed]:
    made = make_keyed(tmp_path)
    made.add_account("ada")
    made.add_key("ada", "ada")
    yield made
    made.app.state.close()


async def buy(keyed: Keyed, form: bytes, headers: list[Header] | None = None) -> Answer:
    return await keyed.ask("/v1/token", None, [FORM, *(headers or [])], "POST", body=form)


def test_client_credentials_buy_a_token_that_dies_with_its_key(keyed: Keyed) -> None:
    record = keyed.add_key("client", "ada", [Verb.READ, Verb.ACCOUNT])
    secret = keyed.keys["client"]

    async def check() -> None:
        pair = base64.b64encode(f"{record.key_id}:{secret}".encode())
        basic = (b"authorization", b"Basic " + pair)
        grant = b"grant_type=client_credentials"
        bought = await buy(keyed, grant + b"&scope=read", [basic])
        assert bought.status == 200
        assert bought.header("cache-control") == "no-store"
        found = bought.json
        assert (found["token_type"], found["expires_in"], found["scope"]) == (
            "Bearer",
            3600,
            "read",
        )
        keyed.keys["token"] = found["access_token"]
        assert found["access_token"].startswith("at_")
        assert (await keyed.ask(LIST, "token")).status == 200
        assert (await keyed.ask("/v1/keys", "token")).status == 403
        form = f"&client_id={record.key_id}&client_secret={secret}".encode()
        assert (await buy(keyed, grant + form)).json["scope"] == "account read"

        revoke = f"/v1/keys/{record.key_id}"
        assert (await keyed.ask(revoke, "ada", method="DELETE")).status == 204
        assert (await keyed.ask(LIST, "token")).status == 401
        assert (await buy(keyed, grant, [basic])).json["error"] == "invalid_client"

    asyncio.run(check())


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        (b"", 400, "invalid_request"),
        (b"grant_type=password&username=a&password=b", 400, "unsupported_grant_type"),
        (b"grant_type=client_credentials", 401, "invalid_client"),
        (b"grant_type=client_credentials&client_id=x&client_secret=y", 401, "invalid_client"),
        (b"grant_type=client_credentials&grant_type=password", 400, "invalid_request"),
        (b"grant_type=client_credentials&scope=fly", 400, "invalid_scope"),
    ],
)
def test_oauth_s_errors_have_oauth_s_shape(
    keyed: Keyed, form: bytes, status: int, error: str
) -> None:
    async def check() -> None:
        answer = await buy(keyed, form)
        assert (answer.status, answer.json["error"]) == (status, error)
        assert (answer.header("www-authenticate") != "") == (status == 401)

    asyncio.run(check())
