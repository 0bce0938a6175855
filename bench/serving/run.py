"""Server CPU a request: Assay in keyed mode and in open local mode against raw ASGI.

The raw server sends the same bytes (status, headers, body) and does nothing else, on uvicorn as it
comes. All are real processes on loopback, pinned to one core, asked by the same client on another
core over kept-alive connections, in shuffled rounds of the same run. CPU is what the kernel counted
for all threads of the server (/proc/PID/task/*/schedstat, nanoseconds). In keyed mode every request
shows a key, is checked, metered and taken off a plan; its answer has an ETag and RateLimit headers.

    python bench/serving/run.py [--rounds 25] [--requests 1000] [--json FILE]

Then each server is asked for one grade at half its own peak, on a clock of its own (open loop), and
the routing of every declared route is timed in process. Exits with 1 when a goal is missed.
"""

import argparse
import json
import os
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import types
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
ONE = "/v1/grades/trader/BTC?limit=1"
LIST = "/v1/grades/trader?limit=1000"
TOKENS = 1_200
CONNECTIONS = 16
GOALS = {"keyed one": 1.3, "keyed list": 1.1, "open list": 1.3}
UNCHANGED_GOAL = 1.0
TAIL_GOAL = 5.0
ROUTING_GOAL_US = 20.0
TAIL_SPELLS = 15
ZSTD = "accept-encoding: gzip, deflate, br, zstd\r\n"


def find_tests() -> None:
    """Let `tests` be ours: a package of that name is installed with a peer."""
    sys.path.insert(0, str(ROOT))
    package = types.ModuleType("tests")
    package.__path__ = [str(ROOT / "tests")]
    sys.modules["tests"] = package


@dataclass(frozen=True)
class Case:
    """One kind of request, and the answer that Assay and the raw server must both give."""

    name: str
    server: str
    target: str
    headers: str
    body_bytes: int
    status: int


def serve_assay(home: str, mode: str) -> None:
    """A child process: the real application over a made-up market."""
    find_tests()
    from tests.api.keyed import make_keyed
    from tests.api.world import make_world

    from assay.api.serve import name_url, open_socket
    from assay.api.server import create_server
    from assay.kit.clock import SystemClock

    key = ""
    if mode == "keyed":
        keyed = make_keyed(Path(home), tokens=TOKENS, clock=SystemClock())
        app, key = keyed.world.app, keyed.keys["owner"]
    else:
        app = make_world(Path(home), tokens=TOKENS).app
    listener = open_socket("127.0.0.1", 0)
    print(name_url(listener), key, flush=True)
    create_server(app.entry, app.state.settings).run(sockets=[listener])


def serve_raw(folder: str) -> None:
    """A child process: the least an ASGI application can do to send the same bytes."""
    import uvicorn

    from assay.api.serve import name_url, open_socket

    answers = {}
    for path in Path(folder).glob("*.body"):
        meta = json.loads(path.with_suffix(".json").read_text())
        headers = [(name.encode(), value.encode()) for name, value in meta["headers"]]
        start = {"type": "http.response.start", "status": meta["status"], "headers": headers}
        body = {"type": "http.response.body", "body": path.read_bytes()}
        answers[f"/{path.stem}"] = (start, body)

    async def app(scope, receive, send):
        start, body = answers[scope["path"]]
        await send(start)
        await send(body)

    listener = open_socket("127.0.0.1", 0)
    print(name_url(listener), "", flush=True)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=2_048,
        timeout_keep_alive=30,
    )
    uvicorn.Server(config).run(sockets=[listener])


class Server:
    """A child process that serves, pinned to the first core it may use."""

    def __init__(self, role: str, folder: str) -> None:
        command = [sys.executable, __file__, f"--{role}", folder]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        line = self.process.stdout.readline()
        url, _, self.key = line.strip().partition(" ")
        self.port = int(url.rsplit(":", 1)[1])
        for task in self.tasks():
            os.sched_setaffinity(int(task.name), {min(os.sched_getaffinity(0))})

    def tasks(self) -> list[Path]:
        return list(Path(f"/proc/{self.process.pid}/task").iterdir())

    def cpu_ns(self) -> int:
        return sum(int((task / "schedstat").read_text().split()[0]) for task in self.tasks())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


