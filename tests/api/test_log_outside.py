"""What others saw of the log, as the API shows it: a witness' cosignatures, anchors on a chain."""

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from tests.api.asking import ask
from tests.api.world import World
from tests.ledger.outside_world import load_log, log_keys, newest
from tests.ledger.witness import running_witness

from assay import ledger
from assay.kit.clock import FixedClock
from assay.kit.upstream import Upstreams
from assay.ledger import AnchorReceipt, Outside, SignedCheckpoint
from assay.ledger.outside import SentAnchor
from assay.ledger.store.outside import finish_anchor, insert_anchor
from assay.verifier import Evidence, list_signatures, parse_checkpoint, parse_key, report_log

SEEN_AT = datetime(2024, 1, 2, tzinfo=UTC)
CHAIN = 31_337


@pytest.mark.slow
def test_a_cosignature_is_in_the_checkpoint_at_once(fresh_world: World, tmp_path: Path) -> None:
    app, database = fresh_world.app, fresh_world.database
    before = ask(app, "/log/checkpoint").body
    assert ask(app, "/v1/log").json["data"]["witnesses"] == []
    with running_witness(tmp_path / "witness.json", lambda: SEEN_AT) as witness:
        witness.logs[load_log(database).origin] = log_keys(database)
        outside = Outside((witness.witness,))
        ledger.submit_checkpoint(database, outside, FixedClock(SEEN_AT), upstreams=Upstreams())
    after = ask(app, "/log/checkpoint").body
    assert after.startswith(before)
    head = parse_checkpoint(after)
    assert list_signatures(head.note, witness.public) == [int(SEEN_AT.timestamp())]
    state = ask(app, "/v1/log").json["data"]
    assert state["checkpoint"].encode() == after
    (shown,) = state["witnesses"]
    assert parse_key(shown["vkey"]) == witness.public
    assert (shown["size"], shown["cosigned_at"]) == (head.size, "2024-01-02T00:00:00Z")
    said = ask(app, "/v1/publications?limit=1").json["data"][0]["publication"]
    assert ask(app, f"/v1/publications/{said}/proof").body.endswith(after), "evidence in one file"


def anchor(world: World, signed: SignedCheckpoint, number: int) -> AnchorReceipt:
    """A final anchor of a checkpoint, as the workers keep it."""
    log = load_log(world.database)
    tx, contract = f"0x{number:064x}", "0x" + "ab" * 20
    receipt = AnchorReceipt(
        CHAIN,
        contract,
        tx,
        100 + number,
        "0x" + "cd" * 32,
        SEEN_AT,
        log.origin,
        number,
        signed.root,
    )
    with world.database.write() as connection:
        sent = SentAnchor(
            log.number, CHAIN, contract, tx, number, signed.root, number, 1, 1, SEEN_AT
        )
        insert_anchor(connection, sent)
        finish_anchor(connection, receipt)
    return receipt


def test_anchors_are_shown_with_the_members_of_their_files(fresh_world: World) -> None:
    app, signed = fresh_world.app, newest(fresh_world.database)
    empty = ask(app, "/v1/log/anchors").json
    assert empty["data"] == []
    assert "chain" in empty["reason"]
    receipts = [anchor(fresh_world, signed, size) for size in range(1, signed.size + 1)]
    files = [orjson.loads(ledger.format_receipt(receipt)) for receipt in receipts][::-1]
    assert ask(app, "/v1/log").json["data"]["anchors"] == files[:10]
    rows, cursor = [], ""
    while cursor is not None:
        page = ask(app, f"/v1/log/anchors?limit=7{cursor and '&cursor='}{cursor}").json
        rows += page["data"]
        cursor = page["next_cursor"]
    assert rows == files
    evidence = Evidence(
        log_keys(fresh_world.database), receipt=orjson.dumps(rows[0]), is_confirmed=True
    )
    report = report_log(parse_checkpoint(ask(app, "/log/checkpoint").body), None, evidence)
    assert report.attacks["removed"][0] == "excluded"
    early = ask(app, "/v1/log/anchors").header("etag")
    anchor(fresh_world, signed, signed.size + 1)
    assert ask(app, "/v1/log/anchors").header("etag") != early


def test_a_row_of_the_list_is_a_receipt_that_is_read_back(fresh_world: World) -> None:
    receipt = anchor(fresh_world, newest(fresh_world.database), 7)
    (row,) = ask(fresh_world.app, "/v1/log/anchors").json["data"]
    assert ledger.parse_receipt(orjson.dumps(row)) == receipt
