"""The 30 technical indicators, compiled: one pass over each token's bars.

A token's bars are the days with a finite positive close. Days without one (before listing, halts,
after the end) give NaN and are skipped: windows count bars, smoothed values carry on unchanged. The
readable form of every formula is in `reference.py`, which a property test holds equal to this.
Where a formula divides by zero (no spread, no volume, neither gain nor loss) the value is NaN. A
bar without high, low or volume makes NaN every window that reads it there, and nothing else; the
average true range and the balance volume are NaN on such a bar and carry on after it.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from assay.factors.compute import steps, windows
from assay.factors.compute.windows import Output, Row, Table
from assay.factors.types import Bars
from assay.kit.compiled import kernel, parallel_kernel, rows
from assay.kit.errors import BadInput

Number = TypeVar("Number", np.float32, np.float64)

# Positions on the indicator axis; `catalogue.INDICATORS` has the same order (a test holds it).
# The first 21 read a window, the last 9 carry something on from the first bar.
(RETURN_1, LOG_RETURN_1, MOMENTUM_10, MOMENTUM_30, MOMENTUM_90) = range(5)
(MOVING_AVERAGE_20, MOVING_AVERAGE_50, MOVING_AVERAGE_200) = range(5, 8)
(BOLLINGER_UPPER_20, BOLLINGER_LOWER_20, BOLLINGER_POSITION_20, PRICE_SCORE_20) = range(8, 12)
(HIGHEST_CLOSE_20, LOWEST_CLOSE_20, STOCHASTIC_14, COMMODITY_CHANNEL_20) = range(12, 16)
(VOLATILITY_20, VOLATILITY_60, MARKET_BETA_60, MARKET_CORRELATION_60) = range(16, 20)
VOLUME_RATIO_20 = 20
(EXPONENTIAL_AVERAGE_12, EXPONENTIAL_AVERAGE_26) = range(21, 23)
(MACD_LINE, MACD_SIGNAL, MACD_HISTOGRAM, RELATIVE_STRENGTH_14) = range(23, 27)
(AVERAGE_TRUE_RANGE_14, BALANCE_VOLUME, DRAWDOWN) = range(27, 30)
COUNT = 30
_WINDOWED = 21
_SMOOTHED = 9

# Bars before the first wanted one: the longest window, and one for the first return of another.
_REACH = 201
_TOKENS_AT_ONCE = 16
# A token's bars, and scratch rows.
(_HIGH, _LOW, _CLOSE, _VOLUME, _MARKET) = range(5)
_BARS = 5
(_A, _B, _C, _D, _E) = range(5)
_RETURNS, _MARKET_RETURNS = 5, 6
_MEANS, _MARKET_MEANS = 7, 10  # three rows each: of 5, 10 and 20 bars
_SQUARES, _MARKET_SQUARES = 13, 14
_SCRATCH = 15


@kernel
def _write_changes(close: Row, out: Output) -> None:
    steps.write_change(close, 1, out[RETURN_1])
    steps.write_log_change(close, out[LOG_RETURN_1])
    steps.write_change(close, 10, out[MOMENTUM_10])
    steps.write_change(close, 30, out[MOMENTUM_30])
    steps.write_change(close, 90, out[MOMENTUM_90])


@kernel
def _write_averages(close: Row, work: Table, out: Output) -> None:
    """Moving averages of the close and the four readings of its 20-bar band."""
    means = work[_MEANS : _MEANS + 3]
    windows.write_means_to_20(close, means[0], means[1], means[2])
    steps.write_copy(means[2], 20, out[MOVING_AVERAGE_20])
    windows.write_mean_50(means[1], work[_A])
    steps.write_copy(work[_A], 50, out[MOVING_AVERAGE_50])
    windows.write_mean_double(work[_A], 50, work[_B])
    windows.write_mean_double(work[_B], 100, work[_A])
    steps.write_copy(work[_A], 200, out[MOVING_AVERAGE_200])
    windows.write_joint_20(close, close, means, means, work[_A], work[_B], work[_C])
    deviation = work[_D]
    steps.write_deviation(work[_C], 20, deviation)
    steps.write_sum(means[2], 2.0, deviation, out[BOLLINGER_UPPER_20])
    steps.write_sum(means[2], -2.0, deviation, out[BOLLINGER_LOWER_20])
    steps.write_standing(close, means[2], 1.0, deviation, 20, out[PRICE_SCORE_20])
    steps.write_sum(means[2], -2.0, deviation, work[_A])
    steps.write_standing(close, work[_A], 4.0, deviation, 20, out[BOLLINGER_POSITION_20])


@kernel
def _write_ranges(high: Row, low: Row, close: Row, work: Table, out: Output) -> None:
    """Where the close stands between extremes, and from the mean of typical prices."""
    windows.write_rolling_max(close, 20, work[_A], work[_B], out[HIGHEST_CLOSE_20])
    windows.write_rolling_min(close, 20, work[_A], work[_B], out[LOWEST_CLOSE_20])
    highest, lowest = work[_C], work[_D]
    windows.write_rolling_max(high, 14, work[_A], work[_B], highest)
    windows.write_rolling_min(low, 14, work[_A], work[_B], lowest)
    steps.write_sum(highest, -1.0, lowest, work[_E])
    steps.write_standing(close, lowest, 0.01, work[_E], 14, out[STOCHASTIC_14])
    typical, means = work[_E], work[_MEANS : _MEANS + 3]
    steps.write_typical_price(high, low, close, typical)
    windows.write_means_to_20(typical, means[0], means[1], means[2])
    windows.write_mean_distance_20(typical, means[2], work[_A])
    steps.write_standing(typical, means[2], 0.015, work[_A], 20, out[COMMODITY_CHANNEL_20])


@kernel
def _write_volatility(close: Row, market: Row, work: Table, out: Output) -> None:
    """Spread of the returns, and how they move with the market's over the same bars."""
    returns, others = work[_RETURNS], work[_MARKET_RETURNS]
    means, other_means = work[_MEANS : _MEANS + 3], work[_MARKET_MEANS : _MARKET_MEANS + 3]
    steps.write_change(close, 1, returns)
    steps.write_change(market, 1, others)
    windows.write_means_to_20(returns, means[0], means[1], means[2])
    windows.write_means_to_20(others, other_means[0], other_means[1], other_means[2])
    own, market_own, joint = work[_SQUARES], work[_MARKET_SQUARES], work[_C]
    windows.write_joint_20(returns, returns, means, means, work[_A], work[_B], work[_D])
    steps.write_deviation(work[_D], 20, out[VOLATILITY_20])
    windows.write_joint_60(work[_D], means[2], means[2], own)
    steps.write_deviation(own, 60, out[VOLATILITY_60])
    windows.write_joint_20(others, others, other_means, other_means, work[_A], work[_B], work[_D])
    windows.write_joint_60(work[_D], other_means[2], other_means[2], market_own)
    windows.write_joint_20(returns, others, means, other_means, work[_A], work[_B], work[_D])
    windows.write_joint_60(work[_D], means[2], other_means[2], joint)
    steps.write_ratio(joint, market_own, 61, out[MARKET_BETA_60])
    steps.write_correlation(joint, own, market_own, 61, out[MARKET_CORRELATION_60])


