"""Credentials over HTTP: asked for, shown, checked, withdrawn; and what needs no key."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.api.asking import Answer, ask, ask_async
from tests.api.people import Browser, Site, open_site
from tests.api.world import NEWEST, World, make_rows, publish
from tests.identity.desk import open_desk, read_part

from assay import identity
from assay.accounts.types import Role
from assay.grades import GradeKind
from assay.identity.compute.dids import find_key
from assay.identity.service.fetching import create_fetch
from assay.kit.home import Home
from assay.kit.keyring import P256
from assay.kit.moments import close_of

PUBLIC_URL = "https://assay.example.org"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = Home(tmp_path_factory.mktemp("credentials"), public_url=PUBLIC_URL)
    with open_site(home, public_url=PUBLIC_URL) as site:
        state = site.app.state
        rows = make_rows(state.markets.load_registry(home), NEWEST)
        publish(state.database, GradeKind.TRADER, NEWEST, rows, close_of(NEWEST))
        yield site


@pytest.fixture
def browser(site: Site) -> Iterator[Browser]:
    with site.browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def keys(site: Site) -> dict[Role, str]:
    return {role: site.create_key(site.create(f"{role}@c.example", role)) for role in Role}


def find_publication(site: Site) -> str:
    with site.app.state.database.read() as connection:
        return str(connection.exec_driver_sql("SELECT publication_id FROM publications").scalar())


@pytest.mark.slow
def test_from_issue_to_withdrawal(site: Site, browser: Browser, keys: dict[Role, str]) -> None:
    holder = P256.create()

    def post(path: str, body: Any, role: Role = Role.USER) -> Any:
        return browser.ask("POST", f"/v1/credentials{path}", body, {"x-api-key": keys[role]})

    order = {
        "publication": find_publication(site),
        "subject": "BTC",
        "holder_key": identity.write_jwk(holder.public_key()),
    }
    assert post("", order, Role.READ_ONLY).status_code == 403
    issued = post("", order)
    assert issued.status_code == 201, issued.text
    assert issued.headers["cache-control"] == "no-store"
    data = issued.json()["data"]
    assert data["issuer"] == "did:web:assay.example.org"
    assert data["vct"] == f"{PUBLIC_URL}/v1/credentials/types/grades.trader"
    assert "evidence" in data["disclosable"]

    challenge = post("/challenge", {}, Role.READ_ONLY).json()["data"]
    assert challenge["audience"] == PUBLIC_URL
    shown = identity.present_credential(
        data["credential"],
        ["symbol", "evidence"],
        holder,
        audience=challenge["audience"],
        nonce=challenge["nonce"],
        now=site.clock.now(),
    )
    verdict = post("/verify", {"credential": shown, "require_proof": True}, Role.READ_ONLY)
    assert verdict.status_code == 200
    told = verdict.json()["data"]
    assert told["is_valid"], told
    assert told["reason"] is None
    assert told["is_bound"]
    assert told["is_status_checked"]
    assert told["claims"]["said"] == {"symbol": "BTC"}
    assert told["origin"] == told["claims"]["origin"]
    assert told["publication"] == order["publication"]
    assert told["proof"]["keys_from"] == "installation"

    replayed = post("/verify", {"credential": shown}).json()["data"]
    assert (replayed["is_valid"], replayed["reason"]) == (False, "wrong-nonce")
    assert replayed["claims"] is None

    bare = {"credential": data["credential"], "require_key_binding": False}
    assert post("/verify", bare).json()["data"]["is_valid"]
    withdraw = f"/{data['credential_id']}/withdraw"
    assert post(withdraw, {}).status_code == 403
    withdrawn = post(withdraw, {}, Role.OWNER)
    assert withdrawn.status_code == 200
    assert withdrawn.json()["data"]["withdrawn_at"]
    assert post("/verify", bare).json()["data"]["reason"] == "withdrawn"
    assert post("/cred_0000000000000000/withdraw", {}, Role.OWNER).status_code == 404

    record = browser.ask(
        "GET", f"/v1/credentials/{data['credential_id']}", None, {"x-api-key": keys[Role.OWNER]}
    )
    assert record.json()["data"]["row"] == data["row"]
    assert "credential" not in record.json()["data"]


@pytest.mark.slow
def test_what_others_need_for_checking_needs_no_key(
    site: Site, browser: Browser, keys: dict[Role, str]
) -> None:
    order = {"publication": find_publication(site), "row": 0, "bearer": True}
    headers = {"x-api-key": keys[Role.OWNER]}
    data = browser.ask("POST", "/v1/credentials", order, headers).json()["data"]
    others = {"host": "assay.example.org.evil.example"}
    assert browser.ask("GET", "/.well-known/did.json", None, others).status_code == 421
    # As a proxy in front would be asked for it: the public URL's name needs no other setting.
    named = {"host": "Assay.example.org"}
    document = browser.ask("GET", "/.well-known/did.json", None, named)
    assert document.status_code == 200
    kid = read_part(data["credential"], 0)["kid"]
    key = find_key(document.json(), data["issuer"], kid)
    assert key is not None
    metadata = browser.ask("GET", "/.well-known/jwt-vc-issuer").json()
    assert metadata["issuer"] == PUBLIC_URL
    assert [one["kid"] for one in metadata["jwks"]["keys"]] == [kid]
    uri = data["status"]["uri"]
    listed = browser.ask("GET", uri.removeprefix(PUBLIC_URL))
    assert listed.headers["content-type"] == "application/statuslist+jwt"
    assert read_part(listed.text, 1)["sub"] == uri
    described = browser.ask("GET", data["vct"].removeprefix(PUBLIC_URL))
    assert described.json()["vct"] == data["vct"]
    for path in ("/v1/credentials", "/v1/credentials/verify", "/v1/credentials/challenge"):
        assert browser.ask("POST", path, {}).status_code == 401


@pytest.mark.slow
def test_another_installation_checks_it_over_http(
    site: Site, browser: Browser, keys: dict[Role, str], tmp_path: Path
) -> None:
    """Everything it needs to know comes over a real connection, by what the credential says."""
    holder, headers = P256.create(), {"x-api-key": keys[Role.OWNER]}
    order = {
        "publication": find_publication(site),
        "row": 2,
        "holder_key": identity.write_jwk(holder.public_key()),
    }
    data = browser.ask("POST", "/v1/credentials", order, headers).json()["data"]
    read = create_fetch(is_local=True)
    asked: list[str] = []

    async def fetch(url: str, most_bytes: int, reason: identity.Reason) -> bytes:
        """The name is looked up as a proxy in front would be found."""
        asked.append(url)
        return await read(url.replace(PUBLIC_URL, site.url), most_bytes, reason)

    with open_desk(tmp_path / "other", at=site.clock.now()) as other:
        other.holder = holder
        trusted = {"issuers": (data["issuer"],), "types": (data["vct"],)}
        shown = other.present(data["credential"])
        verified = other.verify(shown, fetch, **trusted)
        assert verified.proof is not None
        assert verified.proof.row_index == 2
        assert asked == [f"{PUBLIC_URL}/.well-known/did.json", data["status"]["uri"]]
        browser.ask("POST", f"/v1/credentials/{data['credential_id']}/withdraw", {}, headers)
        other.verify(shown, fetch, **trusted)
        other.clock.at += timedelta(seconds=61)
        later = other.present(data["credential"])
        other.refuse(identity.Reason.WITHDRAWN, later, fetch, **trusted)


def test_what_contradicts_itself_is_refused(world: World) -> None:
    publication = ask(world.app, "/v1/grades/trader?limit=1").json["publication"]
    key = identity.write_jwk(P256.create().public_key())
    for order in (
        {"bearer": True},
        {"row": 0},
        {"row": 0, "subject": "BTC", "bearer": True},
        {"row": 0, "bearer": True, "holder_key": key},
        {"row": 0, "holder_key": {**key, "d": "A" * 43}},
        {"row": 0, "holder_key": {**key, "x": key["y"]}},
        {"row": -1, "bearer": True},
        {"row": 0, "bearer": True, "lifetime_days": 0},
        {"row": 0, "bearer": True, "nix": 1},
        {"row": True, "bearer": True},
        {"row": 0, "bearer": "yes"},
    ):
        answer = post(world, "", {"publication": publication, **order})
        assert answer.status == 422, (order, answer.body)
    lax = {"credential": "x~", "require_key_binding": "no"}
    assert post(world, "/verify", lax).status == 422
    missing = {"publication": "nix", "row": 0, "bearer": True}
    assert post(world, "", missing).status == 404


def test_in_local_mode_the_key_is_the_issuer(world: World) -> None:
    publication = ask(world.app, "/v1/grades/trader?limit=1").json["publication"]
    made = post(world, "", {"publication": publication, "row": 0, "bearer": True}).json["data"]
    assert made["issuer"].startswith("did:key:z")
    body = {"credential": made["credential"], "require_key_binding": False}
    verdict = post(world, "/verify", body).json["data"]
    assert verdict["is_valid"]
    assert not verdict["is_bound"]
    other = {**body, "issuers": ["did:web:other.example"]}
    assert post(world, "/verify", other).json["data"]["reason"] == "issuer-not-trusted"
    for path in ("/.well-known/did.json", "/.well-known/jwt-vc-issuer"):
        answer = ask(world.app, path)
        assert answer.status == 404
        assert "ASSAY_PUBLIC_URL" in answer.json["hint"]


def test_every_reason_is_in_the_document_and_in_the_docs(world: World) -> None:
    document = ask(world.app, "/openapi.json").json
    reasons = document["components"]["schemas"]["Reason"]["enum"]
    assert set(reasons) == {reason.value for reason in identity.Reason}
    text = (Path(__file__).resolve().parents[2] / "docs/method/credentials.md").read_text()
    for reason in identity.Reason:
        assert f"`{reason.value}`" in text, reason


def post(world: World, path: str, body: object) -> Answer:
    headers = [(b"content-type", b"application/json")]
    target = f"/v1/credentials{path}"
    return asyncio.run(ask_async(world.app, target, headers, "POST", body=orjson.dumps(body)))
