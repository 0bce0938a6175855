"""The same 30 indicators as quants compute them with pandas, Polars and TA-Lib.

Each is written the fast idiomatic way of its library, with running formulas and no guard for a
window in which nothing moved. Polars and pandas take a standard deviation in the commodity channel
index where TA-Lib and Assay take the textbook's mean distance, which those two could only do far
slower. TA-Lib seeds its averages its own way and divides deviations by n. So operations are
compared here; values are compared in `tests/factors`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
import polars_talib as plta
import talib
from numpy.typing import NDArray

Array = NDArray[np.float64]
COUNT = 30


@dataclass(frozen=True)
class Market:
    """A panel without gaps: [tokens, days], the market's return [days], and both frames of it."""

    high: Array
    low: Array
    close: Array
    volume: Array
    returns: Array
    market_level: Array
    market_return: Array
    polars_frame: pl.DataFrame
    pandas_frame: pd.DataFrame


def build_market(generator: np.random.Generator, tokens: int, days: int) -> Market:
    close = 10.0 * np.exp(np.cumsum(generator.normal(0.0, 0.04, (tokens, days)), axis=1))
    high = close * (1.0 + 0.03 * generator.random((tokens, days)))
    low = close * (1.0 - 0.03 * generator.random((tokens, days)))
    volume = 1e6 * generator.random((tokens, days))
    returns = np.full_like(close, np.nan)
    returns[:, 1:] = close[:, 1:] / close[:, :-1] - 1.0
    market_return = np.zeros(days)
    market_return[1:] = returns[:, 1:].mean(axis=0)
    columns = {
        "token": np.repeat(np.arange(tokens, dtype=np.int32), days),
        "high": high.ravel(),
        "low": low.ravel(),
        "close": close.ravel(),
        "volume": volume.ravel(),
        "market": np.tile(market_return, tokens),
    }
    return Market(
        high,
        low,
        close,
        volume,
        returns,
        np.cumprod(1.0 + market_return),
        market_return,
        pl.DataFrame(columns),
        pd.DataFrame(columns),
    )


def list_polars_expressions() -> list[pl.Expr]:
    c, h, low, v, m = (pl.col(name) for name in ("close", "high", "low", "volume", "market"))
    before, move = c.shift(1), c.diff()
    r = c / before - 1
    middle, spread = c.rolling_mean(20), c.rolling_std(20)
    fast, slow = c.ewm_mean(span=12, adjust=False), c.ewm_mean(span=26, adjust=False)
    line = fast - slow
    signal = line.ewm_mean(span=9, adjust=False)
    gain = move.clip(lower_bound=0).ewm_mean(alpha=1 / 14, adjust=False)
    loss = (-move).clip(lower_bound=0).ewm_mean(alpha=1 / 14, adjust=False)
    true_range = pl.max_horizontal(h - low, (h - before).abs(), (low - before).abs())
    highest, lowest = h.rolling_max(14), low.rolling_min(14)
    typical = (h + low + c) / 3
    covariance, variance = pl.rolling_cov(r, m, window_size=60, min_samples=60), m.rolling_var(60)
    every = [r, (c / before).log(), *(c / c.shift(n) - 1 for n in (10, 30, 90))]
    every += [middle, c.rolling_mean(50), c.rolling_mean(200)]
    every += [middle + 2 * spread, middle - 2 * spread, (c - middle + 2 * spread) / (4 * spread)]
    every += [(c - middle) / spread, c.rolling_max(20), c.rolling_min(20)]
    every += [100 * (c - lowest) / (highest - lowest)]
    every += [(typical - typical.rolling_mean(20)) / (0.015 * typical.rolling_std(20))]
    every += [r.rolling_std(20), r.rolling_std(60), covariance / variance]
    every += [covariance / (r.rolling_var(60) * variance).sqrt(), v / v.rolling_mean(20)]
    every += [fast, slow, line, signal, line - signal, 100 - 100 / (1 + gain / loss)]
    every += [true_range.ewm_mean(alpha=1 / 14, adjust=False)]
    every += [(move.sign().fill_null(0) * v).cum_sum(), c / c.cum_max() - 1]
    return [expression.alias(f"f{i}") for i, expression in enumerate(every)]


def compute_with_polars_over(market: Market) -> pl.DataFrame:
    expressions = [expression.over("token") for expression in list_polars_expressions()]
    return market.polars_frame.lazy().select(expressions).collect()


def compute_with_polars_groups(market: Market) -> pl.DataFrame:
    groups = market.polars_frame.lazy().group_by("token", maintain_order=True)
    return groups.agg(list_polars_expressions()).collect()


