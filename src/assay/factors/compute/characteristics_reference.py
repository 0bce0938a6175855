"""The 55 characteristics of one token on one day, straight from their formulas: slow and readable.

This is what a formula means; the compiled kernels are held equal to it by a property test. It
rounds nothing and uses numpy's functions, so its last bits are not those that are judged.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.float64]

NOTHING = np.nan
_NO_SPREAD = 1e-12


@dataclass(frozen=True)
class TokenDay:
    """One token's bars up to and including the day that is described (the last column).

    All rows have the same length; NaN where there is no bar. `market` is the market's daily log
    return; `broad_start` the column from which age is counted at the earliest.
    """

    high: Row
    low: Row
    close: Row
    volume: Row
    market: Row
    broad_start: int

    @property
    def returns(self) -> Row:
        """Daily log returns, NaN unless this bar and the one of the day before exist."""
        return np.concatenate(([np.nan], np.log(self.close[1:] / self.close[:-1])))

    @property
    def dollar_volume(self) -> Row:
        """Dollars traded a day."""
        return self.close * self.volume


def last(row: Row, days: int) -> Row:
    """The values of the last `days` calendar days."""
    return row[max(row.size - days, 0) :]


def known(row: Row) -> Row:
    """The values that are there."""
    return row[~np.isnan(row)]


def mean(row: Row, need: int) -> float:
    """Mean of what is known, if that is at least `need` values."""
    values = known(row)
    return float(values.mean()) if values.size >= max(need, 1) else NOTHING


def squares_about_mean(x: Row, y: Row) -> float:
    """Sum of joint deviations; with x twice exactly 0 where the spread is lost in the digits."""
    total = float(((x - x.mean()) * (y - y.mean())).sum())
    return 0.0 if x is y and total <= _NO_SPREAD * float((x * x).sum()) else total


def deviation(row: Row, need: int) -> float:
    """Sample standard deviation."""
    values = known(row)
    if values.size < max(need, 2):
        return NOTHING
    return float(np.sqrt(squares_about_mean(values, values) / (values.size - 1)))


def log_of(x: float) -> float:
    """Natural logarithm, NaN unless x is a positive number."""
    return float(np.log(x)) if 0.0 < x < np.inf else NOTHING


def ratio(top: float, bottom: float) -> float:
    """top / bottom, NaN unless the bottom is positive."""
    return top / bottom if bottom > 0.0 else NOTHING


def highest(row: Row) -> float:
    """Largest known value."""
    values = known(row)
    return float(values.max()) if values.size else NOTHING


def lowest(row: Row) -> float:
    """Smallest known value."""
    return -highest(-row)


def largest_five(row: Row, need: int) -> float:
    """Mean of the five largest of at least `need` values."""
    values = np.sort(known(row))
    return float(values[-5:].mean()) if values.size >= need else NOTHING


def correlation(x: Row, y: Row, need: int) -> float:
    """Pearson's over the days that know both."""
    both = ~np.isnan(x) & ~np.isnan(y)
    a, b = x[both], y[both]
    if a.size < need:
        return NOTHING
    spread = squares_about_mean(a, a) * squares_about_mean(b, b)
    return squares_about_mean(a, b) / float(np.sqrt(spread)) if spread > 0.0 else NOTHING


def compute_technical(bars: TokenDay, age: int) -> dict[str, float]:
    """What chart readers look at."""
    close, now = bars.close, float(bars.close[-1])
    changes = known(last(bars.returns, 14))
    gains, losses = np.maximum(changes, 0.0).sum(), np.maximum(-changes, 0.0).sum()
    reach = last(close, 105)[::-1]
    seen = ~np.isnan(reach)

    def average(bars_of_average: float) -> float:
        weights = (1.0 - 2.0 / (bars_of_average + 1.0)) ** np.arange(reach.size)
        return float(np.average(reach[seen], weights=weights[seen]))

    floor, ceiling = lowest(last(bars.low, 14)), highest(last(bars.high, 14))
    span = last(bars.high - bars.low, 14)
    inside = np.where(span > 0.0, last(close - bars.low, 14) / span, np.nan)
    middle = mean(last(close, 20), 14)
    return {
        "rsi_14": ratio(gains, gains + losses) if changes.size >= 9 else NOTHING,
        "macd_12_26": (average(12) - average(26)) / now if age >= 26 else NOTHING,
        "percent_b_20": ratio(now - middle, deviation(last(close, 20), 14)),
        "distance_sma_20": now / middle - 1.0,
        "distance_sma_50": now / mean(last(close, 50), 30) - 1.0,
        "stochastic_14": ratio(now - floor, ceiling - floor),
        "close_location_14": mean(inside, 7),
    }


