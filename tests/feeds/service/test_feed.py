"""What the feed tells the house: conflated, repeated, and honest about what it lacks."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
from tests.feeds.service.fakes import (
    BTC,
    FakeSource,
    SteppedTime,
    make_delta,
    make_registry,
    make_snapshot,
    make_ticker,
    make_trade,
    until,
)

from assay.feeds.service.feed import Feed
from assay.feeds.service.options import Options
from assay.feeds.service.prices import Prices
from assay.feeds.service.publishing import Publisher
from assay.feeds.service.tokens import Tokens
from assay.feeds.service.venue import VenueFeed
from assay.feeds.service.wishes import Wish
from assay.feeds.types import Event, Instrument, Ticker, unpack_update
from assay.kit.bus import LIVE, MemoryBus, Subscription

OPTIONS = Options(first_pause_s=0.002, longest_pause_s=0.01)
BTC_USD = Instrument("west", "BTC-USD", "BTC", "USD", 0.01)


class SlowBus:
    """A bus that a test holds up; it keeps what was said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, Any]] = []
        self.failing = False

    def publish(self, channel: str, message: bytes = b"") -> None:
        assert channel == LIVE
        if self.failing:
            raise OSError("gone")
        name, key, payload = unpack_update(message)
        self.said.append((name, key, msgspec.json.decode(payload)))

    def subscribe(self, *channels: str) -> Subscription:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is held open."""


class Desk:
    """A feed of two venues, whose rounds a test calls itself."""

    def __init__(self) -> None:
        self.time = SteppedTime()
        self.bus = SlowBus()
        self.sources = [FakeSource([BTC]), FakeSource([BTC_USD])]
        tokens = Tokens(make_registry("BTC", "USDT"))
        self.venues = [
            VenueFeed(
                Wish(name, "fake", (pair,)),
                source,
                tokens,
                self.time,
                OPTIONS,
                np.random.default_rng(1),
            )
            for name, source, pair in zip(
                ("east", "west"), self.sources, ("BTC/USDT", "BTC/USD"), strict=True
            )
        ]
        self.publisher = Publisher(self.bus, self.time, OPTIONS.keyframe_s)  # type: ignore[arg-type]
        prices = Prices(self.venues, tokens, self.time)
        self.feed = Feed(self.venues, prices, self.publisher, self.time, OPTIONS)

    async def tell(self, place: int, *events: Event) -> None:
        venue = self.venues[place]
        before = venue.messages
        for event in events:
            self.sources[place].sinks[-1].heard(event, 0)
        await until(lambda: venue.messages == before + len(events))

    async def hear(self) -> list[tuple[str, str, Any]]:
        """What one round says."""
        self.bus.said.clear()
        self.feed.tell_round()
        self.publisher.speak()
        await until(lambda: self.publisher.is_free)
        return list(self.bus.said)

    async def hear_one(self, channel: str, key: str) -> Any:
        found = [one[2] for one in await self.hear() if one[:2] == (channel, key)]
        return found[0] if found else None


def run(body: Callable[[Desk], Awaitable[None]]) -> None:
    async def main() -> None:
        desk = Desk()
        tasks = [asyncio.create_task(venue.run()) for venue in desk.venues]
        try:
            await until(lambda: all(source.sinks for source in desk.sources))
            await body(desk)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await desk.publisher.close()

    asyncio.run(main())


def west_ticker(last: float, volume: float = 5_000.0) -> Ticker:
    ticker = make_ticker(last, last - 1.0, last + 1.0)
    return replace(ticker, symbol="BTC-USD", quote_volume=volume)


def test_a_price_is_told_with_the_venues_and_ages_behind_it() -> None:
    async def body(desk: Desk) -> None:
        await desk.tell(0, make_ticker(100.0))
        desk.time.at_ms += 250
        await desk.tell(1, west_ticker(100.5))
        price = await desk.hear_one("prices", "1")
        assert (price["symbol"], price["currency"], price["price"]) == ("BTC", "USD", 100.5)
        east, west = price["contributions"]
        assert (east["venue"], east["age_ms"], east["used"]) == ("east", 250, False)
        assert "no live rate" in east["left_out"]
        assert (west["venue"], west["age_ms"], west["used"]) == ("west", 0, True)
        assert price["is_replay"] is False

    run(body)


def test_nothing_new_is_not_told_again_before_its_keyframe() -> None:
    async def body(desk: Desk) -> None:
        await desk.tell(1, west_ticker(100.0))
        assert await desk.hear_one("prices", "1")
        assert await desk.hear() == []
        desk.time.at_ms += 4_999
        assert await desk.hear() == []
        desk.time.at_ms += 1
        told = await desk.hear()
        assert {channel for channel, _, _ in told} == {"prices", "books", "venues"}
        assert next(one for one in told if one[0] == "prices")[2]["price"] == 100.0

    run(body)


def test_many_changes_are_one_update_with_the_newest() -> None:
    async def body(desk: Desk) -> None:
        await desk.hear()
        await desk.tell(0, *(make_trade(n, 100.0 + n) for n in range(50)))
        prices = [one for one in await desk.hear() if one[0] == "prices"]
        assert [price["price"] for _, _, price in prices] == [149.0]

    run(body)


def test_a_price_too_old_to_be_believed_is_none_with_the_reason() -> None:
    async def body(desk: Desk) -> None:
        await desk.tell(1, west_ticker(100.0))
        await desk.hear()
        desk.time.at_ms += 60_000
        price = await desk.hear_one("prices", "1")
        assert price["price"] is None
        assert price["reason"]
        assert price["contributions"][0]["left_out"].startswith("stale")

    run(body)


def test_the_time_of_a_price_is_ours_and_in_a_replay_the_venues() -> None:
    async def body(desk: Desk) -> None:
        await desk.tell(1, west_ticker(100.0))
        live = await desk.hear_one("prices", "1")
        assert live["time_ms"] == desk.time.wall_ms()
        desk.sources[1].is_replay = True
        await desk.tell(1, replace(west_ticker(101.0), time_ms=4_000))
        replayed = await desk.hear_one("prices", "1")
        assert (replayed["time_ms"], replayed["is_replay"]) == (4_000, True)
        # It never goes back, except where the replay begins anew.
        await desk.tell(1, replace(make_trade(1, 102.0, time_ms=3_000), symbol="BTC-USD"))
        assert (await desk.hear_one("prices", "1"))["time_ms"] == 4_000

    run(body)


def test_a_book_is_told_while_it_is_live_and_never_when_it_is_not() -> None:
    async def body(desk: Desk) -> None:
        desk.sources[0].snapshots["BTCUSDT"] = lambda: make_snapshot(10)
        book = await desk.hear_one("books", "east/BTCUSDT")
        assert (book["is_live"], book["bids"], book["asks"]) == (False, [], [])
        assert book["reason"] == "waits for a snapshot"
        await desk.tell(0, make_delta(10, 10))
        await until(lambda: desk.venues[0].books.kept["BTCUSDT"].is_live)
        await desk.tell(0, make_delta(11, 11, ("98.50", "2")))
        book = await desk.hear_one("books", "east/BTCUSDT")
        assert (book["is_live"], book["reason"], book["last_id"]) == (True, "", 11)
        assert book["bids"] == [[99.0, 1.0], [98.5, 2.0]]
        assert (book["token_id"], book["pair"]) == (1, "BTC/USDT")
        desk.sources[0].hang_up()
        await until(lambda: not desk.venues[0].books.kept["BTCUSDT"].is_live)
        book = await desk.hear_one("books", "east/BTCUSDT")
        assert (book["is_live"], book["bids"]) == (False, [])

    run(body)


def test_the_books_of_a_silent_venue_are_not_told_as_live() -> None:
    async def body(desk: Desk) -> None:
        desk.sources[0].snapshots["BTCUSDT"] = lambda: make_snapshot(10)
        await desk.tell(0, make_delta(11, 11))
        await until(lambda: desk.venues[0].books.kept["BTCUSDT"].is_live)
        await desk.hear()
        desk.time.at_ms += 20_000
        told = await desk.hear()
        assert [one[2]["state"] for one in told if one[0] == "venues"] == ["stale", "stale"]
        books = [one[2] for one in (*told, *await desk.hear()) if one[1] == "east/BTCUSDT"]
        assert [book["is_live"] for book in books][-1] is False
        assert books[-1]["reason"] == "the venue is silent"

    run(body)


def test_a_venue_is_told_when_it_changes() -> None:
    async def body(desk: Desk) -> None:
        await desk.hear()
        await desk.tell(0, make_trade(1))
        assert await desk.hear_one("venues", "east") is None
        desk.sources[0].hang_up()
        await until(lambda: len(desk.sources[0].sinks) == 2)
        assert (await desk.hear_one("venues", "east"))["reconnects"] == 1

    run(body)


def test_bars_are_those_of_the_venue_where_most_trades() -> None:
    async def body(desk: Desk) -> None:
        for source in desk.sources:
            source.is_replay = True
        await desk.tell(0, make_ticker(100.0))
        await desk.tell(1, west_ticker(100.0, volume=9_000_000.0))
        minute = 1_700_000_040_000 // 60_000 * 60_000
        for place in range(2):
            await desk.tell(
                place,
                *(
                    replace(
                        make_trade(n, 100.0 + place + n, time_ms=minute + 30_000 * n),
                        symbol=("BTCUSDT", "BTC-USD")[place],
                    )
                    for n in range(5)
                ),
            )
        told: list[Any] = []
        for _ in range(5):
            told += [one[2] for one in await desk.hear() if one[:2] == ("candles", "1/1m")]
        assert {one["venue"] for one in told} == {"west"}
        assert [(one["open_ms"] - minute, one["is_closed"]) for one in told][-2:] == [
            (0, True),
            (120_000, False),
        ]
        closed = told[-2]
        assert (closed["open"], closed["close"], closed["trades"]) == (101.0, 102.0, 2)
        assert (closed["token_id"], closed["pair"], closed["is_replay"]) == (1, "BTC/USD", True)

    run(body)


def test_a_slow_bus_holds_nothing_up_and_gets_the_newest() -> None:
    async def body(desk: Desk) -> None:
        await desk.hear()
        loop = asyncio.get_running_loop()
        desk.publisher._speaking = loop.create_future()
        assert not desk.publisher.is_free
        desk.publisher._speaking.set_result(None)
        assert desk.publisher.is_free

    run(body)


def test_a_bus_that_fails_does_not_end_the_feed() -> None:
    async def body(desk: Desk) -> None:
        desk.bus.failing = True
        await desk.hear()
        desk.bus.failing = False
        await desk.tell(1, west_ticker(100.0))
        assert (await desk.hear_one("prices", "1"))["price"] == 100.0

    run(body)


def test_a_real_bus_carries_every_round() -> None:
    async def main() -> None:
        bus = MemoryBus()
        publisher = Publisher(bus, SteppedTime(), 5.0)
        async with bus.subscribe(LIVE) as heard:
            publisher.put("prices", "1", {"price": 1.0})
            publisher.put("venues", "east", {"state": "live"})
            publisher.speak()
            reading = aiter(heard)
            said = [unpack_update((await anext(reading))[1]) for _ in range(2)]
        await publisher.close()
        assert said == [("prices", "1", b'{"price":1.0}'), ("venues", "east", b'{"state":"live"}')]

    asyncio.run(main())
