"""Which addresses a message may be sent to: public ones, and the networks that the owner allows.

Who adds a channel chooses its host, and this server may reach what they cannot: its own loopback,
the private network, a cloud's metadata. So a name that leads to one such address is refused, even
where it also leads to others.
"""

import ipaddress
from collections.abc import Sequence

from assay.kit.errors import BadInput

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Networks = Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]

_NOT_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carriers' own networks; the metadata of one cloud
        "168.63.129.16/32",  # the metadata of another: public by its number only
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "240.0.0.0/4",
        "::/96",  # IPv4 inside IPv6, as it once was written
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64 of one's own network
        "fec0::/10",
    )
)


def parse_networks(text: str) -> Networks:
    """Networks, comma separated. Raises BadInput for what is none."""
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise BadInput(
            f"ASSAY_ALERT_NETWORKS has what is no network: {error}.",
            hint="Write networks as 10.0.0.0/8, comma separated.",
        ) from error


def choose_address(found: Sequence[str], allowed: Networks) -> str | None:
    """The address to dial: the first, if every one is public or in `allowed`; else None."""
    addresses = [text.partition("%")[0] for text in found]
    is_fine = bool(addresses) and all(
        is_public(address) or is_within(address, allowed) for address in map(_parse, addresses)
    )
    return addresses[0] if is_fine else None


def may_be_plain(address: str, allowed: Networks) -> bool:
    """True where the owner allows the network by name: nothing unencrypted leaves it."""
    return is_within(_parse(address), allowed)


def is_within(address: Address, networks: Networks) -> bool:
    """True if the address is of one of the networks."""
    return any(address in network for network in networks if network.version == address.version)


def is_public(address: Address) -> bool:
    """True for an ordinary address of the Internet; none that carries another one inside."""
    if isinstance(address, ipaddress.IPv6Address) and (address.sixtofour or address.teredo):
        return False
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not is_within(address, _NOT_PUBLIC)


def _parse(text: str) -> Address:
    address = ipaddress.ip_address(text)
    mapped = getattr(address, "ipv4_mapped", None)
    return address if mapped is None else mapped
