"""People over HTTP: sign-up, sessions with cookies and CSRF tokens, wallets, the owner's view."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account as Wallet
from eth_account.messages import encode_defunct
from tests.accounts.people import EMAIL, PASSWORD
from tests.accounts.test_account import list_texts
from tests.api.people import Browser, Site, open_site

from assay import accounts
from assay.accounts.types import Role

pytestmark = pytest.mark.slow
NEW = "a wholly different password"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(tmp_path) as site:
        yield site


@pytest.fixture
def browser(site: Site) -> Iterator[Browser]:
    with site.browser() as browser:
        yield browser


def test_from_sign_up_to_sign_out(site: Site, browser: Browser) -> None:
    made = browser.ask("POST", "/v1/accounts", {"email": EMAIL, "password": PASSWORD})
    assert (made.status_code, made.json()["data"]["role"]) == (201, "user")
    assert "assay_session" not in browser.client.cookies
    signed_in = browser.sign_in()
    assert signed_in.status_code == 200, signed_in.text
    who = browser.ask("GET", "/v1/session").json()["data"]
    assert who["account"]["email"] == EMAIL
    assert who["csrf_token"] == browser.csrf == signed_in.json()["data"]["csrf_token"]
    assert browser.ask("GET", "/v1/account").json()["data"] == made.json()["data"]
    (session,) = browser.ask("GET", "/v1/account/sessions").json()["data"]
    assert session["is_current"]
    assert session["address_prefix"] == "127.0.0.0/24"
    old = browser.cookie("assay_session")
    assert browser.ask("DELETE", "/v1/session").status_code == 204
    assert not browser.cookie("assay_session")
    assert browser.cookie("assay_device"), "the browser stays a known one"
    assert browser.ask("GET", "/v1/session").status_code == 401
    wait_until_refused(site, {"cookie": f"assay_session={old}"})


def wait_until_refused(site: Site, headers: dict[str, str], path: str = "/v1/account") -> None:
    """Ask until the answer is 401; a second is what revocation may take."""
    with site.browser() as other:
        start = time.monotonic()
        while other.ask("GET", path, headers=headers).status_code != 401:
            assert time.monotonic() - start < 30.0, "what was revoked still works"
            time.sleep(0.05)


def test_cookies_are_hidden_from_scripts_and_from_other_sites(site: Site, browser: Browser) -> None:
    site.create()
    cookies = browser.sign_in().headers.get_list("set-cookie")
    said = {cookie.partition("=")[0]: cookie.lower() for cookie in cookies}
    assert said.keys() == {"assay_session", "assay_refresh", "assay_device"}
    for cookie in said.values():
        assert "httponly" in cookie
        assert "domain" not in cookie
    assert "samesite=lax" in said["assay_session"]
    assert "path=/;" in said["assay_session"]
    for name in ("assay_refresh", "assay_device"):
        assert "samesite=strict" in said[name]
        assert "path=/v1/session" in said[name]
    assert "max-age=900" in said["assay_session"]


def test_over_https_cookies_are_secure_and_bound_to_the_host(tmp_path: Path) -> None:
    with open_site(tmp_path, trusted_proxies="127.0.0.0/8", allowed_hosts="assay.example") as site:
        site.create()
        with site.browser() as browser:
            forwarded = {
                "x-forwarded-proto": "https",
                "x-forwarded-for": "198.51.100.7",
                "host": "assay.example",
                "origin": "https://assay.example",
            }
            answer = browser.client.post(
                "/v1/session", json={"email": EMAIL, "password": PASSWORD}, headers=forwarded
            )
            assert answer.status_code == 200, answer.text
            cookies = answer.headers.get_list("set-cookie")
            assert all("; Secure" in cookie for cookie in cookies)
            session = next(one for one in cookies if one.startswith("__Host-assay_session=as_"))
            token = session.partition(";")[0]
            headers = {**forwarded, "cookie": token}
            listed = browser.client.get("/v1/account/sessions", headers=headers).json()["data"]
            assert listed[0]["address_prefix"] == "198.51.100.0/24"
            # A cookie that a neighbour could have set (no __Host-) is not taken over https.
            forged = {**forwarded, "cookie": token.removeprefix("__Host-")}
            assert browser.client.get("/v1/account", headers=forged).status_code == 401


def test_every_answer_to_a_person_is_kept_by_nobody(site: Site, browser: Browser) -> None:
    site.create(role=Role.OWNER)
    browser.sign_in()
    for path in (
        "/v1/session",
        "/v1/account",
        "/v1/account/sessions",
        "/v1/account/audit",
        "/v1/account/export",
        "/v1/accounts",
        "/v1/audit",
    ):
        for _ in range(2):
            answer = browser.ask("GET", path)
            assert answer.status_code == 200, path
            assert answer.headers["cache-control"] == "no-store", path
            assert "etag" not in answer.headers


def test_a_session_is_refreshed_and_reuse_ends_it(site: Site, browser: Browser) -> None:
    site.create()
    browser.sign_in()
    first = browser.cookie("assay_refresh")
    refreshed = browser.ask("POST", "/v1/session/refresh")
    assert refreshed.status_code == 200
    second = browser.cookie("assay_refresh")
    assert first != second
    assert browser.ask("GET", "/v1/account").status_code == 200
    site.clock.wait(minutes=15)
    assert browser.ask("GET", "/v1/account").status_code == 401, "the access cookie has ended"
    assert browser.ask("POST", "/v1/session/refresh").status_code == 200
    access = browser.cookie("assay_session")
    with site.browser() as thief:
        stolen = {"cookie": f"assay_refresh={second}"}
        assert thief.ask("POST", "/v1/session/refresh", headers=stolen).status_code == 401
    wait_until_refused(site, {"cookie": f"assay_session={access}"})
    assert browser.ask("POST", "/v1/session/refresh").status_code == 401


def test_writes_by_cookie_need_the_csrf_token_and_our_origin(site: Site, browser: Browser) -> None:
    account = site.create()
    browser.sign_in()
    with site.browser() as other:
        other.sign_in()
        foreign_token = other.csrf
    write = ("POST", "/v1/account/password", {"new_password": NEW, "password": PASSWORD})
    for headers in (
        {"x-csrf-token": ""},
        {"x-csrf-token": "0" * 64},
        {"x-csrf-token": foreign_token},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": site.url + ".evil.example"},
        {"origin": ""},
    ):
        answer = browser.ask(*write, headers=headers)
        assert answer.status_code == 403, headers
    cookie = {"cookie": f"assay_session={browser.cookie('assay_session')}"}
    bare = {"content-type": "application/json", "x-csrf-token": browser.csrf, **cookie}
    without = browser.client.build_request("POST", write[1], json=write[2], headers=bare)
    assert browser.client.send(without).status_code == 403, "no Origin at all"
    assert browser.ask(*write).status_code == 204
    trail = accounts.list_audit(site.app.state.database, account_id=account.account_id)
    assert [entry.action for entry in trail].count("password.changed") == 1


def test_a_foreign_page_cannot_sign_anybody_in(site: Site, browser: Browser) -> None:
    """Login CSRF: the victim would write into the attacker's account."""
    site.create()
    body = {"email": EMAIL, "password": PASSWORD}
    for path in ("/v1/session", "/v1/accounts", "/v1/session/refresh", "/v1/session/reset"):
        answer = browser.ask("POST", path, body, {"origin": "https://evil.example"})
        assert answer.status_code == 403, path
        assert "set-cookie" not in answer.headers
    form = browser.client.post(
        "/v1/session",
        content='{"email":"ada@example.org","password":"four random words here"}',
        headers={"content-type": "text/plain", "origin": site.url},
    )
    assert form.status_code == 422, "what a form can send is not taken"


