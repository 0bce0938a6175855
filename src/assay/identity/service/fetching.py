"""Fetching what an issuer serves, without being led elsewhere.

Whoever shows a credential chooses the address: so only https, no redirects, no private address
behind a public name (the address that was checked is the one connected to), and bounds in time and
size. Loopback over http is for local mode only.
"""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import httpx

from assay.identity.compute.dids import LOOPBACK
from assay.identity.types import CredentialRefused, Reason
from assay.kit import addresses
from assay.kit.errors import AssayError
from assay.kit.upstream import Breaker, Failure, Patience, Upstreams

Fetch = Callable[[str, int, Reason], Coroutine[Any, Any, bytes]]
"""(URL, most bytes, reason of a refusal) -> the body."""

TOTAL_S = 6.0
CONNECT_S = 3.0
LONGEST_URL = 2_048
NEVER = 1 << 62
WHO = "issuers of credentials"
"""One name for all of them: callers choose the hosts, and figures by host would grow for ever."""

# A breaker would let one bad issuer shut out the others: every call is tried.
_UPSTREAMS = Upstreams(make_breaker=lambda: Breaker(limit=NEVER), at_a_time=16)
_ONCE = Patience(attempts=1)


class _Failed(Exception):
    """The issuer did not answer as it should."""


def create_fetch(*, is_local: bool, total_s: float = TOTAL_S) -> Fetch:
    """What fetches for a verifier; `is_local` lets it read loopback over http."""

    async def fetch(url: str, most_bytes: int, reason: Reason) -> bytes:
        try:
            return await _UPSTREAMS.call(
                WHO, lambda: _get(url, most_bytes, total_s, is_local=is_local), _judge, _ONCE
            )
        except (AssayError, _Failed, httpx.InvalidURL) as error:
            raise CredentialRefused(
                reason, f"What the issuer serves could not be read: {_explain(error)}."
            ) from error

    return fetch


async def _get(url: str, most_bytes: int, total_s: float, *, is_local: bool) -> bytes:
    async with asyncio.timeout(total_s):
        target, headers, extensions = await _aim(url, is_local=is_local)
        timeout = httpx.Timeout(total_s, connect=CONNECT_S)
        async with (
            httpx.AsyncClient(timeout=timeout, trust_env=False, follow_redirects=False) as client,
            client.stream("GET", target, headers=headers, extensions=extensions) as answer,
        ):
            if answer.status_code != 200:
                raise _Failed(f"it answered {answer.status_code}")
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise _Failed("it answered in a coding that was not asked for")
            body = bytearray()
            async for part in answer.aiter_raw():
                body += part
                if len(body) > most_bytes:
                    raise _Failed(f"it sent more than {most_bytes} bytes")
    return bytes(body)


async def _aim(url: str, *, is_local: bool) -> tuple[httpx.URL, dict[str, str], dict[str, str]]:
    """(URL with the checked address as its host, headers, TLS name)."""
    read = _parse(url)
    host = read.host
    may_loop = is_local and host in (*LOOPBACK, "::1")
    if read.scheme != "https" and not (may_loop and read.scheme == "http"):
        raise _Failed("only https is read")
    port = read.port or (443 if read.scheme == "https" else 80)
    address = await _resolve(host, port, may_loop=may_loop)
    headers = {"host": read.netloc.decode("ascii"), "accept-encoding": "identity"}
    extensions = {"sni_hostname": host} if read.scheme == "https" else {}
    return read.copy_with(host=address, port=port), headers, extensions


def _parse(url: str) -> httpx.URL:
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable():
        raise _Failed("the URL is too long or not printable ASCII")
    try:
        read = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise _Failed("it has no URL") from error
    if not read.host or read.userinfo or read.fragment:
        raise _Failed("the URL has no host, or a name and password")
    return read


async def _resolve(host: str, port: int, *, may_loop: bool) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _Failed("its name has no address") from error
    address = choose_address([str(item[4][0]) for item in found], may_loop=may_loop)
    if address is None:
        raise _Failed("its name leads to a private address")
    return address


def choose_address(found: Sequence[str], *, may_loop: bool) -> str | None:
    """The address to connect to: the first, if all are public (with `may_loop`: loopback)."""
    return addresses.choose_address(
        found, lambda address: address.is_loopback if may_loop else addresses.is_public(address)
    )


def _judge(error: Exception) -> Failure | None:
    if isinstance(error, _Failed):
        return Failure("refused", str(error), is_theirs=False)
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return Failure("timeout", "it took too long", is_theirs=False)
    if isinstance(error, httpx.HTTPError | OSError):
        return Failure("no connection", "it cannot be reached", is_theirs=False)
    return None


def _explain(error: Exception) -> str:
    cause = error.__cause__
    return str(cause) if isinstance(cause, _Failed) else "it cannot be reached in time"
