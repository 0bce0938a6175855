"""One venue: what it says is believed only where it can be, and its failures stay its own."""

import asyncio
import math
from dataclasses import replace

import pytest
from tests.feeds.service.fakes import (
    FakeSource,
    SteppedTime,
    make_delta,
    make_snapshot,
    make_ticker,
    make_trade,
    until,
)
from tests.feeds.service.watching import QUICK, make_venue, run, tell

from assay.feeds.ports import Limits
from assay.feeds.service.venue import REPLAY_NOTICE, VenueFeed
from assay.feeds.types import Event, Instrument, Topic, Trade, VenueState
from assay.kit.errors import SourceUnavailable


def test_it_watches_its_pairs_on_every_topic() -> None:
    source = FakeSource()

    async def body(source: FakeSource, venue: VenueFeed) -> None:
        await until(lambda: len(source.sinks) == 1)
        assert {(one.topic, one.symbol) for one in source.watched[0]} == {
            (topic, symbol) for topic in Topic for symbol in ("BTCUSDT", "ETHUSDT")
        }
        assert venue.lines["BTCUSDT"].token_id == 1
        assert venue.describe().state is VenueState.LIVE

    run(body, make_venue(source))


def test_without_pairs_it_watches_known_tokens_against_dollars() -> None:
    listed = [
        Instrument("fake", base + quote, base, quote, 0.01)
        for base, quote in [
            ("BTC", "USDT"),
            ("BTC", "USD"),
            ("BTC", "EUR"),
            ("ETH", "BTC"),
            ("NOBODYKNOWS", "USDT"),
        ]
    ]

    async def body(source: FakeSource, venue: VenueFeed) -> None:
        await until(lambda: len(source.sinks) == 1)
        assert set(venue.lines) == {"BTCUSDT", "BTCUSD"}

    run(body, make_venue(FakeSource(listed), pairs=()))


def test_a_topic_that_the_venue_does_not_have_is_not_asked_for() -> None:
    source = FakeSource()
    source.topics = frozenset({Topic.TRADES, Topic.BOOK})

    async def body(source: FakeSource, venue: VenueFeed) -> None:
        await until(lambda: len(source.sinks) == 1)
        assert {one.topic for one in source.watched[0]} == {Topic.TRADES, Topic.BOOK}

    run(body, make_venue(source))


def test_a_pair_that_is_not_listed_is_said_and_the_others_are_watched() -> None:
    async def body(source: FakeSource, venue: VenueFeed) -> None:
        await until(lambda: len(source.sinks) == 1)
        assert venue.describe().reason == "does not list DOGE/USDT"
        assert set(venue.lines) == {"BTCUSDT"}

    run(body, make_venue(FakeSource(), pairs=("BTC/USDT", "DOGE/USDT")))


def test_a_pair_without_a_grid_is_put_aside() -> None:
    source = FakeSource()
    source.instruments[1] = replace(source.instruments[1], tick=0.0)

    async def body(source: FakeSource, venue: VenueFeed) -> None:
        await until(lambda: len(source.sinks) == 1)
        assert set(venue.lines) == {"BTCUSDT"}
        assert venue.quarantine.count == 1

    run(body, make_venue(source))


BAD: list[tuple[Event, str]] = [
    (make_trade(1, price=-1.0), "trade without a positive price and size"),
    (make_trade(1, size=-1.0), "trade without a positive price and size"),
    (make_trade(1, size=0.0), "trade without a positive price and size"),
    (make_trade(1, price=math.nan), "trade without a positive price and size"),
    (make_trade(1, price=math.inf), "trade without a positive price and size"),
    (make_ticker(last=0.0), "ticker without positive prices"),
    (make_ticker(bid=102.0), "crossed ticker"),
    (replace(make_ticker(), quote_volume=-5.0), "ticker with a negative volume"),
    (replace(make_trade(1), symbol="DOGEUSDT"), "unknown symbol"),
    (replace(make_delta(1, 1), symbol="DOGEUSDT"), "unknown symbol"),
    (replace(make_snapshot(1), symbol="DOGEUSDT"), "unknown symbol"),
]


@pytest.mark.parametrize(("event", "reason"), BAD)
def test_what_cannot_be_believed_is_counted_and_changes_no_price(event: Event, reason: str) -> None:
    async def body(source: FakeSource, venue: VenueFeed) -> None:
        await until(lambda: len(source.sinks) == 1)
        await tell(source, venue, make_trade(0, price=50.0))
        venue.touched.clear()
        await tell(source, venue, event)
        assert venue.quarantine.reasons == {reason: 1}
        assert venue.quarantine.list_samples()[0].reason == reason
        assert venue.lines["BTCUSDT"].price == 50.0
        assert not venue.touched
        assert venue.describe().malformed == 1

    run(body, make_venue(FakeSource()))


def test_a_message_that_breaks_our_own_code_is_put_aside() -> None:
    async def body(source: FakeSource, venue: VenueFeed) -> None:
        await until(lambda: len(source.sinks) == 1)
        await tell(source, venue, Trade("BTCUSDT", 1, "rubbish", 1.0, True, 1))  # type: ignore[arg-type]
        assert venue.quarantine.reasons == {"failed: TypeError": 1}
        await tell(source, venue, make_trade(2, price=60.0))
        assert venue.lines["BTCUSDT"].price == 60.0

    run(body, make_venue(FakeSource()))


