"""Streaming to 1,000 readers: Assay's WebSocket against raw TCP that writes the same bytes.

The raw server frames each message once and writes it to every connection, which is the least that
can be done (asyncio on uvloop). Both are real processes pinned to one core, fed by a thread of
their own at the same rate; the readers are one C program with epoll on another core. CPU is that of
the server's process, all threads; the delay is from the moment a message is made to the moment it
is read. Shuffled rounds of one run.

    python bench/streams/run.py [--rounds 3] [--seconds 3] [--json FILE]

Then apart: what happens while all readers stand still (conflation), and what keeping the latest for
a slow reader costs. Exits with 1 when a goal is missed.
"""

import argparse
import asyncio
import base64
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import types
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
READERS = 1_000
KEYS = 10
RATES = (50, 150)
CPU_GOAL = 2.0
DELAY_GOAL = 2.5
CAPACITY_GOAL = 80_000
STALL_S = 4.0
HANDSHAKE = (
    "GET /v1/stream HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    "sec-websocket-version: 13\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)
PAYLOAD = (
    b'{"ns":%d,"token_id":3375,"symbol":"BTC","currency":"USDT","price":17123.45,'
    b'"contributions":[{"venue":"binance","symbol":"BTCUSDT","price":17123.45}]}'
)


def find_tests() -> None:
    """Let `tests` be ours: a package of that name is installed with a peer."""
    sys.path.insert(0, str(ROOT))
    package = types.ModuleType("tests")
    package.__path__ = [str(ROOT / "tests")]
    sys.modules["tests"] = package


