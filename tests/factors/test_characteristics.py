"""The compiled characteristics: equal to their formulas, causal to the bit, free of price units."""

import re
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assay.factors.compute import characteristics_kernels as kernels
from assay.factors.compute.characteristics import (
    CHARACTERISTICS,
    compute_characteristics,
    find_broad_start,
)
from assay.factors.compute.characteristics_reference import (
    TokenDay,
    compute_reference_characteristics,
)
from assay.factors.compute.characteristics_windows import REACH
from assay.factors.compute.mathematics import compute_exp
from assay.factors.types import Family
from assay.kit.errors import BadInput

NAMES = [characteristic.name for characteristic in CHARACTERISTICS]
# What a token's price unit may change: dollars are dollars, whatever the unit of the price is.
IN_DOLLARS = {"dollar_volume_7", "dollar_volume_30", "dollar_volume_90", "illiquidity_30"}
FIELDS = ("high", "low", "close", "volume")

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Market:
    """Bars of a few tokens and the market they are set against."""

    high: Matrix
    low: Matrix
    close: Matrix
    volume: Matrix
    market: Matrix
    broad_start: int

    def compute(self, start: int = 0, stop: int | None = None) -> Matrix:
        return compute_characteristics(
            self.high,
            self.low,
            self.close,
            self.volume,
            self.market,
            broad_start=self.broad_start,
            start=start,
            stop=stop,
        )

    def until(self, days: int) -> "Market":
        cut = {name: getattr(self, name)[:, :days] for name in FIELDS}
        return replace(self, **cut, market=self.market[:days])

    def day(self, token: int, day: int) -> TokenDay:
        rows = {name: getattr(self, name)[token, : day + 1] for name in FIELDS}
        return TokenDay(**rows, market=self.market[: day + 1], broad_start=self.broad_start)


def build_market(
    generator: np.random.Generator, tokens: int, days: int, noise: float, holes: float
) -> Market:
    """Random walks that list late, halt, die, stand still, trade nothing, and lack numbers."""
    market = generator.normal(0.0, 0.03, days)
    steps = 0.7 * market + generator.normal(0.0, 1.0, (tokens, days)) * 0.05
    steps = np.clip(steps, -0.5, 0.5) * noise
    steps[generator.random((tokens, days)) < 0.1] = 0.0
    still = int(generator.integers(0, days))
    steps[0, still : still + 120] = 0.0
    close = compute_exp(np.cumsum(steps, axis=1) + generator.normal(0.0, 3.0, (tokens, 1)))
    high = close * (1.0 + 0.05 * noise * generator.random((tokens, days)))
    low = close * (1.0 - 0.05 * noise * generator.random((tokens, days)))
    volume = 1e6 * generator.random((tokens, days)) * generator.integers(0, 5, (tokens, days))
    volume[0] = 0.0
    market[generator.random(days) < 0.1 * holes] = np.nan
    for array in (high, low, volume):
        array[generator.random((tokens, days)) < 0.2 * holes] = np.nan
    absent = generator.random((tokens, days)) < holes
    listed = generator.integers(-days, days, tokens)
    ended = generator.integers(0, 2 * days, tokens)
    absent |= (np.arange(days) < listed[:, None]) | (np.arange(days) > ended[:, None])
    for array in (high, low, close, volume):
        array[absent] = np.nan
    return Market(high, low, close, volume, market, int(generator.integers(0, days + 1)))


@st.composite
def markets(draw: st.DrawFn, max_days: int = 480) -> Market:
    return build_market(
        np.random.default_rng(draw(st.integers(0, 2**32 - 1))),
        tokens=draw(st.integers(1, 3)),
        days=draw(st.integers(1, max_days)),
        noise=draw(st.sampled_from([0.0, 0.01, 1.0, 1.0, 3.0])),
        holes=draw(st.sampled_from([0.0, 0.0, 0.03, 0.5])),
    )


def test_catalogue_and_kernels_have_one_order() -> None:
    assert len(set(NAMES)) == len(CHARACTERISTICS) == kernels.COUNT == 55
    families = [characteristic.family for characteristic in CHARACTERISTICS]
    begins = [families.index(family) for family in Family]
    by_family = dict(zip(Family, begins, strict=True))
    for family in Family:
        assert getattr(kernels, family.name) == by_family[family]
    assert families == sorted(families, key=lambda family: by_family[family])
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in NAMES)


@settings(max_examples=120)
@given(markets(), st.data())
def test_kernels_equal_their_formulas(market: Market, data: st.DataObject) -> None:
    ours = market.compute()
    tokens, days = market.close.shape
    for _ in range(12):
        token = data.draw(st.integers(0, tokens - 1))
        day = days - 1 - data.draw(st.integers(0, days - 1))
        formulas = compute_reference_characteristics(market.day(token, day))
        # Six digits are kept: half a unit of the last is at most 5e-6 of the value.
        np.testing.assert_allclose(
            ours[:, token, day],
            [formulas.get(name, np.nan) for name in NAMES],
            rtol=5.001e-6,
            atol=1e-11,
            err_msg=f"{token} {day}",
        )


@given(markets(), st.data())
def test_a_longer_panel_changes_no_bit_of_the_past(market: Market, data: st.DataObject) -> None:
    days = data.draw(st.integers(1, market.market.size))
    whole = market.compute()
    np.testing.assert_array_equal(market.until(days).compute(), whole[:, :, :days])
    np.testing.assert_array_equal(market.compute(stop=days), whole[:, :, :days])


