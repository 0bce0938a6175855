"""A small witness: C2SP `tlog-witness` over real HTTP, its state in a file before it answers.

It checks with the stand-alone verifier, as a stranger's would, and refuses what does not extend
what it cosigned. `fault` lets a test make it answer something else.
"""

import base64
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assay.ledger.outside import Witness
from assay.verifier import (
    COSIGNATURE,
    Extension,
    NotVerified,
    VerifierKey,
    is_consistent,
    list_signatures,
    parse_extension,
)

Answer = tuple[int, bytes]


@dataclass
class SmallWitness:
    """Knows some logs by their keys; keeps (size, root) of the newest tree of each."""

    name: str
    state: Path
    now: Callable[[], datetime]
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    logs: dict[str, Sequence[VerifierKey]] = field(default_factory=dict)
    fault: Callable[[bytes], Answer | None] = lambda _: None
    url: str = ""
    requests: list[bytes] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def public(self) -> VerifierKey:
        return VerifierKey(self.name, COSIGNATURE, self.key.public_key().public_bytes_raw())

    @property
    def witness(self) -> Witness:
        return Witness(self.public, self.url)

    @property
    def setting(self) -> str:
        return f"{self.public} {self.url}"

    def load(self, origin: str) -> tuple[int, bytes]:
        """What it cosigned last."""
        if not self.state.exists():
            return 0, b""
        size, root = json.loads(self.state.read_text()).get(origin, (0, ""))
        return size, bytes.fromhex(root)

    def save(self, origin: str, size: int, root: bytes) -> None:
        kept = json.loads(self.state.read_text()) if self.state.exists() else {}
        kept[origin] = (size, root.hex())
        staged = self.state.with_suffix(".tmp")
        with staged.open("w") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(self.state)

    def cosign(self, text: bytes, seconds: int) -> bytes:
        """A line of c2sp.org/tlog-cosignature: key id, time, signature."""
        signature = self.key.sign(b"cosignature/v1\ntime %d\n%s" % (seconds, text))
        blob = self.public.key_id + seconds.to_bytes(8) + signature
        return f"\N{EM DASH} {self.name} {base64.b64encode(blob).decode()}\n".encode()

    def add_checkpoint(self, body: bytes) -> Answer:
        """Status and body of the answer, in the order of the specification's checks."""
        try:
            asked = parse_extension(body)
        except NotVerified:
            return 400, b""
        head = asked.head
        if head.origin not in self.logs:
            return 404, b""
        if not any(_signs(asked, key) for key in self.logs[head.origin]):
            return 403, b""
        if asked.old_size > head.size:
            return 400, b""
        with self.lock:
            size, root = self.load(head.origin)
            if asked.old_size != size:
                return 409, b"%d\n" % size
            if size == head.size and root != head.root:
                return 409, b"%d\n" % size
            is_proved = (
                not asked.path
                if size == 0
                else is_consistent(size, root, head.size, head.root, asked.path)
            )
            if not is_proved:
                return 422, b""
            self.save(head.origin, head.size, head.root)
        seconds = int(self.now().timestamp())
        return 200, self.cosign(head.note.text, seconds)


def _signs(asked: Extension, key: VerifierKey) -> bool:
    try:
        return bool(list_signatures(asked.head.note, key))
    except NotVerified:
        return False


@contextmanager
def running_witness(
    state: Path, now: Callable[[], datetime], name: str = "w.example"
) -> Iterator[SmallWitness]:
    witness = SmallWitness(name, state, now)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            witness.requests.append(body)
            found = (404, b"")
            if self.path == "/add-checkpoint":
                found = witness.fault(body) or witness.add_checkpoint(body)
            status, answer = found
            self.send_response(status)
            if status == 409:
                self.send_header("content-type", "text/x.tlog.size")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    witness.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield witness
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