def allow_files() -> None:
    """Sockets are files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536), most))


def feed(publish) -> None:
    """Publish as stdin says, `RATE SECONDS` a line; answer with what was sent and the CPU used."""
    for line in sys.stdin:
        rate, seconds = (float(word) for word in line.split())
        began, cpu = time.monotonic(), time.process_time()
        for number in range(int(rate * seconds)):
            wait_s = began + number / rate - time.monotonic()
            if wait_s > 0:
                time.sleep(wait_s)
            publish(number)
        time.sleep(1.0)
        told = {"sent": int(rate * seconds), "cpu_s": time.process_time() - cpu}
        print(json.dumps(told | tell_more()), flush=True)


def tell_more() -> dict[str, float]:
    """What else the server knows; the application adds to it."""
    return {}


def serve_assay(home: str) -> None:
    """A child process: the real application, fed over its bus."""
    global tell_more
    find_tests()
    from tests.api.world import make_world

    from assay.api.serve import open_socket
    from assay.api.server import create_server
    from assay.feeds.types import pack_update
    from assay.kit.bus import LIVE

    app = make_world(Path(home)).app
    bus, streams = app.state.bus, app.state.streams

    def publish(number: int) -> None:
        payload = PAYLOAD % time.monotonic_ns()
        bus.publish(LIVE, pack_update("prices", str(number % KEYS), payload))

    def tell_all() -> dict[str, float]:
        page = Path("/proc/self/statm").read_text().split()[1]
        return {"published": streams.hub.published["prices"], "rss": int(page) * 4_096 / 1e6}

    tell_more = tell_all
    listener = open_socket("127.0.0.1", 0)
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=feed, args=(publish,), daemon=True).start()
    create_server(app.entry, app.state.settings).run(sockets=[listener])


def serve_raw(_: str) -> None:
    """A child process: frames made once, written to all."""
    import uvloop

    from assay.api.streams.updates import frame_text, write_update

    writes = {}

    class Raw(asyncio.Protocol):
        def connection_made(self, transport) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            if data.startswith(b"GET"):
                self.transport.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
                self.transport.write(frame_text(b'{"type":"snapshot"}'))
                writes[self] = self.transport.write

        def connection_lost(self, error) -> None:
            writes.pop(self, None)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Raw, "127.0.0.1", 0, backlog=2_048)

        def write(number: int, payload: bytes) -> None:
            frame = frame_text(write_update("prices", str(number % KEYS), number, 0, payload))
            for each in writes.values():
                each(frame)

        def publish(number: int) -> None:
            loop.call_soon_threadsafe(write, number, PAYLOAD % time.monotonic_ns())

        print(server.sockets[0].getsockname()[1], flush=True)
        threading.Thread(target=feed, args=(publish,), daemon=True).start()
        await server.serve_forever()

    uvloop.run(main())


class Server:
    """A child process that serves, pinned to the first core."""

    def __init__(self, role: str, folder: str) -> None:
        command = ["taskset", "-c", str(min(os.sched_getaffinity(0))), sys.executable, __file__]
        self.process = subprocess.Popen(
            [*command, f"--{role}", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self.port = int(self.process.stdout.readline())

    def publish(self, rate: float, seconds: float) -> dict[str, float]:
        self.start_publishing(rate, seconds)
        return self.end_publishing()

    def start_publishing(self, rate: float, seconds: float) -> None:
        self.process.stdin.write(f"{rate} {seconds}\n")
        self.process.stdin.flush()

    def end_publishing(self) -> dict[str, float]:
        return json.loads(self.process.stdout.readline())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)


class Readers:
    """The C program, pinned to the last core."""

    def __init__(self, folder: Path, port: int) -> None:
        request, subscribe = folder / "request", folder / "subscribe"
        request.write_bytes(HANDSHAKE.encode())
        subscribe.write_bytes(mask(b'{"type":"subscribe","channel":"prices"}'))
        core = str(max(os.sched_getaffinity(0)))
        self.process = subprocess.Popen(
            ["taskset", "-c", core, folder / "client", str(port), str(READERS), request, subscribe],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"the readers could not subscribe: {self.process.wait()}")

    def stand_still(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def finish(self) -> dict[str, float]:
        return json.loads(self.process.communicate()[0])


def mask(message: bytes) -> bytes:
    """A text frame of a client (RFC 6455 5.3)."""
    key = base64.b64decode("AQIDBA==")
    masked = bytes(byte ^ key[place % 4] for place, byte in enumerate(message))
    return bytes((0x81, 0x80 | len(message))) + key + masked


def build(folder: Path) -> None:
    source = Path(__file__).with_name("client.c")
    subprocess.run(["cc", "-O2", "-o", folder / "client", source], check=True)


def measure(folder: Path, servers: dict[str, Server], rounds: int, seconds: float) -> dict:
    """Rows by (server, rate), one a round."""
    found: dict[tuple[str, int], list[dict[str, float]]] = {}
    order = np.random.default_rng(7)
    for _ in range(rounds):
        plans = [(name, rate) for name in servers for rate in RATES]
        order.shuffle(plans)
        for name, rate in plans:
            readers = Readers(folder, servers[name].port)
            told = servers[name].publish(rate, seconds)
            said = readers.finish()
            said["cpu_us"] = told["cpu_s"] / max(1, said["count"]) * 1e6
            said["arrived"] = said["count"] / (told["sent"] * READERS)
            found.setdefault((name, rate), []).append(said)
    return found


def report(found: dict, results: dict[str, float]) -> list[str]:
    """Print the table; what is below target."""
    missed = []
    print(f"\n{READERS} readers; medians of {len(next(iter(found.values())))} rounds")
    print(f"{'':8}{'msg/s':>6}{'CPU us':>9}{'p50 ms':>9}{'p99 ms':>9}{'arrived':>9}{'a core':>12}")
    mid: dict[tuple[str, int], dict[str, float]] = {}
    for (name, rate), rows in sorted(found.items()):
        mid[name, rate] = m = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
        m["core"] = 1e6 / m["cpu_us"]
        print(
            f"{name:8}{rate:6}{m['cpu_us']:9.2f}{m['p50_us'] / 1e3:9.1f}{m['p99_us'] / 1e3:9.1f}"
            f"{m['arrived']:9.3f}{m['core']:12,.0f}"
        )
    slow = RATES[0]
    cpu = ratio_of(found, slow, "cpu_us")
    delay = ratio_of(found, slow, "p99_us")
    core = mid["assay", RATES[1]]["core"]
    results.update(cpu_ratio=cpu, p99_ratio=delay, deliveries_a_core=core)
    results["arrived"] = mid["assay", RATES[1]]["arrived"]
    print(f"CPU a delivery {cpu:.2f} x raw TCP (goal {CPU_GOAL}) at {slow} msg/s")
    print(f"p99 of the delay {delay:.2f} x raw TCP (goal {DELAY_GOAL}) at {slow} msg/s")
    print(
        f"{core:,.0f} deliveries a second of one core (goal {CAPACITY_GOAL:,}) at {RATES[1]} msg/s"
    )
    if results["arrived"] < 0.99:
        print("the machine was too busy: some were conflated or came after the end of the round")
    if cpu > CPU_GOAL:
        missed.append("CPU")
    if delay > DELAY_GOAL:
        missed.append("p99")
    if core < CAPACITY_GOAL:
        missed.append("capacity")
    return missed


def ratio_of(found: dict, rate: int, figure: str) -> float:
    """Median over rounds of ours by raw TCP's."""
    pairs = zip(found["assay", rate], found["raw", rate], strict=True)
    return statistics.median(mine[figure] / raw[figure] for mine, raw in pairs)