def test_tampered_smuggled_and_doubled_credentials_are_refused(
    site: Site, browser: Browser
) -> None:
    site.create()
    browser.sign_in()
    token = browser.cookie("assay_session")
    assert browser.ask("GET", "/v1/account").status_code == 200
    prefix, token_id, secret = token.split("_", 2)
    jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhY2NfMCJ9."
    for text in (
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token.upper(),
        f"{prefix}_{token_id}_",
        f"{prefix}_{token_id}_{secret}{secret}",
        f"{prefix}_0123456789abcdef_{secret}",
        browser.cookie("assay_refresh"),
        browser.cookie("assay_refresh").replace("ar_", "as_"),
        browser.cookie("assay_device"),
        jwt,
        "local",
        '"; DROP TABLE accounts; --',
    ):
        with site.browser() as other:
            by_cookie = other.ask("GET", "/v1/account", headers={"cookie": f"assay_session={text}"})
            assert by_cookie.status_code == 401, text
            as_key = other.ask("GET", "/v1/account", headers={"x-api-key": text})
            assert as_key.status_code == 401, text
            as_bearer = other.ask("GET", "/v1/account", headers={"authorization": f"Bearer {text}"})
            assert as_bearer.status_code == 401, text
    with site.browser() as other:
        as_key = other.ask("GET", "/v1/account", headers={"authorization": f"Bearer {token}"})
        assert as_key.status_code == 401, "a session's cookie is no bearer token"


