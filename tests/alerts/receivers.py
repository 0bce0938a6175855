"""Real receivers on loopback: an HTTP sink and an SMTP server that remember what they took."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

PATIENCE_S = 60.0


def wait_until(is_so: Any, what: object = "", *, every_s: float = 0.01) -> None:
    """Wait for a condition; the limit only ends a test that hangs."""
    until = monotonic() + PATIENCE_S
    while not is_so():
        assert monotonic() < until, what() if callable(what) else what
        sleep(every_s)


@dataclass
class Taken:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Sink:
    """What the HTTP sink took, and what it answers: the next of `answers`, then 204."""

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    body: bytes = b""
    gate: threading.Event = field(default_factory=threading.Event)
    """Answers wait until it is set, which it is at first."""
    on_taken: Callable[[], object] = lambda: None
    on_answered: Callable[[], object] = lambda: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/of-somebody"

    @property
    def ids(self) -> list[str]:
        return [taken.headers["webhook-id"] for taken in self.taken]


@contextlib.contextmanager
def open_sink(port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Sink]:
    sink = Sink()
    sink.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with sink.lock:
                sink.taken.append(Taken(self.path, headers, body))
                status, more = sink.answers.pop(0) if sink.answers else (204, {})
                sink.on_taken()
            sink.gate.wait(PATIENCE_S)
            with contextlib.suppress(OSError):
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                if status != 204 and "content-length" not in more:
                    self.send_header("content-length", str(len(sink.body)))
                self.end_headers()
                if status != 204:
                    self.wfile.write(sink.body)
                self.wfile.flush()
            sink.on_answered()

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    sink.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class MailServer:
    """What the SMTP server took, and how it answers DATA: the next of `answers`, then 250."""

    port: int = 0
    mails: list[bytes] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    signed_in: list[bytes] = field(default_factory=list)
    on_taken: Callable[[], object] = lambda: None

    def sign_in(self, *args: Any) -> AuthResult:
        login = args[-1]
        self.signed_in.append(login.login)
        return AuthResult(success=login.password == b"right", handled=False)

    @property
    def url(self) -> str:
        return f"mailto://127.0.0.1:{self.port}?from=assay@example.com&to=somebody@example.com"

    @property
    def ids(self) -> list[str]:
        found = []
        for mail in self.mails:
            lines = mail.decode().splitlines()
            line = next(line for line in lines if line.lower().startswith("x-assay-message-id"))
            found.append(line.split(":", 1)[1].strip())
        return found

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.answers:
            answer = self.answers.pop(0)
            if not answer.startswith("250"):
                return answer
        assert isinstance(envelope.content, bytes)
        self.mails.append(envelope.content)
        self.on_taken()
        return "250 taken"


@contextlib.contextmanager
def open_mail_server(tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[MailServer]:
    mail_server = MailServer(port or find_port())
    controller = Controller(
        mail_server,
        hostname="127.0.0.1",
        port=mail_server.port,
        tls_context=tls,
        authenticator=mail_server.sign_in,
        auth_require_tls=tls is not None,
    )
    controller.start()
    try:
        yield mail_server
    finally:
        controller.stop()


def find_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
