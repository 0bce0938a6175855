"""The replay exchange: how fast it sends, how fast it answers, how soon it is there.

    python bench/exchange/run.py [--seconds 10] [--orders 2000]

Sending: one reader of `depth@100ms` of 20 pairs, the replay at full speed, in a process of its
own; beside it the engine and the encoding alone, which no server can beat. Answering: a limit order
that rests, placed and waited for, by REST and by the WebSocket API, beside `ping` on the same
connection. Starting: from the command to the first answer of `exchangeInfo` and of `depth`, on an
empty home (kernels are compiled) and on a second start. Targets: half of what the engine alone
makes, orders within 5 x ping at the median, `exchangeInfo` within 5 s. Exits with 1 when one is
missed.
"""

import argparse
import contextlib
import hashlib
import hmac
import http.client
import json
import multiprocessing
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

from websockets.sync.client import connect

from assay.exchange import MAX, ReplayServer
from assay.exchange.compute.engine import Engine
from assay.exchange.shapes.events import write_depth
from assay.exchange.sources.sample import load_recordings
from assay.exchange.types import Channel, Options
from assay.kit.clock import SystemClock

PAIRS = 20
FLOOR, ORDER_GOAL, START_GOAL_S = 0.5, 5.0, 5.0


def now_ms():
    return int(SystemClock().now().timestamp() * 1_000)


def list_pairs():
    symbols = [recording.symbol for recording in load_recordings()]
    return [symbol for symbol in symbols if symbol.endswith("USDT")][:PAIRS]


def measure_engine(pairs, seconds):
    """(messages a second, bytes a message) of the engine and the encoding alone."""
    engine = Engine(load_recordings(pairs), Options())
    for pair in pairs:
        engine.watch(pair, Channel.DEPTH)
    engine.advance(engine.now_ms + 5_000)
    messages = size = 0
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        for event in engine.advance(engine.now_ms + 100):
            messages += 1
            size += len(write_depth(event))
    return messages / (time.perf_counter() - start), size / messages


def serve(line, options):
    with ReplayServer(**options) as server:
        line.send((server.url, server.api_key, server.api_secret))
        line.recv()


