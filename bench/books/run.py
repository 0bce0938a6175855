"""A 40-level depth message of Binance into a 1,000-level book: the kernel and the portable path
against ccxt's own, from the frame's bytes to a sequenced book with its best prices known.

    .bench-venv/bin/python bench/books/run.py [--rounds 7] [--messages 3000]

Every round runs every engine once, in a new order, in one process; medians of CPU time a message
are compared, ours with the call from Python and the sequence check, ccxt's as its
`handle_order_book_message` does it (JSON, `handle_deltas`), without its checks of the sequence. All
final books must equal the truth. Exits with 1 when a target is missed or a book differs.
"""

import argparse
import json
import os
import sys
import time
from bisect import bisect_left, insort
from collections.abc import Callable
from pathlib import Path
from statistics import median

import ccxt.pro
import msgspec
import numpy as np
import orjson
from ccxt.async_support.base.ws.order_book import OrderBook

from assay.feeds.compute.book import Book, compile_kernels
from assay.feeds.types import BookSnapshot, Instrument, SequenceRule

MIDDLE, LEVELS, CHANGES, TICK = 6_300_000, 1000, 20, 0.01
Half = dict[int, int]
Books = tuple[Half, Half]
BTC = Instrument("binance", "BTCUSDT", "BTC", "USDT", TICK)


def price(ticks: int) -> str:
    return f"{ticks // 100}.{ticks % 100:02d}000000"


def size(units: int) -> str:
    return f"{units // 10**8}.{units % 10**8:08d}"


def build(seed: int, messages: int) -> tuple[Books, list[bytes], Books]:
    """The book before, the messages, and the book after."""
    random = np.random.default_rng(seed)

    def draw() -> int:
        return int(random.integers(1000, 500_000)) * 1000

    start: Books = (
        {MIDDLE - 1 - index: draw() for index in range(LEVELS)},
        {MIDDLE + 1 + index: draw() for index in range(LEVELS)},
    )
    halves = (dict(start[0]), dict(start[1]))
    frames = []
    for number in range(messages):
        sides = []
        for half, sign in zip(halves, (-1, 1), strict=True):
            levels = []
            for _ in range(CHANGES):
                ticks = MIDDLE + sign * (1 + int(random.exponential(40)))
                if ticks in half and random.random() < 0.3 and len(half) > 500:
                    del half[ticks]
                else:
                    half[ticks] = draw()
                levels.append([price(ticks), size(half.get(ticks, 0))])
            sides.append(levels)
        first = 100 + 40 * number
        change = {"e": "depthUpdate", "E": 1_700_000_000_000 + number, "s": "BTCUSDT"}
        frames.append(
            orjson.dumps(change | {"U": first, "u": first + 39, "b": sides[0], "a": sides[1]})
        )
    return start, frames, halves


def snapshot(start: Books) -> BookSnapshot:
    bids, asks = ([(price(t), size(units)) for t, units in half.items()] for half in start)
    return BookSnapshot("BTCUSDT", 99, bids, asks)


