"""The whole feed against the replay exchange and its faults: it knows what the venue says."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.feeds.service.fakes import make_registry

from assay.exchange import ReplayServer
from assay.feeds import Options, Runtime, Wish
from assay.feeds.service.feed import Feed
from assay.feeds.types import VenueState, unpack_update
from assay.kit.bus import LIVE
from assay.kit.clock import SystemClock
from assay.kit.errors import BadInput

pytestmark = pytest.mark.slow

PAIRS = ("BTCUSDT", "ETHUSDT", "FTTUSDT")
WISHED = ("BTC/USDT", "ETH/USDT", "FTT/USDT")
QUICK = Options(first_pause_s=0.02, longest_pause_s=0.2, clock_every_s=0.1)
COMPARED = 500
"""Levels a side: a snapshot holds 1,000, and what is beyond it is not known."""


class Ear:
    """A bus that keeps the newest of everything that is said."""

    def __init__(self) -> None:
        self.newest: dict[tuple[str, str], bytes] = {}

    def publish(self, channel: str, message: bytes = b"") -> None:
        assert channel == LIVE
        name, key, payload = unpack_update(message)
        self.newest[name, key] = payload

    def get(self, channel: str, key: str) -> bytes:
        """The newest of a key; empty: nothing was said of it yet."""
        return self.newest.get((channel, key), b"")

    def subscribe(self, *channels: str) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is held open."""


def wait(condition: Callable[[], bool]) -> None:
    """Wait, generously: the machine may be busy with something else."""
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


@contextmanager
def feeding(*servers: ReplayServer, options: Options = QUICK) -> Iterator[tuple[Runtime, Ear]]:
    bus = Ear()
    wishes = [
        Wish(f"venue{place}", "binance", WISHED, server.url) for place, server in enumerate(servers)
    ]
    registry = make_registry("BTC", "ETH", "FTT", "USDT")
    runtime = Runtime(wishes, registry, bus, SystemClock(), options)  # type: ignore[arg-type]
    runtime.start()
    try:
        yield runtime, bus
    finally:
        runtime.stop()
        assert not runtime.is_running


@contextmanager
def replaying(**options: object) -> Iterator[ReplayServer]:
    with ReplayServer(speed=0.0, pairs=PAIRS, **options) as server:  # type: ignore[arg-type]
        yield server


def read_books(feed: Feed, place: int) -> dict[str, tuple[int, bool, list[tuple[float, float]]]]:
    found = {}
    for symbol, kept in feed.venues[place].books.kept.items():
        depth = kept.book.depth(COMPARED)
        found[symbol] = (kept.book.last_id, kept.is_live, [*depth.bids, *depth.asks])
    return found


def is_equal(runtime: Runtime, server: ReplayServer, place: int = 0) -> bool:
    """Whether every book is live and the venue's, level by level."""
    ours = runtime.ask(lambda feed: read_books(feed, place))
    if set(ours) != set(PAIRS):
        return False
    for symbol, (last_id, is_live, levels) in ours.items():
        theirs_id, bids, asks = server.book(symbol, COMPARED)
        theirs = [(float(price), float(size)) for price, size in (*bids, *asks)]
        if not is_live or last_id != theirs_id or levels != theirs:
            return False
    return True


def is_price(update: bytes) -> bool:
    return b'"price":' in update and b'"price":null' not in update


def advance_until_equal(server: ReplayServer, runtime: Runtime, place: int = 0) -> None:
    """Let the replay go on until all books are its own."""

    def step() -> bool:
        server.advance(500)
        time.sleep(0.02)
        return is_equal(runtime, server, place)

    wait(step)


def states(runtime: Runtime) -> list[VenueState]:
    return [health.state for health in runtime.list_health()]


def test_books_are_the_venues_and_prices_are_told() -> None:
    with replaying() as server, feeding(server) as (runtime, bus):
        advance_until_equal(server, runtime)
        server.advance(5_000)
        wait(lambda: is_equal(runtime, server))
        wait(lambda: is_price(bus.get("prices", "1")))
        health = runtime.list_health()[0]
        assert (health.gaps, health.malformed, health.reconnects) == (0, 0, 0)
        assert health.is_replay
        assert "synthetic" in health.notice
        assert b'"is_replay":true' in bus.get("prices", "1")


FAULTS = [
    ("lose_deltas:count=2,symbol=BTCUSDT", "gaps"),
    ("reorder_deltas:count=2,symbol=BTCUSDT", "gaps"),
    ("wrong_ids:count=1,symbol=BTCUSDT", None),
    ("malformed:count=2,symbol=BTCUSDT", "malformed"),
    ("disconnect", "reconnects"),
]


