"""Asking and telling an EVM chain by JSON-RPC, and signing what is told."""

import itertools
import json
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from pydantic import SecretStr

from assay.kit.clock import Clock
from assay.kit.errors import Conflict, SourceMalformed, SourceUnavailable
from assay.kit.ethereum import load_eth_account
from assay.kit.upstream import UPSTREAMS, Upstreams
from assay.ledger.outside import Chain
from assay.ledger.sources.evm.parse import (
    Block,
    Contract,
    Mined,
    clean,
    hash_origin,
    hexed,
    parse_block,
    parse_bytes,
    parse_contract,
    parse_mined,
    parse_number,
    parse_reason,
)
from assay.ledger.sources.http import open_http, post

if TYPE_CHECKING:
    from assay.kit.upstream.http import HttpUpstream

BODY_BYTES: Final = 4 * 1024 * 1024


class RpcError(SourceMalformed):
    """The node refused a call; `reason` is the contract's own text where it was a revert."""

    def __init__(self, method: str, message: str, reason: str = "") -> None:
        super().__init__(f"The chain's node refused {method}: {reason or message}.")
        self.said = message
        self.reason = reason


@lru_cache(1)
def load_contract() -> Contract:
    """The contract that ships with this Assay."""
    raw = files("assay.ledger.sources.evm").joinpath("Anchor.json").read_bytes()
    return parse_contract(json.loads(raw))


class Rpc:
    """A chain's node. Close it, or use it as a context manager."""

    def __init__(self, url: SecretStr, http: "HttpUpstream") -> None:
        self._url = url
        self._http = http
        self._ids = itertools.count(1)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._http.close()

    async def call(self, method: str, *params: object) -> Any:  # noqa: ANN401 - any JSON
        """The result of one call. Raises RpcError (refused), SourceUnavailable, SourceMalformed.

        A call that sends a transaction may be repeated too: the same bytes are the same one.
        """
        question = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        status, body = await post(
            self._http, self._url.get_secret_value(), "application/json", orjson.dumps(question)
        )
        if status in (401, 403):
            raise SourceUnavailable(
                "The chain's node refuses us.", hint="Check the key in ASSAY_ANCHOR_RPC_URL."
            )
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise SourceMalformed(
                f"The chain's node sent no JSON (status {status}).",
                hint="Check that ASSAY_ANCHOR_RPC_URL is a JSON-RPC.",
            ) from error
        if not isinstance(found, dict) or ("result" not in found and "error" not in found):
            raise SourceMalformed("The chain's node sent no JSON-RPC answer.")
        refused = found.get("error")
        if refused is not None:
            told = refused if isinstance(refused, dict) else {"message": str(refused)}
            raise RpcError(
                method, clean(str(told.get("message", ""))), clean(parse_reason(told.get("data")))
            )
        return found["result"]

    async def check_chain(self, chain_id: int) -> None:
        """Raises Conflict where the node is of another chain."""
        found = parse_number(await self.call("eth_chainId"))
        if found != chain_id:
            raise Conflict(
                f"The chain's node is of chain {found}, not of chain {chain_id}.",
                hint="Check ASSAY_ANCHOR_RPC_URL and ASSAY_ANCHOR_CHAIN_ID.",
            )

    async def check_contract(self, address: str, origin: str) -> None:
        """Raises Conflict where no contract of ours stands, or that of another log."""
        code = parse_bytes(await self.call("eth_getCode", address, "latest"))
        if not load_contract().is_code(code):
            raise Conflict(
                f"No contract of anchors stands at {address}.",
                hint="`assay log anchor deploy` makes one; compare ASSAY_ANCHOR_CONTRACT.",
            )
        if await self._view(address, load_contract().methods["origin()"]) != hash_origin(origin):
            raise Conflict(
                f"The contract at {address} belongs to another log than {origin}.",
                hint="Each log has its own contract: `assay log anchor deploy`.",
            )

    async def load_owner(self, address: str) -> str:
        """Who may anchor."""
        return hexed((await self._view(address, load_contract().methods["owner()"]))[-20:])

    async def load_size(self, address: str) -> int:
        """The largest anchored size; 0 where nothing is."""
        return int.from_bytes(await self._view(address, load_contract().methods["size()"]))

    async def load_root(self, address: str, size: int) -> bytes:
        """The root that is anchored for a size; zeros where none is."""
        return await self._view(address, load_contract().encode_root_at(size))

    async def load_mined(self, tx: str) -> Mined | None:
        """Where a transaction stands; None while it is in no block."""
        return parse_mined(await self.call("eth_getTransactionReceipt", tx))

    async def load_block(self, number: int | None = None) -> Block | None:
        """A block (default: the newest); None where there is none."""
        name = "latest" if number is None else hex(number)
        return parse_block(await self.call("eth_getBlockByNumber", name, False))

    async def _view(self, address: str, data: bytes) -> bytes:
        call = {"to": address, "data": hexed(data)}
        found = parse_bytes(await self.call("eth_call", call, "latest"))
        if len(found) != 32:
            raise SourceMalformed(f"What stands at {address} is no contract of anchors.")
        return found


def open_rpc(
    url: SecretStr,
    clock: Clock,
    wait_s: float,
    *,
    attempts: int = 3,
    upstreams: Upstreams = UPSTREAMS,
) -> Rpc:
    """A chain's node; one call takes at most `wait_s` seconds."""
    http = open_http(clock, wait_s, BODY_BYTES, attempts=attempts, upstreams=upstreams)
    return Rpc(url, http)


async def is_final(rpc: Rpc, mined: Mined, confirmations: int) -> bool:
    """Whether so many blocks, its own included, stand on the chain as it is now."""
    newest = await rpc.load_block()
    if newest is None or newest.number - mined.block + 1 < confirmations:
        return False
    block = await rpc.load_block(mined.block)
    return block is not None and block.block_hash == mined.block_hash


async def load_time(rpc: Rpc, mined: Mined) -> datetime:
    """When the block of a transaction was made. Raises Conflict where it is no more."""
    block = await rpc.load_block(mined.block)
    if block is None or block.block_hash != mined.block_hash:
        raise Conflict(f"The chain has taken block {mined.block} back.", hint="Try again.")
    return block.time


async def fetch_head(rpc: Rpc, chain: Chain, origin: str) -> tuple[int, bytes] | None:
    """The newest anchored (size, root) of a log; None where nothing is anchored yet.

    Raises Conflict (another chain, no contract of this log), RpcError, SourceUnavailable.
    """
    await rpc.check_chain(chain.chain_id)
    await rpc.check_contract(chain.contract, origin)
    size = await rpc.load_size(chain.contract)
    return (size, await rpc.load_root(chain.contract, size)) if size else None


def derive_address(key: EllipticCurvePrivateKey) -> str:
    """The account of a secp256k1 key, with checksum (EIP-55)."""
    return str(load_eth_account().Account.from_key(_secret(key)).address)


def sign_transaction(key: EllipticCurvePrivateKey, fields: dict[str, Any]) -> tuple[str, bytes]:
    """(hash, bytes) of a signed EIP-1559 transaction."""
    account = load_eth_account().Account
    signed = account.from_key(_secret(key)).sign_transaction({**fields, "type": 2, "value": 0})
    return hexed(bytes(signed.hash)), bytes(signed.raw_transaction)


def _secret(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_numbers().private_value.to_bytes(32)
