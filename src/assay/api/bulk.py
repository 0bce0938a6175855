"""Bulk answers: a list streamed piece by piece, in constant memory, beside the event loop.

A piece is made in a thread while the one before is being sent, and no further: a slow client waits
for nobody and holds two pieces. Who goes away, or takes nothing for a while, frees the work. A list
weighs as many requests as it would have had pages (`assay.cost` in the scope, for the meter).
"""

import asyncio
import contextlib
import hashlib
import math
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final, Protocol

import brotli
import zstandard
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from assay import __version__
from assay.accounts.types import LOCAL
from assay.api.answers.lists import VARY, Bulk, Piece
from assay.api.formats import Body
from assay.api.gate import BulkGate
from assay.api.negotiation import Format
from assay.api.sealed import REVALIDATE
from assay.api.state import Word

COST: Final = "assay.cost"
HEAD: Final = "assay.head"
ROWS_A_REQUEST = 1_000

_SUFFIXES = {Format.ARROW: "arrows"}


class BulkResponse(Response):
    """One list in a bulk format."""

    def __init__(
        self, gate: BulkGate, open_list: Callable[[], Bulk], form: Format, coding: bytes, tag: bytes
    ) -> None:
        self.gate = gate
        self.open_list = open_list
        self.form = form
        self.coding = b"identity" if form is Format.PARQUET else coding
        self.tag = tag
        self.status_code = 200
        self.background = None
        self.raw_headers = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream it. Raises Busy, RateLimited, and whatever finding the list raises, before
        anything is sent.
        """
        with self.gate.enter(_name_rival(scope)):
            bulk = await self.gate.run(self.open_list)
            # The first piece is made before the status is sent, so that its failure can be said.
            first = await self.gate.run(lambda: next(bulk.pieces))
            start = {"type": "http.response.start", "status": 200, "headers": self._head(bulk)}
            scope[COST] = 1
            if scope.get(HEAD):
                await send(start)
                await send({"type": "http.response.body", "body": b""})
                return
            sending = asyncio.ensure_future(self._send_all(scope, send, start, first, bulk))
            leaving = asyncio.ensure_future(wait_for_leave(receive))
            try:
                await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (sending, leaving):
                    task.cancel()
                done = await asyncio.gather(sending, leaving, return_exceptions=True)
                await self.gate.run(lambda: close_pieces(bulk.pieces))
            # Nobody is there to be told of a stall: the unfinished answer closes the connection.
            if isinstance(done[0], Exception) and not isinstance(done[0], TimeoutError):
                raise done[0]

    async def _send_all(
        self, scope: Scope, send: Send, start: dict[str, object], first: Piece, bulk: Bulk
    ) -> None:
        await send(start)
        squeeze, rows = create_squeezer(self.coding), 0
        async for piece in self._make_pieces(first, bulk, squeeze):
            if piece.body:
                message = {"type": "http.response.body", "body": piece.body, "more_body": True}
                async with asyncio.timeout(self.gate.stall_s):
                    await send(message)
            rows += piece.rows
            scope[COST] = max(1, math.ceil(rows / ROWS_A_REQUEST))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _make_pieces(
        self, first: Piece, bulk: Bulk, squeeze: "Squeezer"
    ) -> AsyncIterator[Piece]:
        """Each piece as it is sent; the next one is made meanwhile."""

        def make() -> Piece | None:
            piece = next(bulk.pieces, None)
            return None if piece is None else Piece(squeeze.add(piece.body), piece.rows)

        ahead = asyncio.ensure_future(self.gate.run(make))
        try:
            yield Piece(squeeze.add(first.body), 0)
            while (piece := await ahead) is not None:
                ahead = asyncio.ensure_future(self.gate.run(make))
                yield piece
            yield Piece(squeeze.end(), 0)
        finally:
            with contextlib.suppress(Exception, asyncio.CancelledError):
                await ahead

    def _head(self, bulk: Bulk) -> list[tuple[bytes, bytes]]:
        name = f"{bulk.name}.{_SUFFIXES.get(self.form, self.form.value)}"
        kind = self.form.media_type
        if self.form is Format.CSV:
            kind += "; charset=utf-8; header=present"
        headers = [
            (b"content-type", kind.encode()),
            (b"content-disposition", f'attachment; filename="{name}"'.encode()),
            *describe_validators(self.tag),
            (b"x-content-type-options", b"nosniff"),
        ]
        if self.coding != b"identity":
            headers.append((b"content-encoding", self.coding))
        for key, value in bulk.metadata.items():
            name = key.replace(".", "-").replace("_", "-")
            headers.append((name.encode(), value.encode("ascii", "replace")))
        return headers


class Squeezer(Protocol):
    """Compresses a stream as it comes."""

    def add(self, data: Body) -> Body:
        """What can be sent after `data`."""
        ...

    def end(self) -> bytes:
        """What remains."""
        ...


class _Plain:
    def add(self, data: Body) -> Body:
        return data

    def end(self) -> bytes:
        return b""


class _Zstd:
    def __init__(self) -> None:
        self._stream = zstandard.ZstdCompressor(level=1).compressobj()

    def add(self, data: Body) -> bytes:
        return self._stream.compress(data)

    def end(self) -> bytes:
        return self._stream.flush()


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16)

    def add(self, data: Body) -> bytes:
        return self._stream.compress(data)

    def end(self) -> bytes:
        return self._stream.flush()


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Compressor(quality=1)

    def add(self, data: Body) -> bytes:
        squeezed: bytes = self._stream.process(data)
        return squeezed

    def end(self) -> bytes:
        squeezed: bytes = self._stream.finish()
        return squeezed


def create_squeezer(coding: bytes) -> Squeezer:
    """The fast setting of a coding: a stream is compressed anew for each client."""
    kinds: dict[bytes, Callable[[], Squeezer]] = {b"zstd": _Zstd, b"br": _Brotli, b"gzip": _Gzip}
    return kinds.get(coding, _Plain)()


def close_pieces(pieces: Iterator[Piece]) -> None:
    """Let go of what a half-read list holds."""
    close = getattr(pieces, "close", None)
    if close is not None:
        close()


async def wait_for_leave(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def compute_tag(scope: Scope, word: Word, stamp: str, form: Format, coding: bytes) -> bytes:
    """A weak ETag of a list that is not at hand: the world it is read from, and what is asked.

    Facts and publications of one version word give the same rows; their bytes may differ with the
    version of a library, hence weak.
    """
    query = b"&".join(sorted(scope["query_string"].split(b"&")))
    parts = (__version__, word, stamp, scope["path"], query, form.value, coding)
    return b'W/"' + hashlib.sha256(repr(parts).encode()).hexdigest()[:32].encode() + b'"'


def describe_validators(tag: bytes) -> list[tuple[bytes, bytes]]:
    """What a 200 and its 304 say alike."""
    return [(b"etag", tag), (b"vary", VARY), (b"cache-control", REVALIDATE)]


def say_unchanged(tag: bytes) -> Response:
    """The 304 of a bulk list."""
    response = Response(status_code=304)
    response.raw_headers = describe_validators(tag)
    return response


def _name_rival(scope: Scope) -> str | None:
    """The account that streams; None in open local mode."""
    principal = scope.get("assay.principal", LOCAL)
    return None if principal is LOCAL else str(principal.account_id)