def measure_stall(folder: Path, server: Server, results: dict[str, float]) -> None:
    """All readers stand still while 2,000 messages a second come for ten keys; then they go on."""
    readers = Readers(folder, server.port)
    readers.stand_still()
    told = server.publish(2_000, STALL_S)
    readers.go_on()
    time.sleep(2.0)
    said = readers.finish()
    made = told["sent"] * READERS
    results.update(stalled_made=made, stalled_got=said["count"], stalled_rss_mb=told["rss"])
    print(
        f"\nstanding still for {STALL_S:g} s at 2,000 msg/s: {made:,.0f} made, {said['count']:,}"
        f" delivered in the end, {told['cpu_s'] / made * 1e6:.2f} us CPU each,"
        f" server {told['rss']:.0f} MB"
    )


def measure_holding(results: dict[str, float]) -> None:
    """What keeping the latest for a slow reader costs, in process."""
    from assay.api.streams.outbox import Outbox
    from assay.api.streams.updates import Update

    outbox = Outbox(lambda update: update.frame)
    updates = [
        Update(b"x" * 250, seq=n, mark=b"", channel="prices", slot=str(n % 50))
        for n in range(5_000)
    ]
    best = min(_time_holding(outbox, updates) for _ in range(7))
    results["hold_us"] = best
    print(f"keeping the latest of 50 keys for a slow reader: {best:.2f} us an update")


def _time_holding(outbox, updates) -> float:
    began = time.perf_counter()
    for update in updates:
        outbox.hold(update)
    return (time.perf_counter() - began) / len(updates) * 1e6


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--assay")
    parser.add_argument("--raw")
    options = parser.parse_args()
    allow_files()
    if options.assay:
        serve_assay(options.assay)
        return 0
    if options.raw:
        serve_raw(options.raw)
        return 0
    results: dict[str, float] = {"load": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)
        servers = {}
        try:
            servers["assay"] = Server("assay", str(folder / "home"))
            servers["raw"] = Server("raw", name)
            found = measure(folder, servers, options.rounds, options.seconds)
            missed = report(found, results)
            measure_stall(folder, servers["assay"], results)
        finally:
            for server in servers.values():
                server.stop()
    measure_holding(results)
    print(f"load of the machine at the start: {results['load']:.1f}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    if missed:
        print("below target: " + ", ".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
