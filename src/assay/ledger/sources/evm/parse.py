"""What the contract and a node say, and what is sent to them. Pure.

Sources: the Ethereum JSON-RPC specification, the contract ABI (`Anchor.json`), EIP-1559.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from assay.kit.errors import SourceMalformed

WORD: Final = 32
_ERROR: Final = bytes.fromhex("08c379a0")  # Error(string)
_LONGEST: Final = 2 + 2 * WORD
_TOLD: Final = 300
_STORED: Final = 2**63
_HEX: Final = re.compile(r"0x[0-9a-fA-F]*")


@dataclass(frozen=True, slots=True)
class Contract:
    """What `Anchor.json` says: code to deploy, code that then stands, selectors, the event."""

    bytecode: bytes
    runtime: bytes
    methods: Mapping[str, bytes]
    event: str

    def encode_deploy(self, origin: str) -> bytes:
        """The code that makes a contract for one log."""
        return self.bytecode + hash_origin(origin)

    def encode_anchor(self, size: int, root: bytes) -> bytes:
        """The call that anchors a tree head."""
        return self.methods["anchor(uint256,bytes32)"] + size.to_bytes(WORD) + root

    def encode_root_at(self, size: int) -> bytes:
        """The question for the root of an anchored size."""
        return self.methods["root_at(uint256)"] + size.to_bytes(WORD)

    def is_code(self, code: bytes) -> bool:
        """Whether code on a chain is this contract's: its two immutables follow what all share."""
        return code.startswith(self.runtime) and len(code) == len(self.runtime) + 2 * WORD


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction in a block."""

    block: int
    block_hash: str
    is_ok: bool
    contract: str
    """The address that it made or called."""
    logs: tuple[tuple[str, tuple[str, ...], bytes], ...]
    """Address, topics and data of each event."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block's head. `base_fee` is in wei a unit of gas, None on chains without EIP-1559."""

    number: int
    block_hash: str
    time: datetime
    base_fee: int | None


def parse_contract(raw: Mapping[str, Any]) -> Contract:
    """Read `Anchor.json`."""
    (event,) = raw["events"].values()
    return Contract(
        _bytes(raw["bytecode"]),
        _bytes(raw["runtime"]),
        {name: _bytes(selector) for name, selector in raw["methods"].items()},
        event,
    )


def hash_origin(origin: str) -> bytes:
    """How the contract names a log: SHA-256 of its origin line, without its newline."""
    return sha256(origin.encode()).digest()


def has_anchor(
    contract: Contract, mined: Mined, address: str, origin: str, size: int, root: bytes
) -> bool:
    """Whether a transaction told, at the address, that this tree head is anchored."""
    topics = (contract.event, hexed(hash_origin(origin)), hexed(size.to_bytes(WORD)))
    return mined.is_ok and (address.lower(), topics, root) in mined.logs


def hexed(payload: bytes) -> str:
    """Bytes as 0x and lower-case digits."""
    return f"0x{payload.hex()}"


def parse_bytes(value: object) -> bytes:
    """Bytes that a node wrote. Raises SourceMalformed."""
    if not isinstance(value, str) or not _HEX.fullmatch(value) or len(value) % 2:
        raise SourceMalformed("The chain's node sent something that is no hex text.")
    return _bytes(value)


def parse_number(value: object, *, limit: int = 2**256) -> int:
    """A number below `limit` that a node wrote. Raises SourceMalformed."""
    # A longer text is not even read: saying it would fail.
    if isinstance(value, str) and 3 <= len(value) <= _LONGEST and _HEX.fullmatch(value):
        found = int(value, 16)
        if found < limit:
            return found
    raise SourceMalformed("The chain's node sent something that is no number.")


def clean(text: str) -> str:
    """What a node said, on one line of bounded length without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[:_TOLD]).split())


def parse_block(raw: object) -> Block | None:
    """A block; None where the node has none. Raises SourceMalformed."""
    if raw is None:
        return None
    found = _object(raw)
    fee = found.get("baseFeePerGas")
    try:
        time = datetime.fromtimestamp(parse_number(found.get("timestamp")), UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise SourceMalformed("The chain's node sent a block without a time.") from error
    return Block(
        parse_number(found.get("number"), limit=_STORED),
        hexed(parse_bytes(found.get("hash"))),
        time,
        None if fee is None else parse_number(fee),
    )


def parse_mined(raw: object) -> Mined | None:
    """A transaction's receipt; None while it is in no block. Raises SourceMalformed."""
    if raw is None:
        return None
    found = _object(raw)
    if found.get("blockNumber") is None:
        return None
    events = found.get("logs")
    if not isinstance(events, list):
        raise SourceMalformed("The chain's node sent a receipt without events.")
    return Mined(
        parse_number(found["blockNumber"], limit=_STORED),
        hexed(parse_bytes(found.get("blockHash"))),
        parse_number(found.get("status")) == 1,
        hexed(parse_bytes(found.get("contractAddress") or found.get("to"))),
        tuple(_event(_object(event)) for event in events),
    )


def parse_reason(data: object) -> str:
    """The text of a revert, from the data of a node's error; empty where there is none."""
    if not isinstance(data, str) or not _HEX.fullmatch(data) or len(data) % 2:
        return ""
    raw = _bytes(data)
    if not raw.startswith(_ERROR) or len(raw) < 4 + 2 * WORD:
        return ""
    length = int.from_bytes(raw[4 + WORD : 4 + 2 * WORD])
    return raw[4 + 2 * WORD :][:length].decode("utf-8", errors="replace")


def _event(raw: dict[str, Any]) -> tuple[str, tuple[str, ...], bytes]:
    topics = raw.get("topics")
    if not isinstance(topics, list):
        raise SourceMalformed("The chain's node sent an event without topics.")
    address = hexed(parse_bytes(raw.get("address")))
    return (
        address,
        tuple(hexed(parse_bytes(topic)) for topic in topics),
        parse_bytes(raw.get("data")),
    )


def _object(raw: object) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise SourceMalformed("The chain's node sent something that is no object.")
    return raw


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
