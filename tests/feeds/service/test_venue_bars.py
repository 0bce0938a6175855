"""The time of a venue and the bars of its trades: compared with its own, never made of lies."""

from dataclasses import replace

import pytest
from tests.feeds.service.fakes import FakeSource, make_ticker, make_trade, until
from tests.feeds.service.watching import make_venue, run, tell

from assay.feeds.service.venue import VenueFeed
from assay.feeds.types import Candle, Trade


def candle(open_ms: int, close: float, volume: float = 3.0, *, is_closed: bool = True) -> Candle:
    return Candle(
        "BTCUSDT", "1m", open_ms, 10.0, 12.0, 10.0, close, volume, 33.0, 3, is_closed=is_closed
    )


MINUTE = 1_700_000_040_000 // 60_000 * 60_000


def tell_minute(start_ms: int, first_id: int) -> list[Trade]:
    """Three trades: 10, 12, 11."""
    return [
        make_trade(first_id + place, price, 1.0, start_ms + 1_000 * (place + 1))
        for place, price in enumerate((10.0, 12.0, 11.0))
    ]


@pytest.mark.parametrize(("close", "differing"), [(11.0, 0), (11.5, 1)])
def test_bars_from_trades_are_compared_with_the_venues(close: float, differing: int) -> None:
    source = FakeSource()
    source.is_replay = True

    async def body(source: FakeSource, venue: VenueFeed) -> None:
        await until(lambda: len(source.sinks) == 1)
        # The first minute was not heard whole: it is not compared.
        await tell(source, venue, *tell_minute(MINUTE, 1), *tell_minute(MINUTE + 60_000, 4))
        await tell(source, venue, candle(MINUTE + 60_000, close))
        await tell(source, venue, candle(MINUTE + 120_000, 99.0, is_closed=False))
        await tell(source, venue, *tell_minute(MINUTE + 180_000, 7))
        venue.lines["BTCUSDT"].close_bars(venue.time_ms, venue.checks)
        assert (venue.checks.compared, venue.checks.differing) == (1, differing)
        assert ("close is 11" in venue.checks.last_difference) == bool(differing)

    run(body, make_venue(source))


def test_bars_over_a_lost_connection_are_not_compared() -> None:
    source = FakeSource()
    source.is_replay = True

    async def body(source: FakeSource, venue: VenueFeed) -> None:
        await until(lambda: len(source.sinks) == 1)
        await tell(source, venue, *tell_minute(MINUTE, 1), *tell_minute(MINUTE + 60_000, 4))
        source.hang_up()
        await until(lambda: len(source.sinks) == 2)
        await tell(source, venue, *tell_minute(MINUTE + 120_000, 9))
        await tell(source, venue, *tell_minute(MINUTE + 240_000, 12))
        built = venue.lines["BTCUSDT"].close_bars(venue.time_ms, venue.checks)
        await tell(source, venue, candle(MINUTE + 60_000, 1.0), candle(MINUTE + 120_000, 1.0))
        assert venue.checks.compared == 0
        whole = {one.candle.open_ms for one in built if one.is_complete}
        assert not whole & {MINUTE + 60_000, MINUTE + 120_000}

    run(body, make_venue(source))


def test_a_lying_clock_closes_no_bars_and_silences_nothing() -> None:
    async def body(source: FakeSource, venue: VenueFeed) -> None:
        await until(lambda: len(source.sinks) == 1)
        line = venue.lines["BTCUSDT"]
        lie = make_trade(1, price=70.0, time_ms=4_102_444_800_000)
        await tell(source, venue, lie)
        assert (venue.time_ms, line.price) == (0, 70.0)
        await tell(source, venue, *tell_minute(MINUTE, 2), lie, make_ticker(last=80.0))
        assert line.price == 70.0
        await tell(source, venue, replace(make_ticker(last=80.0), time_ms=MINUTE + 50_000))
        assert line.price == 80.0
        await tell(source, venue, *tell_minute(MINUTE + 120_000, 5))
        built = line.close_bars(venue.time_ms, venue.checks)
        assert [(one.candle.close, one.is_complete) for one in built][:1] == [(11.0, False)]

    run(body, make_venue(FakeSource()))


def test_a_replay_that_begins_anew_begins_its_bars_anew() -> None:
    source = FakeSource()
    source.is_replay = True

    async def body(source: FakeSource, venue: VenueFeed) -> None:
        await until(lambda: len(source.sinks) == 1)
        await tell(source, venue, *tell_minute(MINUTE, 1))
        await tell(source, venue, *tell_minute(MINUTE - 3_600_000, 1))
        assert venue.time_ms < MINUTE
        bars = venue.lines["BTCUSDT"].bars
        assert bars is not None
        current = bars.current()
        assert current is not None
        assert current.open_ms == MINUTE - 3_600_000

    run(body, make_venue(source))
