"""Fifty-five characteristics of a token: what its daily bars say about it, scale-free and causal.

These are the inputs of the grades. All windows are calendar days and end with the bar of the day
itself; a value reads the bars of its window only, always in the same order, and so neither a
longer panel nor a later start changes a bit of it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.factors.compute import characteristics_kernels as kernels
from assay.factors.compute import characteristics_liquidity as liquidity
from assay.factors.compute import characteristics_returns as returns
from assay.factors.types import Family
from assay.kit.errors import BadInput

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One input of the grades. `needs` says how much must be known in the window; else NaN."""

    name: str
    family: Family
    formula: str
    window: int
    needs: str


_FAMILIES = {
    Family.TECHNICAL: (
        ("rsi_14", "sum of gains / sum of absolute log returns (Cutler)", 14, "9 returns"),
        ("macd_12_26", "(EMA 12 - EMA 26) / close, both truncated", 105, "26 days of history"),
        ("percent_b_20", "(close - mean) / sample deviation of close", 20, "14 bars"),
        ("distance_sma_20", "close / mean - 1", 20, "14 bars"),
        ("distance_sma_50", "close / mean - 1", 50, "30 bars"),
        ("stochastic_14", "(close - lowest low) / (highest high - lowest low)", 14, "a range"),
        ("close_location_14", "mean (close - low) / (high - low)", 14, "7 days with a range"),
    ),
    Family.MOMENTUM: (
        ("return_1", "log(close / last close known the day before)", 1, "a bar that old"),
        ("return_3", "log(close / last close known 3 days before)", 3, "a bar that old"),
        ("return_7", "log(close / last close known 7 days before)", 7, "a bar that old"),
        ("return_30", "log(close / last close known 30 days before)", 30, "a bar that old"),
        ("return_90", "log(close / last close known 90 days before)", 90, "a bar that old"),
        ("return_180", "log(close / last close known 180 days before)", 180, "a bar that old"),
        ("return_360", "log(close / last close known 360 days before)", 360, "a bar that old"),
        ("residual_momentum_30", "mean e / population deviation of e", 30, "20 e"),
        ("distance_high_90", "log(close / highest high)", 90, "a high"),
    ),
    Family.VOLATILITY: (
        ("volatility_7", "sample deviation of r", 7, "4 returns"),
        ("volatility_30", "sample deviation of r", 30, "20 returns"),
        ("volatility_90", "sample deviation of r", 90, "60 returns"),
        ("downside_30", "root mean of min(r, 0)^2", 30, "20 returns"),
        ("residual_volatility_7", "root mean of e^2", 7, "4 e"),
        ("residual_volatility_30", "population deviation of e", 30, "20 e"),
        ("residual_volatility_90", "root mean square residual about the fit", 90, "25 pairs"),
        ("largest_returns_30", "mean of the 5 largest r", 30, "20 returns"),
        ("average_range_14", "mean true range / close before", 14, "9 days"),
        ("beta_90", "slope of r on the market's return m", 90, "25 pairs"),
        ("range_90", "log(highest high / lowest low)", 90, "a high and a low"),
        ("largest_residuals_30", "mean of the 5 largest e", 30, "20 e"),
    ),
    Family.LIQUIDITY: (
        ("dollar_volume_7", "log mean dollar volume", 7, "a volume"),
        ("dollar_volume_30", "log mean dollar volume", 30, "a volume"),
        ("dollar_volume_90", "log mean dollar volume", 90, "a volume"),
        ("illiquidity_30", "log mean |r| / dollar volume (Amihud)", 30, "20 days"),
        ("volume_trend_7_30", "dollar_volume_7 - dollar_volume_30", 30, "both"),
        ("volume_trend_30_90", "dollar_volume_30 - dollar_volume_90", 90, "both"),
        ("volume_shock", "log dollar volume of the day - dollar_volume_30", 30, "both"),
        ("flat_days_30", "share of days with |r| < 0.002", 30, "20 returns"),
        ("spread_30", "mean two-day spread of Corwin and Schultz, at least 0", 30, "20 pairs"),
        ("volume_dispersion_30", "population deviation / mean of dollar volume", 30, "20 days"),
        ("volume_return_correlation_30", "correlation of dollar volume and r", 30, "20 pairs"),
        ("history_days", "days since the first bar or the broad start, at most 730", 730, "-"),
    ),
    Family.QUANT: (
        ("skewness_30", "mean of ((r - mean) / deviation)^3", 30, "20 returns"),
        ("skewness_90", "mean of ((r - mean) / deviation)^3", 90, "45 returns"),
        ("autocorrelation_30", "of r with the r before it", 30, "20 returns"),
        ("sharpe_90", "mean / sample deviation of r", 90, "45 returns"),
        ("residual_return_7", "sum of e / residual_volatility_30", 30, "20 e"),
        ("days_since_high_365", "days since the newest highest high", 365, "a high"),
        ("market_correlation_90", "correlation of r and m", 90, "25 pairs"),
        ("market_correlation_30", "correlation of r and m", 30, "20 pairs"),
        ("market_correlation_180", "correlation of r and m", 180, "60 pairs"),
    ),
    Family.VALUATION: (
        ("price_to_average_paid_365", "log(close * sum volume / sum dollar volume)", 365, "volume"),
        ("price_to_average_paid_90", "log(close * sum volume / sum dollar volume)", 90, "volume"),
        ("distance_all_time_high", "log(close / highest high since the first bar)", 0, "a high"),
        ("price_to_mean_200", "close / mean - 1", 200, "60 bars"),
        ("distance_low_365", "log(close / lowest low)", 365, "a low"),
        ("distance_low_90", "log(close / lowest low)", 90, "a low"),
    ),
}