def compute_momentum(bars: TokenDay, age: int) -> dict[str, float]:
    """Log returns against the last close known so many days ago, and the distance of the high."""
    values = {}
    for days in (1, 3, 7, 30, 90, 180, 360):
        before = known(bars.close[: bars.close.size - days]) if age >= days else known(bars.close)
        values[f"return_{days}"] = log_of(bars.close[-1] / before[-1]) if age >= days else NOTHING
    return values | {"distance_high_90": log_of(bars.close[-1] / highest(last(bars.high, 90)))}


def compute_own_volatility(bars: TokenDay) -> dict[str, float]:
    """How much the token moves by itself."""
    changes, month = bars.returns, last(bars.returns, 30)
    before = np.concatenate(([np.nan], bars.close[:-1]))
    reach = np.maximum(bars.high, before) - np.minimum(bars.low, before)
    falls = np.where(np.isnan(month), np.nan, np.minimum(month, 0.0) ** 2)
    return {
        "volatility_7": deviation(last(changes, 7), 4),
        "volatility_30": deviation(month, 20),
        "volatility_90": deviation(last(changes, 90), 60),
        "downside_30": float(np.sqrt(mean(falls, 20))),
        "largest_returns_30": largest_five(month, 20),
        "average_range_14": mean(last(reach / before, 14), 9),
        "range_90": log_of(highest(last(bars.high, 90)) / lowest(last(bars.low, 90))),
    }


def compute_against_market(bars: TokenDay) -> dict[str, float]:
    """How the token moves with the market, and what is left of its returns after that."""
    r, m = bars.returns, bars.market
    values = {
        f"market_correlation_{days}": correlation(last(r, days), last(m, days), need)
        for days, need in ((90, 25), (30, 20), (180, 60))
    }
    y, x = last(r, 90), last(m, 90)
    both = ~np.isnan(x) & ~np.isnan(y)
    y, x = y[both], x[both]
    if y.size < 25 or not squares_about_mean(x, x) > 0.0:
        return values
    beta = squares_about_mean(x, y) / squares_about_mean(x, x)
    values["beta_90"] = beta
    e = y - y.mean() - beta * (x - x.mean())
    squares = float((e * e).sum())
    own = squares_about_mean(y, y)
    squares = squares if squares > _NO_SPREAD * own else 0.0
    values["residual_volatility_90"] = float(np.sqrt(squares / y.size))
    left = r - beta * m
    week, month = known(last(left, 7)), known(last(left, 30))
    values["largest_residuals_30"] = largest_five(month, 20)
    if week.size >= 4:
        values["residual_volatility_7"] = float(np.sqrt((week * week).mean()))
    raw = last(r, 30)[~np.isnan(last(left, 30))]
    squares = squares_about_mean(month, month) if month.size else 0.0
    if month.size < 20 or squares <= _NO_SPREAD * float((raw * raw).sum()):
        return values
    spread = float(np.sqrt(squares / month.size))
    values["residual_volatility_30"] = spread
    values["residual_momentum_30"] = float(month.mean()) / spread
    values["residual_return_7"] = float(week.sum()) / spread
    return values


def compute_spread(bars: TokenDay) -> float:
    """Corwin and Schultz (2012): mean two-day estimate of 30 days, negative ones set to zero."""
    high, low = last(bars.high, 31), last(bars.low, 31)
    one = np.log(high / low)
    beta = one[1:] ** 2 + one[:-1] ** 2
    both = np.maximum(high[1:], high[:-1]) / np.minimum(low[1:], low[:-1])
    gamma = np.log(both) ** 2
    scale = 3.0 - 2.0 * np.sqrt(2.0)
    alpha = (np.sqrt(2.0 * beta) - np.sqrt(beta)) / scale - np.sqrt(gamma / scale)
    return mean(np.maximum(2.0 * (np.exp(alpha) - 1.0) / (1.0 + np.exp(alpha)), 0.0), 20)


