"""Bars and the day's figures, summed up again from the trades by hand."""

import itertools

import pytest
from tests.exchange.compute.candles import MINUTE_MS, START_MS, open_engine, run

from assay.exchange.compute.bars import INTERVALS, find_open_ms
from assay.exchange.compute.engine import Engine
from assay.exchange.types import Channel, Kline, KlineUpdate, Options, PublicTrade, Refusal

LONG = tuple(
    (99.0, 99.0, 99.0, 99.0, 0.0)
    if n % 11 == 3
    else (100 + n % 7 + n, 107 + n % 3 + n, 97 - n % 5 + n, 100.01 + n % 6 + n, 30_000.0)
    for n in range(200)
)


def tape_of(engine: Engine) -> list[PublicTrade]:
    trades: list[PublicTrade] = []
    while batch := engine.list_trades("SOLUSDT", 1_000, len(trades) + 1):
        trades += batch
    return trades


def sum_by_hand(trades: list[PublicTrade], open_ms: int, length: int) -> tuple[int, ...]:
    inside = [trade for trade in trades if open_ms <= trade.time_ms < open_ms + length]
    prices = [trade.price for trade in inside]
    worth = sum(trade.price * trade.quantity // 10**8 for trade in inside)
    bought = [trade for trade in inside if not trade.is_buyer_maker]
    return (
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
        sum(trade.quantity for trade in inside),
        worth,
        len(inside),
        sum(trade.quantity for trade in bought),
        sum(trade.price * trade.quantity // 10**8 for trade in bought),
        inside[0].trade_id,
        inside[-1].trade_id,
    )


def figures(kline: Kline) -> tuple[int, ...]:
    return (
        kline.open,
        kline.high,
        kline.low,
        kline.close,
        kline.volume,
        kline.quote_volume,
        kline.trades,
        kline.taker_volume,
        kline.taker_quote_volume,
        kline.first_id,
        kline.last_id,
    )


@pytest.mark.parametrize("interval", ["1m", "5m", "1h", "1d", "1w"])
@pytest.mark.parametrize("minutes", [200.0, 61.4, 0.9])
def test_bars_are_their_trades(interval: str, minutes: float) -> None:
    engine = open_engine(LONG)
    engine.advance(START_MS + int(minutes * MINUTE_MS))
    trades, length = tape_of(engine), INTERVALS[interval]
    klines = engine.list_klines("SOLUSDT", interval, limit=1_000)
    assert klines[0].open_ms == find_open_ms(length, START_MS)
    assert klines[-1].open_ms == find_open_ms(length, min(engine.now_ms, engine.end_ms - 1))
    assert [b.open_ms - a.open_ms for a, b in itertools.pairwise(klines)] == [length] * (
        len(klines) - 1
    )
    for kline in klines:
        assert kline.is_closed == (engine.now_ms > kline.close_ms)
        if kline.trades:
            expected = sum_by_hand(trades, kline.open_ms, length)
            assert figures(kline) == expected
        else:
            assert figures(kline)[4:] == (0, 0, 0, 0, 0, -1, -1)


def test_a_minute_without_trades_is_as_recorded() -> None:
    engine = open_engine()
    engine.advance(START_MS + 5 * MINUTE_MS)
    still = engine.list_klines("SOLUSDT")[3]
    assert figures(still) == (99 * 10**8,) * 4 + (0, 0, 0, 0, 0, -1, -1)


@pytest.mark.parametrize(
    ("start", "end", "limit", "minutes"),
    [
        (None, None, 3, [7, 8, 9]),
        (2, None, 3, [2, 3, 4]),
        (2.5, None, 2, [3, 4]),
        (-50, None, 2, [0, 1]),
        (None, 4, 2, [3, 4]),
        (8, 100, 500, [8, 9]),
        (8, 4, 500, []),
        (None, None, 0, [9]),
    ],
)
def test_which_bars_are_listed(
    start: float | None, end: float | None, limit: int, minutes: list[int]
) -> None:
    engine = open_engine(LONG)
    engine.advance(START_MS + 9 * MINUTE_MS + 5_000)
    start_ms = None if start is None else START_MS + int(start * MINUTE_MS)
    end_ms = None if end is None else START_MS + int(end * MINUTE_MS)
    klines = engine.list_klines("SOLUSDT", "1m", start_ms, end_ms, limit)
    assert [(kline.open_ms - START_MS) // MINUTE_MS for kline in klines] == minutes


def test_weeks_begin_on_mondays() -> None:
    monday = 1_667_779_200_000  # 2022-11-07
    assert find_open_ms(INTERVALS["1w"], START_MS) == monday
    assert find_open_ms(INTERVALS["1w"], monday - 1) == monday - INTERVALS["1w"]


def test_an_unknown_interval_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        open_engine().list_klines("SOLUSDT", "7m")
    assert refused.value.venue_code == -1120


def test_the_day_is_its_bars() -> None:
    engine = open_engine(LONG)
    engine.advance(START_MS + 90 * MINUTE_MS + 12_345)
    ticker, klines = engine.get_ticker("SOLUSDT"), engine.list_klines("SOLUSDT", limit=1_000)
    assert ticker.open == klines[0].open
    assert ticker.high == max(kline.high for kline in klines)
    assert ticker.low == min(kline.low for kline in klines)
    assert ticker.last == engine.get_price("SOLUSDT") == klines[-1].close
    assert ticker.volume == sum(kline.volume for kline in klines)
    assert ticker.quote_volume == sum(kline.quote_volume for kline in klines)
    assert ticker.trades == sum(kline.trades for kline in klines) == ticker.last_id
    assert ticker.last_quantity == engine.list_trades("SOLUSDT", 1)[0].quantity
    assert ticker.top == engine.get_top("SOLUSDT")


def test_after_24_hours_the_first_minutes_leave_the_day() -> None:
    candles = [(100.0, 100.0, 100.0, 100.0, 1_000.0)] * 60
    candles += [(100.5, 101.0, 100.5, 101.0, 1_000.01)] * 1_440
    engine = open_engine(candles)
    engine.advance(engine.end_ms - 1)
    ticker = engine.get_ticker("SOLUSDT")
    assert ticker.open_ms == START_MS + 60 * MINUTE_MS
    assert (ticker.low, ticker.open) == (10_050_000_000, 10_050_000_000)


def test_before_the_first_trade_there_is_a_price_and_no_day() -> None:
    ticker = open_engine().get_ticker("SOLUSDT")
    assert (ticker.last, ticker.volume, ticker.trades, ticker.first_id) == (100 * 10**8, 0, 0, -1)


@pytest.mark.parametrize("interval", ["1m", "3m"])
def test_watched_bars_end_closed_and_as_listed(interval: str) -> None:
    engine = open_engine(LONG, Options(seed=9))
    engine.watch("SOLUSDT", Channel.KLINE, interval)
    told = [event for event in run(engine, 12 * 60) if isinstance(event, KlineUpdate)]
    closed = {event.kline.open_ms: event.kline for event in told if event.kline.is_closed}
    listed = engine.list_klines("SOLUSDT", interval, limit=1_000)
    assert list(closed.values()) == [kline for kline in listed if kline.is_closed]
    assert len(told) > 2 * len(closed), "and as they grew"
    for event in told:
        assert event.kline.open_ms < event.time_ms <= event.kline.close_ms + 1