@pytest.mark.parametrize(("fault", "counted"), FAULTS)
def test_after_a_fault_the_books_are_the_venues_again(fault: str, counted: str | None) -> None:
    with replaying() as server, feeding(server) as (runtime, _):
        advance_until_equal(server, runtime)
        server.fault(fault)
        server.advance(3_000)
        advance_until_equal(server, runtime)
        health = runtime.list_health()[0]
        if counted is not None:
            assert getattr(health, counted) > 0
        server.advance(2_000)
        wait(lambda: is_equal(runtime, server))


def test_a_stale_venue_is_said_to_be_stale_and_its_books_are_not_live() -> None:
    options = Options(first_pause_s=0.02, longest_pause_s=0.2, stale_s=0.5, give_up_s=600.0)
    with replaying() as server, feeding(server, options=options) as (runtime, bus):
        advance_until_equal(server, runtime)
        server.fault("stale")
        wait(lambda: states(runtime) == [VenueState.STALE])
        wait(lambda: b"the venue is silent" in bus.get("books", "venue0/BTCUSDT"))
        assert b'"is_live":false' in bus.get("books", "venue0/BTCUSDT")
        server.clear_faults()
        advance_until_equal(server, runtime)

        def is_back() -> bool:
            server.advance(500)
            return states(runtime) == [VenueState.LIVE]

        wait(is_back)


def test_a_slow_venue_is_followed() -> None:
    with replaying() as server, feeding(server) as (runtime, _):
        advance_until_equal(server, runtime)
        server.fault("slow:delay=200ms")
        server.advance(2_000)
        wait(lambda: is_equal(runtime, server))
        server.clear_faults()


def test_a_dead_venue_leaves_the_others_alone_and_may_come_back() -> None:
    with (
        replaying(name="east") as east,
        replaying(name="west") as west,
        feeding(east, west) as (runtime, bus),
    ):
        wait(lambda: states(runtime) == [VenueState.LIVE] * 2)
        advance_until_equal(east, runtime, 0)
        advance_until_equal(west, runtime, 1)
        west.fault("down")
        wait(lambda: states(runtime) == [VenueState.LIVE, VenueState.DOWN])
        wait(lambda: b"no connection" in bus.get("books", "venue1/BTCUSDT"))
        advance_until_equal(east, runtime, 0)
        west.clear_faults()
        wait(lambda: states(runtime) == [VenueState.LIVE] * 2)
        advance_until_equal(west, runtime, 1)


def test_bars_from_trades_equal_the_venues() -> None:
    with replaying() as server, feeding(server) as (runtime, _):
        advance_until_equal(server, runtime)

        def step() -> bool:
            server.advance(10_000)
            time.sleep(0.02)
            return runtime.ask(lambda feed: feed.venues[0].checks.compared) >= len(PAIRS)

        wait(step)
        checks = runtime.ask(lambda feed: feed.venues[0].checks)
        assert checks.differing == 0, checks.last_difference


def test_it_ends_in_order_and_can_be_started_again() -> None:
    with replaying() as server, feeding(server) as (runtime, _):
        wait(lambda: states(runtime) == [VenueState.LIVE])
        runtime.stop()
        assert not runtime.is_running
        runtime.stop()
        runtime.start()
        wait(lambda: states(runtime) == [VenueState.LIVE])


def test_a_venue_through_ccxt_is_told_like_any_other() -> None:
    with replaying() as server:
        bus = Ear()
        wish = Wish("other", "binance", ("BTC/USDT",), server.url, is_ccxt=True)
        runtime = Runtime([wish], make_registry("BTC"), bus, SystemClock(), QUICK)  # type: ignore[arg-type]
        runtime.start()
        try:
            wait(lambda: states(runtime) == [VenueState.LIVE])

            def step() -> bool:
                server.advance(500)
                time.sleep(0.02)
                book = bus.get("books", "other/BTC/USDT")
                price = bus.get("prices", "1")
                return b'"is_live":true' in book and is_price(price)

            wait(step)
            assert runtime.list_health()[0].is_replay
        finally:
            runtime.stop()


def test_a_venue_that_nobody_knows_is_refused_before_anything_runs() -> None:
    wish = Wish("binanse", "binanse", is_ccxt=True)
    runtime = Runtime([wish], make_registry("BTC"), Ear(), SystemClock(), QUICK)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="binanse"):
        runtime.start()
    assert not runtime.is_running
