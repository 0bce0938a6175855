"""Which addresses a message may be sent to."""

import pytest
from tests.addresses import PRIVATE, PUBLIC

from assay.alerts.sources.addresses import choose_address, may_be_plain, parse_networks
from assay.kit.errors import BadInput


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_sent_to(address: str) -> None:
    assert choose_address([address], ()) == address
    assert choose_address([f"::ffff:{address}"], ()) if "." in address else True
    assert not may_be_plain(address, ())


@pytest.mark.parametrize("address", PRIVATE)
def test_others_may_not(address: str) -> None:
    assert choose_address([address], ()) is None
    assert choose_address([PUBLIC[0], address], ()) is None
    assert choose_address([address, PUBLIC[0]], ()) is None


def test_a_name_without_an_address_leads_nowhere() -> None:
    assert choose_address([], ()) is None


def test_the_owner_allows_networks_and_nothing_beside_them() -> None:
    allowed = parse_networks("127.0.0.0/8, fd00::/8,")
    assert choose_address(["127.0.0.1"], allowed) == "127.0.0.1"
    assert choose_address(["::ffff:127.0.0.1"], allowed) == "::ffff:127.0.0.1"
    assert choose_address(["fd12::1", PUBLIC[0]], allowed) == "fd12::1"
    assert choose_address(["127.0.0.1", "10.0.0.1"], allowed) is None
    assert choose_address(["::1"], allowed) is None
    assert may_be_plain("127.0.0.1", allowed)
    assert not may_be_plain(PUBLIC[0], allowed)


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0.1/8", "example.com", "nix"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="ASSAY_ALERT_NETWORKS"):
        parse_networks(text)
