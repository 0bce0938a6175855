"""What a node or a witness may answer when it is broken or lies: named, never believed."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from tests.ledger.outside_world import CLOCK

from assay.kit.errors import AssayError, SourceMalformed, SourceUnavailable
from assay.kit.upstream import Upstreams
from assay.ledger.service.waiting import run_now
from assay.ledger.sources.evm.fetch import RpcError, open_rpc
from assay.ledger.sources.evm.parse import (
    clean,
    parse_block,
    parse_bytes,
    parse_mined,
    parse_number,
    parse_reason,
)
from assay.ledger.sources.witness.parse import parse_answer, parse_cosignature
from assay.verifier import COSIGNATURE, VerifierKey

Answer = tuple[int, bytes]


@contextmanager
def answering(answer: Callable[[dict[str, Any]], Answer]) -> Iterator[str]:
    """A server that answers each JSON-RPC call as told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, payload = answer(json.loads(body))
            self.send_response(status)
            self.send_header("content-length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v3/secret-of-the-provider"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ask(answer: Answer) -> AssayError:
    """What is raised for an answer to the first call."""
    with answering(lambda _: answer) as url:

        async def check() -> None:
            rpc = open_rpc(SecretStr(url), CLOCK, 10.0, attempts=1, upstreams=Upstreams())
            async with rpc:
                await rpc.check_chain(1)

        with pytest.raises(AssayError) as caught:
            run_now(check)
    assert "secret-of-the-provider" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        ((200, b"<html>"), SourceMalformed, "no JSON"),
        ((200, b"[1]"), SourceMalformed, "no JSON-RPC answer"),
        ((200, b'{"result": 5}'), SourceMalformed, "no number"),
        ((200, b'{"result": "0x' + b"f" * 9_000 + b'"}'), SourceMalformed, "no number"),
        ((200, b'{"error": "no"}'), RpcError, "refused eth_chainId: no"),
        ((200, b'{"error": {"message": "a\\nb\\u001b[0m"}}'), RpcError, "a b [0m"),
        ((401, b""), SourceUnavailable, "refuses us"),
        ((403, b"{}"), SourceUnavailable, "refuses us"),
        ((404, b"no"), SourceMalformed, "status 404"),
        ((500, b""), SourceUnavailable, "HTTP 500"),
        ((200, b"{" + b" " * 5_000_000), SourceMalformed, "more than"),
    ],
)
def test_a_broken_node_is_named(answer: Answer, kind: type[AssayError], told: str) -> None:
    error = ask(answer)
    assert isinstance(error, kind)
    assert told in str(error)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("0x1f"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("number", "hash", "timestamp", "blockNumber", "logs", "status", "to", "topics")
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60)
@given(JSON)
def test_reading_a_node_gives_a_value_or_its_own_error(value: object) -> None:
    for read in (parse_block, parse_mined, parse_number, parse_bytes):
        with suppress(SourceMalformed):
            read(value)
    assert isinstance(parse_reason(value), str)


def test_the_reason_of_a_revert_is_read() -> None:
    told = b"the size must grow"
    data = bytes.fromhex("08c379a0") + (32).to_bytes(32) + len(told).to_bytes(32) + told.ljust(32)
    assert parse_reason("0x" + data.hex()) == told.decode()
    assert parse_reason("0x" + data[:40].hex()) == ""
    assert clean("x" * 999) == "x" * 300


@given(st.binary(max_size=200), st.sampled_from((200, 409, 404, 422, 301)))
def test_a_witness_may_answer_anything(body: bytes, status: int) -> None:
    found = parse_answer(status, body)
    assert found.size is None or (status == 409 and found.size >= 0)
    with pytest.raises(SourceMalformed):
        parse_cosignature(found.lines, VerifierKey("w", COSIGNATURE, bytes(32)), b"a\n1\nb\n")


def test_the_lock_of_the_node_names_no_host() -> None:
    from tests.ledger.chain import FOLDER  # noqa: PLC0415

    lock = json.loads((FOLDER / "package-lock.json").read_bytes())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert all("integrity" in package for package in packages.values())
