"""An OTLP/HTTP receiver on loopback that keeps the spans it gets."""

import contextlib
import gzip
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Received:
    """One span; ids are hexadecimal, `parent` is empty at a root."""

    service: str
    name: str
    trace: str
    span: str
    parent: str
    attributes: dict[str, str]
    is_failed: bool


@dataclass
class Receiver:
    """What was received, and every byte of it."""

    url: str = ""
    spans: list[Received] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    def take(self, payload: bytes) -> None:
        self.raw.append(payload)
        request = ExportTraceServiceRequest.FromString(payload)
        for resource in request.resource_spans:
            names = {item.key: item.value.string_value for item in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [
                    Received(
                        names["service.name"],
                        span.name,
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        {item.key: str(item.value) for item in span.attributes},
                        span.status.code == 2,
                    )
                    for span in scope.spans
                ]

    def wait_for(self, *names: str) -> None:
        until = monotonic() + PATIENCE_S
        while not set(names) <= {span.name for span in self.spans}:
            assert monotonic() < until, [span.name for span in self.spans]
            sleep(0.05)

    def find(self, span_id: str) -> Received:
        return next(span for span in self.spans if span.span == span_id)

    def ancestors(self, span: Received) -> list[str]:
        """Names of the span and of those above it that were received, upwards."""
        known = {each.span for each in self.spans}
        names = [span.name]
        while span.parent in known:
            span = self.find(span.parent)
            names.append(span.name)
        return names


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver for the time of the block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            zipped = self.headers.get("content-encoding") == "gzip"
            receiver.take(gzip.decompress(body) if zipped else body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
