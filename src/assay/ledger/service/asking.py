"""Asking outside: what witnesses and the chain know of this log, before anything is appended.

A database that was restored or copied cannot know that it is old; those who saw its tree can.
"""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import AssayError, SourceUnavailable
from assay.kit.upstream import UPSTREAMS, Upstreams
from assay.ledger.compute.proofs import format_extension
from assay.ledger.outside import (
    Chain,
    HeadState,
    Outside,
    OutsideHead,
    OutsideView,
    Witness,
)
from assay.ledger.service.waiting import run_now
from assay.ledger.service.witnessing import read_cosignature
from assay.ledger.sources.evm.fetch import fetch_head, open_rpc
from assay.ledger.sources.http import open_http
from assay.ledger.sources.witness.fetch import BODY_BYTES, add_checkpoint
from assay.ledger.sources.witness.parse import CONFLICT, SEEN
from assay.ledger.store.log import load_checkpoint, load_log
from assay.ledger.types import Log, SignedCheckpoint

if TYPE_CHECKING:
    from assay.kit.upstream.http import HttpUpstream

WAIT_S: Final = 5.0
_ROUNDS: Final = 4


def ask_outside(
    database: Database,
    outside: Outside,
    clock: Clock,
    *,
    wait_s: float = WAIT_S,
    upstreams: Upstreams = UPSTREAMS,
) -> OutsideView:
    """Ask every witness and the chain, all at once, for the newest tree head of the newest log, and
    compare it with the log in the database. Takes at most `wait_s` seconds. Nobody learns of a
    checkpoint by it.

    A source that does not answer, or does not know the log yet, is no agreement: it is in
    `unasked` or in neither list. Empty where there is no log or nobody to ask.
    """
    with database.read() as connection:
        log = load_log(connection)
        newest = None if log is None else load_checkpoint(connection, log.number)
    if log is None or newest is None or not (outside.witnesses or outside.chain):
        return OutsideView()
    asking = _Asking(database, log, newest, clock, wait_s, upstreams)
    return run_now(lambda: asking.ask_all(outside))


@dataclass(frozen=True, slots=True)
class _Asking:
    database: Database
    log: Log
    newest: SignedCheckpoint
    clock: Clock
    wait_s: float
    upstreams: Upstreams

    async def ask_all(self, outside: Outside) -> OutsideView:
        heads: list[OutsideHead] = []
        unasked: list[tuple[str, str]] = []

        async def ask(source: str, witness: Witness | None) -> None:
            try:
                async with asyncio.timeout(self.wait_s):
                    if witness is not None:
                        head = await self._ask_witness(http, witness)
                    else:
                        head = await self._ask_chain(outside.chain)
                heads.extend([] if head is None else [head])
            except TimeoutError:
                unasked.append((source, f"it did not answer in {self.wait_s:g} s"))
            except AssayError as error:
                unasked.append((source, error.message))

        async with open_http(
            self.clock, self.wait_s, BODY_BYTES, attempts=1, upstreams=self.upstreams
        ) as http:
            asked = [ask(f"witness {item.key.name}", item) for item in outside.witnesses]
            if outside.chain is not None and outside.chain.contract:
                asked.append(ask(f"chain {outside.chain.chain_id}", None))
            await asyncio.gather(*asked)
        return OutsideView(
            tuple(sorted(heads, key=lambda head: head.source)), tuple(sorted(unasked))
        )

    async def _ask_witness(self, http: "HttpUpstream", witness: Witness) -> OutsideHead | None:
        """Sends a checkpoint as its own continuation: a witness that holds another size says which,
        one that holds the same checks the root. None of that moves it on.
        """
        source = f"witness {witness.key.name}"
        signed = self.newest
        for _ in range(_ROUNDS):
            body = format_extension(signed.size, [], signed.note)
            answer = await add_checkpoint(http, witness, body)
            if answer.status == SEEN:
                # Anybody between us could say 200, or repeat an old answer: its key says it, now.
                read_cosignature(answer, witness.key, signed, self.log, self.clock, is_fresh=True)
                return OutsideHead(source, signed.size, HeadState.AGREES, signed.root)
            if answer.status != CONFLICT:
                raise SourceUnavailable(answer.refusal)
            size = answer.size
            if size == 0:
                return None
            if size is None or size == signed.size:
                return OutsideHead(source, signed.size, HeadState.FORKED)
            if size > self.newest.size:
                return OutsideHead(source, size, HeadState.AHEAD)
            known = self._load(size)
            if known is None:
                # It was signed with our key, but not here: another copy of the log lives.
                return OutsideHead(source, size, HeadState.FORKED)
            signed = known
        raise SourceUnavailable("it names another size each time")

    async def _ask_chain(self, chain: Chain | None) -> OutsideHead | None:
        if chain is None:
            return None
        source = f"chain {chain.chain_id}"
        async with open_rpc(chain.rpc_url, self.clock, self.wait_s, attempts=1) as rpc:
            head = await fetch_head(rpc, chain, self.log.origin)
        if head is None:
            return None
        size, root = head
        if size > self.newest.size:
            return OutsideHead(source, size, HeadState.AHEAD, root)
        known = self._load(size)
        is_ours = known is not None and known.root == root
        state = HeadState.AGREES if is_ours else HeadState.FORKED
        return OutsideHead(source, size, state, root)

    def _load(self, size: int) -> SignedCheckpoint | None:
        with self.database.read() as connection:
            return load_checkpoint(connection, self.log.number, size)
