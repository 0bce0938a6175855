"""A realistic mix of requests at half the peak load: how long the slowest wait.

Locust (in an environment of its own) asks one process in keyed mode, first as fast as it is
answered, which gives the peak, then at half of that. The figure is p99 / p50 of each kind of read;
the goal is 5 for the whole of the small reads (one, list, 304, history, Token Metrics). The control
is a server that does nothing but answer, at the same rate in the same run: what it shows beyond its
own 5 is the machine's and the load generator's, not ours.

    python bench/load/run.py [--seconds 20] [--users 16] [--json FILE]

Exits with 1 when the goal is missed or any request failed.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import types
import urllib.request
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
LOCUST = ROOT / ".bench-venv-load" / "bin" / "python"
SMALL = ("one", "list", "unchanged (304)", "history", "Token Metrics")
TOKENS = 400
GOAL = 5.0


def serve(home: str) -> None:
    """A child process: the application in keyed mode over a made-up market."""
    package = types.ModuleType("tests")
    package.__path__ = [str(ROOT / "tests")]
    sys.modules["tests"] = package
    from tests.api.keyed import make_keyed

    from assay.api.serve import name_url, open_socket
    from assay.api.server import create_server
    from assay.kit.clock import SystemClock
    from assay.tokenmetrics import create_faces

    faces = create_faces("/tokenmetrics/v2")
    keyed = make_keyed(Path(home), tokens=TOKENS, clock=SystemClock(), faces=faces)
    app = keyed.world.app
    listener = open_socket("127.0.0.1", 0)
    print(name_url(listener), keyed.keys["owner"], flush=True)
    create_server(app.entry, app.state.settings, app.state.draining).run(sockets=[listener])


def serve_raw() -> None:
    """A child process: the least an application can do."""
    import uvicorn

    from assay.api.serve import name_url, open_socket

    body = {"type": "http.response.body", "body": b"x" * 1_000}
    headers = [(b"content-length", b"1000"), (b"etag", b'"x"'), (b"content-type", b"text/plain")]
    start = {"type": "http.response.start", "status": 200, "headers": headers}

    async def app(scope, receive, send):
        await send({**start, "status": 201} if scope["method"] == "POST" else start)
        await send(body)

    listener = open_socket("127.0.0.1", 0)
    print(name_url(listener), "none", flush=True)
    config = uvicorn.Config(app, loop="uvloop", http="httptools", lifespan="off", log_config=None)
    config.access_log = False
    uvicorn.Server(config).run(sockets=[listener])


def load(url: str, key: str, users: int, seconds: int, rate: str) -> dict:
    """The times in milliseconds of every answered request, by kind, after a warm-up."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        environment = {**os.environ, "LOAD_KEY": key, "LOAD_RATE": rate, "LOAD_OUT": out.name}
        command = [
            str(LOCUST),
            "-m",
            "locust",
            "-f",
            str(Path(__file__).with_name("locustfile.py")),
        ]
        command += ["--headless", "--host", url, "--users", str(users), "--spawn-rate", str(users)]
        command += ["--run-time", f"{seconds}s", "--loglevel", "ERROR", "--only-summary"]
        subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL)
        return json.loads(Path(out.name).read_text())


def warm(url: str, key: str) -> None:
    """Ask for every address of the mix once: what is measured is not the first minute."""
    paths = ["/v1/grades/trader?limit=100"]
    for number in range(40):
        symbol = f"COIN{number}"
        paths += [f"/v1/grades/trader/{symbol}?limit={limit}" for limit in (1, 30)]
        paths.append(f"/tokenmetrics/v2/trader-grades?symbol={symbol}&limit=10")
    for path in paths:
        headers = {"x-api-key": key, "accept-encoding": "gzip"}
        wanted = urllib.request.Request(url + path, headers=headers)  # noqa: S310 - our own child
        urllib.request.urlopen(wanted).read()  # noqa: S310


@contextlib.contextmanager
def serving(*arguments: str):
    """The address and key of a child process."""
    command = [sys.executable, __file__, *arguments]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield server.stdout.readline().split()
    finally:
        server.terminate()
        server.wait(30)


def summarise(name: str, times: list[float]) -> dict:
    p50, p99 = np.percentile(times, [50, 99])
    return {"name": name, "requests": len(times), "p50_ms": p50, "p99_ms": p99, "ratio": p99 / p50}


def main() -> int:
    """Print the table; 1 if the goal is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", metavar="HOME")
    parser.add_argument("--raw", action="store_true")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--users", type=int, default=16)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return 0
    if options.raw:
        serve_raw()
        return 0
    users, seconds = options.users, options.seconds
    with tempfile.TemporaryDirectory() as home, serving("--serve", home) as (url, key):
        warm(url, key)
        hard = load(url, key, users, seconds, "")
        peak = sum(len(found) for found in hard["times"].values()) / hard["seconds"]
        rate = f"{peak / 2 / users:.3f}"
        half = load(url, key, users, seconds, rate)
    with serving("--raw") as (url, key):
        control = load(url, key, users, seconds, rate)
    rows = [summarise(name, found) for name, found in sorted(half["times"].items()) if found]
    for name, measured in (("control", control), ("small reads", half)):
        small = [time for kind in SMALL for time in measured["times"].get(kind, ())]
        rows.append(summarise(name, small))
    reached = sum(len(found) for found in half["times"].values()) / half["seconds"]
    print(f"peak {peak:,.0f} requests/s of the mix; measured at {reached:,.0f}")
    for row in rows:
        print(
            f"{row['name']:18} {row['requests']:8,}  p50 {row['p50_ms']:8.2f} ms"
            f"  p99 {row['p99_ms']:8.2f} ms  {row['ratio']:5.1f} x"
        )
    failed = {**hard["failures"], **half["failures"]}
    print(f"goal: small reads p99 <= {GOAL:g} x p50; failed requests: {failed or 'none'}")
    if options.json:
        options.json.write_text(json.dumps({"peak": peak, "rows": rows, "failed": failed}))
    return 1 if failed or rows[-1]["ratio"] > GOAL else 0


if __name__ == "__main__":
    sys.exit(main())