@kernel
def _write_windowed(bars: Table, work: Table, out: Output) -> None:
    """The indicators that read a window of the bars: `out` [21, bars]."""
    _write_changes(bars[_CLOSE], out)
    _write_averages(bars[_CLOSE], work, out)
    _write_ranges(bars[_HIGH], bars[_LOW], bars[_CLOSE], work, out)
    _write_volatility(bars[_CLOSE], bars[_MARKET], work, out)
    means = work[_MEANS : _MEANS + 3]
    windows.write_means_to_20(bars[_VOLUME], means[0], means[1], means[2])
    steps.write_ratio(bars[_VOLUME], means[2], 20, out[VOLUME_RATIO_20])


@kernel
def _write_smoothed(bars: Table, true_range: Row, out: Output) -> None:
    """The indicators that carry something on from the first bar: `out` [9, bars]."""
    close = bars[_CLOSE]
    steps.write_smoothed_closes(close, out[0:6])
    steps.write_true_range(bars[_HIGH], bars[_LOW], close, true_range)
    steps.write_smoothed_range(true_range, close, out[6], out[8])
    steps.write_balance_volume(close, bars[_VOLUME], out[7])


@kernel
def _list_bar_days(close: Row, days: NDArray[np.int64]) -> int:
    count = 0
    for day in range(close.size):
        days[count] = day
        count += 1 if (close[day] > 0.0) & (close[day] < np.inf) else 0
    return count


@kernel
def _gather(row: Row, days: NDArray[np.int64], out: Row) -> None:
    first, count = days[0], days.size
    if days[count - 1] - first == count - 1:
        for bar in range(count):
            out[bar] = row[first + bar]
    else:
        for bar in range(count):
            out[bar] = row[days[bar]]


@kernel
def _copy_recent(bars: Table, start: int, buffer: Row) -> Table:
    """The bars from `start` on, side by side: loops over a cut view would not vectorise."""
    recent = buffer[: bars.shape[0] * (bars.shape[1] - start)].reshape((bars.shape[0], -1))
    recent[:] = bars[:, start:]
    return recent


@kernel
def _scatter(values: Output, days: NDArray[np.int64], since: int, out: Output) -> None:
    """`values` [indicators, bars] of the given days into `out` [indicators, days from `since`]."""
    count = days.size
    skipped = np.searchsorted(days, since)
    if skipped == count:
        return
    first = days[skipped] - since
    for row in range(values.shape[0]):
        source, target = values[row, skipped:], out[row, first:]
        if days[count - 1] - days[skipped] == count - 1 - skipped:
            for bar in range(source.size):
                target[bar] = source[bar]
        else:
            for bar in range(source.size):
                target[days[skipped + bar] - since - first] = source[bar]


