"""HTTP to other services: bounded in time and size, no redirects, no secrets in messages."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Final, Self

import httpx

from assay.kit.clock import Clock
from assay.kit.errors import SourceMalformed
from assay.kit.telemetry import traceparent
from assay.kit.upstream.calling import UPSTREAMS, Failure, Upstreams
from assay.kit.upstream.patience import Patience

BUSY: Final = frozenset({408, 425, 429})
IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds and bytes of one attempt. `total_s` covers it from its first to its last byte."""

    connect_s: float = 5.0
    read_s: float = 20.0
    total_s: float = 60.0
    body_bytes: int = 64 * 1024 * 1024


class _Refused(Exception):
    """The host answered that it cannot, now."""

    def __init__(self, status: int, retry_after_s: float | None) -> None:
        super().__init__(str(status))
        self.status = status
        self.retry_after_s = retry_after_s


class HttpUpstream:
    """An HTTP client for other people's services. Close it, or use it as a context manager."""

    def __init__(
        self,
        clock: Clock,
        *,
        upstreams: Upstreams = UPSTREAMS,
        patience: Patience | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self.clock = clock
        self.upstreams = upstreams
        self.patience = patience or Patience(attempts=4)
        self.bounds = bounds or Bounds()
        timeout = httpx.Timeout(self.bounds.read_s, connect=self.bounds.connect_s)
        self._client = httpx.AsyncClient(timeout=timeout, trust_env=False, follow_redirects=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        is_idempotent: bool | None = None,
    ) -> httpx.Response:
        """The host's answer, whatever its status, unless it says that it cannot now (5xx, 408, 425,
        429); then the request is repeated if that is harmless (`is_idempotent`, default: by
        method) or if it never reached the host.

        Raises SourceUnavailable when it stays so, and SourceMalformed for an answer that is larger
        than the bound or no HTTP.
        """
        host = httpx.URL(url).netloc.decode("ascii")
        harmless = method in IDEMPOTENT if is_idempotent is None else is_idempotent

        async def ask() -> httpx.Response:
            sent = dict(headers or {})
            parent = traceparent()
            if parent is not None:
                sent["traceparent"] = parent
            async with asyncio.timeout(self.bounds.total_s):
                return await self._send(
                    self._client.build_request(
                        method, url, headers=sent, params=params, content=content
                    )
                )

        return await self.upstreams.call(
            host, ask, lambda error: judge(error, harmless), self.patience
        )

    async def _send(self, request: httpx.Request) -> httpx.Response:
        answer = await self._client.send(request, stream=True)
        try:
            if answer.status_code >= 500 or answer.status_code in BUSY:
                wish = answer.headers.get("retry-after")
                raise _Refused(answer.status_code, self._read_wish(wish))
            body = bytearray()
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > self.bounds.body_bytes:
                    raise SourceMalformed(
                        f"{request.url.host} sent more than {self.bounds.body_bytes} bytes.",
                        hint="Ask for less at a time.",
                    )
        finally:
            await answer.aclose()
        dropped = ("content-encoding", "transfer-encoding", "content-length")
        kept = [(name, value) for name, value in answer.headers.items() if name not in dropped]
        return httpx.Response(
            answer.status_code, headers=kept, content=bytes(body), request=request
        )

    def _read_wish(self, value: str | None) -> float | None:
        """Seconds that a Retry-After value asks for (RFC 9110 10.2.3); None if it says nothing."""
        if value is None:
            return None
        if value.strip().isdecimal():
            return float(value)
        try:
            return max(0.0, (parsedate_to_datetime(value) - self.clock.now()).total_seconds())
        except (TypeError, ValueError):
            return None


def judge(error: Exception, is_harmless: bool) -> Failure | None:
    """What a failed attempt says. A request that never left may always be repeated."""
    if isinstance(error, _Refused):
        return Failure(
            f"HTTP {error.status}",
            is_repeated=is_harmless or error.status == 429,
            is_theirs=error.status >= 500,
            retry_after_s=error.retry_after_s,
        )
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return Failure("no connection")
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return Failure("timeout", is_repeated=is_harmless)
    if isinstance(error, httpx.TransportError):
        return Failure("broken connection", is_repeated=is_harmless)
    return None
