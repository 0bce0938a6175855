"""Whatever the files hold, the verifier answers with an exit code and one sentence."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.verifier.logs import Log, publish_log
from tests.verifier.test_tampering import Bench, check

from assay import verifier
from assay.kit.home import Home

NOISE = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [
            b"\n",
            b"\n\n",
            b"\0",
            b"\xff",
            b"-1",
            b"9" * 30,
            b"null",
            b"{}",
            b"[" * 3_000,
            b"\xed\xa0\x80",
        ]
    ),
)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return publish_log(Home(tmp_path_factory.mktemp("home")), 7)


@pytest.fixture
def bench(log: Log, tmp_path: Path) -> Bench:
    return Bench(log, tmp_path, Ed25519PrivateKey.generate())


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["row", "proof", "kept", "joined", "receipt"]),
    noise=NOISE,
    place=st.floats(0, 1),
    length=st.integers(0, 40),
)
def test_damaged_files(
    bench: Bench,
    capsys: pytest.CaptureFixture[str],
    name: str,
    noise: bytes,
    place: float,
    length: int,
) -> None:
    command = bench.row(bench.log, 2, evidence="witness") + bench.evidence("anchor")
    path = bench.folder / name
    whole = path.read_bytes()
    start = int(place * len(whole))
    path.write_bytes(whole[:start] + noise + whole[start + length :])
    code = verifier.main(command)
    shown = capsys.readouterr().out
    assert code in (0, 1, 2)
    assert ("NOT VERIFIED" in shown) == (code != 0)
    if name == "proof" and code == 0:
        assert verifier.parse_inclusion(path.read_bytes()).head.root == bench.log.tree().root()
    if name == "row" and code == 0:
        assert path.read_bytes().removesuffix(b"\n") == whole


EXTRAS: list[object] = [
    [],
    None,
    {},
    {"header": 5},
    {"header": "\ud800"},
    {"header": "[]"},
    {"header": "HEADER", "row": []},
    {"header": "HEADER", "row": {"index": "x", "count": 5, "proof": []}},
    {"header": "HEADER", "row": {"index": 2, "count": 5, "proof": 7}},
    {"header": "HEADER", "row": {"index": 2, "count": 5, "proof": ["AAAA"]}},
    {"header": "HEADER", "row": {"index": 2, "count": 5, "proof": [None]}},
    {"header": "HEADER", "row": {"index": 1e999, "count": 5, "proof": []}},
    {"header": "HEADER"},
]


@pytest.mark.parametrize("extra", EXTRAS)
def test_what_a_proof_brings_along_is_not_trusted(
    bench: Bench, extra: object, capsys: pytest.CaptureFixture[str]
) -> None:
    command = bench.row(bench.log, 5)
    text = json.dumps(extra).replace('"HEADER"', json.dumps(bench.log.headers[5].decode()))
    lines = Path(command[2]).read_bytes().split(b"\n")
    lines[1] = b"extra " + base64.b64encode(text.encode())
    Path(command[2]).write_bytes(b"\n".join(lines))
    assert verifier.main(command) in (1, 2)
    assert "NOT VERIFIED" in capsys.readouterr().out


@pytest.mark.parametrize(
    "change",
    [
        {"type": "another"},
        {"origin": "another"},
        {"root": "AAAA"},
        {"root": None},
        {"size": "x"},
        {"size": -1},
        {"size": 10**30},
        {"time": "yesterday"},
        {"time": "2026-01-01T00:00:00"},
        {"time": "0001-01-01T00:00:00+23:59"},
        {"time": 10**20},
        {"chain_id": "\x1b[2J"},
    ],
)
def test_receipts_that_are_none(
    bench: Bench, change: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    command = bench.row(bench.log, 2, evidence="anchor")
    path = bench.folder / "receipt"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **change}))
    code = verifier.main(command)
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert code == (0 if "chain_id" in change else 1 if {"type", "origin"} & set(change) else code)
    assert code in (0, 1, 2)


def test_a_witness_or_time_that_is_none(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    command = bench.row(bench.log, 2)
    assert verifier.main([*command, "--witness", bench.witness_key]) == 1
    assert "cosigned none of the checkpoints" in capsys.readouterr().out
    assert verifier.main([*command, "--witness", bench.log.vkey]) == 1
    assert verifier.main([*command, "--seen", "0001-01-01T00:00:00+23:59"]) == 2
    assert verifier.main([*command, "--seen", "noon"]) == 2
    assert verifier.main([*command, "--earlier", "missing"]) == 2


def test_folders_that_are_no_log(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    folder = bench.log.save(bench.folder / "log")
    command = ["log", str(folder), "--key", bench.log.vkey]
    [bundle] = (folder / "tile" / "entries" / "000.p").iterdir()
    whole = bundle.read_bytes()
    for damage in (b"", whole[:-1], whole + b"\0", b"\0\0" + whole, b"\0\2{}" * 7, b"\0\2[]" * 7):
        bundle.write_bytes(damage)
        assert verifier.main(command) in (1, 2)
    bundle.unlink()
    assert verifier.main(command) == 2
    (folder / "checkpoint").unlink()
    assert verifier.main(command) == 2
    assert verifier.main(["log", str(bundle), "--key", bench.log.vkey]) == 2
    assert "cannot be read" in capsys.readouterr().out


def test_a_log_that_says_nothing_of_times(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    for entry in (b"{}", b"[]", b"no JSON", b'{"published_at":5}', b'{"published_at":"noon"}'):
        folder = bench.folder / f"log{len(list(bench.folder.iterdir()))}"
        log = Log(bench.log.origin, bench.log.key, (*bench.log.headers, entry), {})
        command = ["log", str(log.save(folder)), "--key", bench.log.vkey]
        assert check(command, capsys)[0] == 2


def test_names_of_bundles() -> None:
    assert verifier.name_bundle(0, 7) == "tile/entries/000.p/7"
    assert verifier.name_bundle(999, 256) == "tile/entries/999"
    assert verifier.name_bundle(1234067, 256) == "tile/entries/x001/x234/067"
    assert verifier.name_bundle(1000, 1) == "tile/entries/x001/000.p/1"


def test_a_log_of_many_bundles() -> None:
    entries = [b"entry %d" % number for number in range(700)]
    served = {
        verifier.name_bundle(start // 256, len(part)): b"".join(
            len(entry).to_bytes(2) + entry for entry in part
        )
        for start in range(0, 700, 256)
        for part in [entries[start : start + 256]]
    }
    assert verifier.read_entries(served.__getitem__, 700) == entries
