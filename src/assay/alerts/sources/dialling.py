"""Finding the address behind a name, once: what is checked here is what is dialled.

A name that is looked up twice may lead elsewhere the second time (DNS rebinding). So nothing else
looks a name up: the checked address is connected to, while the Host header, the TLS name and the
check of the certificate stay those of the name.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from assay.alerts.sources.addresses import choose_address, may_be_plain
from assay.kit.addresses import Networks

CONNECT_S = 4.0
TOTAL_S = 10.0
"""Longest that one attempt takes: a lane waits for it."""


Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""(name, port) -> its addresses. Raises OSError where it has none."""


class Unsent(Exception):
    """A message did not arrive; the reason never repeats an address."""


async def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as this machine finds them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(item[4][0]) for item in found]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far messages may go, how names are looked up, whose certificates are believed."""

    networks: Networks = ()
    lookup: Lookup = look_up
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    total_s: float = TOTAL_S


async def resolve(host: str, port: int, reach: Reach, *, is_plain: bool) -> str:
    """The address to dial for a name. Raises Unsent where one of its addresses is private, and
    where it is to be spoken to unencrypted outside the networks that the owner allows.
    """
    try:
        found = await reach.lookup(host, port)
    except (OSError, UnicodeError) as error:
        raise Unsent("Its name has no address.") from error
    address = choose_address(found, reach.networks)
    if address is None:
        raise Unsent("Its name leads into a private network.")
    if is_plain and not may_be_plain(address, reach.networks):
        raise Unsent("It would be sent unencrypted, outside the networks that the owner allows.")
    return address
