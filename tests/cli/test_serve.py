"""A first start as a newcomer sees it: killed in the middle, started again, then asked."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

READY = re.compile(r"Assay is ready (http://127\.0\.0\.1:\d+)")


def start(home: Path) -> "subprocess.Popen[str]":
    environment = {**os.environ, "ASSAY_HOME": str(home), "ASSAY_PORT": "0"}
    return subprocess.Popen(
        [sys.executable, "-m", "assay", "serve"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )


def wait_for(child: "subprocess.Popen[str]", pattern: "re.Pattern[str]") -> "re.Match[str]":
    heard = []
    for line in child.stderr or ():
        heard.append(line)
        found = pattern.search(line)
        if found:
            return found
    raise AssertionError(f"{pattern.pattern} was never said:\n" + "".join(heard))


def stop(child: "subprocess.Popen[str]", number: int) -> None:
    os.killpg(child.pid, number)
    child.communicate()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("serving") / "home"


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[tuple[int, str]]:
    """The id of a serving process, and where it listens."""
    first = start(home)
    wait_for(first, re.compile(r"Grading \w+ days: \d"))
    stop(first, signal.SIGKILL)
    second = start(home)
    wait_for(second, READY)
    wait_for(second, re.compile(r"Publishing signals.daily: \d"))
    stop(second, signal.SIGKILL)
    child = start(home)
    try:
        yield child.pid, wait_for(child, READY)[1]
    finally:
        stop(child, signal.SIGTERM)


@pytest.fixture(scope="module")
def url(server: tuple[int, str]) -> str:
    return server[1]


def get(url: str) -> Any:
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - our own server on loopback
        return json.load(answer)


def test_every_day_was_graded_in_spite_of_the_kill(url: str) -> None:
    for kind in ("trader", "investor"):
        page = get(f"{url}/v1/grades/{kind}/BTC?limit=1000")
        days = [point["as_of"] for point in page["data"]]
        assert len(set(days)) == len(days) == 999
        assert {"2021-04-05", "2023-12-29"} <= set(days)
        assert {point["origin"] for point in page["data"]} == {"backfilled"}


def test_the_history_of_another_kind_went_on_after_the_kill(url: str) -> None:
    days: list[str] = []
    while len(days) < 999:
        ready = get(f"{url}/readyz")
        assert ready["status"] == "ready"
        assert "failed" not in (ready["history"] or "")
        days = [row["as_of"] for row in get(f"{url}/v1/signals/daily/BTC?limit=1000")["data"]]
        assert len(set(days)) == len(days)
        assert len(days) == 999 or ready["history"], "nothing fills in, yet days are missing"
        time.sleep(1.0)
    assert {"2021-04-05", "2023-12-29"} <= set(days)


def find_workers(parent: int) -> list[int]:
    """The workers beside a serving process."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
    return [int(pid) for pid, above, told in rows if int(above) == parent and "worker" in told]


def test_a_job_survives_the_death_of_the_worker_beside_the_server(
    server: tuple[int, str],
) -> None:
    pid, url = server
    while not find_workers(pid):
        time.sleep(0.2)
    (first,) = find_workers(pid)
    wanted = {"strategy": "crosses", "symbols": ["BTC"], "fast": [5, 10], "slow": [20, 50]}
    request = urllib.request.Request(  # noqa: S310 - our own server on loopback
        f"{url}/v1/backtests",
        json.dumps(wanted).encode(),
        {"content-type": "application/json", "idempotency-key": "8e03978e40d543ddbc93"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        assert answer.status == 202
        where = answer.headers["location"]
    os.kill(first, signal.SIGKILL)
    job = get(url + where)["data"]
    while job["state"] in ("queued", "running"):
        time.sleep(0.5)
        job = get(url + where)["data"]
    assert job["state"] == "done"
    assert get(f"{url}{where}/result")["pairs"] == 4
    assert find_workers(pid) != [first]
    with urllib.request.urlopen(f"{url}{where}/events") as events:  # noqa: S310
        told = events.read().decode()
    assert told.count("event: end") == 1


def test_the_list_explains_itself(url: str) -> None:
    page = get(f"{url}/v1/grades/trader?limit=1000")
    assert set(page) == {"data", "next_cursor", "as_of", "publication", "origin"}
    assert page["as_of"] == "2023-12-29"
    assert len(page["data"]) > 330
    top = page["data"][0]
    why = get(f"{url}/v1/grades/trader/{top['symbol']}/explanation")["data"]
    points = sum(round(float(item["points"]) * 100) for item in why["contributions"])
    assert points + round(float(why["base"]) * 100) == round(float(top["raw_score"]) * 100)
    said = get(f"{url}/v1/publications/{page['publication']}")
    assert said["digest"].startswith(page["publication"][-12:])
    assert said["data"] == page["data"]


def test_luna_was_lunc_before_the_collapse(url: str) -> None:
    before = get(f"{url}/v1/tokens/LUNA?as_of=2022-05-01")["data"]
    today = get(f"{url}/v1/tokens/LUNA")["data"]
    assert before["token_id"] != today["token_id"]
    by_id = get(f"{url}/v1/tokens/{before['token_id']}")["data"]
    assert by_id["symbol"] == "LUNC"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/tokens/NOSUCHCOIN", 404),
        ("/v1/grades/trader?as_of=yesterday", 422),
        ("/v1/grades/trader?as_of=2015-01-01", 404),
        ("/v1/grades/trader?as_of=2035-01-01", 422),
        ("/v1/nothing", 404),
    ],
)
def test_wrong_questions_get_a_problem_document(url: str, path: str, status: int) -> None:
    with pytest.raises(urllib.error.HTTPError) as failure:
        get(url + path)
    assert failure.value.code == status
    assert failure.value.headers["content-type"] == "application/problem+json"
    assert {"title", "status", "detail", "hint"} <= set(json.load(failure.value))


@pytest.mark.parametrize(
    ("kind", "least", "suspicious_ic", "suspicious_icir", "suspicious_residual"),
    [("trader", 0.135, 0.18, 1.5, 0.15), ("investor", 0.19, 0.33, 2.1, 0.22)],
)
def test_the_figures_hold_decay_without_a_cliff_and_are_not_too_good(
    url: str,
    home: Path,
    tmp_path: Path,
    kind: str,
    least: float,
    suspicious_ic: float,
    suspicious_icir: float,
    suspicious_residual: float,
) -> None:
    """The gate against look-ahead: what only lives at lag 0, or beats every honest model, leaks."""
    assert get(f"{url}/readyz")["status"] == "ready"
    target = tmp_path / "figures.json"
    subprocess.run(
        [sys.executable, "-m", "assay", "evaluate", "--kind", kind, "--json", str(target)],
        env={**os.environ, "ASSAY_HOME": str(home)},
        check=True,
        capture_output=True,
    )
    report = json.loads(target.read_text())
    decay = [report["lags"][lag]["rank_ic_mean"] for lag in ("0", "1", "2", "5", "10")]
    assert decay == sorted(decay, reverse=True)
    assert decay[1] > 0.8 * decay[0]
    assert least <= decay[1] < suspicious_ic
    assert report["lags"]["1"]["icir"] < suspicious_icir
    assert report["residual_ic"] < suspicious_residual
    assert report["permutation"]["distance_sd"] > 5
    assert report["deaths"]["share"] <= 0.1
    assert report["universe"]["view_share"] >= 0.95
    assert 0.89 <= report["coverage"]["overall"] <= 0.91
    for third in ("low_vol", "mid_vol", "high_vol"):
        assert 0.88 <= report["coverage"][third] <= 0.92
