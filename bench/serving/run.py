"""Server CPU a request, latest list of grades: Assay against raw ASGI sending the same bytes.

Both are real uvicorn processes with the same settings on loopback, pinned to one core, asked by the
same client on another core over kept-alive connections, in shuffled rounds of the same run. CPU is
what the kernel counted for all threads of the server (/proc/PID/task/*/schedstat, nanoseconds).

    python bench/serving/run.py [--rounds 25] [--requests 1000] [--json FILE]

The goal is 1.3: exits with 1 when the list, uncompressed or as a browser asks for it, costs more.
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
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
TARGET = "/v1/grades/trader?limit=1000"
TOKENS = 350
CONNECTIONS = 16
GOAL = 1.3


@dataclass(frozen=True)
class Case:
    """One kind of request, and the answer that both servers must give."""

    name: str
    headers: str
    answer_bytes: int
    body_bytes: int
    status: int


def serve_assay(home: str) -> None:
    """A child process: the real application over a made-up market."""
    sys.path.insert(0, str(ROOT))
    from tests.api.world import make_world

    from assay.api.serve import create_server, name_url, open_socket

    app = make_world(Path(home), tokens=TOKENS).app
    listener = open_socket("127.0.0.1", 0)
    print(name_url(listener), flush=True)
    create_server(app, app.state.settings).run(sockets=[listener])


def serve_raw(folder: str) -> None:
    """A child process: the least an ASGI application can do to send the same bytes."""
    from types import SimpleNamespace

    from assay.api.serve import create_server, name_url, open_socket
    from assay.kit.settings import Settings

    answers = {}
    for path in Path(folder).glob("*.body"):
        status, coding, etag = path.with_suffix(".meta").read_bytes().split(b"\n")
        body = path.read_bytes()
        headers = [(b"etag", etag)]
        if status == b"200":
            headers = [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
            ]
            if coding:
                headers.append((b"content-encoding", coding))
        start = {"type": "http.response.start", "status": int(status), "headers": headers}
        answers[f"/{path.stem}"] = (start, {"type": "http.response.body", "body": body})

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        start, body = answers[scope["path"]]
        await send(start)
        await send(body)

    listener = open_socket("127.0.0.1", 0)
    print(name_url(listener), flush=True)
    create_server(SimpleNamespace(front=app), Settings()).run(sockets=[listener])


class Server:
    """A child process that serves, pinned to the first core it may use."""

    def __init__(self, role: str, argument: str) -> None:
        command = [sys.executable, __file__, f"--{role}", argument]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        line = self.process.stdout.readline()
        self.port = int(line.rsplit(":", 1)[1])
        for task in self.tasks():
            os.sched_setaffinity(int(task.name), {min(os.sched_getaffinity(0))})

    def tasks(self) -> list[Path]:
        return list(Path(f"/proc/{self.process.pid}/task").iterdir())

    def cpu_ns(self) -> int:
        return sum(int((task / "schedstat").read_text().split()[0]) for task in self.tasks())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


def fetch(port: int, target: str, headers: str) -> tuple[int, dict[str, str], bytes, int]:
    """One request; status, headers, body and the size of the whole answer."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(write_request(port, target, headers + "connection: close\r\n"))
        raw = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    found = dict(line.split(": ", 1) for line in lines[1:])
    return int(lines[0].split()[1]), found, body, len(raw) - len("connection: close\r\n")


def write_request(port: int, target: str, headers: str) -> bytes:
    common = "user-agent: bench\r\naccept: application/json\r\n"
    return f"GET {target} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{common}{headers}\r\n".encode()


def ask_many(port: int, request: bytes, answer_bytes: int, count: int) -> float:
    """Send `count` requests over kept-alive connections; returns the seconds it took."""
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    poll = select.epoll()
    buffer = bytearray(1 << 20)
    missing, by_number, sent, done = {}, {}, 0, 0
    started = time.perf_counter()
    for connection in connections:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        by_number[connection.fileno()] = connection
        missing[connection.fileno()] = answer_bytes
        poll.register(connection.fileno(), select.EPOLLIN)
        connection.sendall(request)
        sent += 1
    while done < sent:
        for number, _ in poll.poll():
            got = by_number[number].recv_into(buffer)
            if not got:
                raise RuntimeError("the server closed a connection")
            missing[number] -= got
            if missing[number] < 0:
                raise RuntimeError("an answer was longer than the first one")
            if missing[number] == 0:
                done += 1
                if sent < count:
                    missing[number] = answer_bytes
                    by_number[number].sendall(request)
                    sent += 1
    elapsed = time.perf_counter() - started
    poll.close()
    for connection in connections:
        connection.close()
    return elapsed