@contextlib.contextmanager
def running(**options):
    """(url, key, secret) of an exchange in another process."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, options))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("end")
        process.join()


def count_frames(buffer, place):
    """(frames, where the first one begins that is not whole)."""
    count = 0
    while len(buffer) - place >= 4:
        size, head = buffer[place + 1], 2
        if size == 126:
            size, head = int.from_bytes(buffer[place + 2 : place + 4]), 4
        elif size == 127:
            if len(buffer) - place < 10:
                break
            size, head = int.from_bytes(buffer[place + 2 : place + 10]), 10
        if len(buffer) - place < head + size:
            break
        place += head + size
        count += 1
    return count, place


def measure_sending(pairs, seconds):
    """Messages a second that one reader gets."""
    names = "/".join(f"{pair.lower()}@depth@100ms" for pair in pairs)
    with running(speed=MAX, pairs=pairs, loop=True) as (url, _, _):
        parts = urlsplit(url)
        with socket.create_connection((parts.hostname, parts.port)) as reader:
            reader.sendall(
                f"GET /ws/{names} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
            )
            buffer = bytearray()
            while b"\r\n\r\n" not in buffer:
                buffer += reader.recv(65_536)
            del buffer[: buffer.index(b"\r\n\r\n") + 4]
            frames, start = 0, time.perf_counter()
            while (elapsed := time.perf_counter() - start) < seconds:
                buffer += reader.recv(1 << 20)
                found, place = count_frames(buffer, 0)
                frames += found
                del buffer[:place]
    return frames / elapsed


def time_each(do, count):
    """Milliseconds of each of `count` calls, the first hundred left out."""
    taken = []
    for number in range(count + 100):
        start = time.perf_counter()
        do(number)
        taken.append((time.perf_counter() - start) * 1_000)
    return taken[100:]


def sign(secret, text):
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def make_order(number):
    side = "BUY" if number % 2 else "SELL"
    price = "10000.00" if number % 2 else "30000.00"
    order = {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", "timeInForce": "GTC"}
    return order | {"quantity": "0.00100", "price": price, "timestamp": now_ms()}


def measure_rest(url, key, secret, orders):
    """(milliseconds of pings, of orders) over one connection."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(method, path, body=None):
        headers = {"X-MBX-APIKEY": key, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        shape = json.loads(answer.read())
        if answer.status != 200:
            raise RuntimeError(shape)

    def place(number):
        if number % 150 == 149:
            query = urlencode({"symbol": "BTCUSDT", "timestamp": now_ms()})
            ask("DELETE", f"/api/v3/openOrders?{query}&signature={sign(secret, query)}")
        query = urlencode(make_order(number))
        ask("POST", "/api/v3/order", f"{query}&signature={sign(secret, query)}")

    pings = time_each(lambda number: ask("GET", "/api/v3/ping"), orders)
    placed = time_each(place, orders)
    query = urlencode({"symbol": "BTCUSDT", "timestamp": now_ms()})
    ask("DELETE", f"/api/v3/openOrders?{query}&signature={sign(secret, query)}")
    return pings, placed


def measure_websocket(url, key, secret, orders):
    """(milliseconds of pings, of orders) over one connection."""
    with connect(url.replace("http", "ws") + "/ws-api/v3", compression=None) as connection:

        def ask(method, params):
            connection.send(json.dumps({"id": 1, "method": method, "params": params}))
            answer = json.loads(connection.recv())
            if answer["status"] != 200:
                raise RuntimeError(answer)

        def ask_signed(method, params):
            params = {**params, "apiKey": key}
            text = "&".join(f"{name}={params[name]}" for name in sorted(params))
            ask(method, {**params, "signature": sign(secret, text)})

        def place(number):
            if number % 150 == 149:
                at = {"symbol": "BTCUSDT", "timestamp": now_ms()}
                ask_signed("openOrders.cancelAll", at)
            ask_signed("order.place", make_order(number))

        return time_each(lambda number: ask("ping", {}), orders), time_each(place, orders)


def measure_start(home):
    """Seconds to the first answer of (exchangeInfo, depth)."""
    words = [sys.executable, "-m", "assay", "exchange", "replay", "--port", "0"]
    environment = {**os.environ, "ASSAY_HOME": home}
    environment.pop("ASSAY_KERNEL_CACHE", None)
    start = time.perf_counter()
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as process:
        url = re.search(r"http://[^/]+", process.stdout.readline()).group()
        seconds = []
        for path in ("/api/v3/exchangeInfo", "/api/v3/depth?symbol=BTCUSDT"):
            with urlopen(url + path) as answer:  # noqa: S310 - our own
                answer.read()
            seconds.append(time.perf_counter() - start)
        process.terminate()
    return seconds


def describe(taken):
    cuts = statistics.quantiles(taken, n=100)
    return f"p50 {statistics.median(taken):.2f} ms, p99 {cuts[98]:.2f} ms"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--orders", type=int, default=2_000)
    asked = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    pairs = list_pairs()
    alone, size = measure_engine(pairs, asked.seconds / 2)
    sent = measure_sending(pairs, asked.seconds)
    ratio = sent / alone
    print(f"engine and encoding alone {alone:,.0f} messages/s of {size:.0f} B, {PAIRS} pairs")
    print(f"sent to one reader        {sent:,.0f} messages/s: {ratio:.2f} of it (>= {FLOOR})")
    is_good = ratio >= FLOOR
    with running(speed=1.0, pairs=["BTCUSDT"]) as place:
        for name, measure in (("REST", measure_rest), ("WebSocket", measure_websocket)):
            pings, orders = measure(*place, asked.orders)
            times = statistics.median(orders) / statistics.median(pings)
            print(f"{name:10}ping  {describe(pings)}")
            print(f"{name:10}order {describe(orders)}: {times:.1f} x ping (<= {ORDER_GOAL})")
            is_good &= times <= ORDER_GOAL
    with tempfile.TemporaryDirectory() as home:
        for name in ("empty home", "again"):
            info, depth = measure_start(home)
            print(
                f"start, {name}: exchangeInfo {info:.2f} s (<= {START_GOAL_S}), depth {depth:.2f} s"
            )
            is_good &= info <= START_GOAL_S
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
