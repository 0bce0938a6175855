"""What the Python client costs beyond bare httpx, in the same run against the same server.

    python bench/client/run.py [seconds]

Prints the CPU and wall time a call of bare httpx (bytes only), of httpx with `json.loads`, and of
`assay.client` (typed rows, retries, error mapping), for one token and a page of a list.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from assay.client import Client

SERVER = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
import importlib.machinery, importlib.util
for name in ("tests", "tests.api"):
    spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
    module = importlib.util.module_from_spec(spec)
    module.__path__ = [str(Path({root!r}, *name.split(".")))]
    sys.modules[name] = module
from tests.api.serving import running
from tests.api.world import make_world
with running(make_world(Path({home!r}), tokens=1000).app) as url:
    print(url, flush=True)
    sys.stdin.read()
"""
ROOT = Path(__file__).resolve().parents[2]


def measure(call: Callable[[], object], seconds: float) -> tuple[float, float]:
    """Median wall time and mean CPU time of a call, in microseconds."""
    for _ in range(20):
        call()
    walls: list[float] = []
    began, cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds:
        before = time.perf_counter()
        call()
        walls.append(time.perf_counter() - before)
    used = time.process_time() - cpu
    return statistics.median(walls) * 1e6, used / len(walls) * 1e6


def main() -> int:
    """Print one table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    with tempfile.TemporaryDirectory() as home:
        program = SERVER.format(root=str(ROOT), home=home)
        server = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        url = next(iter(server.stdout or ())).strip()
        try:
            compare(url, seconds)
        finally:
            server.communicate("")
    return 0


def compare(url: str, seconds: float) -> None:
    """Measure every way of asking for three answers."""
    with httpx.Client(base_url=url) as bare, Client(url, key="") as client:
        cases: list[tuple[str, str, Callable[[], object]]] = [
            ("one token", "/v1/tokens/BTC", lambda: client.get_token("BTC")),
            (
                "100 grades",
                "/v1/grades/trader",
                lambda: client.list_grades("trader").page(),
            ),
            (
                "1,000 grades",
                "/v1/grades/trader?limit=1000",
                lambda: client.list_grades("trader", limit=1000).page(),
            ),
        ]
        print(f"{'':14}{'way':18}{'wall us':>10}{'CPU us':>10}{'x bare':>8}")
        for name, target, typed in cases:
            ways: list[tuple[str, Callable[[], object]]] = [
                ("httpx", lambda target=target: bare.get(target).content),
                ("httpx + json", lambda target=target: json.loads(bare.get(target).content)),
                ("assay.client", typed),
            ]
            base = 0.0
            for way, call in ways:
                wall, cpu = measure(call, seconds)
                base = base or cpu
                print(f"{name:14}{way:18}{wall:10.0f}{cpu:10.0f}{cpu / base:8.2f}")


if __name__ == "__main__":
    sys.exit(main())
