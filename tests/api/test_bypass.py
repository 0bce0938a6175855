"""Attempts to get past the guard, in keyed mode and in open local mode; each of them fails."""

import asyncio
import base64
import contextlib
import hashlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from tests.api.asking import ask_async
from tests.api.keyed import Header, Keyed, make_keyed
from tests.api.serving import running
from tests.api.world import World

from assay import accounts
from assay.accounts.store.sessions import insert_access, insert_session
from assay.accounts.tokens import mint_token
from assay.accounts.types import AccountId, Role, Session, SessionRecord, SignInMethod, Verb
from assay.api.forwarded import read_proxies
from assay.api.guard import Hosts
from assay.api.keyed import KeyedGuard
from assay.api.routing import Routed
from assay.kit.clock import SystemClock

LIST = "/v1/grades/trader?limit=3"
JSON = (b"content-type", b"application/json")
ORIGIN = (b"origin", b"http://localhost:8000")
CSRF = "a-csrf-token"


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[Keyed]:
    made = make_keyed(tmp_path)
    made.add_account("ada")
    made.add_key("ada", "ada")
    made.add_account("eve")
    made.add_key("eve", "eve")
    yield made
    made.app.state.close()


def sign_in(keyed: Keyed, name: str) -> Header:
    """A session of an account, as its cookie."""
    minted, now = mint_token("as"), keyed.clock.now()
    expires = now.replace(year=2030)
    session = Session(minted.token_id, SignInMethod.PASSWORD, now, now, "", "")
    digest = hashlib.sha256(CSRF.encode()).hexdigest()
    record = SessionRecord(
        minted.token_id,
        minted.token_id,
        AccountId(keyed.ids[name]),
        minted.secret_sha256,
        digest,
        expires,
    )
    with keyed.world.database.write() as connection:
        insert_session(connection, keyed.ids[name], session, expires)
        insert_access(connection, record)
    return (b"cookie", f"theme=dark; assay_session={minted.text}".encode())


