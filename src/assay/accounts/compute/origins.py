"""From where somebody asks, in as few words as serve: a network instead of an address."""

import hashlib
import ipaddress
import re

USER_AGENT_LENGTH = 80
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


def shorten_address(address: str) -> str:
    """The network of an address (IPv4 /24, IPv6 /48), enough to know one's own; "" if unknown."""
    return _network(address, 24, 48)


def name_source(address: str) -> str:
    """Who is throttled together: one IPv4 address, or an IPv6 /64, which one host can walk; as a
    digest, so that what is counted for a day lists no addresses.
    """
    network = _network(address, 32, 64) or "unknown"
    return hashlib.sha256(network.encode()).hexdigest()[:32]


def shorten_user_agent(text: str) -> str:
    """What the browser says of itself, printable ASCII only, cut to 80 characters."""
    return _UNPRINTABLE.sub(" ", text)[:USER_AGENT_LENGTH].strip()


def _network(address: str, v4: int, v6: int) -> str:
    try:
        read = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(read, ipaddress.IPv6Address) and read.ipv4_mapped is not None:
        read = read.ipv4_mapped
    length = v4 if isinstance(read, ipaddress.IPv4Address) else v6
    return str(ipaddress.ip_network((read, length), strict=False))