def compute_liquidity(bars: TokenDay, first: int) -> dict[str, float]:
    """How well the token trades."""
    traded, changes = bars.dollar_volume, bars.returns
    month, moves = last(traded, 30), last(changes, 30)
    week, thirty, quarter = (log_of(mean(last(traded, days), 1)) for days in (7, 30, 90))
    price_of_moving = np.where(month > 0.0, np.abs(moves) / month, np.nan)
    flat = np.where(np.isnan(moves), np.nan, np.abs(moves) < 0.002)
    amounts = known(month)
    enough = amounts.size >= 20 and amounts.mean() > 0.0
    dispersion = NOTHING
    if enough:
        squares = squares_about_mean(amounts, amounts)
        dispersion = float(np.sqrt(squares / amounts.size) / amounts.mean())
    day = bars.close.size - 1
    age = min(day - max(first, bars.broad_start), 730)
    return {
        "dollar_volume_7": week,
        "dollar_volume_30": thirty,
        "dollar_volume_90": quarter,
        "illiquidity_30": log_of(mean(price_of_moving, 20)),
        "volume_trend_7_30": week - thirty,
        "volume_trend_30_90": thirty - quarter,
        "volume_shock": log_of(traded[-1]) - thirty,
        "flat_days_30": mean(flat, 20),
        "spread_30": compute_spread(bars),
        "volume_dispersion_30": dispersion,
        "volume_return_correlation_30": correlation(month, moves, 20),
        "history_days": float(age) if day >= bars.broad_start else NOTHING,
    }


def compute_skewness(row: Row, need: int) -> float:
    """Mean cubed deviation in units of the sample deviation."""
    values = known(row)
    spread = deviation(values, need)
    return float((((values - values.mean()) / spread) ** 3).mean()) if spread > 0.0 else NOTHING


def compute_autocorrelation(row: Row, need: int) -> float:
    """Of each return with the day before's, over pairs within the window."""
    if known(row).size < need:
        return NOTHING
    about = row - known(row).mean()
    now, before = about[1:], about[:-1]
    both = ~np.isnan(now) & ~np.isnan(before)
    squares = float((now[both] ** 2).sum())
    none = squares <= _NO_SPREAD * float((known(row) ** 2).sum())
    enough = both.sum() + 1 >= need and not none
    return float((now[both] * before[both]).sum()) / squares if enough else NOTHING


def compute_quant(bars: TokenDay) -> dict[str, float]:
    """Shape of the returns."""
    month, quarter, year = last(bars.returns, 30), last(bars.returns, 90), last(bars.high, 365)
    peaks = np.flatnonzero(year == highest(year))
    return {
        "skewness_30": compute_skewness(month, 20),
        "skewness_90": compute_skewness(quarter, 45),
        "autocorrelation_30": compute_autocorrelation(month, 20),
        "sharpe_90": ratio(mean(quarter, 45), deviation(quarter, 45)),
        "days_since_high_365": float(year.size - 1 - peaks[-1]) if peaks.size else NOTHING,
    }


def compute_valuation(bars: TokenDay) -> dict[str, float]:
    """The price against what was paid before."""
    now = float(bars.close[-1])
    values = {
        "distance_all_time_high": log_of(now / highest(bars.high)),
        "price_to_mean_200": now / mean(last(bars.close, 200), 60) - 1.0,
    }
    for days in (365, 90):
        traded = last(bars.dollar_volume, days)
        bought, paid = np.where(np.isnan(traded), 0.0, last(bars.volume, days)).sum(), known(traded)
        values[f"price_to_average_paid_{days}"] = log_of(ratio(now * bought, paid.sum()))
        values[f"distance_low_{days}"] = log_of(now / lowest(last(bars.low, days)))
    return values


def compute_reference_characteristics(bars: TokenDay) -> dict[str, float]:
    """Every characteristic by name; those that are not known are NaN or left out.

    Without a bar on the last day nothing is known. Values below 1e-12 in size are rounding dust of
    something that is zero, and are 0.
    """
    if np.isnan(bars.close[-1]):
        return {}
    first = int(np.flatnonzero(~np.isnan(bars.close))[0])
    age = bars.close.size - 1 - first
    with np.errstate(all="ignore"):
        values = (
            compute_technical(bars, age)
            | compute_momentum(bars, age)
            | compute_own_volatility(bars)
            | compute_against_market(bars)
            | compute_liquidity(bars, first)
            | compute_quant(bars)
            | compute_valuation(bars)
        )
    return {name: 0.0 if abs(value) < _NO_SPREAD else value for name, value in values.items()}
