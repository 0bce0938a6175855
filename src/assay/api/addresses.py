"""How often one address may ask what anybody may ask, in keyed mode.

Open paths need no key, so no plan bounds them; those that read the database for every request are
bounded by the network address instead. Answers that the fast front replays cost nothing and are not
counted. Each process counts for itself.
"""

import ipaddress
from collections import OrderedDict
from time import monotonic

from fastapi import Request

from assay.accounts import Holder
from assay.kit.errors import RateLimited

HOLDER = "assay.holder"
LIMIT_ADDRESSES = 10_000
_MINUTE_S = 60.0


class AddressLimit:
    """A token bucket for each address: `limit` requests at once, and so many more each minute."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, address: str, now_s: float) -> None:
        """Count one request at a moment. Raises RateLimited where the bucket is empty."""
        name = name_network(address)
        full_at = max(self._full_at.get(name, now_s), now_s) + _MINUTE_S / self.limit
        missing_s = full_at - now_s
        if missing_s > _MINUTE_S:
            raise RateLimited(
                f"{self.limit} requests a minute are answered to one address without a key.",
                hint="Wait as long as Retry-After says, or send a key.",
                retry_after_s=missing_s - _MINUTE_S,
            )
        self._full_at[name] = full_at
        self._full_at.move_to_end(name)
        if len(self._full_at) > LIMIT_ADDRESSES:
            self._full_at.popitem(last=False)


async def limit_address(request: Request) -> None:
    """Count an open request of somebody without a key. Raises RateLimited."""
    state = request.app.state.assay
    if state.access is None or isinstance(request.scope.get(HOLDER), Holder):
        return
    client = request.scope.get("client")
    state.addresses.take(client[0] if client else "", monotonic())


def name_network(address: str) -> str:
    """Who is counted together: one IPv4 address, or an IPv6 /64, which one host can walk."""
    try:
        read = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(read, ipaddress.IPv4Address):
        return str(read)
    return str(read.ipv4_mapped or ipaddress.ip_network((read, 64), strict=False))
