"""Receipts of anchors: what a stranger keeps, and how a chain is asked whether one is true."""

import base64
import binascii
import re
from typing import Any, Final

import orjson
from pydantic import SecretStr

from assay.kit.clock import Clock
from assay.kit.errors import BadInput, Conflict
from assay.kit.moments import format_utc, parse_utc
from assay.kit.upstream import UPSTREAMS, Upstreams
from assay.ledger.outside import AnchorReceipt
from assay.ledger.service.waiting import run_now
from assay.ledger.sources.evm.fetch import Rpc, load_contract, open_rpc
from assay.ledger.sources.evm.parse import has_anchor

RECEIPT_TYPE: Final = "assay-anchor-v1"
CALL_S: Final = 15.0


def format_receipt(receipt: AnchorReceipt) -> bytes:
    """The receipt as JSON, the form that `assay verify` reads (docs/method/log.md)."""
    return orjson.dumps(
        {
            "type": RECEIPT_TYPE,
            "chain_id": receipt.chain_id,
            "contract": receipt.contract,
            "tx": receipt.tx,
            "block": receipt.block,
            "block_hash": receipt.block_hash,
            "time": format_utc(receipt.time),
            "origin": receipt.origin,
            "size": receipt.size,
            "root": base64.b64encode(receipt.root).decode(),
        },
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )


def parse_receipt(raw: bytes) -> AnchorReceipt:
    """Read what `format_receipt` wrote. Raises BadInput that names the field."""
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadInput("The receipt of an anchor is no JSON.") from error
    if not isinstance(found, dict) or found.get("type") != RECEIPT_TYPE:
        raise BadInput(f"This is no receipt of an anchor: its type is not {RECEIPT_TYPE!r}.")
    try:
        time = parse_utc(_text(found, "time"))
    except ValueError as error:
        raise BadInput("`time` of the receipt is no moment in UTC.") from error
    try:
        root = base64.b64decode(_text(found, "root"), validate=True)
    except binascii.Error:
        root = b""
    if len(root) != 32:
        raise BadInput("`root` of the receipt is not 32 bytes in base64.")
    return AnchorReceipt(
        _number(found, "chain_id"),
        _hex(found, "contract", 20),
        _hex(found, "tx", 32),
        _number(found, "block"),
        _hex(found, "block_hash", 32),
        time,
        _text(found, "origin"),
        _number(found, "size"),
        root,
    )


def check_anchor(
    url: str,
    receipt: AnchorReceipt,
    clock: Clock,
    *,
    wait_s: float = CALL_S,
    upstreams: Upstreams = UPSTREAMS,
) -> int:
    """Ask a chain of one's own choice whether a receipt is true; how many blocks confirm it now,
    its own included (whoever asks decides how many are enough).

    It is true where the contract has the code of `Anchor.vy`, is the log's, holds the root for the
    size, and the transaction set it in that block at that time. Raises Conflict that names what the
    chain says otherwise, SourceUnavailable or SourceMalformed where it cannot be asked.
    """

    async def ask() -> int:
        async with open_rpc(SecretStr(url), clock, wait_s, attempts=2, upstreams=upstreams) as rpc:
            return await _check(rpc, receipt)

    return run_now(ask)


async def _check(rpc: Rpc, receipt: AnchorReceipt) -> int:
    await rpc.check_chain(receipt.chain_id)
    await rpc.check_contract(receipt.contract, receipt.origin)
    if await rpc.load_root(receipt.contract, receipt.size) != receipt.root:
        raise _differs(f"the contract holds another root for {receipt.size} entries, or none")
    mined = await rpc.load_mined(receipt.tx)
    if mined is None:
        raise _differs("the transaction is in no block")
    if not has_anchor(
        load_contract(), mined, receipt.contract, receipt.origin, receipt.size, receipt.root
    ):
        raise _differs("the transaction anchored something else")
    if (mined.block, mined.block_hash) != (receipt.block, receipt.block_hash):
        raise _differs(f"the transaction is in block {mined.block}, {mined.block_hash}")
    block = await rpc.load_block(mined.block)
    newest = await rpc.load_block()
    if block is None or newest is None or block.block_hash != mined.block_hash:
        raise _differs(f"block {mined.block} is another one")
    if block.time != receipt.time:
        raise _differs(f"block {mined.block} is of {format_utc(block.time)}")
    return newest.number - block.number + 1


def _differs(what: str) -> Conflict:
    return Conflict(
        f"The chain contradicts the receipt: {what}.",
        hint="The receipt is wrong, or the chain has taken the block back.",
    )


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise BadInput(f"`{name}` of the receipt is no text.")
    return value


def _number(found: dict[str, Any], name: str) -> int:
    value = found.get(name)
    if type(value) is not int or not 0 <= value < 2**63:
        raise BadInput(f"`{name}` of the receipt is no whole number.")
    return value


def _hex(found: dict[str, Any], name: str, length: int) -> str:
    value = _text(found, name).lower()
    if not re.fullmatch(f"0x[0-9a-f]{{{2 * length}}}", value):
        raise BadInput(f"`{name}` of the receipt is not {length} bytes in hex.")
    return value
