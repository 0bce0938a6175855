"""Asks an ASGI application without a server and keeps what it sent, byte for byte."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.types import ASGIApp, Message

HOST = (b"host", b"localhost:8000")


@dataclass(frozen=True)
class Answer:
    """Status, headers in their order, body."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def header(self, name: str) -> str:
        return b",".join(v for k, v in self.headers if k == name.encode()).decode()

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


async def ask_async(
    app: ASGIApp,
    target: str,
    headers: Iterable[tuple[bytes, bytes]] = (),
    method: str = "GET",
    host: Iterable[tuple[bytes, bytes]] = (HOST,),
) -> Answer:
    """One request."""
    path, _, query = target.partition("?")
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

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
        "headers": [*host, *headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    await app(scope, receive, send)
    start = sent[0]
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(start["status"], tuple(start["headers"]), body)


def ask(
    app: ASGIApp,
    target: str,
    headers: Iterable[tuple[bytes, bytes]] = (),
    method: str = "GET",
    host: Iterable[tuple[bytes, bytes]] = (HOST,),
) -> Answer:
    """One request, from a test that has no event loop."""
    return asyncio.run(ask_async(app, target, headers, method, host))
