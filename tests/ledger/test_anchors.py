"""Anchors on a real EVM node: what the contract refuses, what a chain takes back, what proves."""

import runpy
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.chain import Node, running_node
from tests.ledger.outside_world import (
    CLOCK,
    NOW,
    copy_log,
    grow,
    load_log,
    newest,
    opened,
)

from assay import ledger
from assay.kit.clock import Clock, FixedClock
from assay.kit.database import Database
from assay.kit.errors import BadInput, Conflict, NotFound, SourceUnavailable
from assay.kit.keyring import SECP256K1, Keyring
from assay.kit.upstream import Upstreams
from assay.ledger import Anchoring, AnchorReceipt, HeadState, Outside
from assay.ledger.outside import WEI_PER_GWEI, Chain
from assay.ledger.service.anchoring import ANCHOR_KEY
from assay.ledger.sources.evm.fetch import RpcError, derive_address, load_contract
from assay.ledger.sources.evm.parse import hexed
from assay.ledger.sources.evm.sending import Order, Sender
from assay.ledger.store.outside import (
    list_sent_anchors,
)

WAIT_S = 60.0
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shared() -> Iterator[Node]:
    with running_node() as node:
        yield node


@pytest.fixture
def node(shared: Node) -> Iterator[Node]:
    shared.automine(True)
    yield shared
    shared.automine(True)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened(tmp_path / "home") as database:
        grow(database, 3)
        yield database


def anchoring(database: Database, chain: Chain, clock: Clock = CLOCK) -> Anchoring:
    return Anchoring(database, chain, clock, poll_s=0.01, call_s=30.0, upstreams=Upstreams())


def deploy(database: Database, node: Node, **changes: Any) -> Chain:
    """A contract of the log of this database, whose account has one coin."""
    node.fund(derive_address(Keyring(database.home).load_or_create(ANCHOR_KEY, SECP256K1)))
    chain = node.chain(**changes)
    address = anchoring(database, replace(chain, confirmations=1)).deploy(wait_s=WAIT_S)
    return replace(chain, contract=address)


def write(database: Database, chain: Chain, clock: Clock = CLOCK) -> AnchorReceipt:
    found = anchoring(database, chain, clock).write(wait_s=WAIT_S)
    assert found is not None
    return found


def states(database: Database) -> list[str]:
    with database.read() as connection:
        rows = connection.exec_driver_sql("SELECT state FROM log_anchors ORDER BY nonce, tx")
        return [row.state for row in rows]


def test_the_committed_code_is_made_of_the_source() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "build_contract.py"))
    committed = (ROOT / tool["OUTPUT"]).read_text(encoding="utf-8")
    assert tool["compile_contract"]() == committed


@pytest.mark.slow
def test_a_checkpoint_stands_on_the_chain_and_is_checked_there(
    database: Database, node: Node
) -> None:
    chain = deploy(database, node)
    receipt = write(database, chain)
    head, log = newest(database), load_log(database)
    assert (receipt.size, receipt.root, receipt.origin) == (3, head.root, log.origin)
    block = node.call("eth_getBlockByNumber", hex(receipt.block), False)
    assert receipt.time == datetime.fromtimestamp(int(block["timestamp"], 16), UTC)
    assert receipt.block_hash == block["hash"]
    with database.read() as connection:
        assert ledger.list_anchors(connection, log.number, after=None, limit=10) == [receipt]
        assert ledger.list_anchors(connection, log.number, after=3, limit=10) == []
    # The same size is not written twice; a longer tree is.
    assert write(database, chain) == receipt
    grow(database, 2)
    later = write(database, chain)
    assert (later.size, later.block) == (5, receipt.block + 1)
    raw = ledger.format_receipt(receipt)
    assert ledger.parse_receipt(raw) == receipt
    assert check(node, receipt) == 2
    view = ledger.ask_outside(database, Outside(chain=chain), CLOCK, upstreams=Upstreams())
    assert [(head.size, head.state) for head in view.heads] == [(5, HeadState.AGREES)]
    assert view.unasked == ()


def check(node: Node, receipt: AnchorReceipt) -> int:
    return ledger.check_anchor(node.url, receipt, CLOCK, upstreams=Upstreams())


