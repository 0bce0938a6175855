"""assay log witness, assay log anchor: the command line against a real witness and a real chain."""

import json
from pathlib import Path

import pytest
from tests.ledger.chain import CHAIN_ID, running_node
from tests.ledger.outside_world import copy_log, grow, load_log, log_keys, opened
from tests.ledger.witness import running_witness
from typer.testing import CliRunner

from assay import ledger
from assay.cli.app import app
from assay.kit.clock import SystemClock


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with opened(tmp_path / "home") as database:
        grow(database, 3)
    return tmp_path / "home"


def run(home: Path, *arguments: str, code: int = 0, witnesses: str = "") -> str:
    return call(home, {"witnesses": witnesses}, *arguments, code=code)


def call(home: Path, settings: dict[str, str], *arguments: str, code: int = 0) -> str:
    environment = {"ASSAY_HOME": str(home)}
    environment |= {f"ASSAY_{name.upper()}": value for name, value in settings.items()}
    answer = CliRunner().invoke(app, ["log", *arguments], env=environment)
    assert answer.exit_code == code, answer.output
    return answer.output


def test_witnesses_are_asked_by_hand(home: Path, tmp_path: Path) -> None:
    with running_witness(tmp_path / "w.json", SystemClock().now) as witness:
        with opened(home) as database, opened(tmp_path / "copy") as copy:
            witness.logs[load_log(database).origin] = log_keys(database)
            copy_log(database, copy)
            grow(copy, 2, "b")
        assert "no: it does not know" not in run(home, "witness", witnesses=witness.setting)
        shown = run(home, "witness", witnesses=witness.setting)
        assert witness.name in shown
        assert len(witness.requests) == 1, "it has the newest one"
        with opened(home) as database:
            grow(database)
        run(home, "witness", witnesses=witness.setting)
        # A copy that went another way is refused, and appends nothing from then on.
        shown = run(tmp_path / "copy", "witness", code=1, witnesses=witness.setting)
        assert "forked" in shown
        assert "Nothing is appended" in shown
        shown = run(tmp_path / "copy", "status", code=1, witnesses=witness.setting)
        assert "halted" in shown


def test_what_is_missing_is_named(home: Path, tmp_path: Path) -> None:
    assert "ASSAY_WITNESSES" in run(home, "witness", code=2)
    assert "item 1" in run(home, "witness", code=2, witnesses="nonsense")
    assert "ASSAY_ANCHOR_RPC_URL" in run(home, "anchor", "write", code=2)
    assert "no final anchor" in run(home, "anchor", "receipt", code=2)
    chain = {"anchor_rpc_url": "http://127.0.0.1:9", "anchor_chain_id": "1"}
    assert "no log yet" in call(tmp_path / "empty", chain, "anchor", "status", code=2)


@pytest.mark.slow
def test_a_log_is_anchored_from_the_first_step_to_the_receipt(home: Path, tmp_path: Path) -> None:
    with running_node() as node:
        chain = {
            "anchor_rpc_url": node.url,
            "anchor_chain_id": str(CHAIN_ID),
            "anchor_confirmations": "1",
        }
        shown = call(home, chain, "anchor", "status")
        (address,) = [word for word in shown.split() if word.startswith("0x")]
        assert "holds 0 wei" in call(home, chain, "anchor", "deploy", code=2)
        node.fund(address)
        printed = call(home, chain, "anchor", "deploy")
        chain["anchor_contract"] = printed.partition("ASSAY_ANCHOR_CONTRACT=")[2].strip()
        assert "has its contract" in call(home, chain, "anchor", "deploy", code=1)
        receipt = json.loads(call(home, chain, "anchor", "write"))
        assert (receipt["size"], receipt["chain_id"]) == (3, CHAIN_ID)
        file = tmp_path / "receipt.json"
        call(home, chain, "anchor", "receipt", "--output", str(file))
        assert json.loads(file.read_bytes()) == receipt
        parsed = ledger.parse_receipt(file.read_bytes())
        assert ledger.check_anchor(node.url, parsed, SystemClock()) == 1
        assert "3 entries" in call(home, chain, "anchor", "status")
        assert "no final anchor of 9" in run(home, "anchor", "receipt", "--size", "9", code=2)
    mode = (home / "keys" / "anchor.pem").stat().st_mode
    assert mode & 0o777 == 0o600
    assert node.url not in shown, "it may hold a key"
