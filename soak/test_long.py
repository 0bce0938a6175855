"""What takes hours: `make soak`. Every figure is printed; nothing here is part of `make test`."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import orjson
import pytest

PERMUTATIONS = int(os.environ.get("ASSAY_SOAK_PERMUTATIONS", "60"))
KILLS = int(os.environ.get("ASSAY_SOAK_KILLS", "40"))
REQUESTS = int(os.environ.get("ASSAY_SOAK_REQUESTS", "300000"))
READY = re.compile(r"Assay is ready (http://127\.0\.0\.1:\d+)")


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "ASSAY_HOME": str(home), "ASSAY_PORT": "0"}


def assay(home: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "assay", *arguments], env=environment(home), check=True)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("soak") / "home"


@pytest.mark.parametrize("kind", ["trader", "investor"])
def test_the_grade_stands_clear_of_its_permutation_null(home: Path, kind: str) -> None:
    """The whole pipeline, trained anew and on shuffled labels (about a CPU minute each)."""
    assay(home, "train", "--kind", kind, "--permutations", str(PERMUTATIONS))
    target = home / f"{kind}.json"
    assay(home, "evaluate", "--kind", kind, "--json", str(target))
    null = orjson.loads(target.read_bytes())["permutation"]
    print(kind, null["permutations"], "permutations: sd", null["null_sd"], null["distance_sd"])
    assert null["permutations"] == PERMUTATIONS
    assert null["distance_sd"] > 5


def test_a_first_start_survives_a_storm_of_kills(tmp_path: Path) -> None:
    """Killed again and again at random moments, it ends with every day published once."""
    random = np.random.default_rng(1)
    command = [sys.executable, "-m", "assay", "prepare", "--progress-lines"]
    for _ in range(KILLS):
        child = subprocess.Popen(
            command, env=environment(tmp_path), stdout=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(float(random.uniform(0.2, 6.0)))
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    assay(tmp_path, "prepare")
    for kind in ("trader", "investor"):
        assay(tmp_path, "evaluate", "--kind", kind, "--json", str(tmp_path / "e.json"))
        assert orjson.loads((tmp_path / "e.json").read_bytes())["universe"]["days"] > 900


def test_serving_neither_leaks_nor_slows_down(home: Path) -> None:
    """Hundreds of thousands of requests of every sort; memory settles, latency stays."""
    child = subprocess.Popen(
        [sys.executable, "-m", "assay", "serve"],
        env=environment(home),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        url = next(found[1] for line in child.stderr or () if (found := READY.search(line)))
        paths = ["/v1/grades/trader?limit=1000", "/v1/grades/investor/BTC", "/v1/tokens",
                 "/v1/candles/ETH?interval=1d", "/healthz"]  # fmt: skip
        early = late = 0.0
        settled = 0
        for number in range(REQUESTS):
            start = time.perf_counter()
            with urllib.request.urlopen(url + paths[number % len(paths)]) as answer:  # noqa: S310
                answer.read()
            spent = time.perf_counter() - start
            early += spent if number < REQUESTS // 10 else 0.0
            late += spent if number >= REQUESTS - REQUESTS // 10 else 0.0
            if number == REQUESTS // 2:
                settled = resident(child.pid)
        grown = resident(child.pid) - settled
        print(
            f"{REQUESTS} requests, memory grew {grown} kB in the second half, x{late / early:.2f}"
        )
        assert grown < 20_000
        assert late < 2 * early
    finally:
        os.killpg(child.pid, signal.SIGTERM)
        child.communicate()


def resident(pid: int) -> int:
    """Resident memory of a process in kB (Linux)."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1])  # type: ignore[index]
