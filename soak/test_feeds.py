"""Hours of markets through the feed, with a venue that keeps failing and one that dies.

`ASSAY_SOAK_FEED_HOURS` (6) simulated hours of `ASSAY_SOAK_FEED_PAIRS` (10) pairs pass as fast as
both sides go; 20 disconnects are forced and 5 books lose changes. At the end every book is the
venue's own, and the memory of this process has grown by less than 5 % since it was warm.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.feeds.service.fakes import make_registry

from assay.feeds import Options, Runtime, Wish
from assay.feeds.service.feed import Feed
from assay.feeds.types import VenueState, unpack_update
from assay.kit.clock import SystemClock

HOURS = float(os.environ.get("ASSAY_SOAK_FEED_HOURS", "6"))
COUNT = int(os.environ.get("ASSAY_SOAK_FEED_PAIRS", "10"))
DISCONNECTS = 20
GAPS = 5
STEP_MS = 10_000
WARM = 0.25
"""Share of the time after which memory must not grow any more."""
COMPARED = 500

COINS = "BTC ETH FTT SOL BNB XRP ADA MATIC DOT LTC AVAX LINK ATOM UNI ETC NEAR ALGO AAVE SAND APE"
COINS_USED = COINS.split()[:COUNT]


class Exchanges:
    """Replay exchanges in a process of their own, so that memory and time here are the feed's."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("replaying.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, name: str, verb: str, *arguments: Any) -> Any:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps([name, verb, *arguments]) + "\n")
        self._child.stdin.flush()
        return json.loads(self._child.stdout.readline())

    def close(self) -> None:
        # It ends with its input; the pipes are closed with it.
        with self._child as child:
            assert child.stdin is not None
            child.stdin.close()


@pytest.fixture
def exchanges() -> Iterator[Exchanges]:
    running = Exchanges()
    yield running
    running.close()


class Newest:
    """A bus of which only the newest update of each key is kept, as a reader would."""

    def __init__(self) -> None:
        self.updates: dict[tuple[str, str], bytes] = {}
        self.heard = 0

    def publish(self, channel: str, message: bytes = b"") -> None:
        name, key, payload = unpack_update(message)
        self.updates[name, key] = payload
        self.heard += 1

    def subscribe(self, *channels: str) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is held open."""


def read_rss_kb() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def read_books(feed: Feed) -> dict[str, tuple[int, bool, list[tuple[float, float]]]]:
    found = {}
    for symbol, kept in feed.venues[0].books.kept.items():
        depth = kept.book.depth(COMPARED)
        found[symbol] = (kept.book.last_id, kept.is_live, [*depth.bids, *depth.asks])
    return found


def list_unequal(runtime: Runtime, exchanges: Exchanges) -> list[str]:
    """Pairs whose book is not live or not the venue's, level by level."""
    ours = runtime.ask(read_books)
    unequal = []
    for coin in COINS_USED:
        last_id, bids, asks = exchanges.ask("east", "book", f"{coin}USDT", COMPARED)
        theirs = [(float(price), float(size)) for price, size in (*bids, *asks)]
        if ours[f"{coin}USDT"] != (last_id, True, theirs):
            unequal.append(coin)
    return unequal


def test_hours_of_markets_with_a_venue_that_keeps_failing(exchanges: Exchanges) -> None:
    pairs = [f"{coin}USDT" for coin in COINS_USED]
    made = {"speed": 0.0, "pairs": pairs}
    wished = tuple(f"{coin}/USDT" for coin in COINS_USED)
    wishes = [
        Wish(name, "binance", wished, exchanges.ask(name, "make", made))
        for name in ("east", "west")
    ]
    bus = Newest()
    runtime = Runtime(
        wishes,
        make_registry(*COINS_USED, "USDT"),
        bus,
        SystemClock(),
        Options(first_pause_s=0.02, longest_pause_s=0.5),
    )
    runtime.start()
    try:
        run_hours(exchanges, runtime, bus)
    finally:
        runtime.stop()


def run_hours(exchanges: Exchanges, runtime: Runtime, bus: Newest) -> None:
    steps = int(HOURS * 3_600_000) // STEP_MS
    cuts = {steps * (n + 1) // (DISCONNECTS + 1) for n in range(DISCONNECTS)}
    gaps = {steps * (n + 1) // (GAPS + 1) + 3: n for n in range(GAPS)}
    wait(lambda: [one.state for one in runtime.list_health()] == [VenueState.LIVE] * 2)
    wall, cpu = time.perf_counter(), time.process_time()
    warm_kb, reconnects = 0, 0
    for step in range(steps):
        exchanges.ask("east", "advance", STEP_MS)
        if step < steps // 3:
            exchanges.ask("west", "advance", STEP_MS)
        elif step == steps // 3:
            exchanges.ask("west", "stop")
        if step in cuts:
            exchanges.ask("east", "disconnect")
            reconnects += 1
            wait(lambda: runtime.list_health()[0].reconnects >= reconnects)  # noqa: B023
        if step in gaps:
            symbol = f"{COINS_USED[gaps[step] % COUNT]}USDT"
            exchanges.ask("east", "fault", f"lose_deltas:count=2,symbol={symbol}")
        if step == int(WARM * steps):
            warm_kb = read_rss_kb()
    end_kb = read_rss_kb()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu

    def settle() -> bool:
        exchanges.ask("east", "advance", 500)
        time.sleep(0.1)
        return not list_unequal(runtime, exchanges)

    wait(settle)
    east, west = runtime.list_health()
    checks = runtime.ask(lambda feed: feed.venues[0].checks)
    messages = east.messages + west.messages
    print(
        f"feeds: {HOURS:g} simulated hours of {COUNT} pairs in {wall:.0f} s; {messages} messages,"
        f" {messages / wall:.0f} a second, {1e6 * cpu / messages:.1f} us of CPU each,"
        f" {bus.heard} updates told\n"
        f"feeds: {east.reconnects} reconnects, {east.gaps} gaps, {east.malformed} malformed,"
        f" {east.dropped} tickers replaced; final books equal: {COUNT} of {COUNT}\n"
        f"feeds: bars compared {checks.compared}, differing {checks.differing}\n"
        f"feeds: RSS {warm_kb / 1024:.1f} MB warm, {end_kb / 1024:.1f} MB at the end:"
        f" {end_kb / warm_kb - 1:+.1%} (limit +5 %)"
    )
    assert (east.state, west.state) == (VenueState.LIVE, VenueState.DOWN)
    assert east.reconnects == DISCONNECTS
    assert east.gaps >= GAPS
    assert checks.compared > 0
    assert checks.differing == 0, checks.last_difference
    assert end_kb < 1.05 * warm_kb
