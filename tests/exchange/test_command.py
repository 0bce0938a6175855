"""The command: what it prints, what it refuses, how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from assay.cli.exchange import app
from assay.exchange import ReplayServer
from assay.kit.errors import BadInput, Conflict, Corrupt

KEYS = "a-key-of-the-tests-of-the-exchange\na-secret-of-the-tests-of-the-exchange\n"


def run(*options: str, **variables: str) -> Result:
    return CliRunner().invoke(app, ["replay", *options], env=variables)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--speed", "fast"], "speed"),
        (["--speed", "0"], "speed"),
        (["--speed", "-1"], "speed"),
        (["--speed", "nan"], "speed"),
        (["--speed", "99999"], "speed"),
        (["--pair", "DOGEUSDT"], "DOGEUSDT"),
        (["--fee-maker", "-1"], "fee"),
        (["--fee-taker", "2000"], "fee"),
        (["--fee-taker", "nan"], "fee"),
        (["--delay", "-5"], "delay"),
        (["--fault", "explode"], "explode"),
        (["--fault", "stale:for=soon"], "soon"),
        (["--host", "0.0.0.0"], "loopback"),  # noqa: S104 - it is refused
        (["--host", "example.com"], "loopback"),
        (["--name", "a b"], "name"),
        (["--port", "70000"], "port"),
        (["--keys-file", "/nowhere/at/all"], "/nowhere/at/all"),
    ],
)
def test_what_cannot_be_is_refused_in_two_lines(options: list[str], word: str) -> None:
    result = run("--pair", "BTCUSDT", *options)
    assert result.exit_code in (1, 2)
    assert word in result.output
    assert "Traceback" not in result.output
    assert len(result.output.strip().splitlines()) == 2


def test_half_a_pair_of_keys_is_refused() -> None:
    result = run(ASSAY_EXCHANGE_KEY="only-a-key-and-no-secret-to-it")
    assert result.exit_code == 2
    assert "ASSAY_EXCHANGE_SECRET" in result.output


def test_a_keys_file_that_holds_no_pair_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("one-line-that-is-secret-perhaps")
    result = run("--keys-file", str(path))
    assert result.exit_code == 2
    assert "secret-perhaps" not in result.output


def test_a_port_in_use_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = run("--pair", "BTCUSDT", "--port", port)
    assert result.exit_code == 1
    assert port in result.output


def test_a_start_outside_the_recording_is_refused() -> None:
    with pytest.raises(BadInput):
        ReplayServer(pairs=["BTCUSDT"], start_ms=0)


def test_a_damaged_sample_is_not_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"file": "candles.parquet", "interval": "1m", "sha256": "0" * 64}
    (tmp_path / "sample.json").write_text(json.dumps({"files": [entry]}))
    (tmp_path / "candles.parquet").write_bytes(b"PAR1")
    monkeypatch.setattr("assay.exchange.sources.sample.files", lambda name: tmp_path)
    with pytest.raises(Corrupt):
        ReplayServer()


def test_a_server_that_does_not_run_says_so() -> None:
    server = ReplayServer(pairs=["BTCUSDT"], speed=0)
    with pytest.raises(Conflict):
        server.advance(100)
    with server:
        server.advance(100)
        with pytest.raises(BadInput):
            server.advance(50)
    with pytest.raises(Conflict):
        server.advance(100)


def test_made_keys_are_told_once_and_given_ones_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReplayServer, "run", ReplayServer.stop)
    path = tmp_path / "keys"
    path.write_text(KEYS)
    common = ("--pair", "BTCUSDT", "--port", "0")
    made, other, given = run(*common), run(*common), run(*common, "--keys-file", str(path))
    secrets = [re.search(r"secret  (\S{40,})", result.output) for result in (made, other)]
    assert len({found.group(1) for found in secrets if found}) == 2
    assert given.exit_code == 0
    assert not any(word in given.output for word in ("secret", *KEYS.split()))
    assert "synthetic" in given.output


@pytest.mark.slow
def test_an_empty_home_is_enough_and_the_end_is_in_order(tmp_path: Path) -> None:
    home = tmp_path / "home"
    words = [sys.executable, "-m", "assay", "exchange", "replay", "--port", "0", "--speed", "max"]
    with subprocess.Popen(
        words,
        env={**os.environ, "ASSAY_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found is not None
        info = httpx.get(f"{found.group()}/api/v3/exchangeInfo", timeout=60).json()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert len(info["symbols"]) == 150
    assert info["assay"]["speed"] == "max"
    assert not (home / "assay.db").exists()