@pytest.mark.slow
def test_a_false_receipt_is_contradicted_by_the_chain(database: Database, node: Node) -> None:
    chain = deploy(database, node)
    receipt = write(database, chain)
    grow(database)
    other = write(database, chain)
    wrong = {
        "another root": replace(receipt, root=bytes(32)),
        "or none": replace(receipt, size=2),
        "another log": replace(receipt, origin="other.example/log"),
        "not of chain 1": replace(receipt, chain_id=1),
        "No contract": replace(receipt, contract="0x" + "12" * 20),
        "in no block": replace(receipt, tx="0x" + "12" * 32),
        "anchored something else": replace(receipt, tx=other.tx),
        "is in block": replace(receipt, block=receipt.block - 1),
        f"block {receipt.block} is of": replace(receipt, time=receipt.time + timedelta(seconds=1)),
    }
    for message, false in wrong.items():
        with pytest.raises(Conflict, match=message):
            check(node, false)
    assert check(node, receipt) == 2


@pytest.mark.slow
def test_the_contract_refuses_roll_backs_and_strangers(database: Database, node: Node) -> None:
    chain = deploy(database, node)
    write(database, chain)
    grow(database, 2)
    write(database, chain)
    owner = derive_address(Keyring(database.home).load(ANCHOR_KEY, SECP256K1))
    (stranger,) = node.call("eth_accounts")
    contract = load_contract()
    node.call("anvil_impersonateAccount", owner)
    for sender, size, root, reason in (
        (owner, 3, b"\1" * 32, "the size must grow"),
        (owner, 5, b"\1" * 32, "the size must grow"),
        (owner, 6, bytes(32), "no root"),
        (stranger, 6, b"\1" * 32, "not the owner"),
    ):
        call = {"from": sender, "to": chain.contract, "gas": hex(200_000)}
        call["data"] = hexed(contract.encode_anchor(size, root))
        with pytest.raises(RuntimeError, match=reason):
            node.call("eth_call", call, "latest")
        # Sent all the same it is in a block, and reverted.
        tx = node.call("eth_sendTransaction", call)
        while (mined := node.call("eth_getTransactionReceipt", tx)) is None:
            pass
        assert mined["status"] == "0x0"
        assert mined["logs"] == []
    data = hexed(contract.encode_root_at(3))
    found = node.call("eth_call", {"to": chain.contract, "data": data}, "latest")
    assert found == hexed(newest_root(database, 3))


def newest_root(database: Database, size: int) -> bytes:
    with database.read() as connection:
        found = ledger.load_checkpoint(connection, None, size)
    assert found is not None
    return found.root


@pytest.mark.slow
def test_an_anchor_is_final_only_after_its_confirmations(database: Database, node: Node) -> None:
    chain = deploy(database, node, confirmations=3)
    anchors = anchoring(database, chain)
    assert anchors.write() is None
    assert states(database) == ["sent"]
    assert anchors.write() is None, "it is under way: nothing is sent again"
    assert states(database) == ["sent"]
    node.mine()
    assert anchors.settle() == []
    node.mine()
    (receipt,) = anchors.settle()
    assert states(database) == ["final"]
    assert check(node, receipt) == 3
    assert anchors.settle() == []


@pytest.mark.slow
def test_a_block_that_is_taken_back_anchors_nothing(database: Database, node: Node) -> None:
    chain = deploy(database, node, confirmations=3)
    anchors = anchoring(database, chain)
    assert anchors.write() is None
    node.mine()
    # Two blocks are made anew, empty: the transaction is in none.
    node.call("anvil_reorg", 2, [])
    node.mine(3)
    assert anchors.settle() == []
    assert "final" not in states(database)
    assert anchors.write() is None, "it may come back: nothing is sent beside it at once"
    assert states(database) == ["sent"]
    later = anchoring(database, chain, FixedClock(NOW + timedelta(minutes=11)))
    assert later.write() is None
    node.mine(3)
    (receipt,) = later.settle()
    assert sorted(states(database)) == ["final", "lost"]
    assert check(node, receipt) >= 3


@pytest.mark.slow
def test_a_transaction_that_no_block_takes_is_replaced(database: Database, node: Node) -> None:
    chain = deploy(database, node)
    node.automine(False)
    anchors = anchoring(database, chain)
    assert anchors.write() is None
    grow(database)
    later = anchoring(database, chain, FixedClock(NOW + timedelta(minutes=11)))
    assert later.write() is None
    with database.read() as connection:
        first, second = list_sent_anchors(connection, load_log(database).number)
    assert (first.size, second.size) == (3, 4)
    assert first.nonce == second.nonce
    assert second.max_fee > first.max_fee
    assert second.priority_fee > first.priority_fee
    node.mine()
    (receipt,) = later.settle()
    assert (receipt.size, receipt.tx) == (4, second.tx)
    assert sorted(states(database)) == ["final", "lost"]


