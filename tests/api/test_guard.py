"""Who may ask: host, key and origin in open local mode."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from tests.api.asking import HOST, ask
from tests.api.world import World

from assay.api.guard import Hosts, split_port

Header = tuple[bytes, bytes]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:9"]
)
def test_local_names_are_answered(world: World, host: str) -> None:
    answer = ask(world.app, "/v1/tokens", host=[(b"host", host.encode())])
    assert answer.status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost:80@evil.example",
        "[::1].evil.example",
        "[::1",
        "192.168.0.1",
        "10.0.0.1",
        "",
        "localhost:port",
    ],
)
def test_foreign_names_are_refused(world: World, host: str) -> None:
    answer = ask(world.app, "/v1/tokens", host=[(b"host", host.encode())])
    assert (answer.status, answer.json["code"]) == (421, "misdirected-request")


@pytest.mark.parametrize("hosts", [[], [HOST, HOST], [HOST, (b"host", b"evil.example")]])
def test_exactly_one_host_is_needed(world: World, hosts: list[Header]) -> None:
    answer = ask(world.app, "/v1/tokens", host=hosts)
    assert (answer.status, answer.json["code"]) == (400, "bad-host")


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"authorization", b"")],
        [(b"authorization", b"Bearer")],
        [(b"authorization", b"Bearer ")],
        [(b"authorization", b"bearer local")],
        [(b"x-api-key", b"")],
        [(b"x-api-key", b"local")],
        [(b"x-api-key", b"local"), (b"authorization", b"Bearer local")],
    ],
)
def test_no_key_an_empty_one_and_local_are_the_local_user(
    world: World, headers: list[Header]
) -> None:
    assert ask(world.app, "/v1/tokens", headers).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        [(b"authorization", b"Bearer somebody")],
        [(b"authorization", b"Basic bG9jYWw=")],
        [(b"authorization", b"local")],
        [(b"x-api-key", b"LOCAL")],
        [(b"x-api-key", b"somebody"), (b"authorization", b"Bearer local")],
        [(b"x-api-key", b"local"), (b"x-api-key", b"somebody")],
    ],
)
def test_any_other_key_is_refused_and_not_repeated(world: World, headers: list[Header]) -> None:
    answer = ask(world.app, "/v1/tokens", headers)
    assert (answer.status, answer.json["code"]) == (401, "unauthorized")
    assert answer.header("www-authenticate") == "Bearer"
    assert b"somebody" not in answer.body


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (b"http://localhost:8000", 405),
        (b"http://evil.example", 403),
        (b"http://localhost:9000", 403),
        (b"null", 403),
        (None, 405),
    ],
)
def test_only_our_own_pages_may_write(world: World, origin: bytes | None, status: int) -> None:
    headers = [] if origin is None else [(b"origin", origin)]
    assert ask(world.app, "/v1/tokens", headers, "POST").status == status
    assert ask(world.app, "/v1/tokens", headers).status == 200


@pytest.mark.parametrize("origin", [b"http://evil.example", b"null"])
def test_a_foreign_websocket_is_closed_before_it_opens(world: World, origin: bytes) -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": "/v1/stream",
        "raw_path": b"/v1/stream",
        "query_string": b"",
        "headers": [HOST, (b"origin", origin)],
    }
    asyncio.run(world.app(scope, receive, send))
    assert [(m["type"], m["code"], m["reason"]) for m in sent] == [
        ("websocket.close", 1008, "forbidden-origin")
    ]


@pytest.mark.parametrize(
    ("authority", "parts"),
    [
        ("a", ("a", None)),
        ("a:1", ("a", "1")),
        ("a:", ("a", "")),
        ("[::1]", ("[::1]", None)),
        ("[::1]:1", ("[::1]", "1")),
        ("[::1]x", ("[::1]", "x")),
        ("a:1:2", ("a", "1:2")),
    ],
)
def test_ports_are_split_off(authority: str, parts: tuple[str, str | None]) -> None:
    assert split_port(authority) == parts


def test_a_port_is_a_number() -> None:
    assert not Hosts().allows(b"localhost:")
    assert not Hosts().allows("localhost:٣".encode())