def forge_jwt(algorithm: str) -> bytes:
    def encode(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()

    head, body = f'{{"alg":"{algorithm}","typ":"JWT"}}', '{"sub":"owner","scope":"administer"}'
    return f"{encode(head)}.{encode(body)}.".encode()


def test_tokens_that_nobody_gave_open_nothing(keyed: Keyed) -> None:
    good = keyed.keys["ada"]
    key_id = good.split("_")[1]
    eve = keyed.keys["eve"]
    tried = [
        forge_jwt("none"),
        forge_jwt("HS256"),
        good[:-1].encode(),
        good.encode() + b"A",
        good.replace("ak_", "at_", 1).encode(),
        good.replace("ak_", "as_", 1).encode(),
        good.upper().encode(),
        f"ak_{key_id}_".encode(),
        f"ak_{key_id}_{eve.split('_', 2)[2]}".encode(),
        f"ak_{eve.split('_')[1]}_{good.split('_', 2)[2]}".encode(),
        good.encode() + b"\x00",
        b"\xff\xfe" + good.encode(),
        b"ak_" + b"%" * 16 + b"_" + b"A" * 43,
        b"ak_' OR '1'='1' -_" + b"A" * 43,
        b"local",
    ]

    async def check() -> None:
        assert (await keyed.ask(LIST, "ada")).status == 200
        for token in tried:
            for header in [(b"x-api-key", token), (b"authorization", b"Bearer " + token)]:
                for _ in range(2):
                    assert (await keyed.ask(LIST, headers=[header])).status == 401, token
        for scheme in (b"Basic", b"Token", b"Digest", b""):
            shown = (b"authorization", scheme + b" " + good.encode())
            assert (await keyed.ask(LIST, headers=[shown])).status == 401, scheme
        # Only other faces know this header; here it is as if it were not there.
        assert (await keyed.ask(LIST, headers=[(b"api_key", good.encode())])).status == 401
        assert (await keyed.ask(f"{LIST}&api_key={good}")).status == 401

    asyncio.run(check())


def test_several_keys_that_disagree_are_refused_whoever_comes_first(keyed: Keyed) -> None:
    ada, eve = (keyed.keys[name].encode() for name in ("ada", "eve"))

    async def check() -> None:
        assert (await keyed.ask(LIST, "ada")).status == 200
        for first, second in [(ada, eve), (eve, ada), (ada, b"x")]:
            for headers in [
                [(b"x-api-key", first), (b"x-api-key", second)],
                [(b"x-api-key", first), (b"authorization", b"Bearer " + second)],
                [(b"authorization", b"Bearer " + first), (b"authorization", b"Bearer " + second)],
            ]:
                assert (await keyed.ask(LIST, headers=headers)).status == 401
        twice = [(b"x-api-key", ada), (b"authorization", b"Bearer " + ada)]
        assert (await keyed.ask(LIST, headers=twice)).status == 200
        assert (await keyed.ask(LIST, "eve", [sign_in(keyed, "ada")])).status == 401
        assert (await keyed.ask(LIST, "ada", [sign_in(keyed, "ada")])).status == 200

    asyncio.run(check())


def test_a_cookie_writes_only_with_its_origin_and_csrf_token(keyed: Keyed) -> None:
    cookie = sign_in(keyed, "ada")
    token = (b"x-csrf-token", CSRF.encode())
    body = b'{"name": "x"}'

    async def post(*headers: Header) -> int:
        shown = [cookie, JSON, *headers]
        return (await keyed.ask("/v1/keys", None, shown, "POST", body=body)).status

    async def check() -> None:
        assert (await keyed.ask("/v1/keys", headers=[cookie])).status == 200
        assert await post() == 403
        assert await post(token) == 403
        assert await post(ORIGIN) == 403
        assert await post(ORIGIN, (b"x-csrf-token", b"wrong")) == 403
        assert await post(ORIGIN, token, (b"x-csrf-token", b"wrong")) == 403
        assert await post((b"origin", b"http://evil.example"), token) == 403
        assert await post((b"origin", b"null"), token) == 403
        assert len((await keyed.ask("/v1/keys", "ada")).json["data"]) == 1
        assert await post(ORIGIN, token) == 201
        # A session is no key: it is not taken from a header that a page could not have set.
        text = cookie[1].partition(b"assay_session=")[2]
        assert (await keyed.ask(LIST, headers=[(b"x-api-key", text)])).status == 401

    asyncio.run(check())


def test_a_page_elsewhere_signs_nobody_in(keyed: Keyed) -> None:
    async def check() -> None:
        for path in ("/v1/session", "/v1/accounts", "/v1/token"):
            evil = (b"origin", b"http://evil.example")
            answer = await keyed.ask(path, None, [evil, JSON], "POST", body=b"{}")
            assert (answer.status, answer.json["code"]) == (403, "forbidden-origin")

    asyncio.run(check())


@pytest.mark.parametrize(
    "target",
    [
        "/v1/keys/%2e%2e/plans",
        "/v1/plans/../keys",
        "/assets/../v1/keys",
        "/assets/..%2fv1%2fkeys",
        "/assets/%2e%2e/v1/keys",
        "//v1/keys",
        "/v1//keys",
        "/v1/keys/",
        "/v1/keys%00",
        "/v1/keys%0a",
        "/v1/keys;/v1/plans",
        "/docs/..;/v1/keys",
        "/docs%2f..%2fv1%2fkeys",
        "/V1/KEYS",
        "/%2fv1/keys",
        "/v1/plans%00/../keys",
        "/healthz/../v1/tokens",
        "/.//v1/tokens",
    ],
)
def test_no_path_is_two_paths(keyed: Keyed, target: str) -> None:
    """What is not an open path as declared needs a key, and means nothing else with one."""

    async def check() -> None:
        for _ in range(2):
            assert (await keyed.ask(target)).status in (401, 404)
            answer = await keyed.ask(target, "ada")
            assert answer.status == 404, target
        assert b"ak_" not in (await keyed.ask(target)).body

    asyncio.run(check())


@pytest.mark.parametrize(
    "header",
    [
        (b"x-original-url", b"/v1/plans"),
        (b"x-rewrite-url", b"/v1/plans"),
        (b"x-forwarded-prefix", b"/docs"),
        (b"x-http-method-override", b"GET"),
        (b"x-method-override", b"OPTIONS"),
        (b"x_api_key", b"local"),
        (b"x-forwarded-for", b"127.0.0.1"),
        (b"x-forwarded-host", b"localhost"),
        (b"x-real-ip", b"127.0.0.1"),
        (b"forwarded", b"for=127.0.0.1;host=localhost"),
        (b"x-account-id", b"acc_0123456789abcdef"),
    ],
)
def test_no_header_moves_a_request_past_the_guard(keyed: Keyed, header: Header) -> None:
    async def check() -> None:
        assert (await keyed.ask("/v1/accounts", headers=[header])).status == 401
        assert (await keyed.ask("/v1/accounts", "ada", [header])).status == 403
        evil = await keyed.ask("/v1/plans", None, [header], host=[(b"host", b"evil.example")])
        assert evil.status == 421
        assert (await keyed.ask("/v1/keys", None, [header], "POST")).status == 401

    asyncio.run(check())


def test_what_a_stranger_says_of_the_client_is_not_believed(tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []

    async def remember(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope["client"][0], scope["scheme"]))
        await Response()(scope, receive, send)

    keyed = make_keyed(
        tmp_path, trusted_proxies="10.0.0.0/8, fd00::/8", allowed_hosts="api.example.com"
    )
    state = keyed.app.state
    hosts = Hosts(frozenset({"api.example.com"}))
    guard = KeyedGuard(remember, state, state.access, hosts, read_proxies("10.0.0.0/8"))
    entrance = Routed(guard, keyed.app.index)
    inside, outside = [(b"host", b"internal:8000")], [(b"host", b"api.example.com")]
    forwarded = [
        (b"x-forwarded-for", b"6.6.6.6, 203.0.113.7, 10.0.0.9"),
        (b"x-forwarded-proto", b"https"),
        (b"x-forwarded-host", b"api.example.com"),
    ]
    lie = [(b"x-forwarded-for", b"127.0.0.1, evil"), (b"x-forwarded-proto", b"gopher")]

    async def ask_from(peer: str, headers: list[Header], host: list[Header]) -> int:
        return (await ask_async(entrance, "/v1/plans", headers, host=host, client=peer)).status

    async def check() -> None:
        for peer in ("10.1.2.3", "::ffff:10.1.2.3"):
            assert await ask_from(peer, forwarded, inside) == 200
        assert await ask_from("192.0.2.1", forwarded, inside) == 421
        assert await ask_from("192.0.2.1", forwarded, outside) == 200
        assert await ask_from("10.1.2.3", lie, outside) == 200
        several = [(b"x-forwarded-host", b"api.example.com, evil.example")]
        assert await ask_from("10.1.2.3", several, outside) == 400

    asyncio.run(check())
    real = ("203.0.113.7", "https")
    assert seen == [real, real, ("192.0.2.1", "http"), ("10.1.2.3", "http")]


def test_open_local_mode_has_no_keys_to_steal_and_refuses_foreign_pages(world: World) -> None:
    async def check() -> None:
        for path in ("/v1/keys", "/v1/accounts", "/v1/usage", "/v1/session"):
            assert (await ask_async(world.app, path)).status == 409
        rebound = await ask_async(world.app, "/v1/tokens", host=[(b"host", b"rebind.evil.example")])
        assert rebound.status == 421
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            evil = (b"origin", b"http://rebind.evil.example")
            answer = await ask_async(world.app, "/v1/keys", [evil], method)
            assert (answer.status, answer.json["code"]) == (403, "forbidden-origin")

    asyncio.run(check())


@pytest.mark.slow
def test_raw_requests_that_proxies_and_servers_read_differently(tmp_path: Path) -> None:
    """Over a real socket: absolute-form targets, two hosts, a body in two lengths, folded lines."""
    keyed = make_keyed(tmp_path)
    key = keyed.keys["owner"]
    with running(keyed.app) as url:
        port = int(url.rsplit(":", 1)[1])
        here = f"127.0.0.1:{port}"

        def send(text: str) -> bytes:
            """What comes back until the server closes, or says nothing more for a while."""
            got = b""
            with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
                connection.sendall(text.encode("latin-1"))
                with contextlib.suppress(TimeoutError):
                    while more := connection.recv(65_536):
                        got += more
            return got

        def ask(target: str, *headers: str) -> int:
            lines = "".join(f"{line}\r\n" for line in [*headers, "connection: close"])
            answer = send(f"GET {target} HTTP/1.1\r\n{lines}\r\n")
            return int(answer.split(b" ")[1]) if answer else 0

        shown = f"x-api-key: {key}"
        assert ask("/v1/tokens", f"host: {here}", shown) == 200
        assert ask("/v1/tokens", f"host: {here}") == 401
        assert ask(f"http://{here}/v1/tokens", f"host: {here}") == 401
        assert ask(f"http://{here}/docs/../v1/tokens", f"host: {here}") == 401
        assert ask("http://evil.example/v1/tokens", "host: evil.example", shown) == 421
        assert ask("/v1/tokens", f"host: {here}", "host: evil.example", shown) == 400
        assert ask("/v1/tokens", shown) == 400
        assert ask("/v1/tokens", f"host: {here}", f"x-api-key : {key}") in (0, 400, 401)
        assert ask("/v1/tokens", f"host: {here}", f"x-api-key:\r\n {key}") in (0, 400, 401)
        smuggled = (
            f"POST /v1/token HTTP/1.1\r\nhost: {here}\r\ncontent-length: 4\r\n"
            f"transfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/accounts HTTP/1.1\r\nhost: {here}"
            "\r\n\r\n"
        )
        answer = send(smuggled)
        assert b'"data"' not in answer
        assert b"200 OK" not in answer


@pytest.mark.slow
def test_a_revoked_key_ends_in_another_server_within_a_second(tmp_path: Path) -> None:
    """Two real servers on one home: what one revokes, the other refuses."""
    one = make_keyed(tmp_path, clock=SystemClock())
    two = make_keyed(tmp_path, owner=False, days=0, clock=SystemClock())
    account = accounts.create_account(one.world.database, one.clock, role=Role.USER).account_id
    record, key = accounts.create_key(
        one.world.database,
        one.clock,
        account,
        name="k",
        scopes=frozenset({Verb.READ, Verb.ACCOUNT}),
    )
    owner = {"x-api-key": one.keys["owner"]}
    with running(one.app) as first, running(two.app) as second, httpx.Client() as client:
        shown = {"x-api-key": key}
        for url in (first, second):
            assert client.get(f"{url}/v1/keys", headers=shown).status_code == 200
        assert client.delete(f"{first}/v1/keys/{record.key_id}", headers=owner).status_code == 204
        assert client.get(f"{first}/v1/keys", headers=shown).status_code == 401
        began = time.monotonic()
        while client.get(f"{second}/v1/keys", headers=shown).status_code != 401:
            assert time.monotonic() - began < 30, "it was never seen"
        # A busy machine may be late; the poll is twice a second.
        assert two.app.state.access.version > 0