def test_nobody_reaches_the_account_of_another(site: Site, browser: Browser) -> None:
    victim = site.create("victim@example.org")
    site.create()
    with site.browser() as theirs:
        theirs.sign_in("victim@example.org")
        session_id = theirs.ask("GET", "/v1/session").json()["data"]["session_id"]
        browser.sign_in()
        for method, path, body in (
            ("GET", f"/v1/accounts/{victim.account_id}", None),
            ("PATCH", f"/v1/accounts/{victim.account_id}", {"role": "owner"}),
            ("PATCH", "/v1/accounts/acc_0000000000000000", {"is_disabled": True}),
            ("GET", "/v1/accounts", None),
            ("GET", "/v1/audit", None),
        ):
            assert browser.ask(method, path, body).status_code == 403, path
        assert browser.ask("DELETE", f"/v1/account/sessions/{session_id}").status_code == 404
        assert browser.ask("DELETE", "/v1/account/sessions").json()["data"] == {"ended": 0}
        assert theirs.ask("GET", "/v1/account").status_code == 200
        own = (
            browser.ask("GET", "/v1/account/export").text
            + browser.ask("GET", "/v1/account/audit").text
        )
    assert "victim" not in own
    assert victim.account_id not in own


def test_the_owner_lists_rules_and_reads_the_trail(site: Site, browser: Browser) -> None:
    owner, user = site.create("owner@example.org", Role.OWNER), site.create()
    browser.sign_in("owner@example.org")
    first = browser.ask("GET", "/v1/accounts?limit=1").json()
    rest = browser.ask("GET", f"/v1/accounts?limit=100&cursor={first['next_cursor']}").json()
    assert rest["next_cursor"] is None
    listed = {one["account_id"]: one for one in [*first["data"], *rest["data"]]}
    assert {owner.account_id, user.account_id} <= listed.keys()
    path = f"/v1/accounts/{user.account_id}"
    with site.browser() as theirs:
        theirs.sign_in()
        assert browser.ask("PATCH", path, {"plan": "nosuch"}).status_code == 422
        assert browser.ask("PATCH", path, {"plan": "pro"}).json()["data"]["plan"] == "pro"
        cookie = {"cookie": f"assay_session={theirs.cookie('assay_session')}"}
        assert browser.ask("PATCH", path, {"is_disabled": True}).status_code == 200
        wait_until_refused(site, cookie)
        assert theirs.sign_in().status_code == 403
    trail = browser.ask("GET", "/v1/audit?limit=3").json()
    assert [(entry["action"], entry["by"]) for entry in trail["data"][:2]] == [
        ("account.disabled", owner.account_id),
        ("account.plan", owner.account_id),
    ]
    older = browser.ask("GET", f"/v1/audit?limit=3&cursor={trail['next_cursor']}").json()["data"]
    assert older[0]["sequence"] < trail["data"][-1]["sequence"]
    assert browser.ask("GET", "/v1/audit?cursor=x").status_code == 422


def test_a_deleted_account_takes_its_keys_and_sessions_with_it(
    site: Site, browser: Browser
) -> None:
    account = site.create()
    key = site.create_key(account)
    browser.sign_in()
    header = {"x-api-key": key}
    with site.browser() as program:
        assert program.ask("GET", "/v1/account", headers=header).status_code == 200
    cookie = {"cookie": f"assay_session={browser.cookie('assay_session')}"}
    assert browser.ask("DELETE", "/v1/account", {}).status_code == 403
    assert browser.ask("DELETE", "/v1/account", {"password": NEW}).status_code == 403
    assert browser.ask("DELETE", "/v1/account", {"password": PASSWORD}).status_code == 204
    wait_until_refused(site, header)
    wait_until_refused(site, cookie)
    assert browser.sign_in().status_code == 401


def test_refusals_say_what_was_wrong(site: Site, browser: Browser) -> None:
    wrong = {"email": site.create(EMAIL).email, "password": f"not {PASSWORD}"}
    refused = {
        "Sign-in failed": browser.ask("POST", "/v1/session", wrong),
        "Key required": browser.ask("GET", "/v1/account"),
        "Unknown key or session": browser.ask("GET", "/v1/account", headers={"x-api-key": "ak_x"}),
    }
    said = [answer.json() for answer in refused.values()]
    assert [one["title"] for one in said] == list(refused)
    assert [one["code"] for one in said] == ["sign-in-failed", "key-required", "unauthorized"]
    assert all(one["hint"] for one in said)


