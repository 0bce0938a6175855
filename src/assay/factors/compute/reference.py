"""The 30 technical indicators as Polars expressions that read like their formulas.

For reading, notebooks and the property test that holds `indicators.py` equal to this; it is about
ten times slower. Each expression sees one token's bars in order of time; null is missing.
"""

from typing import cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assay.factors.compute.catalogue import INDICATORS
from assay.factors.types import Bars

high, low, close = pl.col("high"), pl.col("low"), pl.col("close")
volume, market = pl.col("volume"), pl.col("market")


def is_constant(x: pl.Expr, bars: int) -> pl.Expr:
    """Whether nothing moved: a running formula leaves crumbs there, where the truth is zero."""
    return x.rolling_max(bars) == x.rolling_min(bars)


def mean(x: pl.Expr, bars: int) -> pl.Expr:
    """Mean of the last `bars` bars."""
    return pl.when(is_constant(x, bars)).then(x).otherwise(x.rolling_mean(bars))


def deviation(x: pl.Expr, bars: int) -> pl.Expr:
    """Sample standard deviation of the last `bars` bars."""
    return pl.when(is_constant(x, bars)).then(0.0).otherwise(x.rolling_std(bars))


def mean_distance(x: pl.Expr, bars: int) -> pl.Expr:
    """Mean absolute distance of the last `bars` bars from their mean."""
    centre = mean(x, bars)
    total = pl.sum_horizontal((x.shift(lag) - centre).abs() for lag in range(bars))
    return pl.when(centre.is_not_null()).then(total / bars)


def exponential_average(x: pl.Expr, bars: int) -> pl.Expr:
    """Moves by 2 / (bars + 1) of the gap to each new value."""
    return x.ewm_mean(span=bars, adjust=False)


def smoothed(x: pl.Expr, bars: int, at_least: int) -> pl.Expr:
    """Wilder's average: moves by 1 / bars of the gap; null until `at_least` values were seen."""
    return x.ewm_mean(alpha=1.0 / bars, adjust=False, ignore_nulls=True, min_samples=at_least)


def change(x: pl.Expr, bars: int) -> pl.Expr:
    """Relative change over `bars` bars."""
    return x / x.shift(bars) - 1.0


def known_from(bar: int, x: pl.Expr) -> pl.Expr:
    """Null until `bar` bars were seen."""
    return pl.when(pl.int_range(pl.len()) >= bar - 1).then(x)


def _momentum() -> dict[str, pl.Expr]:
    return {
        "return_1": change(close, 1),
        "log_return_1": (close / close.shift(1)).log(),
        "momentum_10": change(close, 10),
        "momentum_30": change(close, 30),
        "momentum_90": change(close, 90),
        "drawdown": close / close.cum_max() - 1.0,
    }


def _averages() -> dict[str, pl.Expr]:
    middle, spread = mean(close, 20), deviation(close, 20)
    fast, slow = exponential_average(close, 12), exponential_average(close, 26)
    line = fast - slow
    signal = exponential_average(line, 9)
    return {
        "moving_average_20": middle,
        "moving_average_50": mean(close, 50),
        "moving_average_200": mean(close, 200),
        "bollinger_upper_20": middle + 2.0 * spread,
        "bollinger_lower_20": middle - 2.0 * spread,
        "bollinger_position_20": (close - (middle - 2.0 * spread)) / (4.0 * spread),
        "price_score_20": (close - middle) / spread,
        "exponential_average_12": known_from(12, fast),
        "exponential_average_26": known_from(26, slow),
        "macd_line": known_from(26, line),
        "macd_signal": known_from(34, signal),
        "macd_histogram": known_from(34, line - signal),
    }


def _ranges() -> dict[str, pl.Expr]:
    highest, lowest = high.rolling_max(14), low.rolling_min(14)
    typical = (high + low + close) / 3.0
    rise = close.diff().clip(lower_bound=0.0)
    fall = (-close.diff()).clip(lower_bound=0.0)
    gain, loss = smoothed(rise, 14, 14), smoothed(fall, 14, 14)
    before = close.shift(1)
    true_range = pl.max_horizontal(high, before) - pl.min_horizontal(low, before)
    has_range = high.is_not_null() & low.is_not_null()
    return {
        "highest_close_20": close.rolling_max(20),
        "lowest_close_20": close.rolling_min(20),
        "stochastic_14": 100.0 * (close - lowest) / (highest - lowest),
        "commodity_channel_20": (typical - mean(typical, 20))
        / (0.015 * mean_distance(typical, 20)),
        "relative_strength_14": 100.0 * gain / (gain + loss),
        "average_true_range_14": smoothed(pl.when(has_range).then(true_range), 14, 14),
    }


def _risk_and_volume() -> dict[str, pl.Expr]:
    own, other = change(close, 1), change(market, 1)
    covariance = pl.rolling_cov(own, other, window_size=60, min_samples=60)
    spread, other_spread = deviation(own, 60), deviation(other, 60)
    side = close.diff().sign().fill_null(0.0)
    return {
        "volatility_20": deviation(own, 20),
        "volatility_60": spread,
        "market_beta_60": pl.when(other_spread > 0.0).then(covariance / other_spread**2),
        "market_correlation_60": pl.when((spread > 0.0) & (other_spread > 0.0)).then(
            covariance / (spread * other_spread)
        ),
        "balance_volume": (side * volume).cum_sum(),
        "volume_ratio_20": volume / mean(volume, 20),
    }


def list_expressions() -> list[pl.Expr]:
    """The 30 expressions, named and in catalogue order, over columns named as in `Bars`."""
    every = _momentum() | _averages() | _ranges() | _risk_and_volume()
    return [every[indicator.name].alias(indicator.name) for indicator in INDICATORS]


def compute_reference_indicators(bars: Bars) -> NDArray[np.float64]:
    """What `compute_indicators` gives, by the formulas: float64 [tokens, 30, days].

    Missing data: as there; a day without a bar gives NaN and is skipped.
    """
    tokens, days = bars.close.shape
    out = np.full((tokens, len(INDICATORS), days), np.nan)
    for token in range(tokens):
        columns = {name: getattr(bars, name)[token] for name in ("high", "low", "close", "volume")}
        frame = pl.DataFrame(columns | {"market": bars.market}).fill_nan(None).with_row_index("day")
        frame = frame.filter(close.is_finite() & (close > 0.0))
        values = frame.select(list_expressions()).to_numpy().astype(np.float64)
        out[token][:, cast(NDArray[np.int64], frame["day"].to_numpy())] = values.T
    return out