@kernel
def _compute_tokens(
    bars_by_day: tuple[Table, Table, Table, Table],
    market: Row,
    since: int,
    tokens: tuple[int, int],
    out: Output,
) -> None:
    """Tokens from `tokens[0]` up to `tokens[1]`, with one set of scratch arrays for all of them."""
    capacity = market.size
    days_buffer = np.empty(capacity, dtype=np.int64)
    bars_buffer = np.empty(_BARS * capacity)
    recent_buffer = np.empty(_BARS * capacity)
    work_buffer = np.empty(_SCRATCH * capacity)
    windowed_buffer = np.empty(_WINDOWED * capacity, dtype=out.dtype)
    smoothed_buffer = np.empty(_SMOOTHED * capacity, dtype=out.dtype)
    for token in range(tokens[0], tokens[1]):
        count = _list_bar_days(bars_by_day[_CLOSE][token], days_buffer)
        days = days_buffer[:count]
        if count < capacity:
            out[token] = np.nan
        if count == 0 or days[count - 1] < since:
            continue
        start = max(0, int(np.searchsorted(days, since)) - _REACH)
        read = count - start
        bars = bars_buffer[: _BARS * count].reshape((_BARS, count))
        for row in range(4):
            _gather(bars_by_day[row][token], days, bars[row])
        _gather(market, days, bars[_MARKET])
        smoothed = smoothed_buffer[: _SMOOTHED * count].reshape((_SMOOTHED, count))
        _write_smoothed(bars, work_buffer[:count], smoothed)
        _scatter(smoothed, days, since, out[token, _WINDOWED:])
        work = work_buffer[: _SCRATCH * read].reshape((_SCRATCH, read))
        windowed = windowed_buffer[: _WINDOWED * read].reshape((_WINDOWED, read))
        if start > 0:
            bars = _copy_recent(bars, start, recent_buffer)
        _write_windowed(bars, work, windowed)
        _scatter(windowed, days[start:], since, out[token, :_WINDOWED])


@parallel_kernel
def _compute_parallel(
    bars_by_day: tuple[Table, Table, Table, Table], market: Row, since: int, out: Output
) -> None:
    tokens = out.shape[0]
    for batch in rows((tokens + _TOKENS_AT_ONCE - 1) // _TOKENS_AT_ONCE):
        first = batch * _TOKENS_AT_ONCE
        last = min(first + _TOKENS_AT_ONCE, tokens)
        _compute_tokens(bars_by_day, market, since, (first, last), out)


@kernel
def _sum_changes(close: Table, total: Row, count: Row) -> None:
    for token in range(close.shape[0]):
        row = close[token]
        for day in range(row.size - 1):
            change = row[day + 1] / row[day] - 1.0
            is_known = (row[day] > 0.0) & (row[day + 1] > 0.0) & (change < np.inf)
            total[day + 1] += change if is_known else 0.0
            count[day + 1] += 1.0 if is_known else 0.0


def compute_market_level(close: NDArray[np.float64]) -> NDArray[np.float64]:
    """Level of the equally weighted market on every day: [days], 1 on the first.

    `close` [tokens, days], continuous prices. Each day moves the level by the mean return of the
    tokens that have a bar on that day and on the day before; a day without such a token leaves it.
    Causal: later days change nothing. Pass the members' closes only (NaN elsewhere) for a universe.
    """
    total, count = np.zeros(close.shape[1]), np.zeros(close.shape[1])
    _sum_changes(close, total, count)
    return np.cumprod(1.0 + total / np.maximum(count, 1.0), dtype=np.float64)


def compute_indicators(
    bars: Bars, dtype: type[Number], *, since: int = 0, parallel: bool = False
) -> NDArray[Number]:
    """The 30 indicators of every token and day from column `since` on: [tokens, 30, days - since].

    `dtype` is that of the result (float32 halves the memory; arithmetic is float64 in either case).
    The value of one column does not depend on `since`, on later columns or on other tokens, bit
    for bit: `since=days - 1` gives the newest day alone, much faster. `parallel=True` uses numba's
    threads and equals the serial result bit for bit; call it only from the process's one compute
    thread. Missing data: no bar gives NaN; see the head of this file. Raises BadInput for a column
    outside of the panel.
    """
    tokens, days = bars.close.shape
    if not 0 <= since < days:
        raise BadInput(f"column {since} is outside of {days} days", hint="give 0 <= since < days")
    out = np.empty((tokens, COUNT, days - since), dtype=dtype)
    arrays = (bars.high, bars.low, bars.close, bars.volume)
    if parallel:
        _compute_parallel(arrays, bars.market, since, out)
    else:
        _compute_tokens(arrays, bars.market, since, (0, tokens), out)
    return out
