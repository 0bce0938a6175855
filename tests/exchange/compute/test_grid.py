"""Ticks, steps and filters, from what was recorded."""

from decimal import Decimal

import msgspec
import numpy as np
import pytest
from tests.exchange.compute.candles import CALM, load_night, make_recording

from assay.exchange.compute.grid import infer_pair, shift_prices, to_ticks
from assay.exchange.types import SCALE, Options, Pair, Recording
from assay.kit.errors import BadInput


def write(amount: int) -> str:
    return str((Decimal(amount) / SCALE).normalize())


@pytest.mark.parametrize(
    ("symbol", "tick", "step", "least"),
    [
        ("BTCUSDT", "0.01", "0.00001", 10),
        ("ETHUSDT", "0.01", "0.0001", 10),
        ("BNBUSDT", "0.1", "0.001", 10),
        ("SOLUSDT", "0.01", "0.01", 10),
        ("XRPUSDT", "0.0001", "1", 10),
        ("ETHBTC", "0.000001", "0.01", 0.0001),
        # Recorded with one or two digits: the tick is made finer, or nothing could stand below.
        ("VETBTC", "1E-8", "1", 0.0001),
    ],
)
def test_filters_are_inferred(symbol: str, tick: str, step: str, least: float) -> None:
    pair = infer_pair(load_night()[symbol])
    assert Decimal(write(pair.tick)) == Decimal(tick)
    assert Decimal(write(pair.step)) == Decimal(step)
    assert pair.min_notional == round(least * SCALE)
    assert pair.min_price == pair.tick
    assert pair.min_quantity == pair.step


def test_every_recorded_price_is_a_whole_number_of_ticks() -> None:
    for recording in load_night().values():
        pair = infer_pair(recording)
        for prices in (recording.open, recording.high, recording.low, recording.close):
            ticks = to_ticks(prices, pair)
            assert (ticks * pair.tick / SCALE == prices).all(), recording.symbol
        assert pair.tick * pair.step % SCALE == 0


def spoil(**changes: list[float]) -> Recording:
    arrays = {name: np.array(values) for name, values in changes.items()}
    return msgspec.structs.replace(make_recording(CALM[:2]), **arrays)


@pytest.mark.parametrize(
    "recording",
    [
        spoil(high=[100.0, 100.5]),
        spoil(low=[0.0, 98.0]),
        spoil(low=[float("nan"), 98.0]),
        spoil(high=[float("inf"), 100.5]),
        spoil(quote_volume=[-1.0, 0.0]),
        spoil(quote_volume=[float("nan"), 0.0]),
        make_recording([(1e-9, 1e-9, 1e-9, 1e-9, 1.0)]),
        make_recording([(1e9, 1e9, 1e9, 1e9, 1.0)]),
    ],
)
def test_a_recording_that_contradicts_itself_is_refused(recording: Recording) -> None:
    with pytest.raises(BadInput):
        infer_pair(recording)


def test_a_recording_with_a_hole_is_refused() -> None:
    whole = make_recording(CALM[:2])
    hole = msgspec.structs.replace(whole, open_ms=whole.open_ms * np.array([1, 1]) + [0, 60_000])
    with pytest.raises(BadInput, match="one a minute"):
        infer_pair(hole)


def shift(pair: Pair, offset_bps: float = 0.0, noise_bps: float = 0.0) -> list[int]:
    options = Options(offset_bps=offset_bps, noise_bps=noise_bps)
    shifted: list[int] = shift_prices(make_recording(), pair, options).tolist()
    return shifted


def test_two_exchanges_differ_only_if_asked() -> None:
    pair = infer_pair(make_recording())
    assert shift(pair) == [0] * 5
    assert shift(pair, offset_bps=10.0) == [10, 10, 10, 10, 10]
    noisy = shift(pair, noise_bps=10.0)
    assert noisy == shift(pair, noise_bps=10.0)
    assert len(set(noisy)) > 1
    assert max(map(abs, noisy)) <= 11
    assert min(shift(pair, offset_bps=-20_000.0)) > -9_950, "a price stays above nought"