def prepare(assay: Server, folder: Path) -> list[Case]:
    """Ask Assay once for each case and leave the same bytes for the raw server."""
    cases = []
    _, found, _, _ = fetch(assay.port, TARGET, "")
    plans = {
        "list": "",
        "list-zstd": "accept-encoding: gzip, deflate, br, zstd\r\n",
        "unchanged": f"if-none-match: {found['etag']}\r\n",
    }
    for name, headers in plans.items():
        fetch(assay.port, TARGET, headers)
        status, found, body, size = fetch(assay.port, TARGET, headers)
        (folder / f"{name}.body").write_bytes(body)
        meta = f"{status}\n{found.get('content-encoding', '')}\n{found['etag']}"
        (folder / f"{name}.meta").write_text(meta)
        cases.append(Case(name, headers, size, len(body), status))
    return cases


def measure(assay: Server, raw: Server, case: Case, rounds: int, count: int) -> dict[str, object]:
    """CPU microseconds a request of both, in shuffled rounds."""
    raw_status, _, raw_body, raw_size = fetch(raw.port, f"/{case.name}", case.headers)
    if (raw_status, len(raw_body)) != (case.status, case.body_bytes):
        raise RuntimeError("the raw server answers something else")
    plans = {
        "assay": (assay, TARGET, case.answer_bytes),
        "raw": (raw, f"/{case.name}", raw_size),
    }
    rng = np.random.default_rng(1)
    spent: dict[str, list[float]] = {"assay": [], "raw": []}
    rate: dict[str, list[float]] = {"assay": [], "raw": []}
    for turn in range(rounds + 1):
        for name in rng.permutation(list(plans)):
            server, target, size = plans[name]
            request = write_request(server.port, target, case.headers)
            before = server.cpu_ns()
            elapsed = ask_many(server.port, request, size, count)
            if turn:
                spent[name].append((server.cpu_ns() - before) / count / 1_000)
                rate[name].append(count / elapsed)
    ratios = [a / r for a, r in zip(spent["assay"], spent["raw"], strict=True)]
    return {
        **asdict(case),
        "assay_cpu_us": statistics.median(spent["assay"]),
        "raw_cpu_us": statistics.median(spent["raw"]),
        "assay_per_s": statistics.median(rate["assay"]),
        "raw_per_s": statistics.median(rate["raw"]),
        "ratio": statistics.median(ratios),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--assay")
    parser.add_argument("--raw")
    options = parser.parse_args()
    if options.assay:
        serve_assay(options.assay)
        return 0
    if options.raw:
        serve_raw(options.raw)
        return 0
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as answers:
        assay = Server("assay", home)
        servers = [assay]
        try:
            cases = prepare(assay, Path(answers))
            servers.append(Server("raw", answers))
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
            found = [measure(*servers, case, options.rounds, options.requests) for case in cases]
        finally:
            for server in servers:
                server.stop()
    print(
        f"{'case':<10} {'bytes':>8} {'assay us':>9} {'raw us':>8} {'ratio':>6}  (lowest..highest)"
    )
    for row in found:
        print(
            f"{row['name']:<10} {row['body_bytes']:>8} {row['assay_cpu_us']:>9.1f} "
            f"{row['raw_cpu_us']:>8.1f} {row['ratio']:>6.2f}  "
            f"({row['ratio_low']:.2f}..{row['ratio_high']:.2f})"
        )
    if options.json:
        options.json.write_text(json.dumps({"goal": GOAL, "cases": found}, indent=2) + "\n")
    return 0 if all(r["ratio"] <= GOAL for r in found if r["status"] == 200) else 1


if __name__ == "__main__":
    sys.exit(main())
