"""The tampering set: what each piece of evidence catches, and what it does not claim to exclude.

The attacker owns the log and its key: everything that can be signed is signed rightly. The
stand-alone file runs as a stranger runs it: copied away, with nothing but the standard library and
`cryptography` to import.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.verifier.logs import (
    CLOSE,
    WITNESS,
    Log,
    cosign,
    make_receipt,
    publish_log,
    reseal,
)

from assay import ledger, verifier
from assay.kit.home import Home
from assay.kit.moments import format_utc
from assay.verifier import COSIGNATURE, VerifierKey

Verdicts = dict[str, str]

KEPT = 4
"""The size of the tree that the reader, a witness and a chain saw."""

SEEN = CLOSE + timedelta(hours=KEPT - 1, minutes=1)
LATER = CLOSE + timedelta(hours=7)

ALONE = """
import importlib.abc, runpy, sys

class OnlyCryptography(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        room = name.partition(".")[0]
        if room not in {*sys.stdlib_module_names, "cryptography", "_cffi_backend"}:
            raise ImportError(name + " is not of the standard library")

sys.meta_path.insert(0, OnlyCryptography())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@dataclass(frozen=True)
class Bench:
    """The honest log, the folder of the reader, and what the reader has from elsewhere."""

    log: Log
    folder: Path
    witness: Ed25519PrivateKey

    @property
    def witness_key(self) -> str:
        public = self.witness.public_key().public_bytes_raw()
        return str(VerifierKey(WITNESS, COSIGNATURE, public))

    def write(self, name: str, payload: bytes) -> str:
        path = self.folder / name
        path.write_bytes(payload)
        return str(path)

    def evidence(self, kind: str) -> list[str]:
        """The options for one piece of evidence of the honest log."""
        kept = self.log.checkpoint(KEPT)
        if kind == "earlier":
            return ["--earlier", self.write("kept", kept), "--seen", SEEN.isoformat()]
        if kind == "witness":
            cosigned = cosign(kept, self.witness, SEEN)
            return ["--witness", self.witness_key, "--earlier", self.write("kept", cosigned)]
        if kind == "anchor":
            return ["--anchor", self.write("receipt", make_receipt(self.log, KEPT, SEEN))]
        return []

    def row(self, log: Log, index: int, *options: str, evidence: str = "") -> list[str]:
        """The command that checks row 2 of an entry, joined to what was kept as well as can be."""
        rows = orjson.loads(log.rows[log.headers[index]])
        row = self.write("row", orjson.dumps(rows[2]))
        proof = self.write("proof", log.prove(index, 2))
        joined = ["--consistency", self.write("joined", log.extend(min(KEPT, len(log.headers))))]
        more = [*self.evidence(evidence), *(joined if evidence else [])]
        return ["row", row, proof, "--key", self.log.vkey, *more, *options]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return publish_log(Home(tmp_path_factory.mktemp("home")), 7)


@pytest.fixture
def bench(log: Log, tmp_path: Path) -> Bench:
    return Bench(log, tmp_path, Ed25519PrivateKey.generate())


def change(header: bytes, **changes: str) -> bytes:
    return ledger.canonical_json({**orjson.loads(header), **changes})


def remove(log: Log) -> Log:
    return reseal(log, [0, 2, 3, 4, 5, 6])


def reorder(log: Log) -> Log:
    return reseal(log, [0, 2, 1, 3, 4, 5, 6])


def back_date(log: Log) -> Log:
    late = change(log.headers[5], published_at=format_utc(SEEN - timedelta(hours=2)))
    return replace(log, headers=(*log.headers[:5], late), rows={late: log.rows[log.headers[5]]})


def fork(log: Log) -> Log:
    other = change(log.headers[3], model="another")
    return replace(log, headers=(*log.headers[:3], other, *log.headers[4:]))


ATTACKS = {"removed": remove, "reordered": reorder, "back-dated": back_date, "forked": fork}
EVIDENCE = ("earlier", "witness", "anchor")


def check(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, Verdicts]:
    """The exit code and the verdict on each attack."""
    code = verifier.main([*arguments, "--json"])
    told = json.loads(capsys.readouterr().out)
    return code, {attack: verdict for attack, (verdict, _) in told["attacks"].items()}


def check_alone(arguments: Sequence[str], folder: Path) -> tuple[int, str]:
    """The same by a copy of the file, run without this package: exit code and what it prints."""
    copied = folder / "verifier.py"
    shutil.copy(verifier.__file__, copied)
    command = [sys.executable, "-I", "-c", ALONE, str(copied), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    return run.returncode, run.stdout + run.stderr


def test_the_key_alone_excludes_what_it_can(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    code, verdicts = check(bench.row(bench.log, 5), capsys)
    assert code == 0
    assert [name for name in verdicts if verdicts[name] == "excluded"] == ["altered", "wrong key"]
    assert set(list(verdicts.values())[2:]) == {"not excluded"}


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_key_alone_does_not_claim_more(
    bench: Bench, attack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, verdicts = check(bench.row(ATTACKS[attack](bench.log), 5), capsys)
    assert (code, verdicts[attack]) == (0, "not excluded")


@pytest.mark.parametrize("evidence", EVIDENCE)
@pytest.mark.parametrize("attack", ATTACKS)
def test_evidence_from_elsewhere_catches_it(
    bench: Bench, attack: str, evidence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, verdicts = check(bench.row(ATTACKS[attack](bench.log), 5, evidence=evidence), capsys)
    assert (code, verdicts[attack]) == (1, "caught")


@pytest.mark.parametrize("evidence", EVIDENCE)
def test_an_honest_log_passes_with_every_evidence(
    bench: Bench, evidence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, verdicts = check(bench.row(bench.log, 2, evidence=evidence), capsys)
    grade = "in part" if evidence == "anchor" else "excluded"
    assert code == 0
    assert {verdicts[name] for name in ("removed", "reordered", "back-dated")} == {grade}
    assert verdicts["forked"] == ("excluded" if evidence == "witness" else "in part")


@pytest.mark.parametrize("evidence", EVIDENCE)
def test_what_came_after_the_evidence_is_excluded_only_in_part(
    bench: Bench, evidence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, verdicts = check(bench.row(bench.log, 5, evidence=evidence), capsys)
    assert code == 0
    assert (verdicts["back-dated"], verdicts["forked"]) == ("in part", "in part")


def test_what_was_said_before_there_was_a_log_has_no_proven_time(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    old = make_old_header(bench.log)
    rows = bench.log.rows[bench.log.headers[3]]
    bench = replace(
        bench, log=replace(bench.log, headers=(old, *bench.log.headers), rows={old: rows})
    )
    command = ["log", str(bench.log.save(bench.folder / "log")), "--key", bench.log.vkey]
    cosigned = bench.write("cosigned", cosign(bench.log.checkpoint(), bench.witness, LATER))
    witness = ["--witness", bench.witness_key, "--earlier", cosigned]
    assert verifier.main([*command, *witness]) == 0
    told = capsys.readouterr().out
    assert re.search("back-dated +in part .*nothing of 1 entries: its header claims to be", told)
    proof = bench.write("proof", bench.log.prove(0))
    joined = ["--consistency", bench.write("joined", bench.log.extend(KEPT))]
    command = ["publication", bench.write("rows", rows), proof, "--key", bench.log.vkey, *joined]
    code, verdicts = check([*command, *bench.evidence("witness")], capsys)
    assert (code, verdicts["back-dated"]) == (0, "not excluded")
    row = bench.write("row", b'{"grade":"3.2","token":"t2"}')
    assert verifier.main(["row", row, proof, "--key", bench.log.vkey]) == 2
    assert "'row' is missing" in capsys.readouterr().out


@pytest.mark.parametrize("evidence", ["earlier", "witness", "anchor"])
def test_what_claims_to_be_older_than_the_log_and_came_later_is_back_dated(
    bench: Bench, evidence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    old = make_old_header(bench.log)
    rows = bench.log.rows[bench.log.headers[3]]
    log = replace(bench.log, headers=(*bench.log.headers[:6], old), rows={old: rows})
    proof = bench.write("proof", log.prove(6))
    joined = ["--consistency", bench.write("joined", log.extend(KEPT))]
    known = [*bench.evidence(evidence), "--key", log.vkey]
    command = ["publication", bench.write("rows", rows), proof, *joined]
    for shown in (command, ["log", str(log.save(bench.folder / "log"))]):
        code, verdicts = check([*shown, *known], capsys)
        assert (code, verdicts["back-dated"]) == (1, "caught")


def make_old_header(log: Log) -> bytes:
    """As it was written before there was a log, without a root of its rows."""
    header = orjson.loads(log.headers[3])
    del header["rows_root"], header["row_count"]
    said_at = format_utc(CLOSE - timedelta(days=365))
    return ledger.canonical_json({**header, "version": 1, "published_at": said_at})


def test_an_empty_tree_that_was_kept_shows_nothing(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = bench.write("empty", bench.log.checkpoint(0))
    more = ["--earlier", empty, "--seen", CLOSE.isoformat()]
    joined = ["--consistency", bench.write("joined", bench.log.extend(0))]
    code, verdicts = check(bench.row(bench.log, 5, *more, *joined), capsys)
    assert code == 0
    assert set(list(verdicts.values())[2:]) == {"not excluded"}


def test_an_anchor_may_wait_for_its_block(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    for wait, code in ((timedelta(minutes=110), 0), (timedelta(hours=3), 1)):
        receipt = make_receipt(bench.log, KEPT, SEEN + wait)
        more = ["--anchor", bench.write("late", receipt)]
        joined = ["--consistency", bench.write("joined", bench.log.extend(KEPT))]
        assert check(bench.row(bench.log, KEPT, *more, *joined), capsys)[0] == code


def test_clocks_may_differ_a_little(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    said = CLOSE + timedelta(hours=KEPT - 1)
    for off, code in ((timedelta(minutes=4), 0), (timedelta(minutes=6), 1)):
        cosigned = cosign(bench.log.checkpoint(KEPT), bench.witness, said - off)
        more = ["--witness", bench.witness_key, "--earlier", bench.write("kept", cosigned)]
        joined = ["--consistency", bench.write("joined", bench.log.extend(KEPT))]
        assert check(bench.row(bench.log, KEPT - 1, *more, *joined), capsys)[0] == code


def test_the_times_of_a_replay_are_not_held_against_real_ones(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    replayed = tuple(
        change(header, origin="replay", published_at=f"2020-01-01T00:00:0{place}Z")
        for place, header in enumerate(bench.log.headers)
    )
    rows = dict(zip(replayed, bench.log.rows.values(), strict=True))
    replay = replace(bench, log=replace(bench.log, headers=replayed, rows=rows))
    for evidence in EVIDENCE:
        code, verdicts = check(replay.row(replay.log, 2, evidence=evidence), capsys)
        assert (code, verdicts["back-dated"]) == (0, "not excluded")
    folder = replay.log.save(bench.folder / "replay")
    command = ["log", str(folder), "--key", replay.log.vkey, *replay.evidence("witness")]
    assert check(command, capsys)[0] == 0


@pytest.mark.slow
def test_the_whole_set_is_caught_by_the_file_alone(bench: Bench) -> None:
    other = replace(bench.log, key=Ed25519PrivateKey.generate())
    commands = {"wrong key": bench.row(other, 5)}
    caught = [check_alone(commands["wrong key"], bench.folder)]
    for attack, make in ATTACKS.items():
        commands[attack] = bench.row(make(bench.log), 5, evidence="witness")
        caught.append(check_alone(commands[attack], bench.folder))
    honest = bench.row(bench.log, 5, evidence="witness")
    passed = check_alone(honest, bench.folder)
    Path(honest[1]).write_bytes(b'{"grade":"9.9","token":"t2"}')
    caught.append(check_alone(honest, bench.folder))
    assert passed[0] == 0, passed[1]
    assert "VERIFIED: all this holds." in passed[1]
    for attack, (code, told) in zip([*commands, "altered"], caught, strict=True):
        assert code == 1, told
        assert any(
            line.split()[:-1] and line.startswith(attack) and "caught" in line
            for line in told.splitlines()
        ), told


@pytest.mark.parametrize("attack", [*ATTACKS, "altered", "wrong key"])
def test_a_whole_log_from_its_files(
    bench: Bench, attack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = ATTACKS[attack](bench.log) if attack in ATTACKS else bench.log
    if attack == "wrong key":
        forged = replace(forged, key=Ed25519PrivateKey.generate())
    folder = forged.save(bench.folder / "log")
    if attack == "altered":
        [bundle] = (folder / "tile" / "entries" / "000.p").iterdir()
        bundle.write_bytes(bundle.read_bytes().replace(b'"model":"model"', b'"model":"mudel"', 1))
    command = ["log", str(folder), "--key", bench.log.vkey]
    code, verdicts = check([*command, *bench.evidence("witness")], capsys)
    assert (code, verdicts[attack]) == (1, "caught")


def test_a_whole_honest_log_passes_without_a_consistency_file(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = bench.log.save(bench.folder / "log")
    for evidence in EVIDENCE:
        command = ["log", str(folder), "--key", bench.log.vkey, *bench.evidence(evidence)]
        code, verdicts = check(command, capsys)
        assert code == 0
        assert verdicts["altered"] == "excluded"
        assert verdicts["removed"] == ("in part" if evidence == "anchor" else "excluded")


def test_two_checkpoints_and_what_joins_them(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    newest = bench.write("newest", bench.log.checkpoint())
    command = ["log", newest, "--key", bench.log.vkey, *bench.evidence("earlier")]
    joined = ["--consistency", bench.write("joined", bench.log.extend(KEPT))]
    assert check(command, capsys)[0] == 1
    code, verdicts = check([*command, *joined], capsys)
    assert (code, verdicts["removed"], verdicts["altered"]) == (0, "excluded", "not excluded")
    forked = ["--consistency", bench.write("forked", fork(bench.log).extend(KEPT))]
    assert check([*command, *forked], capsys) == (
        1,
        {
            **verdicts,
            **dict.fromkeys(("removed", "reordered", "forked"), "caught"),
            "wrong key": "not excluded",
        },
    )


def test_a_whole_publication(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    rows = bench.log.rows[bench.log.headers[3]]
    command = ["publication", bench.write("rows", rows), bench.write("proof", bench.log.prove(3))]
    assert check([*command, "--key", bench.log.vkey], capsys)[0] == 0
    bench.write("rows", rows.replace(b"3.1", b"3.2"))
    code, verdicts = check([*command, "--key", bench.log.vkey], capsys)
    assert (code, verdicts["altered"]) == (1, "caught")
