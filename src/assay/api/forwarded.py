"""Who really asks when a reverse proxy stands in front: `X-Forwarded-*` of listed networks only."""

import ipaddress
from collections.abc import Mapping, Sequence

from starlette.types import Scope

from assay.api.problems import BadHost
from assay.kit.errors import BadInput

Headers = Mapping[bytes, Sequence[bytes]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NAMES = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"})


class Proxies:
    """The networks whose word is believed. Everybody else's `X-Forwarded-*` is as if not there."""

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        self.networks = tuple(networks)

    @property
    def exist(self) -> bool:
        """True if any proxy is listed."""
        return bool(self.networks)

    def trusts(self, address: str) -> bool:
        """True if the address is a listed proxy's."""
        try:
            read = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(read, ipaddress.IPv6Address) and read.ipv4_mapped is not None:
            read = read.ipv4_mapped
        return any(read in network for network in self.networks)

    def is_forwarded(self, scope: Scope) -> bool:
        """True if the peer is a listed proxy."""
        peer = scope.get("client")
        return bool(self.networks) and peer is not None and self.trusts(peer[0])

    def resolve(self, scope: Scope, headers: Headers) -> bytes | None:
        """Write the real client and scheme into `scope`; the forwarded host, None if there is none.

        The client is the right-most address that is not a listed proxy's: those to the left of it
        are the client's own word. Raises BadHost for several forwarded hosts.
        """
        if not self.is_forwarded(scope):
            return None
        hops = b",".join(headers.get(b"x-forwarded-for", ())).decode("latin-1").split(",")
        for hop in reversed([hop.strip() for hop in hops if hop.strip()]):
            if not is_address(hop):
                break
            scope["client"] = (hop, 0)
            if not self.trusts(hop):
                break
        schemes = b",".join(headers.get(b"x-forwarded-proto", ())).split(b",")
        if schemes[-1].strip().lower() in (b"http", b"https"):
            scope["scheme"] = schemes[-1].strip().lower().decode()
        hosts = headers.get(b"x-forwarded-host", ())
        if len(hosts) > 1 or any(b"," in host for host in hosts):
            raise BadHost("The proxy forwards several hosts.")
        return hosts[0] if hosts else None


def read_proxies(text: str) -> Proxies:
    """The proxies of a comma-separated list of networks. Raises BadInput for what is none."""
    try:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return Proxies([ipaddress.ip_network(part) for part in parts])
    except ValueError as error:
        raise BadInput(
            f"ASSAY_TRUSTED_PROXIES is wrong: {error}.",
            hint="Write networks such as 10.0.0.0/8, separated by commas.",
        ) from error


def is_address(text: str) -> bool:
    """True for an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
