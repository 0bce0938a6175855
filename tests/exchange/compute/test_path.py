"""The path inside a minute: candles built from its trades are the recorded ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exchange.compute.candles import (
    CALM,
    START_MS,
    Candle,
    draw_candles,
    load_night,
    make_recording,
)

from assay.exchange.compute.grid import to_ticks
from assay.exchange.compute.path import count_needed
from assay.exchange.compute.tape import Tape
from assay.exchange.types import MINUTE_MS, SCALE, Options


def check_minute(tape: Tape, number: int) -> None:
    """One minute's trades against its candle, read back from public trades."""
    candle = tape.candles[number].tolist()
    minute = tape.trace(number)
    start = tape.first_ms + number * MINUTE_MS
    assert minute.times == sorted(minute.times)
    assert start < minute.times[0]
    assert minute.times[-1] < start + MINUTE_MS
    prices = minute.prices
    assert [prices[0], max(prices), min(prices), prices[-1]] == candle
    assert min(minute.sizes) >= 1
    worth = sum(price * size for price, size in zip(prices, minute.sizes, strict=True))
    wanted = int(tape.volumes[number])
    is_least = all(size == 1 for size in minute.sizes)
    assert 2 * abs(worth - wanted) <= candle[1] or (is_least and worth > wanted)


@settings(max_examples=60, deadline=None)
@given(draw_candles(), st.integers(0, 5))
def test_trades_make_the_recorded_candles(candles: list[Candle], seed: int) -> None:
    tape = Tape(make_recording(candles), Options(seed=seed))
    for number, candle in enumerate(candles):
        if candle[4] == 0:
            assert tape.counts[number] == 0
        else:
            check_minute(tape, number)


@pytest.mark.slow
def test_every_minute_of_the_night_is_as_recorded() -> None:
    dust = 0
    for recording in load_night().values():
        tape = Tape(recording, Options())
        recorded = (recording.open, recording.high, recording.low, recording.close)
        for number in range(0, tape.minutes, 9):
            if tape.counts[number]:
                check_minute(tape, number)
        sums = tape.sum_up(tape.minutes)
        for column, prices in enumerate(recorded):
            assert (tape.candles[:, column] * tape.pair.tick / SCALE == prices).all()
        traded = recording.quote_volume > 0
        assert ((sums[:, 1] > 0) == traded).all()
        # Where a minute saw less than one step for each trade it needs, the candle wins.
        enough = tape.volumes >= count_needed(_columns(tape)) * tape.candles[:, 1]
        off = np.abs(sums[:, 1] - tape.volumes)[enough & traded]
        assert (2 * off <= tape.candles[enough & traded, 1]).all()
        dust += int((traded & ~enough).sum())
    assert dust < 100, "of 150,000 minutes"


def _columns(tape: Tape) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    columns = [np.ascontiguousarray(column) for column in tape.candles.T]
    return columns[0], columns[1], columns[2], columns[3]


@pytest.mark.parametrize(
    ("candle", "needed"),
    [
        ((5, 5, 5, 5), 1),
        ((5, 6, 5, 6), 2),
        ((5, 6, 5, 5), 3),
        ((5, 6, 4, 5), 4),
        ((5, 7, 4, 6), 4),
        ((5, 7, 5, 6), 3),
        ((6, 6, 4, 4), 2),
        ((5, 6, 4, 4), 3),
    ],
)
def test_the_fewest_trades_that_show_a_candle(candle: tuple[int, ...], needed: int) -> None:
    columns = [np.array([price]) for price in candle]
    assert count_needed((columns[0], columns[1], columns[2], columns[3])).tolist() == [needed]


def test_either_extreme_comes_first_now_and_then() -> None:
    candle = (100.0, 105.0, 95.0, 100.01, 1e6)
    tape = Tape(make_recording([candle] * 40), Options())
    firsts = set()
    for number in range(40):
        prices = tape.trace(number).prices
        firsts.add(prices.index(10_500) < prices.index(9_500))
    assert firsts == {True, False}


def test_the_same_seed_gives_the_same_trades_in_any_order() -> None:
    forward, backward = (Tape(make_recording(), Options(seed=3)) for _ in range(2))
    there = [forward.trace(number) for number in (0, 1, 2, 4)]
    back = [backward.trace(number) for number in (4, 2, 1, 0)]
    assert there == back[::-1]
    assert Tape(make_recording(), Options(seed=4)).trace(0) != there[0]


def test_sides_follow_the_tick_rule() -> None:
    tape = Tape(make_recording(), Options())
    last, sold = int(tape.candles[0, 3]), tape.trace(0).sells[-1]
    minute = tape.trace(1)
    for price, is_sell in zip(minute.prices, minute.sells, strict=True):
        assert is_sell == (price < last if price != last else is_sell)
        last = price
    up_then_level = [a for a, b in zip(minute.sells[1:], minute.prices[1:], strict=True) if b]
    assert len(set(up_then_level)) == 2
    assert sold in (True, False)


def test_ids_of_trades_have_no_hole() -> None:
    tape = Tape(make_recording(), Options())
    end = tape.end_ms + 1
    trades = tape.list_trades(1, 10_000, end)
    assert [trade.trade_id for trade in trades] == list(range(1, tape.ids[-1]))
    assert [trade.time_ms for trade in trades] == sorted(trade.time_ms for trade in trades)
    assert tape.list_trades(50, 7, end) == trades[49:56]
    assert tape.count_until(START_MS) == 0
    assert tape.count_until(end) == len(trades)


def test_a_minute_without_volume_has_no_trade_and_keeps_the_last_price() -> None:
    tape = Tape(make_recording(), Options())
    still = START_MS + 3 * MINUTE_MS
    assert tape.list_between(still, still + MINUTE_MS - 1) == []
    assert tape.get_state(still + 30_000)[0] == to_ticks(np.array([CALM[2][3]]), tape.pair)[0]
