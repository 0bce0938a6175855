"""Anchors as they are kept and told: tables, receipts, the contract's code. No chain runs."""

from datetime import timedelta

import pytest
from tests.ledger.chain import CHAIN_ID
from tests.ledger.outside_world import (
    NOW,
    grow,
    load_log,
    opened_home,
)

from assay import ledger
from assay.kit.errors import BadInput
from assay.kit.home import Home
from assay.ledger import AnchorReceipt
from assay.ledger.outside import AnchorState, SentAnchor
from assay.ledger.sources.evm.fetch import load_contract
from assay.ledger.sources.evm.parse import hash_origin
from assay.ledger.store.outside import (
    drop_anchor,
    end_turn,
    finish_anchor,
    insert_anchor,
    list_sent_anchors,
    take_turn,
)


def test_the_tables_keep_anchors_on_both_databases(each_home: Home) -> None:
    with opened_home(each_home) as database:
        grow(database, 2)
        log = load_log(database)
        receipts: list[AnchorReceipt] = []
        for size, state in ((1, "final"), (2, "final"), (3, "lost"), (4, "sent")):
            tx, contract = f"0x{size:064x}", "0x" + "ab" * 20
            sent = SentAnchor(
                log.number, 8453, contract, tx, size, bytes([size]) * 32, size, 10**15, 1, NOW
            )
            receipt = AnchorReceipt(
                8453, contract, tx, 7, "0x" + "cd" * 32, NOW, log.origin, size, sent.root
            )
            with database.write() as connection:
                insert_anchor(connection, sent)
                if state == "final":
                    finish_anchor(connection, receipt)
                    receipts.insert(0, receipt)
                elif state == "lost":
                    drop_anchor(connection, tx, AnchorState.LOST)
        with database.read() as connection:
            assert ledger.list_anchors(connection, log.number) == receipts
            assert ledger.list_anchors(connection, log.number, after=2, limit=5) == receipts[1:]
            assert list_sent_anchors(connection, log.number) == [sent]
        minute = timedelta(minutes=1)
        with database.write() as connection:
            assert take_turn(connection, "anchor", NOW, minute) == 0
            assert take_turn(connection, "anchor", NOW, minute) is None
            end_turn(connection, "anchor", 3, NOW + 3 * minute)
            assert take_turn(connection, "anchor", NOW + 2 * minute, minute) is None
            assert take_turn(connection, "anchor", NOW + 3 * minute, minute) == 3
            assert ledger.list_failures(connection) == {"anchor": 3}


def test_receipts_are_read_strictly() -> None:
    receipt = AnchorReceipt(
        1, "0x" + "ab" * 20, "0x" + "cd" * 32, 7, "0x" + "ef" * 32, NOW, "a/b", 3, b"\2" * 32
    )
    raw = ledger.format_receipt(receipt)
    assert ledger.parse_receipt(raw) == receipt
    for old, new, message in (
        (b"assay-anchor-v1", b"assay-anchor-v2", "no receipt"),
        (b'"chain_id": 1', b'"chain_id": true', "chain_id"),
        (b"abab", b"xyab", "contract"),
        (b"cdcd", b"", "tx"),
        (b"AgIC", b"####", "root"),
        (b"2026-03-01T00:10:00Z", b"2026-03-01", "time"),
        (b'"size": 3', b'"size": -3', "size"),
    ):
        assert old in raw
        with pytest.raises(BadInput, match=message):
            ledger.parse_receipt(raw.replace(old, new, 1))
    with pytest.raises(BadInput, match="no JSON"):
        ledger.parse_receipt(b"{")


def test_the_contract_names_a_log_by_the_hash_of_its_origin() -> None:
    contract = load_contract()
    assert contract.encode_deploy("a/b") == contract.bytecode + hash_origin("a/b")
    assert not contract.is_code(contract.runtime)
    assert contract.is_code(contract.runtime + bytes(64))
    assert CHAIN_ID == 31_337
