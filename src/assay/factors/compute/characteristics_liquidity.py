"""How well a token trades, compiled. Shapes and words as in `characteristics_kernels`."""

import math

import numpy as np

from assay.factors.compute import characteristics_windows as windows
from assay.factors.compute.characteristics_kernels import (
    DOLLARS,
    HIGH,
    LIQUIDITY,
    LOW,
    QUANT,
    RETURN,
)
from assay.factors.compute.characteristics_windows import Row, Table
from assay.factors.compute.mathematics import exp_, log_
from assay.kit.compiled import kernel

_FLAT_BELOW = 0.002
_CORWIN_SCHULTZ = 3.0 - 2.0 * math.sqrt(2.0)
_LONGEST_HISTORY = 730


@kernel
def _list_spreads(high: Row, low: Row, count: int) -> Row:
    # Corwin and Schultz (2012), equation 14, negative estimates set to zero.
    out = np.full(high.size, np.nan)
    begin = high.size - count - 29
    range_before = log_(high[begin - 1] / low[begin - 1])
    for i in range(begin, high.size):
        range_now = log_(high[i] / low[i])
        top = high[i] if high[i] > high[i - 1] else high[i - 1]
        bottom = low[i] if low[i] < low[i - 1] else low[i - 1]
        both = log_(top / bottom)
        beta = range_now * range_now + range_before * range_before
        alpha = (np.sqrt(2.0 * beta) - np.sqrt(beta)) / _CORWIN_SCHULTZ
        alpha -= np.sqrt(both * both / _CORWIN_SCHULTZ)
        power = exp_(alpha)
        spread = 2.0 * (power - 1.0) / (1.0 + power)
        out[i] = 0.0 if spread < 0.0 else spread
        range_before = range_now
    return out


@kernel
def _write_log(x: Row, out: Row) -> None:
    for i in range(out.size):
        out[i] = log_(x[i]) if (x[i] > 0.0) & (x[i] < np.inf) else np.nan


@kernel
def _write_volumes(dollars: Row, seen: Table, sums: Table, out: Table) -> None:
    """Logarithms of mean dollar volumes, and what lies between them."""
    count = out.shape[1]
    for row, window in enumerate((7, 30, 90)):
        days, volume = windows.total(seen, window, count), windows.total(sums, window, count)
        for i in range(count):
            volume[i] /= days[i]
        _write_log(volume, out[row])
    _write_log(dollars[dollars.size - count :], out[6])
    for i in range(count):
        out[4, i] = out[0, i] - out[1, i]
        out[5, i] = out[1, i] - out[2, i]
        out[6, i] -= out[1, i]


@kernel
def _write_moves(table: Table, out: Table) -> None:
    """What moving costs: |r| over dollar volume, days that hardly move, two-day spreads."""
    count = out.shape[1]
    change, dollars = table[RETURN], table[DOLLARS]
    moving, flat = np.empty(change.size), np.empty(change.size)
    for i in range(change.size):
        moving[i] = abs(change[i]) / dollars[i] if dollars[i] > 0.0 else np.nan
        flat[i] = 1.0 if abs(change[i]) < _FLAT_BELOW else 0.0 * change[i]
    _write_log(windows.mean_of(moving, windows.DAYS_30, 20.0, count), out[3])
    windows.copy(windows.mean_of(flat, windows.DAYS_30, 20.0, count), out[7])
    spreads = _list_spreads(table[HIGH], table[LOW], count)
    windows.copy(windows.mean_of(spreads, windows.DAYS_30, 20.0, count), out[8])


@kernel
def write_liquidity(table: Table, begin: int, origin: int, broad: int, values: Table) -> None:
    """The twelve that say how well a token trades.

    Columns of the panel: `begin` the first day asked for, `origin` the day from which age counts,
    `broad` the day before which no age is told.
    """
    count = values.shape[1]
    out = values[LIQUIDITY:QUANT]
    dollars = table[DOLLARS]
    seen = windows.add_up(windows.flag(dollars), windows.DAYS_90, count)
    amounts = windows.fill(dollars, 0.0)
    sums = windows.add_up(amounts, windows.DAYS_90, count)
    _write_volumes(dollars, seen, sums, out)
    _write_moves(table, out)
    for i in range(amounts.size):
        amounts[i] *= amounts[i]
    days, first = (
        windows.total(seen, windows.DAYS_30, count),
        windows.total(sums, windows.DAYS_30, count),
    )
    second = windows.sum_of(amounts, windows.DAYS_30, count)
    squares = windows.squares_about_mean(days, first, second)
    for i in range(count):
        is_known = (days[i] >= 20.0) & (first[i] > 0.0)
        out[9, i] = np.sqrt(squares[i] / days[i]) / (first[i] / days[i]) if is_known else np.nan
        age = float(min(begin + i - origin, _LONGEST_HISTORY))
        out[11, i] = age if begin + i >= broad else np.nan
    pairs = windows.pair_sums(table[RETURN], dollars, windows.DAYS_30, count)
    windows.write_correlation(windows.pair_totals(pairs, windows.DAYS_30, count), 20.0, out[10])
