"""The compiled indicators: equal to their formulas, causal to the bit, honest where bars lack."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assay.factors.compute import indicators
from assay.factors.compute.catalogue import INDICATORS
from assay.factors.compute.indicators import compute_indicators, compute_market_level
from assay.factors.compute.reference import compute_reference_indicators
from assay.factors.types import Bars, Family
from assay.kit.errors import BadInput

NAMES = [indicator.name for indicator in INDICATORS]
FIELDS = ("high", "low", "close", "volume")


def build_bars(
    generator: np.random.Generator, tokens: int, days: int, noise: float, holes: float
) -> Bars:
    """Random walks that list late, halt, die, stand still, and lack single numbers."""
    steps = generator.normal(0.0, noise, (tokens, days))
    steps[generator.random((tokens, days)) < 0.1] = 0.0
    still = int(generator.integers(0, days))
    steps[0, still : still + 70] = 0.0
    close = np.cumprod(1.0 + np.clip(steps, -0.5, 0.5), axis=1, dtype=np.float64)
    high = close * (1.0 + noise * generator.random((tokens, days)))
    low = close * (1.0 - noise * generator.random((tokens, days)))
    sizes = generator.integers(0, 5, (tokens, days)).astype(np.float64)
    volume = sizes * generator.random((tokens, days))
    market = compute_market_level(close)
    for array in (high, low, volume):
        array[generator.random((tokens, days)) < 0.2 * holes] = np.nan
    absent = generator.random((tokens, days)) < holes
    listed = generator.integers(-days, days, tokens)
    ended = generator.integers(0, 2 * days, tokens)
    absent |= (np.arange(days) < listed[:, None]) | (np.arange(days) > ended[:, None])
    for array in (high, low, close, volume):
        array[absent] = np.nan
    return Bars(high, low, close, volume, market)


@st.composite
def panels(draw: st.DrawFn, max_days: int = 260) -> Bars:
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return build_bars(
        generator,
        tokens=draw(st.integers(1, 3)),
        days=draw(st.integers(1, max_days)),
        noise=draw(st.sampled_from([0.0, 0.001, 0.04, 0.3])),
        holes=draw(st.sampled_from([0.0, 0.0, 0.03, 0.5])),
    )


def cut(bars: Bars, days: int) -> Bars:
    prefix = {name: np.ascontiguousarray(getattr(bars, name)[:, :days]) for name in FIELDS}
    return Bars(**prefix, market=bars.market[:days].copy())


def by_name(values: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    return values[:, NAMES.index(name)]


def flat_bars(days: int, close: float = 3.1, volume: float = 7.0) -> Bars:
    row = np.full((1, days), close)
    return Bars(row, row.copy(), row.copy(), np.full((1, days), volume), np.ones(days))


def test_catalogue_and_kernels_have_one_order() -> None:
    assert len(set(NAMES)) == len(INDICATORS) == indicators.COUNT == 30
    for position, indicator in enumerate(INDICATORS):
        assert getattr(indicators, indicator.name.upper()) == position
        assert indicator.family in Family
        assert re.fullmatch(r"[a-z0-9_]+", indicator.name)


@settings(max_examples=150)
@given(panels())
def test_kernels_equal_their_formulas(bars: Bars) -> None:
    ours, formulas = compute_indicators(bars, np.float64), compute_reference_indicators(bars)
    for name in NAMES:
        np.testing.assert_allclose(
            by_name(ours, name), by_name(formulas, name), rtol=1e-6, atol=1e-8, err_msg=name
        )
    assert not np.isinf(ours).any()


@given(panels(), st.data())
def test_a_longer_panel_changes_no_bit_of_the_past(bars: Bars, data: st.DataObject) -> None:
    days = data.draw(st.integers(1, bars.market.size))
    np.testing.assert_array_equal(
        compute_indicators(cut(bars, days), np.float64),
        compute_indicators(bars, np.float64)[:, :, :days],
    )


@given(panels(), st.data())
def test_the_newest_days_alone_equal_the_whole_history(bars: Bars, data: st.DataObject) -> None:
    since = data.draw(st.integers(0, bars.market.size - 1))
    np.testing.assert_array_equal(
        compute_indicators(bars, np.float64, since=since),
        compute_indicators(bars, np.float64)[:, :, since:],
    )


@pytest.mark.parametrize("since", [199, 200, 201, 330, 419])
def test_the_newest_days_alone_reach_back_far_enough(since: int) -> None:
    bars = build_bars(np.random.default_rng(since), 5, 420, 0.04, 0.03)
    np.testing.assert_array_equal(
        compute_indicators(bars, np.float64, since=since),
        compute_indicators(bars, np.float64)[:, :, since:],
    )


@given(panels())
def test_one_token_alone_equals_itself_among_others(bars: Bars) -> None:
    together = compute_indicators(bars, np.float64)
    for token in range(bars.close.shape[0]):
        alone = Bars(
            **{name: getattr(bars, name)[token : token + 1] for name in FIELDS}, market=bars.market
        )
        np.testing.assert_array_equal(compute_indicators(alone, np.float64)[0], together[token])


@given(panels(max_days=80), st.integers(0, 80))
def test_a_halt_gives_nan_and_changes_nothing_after_it(bars: Bars, at: int) -> None:
    at = min(at, bars.market.size)
    halted = Bars(
        **{name: np.insert(getattr(bars, name), at, np.nan, axis=1) for name in FIELDS},
        market=np.insert(bars.market, at, 99.0),
    )
    values = compute_indicators(halted, np.float64)
    assert np.isnan(values[:, :, at]).all()
    np.testing.assert_array_equal(
        np.delete(values, at, axis=2), compute_indicators(bars, np.float64)
    )


@given(panels(), st.sampled_from([2.0**-20, 2.0**30]), st.sampled_from([2.0**-9, 2.0**40]))
def test_scale_free_indicators_ignore_the_units_to_the_bit(
    bars: Bars, price_unit: float, volume_unit: float
) -> None:
    # Powers of two are exact, so even the last bit must stay.
    scaled = Bars(
        bars.high * price_unit,
        bars.low * price_unit,
        bars.close * price_unit,
        bars.volume * volume_unit,
        bars.market,
    )
    before, after = compute_indicators(bars, np.float64), compute_indicators(scaled, np.float64)
    for indicator in INDICATORS:
        unit = 1.0 if indicator.is_scale_free else price_unit
        unit = volume_unit if indicator.name == "balance_volume" else unit
        expected = by_name(before, indicator.name) * unit
        np.testing.assert_array_equal(by_name(after, indicator.name), expected)


@given(panels())
def test_indicators_stay_within_their_bounds(bars: Bars) -> None:
    values = compute_indicators(bars, np.float64)
    for name, low, high in (
        ("relative_strength_14", 0.0, 100.0),
        ("stochastic_14", 0.0, 100.0),
        ("drawdown", -1.0, 0.0),
        ("market_correlation_60", -1.0, 1.0),
        ("volume_ratio_20", 0.0, 20.0),
        ("volatility_20", 0.0, np.inf),
        ("average_true_range_14", 0.0, np.inf),
    ):
        known = by_name(values, name)[np.isfinite(by_name(values, name))]
        assert np.all((known >= low) & (known <= high * (1 + 1e-12))), name


@given(panels())
def test_float32_is_the_float64_result_rounded(bars: Bars) -> None:
    np.testing.assert_array_equal(
        compute_indicators(bars, np.float32),
        compute_indicators(bars, np.float64).astype(np.float32),
    )


@pytest.mark.parametrize("price", [3.1, 1e-9, 1.0 / 3.0, 68_000.01])
def test_a_price_that_never_moves_has_no_spread_and_no_garbage(price: float) -> None:
    last = compute_indicators(flat_bars(300, price), np.float64, since=299)[0, :, 0]
    known = dict(zip(NAMES, last.tolist(), strict=True))
    for name in ("moving_average_20", "moving_average_50", "moving_average_200"):
        assert known[name] == price
    for name in ("bollinger_upper_20", "bollinger_lower_20", "exponential_average_26"):
        assert known[name] == price
    zeros = ("return_1", "log_return_1", "volatility_20", "volatility_60", "macd_histogram")
    for name in (*zeros, "drawdown", "average_true_range_14", "balance_volume"):
        assert known[name] == 0.0
    for name in ("bollinger_position_20", "price_score_20", "stochastic_14", "market_beta_60"):
        assert np.isnan(known[name])
    for name in ("commodity_channel_20", "relative_strength_14", "market_correlation_60"):
        assert np.isnan(known[name])


def test_lookbacks_say_when_an_indicator_starts() -> None:
    generator = np.random.default_rng(5)
    steps = generator.normal(0.0, 0.03, (1, 300))
    close = np.cumprod(1.0 + steps, axis=1, dtype=np.float64)
    market = np.cumprod(1.0 + generator.normal(0.0, 0.02, 300), dtype=np.float64)
    bars = Bars(close * 1.01, close * 0.98, close, np.ones((1, 300)), market)
    values = compute_indicators(bars, np.float64)[0]
    for indicator, row in zip(INDICATORS, values, strict=True):
        assert np.flatnonzero(np.isfinite(row))[0] == indicator.lookback - 1, indicator.name
        assert np.isfinite(row[indicator.lookback - 1 :]).all(), indicator.name


def test_a_bar_with_a_close_only_still_gives_what_needs_only_closes() -> None:
    bars = flat_bars(300)
    steps = np.random.default_rng(3).normal(0, 0.03, (1, 300))
    close = np.cumprod(1.0 + steps, axis=1, dtype=np.float64)
    missing = np.full_like(close, np.nan)
    values = compute_indicators(replace(bars, high=missing, low=missing, close=close), np.float64)
    lost = {NAMES[i] for i in np.flatnonzero(np.isnan(values[0, :, -1]))}
    assert lost == {
        "stochastic_14",
        "commodity_channel_20",
        "average_true_range_14",
        "market_beta_60",
        "market_correlation_60",
    }


def test_no_bars_at_all_give_nan() -> None:
    bars = flat_bars(5, close=np.nan)
    assert np.isnan(compute_indicators(bars, np.float64)).all()
    assert np.isnan(compute_indicators(flat_bars(5, close=0.0), np.float64, since=4)).all()


@pytest.mark.slow
def test_threads_change_no_bit() -> None:
    bars = build_bars(np.random.default_rng(11), 67, 300, 0.04, 0.03)
    np.testing.assert_array_equal(
        compute_indicators(bars, np.float32, parallel=True), compute_indicators(bars, np.float32)
    )


def test_market_level_is_the_mean_return_of_those_that_traded_both_days() -> None:
    nan = np.nan
    close = np.array([[1.0, 2.0, nan, 2.0, 4.0], [4.0, 4.0, 5.0, 5.0, 0.0]])
    np.testing.assert_allclose(compute_market_level(close), [1.0, 1.5, 1.875, 1.875, 3.75])
    np.testing.assert_array_equal(
        compute_market_level(close[:, :3].copy()), compute_market_level(close)[:3]
    )


def test_arrays_that_do_not_fit_are_refused() -> None:
    bars = flat_bars(4)
    with pytest.raises(BadInput, match="volume"):
        replace(bars, volume=np.ones((1, 3)))
    with pytest.raises(BadInput, match="market"):
        replace(bars, market=np.ones(3))
    with pytest.raises(BadInput, match="contiguous"):
        replace(bars, close=np.asfortranarray(np.ones((2, 4)))[:1])
    with pytest.raises(BadInput, match="column 4"):
        compute_indicators(bars, np.float64, since=4)
