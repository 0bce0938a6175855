"""The HTTP server itself: clients that are slow, too large or malformed, and going away."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any

import httpx
import orjson
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.api.serving import running
from tests.api.world import World
from tests.conftest import PATIENCE_S

from assay.api.draining import Draining
from assay.api.observe import Observed
from assay.api.protocol import create_protocol
from assay.api.serve import open_socket
from assay.api.server import Server, create_server
from assay.kit.settings import Settings

pytestmark = pytest.mark.slow


@dataclass
class Running:
    """A server on a port of its own, in a thread."""

    server: Server
    address: tuple[str, int]
    thread: threading.Thread

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join()


@contextlib.contextmanager
def serving(app: ASGIApp, settings: Settings, head_s: float = 10.0) -> Iterator[Running]:
    draining, listener = Draining(), open_socket("127.0.0.1", 0)
    server = create_server(app, settings, draining)
    server.config.http = create_protocol(draining, head_s)
    server.config.lifespan = "off"
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    found = Running(server, listener.getsockname(), thread)
    while not server.started:
        sleep(0.01)
    try:
        yield found
    finally:
        found.stop()


def send_raw(address: tuple[str, int], payload: bytes, greetings: int = 0) -> bytes:
    """All that is answered until the server closes, or has said hello so often."""
    with socket.create_connection(address, timeout=PATIENCE_S) as client:
        client.sendall(payload)
        return read_all(client, greetings)


def read_all(client: socket.socket, greetings: int = 0) -> bytes:
    answer = b""
    with contextlib.suppress(TimeoutError, ConnectionResetError):
        while not greetings or answer.count(b"hello") < greetings:
            if not (part := client.recv(65_536)):
                break
            answer += part
    return answer


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-length", b"5")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})


GET = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"


def test_half_open_connections_hold_nobody_up_and_are_closed() -> None:
    with serving(hello, Settings(), head_s=1.0) as found:
        slow = [socket.create_connection(found.address, timeout=PATIENCE_S) for _ in range(200)]
        for number, client in enumerate(slow):
            # A third says nothing, a third a part of a head, a third blank lines.
            client.sendall((b"", b"GET / HTTP/1.1\r\nhost: loc", b"\r\n\r\n")[number % 3])
        for _ in range(20):
            assert send_raw(
                found.address, GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
            ).endswith(b"hello")
        dripping = slow[1::3]
        until = monotonic() + PATIENCE_S
        while found.server.server_state.connections and monotonic() < until:
            for client in dripping:
                with contextlib.suppress(OSError):
                    client.sendall(b"a")
            sleep(0.1)
        assert not found.server.server_state.connections
        for client in slow:
            client.close()


def test_a_head_without_end_is_refused() -> None:
    with serving(hello, Settings()) as found:
        with socket.create_connection(found.address, timeout=PATIENCE_S) as client:
            client.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n")
            answer = b""
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for number in range(4_000):
                    client.sendall(b"x-%d: " % number + b"y" * 100 + b"\r\n")
            answer = read_all(client)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
        assert send_raw(found.address, GET, 1).endswith(b"hello")


def test_a_head_that_is_a_little_too_large_is_told_so() -> None:
    with serving(hello, Settings()) as found:
        with socket.create_connection(found.address, timeout=PATIENCE_S) as client:
            for _ in range(3):
                client.sendall(
                    b"GET / HTTP/1.1\r\n" if _ == 0 else b"x: " + b"y" * 33_000 + b"\r\n"
                )
                sleep(0.1)
            head, _, body = read_all(client).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 431 ")
        assert b"connection: close" in head
        assert orjson.loads(body)["code"] == "headers-too-large"


def test_a_large_body_before_the_next_request_is_not_taken_for_a_head() -> None:
    body = b"x" * 900_000
    request = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    with serving(hello, Settings()) as found:
        answers = send_raw(found.address, request + request + GET, 3)
    assert answers.count(b"hello") == 3


def test_what_is_no_http_gets_a_problem_document() -> None:
    with serving(hello, Settings()) as found:
        for payload in (b"\x16\x03\x01\x02\x00", b"hello\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
            head, _, body = send_raw(found.address, payload).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 400 ")
            assert b"content-type: application/problem+json" in head
            assert b"x-content-type-options: nosniff" in head
            assert orjson.loads(body)["code"] == "bad-request"


def test_an_upgrade_that_we_do_not_know_is_ignored() -> None:
    request = GET.replace(b"\r\n\r\n", b"\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n")
    with serving(hello, Settings()) as found:
        assert send_raw(found.address, request, 1).endswith(b"hello")


@dataclass
class Client:
    """Asks again and again until the server is gone; counts what became of each request."""

    url: str
    keep_alive: bool
    answered: int = 0
    lost: list[str] = field(default_factory=list)
    refused: bool = False

    def run(self) -> None:
        limits = httpx.Limits(max_keepalive_connections=1 if self.keep_alive else 0)
        with httpx.Client(limits=limits, trust_env=False, timeout=PATIENCE_S) as client:
            while True:
                try:
                    answer = client.get(self.url)
                except httpx.ConnectError:
                    self.refused = True
                    return
                except httpx.ConnectTimeout:
                    self.refused = True
                    return
                except httpx.HTTPError as error:
                    self.lost.append(repr(error))
                    return
                assert answer.status_code == 200
                self.answered += 1


async def slow_hello(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(0.02)
    await hello(scope, receive, send)


@pytest.mark.parametrize("keep_alive", [True, False])
def test_under_load_every_request_that_was_taken_is_answered(keep_alive: bool) -> None:
    with serving(slow_hello, Settings()) as found:
        host, port = found.address
        clients = [Client(f"http://{host}:{port}/", keep_alive) for _ in range(12)]
        threads = [threading.Thread(target=client.run) for client in clients]
        for thread in threads:
            thread.start()
        sleep(1.0)
        found.stop()
        for thread in threads:
            thread.join()
    assert [lost for client in clients for lost in client.lost] == []
    assert all(client.refused for client in clients)
    assert sum(client.answered for client in clients) > len(clients)


def test_a_long_request_ends_and_a_new_one_is_taken_while_draining() -> None:
    async def long(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(1.5)
        await hello(scope, receive, send)

    with serving(long, Settings(drain_s=1.0)) as found:
        host, port = found.address
        answers: list[httpx.Response] = []
        ask = lambda: answers.append(httpx.get(f"http://{host}:{port}/", trust_env=False))  # noqa: E731
        first = threading.Thread(target=ask)
        first.start()
        sleep(0.2)
        found.server.should_exit = True
        while not found.server.draining.began:
            sleep(0.01)
        second = threading.Thread(target=ask)
        second.start()
        first.join()
        second.join()
    assert [answer.text for answer in answers] == ["hello", "hello"]
    assert answers[1].headers["connection"] == "close"


def test_a_stream_ends_with_a_word_to_its_reader(world: World) -> None:
    ended = threading.Event()

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            while True:
                await send(
                    {"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True}
                )
                await asyncio.sleep(0.05)
        finally:
            ended.set()

    state = world.app.state
    draining, listener = Draining(), open_socket("127.0.0.1", 0)
    was, state.draining = state.draining, draining
    server = create_server(Observed(stream, state), Settings(), draining)
    server.config.lifespan = "off"
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    with socket.create_connection(listener.getsockname(), timeout=PATIENCE_S) as client:
        client.sendall(GET)
        assert b"data: 1" in client.recv(65_536) + client.recv(65_536)
        server.should_exit = True
        rest = read_all(client)
    thread.join()
    state.draining = was
    assert b"event: reconnect\nretry: 1000\n" in rest
    # The last chunk: the answer is whole, not broken off.
    assert rest.endswith(b"0\r\n\r\n")
    assert ended.wait(1.0)


def test_readyz_fails_first(fresh_world: World) -> None:
    with running(fresh_world.app) as url, httpx.Client(base_url=url, trust_env=False) as client:
        assert client.get("/readyz").status_code == 200
        fresh_world.app.state.draining.begin()
        answer: Any = client.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "not-ready")
        assert answer.headers["connection"] == "close"
        assert client.get("/healthz").status_code == 200
        assert client.get("/v1/tokens").status_code == 200
