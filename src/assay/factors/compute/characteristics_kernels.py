"""The characteristics, compiled: one function for each family writes its rows of one token and day.

`bars` holds a token's rows, `out` is [features] of one day. Formulas: `characteristics.CATALOGUE`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from assay.factors.compute import characteristics_windows as windows
from assay.factors.compute.mathematics import exp_, log_
from assay.kit.compiled import kernel

Row = NDArray[np.float64]
Table = NDArray[np.float64]

# Rows of a token's table: what is given, then what is derived from it once.
HIGH, LOW, CLOSE, VOLUME, MARKET = range(5)
RETURN, FILLED, TURNOVER, ILLIQUIDITY, SPREAD = range(5, 10)
TRUE_RANGE, LOCATION, LOSS_SQUARE, FLAT, PEAK = range(10, 15)
TYPICAL = 15
ROWS = 16

TECHNICAL, MOMENTUM, VOLATILITY, LIQUIDITY, QUANT, VALUATION = 0, 7, 16, 28, 40, 49
COUNT = 55

_FLAT_BELOW = 0.002
_CORWIN_SCHULTZ = 3.0 - 2.0 * math.sqrt(2.0)
_FAST_DECAY = 1.0 - 2.0 / 13.0
_SLOW_DECAY = 1.0 - 2.0 / 27.0
_AVERAGE_REACH = 104
_LONGEST_HISTORY = 730


@kernel
def _spread_of_two_days(high: Row, low: Row, t: int) -> float:
    # Corwin and Schultz (2012), equation 14, negative estimates set to zero.
    if not (low[t] > 0.0 and low[t - 1] > 0.0 and high[t] > 0.0 and high[t - 1] > 0.0):
        return np.nan
    today = log_(high[t] / low[t])
    before = log_(high[t - 1] / low[t - 1])
    both = log_(max(high[t], high[t - 1]) / min(low[t], low[t - 1]))
    beta = today * today + before * before
    alpha = (math.sqrt(2.0 * beta) - math.sqrt(beta)) / _CORWIN_SCHULTZ
    alpha -= math.sqrt(both * both / _CORWIN_SCHULTZ)
    power = exp_(alpha)
    return max(2.0 * (power - 1.0) / (1.0 + power), 0.0)


@kernel
def _derive_day(table: Table, t: int) -> None:
    high, low, close = table[HIGH], table[LOW], table[CLOSE]
    turnover = close[t] * table[VOLUME, t]
    table[TURNOVER, t] = turnover
    span = high[t] - low[t]
    table[LOCATION, t] = (close[t] - low[t]) / span if span > 0.0 else np.nan
    table[TYPICAL, t] = high[t] + low[t] + close[t]
    if t == 0:
        return
    change = log_(close[t] / close[t - 1])
    table[RETURN, t] = change
    table[ILLIQUIDITY, t] = abs(change) / turnover if turnover > 0.0 else np.nan
    table[SPREAD, t] = _spread_of_two_days(high, low, t)
    if change == change:
        loss = min(change, 0.0)
        table[LOSS_SQUARE, t] = loss * loss
        table[FLAT, t] = 1.0 if abs(change) < _FLAT_BELOW else 0.0
    if close[t - 1] == close[t - 1] and span == span:
        reach = max(high[t], close[t - 1]) - min(low[t], close[t - 1])
        table[TRUE_RANGE, t] = reach / close[t - 1]


@kernel
def derive(table: Table) -> int:
    """Fill the derived rows of a token's table; the column of its first bar (beyond it: none)."""
    days = table.shape[1]
    first: int = days
    filled = np.nan
    peak = np.nan
    for row in range(RETURN, ROWS):
        table[row, :] = np.nan
    for t in range(days):
        close = table[CLOSE, t]
        if close == close:
            first = min(first, t)
            filled = close
            _derive_day(table, t)
        high = table[HIGH, t]
        if high == high and not peak >= high:
            peak = high
        table[FILLED, t] = filled
        table[PEAK, t] = peak
    return first