@given(markets(), st.data())
def test_a_later_start_gives_the_same_bits(market: Market, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, market.market.size - 1))
    np.testing.assert_array_equal(market.compute(start), market.compute()[:, :, start:])


@given(markets())
def test_one_token_alone_equals_itself_among_others(market: Market) -> None:
    together = market.compute()
    for token in range(market.close.shape[0]):
        alone = {name: getattr(market, name)[token : token + 1] for name in FIELDS}
        np.testing.assert_array_equal(replace(market, **alone).compute()[:, 0], together[:, token])


@given(markets(), st.integers(-30, 30))
def test_a_redenomination_by_a_power_of_two_changes_no_bit(market: Market, power: int) -> None:
    factor = 2.0**power
    prices = {name: getattr(market, name) * factor for name in ("high", "low", "close")}
    np.testing.assert_array_equal(
        replace(market, **prices, volume=market.volume / factor).compute(), market.compute()
    )


@given(markets(), st.floats(1e-6, 1e6))
def test_only_what_is_counted_in_dollars_depends_on_the_price_unit(
    market: Market, factor: float
) -> None:
    prices = {name: getattr(market, name) * factor for name in ("high", "low", "close")}
    ours, scaled = market.compute(), replace(market, **prices).compute()
    for position, name in enumerate(NAMES):
        if name not in IN_DOLLARS:
            np.testing.assert_allclose(
                scaled[position], ours[position], rtol=1.1e-5, atol=1e-9, err_msg=name
            )


@given(markets(), st.data())
def test_another_history_before_the_windows_changes_only_what_counts_from_the_first_bar(
    market: Market, data: st.DataObject
) -> None:
    days = market.market.size
    shift = data.draw(st.integers(0, days - 1))
    late = {name: getattr(market, name).copy() for name in FIELDS}
    for array in late.values():
        array[:, :shift] = np.nan
    ours, cut = market.compute(), replace(market, **late).compute()
    fixed = [name not in ("history_days", "distance_all_time_high") for name in NAMES]
    same_day = shift + REACH
    # A return may reach over a halt to a close that was cut off.
    carried = np.isfinite(late["close"][:, shift]) & np.isfinite(market.close[:, shift])
    np.testing.assert_array_equal(
        cut[fixed][:, carried, same_day:], ours[fixed][:, carried, same_day:]
    )


def test_what_stands_still_has_no_spread_and_no_dust() -> None:
    flat = np.full((1, 400), 3.1)
    market = Market(flat, flat, flat, np.full((1, 400), 7.3), np.full(400, 0.01), 0)
    values = dict(zip(NAMES, market.compute()[:, 0, -1], strict=True))
    missing = {name for name, value in values.items() if np.isnan(value)}
    assert missing == {
        *("rsi_14", "percent_b_20", "stochastic_14", "close_location_14", "illiquidity_30"),
        *("skewness_30", "skewness_90", "autocorrelation_30", "sharpe_90"),
        *("market_correlation_30", "market_correlation_90", "market_correlation_180"),
        *("beta_90", "volume_return_correlation_30"),
        *(name for name in NAMES if "residual" in name),
    }
    dollars = 3.1 * 7.3
    rest = {name: value for name, value in values.items() if name not in missing}
    for name in ("dollar_volume_7", "dollar_volume_30", "dollar_volume_90"):
        assert rest.pop(name) == pytest.approx(np.log(dollars), rel=1e-5)
    assert rest.pop("flat_days_30") == 1.0
    assert rest.pop("history_days") == 399.0
    assert set(rest.values()) == {0.0}


def test_age_is_not_told_before_the_broad_start_nor_beyond_two_years() -> None:
    rows = np.full((2, 900), 2.0)
    rows[1, :120] = np.nan
    ages = Market(rows, rows, rows, rows, np.zeros(900), 100).compute()[NAMES.index("history_days")]
    assert np.isnan(ages[:, :100]).all()
    assert np.isnan(ages[1, 100:120]).all()
    np.testing.assert_array_equal(ages[0, 100:103], [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(ages[1, 120:123], [0.0, 1.0, 2.0])
    assert ages[0, -1] == 730.0


def test_the_broad_start_counts_coins_only() -> None:
    close = np.full((150, 5), np.nan)
    close[:99, 1:] = 1.0
    close[:100, 3:] = 1.0
    close[100:, :] = 1.0
    is_coin = np.arange(150) < 100
    assert find_broad_start(close, is_coin) == 3
    assert find_broad_start(close[:, :3], is_coin) == 3
    assert find_broad_start(close, ~is_coin) == 5


def test_arrays_that_do_not_fit_are_refused() -> None:
    rows = np.ones((2, 5))
    with pytest.raises(BadInput):
        compute_characteristics(rows, rows[:1], rows, rows, np.ones(5), broad_start=0)
    with pytest.raises(BadInput):
        compute_characteristics(rows, rows, rows, rows, np.ones(4), broad_start=0)
    with pytest.raises(BadInput):
        compute_characteristics(rows, rows, rows, rows, np.ones(5), broad_start=0, start=6)


def test_the_empty_range_and_the_token_without_bars() -> None:
    rows = np.full((2, 5), np.nan)
    assert np.isnan(compute_characteristics(rows, rows, rows, rows, rows[0], broad_start=0)).all()
    empty = compute_characteristics(rows, rows, rows, rows, rows[0], broad_start=0, start=5)
    assert empty.shape == (55, 2, 0)