@pytest.mark.slow
def test_an_anchor_that_waited_too_long_is_not_offered(database: Database, node: Node) -> None:
    """What was said while it waited is not in it, and is older than its block by more than an hour:
    beside this receipt it would look back-dated.
    """
    chain = deploy(database, node)
    node.automine(False)
    anchors = anchoring(database, chain)
    assert anchors.write() is None
    grow(database)
    node.mine()
    assert anchors.settle() == []
    assert states(database) == ["late"]
    node.automine(True)
    assert write(database, chain).size == 4
    view = ledger.ask_outside(database, Outside(chain=chain), CLOCK, upstreams=Upstreams())
    assert view.conflicts == []


@pytest.mark.slow
def test_each_refusal_to_send_is_named(
    database: Database, node: Node, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chain = deploy(database, node)
    with pytest.raises(Conflict, match="is of chain 31337, not of chain 1"):
        write(database, replace(chain, chain_id=1))
    with pytest.raises(NotFound, match="no contract"):
        write(database, replace(chain, contract=""))
    with pytest.raises(Conflict, match="No contract of anchors stands"):
        write(database, replace(chain, contract="0x" + "ab" * 20))
    with pytest.raises(SourceUnavailable, match="gwei"):
        write(database, replace(chain, highest_fee_wei=WEI_PER_GWEI // 1_000_000))
    assert states(database) == []
    with opened(tmp_path / "other") as other:
        grow(other)
        with pytest.raises(Conflict, match="another log"):
            write(other, chain)
        with pytest.raises(BadInput, match="holds 0 wei"):
            anchoring(other, node.chain()).deploy(wait_s=WAIT_S)

    # Another process with the same key was faster: the nonce is gone when ours arrives.
    send = Sender.send

    async def race(self: Sender, order: Order) -> None:
        await send(self, order)
        await send(self, await replace_order(self, order))

    async def replace_order(sender: Sender, order: Order) -> Order:
        data = load_contract().encode_anchor(9, b"\1" * 32)
        return await sender.prepare(chain.contract, data, order.nonce)

    monkeypatch.setattr(Sender, "send", race)
    with pytest.raises(Conflict, match="took the nonce"):
        write(database, chain)
    monkeypatch.undo()
    with opened(tmp_path / "empty") as empty, pytest.raises(NotFound, match="no log"):
        anchoring(empty, chain).status()


@pytest.mark.slow
def test_a_revert_is_named_and_sends_nothing(
    database: Database, node: Node, tmp_path: Path
) -> None:
    """A copy without the key of its owner cannot write."""
    chain = deploy(database, node)
    with opened(tmp_path / "copy") as copy:
        copy_log(database, copy)
        (copy.home.path / "keys" / f"{ANCHOR_KEY}.pem").unlink()
        key = Keyring(copy.home).load_or_create(ANCHOR_KEY, SECP256K1)
        node.fund(derive_address(key))
        with pytest.raises(RpcError, match="not the owner"):
            write(copy, chain)
        assert states(copy) == []


@pytest.mark.slow
def test_the_chain_knows_restored_and_forked_state(
    database: Database, node: Node, tmp_path: Path
) -> None:
    chain = deploy(database, node)
    outside = Outside(chain=chain)
    with opened(tmp_path / "copy") as copy:
        assert ledger.ask_outside(database, outside, CLOCK) == ledger.OutsideView()
        copy_log(database, copy)
        grow(database, 2)
        write(database, chain)
        (head,) = ledger.ask_outside(copy, outside, CLOCK).conflicts
        assert (head.source, head.size, head.state) == ("chain 31337", 5, HeadState.AHEAD)
        with pytest.raises(Conflict, match="restored or copied"):
            write(copy, chain)
        grow(copy, 3, "b")
        (head,) = ledger.ask_outside(copy, outside, CLOCK).conflicts
        assert (head.state, head.root) == (HeadState.FORKED, newest(database).root)
    wrong = Outside(chain=replace(chain, chain_id=5))
    view = ledger.ask_outside(database, wrong, CLOCK, upstreams=Upstreams())
    assert view.heads == ()
    assert "not of chain 5" in view.unasked[0][1]


@pytest.mark.slow
def test_the_status_shows_account_and_contract(database: Database, node: Node) -> None:
    chain = deploy(database, node)
    before = anchoring(database, chain).status()
    assert (before.size, before.last, before.sent) == (0, None, [])
    receipt = write(database, chain)
    after = anchoring(database, chain).status()
    assert (after.size, after.last) == (3, receipt)
    assert 0 < after.balance_wei < before.balance_wei
    assert anchoring(database, node.chain()).status().size is None