@kernel
def write_technical(table: Table, t: int, first: int, out: Row) -> None:
    """The seven technical ones."""
    close = table[CLOSE]
    gain = 0.0
    loss = 0.0
    count = 0
    for i in range(max(t - 13, 0), t + 1):
        change = table[RETURN, i]
        if change == change:
            count += 1
            gain += max(change, 0.0)
            loss -= min(change, 0.0)
    out[0] = gain / (gain + loss) if count >= 9 and gain + loss > 0.0 else np.nan
    out[1] = _average_gap(close, t) if t - first >= 26 else np.nan
    known, middle, squares = windows.central(close, max(t - 19, 0), t)
    spread = math.sqrt(squares / (known - 1)) if known >= 14 else 0.0
    out[2] = (close[t] - middle) / spread if spread > 0.0 else np.nan
    out[3] = close[t] / middle - 1.0 if known >= 14 else np.nan
    out[4] = close[t] / windows.mean(close, max(t - 49, 0), t, 30) - 1.0
    high = windows.highest(table[HIGH], max(t - 13, 0), t)
    low = windows.lowest(table[LOW], max(t - 13, 0), t)
    out[5] = (close[t] - low) / (high - low) if high > low else np.nan
    out[6] = windows.mean(table[LOCATION], max(t - 13, 0), t, 7)


@kernel
def _average_gap(close: Row, t: int) -> float:
    fast = 0.0
    slow = 0.0
    fast_weight = 0.0
    slow_weight = 0.0
    p = 1.0
    q = 1.0
    for i in range(t, max(t - _AVERAGE_REACH, 0) - 1, -1):
        if close[i] == close[i]:
            fast += p * close[i]
            slow += q * close[i]
            fast_weight += p
            slow_weight += q
        p *= _FAST_DECAY
        q *= _SLOW_DECAY
    gap: float = (fast / fast_weight - slow / slow_weight) / close[t]
    return gap


@kernel
def _change(table: Table, t: int, first: int, days: int) -> float:
    return log_(table[CLOSE, t] / table[FILLED, t - days]) if t - days >= first else np.nan


@kernel
def write_own(table: Table, t: int, first: int, out: Table) -> None:
    """Momentum and volatility that need no market; the rest of both comes from `write_residual`."""
    a30 = max(t - 29, 0)
    change = table[RETURN]
    momentum = out[MOMENTUM:VOLATILITY]
    momentum[0] = _change(table, t, first, 1)
    momentum[1] = _change(table, t, first, 3)
    momentum[2] = _change(table, t, first, 7)
    momentum[3] = _change(table, t, first, 30)
    momentum[4] = _change(table, t, first, 90)
    momentum[5] = _change(table, t, first, 180)
    momentum[6] = _change(table, t, first, 360)
    high = windows.highest(table[HIGH], max(t - 89, 0), t)
    momentum[8] = log_(table[CLOSE, t] / high)
    volatility = out[VOLATILITY:LIQUIDITY]
    volatility[0] = windows.deviation(change, max(t - 6, 0), t, 4)
    volatility[1] = windows.deviation(change, a30, t, 20)
    volatility[2] = windows.deviation(change, max(t - 89, 0), t, 60)
    volatility[3] = math.sqrt(windows.mean(table[LOSS_SQUARE], a30, t, 20))
    volatility[7] = windows.mean_largest_five(change, a30, t, 20)
    volatility[8] = windows.mean(table[TRUE_RANGE], max(t - 13, 0), t, 9)
    volatility[10] = log_(high / windows.lowest(table[LOW], max(t - 89, 0), t))