CHARACTERISTICS = tuple(
    Characteristic(name, family, formula, window, needs)
    for family, entries in _FAMILIES.items()
    for name, formula, window, needs in entries
)
"""In the order of the feature axis. r is the daily log return (both bars known), m the market's
return, e = r - beta_90 * m, dollar volume = close * volume, history runs from the first bar."""

BROAD_MARKET = 100


def find_broad_start(close: Matrix, is_coin: NDArray[np.bool_]) -> int:
    """Column of the first day on which at least 100 coins had a bar; the number of days if none.

    A token's age is counted from there at the earliest: in a sample whose first years hold only
    tokens that lived on, an older first bar would tell the future.
    """
    wide = np.isfinite(close[is_coin]).sum(axis=0) >= BROAD_MARKET
    return int(np.argmax(wide)) if wide.any() else int(close.shape[1])


def _write_token(given: kernels.Given, start: int, stop: int, broad: int, out: Matrix) -> None:
    """One token's characteristics into `out` [features, stop - start], which holds NaN."""
    first, end = kernels.find_bars(given[kernels.CLOSE], stop)
    begin = max(start, first)
    if end <= begin:
        return
    # One call for each family: a single kernel for all of them takes four times as long to compile.
    table = kernels.build_table(given, begin, end - begin)
    values = np.empty((kernels.COUNT, end - begin))
    kernels.write_technical(table, begin - first, values)
    kernels.write_momentum(table, begin - first, values)
    kernels.write_ranges(table, values)
    kernels.write_valuation(given, table, begin, values)
    returns.write_own(table, values)
    returns.write_residual(table, values)
    liquidity.write_liquidity(table, begin, max(first, broad), broad, values)
    kernels.write_rounded(
        values, given[kernels.CLOSE][begin:end], out[:, begin - start : end - start]
    )


def compute_characteristics(
    high: Matrix,
    low: Matrix,
    close: Matrix,
    volume: Matrix,
    market: NDArray[np.float64],
    *,
    broad_start: int,
    start: int = 0,
    stop: int | None = None,
) -> NDArray[np.float64]:
    """All characteristics, [features, tokens, stop - start], rounded to 6 significant digits.

    `high`, `low`, `close`, `volume` are [tokens, days], continuous through redenominations, NaN
    where there is no bar (a bar is a day with a close); `market` [days] is
    `compute_market_returns`; `broad_start` is `find_broad_start`. Columns from `start` to `stop`
    are computed and equal those of a full run bit for bit; a start reads 365 columns before it (and
    all of them for the highest high so far). NaN where the token has no bar on the day or too
    little is known (see `needs`). Raises BadInput for arrays that do not fit
    together.
    """
    days = close.shape[1]
    end = days if stop is None else stop
    if any(array.shape != close.shape for array in (high, low, volume)) or market.shape != (days,):
        raise BadInput("the bars do not fit together", hint="align the arrays first")
    if not 0 <= start <= end <= days:
        raise BadInput(f"no columns {start} to {end} in {days} days", hint="ask within the panel")
    out = np.full((kernels.COUNT, close.shape[0], end - start), np.nan)
    arrays = [np.ascontiguousarray(x, dtype=np.float64) for x in (high, low, close, volume, market)]
    for token in range(close.shape[0]):
        rows = (arrays[0][token], arrays[1][token], arrays[2][token], arrays[3][token], arrays[4])
        _write_token(rows, start, end, broad_start, out[:, token])
    return out
