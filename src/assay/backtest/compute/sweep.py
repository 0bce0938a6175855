"""Every pair of moving averages at once: long after the fast one crosses above the slow one.

The averages are differences of one running sum, so a bar costs the same whatever the window.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.backtest.compute import checks
from assay.backtest.types import Matrix, Series, Sweep
from assay.kit.compiled import kernel, parallel_kernel, rows
from assay.kit.errors import BadInput

Windows = NDArray[np.int64]
Marks = NDArray[np.uint8]
Eights = NDArray[np.uint64]
Asset = Matrix
Cube = NDArray[np.float64]

ALL_BITS, ONE_BIT = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(1)
EVERY_BYTE = np.uint64(0x0101010101010101)

RETURN, SHARPE, DRAWDOWN, TRADES = range(4)
"""Places on the last axis of the details."""


def sweep_crosses(
    closes: ArrayLike,
    fast: ArrayLike,
    slow: ArrayLike,
    *,
    fee_bps: float = 10.0,
    slippage_bps: float = 0.0,
    lag: int = 1,
    details: bool = False,
    periods_per_year: float = 365.0,
    parallel: bool = False,
) -> Sweep:
    """What buying on a cross above and selling on a cross below earned, for each pair
    (`fast[i]`, `slow[i]`) of windows in bars and each asset of `closes` [assets, bars].

    Everything is bought or sold at the close `lag` bars after the cross; costs as in
    docs/method/backtest.md (those of vectorbt's `from_signals`). Bars without a close are left out
    of an asset's series. An asset with too few bars never trades and returns 0. `details` adds
    Sharpe ratio, drawdown and number of trades. `parallel` shares the assets out among numba's
    threads and gives the same bits; only the one compute thread of a process may ask for it.
    Raises BadInput.
    """
    prices = checks.check_closes(closes)
    windows, pairs = _check_windows(fast, slow)
    costs = checks.check_costs(fee_bps, slippage_bps)
    fee, slip = costs.fee_bps / 10_000.0, costs.slippage_bps / 10_000.0
    bought, sold = 1.0 / ((1.0 + slip) * (1.0 + fee)), (1.0 - slip) * (1.0 - fee)
    found = np.zeros((prices.shape[0], pairs.shape[1], 4 if details else 1))
    walk = _walk_assets_parallel if parallel else _walk_assets
    walk(prices, windows, pairs, checks.check_lag(lag), bought, sold, found)
    if not details:
        return Sweep(np.ascontiguousarray(found[:, :, RETURN].T))
    return Sweep(
        total_return=np.ascontiguousarray(found[:, :, RETURN].T),
        sharpe=np.ascontiguousarray(found[:, :, SHARPE].T) * np.sqrt(periods_per_year),
        max_drawdown=np.ascontiguousarray(found[:, :, DRAWDOWN].T),
        trades=found[:, :, TRADES].T.astype(np.int64),
    )


def _check_windows(fast: ArrayLike, slow: ArrayLike) -> tuple[Windows, Windows]:
    """The different windows, and where each pair's two stand among them [2, pairs]."""
    quick, calm = np.asarray(fast), np.asarray(slow)
    whole = all(np.issubdtype(side.dtype, np.integer) for side in (quick, calm))
    if not whole or quick.ndim != 1 or quick.shape != calm.shape or not quick.size:
        raise BadInput(
            "The windows are not two lists of whole numbers of equal length.",
            hint="Give fast=[5, 10] and slow=[20, 50] for the pairs 5/20 and 10/50.",
        )
    if np.any(quick < 1) or np.any(quick >= calm):
        raise BadInput(
            "A fast window is below 1 bar, or not shorter than its slow one.",
            hint="Each pair needs 1 <= fast < slow.",
        )
    windows, places = np.unique(np.concatenate((quick, calm)), return_inverse=True)
    return windows.astype(np.int64), places.reshape(2, quick.size).astype(np.int64)


@kernel
def _compute_averages(prices: Series, windows: Windows) -> Matrix:
    """Simple moving averages [windows, bars], NaN before a window is full."""
    sums = np.empty(prices.size + 1)
    sums[0] = 0.0
    for bar in range(prices.size):
        sums[bar + 1] = sums[bar] + prices[bar]
    averages = np.full((windows.size, prices.size), np.nan)
    for place in range(windows.size):
        window = windows[place]
        for bar in range(window - 1, prices.size):
            averages[place, bar] = (sums[bar + 1] - sums[bar + 1 - window]) / window
    return averages


@kernel
def _mark_sides(fast: Series, slow: Series, above: Marks, below: Marks) -> None:
    """1 where the fast average is strictly above (below) the slow one; 0 before both are known."""
    for bar in range(fast.size):
        above[bar] = fast[bar] > slow[bar]
        below[bar] = fast[bar] < slow[bar]


@kernel
def _find_mark(eights: Eights, bar: int, stop: int) -> int:
    """The first marked bar from `bar` on, `stop` if there is none before it.

    Eight marks are one word, the earliest in its lowest byte. The bytes below the lowest set bit
    are counted by gathering a one from each of them in the highest byte.
    """
    if bar >= stop:
        return stop
    place = bar >> 3
    word = eights[place] & (ALL_BITS << np.uint64((bar & 7) << 3))
    while word == 0:
        place += 1
        if place << 3 >= stop:
            return stop
        word = eights[place]
    lowest = word & (~word + ONE_BIT)
    passed = (((lowest - ONE_BIT) & EVERY_BYTE) * EVERY_BYTE) >> np.uint64(56)
    found = (place << 3) + int(passed)
    return found if found < stop else stop


@kernel
def _measure_holding(
    prices: Series, first: int, last: int, sold: float, units: float, state: Series
) -> None:
    """Carry peak, low and drawdown through one holding, `prices[last]` times `sold` at its end."""
    peak, low, drawdown = state[0] / units, state[1] / units, state[2]
    for bar in range(first, last + 1):
        price = prices[bar] * sold if bar == last else prices[bar]
        low = price if price < low else low
        if price > peak:
            drawdown = min(drawdown, low / peak)
            peak = low = price
    state[0], state[1], state[2] = peak * units, low * units, drawdown


@kernel
def _walk_trades(
    asset: Asset,
    above: Marks,
    below: Marks,
    lag: int,
    bought: float,
    sold: float,
    found: Series,
) -> None:
    """Total return and, where there is room, Sharpe ratio of one bar, drawdown and trades.

    The fast average must have been below before the first purchase. What a holding adds to the sum
    and the sum of squares of the bars' returns is a difference of running sums, but for the bars
    on which costs are paid.
    """
    prices, sums, squares = asset[0], asset[1], asset[2]
    above_eights, below_eights = above.view(np.uint64), below.view(np.uint64)
    stop, final = prices.size - lag, prices.size - 1
    equity, trades, total, total_squares = 1.0, 0, 0.0, 0.0
    state = np.array([1.0, 1.0, 1.0])
    cross = _find_mark(below_eights, 0, stop)
    while cross < stop:
        cross = _find_mark(above_eights, cross, stop)
        if cross == stop:
            break
        entry = cross + lag
        cross = _find_mark(below_eights, cross, stop)
        last, kept = (cross + lag, sold) if cross < stop else (final, 1.0)
        trades += 1
        units = equity * bought / prices[entry]
        equity = units * prices[last] * kept
        if found.size == 1:
            continue
        _measure_holding(prices, entry, last, kept, units, state)
        total += sums[last] - sums[entry] + (bought - 1.0)
        total_squares += squares[last] - squares[entry] + (bought - 1.0) ** 2
        if last > entry:
            change = prices[last] / prices[last - 1] - 1.0
            paid = (1.0 + change) * kept - 1.0
            total += paid - change
            total_squares += paid * paid - change * change
    found[RETURN] = equity - 1.0
    if found.size > 1:
        mean = total / prices.size
        spread = (total_squares - total * mean) / (prices.size - 1)
        found[SHARPE] = mean / np.sqrt(spread) if trades > 0 and spread > 0.0 else np.nan
        found[DRAWDOWN] = min(state[2], state[1] / state[0]) - 1.0
        found[TRADES] = trades


@kernel
def _sum_returns(prices: Series) -> Asset:
    """Rows: prices; running sum of the bars' returns; running sum of their squares."""
    asset = np.zeros((3, prices.size))
    asset[0] = prices
    for bar in range(1, prices.size):
        change = prices[bar] / prices[bar - 1] - 1.0
        asset[1, bar] = asset[1, bar - 1] + change
        asset[2, bar] = asset[2, bar - 1] + change * change
    return asset


@kernel
def _walk_set(
    asset: Asset,
    fast: Series,
    slow: Series,
    lag: int,
    bought: float,
    sold: float,
    found: Series,
) -> None:
    padded = (fast.size + 7) // 8 * 8
    above, below = np.zeros(padded, dtype=np.uint8), np.zeros(padded, dtype=np.uint8)
    _mark_sides(fast, slow, above, below)
    _walk_trades(asset, above, below, lag, bought, sold, found)


@kernel
def _walk_asset(
    row: Series,
    windows: Windows,
    pairs: Windows,
    lag: int,
    bought: float,
    sold: float,
    found: Matrix,
) -> None:
    bars = row[np.isfinite(row)]
    if bars.size == 0:
        found[:, SHARPE:DRAWDOWN] = np.nan
        return
    averages, asset = _compute_averages(bars, windows), _sum_returns(bars)
    for place in range(found.shape[0]):
        fast, slow = averages[pairs[0, place]], averages[pairs[1, place]]
        _walk_set(asset, fast, slow, lag, bought, sold, found[place])


@kernel
def _walk_assets(
    prices: Matrix,
    windows: Windows,
    pairs: Windows,
    lag: int,
    bought: float,
    sold: float,
    found: Cube,
) -> None:
    for asset in range(prices.shape[0]):
        _walk_asset(prices[asset], windows, pairs, lag, bought, sold, found[asset])


@parallel_kernel
def _walk_assets_parallel(
    prices: Matrix,
    windows: Windows,
    pairs: Windows,
    lag: int,
    bought: float,
    sold: float,
    found: Cube,
) -> None:
    for asset in rows(prices.shape[0]):
        _walk_asset(prices[asset], windows, pairs, lag, bought, sold, found[asset])
