"""Anchors: tree heads of the log written into its contract on an EVM chain, and read back.

A transaction is remembered before it leaves and counts once its block has enough others behind it;
until then a chain may still take it back (re-organisation), and it stands as `sent`.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import Conflict, NotFound, SourceUnavailable
from assay.kit.keyring import SECP256K1, Keyring
from assay.kit.upstream import UPSTREAMS, Upstreams
from assay.ledger.outside import AnchorReceipt, AnchorState, Chain, SentAnchor
from assay.ledger.service.waiting import run_now
from assay.ledger.sources.evm.fetch import (
    Rpc,
    RpcError,
    derive_address,
    is_final,
    load_contract,
    load_time,
    open_rpc,
)
from assay.ledger.sources.evm.parse import Mined, has_anchor
from assay.ledger.sources.evm.sending import Fees, Order, Sender
from assay.ledger.store.log import load_checkpoint, load_log
from assay.ledger.store.outside import (
    drop_anchor,
    finish_anchor,
    insert_anchor,
    list_anchors,
    list_sent_anchors,
    load_time_after,
)
from assay.ledger.types import Log, SignedCheckpoint

ANCHOR_KEY: Final = "anchor"
CALL_S: Final = 15.0
POLL_S: Final = 2.0
RESEND_AFTER: Final = timedelta(minutes=10)
"""A transaction that no block has taken for so long is replaced by one that bids more."""

LONGEST_WAIT: Final = timedelta(hours=1)
"""Whoever verifies takes what an anchored tree does not hold for said after its block, with so much
grace. A transaction that waited longer would accuse what was honestly said while it waited.
"""


@dataclass(frozen=True, slots=True)
class AnchorStatus:
    """The account that anchors, its balance in wei, the largest size in the contract (None: there
    is no contract yet), the last final anchor, and the transactions that are under way.
    """

    address: str
    balance_wei: int
    size: int | None
    last: AnchorReceipt | None
    sent: list[SentAnchor]


class Anchoring:
    """The verbs of anchors, for the newest log of a database. Its key is made at the first use."""

    def __init__(
        self,
        database: Database,
        chain: Chain,
        clock: Clock,
        *,
        poll_s: float = POLL_S,
        call_s: float = CALL_S,
        upstreams: Upstreams = UPSTREAMS,
    ) -> None:
        self._database = database
        self._chain = chain
        self._clock = clock
        self._poll_s = poll_s
        self._call_s = call_s
        self._upstreams = upstreams

    def deploy(self, *, wait_s: float = 600.0) -> str:
        """Make the contract of the log; its address once it is final.

        Raises NotFound (no log yet), Conflict (another chain), BadInput (no funds), RpcError,
        SourceUnavailable (also where it is not final after `wait_s` seconds; it may become so).
        """
        log, _ = self._load_newest()

        async def work() -> str:
            async with self._open() as rpc:
                sender = Sender(rpc, self._chain, self._load_key())
                data = load_contract().encode_deploy(log.origin)
                order = await sender.prepare(None, data)
                await sender.send(order)
                mined = await self._wait_mined(rpc, order, wait_s)
                await rpc.check_contract(mined.contract, log.origin)
                return mined.contract

        return run_now(work)

    def write(self, *, wait_s: float = 0.0) -> AnchorReceipt | None:
        """Anchor the newest checkpoint; its receipt, or None where it is not final after `wait_s`
        seconds (`settle` finishes it). Sends nothing where that size is anchored or under way.

        Raises NotFound, BadInput (no funds), RpcError (a revert, by its reason), SourceUnavailable,
        and Conflict: another chain or contract, more entries on the chain than here, or another
        sender with the same key at the same time.
        """
        log, newest = self._load_newest()

        async def work() -> AnchorReceipt | None:
            async with self._open() as rpc:
                await self._check(rpc, log)
                await self._settle(rpc, log)
                if not await self._is_anchored(rpc, log, newest):
                    await self._send(rpc, log, newest)
                try:
                    async with asyncio.timeout(wait_s):
                        while (found := self._find(log, newest)) is None and self._sent(log):
                            await asyncio.sleep(self._poll_s)
                            await self._settle(rpc, log)
                        return found
                except TimeoutError:
                    return self._find(log, newest)

        return run_now(work)

    def settle(self) -> list[AnchorReceipt]:
        """See what became of the transactions under way; the anchors that are final now."""
        log, _ = self._load_newest()
        if not self._sent(log):
            return []

        async def work() -> list[AnchorReceipt]:
            async with self._open() as rpc:
                await self._check(rpc, log)
                return await self._settle(rpc, log)

        return run_now(work)

    def status(self) -> AnchorStatus:
        """How it stands. Raises as `write` does."""
        log, _ = self._load_newest()

        async def work() -> AnchorStatus:
            async with self._open() as rpc:
                await rpc.check_chain(self._chain.chain_id)
                address = derive_address(self._load_key())
                balance = await Sender(rpc, self._chain, self._load_key()).load_balance()
                size = None
                if self._chain.contract:
                    await rpc.check_contract(self._chain.contract, log.origin)
                    size = await rpc.load_size(self._chain.contract)
                return AnchorStatus(address, balance, size, self._find(log), self._sent(log))

        return run_now(work)

    def _open(self) -> Rpc:
        return open_rpc(self._chain.rpc_url, self._clock, self._call_s, upstreams=self._upstreams)

    def _load_key(self) -> EllipticCurvePrivateKey:
        return Keyring(self._database.home).load_or_create(ANCHOR_KEY, SECP256K1)

    def _load_newest(self) -> tuple[Log, SignedCheckpoint]:
        with self._database.read() as connection:
            log = load_log(connection)
            newest = None if log is None else load_checkpoint(connection, log.number)
        if log is None or newest is None:
            raise NotFound("There is no log yet.", hint="It begins with the first publication.")
        return log, newest

    def _sent(self, log: Log) -> list[SentAnchor]:
        with self._database.read() as connection:
            return [
                sent
                for sent in list_sent_anchors(connection, log.number)
                if (sent.chain_id, sent.contract) == (self._chain.chain_id, self._chain.contract)
            ]

    def _find(self, log: Log, newest: SignedCheckpoint | None = None) -> AnchorReceipt | None:
        with self._database.read() as connection:
            for found in list_anchors(connection, log.number):
                if newest is None or found.size == newest.size:
                    return found
        return None

    async def _check(self, rpc: Rpc, log: Log) -> None:
        if not self._chain.contract:
            raise NotFound(
                "There is no contract yet.",
                hint="`assay log anchor deploy` makes it; set ASSAY_ANCHOR_CONTRACT then.",
            )
        await rpc.check_chain(self._chain.chain_id)
        await rpc.check_contract(self._chain.contract, log.origin)

    async def _is_anchored(self, rpc: Rpc, log: Log, newest: SignedCheckpoint) -> bool:
        """Whether this size stands in the contract or is on its way. Raises Conflict."""
        size = await rpc.load_size(self._chain.contract)
        root = await rpc.load_root(self._chain.contract, size)
        if size > newest.size or (size == newest.size and root != newest.root):
            raise Conflict(
                f"The contract holds {size} entries of this log, which has {newest.size}: this is"
                " restored or copied state.",
                hint="Bring the newest state back, or start a new log: `assay log new`.",
            )
        return size == newest.size or any(
            sent.size == newest.size and not self._is_stuck(sent) for sent in self._sent(log)
        )

    def _is_stuck(self, sent: SentAnchor) -> bool:
        return self._clock.now() - sent.sent_at >= RESEND_AFTER

    async def _send(self, rpc: Rpc, log: Log, newest: SignedCheckpoint) -> None:
        sender = Sender(rpc, self._chain, self._load_key())
        data = load_contract().encode_anchor(newest.size, newest.root)
        stuck = next((sent for sent in self._sent(log) if self._is_stuck(sent)), None)
        replaced = None if stuck is None else Fees(stuck.max_fee, stuck.priority_fee)
        order = await sender.prepare(
            self._chain.contract, data, None if stuck is None else stuck.nonce, replaced
        )
        sent = SentAnchor(
            log.number,
            self._chain.chain_id,
            self._chain.contract,
            order.tx,
            newest.size,
            newest.root,
            order.nonce,
            order.fees.max_fee,
            order.fees.priority_fee,
            self._clock.now(),
        )
        with self._database.write() as connection:
            insert_anchor(connection, sent)
        try:
            await sender.send(order)
        except (Conflict, RpcError):
            with self._database.write() as connection:
                drop_anchor(connection, order.tx, AnchorState.LOST)
            raise

    async def _settle(self, rpc: Rpc, log: Log) -> list[AnchorReceipt]:
        finished = []
        for sent in self._sent(log):
            receipt, state = await self._judge(rpc, log, sent)
            with self._database.write() as connection:
                if receipt is not None:
                    finish_anchor(connection, receipt)
                    finished.append(receipt)
                elif state is not AnchorState.SENT:
                    drop_anchor(connection, sent.tx, state)
        return finished

    async def _judge(
        self, rpc: Rpc, log: Log, sent: SentAnchor
    ) -> tuple[AnchorReceipt | None, AnchorState]:
        mined = await rpc.load_mined(sent.tx)
        if mined is None:
            is_lost = await Sender(rpc, self._chain, self._load_key()).is_overtaken(
                sent.tx, sent.nonce
            )
            return None, AnchorState.LOST if is_lost else AnchorState.SENT
        if not await is_final(rpc, mined, self._chain.confirmations):
            return None, AnchorState.SENT
        receipt = AnchorReceipt(
            sent.chain_id,
            sent.contract,
            sent.tx,
            mined.block,
            mined.block_hash,
            await load_time(rpc, mined),
            log.origin,
            sent.size,
            sent.root,
        )
        is_told = has_anchor(
            load_contract(), mined, sent.contract, log.origin, sent.size, sent.root
        )
        if not is_told:
            return None, AnchorState.REVERTED
        with self._database.read() as connection:
            said_after = load_time_after(connection, log.number, sent.size)
        if said_after is not None and said_after < receipt.time - LONGEST_WAIT:
            return None, AnchorState.LATE
        return receipt, AnchorState.FINAL

    async def _wait_mined(self, rpc: Rpc, order: Order, wait_s: float) -> Mined:
        try:
            async with asyncio.timeout(wait_s):
                while True:
                    mined = await rpc.load_mined(order.tx)
                    if mined and await is_final(rpc, mined, self._chain.confirmations):
                        break
                    await asyncio.sleep(self._poll_s)
        except TimeoutError:
            raise SourceUnavailable(
                f"Transaction {order.tx} is not final after {wait_s:g} s.",
                hint="Look it up on the chain: it may still make the contract.",
            ) from None
        if not mined.is_ok:
            raise Conflict(f"Transaction {order.tx} made no contract: it was reverted.")
        return mined
