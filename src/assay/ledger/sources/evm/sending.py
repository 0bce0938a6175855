"""Sending transactions of one account: nonce, fees by EIP-1559, and what a node says against it."""

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from assay.kit.errors import BadInput, Conflict, SourceUnavailable
from assay.ledger.outside import WEI_PER_GWEI, Chain
from assay.ledger.sources.evm.fetch import Rpc, RpcError, derive_address, sign_transaction
from assay.ledger.sources.evm.parse import hexed, parse_number

_RACES: Final = ("nonce too low", "underpriced", "nonce has already been used", "replacement")
_KNOWN: Final = ("already known", "already imported", "known transaction")


@dataclass(frozen=True, slots=True)
class Fees:
    """The most that is paid for a unit of gas, and the part of it for who makes the block; wei."""

    max_fee: int
    priority_fee: int


@dataclass(frozen=True, slots=True)
class Order:
    """A signed transaction that has not left yet."""

    tx: str
    nonce: int
    fees: Fees
    raw: bytes


class Sender:
    """The account of a key on a chain."""

    def __init__(self, rpc: Rpc, chain: Chain, key: EllipticCurvePrivateKey) -> None:
        self._rpc = rpc
        self._chain = chain
        self._key = key
        self._address = derive_address(key)

    async def load_balance(self) -> int:
        """What the account holds, in wei."""
        return parse_number(await self._rpc.call("eth_getBalance", self._address, "latest"))

    async def prepare(
        self, to: str | None, data: bytes, nonce: int | None = None, replaced: Fees | None = None
    ) -> Order:
        """Sign a call of `to` (None: a contract is made). `nonce` and `replaced` are those of the
        transaction that this one takes the place of.

        Raises Conflict (another chain), RpcError (it would be reverted, with the reason), BadInput
        (no funds), SourceUnavailable (fees above the bound).
        """
        await self._rpc.check_chain(self._chain.chain_id)
        call = {"from": self._address, "data": hexed(data)} | ({"to": to} if to else {})
        # Not on top of what is pending: what this one replaces would make it seem cheaper.
        gas = parse_number(await self._rpc.call("eth_estimateGas", call, "latest")) * 5 // 4
        fees = await self._choose_fees(replaced)
        if nonce is None:
            nonce = await self._count("pending")
        balance = await self.load_balance()
        if balance < gas * fees.max_fee:
            raise BadInput(
                f"The account {self._address} holds {balance} wei and needs {gas * fees.max_fee}.",
                hint=f"Send it some of the coin of chain {self._chain.chain_id}.",
            )
        fields = {
            "chainId": self._chain.chain_id,
            "nonce": nonce,
            "gas": gas,
            "maxFeePerGas": fees.max_fee,
            "maxPriorityFeePerGas": fees.priority_fee,
            "data": hexed(data),
        }
        if to:
            from eth_utils.address import to_checksum_address  # noqa: PLC0415 - see sign_transaction

            fields["to"] = to_checksum_address(to)
        tx, raw = sign_transaction(self._key, fields)
        return Order(tx, nonce, fees, raw)

    async def send(self, order: Order) -> None:
        """Hand it to the node. Raises Conflict where another one took its nonce first; after a
        SourceUnavailable it may have arrived all the same.
        """
        try:
            await self._rpc.call("eth_sendRawTransaction", hexed(order.raw))
        except RpcError as error:
            said = error.said.lower()
            if any(word in said for word in _KNOWN):
                return
            if any(word in said for word in _RACES):
                raise Conflict(
                    f"Another transaction of {self._address} took the nonce {order.nonce}:"
                    f" {error.said}.",
                    hint="Run it again. Only one installation may use this key.",
                ) from error
            raise

    async def is_overtaken(self, tx: str, nonce: int) -> bool:
        """Whether another transaction has its nonce, so that it will never be in a block."""
        if await self._count("latest") <= nonce:
            return False
        return await self._rpc.call("eth_getTransactionByHash", tx) is None

    async def _count(self, block: str) -> int:
        count = await self._rpc.call("eth_getTransactionCount", self._address, block)
        return parse_number(count, limit=2**63)

    async def _choose_fees(self, replaced: Fees | None) -> Fees:
        """Twice the base fee and the tip that the node suggests; for a replacement at least an
        eighth more than before, which nodes ask for.
        """
        newest = await self._rpc.load_block()
        if newest is None or newest.base_fee is None:
            raise BadInput(
                f"Chain {self._chain.chain_id} has no fees by EIP-1559.",
                hint="Anchor on a chain that has them.",
            )
        try:
            tip = parse_number(await self._rpc.call("eth_maxPriorityFeePerGas"))
        except RpcError:
            tip = WEI_PER_GWEI
        most = 2 * newest.base_fee + tip
        if replaced is not None:
            tip = max(tip, replaced.priority_fee * 9 // 8 + 1)
            most = max(most, replaced.max_fee * 9 // 8 + 1, tip)
        least = most if replaced is not None else newest.base_fee + tip
        if least > self._chain.highest_fee_wei:
            raise SourceUnavailable(
                f"A unit of gas costs {least / WEI_PER_GWEI:g} gwei now, more than allowed.",
                hint="Wait, or raise ASSAY_ANCHOR_FEE_GWEI.",
            )
        return Fees(min(most, self._chain.highest_fee_wei), tip)
