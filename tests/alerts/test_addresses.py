"""Which addresses a message may be sent to."""

import pytest

from assay.alerts.sources.addresses import choose_address, may_be_plain, parse_networks
from assay.kit.errors import BadInput

PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]
PRIVATE = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254
168.63.129.16 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1
192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
255.255.255.255
:: ::1 ::7f00:1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254
64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::808:808 2001:db8::1 2001:0:4136:e378:8000:63bf:3fff:fdd2
2002:7f00:1::1 2002:808:808::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1
""".split()


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
