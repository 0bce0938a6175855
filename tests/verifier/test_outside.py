"""`assay verify` with a witness that answered over HTTP and an anchor on a real node."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ledger.chain import Node, running_node
from tests.ledger.outside_world import CLOCK, NOW, grow, load_log, log_keys, opened
from tests.ledger.test_anchors import deploy, write
from tests.ledger.witness import SmallWitness, running_witness
from tests.verifier.logs import make_draft
from typer.testing import CliRunner, Result

from assay import ledger
from assay.cli.app import app
from assay.kit.clock import SystemClock
from assay.kit.upstream import Upstreams
from assay.ledger import Outside, Selection

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running_node() as node:
        yield node


@pytest.fixture
def home(tmp_path: Path, node: Node) -> Iterator[tuple[Path, SmallWitness]]:
    """Three entries that a witness and a chain saw, and two that came later."""
    path = tmp_path / "home"
    with (
        opened(path) as database,
        running_witness(tmp_path / "witness.json", lambda: NOW) as witness,
    ):
        grow(database, 3)
        witness.logs[load_log(database).origin] = log_keys(database)
        outside = Outside((witness.witness,))
        [sent] = ledger.submit_checkpoint(
            database, outside, CLOCK, wait_s=20.0, upstreams=Upstreams()
        )
        assert sent.size == 3
        write(database, deploy(database, node))
        for number in (3, 4):
            with ledger.write_ledger(database) as writer:
                # The node's blocks have the time of this machine.
                writer.save(make_draft(number), SystemClock().now(), is_replay=False)
        yield path, witness


def assay(home: Path, *arguments: object) -> Result:
    runner = CliRunner(env={"ASSAY_HOME": str(home), "COLUMNS": "200"})
    return runner.invoke(app, ["verify", *map(str, arguments)])


def verdicts(answer: Result) -> dict[str, str]:
    assert answer.exit_code == 0, answer.output
    return {name: verdict for name, (verdict, _) in json.loads(answer.stdout)["attacks"].items()}


def list_ids(home: Path) -> list[str]:
    with opened(home) as database, database.read() as connection:
        asked = Selection(is_newest_first=False)
        found = ledger.list_headers(connection, asked, None, 5)
    return [heading.publication_id for heading in found]


def test_what_this_home_has_from_outside_is_gathered_and_saved(
    home: tuple[Path, SmallWitness], tmp_path: Path
) -> None:
    path, witness = home
    folder = tmp_path / "for-you"
    ids = list_ids(path)
    answer = assay(path, "publication", ids[1], "--out", folder, "--json")
    assert set(verdicts(answer).values()) == {"excluded"}
    names = {item.name for item in folder.iterdir()}
    assert {"publication.json", "publication.tlog-proof", "anchor.json", "verifier.py"} <= names
    told = assay(path, "publication", ids[1], "--out", folder).stdout
    assert f"--witness {witness.public}" in told
    assert "--anchor anchor.json" in told
    later = verdicts(assay(path, "row", ids[4], "--out", folder, "--json"))
    assert (later["removed"], later["forked"], later["back-dated"]) == ("in part",) * 3
    assert "consistency" in {item.name for item in folder.iterdir()}
    assert verdicts(assay(path, "log", "--json"))["removed"] == "in part"


def test_the_chain_itself_is_asked(
    home: tuple[Path, SmallWitness], tmp_path: Path, node: Node
) -> None:
    path, _ = home
    folder = tmp_path / "for-you"
    verdicts(assay(path, "row", list_ids(path)[0], "--out", folder, "--json"))
    with opened(path) as database:
        keys = [word for key in log_keys(database) for word in ("--key", str(key))]
    receipt = folder / "anchor.json"
    files = ("row", folder / "row.json", folder / "row.tlog-proof", *keys)
    command = (*files, "--anchor", receipt, "--json")
    assert verdicts(assay(tmp_path, *command))["forked"] == "in part"
    asked = assay(tmp_path, *command, "--rpc", node.url)
    assert set(verdicts(asked).values()) == {"excluded"}
    assert "confirmed by" in asked.stderr
    receipt.write_text(json.dumps({**json.loads(receipt.read_bytes()), "block": 1}))
    denied = assay(tmp_path, *command, "--rpc", node.url)
    assert denied.exit_code == 1
    assert json.loads(denied.stdout)["attacks"]["forked"][0] == "caught"
    assert "The chain denies the receipt" in json.loads(denied.stdout)["error"]
    unreachable = assay(tmp_path, *command, "--rpc", "http://127.0.0.1:9")
    assert unreachable.exit_code == 1
    assert assay(tmp_path, *files, "--rpc", node.url).exit_code == 2
