"""`assay verify` says the same as the stand-alone file, and saves what a stranger needs."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.verifier.logs import Log, publish_log
from tests.verifier.test_tampering import ATTACKS, Bench
from typer.testing import CliRunner, Result

from assay import ledger, verifier
from assay.cli.app import app
from assay.kit.database import Database
from assay.kit.home import Home
from assay.ledger import Selection

COUNT = 7


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def log(home: Path) -> Log:
    return publish_log(Home(home), COUNT)


@pytest.fixture
def bench(log: Log, tmp_path: Path) -> Bench:
    return Bench(log, tmp_path, Ed25519PrivateKey.generate())


def assay(home: Path, *arguments: str) -> Result:
    runner = CliRunner(env={"ASSAY_HOME": str(home), "COLUMNS": "200"})
    return runner.invoke(app, ["verify", *arguments])


def name_newest(home: Path) -> str:
    with Database(Home(home)).read() as connection:
        return ledger.list_headers(connection, Selection(), None, 1)[0].publication_id


@pytest.mark.parametrize("evidence", ["", "earlier", "witness", "anchor"])
@pytest.mark.parametrize("attack", [*ATTACKS, "none"])
def test_both_give_the_same_report(
    bench: Bench,
    tmp_path: Path,
    attack: str,
    evidence: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = ATTACKS[attack](bench.log) if attack in ATTACKS else bench.log
    command = [*bench.row(log, 5, evidence=evidence), "--json"]
    code = verifier.main(command)
    told = json.loads(capsys.readouterr().out)
    answer = assay(tmp_path / "elsewhere", *command)
    assert (answer.exit_code, json.loads(answer.stdout)) == (code, told)
    assert code == (1 if evidence and attack in ATTACKS else 0)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["publication", "row", "log"])
def test_what_is_saved_here_is_verified_elsewhere(
    home: Path, log: Log, tmp_path: Path, what: str
) -> None:
    subject = [] if what == "log" else [name_newest(home)]
    answer = assay(
        home, what, *subject, *(["--index", "3"] if what == "row" else []), "--out", str(tmp_path)
    )
    assert answer.exit_code == 0, answer.output
    assert "this home's own" in answer.output
    line = next(line for line in answer.output.splitlines() if line.startswith("cd "))
    words = shlex.split(line)[3:]
    run = subprocess.run(
        [sys.executable, "-I", *words[1:]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"entry         {COUNT - 1}" in run.stdout or what == "log"
    assert log.vkey in words


def test_a_key_from_elsewhere_is_asked_for(bench: Bench, home: Path) -> None:
    row, proof = bench.row(bench.log, 5)[1:3]
    answer = assay(home, "row", row, proof)
    assert answer.exit_code == 2
    assert "--key" in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["publication"], "Nothing says which publication"),
        (["publication", "nobody-said-this"], "No publication has the id"),
        (["row", "missing.json", "missing.tlog-proof", "--key", "LOG"], "cannot be read"),
        (["log", "missing", "--key", "LOG"], "cannot be read"),
        (["log", "missing", "--key", "nonsense"], "no verifier key"),
    ],
)
def test_what_cannot_be_checked_says_why(
    home: Path, log: Log, arguments: list[str], words: str
) -> None:
    answer = assay(home, *[log.vkey if word == "LOG" else word for word in arguments])
    assert answer.exit_code == 2
    assert words in answer.output


def test_a_row_that_is_not_there(home: Path, log: Log) -> None:
    answer = assay(home, "row", name_newest(home), "--index", "5")
    assert answer.exit_code == 2
    assert "has no row 5" in answer.output
    shown = orjson.loads(log.rows[log.headers[-1]])
    assert len(shown) == 5


def test_what_others_wrote_moves_no_cursor(bench: Bench, home: Path) -> None:
    command = bench.row(bench.log, 5)
    nasty = "\x1b[2Jlog\N{RIGHT-TO-LEFT OVERRIDE}"
    answer = assay(home, *command[:-1], nasty)
    assert answer.exit_code == 2
    assert "\x1b" not in answer.output
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in answer.output
