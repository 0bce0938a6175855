"""Asks an ASGI application without a server and keeps what it sent, byte for byte."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.types import ASGIApp, Message

HOST = (b"host", b"localhost:8000")


@dataclass(frozen=True)
class Answer:
    """Status, headers in their order (without the request id), body."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    request_id: str = field(default="", compare=False)
    """Of answers that were not replayed; apart from the headers, as it differs each time."""

    def header(self, name: str) -> str:
        return b",".join(v for k, v in self.headers if k == name.encode()).decode()

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


def measure(body: bytes) -> list[tuple[bytes, bytes]]:
    """The header that says how long a body is, if there is one."""
    return [(b"content-length", str(len(body)).encode())] if body else []


async def ask_async(
    app: ASGIApp,
    target: str,
    headers: Iterable[tuple[bytes, bytes]] = (),
    method: str = "GET",
    host: Iterable[tuple[bytes, bytes]] = (HOST,),
    body: bytes = b"",
    client: str = "127.0.0.1",
) -> Answer:
    """One request."""
    path, _, query = target.partition("?")
    sent: list[Message] = []

    bodies = [body]

    async def receive() -> Message:
        if not bodies:
            # As a server does: the next message is that the client has gone.
            await asyncio.Event().wait()
        return {"type": "http.request", "body": bodies.pop(), "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [*host, *headers, *measure(body)],
        "client": (client, 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    await app(scope, receive, send)
    start = sent[0]
    answered = b"".join(message.get("body", b"") for message in sent[1:])
    name = b"x-request-id"
    headers_sent = tuple(pair for pair in start["headers"] if pair[0] != name)
    request_id = next((value.decode() for key, value in start["headers"] if key == name), "")
    return Answer(start["status"], headers_sent, answered, request_id)


def ask(
    app: ASGIApp,
    target: str,
    headers: Iterable[tuple[bytes, bytes]] = (),
    method: str = "GET",
    host: Iterable[tuple[bytes, bytes]] = (HOST,),
) -> Answer:
    """One request, from a test that has no event loop."""
    return asyncio.run(ask_async(app, target, headers, method, host))