def test_the_price_is_that_of_the_last_trade_and_the_volume_the_tickers() -> None:
    async def body(source: FakeSource, venue: VenueFeed) -> None:
        await until(lambda: len(source.sinks) == 1)
        await tell(source, venue, make_ticker(last=100.0))
        line = venue.lines["BTCUSDT"]
        assert (line.price, line.quote_volume, line.change_24h) == (100.0, 1_000.0, 0.25)
        await tell(source, venue, make_trade(1, price=120.0, time_ms=2_000))
        assert (line.price, line.change_24h) == (120.0, 0.5)
        # A ticker of before that trade says nothing newer, and neither does a trade that is late.
        await tell(source, venue, make_ticker(last=100.0), make_trade(0, 90.0, time_ms=1_500))
        assert line.price == 120.0

    run(body, make_venue(FakeSource()))


def test_it_is_down_and_back_whatever_the_list_of_instruments_does() -> None:
    source = FakeSource()
    source.failing = ZeroDivisionError("a bug")

    async def body(source: FakeSource, venue: VenueFeed) -> None:
        await until(lambda: source.attempts >= 3)
        assert venue.describe().state is VenueState.DOWN
        assert venue.describe().reason == "failed: ZeroDivisionError"
        source.failing = SourceUnavailable("fake: nobody there")
        await until(lambda: venue.describe().reason == "fake: nobody there")
        source.failing = None
        await until(lambda: venue.describe().state is VenueState.LIVE)
        assert venue.describe().reason == ""

    venue = make_venue(source)
    assert venue.describe().state is VenueState.CONNECTING
    run(body, venue)


def test_a_connection_that_ends_takes_its_books_and_comes_back() -> None:
    async def body(source: FakeSource, venue: VenueFeed) -> None:
        source.snapshots["BTCUSDT"] = lambda: make_snapshot(10)
        await until(lambda: len(source.sinks) == 1)
        await tell(source, venue, make_delta(11, 11))
        kept = venue.books.kept["BTCUSDT"]
        await until(lambda: kept.is_live)
        source.failing = SourceUnavailable("fake: nobody there")
        source.hang_up()
        await until(lambda: not kept.is_live)
        assert venue.describe().state is VenueState.DOWN
        assert venue.describe().reason.startswith("fake: ")
        source.failing = None
        await until(lambda: venue.describe().state is VenueState.LIVE)
        await tell(source, venue, make_delta(11, 11))
        await until(lambda: kept.is_live)
        assert venue.describe().reconnects == 1

    run(body, make_venue(FakeSource()))


def test_silence_makes_it_stale_and_then_connects_it_anew() -> None:
    own_time = SteppedTime()
    options = replace(QUICK, stale_s=0.4, give_up_s=1.0)

    async def body(source: FakeSource, venue: VenueFeed) -> None:
        await until(lambda: len(source.sinks) == 1)
        own_time.at_ms += 400
        assert venue.describe().state is VenueState.LIVE
        own_time.at_ms += 1
        assert venue.describe().state is VenueState.STALE
        assert venue.describe().reason == "said nothing for 0.4 s"
        await tell(source, venue, make_trade(1))
        assert venue.describe().state is VenueState.LIVE
        own_time.at_ms += 1_001
        await until(lambda: len(source.sinks) == 2)

    run(body, make_venue(FakeSource(), own_time=own_time, options=options))


def test_a_book_in_which_nothing_changes_while_it_trades_is_doubted() -> None:
    own_time = SteppedTime()

    async def body(source: FakeSource, venue: VenueFeed) -> None:
        source.snapshots["BTCUSDT"] = lambda: make_snapshot(10)
        await until(lambda: len(source.sinks) == 1)
        await tell(source, venue, make_delta(11, 11))
        kept = venue.books.kept["BTCUSDT"]
        await until(lambda: kept.is_live)
        source.answering.clear()
        own_time.at_ms += 999
        await tell(source, venue, make_trade(1))
        await asyncio.sleep(0.1)
        assert kept.is_live
        own_time.at_ms += 2
        await tell(source, venue, make_trade(2))
        await until(lambda: not kept.is_live)
        assert kept.reason == "trades without changes of the book"
        source.answering.set()
        await until(lambda: kept.is_live)

    options = replace(QUICK, stale_s=0.1, give_up_s=1.0)
    run(body, make_venue(FakeSource(), own_time=own_time, options=options))


def test_one_of_several_connections_may_be_down() -> None:
    source = FakeSource(limits=Limits(streams_per_connection=4))

    async def body(source: FakeSource, venue: VenueFeed) -> None:
        await until(lambda: len(source.sinks) == 2)
        source.failing = SourceUnavailable("fake: full")
        source.hang_up(0)
        await until(lambda: venue.describe().reason == "1 of 2 connections: fake: full")
        assert venue.describe().state is VenueState.LIVE

    run(body, make_venue(source))


def test_cancelled_it_waits_until_every_connection_has_hung_up() -> None:
    source = FakeSource(limits=Limits(streams_per_connection=4))
    source.hanging_up_s = 0.02

    async def body(source: FakeSource, venue: VenueFeed) -> None:
        await until(lambda: len(source.sinks) == 2)

    run(body, make_venue(source))
    assert source.hung_up == 2


def test_a_replay_says_so() -> None:
    source = FakeSource()
    source.is_replay = True

    async def body(source: FakeSource, venue: VenueFeed) -> None:
        await until(lambda: len(source.sinks) == 1)
        health = venue.describe()
        assert health.is_replay
        assert health.notice == REPLAY_NOTICE
        assert health.clock_offset_ms is None

    run(body, make_venue(source))
