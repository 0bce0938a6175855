"""Whose signature is it: EIP-191 recovery by eth-account, which takes a second to import.

A contract wallet (Safe, Argent, any account-abstraction account) cannot sign this way: its answer
is a call to the contract (EIP-1271), and this installation asks no chain. It is refused by name.
"""

import re

from assay.kit.errors import BadInput, SignInFailed
from assay.kit.ethereum import load_eth_account

_SIGNATURE = re.compile(r"0x[0-9a-fA-F]{130}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def check_address(text: str) -> str:
    """The address with its EIP-55 check letters; mixed case must be right. Raises BadInput."""
    from eth_utils.address import to_checksum_address  # noqa: PLC0415 - slow, and few ask with a wallet

    if not _ADDRESS.fullmatch(text):
        raise BadInput("This is not an Ethereum address.", hint="0x and 40 hexadecimal digits.")
    right: str = to_checksum_address(text)
    digits = text[2:]
    if text != right and digits not in (digits.lower(), digits.upper()):
        raise BadInput("The letters of the address do not fit together (EIP-55); is there a typo?")
    return right


def recover_signer(message: str, signature: str) -> str:
    """The address (EIP-55) that signed a text by EIP-191. Raises SignInFailed."""
    eth_account = load_eth_account()
    from eth_keys.exceptions import BadSignature  # noqa: PLC0415
    from eth_utils.exceptions import ValidationError  # noqa: PLC0415

    if not _SIGNATURE.fullmatch(signature):
        raise SignInFailed(
            "The signature has not the 65 bytes of a key's.",
            hint="Contract wallets (EIP-1271) are not supported; sign with a wallet's own key.",
        )
    try:
        signable = eth_account.messages.encode_defunct(text=message)
        signer: str = eth_account.Account.recover_message(signable, signature=signature)
    except (BadSignature, ValidationError, ValueError) as error:
        raise SignInFailed("The signature is not one of any key.") from error
    return signer