def test_nothing_of_a_deleted_account_comes_back_when_usage_is_booked(
    site: Site, browser: Browser
) -> None:
    """What was asked in the last second is booked after the deletion, by whoever served it."""
    account = site.create()
    key = {"x-api-key": site.create_key(account)}
    browser.sign_in()
    once = {"idempotency-key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
    made = browser.ask("POST", "/v1/keys", {"name": "Ada's own", "scopes": ["read"]}, once)
    assert made.status_code == 201, made.text
    job = browser.ask("POST", "/v1/evaluations", {"kind": "trader"})
    assert job.status_code == 202, job.text
    with site.browser() as program:
        for _ in range(20):
            program.ask("GET", "/v1/tokens", headers=key)
    assert browser.ask("DELETE", "/v1/account", {"password": PASSWORD}).status_code == 204
    with site.browser() as program:
        for _ in range(20):
            program.ask("GET", "/v1/tokens", headers=key)
    wait_until_refused(site, key)
    time.sleep(2.5)
    with site.app.state.database.read() as connection:
        kept = list_texts(connection)
    for personal in (account.account_id, EMAIL, "Ada's own", "127.0.0.0/24"):
        found = [name for name, text in kept.items() if personal in text]
        assert not found, f"{personal} in {found}"


def test_a_wallet_signs_in_is_linked_and_deletes(site: Site, browser: Browser) -> None:
    wallet = Wallet.create()

    def sign(path: str, **body: object) -> dict[str, str]:
        asked = browser.ask("POST", path, {"address": wallet.address, **body}).json()["data"]
        signed = Wallet.sign_message(encode_defunct(text=asked["message"]), wallet.key)
        return {"message": asked["message"], "signature": signed.signature.to_0x_hex()}

    site.create()
    browser.sign_in()
    link = sign("/v1/account/wallet/nonce", purpose="link")
    assert browser.ask("PUT", "/v1/account/wallet", {"link": link}).status_code == 403
    link = sign("/v1/account/wallet/nonce", purpose="link")
    linked = browser.ask("PUT", "/v1/account/wallet", {"link": link, "password": PASSWORD})
    assert linked.json()["data"]["wallet"] == wallet.address
    browser.ask("DELETE", "/v1/session")
    proof = sign("/v1/session/wallet/nonce")
    assert site.url.removeprefix("http://") in proof["message"].split("\n")[0]
    signed_in = browser.ask("POST", "/v1/session/wallet", proof)
    assert signed_in.json()["data"]["account"]["email"] == EMAIL
    assert browser.ask("POST", "/v1/session/wallet", proof).status_code == 401
    for purpose, status in (("confirm", 401), ("delete", 204)):
        proof = sign("/v1/account/wallet/nonce", purpose=purpose)
        assert browser.ask("DELETE", "/v1/account", {"wallet": proof}).status_code == status


def test_a_password_is_reset_by_a_token_from_the_owner(site: Site, browser: Browser) -> None:
    account = site.create()
    answers = [
        browser.ask("POST", "/v1/session/reset/request", {"email": email})
        for email in (EMAIL, "nobody@example.org")
    ]
    assert {answer.status_code for answer in answers} == {202}
    assert answers[0].content == answers[1].content
    made = accounts.create_reset(site.app.state.database, site.clock, account.account_id)
    body = {"token": made.token, "new_password": NEW}
    assert browser.ask("POST", "/v1/session/reset", {**body, "token": "rs_x"}).status_code == 401
    assert browser.ask("POST", "/v1/session/reset", body).status_code == 200
    assert browser.ask("GET", "/v1/account").json()["data"]["email"] == EMAIL
    assert browser.ask("POST", "/v1/session/reset", body).status_code == 401


def test_a_closed_sign_up_is_closed(tmp_path: Path) -> None:
    with open_site(tmp_path, sign_up="closed") as site, site.browser() as browser:
        answer = browser.ask("POST", "/v1/accounts", {"email": EMAIL, "password": PASSWORD})
        assert answer.status_code == 403
        assert "owner" in answer.json()["hint"]
        known = [a.email for a in accounts.list_accounts(site.app.state.database)]
        assert EMAIL not in known


def test_a_refused_body_names_the_member_and_never_repeats_a_secret(
    site: Site, browser: Browser
) -> None:
    secret = "that must not come back " * 2
    for body in (
        {"email": EMAIL, "password": [secret]},
        {"email": [secret], "password": secret},
        {"email": EMAIL, "password": secret, secret: 1},
        {"email": EMAIL, "pass": secret},
        {"email": EMAIL, "password": secret * 40},
    ):
        answer = browser.ask("POST", "/v1/accounts", body)
        assert answer.status_code == 422
        named = answer.json()["errors"][0]
        assert named["where"] == "body"
        if secret not in body:
            assert secret not in answer.text
