"""Which addresses are public: what every fetch and message to a host of somebody's choosing obeys.

Who names the host may make its name lead anywhere, and this server may reach what they cannot: its
own loopback, the private network, a cloud's metadata.
"""

import ipaddress
from collections.abc import Callable, Sequence

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


def choose_address(found: Sequence[str], is_fine: Callable[[Address], bool]) -> str | None:
    """The address to connect to: the first of those that a name leads to, if all of them are fine.

    None where one is not: a name that leads to both is not to be trusted with either. Raises
    ValueError for what is no address.
    """
    addresses = [text.partition("%")[0] for text in found]
    is_chosen = bool(addresses) and all(is_fine(parse_address(text)) for text in addresses)
    return addresses[0] if is_chosen else None


def parse_address(text: str) -> Address:
    """An address; IPv4 that is written as IPv6 is IPv4. Raises ValueError for what is none."""
    address = ipaddress.ip_address(text)
    mapped = getattr(address, "ipv4_mapped", None)
    return address if mapped is None else mapped


def is_public(address: Address) -> bool:
    """True for an ordinary address of the Internet; none that carries another one inside."""
    if isinstance(address, ipaddress.IPv6Address) and (address.sixtofour or address.teredo):
        return False
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not is_within(address, _NOT_PUBLIC)


def is_within(address: Address, networks: Networks) -> bool:
    """True if the address is of one of the networks."""
    return any(address in network for network in networks if network.version == address.version)
