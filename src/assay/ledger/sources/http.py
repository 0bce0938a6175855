"""HTTP to those who look from outside: small answers, short waits, one family of errors."""

from typing import TYPE_CHECKING, Final

from assay.kit.clock import Clock
from assay.kit.errors import SourceMalformed
from assay.kit.upstream import UPSTREAMS, Patience, Upstreams

if TYPE_CHECKING:
    from assay.kit.upstream.http import HttpUpstream

CONNECT_S: Final = 5.0


def open_http(
    clock: Clock,
    wait_s: float,
    body_bytes: int,
    *,
    attempts: int,
    upstreams: Upstreams = UPSTREAMS,
) -> "HttpUpstream":
    """HTTP of which one request takes at most `wait_s` seconds. Close it."""
    from assay.kit.upstream.http import Bounds, HttpUpstream  # noqa: PLC0415 - a quarter second

    bounds = Bounds(
        connect_s=min(CONNECT_S, wait_s), read_s=wait_s, total_s=wait_s, body_bytes=body_bytes
    )
    patience = Patience(attempts=attempts, first_pause_s=0.5, longest_pause_s=5.0)
    return HttpUpstream(clock, upstreams=upstreams, patience=patience, bounds=bounds)


async def post(
    http: "HttpUpstream", url: str, media_type: str, content: bytes
) -> tuple[int, bytes]:
    """(status, body) of a request that may be repeated without harm.

    Raises SourceUnavailable (no answer, 5xx, 429) and SourceMalformed (too large, no HTTP).
    """
    import httpx  # noqa: PLC0415 - see open_http

    try:
        answer = await http.request(
            "POST", url, headers={"content-type": media_type}, content=content, is_idempotent=True
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        host = httpx.URL(url).host
        raise SourceMalformed(
            f"{host} sent something that is no HTTP answer ({type(error).__name__}).",
            hint="Check the URL in the settings.",
        ) from error
    return answer.status_code, answer.content
