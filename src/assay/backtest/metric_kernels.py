"""Kernels behind `metrics`: a walk over a window for each family of figures, sums in time order."""

import math

import numpy as np
from numpy.typing import NDArray

from assay.kit.compiled import kernel

Matrix = NDArray[np.float64]
Series = NDArray[np.float64]

TAIL = 0.05

METRICS = (
    "days",
    "years",
    "total_return",
    "cagr",
    "mean",
    "deviation",
    "volatility",
    "sharpe",
    "sortino",
    "max_drawdown",
    "drawdown_peak",
    "drawdown_trough",
    "drawdown_end",
    "calmar",
    "omega",
    "payoff_ratio",
    "var_95",
    "cvar_95",
    "tail_ratio",
    "skew",
    "kurtosis",
    "best_day",
    "worst_day",
    "share_positive",
    "beta",
    "alpha",
    "correlation",
    "residual_sharpe",
)
"""Order of the metric axis of `compute_trailing_metrics`; the fields of `Metrics`."""

(
    DAYS,
    YEARS,
    TOTAL_RETURN,
    CAGR,
    MEAN,
    DEVIATION,
    VOLATILITY,
    SHARPE,
    SORTINO,
    MAX_DRAWDOWN,
    DRAWDOWN_PEAK,
    DRAWDOWN_TROUGH,
    DRAWDOWN_END,
    CALMAR,
    OMEGA,
    PAYOFF_RATIO,
    VAR_95,
    CVAR_95,
    TAIL_RATIO,
    SKEW,
    KURTOSIS,
    BEST_DAY,
    WORST_DAY,
    SHARE_POSITIVE,
    BETA,
    ALPHA,
    CORRELATION,
    RESIDUAL_SHARPE,
) = range(len(METRICS))

# Below this, relative to the mean, a spread is what rounding left of a constant series.
_CONSTANT = 1e-12


@kernel
def power_(base: float, exponent: float) -> float:
    """`base` to the power of `exponent`, both at least 0, within 1e-13 relatively for results
    between 1e-13 and 1e13.

    By squaring for the whole part and repeated square roots for the fraction, which IEEE 754 fixes
    to the last bit. NaN, and NaN for a negative base. No errors.
    """
    if not base >= 0.0:
        return np.nan
    whole = int(exponent)
    fraction = exponent - whole
    result = 1.0
    square = base
    while whole > 0:
        if whole % 2 == 1:
            result *= square
        square *= square
        whole //= 2
    root = base
    while fraction > 0.0:
        root = math.sqrt(root)
        fraction *= 2.0
        if fraction >= 1.0:
            result *= root
            fraction -= 1.0
    return result


@kernel
def _central_moments(returns: Series, count: int) -> tuple[float, float, float, float]:
    total = 0.0
    for value in returns:
        if value == value:
            total += value
    mean = total / count
    second = 0.0
    third = 0.0
    fourth = 0.0
    for value in returns:
        if value == value:
            off = value - mean
            square = off * off
            second += square
            third += square * off
            fourth += square * square
    return mean, second, third / count, fourth / count


@kernel
def _measure_growth(returns: Series) -> tuple[int, float, float, int, int, int]:
    """First known place, growth, deepest drawdown, its peak, trough and end (-2: none)."""
    first = -1
    growth = 1.0
    peak = 1.0
    peak_place = -1
    deepest = 0.0
    found = (-2, -2, -2)
    peak_of_deepest = 1.0
    for i in range(returns.size):
        if returns[i] != returns[i]:
            continue
        first = i if first < 0 else first
        growth *= 1.0 + returns[i]
        if growth >= peak:
            peak = growth
            peak_place = i
        elif growth / peak - 1.0 < deepest:
            deepest = growth / peak - 1.0
            peak_of_deepest = peak
            found = (peak_place, i, -2)
        if found[1] >= 0 and found[2] < 0 and growth >= peak_of_deepest:
            found = (found[0], found[1], i)
    return first, growth, deepest, found[0], found[1], found[2]


@kernel
def _measure_sides(returns: Series) -> tuple[float, float, int, int, float]:
    """Sum of gains, of losses, their numbers, and the sum of squared losses."""
    gains = 0.0
    losses = 0.0
    risen = 0
    fallen = 0
    squares = 0.0
    for value in returns:
        if value > 0.0:
            gains += value
            risen += 1
        elif value < 0.0:
            losses -= value
            fallen += 1
            squares += value * value
    return gains, losses, risen, fallen, squares


@kernel
def _quantile(ordered: Series, share: float) -> float:
    place = share * (ordered.size - 1)
    low = int(place)
    high = min(low + 1, ordered.size - 1)
    value: float = ordered[low] + (place - low) * (ordered[high] - ordered[low])
    return value


@kernel
def _measure_tails(ordered: Series, out: Series) -> None:
    low = _quantile(ordered, TAIL)
    high = _quantile(ordered, 1.0 - TAIL)
    worst = int((ordered.size - 1) * TAIL) + 1
    total = 0.0
    for i in range(worst):
        total += ordered[i]
    out[VAR_95] = low
    out[CVAR_95] = total / worst
    out[TAIL_RATIO] = abs(high) / abs(low) if low != 0.0 else np.nan
    out[BEST_DAY] = ordered[ordered.size - 1]
    out[WORST_DAY] = ordered[0]