def fetch(port: int, target: str, headers: str) -> tuple[int, list[list[str]], bytes]:
    """One request; status, headers and body."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(write_request(port, target, headers + "connection: close\r\n"))
        raw = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    found = [line.split(": ", 1) for line in lines[1:]]
    own = [pair for pair in found if pair[0].lower() not in ("date", "connection")]
    return int(lines[0].split()[1]), own, body


def write_request(port: int, target: str, headers: str) -> bytes:
    common = "user-agent: bench\r\naccept: application/json\r\n"
    return f"GET {target} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{common}{headers}\r\n".encode()


class Asker:
    """Kept-alive connections to one server, each of which asks again when its answer is whole.

    An answer is its head, whatever its length, and `body_bytes`.
    """

    def __init__(self, port: int, count: int, request: bytes, body_bytes: int) -> None:
        self.request = request
        self.body_bytes = body_bytes
        self.buffer = bytearray(1 << 20)
        self.missing: dict[int, int | None] = {}
        self.poll = select.epoll()
        self.by_number: dict[int, socket.socket] = {}
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.poll.register(connection.fileno(), select.EPOLLIN)
            self.by_number[connection.fileno()] = connection

    def send(self, number: int) -> None:
        self.missing[number] = None
        self.by_number[number].sendall(self.request)

    def receive(self, number: int) -> bool:
        """Read what is there; True once the answer is whole."""
        got = self.by_number[number].recv_into(self.buffer)
        if not got:
            raise RuntimeError("the server closed a connection")
        missing = self.missing[number]
        if missing is None:
            end = self.buffer.find(b"\r\n\r\n", 0, got)
            if end < 0:
                raise RuntimeError("the head of an answer came in pieces")
            missing = end + 4 + self.body_bytes
        self.missing[number] = missing - got
        if missing < got:
            raise RuntimeError("an answer was longer than the first one")
        return missing == got

    def close(self) -> None:
        self.poll.close()
        for connection in self.by_number.values():
            connection.close()


def ask_many(port: int, request: bytes, body_bytes: int, count: int) -> float:
    """Send `count` requests over kept-alive connections; returns the seconds it took."""
    asker = Asker(port, CONNECTIONS, request, body_bytes)
    started = time.perf_counter()
    for number in asker.by_number:
        asker.send(number)
    sent, done = len(asker.by_number), 0
    while done < sent:
        for number, _ in asker.poll.poll():
            if asker.receive(number):
                done += 1
                if sent < count:
                    asker.send(number)
                    sent += 1
    elapsed = time.perf_counter() - started
    asker.close()
    return elapsed


def ask_at_rate(port: int, request: bytes, body_bytes: int, rate: float, count: int) -> np.ndarray:
    """Send `count` requests at a fixed rate whatever comes back (open loop); the seconds from when
    each was due until its answer was whole.
    """
    asker = Asker(port, 4 * CONNECTIONS, request, body_bytes)
    idle, due = deque(asker.by_number), {}
    taken: list[float] = []
    start, sent = time.perf_counter(), 0
    while len(taken) < count:
        while sent < count and idle and start + sent / rate <= time.perf_counter():
            number = idle.popleft()
            due[number] = start + sent / rate
            asker.send(number)
            sent += 1
        # Busy waiting: a sleep is coarser than what is measured.
        for number, _ in asker.poll.poll(0):
            if asker.receive(number):
                taken.append(time.perf_counter() - due[number])
                idle.append(number)
    asker.close()
    return np.array(taken)


def prepare(servers: dict[str, Server], folder: Path) -> list[Case]:
    """Ask Assay for each case and leave the same bytes for the raw server."""
    cases = []
    for mode in ("keyed", "open"):
        server = servers[mode]
        key = f"x-api-key: {server.key}\r\n" if server.key else ""
        _, found, _ = fetch(server.port, LIST, key)
        etag = next(value for name, value in found if name == "etag")
        plans = {
            "one": (ONE, ""),
            "list": (LIST, ""),
            "list-zstd": (LIST, ZSTD),
            "unchanged": (LIST, f"if-none-match: {etag}\r\n"),
        }
        for name, (target, more) in plans.items():
            for _ in range(3):
                status, found, body = fetch(server.port, target, key + more)
            stem = f"{mode}-{name}"
            (folder / f"{stem}.body").write_bytes(body)
            meta = json.dumps({"status": status, "headers": found})
            (folder / f"{stem}.json").write_text(meta)
            cases.append(Case(f"{mode} {name}", mode, target, key + more, len(body), status))
    return cases


def measure(
    servers: dict[str, Server], cases: list[Case], rounds: int, count: int
) -> list[dict[str, object]]:
    """CPU microseconds a request of both servers for each case, in shuffled rounds."""
    raw = servers["raw"]
    rng = np.random.default_rng(1)
    spent: dict[tuple[str, str], list[float]] = {}
    rate: dict[tuple[str, str], list[float]] = {}
    plans = []
    for case in cases:
        stem = "/" + case.name.replace(" ", "-")
        raw_status, _, raw_body = fetch(raw.port, stem, case.headers)
        if (raw_status, len(raw_body)) != (case.status, case.body_bytes):
            raise RuntimeError("the raw server answers something else")
        plans.append((case.name, "assay", servers[case.server], case.target, case))
        plans.append((case.name, "raw", raw, stem, case))
    for turn in range(rounds + 1):
        for place in rng.permutation(len(plans)):
            name, who, server, target, case = plans[place]
            request = write_request(server.port, target, case.headers)
            before = server.cpu_ns()
            elapsed = ask_many(server.port, request, case.body_bytes, count)
            if turn:
                spent.setdefault((name, who), []).append((server.cpu_ns() - before) / count / 1_000)
                rate.setdefault((name, who), []).append(count / elapsed)
    found = []
    for case in cases:
        mine, other = spent[case.name, "assay"], spent[case.name, "raw"]
        ratios = [a / r for a, r in zip(mine, other, strict=True)]
        found.append(
            {
                **{k: v for k, v in asdict(case).items() if k != "headers"},
                "assay_cpu_us": statistics.median(mine),
                "raw_cpu_us": statistics.median(other),
                "assay_per_s": statistics.median(rate[case.name, "assay"]),
                "raw_per_s": statistics.median(rate[case.name, "raw"]),
                "ratio": statistics.median(ratios),
                "ratio_low": min(ratios),
                "ratio_high": max(ratios),
            }
        )
    return found


def measure_tails(
    servers: dict[str, Server], cases: list[Case], found: list[dict[str, object]], turns: int
) -> dict[str, dict[str, float]]:
    """p50 and p99 (ms) of one grade at half the peak that the rounds have shown: medians of `turns`
    interleaved spells of a second. The machine halts everything now and then; the raw server says
    how often.
    """
    case, row = next(pair for pair in zip(cases, found, strict=True) if pair[0].name == "keyed one")
    places = {
        "assay": (servers[case.server], case.target),
        "raw": (servers["raw"], "/" + case.name.replace(" ", "-")),
    }
    spells: dict[str, list[np.ndarray]] = {who: [] for who in places}
    for _ in range(turns):
        for who, (server, target) in places.items():
            rate = float(row[f"{who}_per_s"]) / 2
            request = write_request(server.port, target, case.headers)
            taken = ask_at_rate(server.port, request, case.body_bytes, rate, int(rate))
            spells[who].append(np.percentile(taken * 1_000, [50, 99]))
    tails = {}
    for who, each in spells.items():
        p50, p99 = np.array(each).T
        tails[who] = {
            "rate": float(row[f"{who}_per_s"]) / 2,
            "p50_ms": float(np.median(p50)),
            "p99_ms": float(np.median(p99)),
            "ratio": float(np.median(p99 / p50)),
            "worst_ratio": float(np.max(p99 / p50)),
        }
    return tails


def measure_routing(turns: int = 2_000) -> tuple[float, str]:
    """Microseconds from the index's entry to the declared route's handle, of the slowest route."""
    find_tests()
    import asyncio

    from tests.api.world import make_world

    from assay.api.routing import IndexedRouter

    with tempfile.TemporaryDirectory() as home:
        app = make_world(Path(home), tokens=20, days=1).app

        class Handled:
            async def handle(self, scope, receive, send):
                return None

        async def walk() -> tuple[float, str]:
            router = IndexedRouter(app.index, None)
            worst = (0.0, "")
            for entry in app.index.entries:
                entry.context = types.SimpleNamespace(
                    path_regex=entry.context.path_regex,
                    param_convertors=entry.context.param_convertors,
                    original_route=Handled(),
                    endpoint=None,
                    _route_context=None,
                )
                path = entry.template.replace("{", "").replace("}", "")
                base = {"type": "http", "path": path, "method": min(entry.methods)}
                times = []
                for _ in range(5):
                    began = time.perf_counter()
                    for _ in range(turns // 5):
                        await router(dict(base), None, None)
                    times.append((time.perf_counter() - began) / (turns // 5) * 1e6)
                worst = max(worst, (min(times), entry.template))
            return worst

        return asyncio.run(walk())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--json", type=Path)
    for role in ("keyed", "open", "raw"):
        parser.add_argument(f"--{role}", help=argparse.SUPPRESS)
    options = parser.parse_args()
    for mode in ("keyed", "open"):
        if getattr(options, mode):
            serve_assay(getattr(options, mode), mode)
            return 0
    if options.raw:
        serve_raw(options.raw)
        return 0
    servers: dict[str, Server] = {}
    with tempfile.TemporaryDirectory() as folder:
        homes = {name: Path(folder) / name for name in ("keyed", "open", "raw")}
        for home in homes.values():
            home.mkdir()
        try:
            for mode in ("keyed", "open"):
                servers[mode] = Server(mode, str(homes[mode]))
            cases = prepare(servers, homes["raw"])
            servers["raw"] = Server("raw", str(homes["raw"]))
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
            found = measure(servers, cases, options.rounds, options.requests)
            tails = measure_tails(servers, cases, found, TAIL_SPELLS)
        finally:
            for server in servers.values():
                server.stop()
    routing = measure_routing()
    return report(found, tails, routing, options.json)


def report(
    found: list[dict[str, object]],
    tails: dict[str, dict[str, float]],
    routing: tuple[float, str],
    path: Path | None,
) -> int:
    """Print the tables, keep them as JSON, and say whether every goal is met."""
    print(
        f"{'case':<16} {'bytes':>8} {'assay us':>9} {'raw us':>8} {'ratio':>6}  (lowest..highest)"
    )
    rows = {str(row["name"]): row for row in found}
    missed = []
    for name, row in rows.items():
        goal = GOALS.get(name)
        if goal is not None and row["ratio"] > goal:
            missed.append(f"{name}: {row['ratio']:.2f} x, the goal is {goal}")
        print(
            f"{name:<16} {row['body_bytes']:>8} {row['assay_cpu_us']:>9.1f} "
            f"{row['raw_cpu_us']:>8.1f} {row['ratio']:>6.2f}  "
            f"({row['ratio_low']:.2f}..{row['ratio_high']:.2f})"
            + (f"  goal {goal}" if goal else "")
        )
    unchanged = rows["keyed unchanged"]["assay_per_s"] / rows["keyed one"]["raw_per_s"]
    list_rate = rows["keyed unchanged"]["assay_per_s"] / rows["keyed list"]["raw_per_s"]
    print(
        f"304 of the list, requests a second: {unchanged:.2f} x raw ASGI's one object, "
        f"{list_rate:.2f} x raw ASGI's list (goal {UNCHANGED_GOAL})"
    )
    if list_rate < UNCHANGED_GOAL:
        missed.append("304 of the list")
    for who, tail in tails.items():
        print(
            f"{who} at half its peak ({tail['rate']:.0f}/s): p50 {tail['p50_ms']:.3f} ms, "
            f"p99 {tail['p99_ms']:.3f} ms, {tail['ratio']:.1f} x"
        )
    if tails["assay"]["ratio"] > max(TAIL_GOAL, tails["raw"]["ratio"]):
        missed.append("p99 at half the peak")
    print(f"routing: {routing[0]:.1f} us at most ({routing[1]}), goal {ROUTING_GOAL_US:.0f}")
    if routing[0] > ROUTING_GOAL_US:
        missed.append("routing")
    for line in missed:
        print("missed:", line)
    if path:
        figures = {"cases": found, "tails": tails, "routing_us": routing[0], "missed": missed}
        path.write_text(json.dumps(figures, indent=2) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
