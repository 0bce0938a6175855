"""One HTTP request to a checked address: bounded in time and size, redirects are not followed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from assay.alerts.sources.dialling import CONNECT_S, Reach, Unsent, resolve


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, as much of it as was waited for."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, and how many bytes of the answer's body are waited for."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    reads: int = 0


async def send(request: Request, reach: Reach) -> Answer:
    """Send a request and hear the answer. Raises Unsent where none came in time."""
    try:
        async with asyncio.timeout(reach.total_s):
            return await _send(request, reach)
    except (TimeoutError, httpx.TimeoutException) as error:
        raise Unsent("It took too long.") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise Unsent(_explain(error)) from error


async def _send(request: Request, reach: Reach) -> Answer:
    read = httpx.URL(request.url)
    is_plain = read.scheme != "https"
    port = read.port or (80 if is_plain else 443)
    address = await resolve(read.host, port, reach, is_plain=is_plain)
    own = {
        **{name.lower(): value for name, value in request.headers.items()},
        "host": read.netloc.decode("ascii"),
        "accept-encoding": "identity",
    }
    timeout = httpx.Timeout(reach.total_s, connect=CONNECT_S)
    # A client of its own for each request: a kept connection was checked for another name.
    async with (
        httpx.AsyncClient(
            verify=reach.tls, timeout=timeout, trust_env=False, follow_redirects=False
        ) as client,
        client.stream(
            request.method,
            read.copy_with(host=address, port=port),
            headers=own,
            content=request.body,
            extensions={} if is_plain else {"sni_hostname": read.host},
        ) as answer,
    ):
        heard = bytearray()
        if request.reads:
            async for part in answer.aiter_raw():
                heard += part
                if len(heard) >= request.reads:
                    break
        return Answer(answer.status_code, dict(answer.headers), bytes(heard[: request.reads]))


def _explain(error: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "Its certificate is not valid for its name."
    return "It cannot be reached."
