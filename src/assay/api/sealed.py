"""Answers sealed once and sent many times: body, strong ETag, content codings, 200 and 304.

The declared routes answer with `SealedResponse`; the fast front replays the same `Sealed` messages,
so that both ways send equal bytes by construction.
"""

import asyncio
import gzip
import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

import brotli
import zstandard
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from assay.api.negotiation import choose_coding as choose_coding
from assay.api.security import complete_headers

JSON = "application/json"
RECORDING: Final = "assay.recording"
SMALLEST_COMPRESSED = 1_024

# What a 304 must repeat (RFC 9110 15.4.5); the rest stands in the answer the client kept.
NOT_MODIFIED_HEADERS = frozenset({b"etag", b"vary", b"cache-control"})
REVALIDATE = b"private, no-cache"
FOR_EVER = b"public, max-age=31536000, immutable"
PAGE_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    b"connect-src 'self'; font-src 'self' data:; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'"
)

EMPTY_BODY: Final[dict[str, Any]] = {"type": "http.response.body", "body": b""}


class Sealed:
    """One answer in one content coding, as the ASGI messages that say it."""

    __slots__ = ("body", "etag", "not_modified", "size", "start")

    def __init__(
        self, body: bytes, etag: bytes, shared: list[tuple[bytes, bytes]], coding: bytes
    ) -> None:
        headers = [(b"etag", etag), *shared]
        full = [(b"content-length", str(len(body)).encode()), *headers]
        if coding != b"identity":
            full.append((b"content-encoding", coding))
        self.etag = etag
        self.start: dict[str, Any] = {
            "type": "http.response.start",
            "status": 200,
            "headers": full,
        }
        self.body: dict[str, Any] = {"type": "http.response.body", "body": body}
        kept = [pair for pair in headers if pair[0] in NOT_MODIFIED_HEADERS]
        self.not_modified: dict[str, Any] = {
            "type": "http.response.start",
            "status": 304,
            "headers": kept,
        }
        self.size = len(body) + 1_024


@dataclass(frozen=True, slots=True)
class Content:
    """What a handler answers before a coding is chosen; sealed once in each coding.

    `caching` is how long it may be kept unasked; `is_random` says of bytes that no coding makes
    shorter (hashes), `file_name` names what browsers keep as a file.
    """

    body: bytes
    media_type: str = JSON
    policy: bytes = b""
    vary: bytes = b"accept-encoding"
    caching: bytes = REVALIDATE
    is_random: bool = False
    file_name: str = ""
    _sealed: dict[bytes, Sealed] = field(default_factory=dict, compare=False, repr=False)

    async def seal(self, coding: bytes) -> Sealed:
        """The answer in `coding`; a short body stays as it is."""
        if self.is_random or len(self.body) < SMALLEST_COMPRESSED:
            coding = b"identity"
        sealed = self._sealed.get(coding)
        if sealed is None:
            # Compressing takes milliseconds, so it leaves the event loop free.
            loop = asyncio.get_running_loop()
            sealed = await loop.run_in_executor(None, self._seal, coding)
            self._sealed[coding] = sealed
        return sealed

    def _seal(self, coding: bytes) -> Sealed:
        digest = hashlib.sha256(self.body).hexdigest()[:32]
        suffix = "" if coding == b"identity" else "-" + coding.decode()
        shared = [
            (b"content-type", self.media_type.encode()),
            (b"vary", self.vary),
            (b"cache-control", self.caching),
        ]
        if self.file_name:
            named = f'attachment; filename="{self.file_name}"'
            shared.append((b"content-disposition", named.encode()))
        if self.policy:
            shared.append((b"content-security-policy", self.policy))
        shared = complete_headers(shared)
        body = self.body if coding == b"identity" else compress(self.body, coding)
        return Sealed(body, f'"{digest}{suffix}"'.encode(), shared, coding)


class Recording:
    """Where a declared route leaves its sealed answer for the fast front."""

    __slots__ = ("sealed",)

    def __init__(self) -> None:
        self.sealed: Sealed | None = None


class SealedResponse(Response):
    """Chooses the coding, answers 200 or 304, and lets the front remember the answer.

    `remember` is False for what may change without the version word.
    """

    def __init__(self, content: Content, *, remember: bool = True) -> None:
        self.content = content
        self.remember = remember
        self.status_code = 200
        self.background = None
        self.raw_headers = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        accepted = b",".join(v for k, v in scope["headers"] if k == b"accept-encoding")
        wanted = b",".join(v for k, v in scope["headers"] if k == b"if-none-match")
        sealed = await self.content.seal(choose_coding(accepted))
        recording = scope.get(RECORDING)
        if recording is not None and self.remember:
            recording.sealed = sealed
        if wanted and matches_etag(wanted, sealed.etag):
            await send(sealed.not_modified)
            await send(EMPTY_BODY)
        else:
            await send(sealed.start)
            await send(sealed.body)


def compress(body: bytes, coding: bytes) -> bytes:
    """`body` in a coding of `choose_coding`; equal input gives equal bytes."""
    if coding == b"zstd":
        return zstandard.compress(body, 9)
    if coding == b"br":
        small: bytes = brotli.compress(body, quality=5)
        return small
    return gzip.compress(body, 6, mtime=0)


def matches_etag(wanted: bytes, etag: bytes) -> bool:
    """True if an If-None-Match value names `etag` (weak comparison, RFC 9110 13.1.2)."""
    if wanted == etag or wanted.strip() == b"*":
        return True
    tags = (tag.strip().removeprefix(b"W/") for tag in wanted.split(b","))
    return etag in tags