def compute_with_pandas(market: Market) -> list[pd.Series]:
    p = market.pandas_frame
    token, c, h, low, v, m = p.token, p.close, p.high, p.low, p.volume, p.market

    def rolling(x: pd.Series, bars: int, what: str) -> pd.Series:
        return getattr(x.groupby(token, sort=False).rolling(bars), what)().droplevel(0)

    def smooth(x: pd.Series, **settings: float) -> pd.Series:
        return x.groupby(token, sort=False).ewm(adjust=False, **settings).mean().droplevel(0)

    closes = p.groupby("token", sort=False).close
    before = closes.shift(1)
    r, move = c / before - 1, c - before
    middle, spread = rolling(c, 20, "mean"), rolling(c, 20, "std")
    fast, slow = smooth(c, span=12), smooth(c, span=26)
    line = fast - slow
    signal = smooth(line, span=9)
    gain, loss = (
        smooth(move.clip(lower=0), alpha=1 / 14),
        smooth((-move).clip(lower=0), alpha=1 / 14),
    )
    true_range = np.maximum(h - low, np.maximum((h - before).abs(), (low - before).abs()))
    highest, lowest = rolling(h, 14, "max"), rolling(low, 14, "min")
    typical = (h + low + c) / 3
    own, joint = rolling(r, 60, "mean"), rolling(r * m, 60, "mean")
    covariance = (joint - own * rolling(m.where(r.notna()), 60, "mean")) * 60 / 59
    variance = rolling(m, 60, "var")
    every = [r, np.log(c / before), *(c / closes.shift(n) - 1 for n in (10, 30, 90))]
    every += [middle, rolling(c, 50, "mean"), rolling(c, 200, "mean")]
    every += [middle + 2 * spread, middle - 2 * spread, (c - middle + 2 * spread) / (4 * spread)]
    every += [(c - middle) / spread, rolling(c, 20, "max"), rolling(c, 20, "min")]
    every += [100 * (c - lowest) / (highest - lowest)]
    every += [(typical - rolling(typical, 20, "mean")) / (0.015 * rolling(typical, 20, "std"))]
    every += [rolling(r, 20, "std"), rolling(r, 60, "std"), covariance / variance]
    every += [covariance / np.sqrt(rolling(r, 60, "var") * variance), v / rolling(v, 20, "mean")]
    every += [fast, slow, line, signal, line - signal, 100 - 100 / (1 + gain / loss)]
    every += [smooth(true_range, alpha=1 / 14)]
    every += [(np.sign(move).fillna(0) * v).groupby(token, sort=False).cumsum()]
    every += [c / closes.cummax() - 1]
    return every


def _compute_token_with_talib(market: Market, token: int, out: Array) -> None:
    c, h, low = market.close[token], market.high[token], market.low[token]
    v, r = market.volume[token], market.returns[token, 1:]
    out[0], out[1] = talib.ROCP(c, 1), np.log(talib.ROCR(c, 1))
    out[2], out[3], out[4] = talib.ROCP(c, 10), talib.ROCP(c, 30), talib.ROCP(c, 90)
    out[6], out[7] = talib.SMA(c, 50), talib.SMA(c, 200)
    upper, middle, lower = talib.BBANDS(c, 20)
    out[5], out[8], out[9] = middle, upper, lower
    out[10] = (c - lower) / (upper - lower)
    out[11] = (c - middle) / ((upper - middle) * 0.5)
    out[12], out[13] = talib.MAX(c, 20), talib.MIN(c, 20)
    out[14] = talib.STOCHF(h, low, c, 14, 1)[0]
    out[15] = talib.CCI(h, low, c, 20)
    out[16:20, 0] = np.nan
    out[16, 1:], out[17, 1:] = talib.STDDEV(r, 20), talib.STDDEV(r, 60)
    out[18, 1:] = talib.BETA(market.market_return[1:], r, 60)
    out[19, 1:] = talib.CORREL(market.market_return[1:], r, 60)
    out[20] = v / talib.SMA(v, 20)
    out[21], out[22] = talib.EMA(c, 12), talib.EMA(c, 26)
    out[23], out[24], out[25] = talib.MACD(c, 12, 26, 9)
    out[26], out[27] = talib.RSI(c, 14), talib.ATR(h, low, c, 14)
    out[28], out[29] = talib.OBV(c, v), c / np.maximum.accumulate(c) - 1


def compute_with_talib(market: Market) -> Array:
    tokens, days = market.close.shape
    out = np.empty((tokens, COUNT, days))
    for token in range(tokens):
        _compute_token_with_talib(market, token, out[token])
    return out


def compute_with_polars_talib(market: Market) -> pl.DataFrame:
    c, h, low, v, m = (pl.col(name) for name in ("close", "high", "low", "volume", "market"))
    r = c / c.shift(1) - 1
    three = [plta.macd(c, 12, 26, 9).alias("macd"), plta.bbands(c, 20).alias("bands")]
    three += [plta.stochf(h, low, c, 14, 1).alias("stochastic")]
    every = [plta.rocp(c, 1), plta.rocr(c, 1).log(), *(plta.rocp(c, n) for n in (10, 30, 90))]
    every += [plta.sma(c, 50), plta.sma(c, 200), plta.max(c, 20), plta.min(c, 20)]
    every += [plta.cci(h, low, c, 20), plta.stddev(r, 20), plta.stddev(r, 60)]
    every += [plta.beta(m, r, 60), plta.correl(m, r, 60), v / plta.sma(v, 20)]
    every += [plta.ema(c, 12), plta.ema(c, 26), plta.rsi(c, 14), plta.atr(h, low, c, 14)]
    every += [plta.obv(c, v), c / c.cum_max() - 1]
    named = three + [expression.alias(f"f{i}") for i, expression in enumerate(every)]
    frame = market.polars_frame.lazy().select(c, *(x.over("token") for x in named))
    middle, upper, lower = pl.col("middleband"), pl.col("upperband"), pl.col("lowerband")
    return (
        frame.unnest("macd", "bands", "stochastic")
        .with_columns(
            ((pl.col("close") - lower) / (upper - lower)).alias("position"),
            ((pl.col("close") - middle) / ((upper - middle) * 0.5)).alias("score"),
        )
        .collect()
    )


def fill_memory(market: Market) -> NDArray[np.float32]:
    """The physical limit: touching and writing a float32 output once."""
    tokens, days = market.close.shape
    out = np.empty((tokens, COUNT, days), dtype=np.float32)
    out.fill(1.0)
    return out


PEERS: dict[str, Callable[[Market], object]] = {
    "TA-Lib loop": compute_with_talib,
    "polars-talib over": compute_with_polars_talib,
    "Polars over": compute_with_polars_over,
    "Polars group_by": compute_with_polars_groups,
    "pandas groupby": compute_with_pandas,
    "memory fill (limit)": fill_memory,
}
