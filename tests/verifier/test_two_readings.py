"""Files that two readers could read differently, and keys that sign more than one log: refused."""

import base64
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.verifier.logs import CLOSE, Log, cosign, publish_log
from tests.verifier.test_tampering import Bench, change, check

from assay import ledger, verifier
from assay.kit.home import Home
from assay.kit.moments import format_utc


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return publish_log(Home(tmp_path_factory.mktemp("home")), 7)


@pytest.fixture
def bench(log: Log, tmp_path: Path) -> Bench:
    return Bench(log, tmp_path, Ed25519PrivateKey.generate())


def seal(log: Log, header: bytes, rows: bytes) -> Log:
    """The log with one header more, whatever it says of its rows."""
    return replace(log, headers=(*log.headers, header), rows={**log.rows, header: rows})


def publication(bench: Bench, log: Log, rows: bytes) -> list[str]:
    proof = bench.write("proof", log.prove(len(log.headers) - 1))
    return ["publication", bench.write("rows", rows), proof, "--key", log.vkey]


def test_rows_and_their_root_must_be_of_one_list(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = bench.log.rows[bench.log.headers[5]]
    other = b'[{"grade":"9.9","token":"t0"}]'
    digest = hashlib.sha256(other).hexdigest()
    said = orjson.loads(bench.log.headers[5])
    split = ledger.canonical_json({**said, "rows_digest": digest})
    count = ledger.canonical_json({**said, "row_count": 99})
    assert (
        check(publication(bench, bench.log, bench.log.rows[bench.log.headers[6]]), capsys)[0] == 0
    )
    claims_old = ledger.canonical_json({**said, "rows_digest": digest, "version": 1})
    for header, shown in ((split, other), (split, rows), (count, rows), (claims_old, other)):
        command = publication(bench, seal(bench.log, header, rows), shown)
        code, verdicts = check(command, capsys)
        assert (code, verdicts["altered"]) == (1, "caught")


@pytest.mark.parametrize(
    "twice",
    [
        lambda text: text.replace(
            '"published_at"', '"published_at":"2020-01-01T00:00:00Z","published_at"'
        ),
        lambda text: text.replace('"rows_digest"', '"rows_digest":"00","rows_digest"'),
    ],
)
def test_a_name_that_stands_twice_is_no_header(
    bench: Bench, twice: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = bench.log.rows[bench.log.headers[5]]
    header = twice(bench.log.headers[5].decode()).encode()
    log = seal(bench.log, header, rows)
    assert verifier.main(publication(bench, log, rows)) == 2
    assert verifier.main(["log", str(log.save(bench.folder / "log")), "--key", log.vkey]) == 2
    assert capsys.readouterr().out.count("a name stands twice") == 2


def test_a_header_is_read_as_utf_8_alone(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    rows = bench.log.rows[bench.log.headers[5]]
    wide = bench.log.headers[5].decode().encode("utf-16-le")
    log = seal(bench.log, wide, rows)
    assert verifier.main(publication(bench, log, rows)) == 2
    assert verifier.main(["log", str(log.save(bench.folder / "log")), "--key", log.vkey]) == 2
    assert "NOT VERIFIED" in capsys.readouterr().out


@pytest.mark.parametrize("index", ["2", 2.0, 2.9, "٢", True, None])
def test_a_place_is_a_whole_number(
    bench: Bench, index: object, capsys: pytest.CaptureFixture[str]
) -> None:
    command = bench.row(bench.log, 5)
    lines = Path(command[2]).read_bytes().split(b"\n")
    extra = json.loads(base64.b64decode(lines[1][6:]))
    extra["row"]["index"] = index
    lines[1] = b"extra " + base64.b64encode(json.dumps(extra).encode())
    Path(command[2]).write_bytes(b"\n".join(lines))
    assert verifier.main(command) == 2
    assert "no whole number" in capsys.readouterr().out


def test_a_key_signs_only_the_log_that_it_is_named_like(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    other = replace(bench.log, origin="other.example/log")
    proof = other.prove(5).replace(
        b"\xe2\x80\x94 other.example/log", b"\xe2\x80\x94 " + bench.log.origin.encode()
    )
    blob = base64.b64encode(
        verifier.parse_key(bench.log.vkey).key_id + base64.b64decode(proof.split()[-1])[4:]
    )
    proof = proof[: proof.rindex(b" ") + 1] + blob + b"\n"
    command = publication(bench, bench.log, bench.log.rows[bench.log.headers[5]])
    Path(command[2]).write_bytes(proof)
    code, verdicts = check(command, capsys)
    assert (code, verdicts["wrong key"]) == (1, "caught")


def test_a_whole_log_is_as_late_as_its_latest_entry(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    """Seven months written in one night and seen at once afterwards."""
    headers = tuple(
        change(header, published_at=format_utc(CLOSE + timedelta(days=30 * place)))
        for place, header in enumerate(bench.log.headers)
    )
    log = replace(bench.log, headers=headers)
    folder = log.save(bench.folder / "log")
    seen = CLOSE + timedelta(days=180, minutes=1)
    (folder / "checkpoint").write_bytes(cosign(log.checkpoint(), bench.witness, seen))
    command = ["log", str(folder), "--key", log.vkey, "--witness", bench.witness_key]
    assert verifier.main(command) == 0
    told = capsys.readouterr().out
    assert "by more than 180 days, 0:01:00" in told
    assert "saw entry 0" in told
    assert check(command, capsys)[1]["back-dated"] == "excluded"
    part = bench.write("kept", cosign(log.checkpoint(4), bench.witness, CLOSE + timedelta(days=91)))
    (folder / "checkpoint").write_bytes(log.checkpoint())
    assert check([*command, "--earlier", part], capsys)[1]["back-dated"] == "in part"


def test_deep_nesting_is_refused_whatever_the_stack_allows(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)  # as a library does that the server imports
    try:
        command = bench.row(bench.log, 5)
        lines = Path(command[2]).read_bytes().split(b"\n")
        lines[1] = b"extra " + base64.b64encode(b'{"header":' + b"[" * 200_000)
        Path(command[2]).write_bytes(b"\n".join(lines))
        assert verifier.main(command) == 2
    finally:
        sys.setrecursionlimit(limit)
    assert "nested too deeply" in capsys.readouterr().out


def test_a_text_without_end_is_read_once(bench: Bench) -> None:
    """At each quote anew it would take more than an hour, and the suite would say so."""
    command = bench.row(bench.log, 5)
    lines = Path(command[2]).read_bytes().split(b"\n")
    lines[1] = b"extra " + base64.b64encode(b'{"header":"' + b'\\"' * 500_000)
    Path(command[2]).write_bytes(b"\n".join(lines))
    assert verifier.main(command) == 2
