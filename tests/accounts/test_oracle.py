"""Wallet signatures made and read by eth-account, the other implementation."""

import pytest
from eth_account import Account
from eth_account.messages import defunct_hash_message, encode_defunct
from hypothesis import given
from hypothesis import strategies as st
from tests.accounts.test_messages import MESSAGE

from assay.accounts.compute.messages import write_message
from assay.accounts.wallets import check_address, recover_signer
from assay.kit.errors import BadInput, Unauthorized

KEY = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
HOLDER = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"
TEXT = write_message(MESSAGE)


def sign(text: str, key: str = KEY) -> str:
    signature: str = Account.sign_message(encode_defunct(text=text), key).signature.to_0x_hex()
    return signature


def test_the_signer_is_recovered() -> None:
    assert recover_signer(TEXT, sign(TEXT)) == HOLDER
    assert recover_signer(TEXT + "\n", sign(TEXT)) != HOLDER


@given(st.binary(min_size=32, max_size=32).filter(lambda key: 0 < int.from_bytes(key) < 2**255))
def test_any_key_signs_for_its_own_address_only(key: bytes) -> None:
    wallet = Account.from_key(key)
    assert recover_signer(TEXT, sign(TEXT, wallet.key.to_0x_hex())) == wallet.address


def test_the_digest_is_that_of_eip_191() -> None:
    signed = Account._sign_hash(defunct_hash_message(text=TEXT), KEY)
    assert recover_signer(TEXT, signed.signature.to_0x_hex()) == HOLDER


@given(st.binary(max_size=80))
def test_no_bytes_make_it_fail_otherwise_than_by_refusing(signature: bytes) -> None:
    for text in (signature.hex(), "0x" + signature.hex(), "0x" + signature.hex().rjust(130, "0")):
        try:
            assert recover_signer(TEXT, text) != HOLDER
        except Unauthorized:
            continue


@pytest.mark.parametrize(
    "signature", ["", "0x", "0x" + "00" * 64, "0x" + "zz" * 65, "0x" + "00" * 97]
)
def test_what_a_contract_wallet_sends_is_refused_by_name(signature: str) -> None:
    with pytest.raises(Unauthorized, match="65 bytes") as caught:
        recover_signer(TEXT, signature)
    assert "EIP-1271" in caught.value.hint


# The examples that EIP-55 prints.
@pytest.mark.parametrize(
    "address",
    [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ],
)
def test_check_letters_are_those_of_eip_55(address: str) -> None:
    assert check_address(address) == address
    assert check_address(address.lower()) == address
    assert check_address("0x" + address[2:].upper()) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "0x",
        "0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed00",
    ],
)
def test_a_mistyped_address_is_refused(address: str) -> None:
    with pytest.raises(BadInput):
        check_address(address)
