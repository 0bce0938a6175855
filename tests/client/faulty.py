"""A server that does what a test tells it, one thing per request, down to the bytes."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Act = Callable[[socket.socket], None]


@dataclass
class Faulty:
    """Its address, and every request that it got, as text."""

    url: str
    requests: list[str] = field(default_factory=list)


def answer(status: int, content: Any, **headers: str) -> Act:
    """Answer a request well-formed; underscores in header names stand for hyphens."""
    kind = "application/json" if status < 300 else "application/problem+json"
    body = json.dumps(content).encode()
    lines = [f"HTTP/1.1 {status} X", f"content-type: {kind}", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]

    def act(connection: socket.socket) -> None:
        connection.sendall("\r\n".join([*lines, "connection: close", "", ""]).encode() + body)

    return act


def refuse(status: int, code: str, *, retryable: bool, **headers: str) -> Act:
    """Answer with a problem document."""
    said = {"detail": "No.", "hint": "", "code": code, "retryable": retryable}
    return answer(status, said, **headers)


def hang_up(connection: socket.socket) -> None:
    """Close without a word."""


def cut(connection: socket.socket) -> None:
    """Promise more bytes than come."""
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{")


def babble(connection: socket.socket) -> None:
    """Say something that is no HTTP."""
    connection.sendall(b"EHLO localhost\r\n\r\n")


def stall(connection: socket.socket) -> None:
    """Say nothing until the other side gives up."""
    connection.recv(1)


@contextlib.contextmanager
def faulty(acts: Sequence[Act]) -> Iterator[Faulty]:
    """A server that performs `acts`, one for each connection, and then stops listening."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Faulty(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def serve() -> None:
        for act in acts:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                server.requests.append(_read_request(connection))
                act(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server
    finally:
        # A shutdown wakes a waiting accept; a close alone does not.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _read_request(connection: socket.socket) -> str:
    text = connection.recv(65536)
    while b"\r\n\r\n" not in text:
        text += connection.recv(65536)
    head, _, body = text.decode().partition("\r\n\r\n")
    lines = [line.lower() for line in head.splitlines()]
    lengths = [int(line.split(":")[1]) for line in lines if line.startswith("content-length:")]
    while lengths and len(body) < lengths[0]:
        body += connection.recv(65536).decode()
    return f"{head}\r\n\r\n{body}"