def run_ours(start: Books, frames: list[bytes], compiled: bool) -> tuple[float, Books]:
    book = Book(BTC, SequenceRule.RANGE, compiled=compiled)
    book.load(snapshot(start))
    apply = book.apply_raw
    begun = time.process_time()
    for frame in frames:
        apply(frame)
    spent = time.process_time() - begun
    if book.counts[0] != len(frames) + 1:
        raise SystemExit(f"not all applied: {book.counts} {book.reason}")
    bids, asks = ({ticks // 10**10: units for ticks, units in half} for half in book.levels())
    return spent, (bids, asks)


EXCHANGE = ccxt.pro.binance()


def run_ccxt(start: Books, frames: list[bytes]) -> tuple[float, Books]:
    whole = snapshot(start)
    book = OrderBook(
        {
            "bids": [[float(p), float(s)] for p, s in whole.bids],
            "asks": [[float(p), float(s)] for p, s in whole.asks],
            "nonce": 99,
        }
    )
    bids, asks = book["bids"], book["asks"]
    begun = time.process_time()
    for frame in frames:
        message = orjson.loads(frame)
        EXCHANGE.handle_deltas(bids, EXCHANGE.safe_list(message, "b", []))
        EXCHANGE.handle_deltas(asks, EXCHANGE.safe_list(message, "a", []))
        bids[0], asks[0]
    spent = time.process_time() - begun
    found = [{round(p * 100): round(s * 10**8) for p, s in half} for half in (bids, asks)]
    return spent, (found[0], found[1])


class _Change(msgspec.Struct, gc=False):
    b: list[tuple[float, float]]
    a: list[tuple[float, float]]


def run_plain(start: Books, frames: list[bytes]) -> tuple[float, Books]:
    """What one writes by hand: msgspec, a dict, a sorted list; floats, nothing checked."""
    decode = msgspec.json.Decoder(_Change, strict=False).decode
    whole = snapshot(start)
    halves = [
        {sign * float(p): float(s) for p, s in levels}
        for sign, levels in ((-1, whole.bids), (1, whole.asks))
    ]
    keys = [sorted(half) for half in halves]
    begun = time.process_time()
    for frame in frames:
        message = decode(frame)
        for half, order, levels, sign in zip(
            halves, keys, (message.b, message.a), (-1, 1), strict=True
        ):
            for value, amount in levels:
                key = sign * value
                if amount:
                    if key not in half:
                        insort(order, key)
                    half[key] = amount
                elif key in half:
                    del half[key]
                    del order[bisect_left(order, key)]
    spent = time.process_time() - begun
    found = [{round(abs(p) * 100): round(s * 10**8) for p, s in half.items()} for half in halves]
    return spent, (found[0], found[1])


def run_decode(start: Books, frames: list[bytes]) -> tuple[float, Books | None]:
    """The limit of any path that makes Python objects: msgspec's reading alone."""
    decode = msgspec.json.Decoder(_Change, strict=False).decode
    begun = time.process_time()
    for frame in frames:
        decode(frame)
    return time.process_time() - begun, None


KERNEL, PORTABLE, CCXT = "Assay, kernel", "Assay, portable", "ccxt (orjson + handle_deltas)"
ENGINES: dict[str, Callable[[Books, list[bytes]], tuple[float, Books | None]]] = {
    KERNEL: lambda start, frames: run_ours(start, frames, compiled=True),
    PORTABLE: lambda start, frames: run_ours(start, frames, compiled=False),
    CCXT: run_ccxt,
    "by hand (msgspec + dict + list)": run_plain,
    "msgspec's reading alone (limit)": run_decode,
}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--json", type=Path, default=Path("bench/results/books.json"))
    options = parser.parse_args()
    start, frames, after = build(3, options.messages)
    begun = time.process_time()
    compile_kernels()
    print(f"kernels ready after {time.process_time() - begun:.2f} s CPU (cold or cached)")
    print(f"{len(frames)} messages of {len(frames[0])} B; load {os.getloadavg()[0]:.1f}")
    random = np.random.default_rng(1)
    spent: dict[str, list[float]] = {name: [] for name in ENGINES}
    for _ in range(options.rounds):
        for index in random.permutation(len(ENGINES)):
            name = list(ENGINES)[index]
            seconds, book = ENGINES[name](start, frames)
            spent[name].append(seconds / len(frames) * 1e6)
            if book is not None and book != after:
                print(f"{name}: the final book is not the venue's")
                return 1
    typical = {name: median(values) for name, values in spent.items()}
    print(f"{'':34s} {'us/message':>10s} {'best':>8s} {'x kernel':>9s}")
    for name, value in sorted(typical.items(), key=lambda item: item[1]):
        print(f"{name:34s} {value:10.2f} {min(spent[name]):8.2f} {value / typical[KERNEL]:9.1f}")
    rows = [
        ("kernel, us a message", typical[KERNEL], "<=", 3.0),
        ("kernel, times ccxt", typical[CCXT] / typical[KERNEL], ">=", 12.0),
        ("portable, us a message", typical[PORTABLE], "<=", 15.0),
    ]
    failed = False
    for what, value, sign, limit in rows:
        met = value <= limit if sign == "<=" else value >= limit
        failed |= not met
        print(f"{what:28s} {value:8.2f}  target {sign} {limit:g}  {'met' if met else 'MISSED'}")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({"typical_us": typical, "rows": rows}, indent=1))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