@kernel
def write_residual(table: Table, t: int, out: Row) -> None:
    """What is left of the returns after the market, over 90 days: rows of three families."""
    change, market = table[RETURN], table[MARKET]
    a90 = max(t - 89, 0)
    pairs, xx, xy, yy = windows.regress(change, market, a90, t)
    if pairs < 25 or not xx > 0.0:
        return
    beta = xy / xx
    residual = np.full(30, np.nan)
    for i in range(max(t - 29, 0), t + 1):
        residual[29 - (t - i)] = change[i] - beta * market[i]
    out[VOLATILITY + 6] = math.sqrt(max(yy - xy * xy / xx, 0.0) / pairs)
    out[VOLATILITY + 9] = beta
    if yy > 0.0:
        out[QUANT + 6] = xy / math.sqrt(xx * yy)
    week = 0.0
    week_square = 0.0
    known = 0
    for i in range(23, 30):
        if residual[i] == residual[i]:
            week += residual[i]
            week_square += residual[i] * residual[i]
            known += 1
    if known >= 4:
        out[VOLATILITY + 4] = math.sqrt(week_square / known)
    count, middle, squares = windows.central(residual, 0, 29)
    if count >= 20 and squares > 0.0:
        own = math.sqrt(squares / count)
        out[VOLATILITY + 5] = own
        out[MOMENTUM + 7] = middle / own
        out[QUANT + 4] = week / own
    out[VOLATILITY + 11] = windows.mean_largest_five(residual, 0, 29, 20)


@kernel
def write_liquidity(table: Table, t: int, first: int, broad: int, out: Row) -> None:
    """The twelve that say how well a token trades."""
    turnover = table[TURNOVER]
    a30 = max(t - 29, 0)
    count, month, squares = windows.central(turnover, a30, t)
    week = log_(windows.mean(turnover, max(t - 6, 0), t, 1))
    thirty = log_(month)
    quarter = log_(windows.mean(turnover, max(t - 89, 0), t, 1))
    out[0] = _finite(week)
    out[1] = _finite(thirty)
    out[2] = _finite(quarter)
    out[3] = _finite(log_(windows.mean(table[ILLIQUIDITY], a30, t, 20)))
    out[4] = _finite(week - thirty)
    out[5] = _finite(thirty - quarter)
    out[6] = _finite(log_(turnover[t]) - thirty)
    out[7] = windows.mean(table[FLAT], a30, t, 20)
    out[8] = windows.mean(table[SPREAD], a30, t, 20)
    if count >= 20 and month > 0.0:
        out[9] = math.sqrt(squares / count) / month
    out[10] = windows.correlation(turnover, table[RETURN], a30, t, 20)
    if t >= broad:
        out[11] = float(min(t - max(first, broad), _LONGEST_HISTORY))


@kernel
def _finite(x: float) -> float:
    return x if abs(x) < np.inf else np.nan


@kernel
def write_quant(table: Table, t: int, out: Row) -> None:
    """Shape and dependence of the returns; two more come from `write_residual`."""
    change = table[RETURN]
    a30 = max(t - 29, 0)
    a90 = max(t - 89, 0)
    out[0] = windows.skewness(change, a30, t, 20)
    out[1] = windows.skewness(change, a90, t, 45)
    out[2] = windows.autocorrelation(change, a30, t, 20)
    count, middle, squares = windows.central(change, a90, t)
    if count >= 45 and squares > 0.0:
        out[3] = middle / math.sqrt(squares / (count - 1))
    out[5] = windows.days_since_highest(table[HIGH], max(t - 364, 0), t)
    out[7] = windows.correlation(change, table[MARKET], a30, t, 20)
    out[8] = windows.correlation(change, table[MARKET], max(t - 179, 0), t, 60)


@kernel
def write_valuation(table: Table, t: int, out: Row) -> None:
    """The price against what was paid for the token before."""
    close = table[CLOSE]
    out[0] = _to_average_paid(table, t, max(t - 364, 0))
    out[1] = _to_average_paid(table, t, max(t - 89, 0))
    out[2] = log_(close[t] / table[PEAK, t])
    out[3] = close[t] / windows.mean(close, max(t - 199, 0), t, 60) - 1.0
    out[4] = log_(close[t] / windows.lowest(table[LOW], max(t - 364, 0), t))
    out[5] = log_(close[t] / windows.lowest(table[LOW], max(t - 89, 0), t))


@kernel
def _to_average_paid(table: Table, t: int, a: int) -> float:
    paid = 0.0
    bought = 0.0
    for i in range(a, t + 1):
        if table[TURNOVER, i] == table[TURNOVER, i]:
            paid += table[TURNOVER, i]
            bought += table[VOLUME, i]
    return log_(table[CLOSE, t] * bought / paid) if paid > 0.0 and bought > 0.0 else np.nan
