"""Which addresses a message may be sent to: public ones, and the networks that the owner allows."""

import ipaddress
from collections.abc import Sequence

from assay.kit import addresses
from assay.kit.addresses import Networks
from assay.kit.errors import BadInput


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
    return addresses.choose_address(
        found,
        lambda address: addresses.is_public(address) or addresses.is_within(address, allowed),
    )


def may_be_plain(address: str, allowed: Networks) -> bool:
    """True where the owner allows the network by name: nothing unencrypted leaves it."""
    return addresses.is_within(addresses.parse_address(address), allowed)