@kernel
def _measure_against(returns: Series, benchmark: Series, periods: float, out: Series) -> None:
    count = 0
    mean = 0.0
    mean_benchmark = 0.0
    for i in range(returns.size):
        if returns[i] == returns[i] and benchmark[i] == benchmark[i]:
            count += 1
            mean += returns[i]
            mean_benchmark += benchmark[i]
    if count < 3:
        return
    mean /= count
    mean_benchmark /= count
    together = 0.0
    square = 0.0
    square_benchmark = 0.0
    for i in range(returns.size):
        if returns[i] == returns[i] and benchmark[i] == benchmark[i]:
            off = returns[i] - mean
            off_benchmark = benchmark[i] - mean_benchmark
            together += off * off_benchmark
            square += off * off
            square_benchmark += off_benchmark * off_benchmark
    if not _is_spread(square_benchmark, mean_benchmark, count):
        return
    beta = together / square_benchmark
    alpha = mean - beta * mean_benchmark
    out[BETA] = beta
    out[ALPHA] = power_(1.0 + alpha, periods) - 1.0
    left = square - beta * together
    if _is_spread(square, mean, count):
        out[CORRELATION] = together / math.sqrt(square * square_benchmark)
        # What rounding leaves of a series that is a multiple of its benchmark is no residual.
        if left > _CONSTANT * square:
            out[RESIDUAL_SHARPE] = alpha / math.sqrt(left / (count - 2)) * math.sqrt(periods)


@kernel
def _is_spread(squares: float, mean: float, count: int) -> bool:
    limit = _CONSTANT * mean
    return squares > 0.0 and squares / count > limit * limit


@kernel
def _measure_reward(returns: Series, count: int, periods: float, out: Series) -> None:
    mean, squares, third, fourth = _central_moments(returns, count)
    out[MEAN] = mean
    if count < 2:
        return
    out[DEVIATION] = math.sqrt(squares / (count - 1))
    out[VOLATILITY] = out[DEVIATION] * math.sqrt(periods)
    if _is_spread(squares, mean, count):
        second = squares / count
        out[SHARPE] = mean / out[DEVIATION] * math.sqrt(periods)
        out[SKEW] = third / (second * math.sqrt(second))
        out[KURTOSIS] = fourth / (second * second)


@kernel
def measure(
    returns: Series, benchmark: Series, ordered: Series, periods: float, out: Series
) -> None:
    """Fill `out` in the order of METRICS; `ordered` holds the known returns, ascending."""
    out[:] = np.nan
    count = ordered.size
    out[DAYS] = count
    if count == 0:
        return
    _measure_reward(returns, count, periods, out)
    _measure_tails(ordered, out)
    first, growth, drawdown, peak, trough, end = _measure_growth(returns)
    out[YEARS] = (returns.size - first) / periods
    out[TOTAL_RETURN] = growth - 1.0
    out[CAGR] = power_(growth, 1.0 / out[YEARS]) - 1.0
    out[MAX_DRAWDOWN] = drawdown
    if drawdown < 0.0:
        out[DRAWDOWN_PEAK] = peak
        out[DRAWDOWN_TROUGH] = trough
        out[DRAWDOWN_END] = end if end >= 0 else np.nan
        out[CALMAR] = out[CAGR] / -drawdown
    gains, losses, risen, fallen, squares = _measure_sides(returns)
    out[SHARE_POSITIVE] = risen / count
    if fallen > 0:
        out[SORTINO] = out[MEAN] * math.sqrt(periods) / math.sqrt(squares / count)
        out[OMEGA] = gains / losses
        out[PAYOFF_RATIO] = gains / risen / (losses / fallen) if risen > 0 else np.nan
    _measure_against(returns, benchmark, periods, out)


@kernel
def _find_place(ordered: Series, count: int, value: float) -> int:
    low = 0
    high = count
    while low < high:
        middle = (low + high) // 2
        if ordered[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _replace(ordered: Series, count: int, gone: float, come: float) -> int:
    """Take `gone` out of the sorted window and put `come` in (NaN: nothing); the new count."""
    if gone == gone:
        for i in range(_find_place(ordered, count, gone), count - 1):
            ordered[i] = ordered[i + 1]
        count -= 1
    if come == come:
        place = _find_place(ordered, count, come)
        for i in range(count, place, -1):
            ordered[i] = ordered[i - 1]
        ordered[place] = come
        count += 1
    return count


@kernel
def measure_trailing(
    returns: Matrix, benchmark: Series, window: int, start: int, periods: float, out: Matrix
) -> None:
    """Fill `out` [tokens, days from `start`, metrics]; the sorted window of a token is carried on
    from day to day.
    """
    tokens, days = returns.shape
    ordered = np.empty(days + 1)
    for token in range(tokens):
        row = returns[token]
        begin = max(start - window, 0)
        known = np.sort(row[begin:start])
        count = 0
        while count < known.size and known[count] == known[count]:
            ordered[count] = known[count]
            count += 1
        for t in range(start, days):
            gone = row[t - window] if t >= window else np.nan
            count = _replace(ordered, count, gone, row[t])
            low = max(t - window + 1, 0)
            measure(
                row[low : t + 1],
                benchmark[low : t + 1],
                ordered[:count],
                periods,
                out[token, t - start],
            )
