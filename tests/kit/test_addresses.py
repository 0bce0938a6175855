"""Which addresses are public."""

import pytest
from tests.addresses import PRIVATE, PUBLIC

from assay.kit.addresses import choose_address, is_public, parse_address


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(parse_address(address))
    assert choose_address([address], is_public) == address


@pytest.mark.parametrize("address", PRIVATE)
def test_others_are_not_even_beside_a_public_one(address: str) -> None:
    assert not is_public(parse_address(address))
    assert choose_address([address], is_public) is None
    assert choose_address([PUBLIC[0], address], is_public) is None
    assert choose_address([address, PUBLIC[0]], is_public) is None


def test_a_name_without_an_address_leads_nowhere() -> None:
    assert choose_address([], is_public) is None


def test_an_address_is_dialled_without_its_zone() -> None:
    assert choose_address(["fe80::1%eth0"], lambda address: address.is_link_local) == "fe80::1"


def test_ipv4_written_as_ipv6_is_ipv4() -> None:
    assert str(parse_address("::ffff:8.8.8.8")) == "8.8.8.8"


def test_a_name_is_no_address() -> None:
    with pytest.raises(ValueError, match="localhost"):
        choose_address(["localhost"], is_public)
