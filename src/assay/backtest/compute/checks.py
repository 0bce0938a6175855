"""What may be simulated: shapes, prices, costs and wishes that can mean something."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.backtest.types import Costs, Matrix
from assay.kit.errors import BadInput, NotEnoughData

TOLERANCE = 1e-9
"""Weights are sums of rounded parts; they may exceed the limit by this much."""


def check_closes(closes: ArrayLike) -> Matrix:
    """The closes as float64, contiguous; a close is a finite positive number or NaN (no bar)."""
    prices = np.ascontiguousarray(closes, dtype=np.float64)
    if prices.ndim != 2:
        raise BadInput(
            f"Closes have {prices.ndim} axes.", hint="Give a matrix [tokens, days], NaN = no bar."
        )
    if not prices.size:
        raise NotEnoughData(
            f"The window is empty: {prices.shape[0]} tokens x {prices.shape[1]} days.",
            hint="Widen the window or name at least one token.",
        )
    if not np.all(np.isnan(prices) | ((prices > 0.0) & (prices < np.inf))):
        raise BadInput(
            "A close is zero, negative or infinite.", hint="Put NaN where a token has no bar."
        )
    return prices


def check_like(name: str, values: ArrayLike, closes: Matrix) -> Matrix:
    """`values` as float64, contiguous, of the closes' shape."""
    matrix = np.ascontiguousarray(values, dtype=np.float64)
    if matrix.shape != closes.shape:
        raise BadInput(
            f"{name} have the shape {matrix.shape}, closes {closes.shape}.",
            hint="Both are [tokens, days] over the same tokens and days.",
        )
    return matrix


def check_weights(values: ArrayLike, closes: Matrix, leverage: float) -> Matrix:
    """Target weights: finite or NaN (no order), absolute values of a day adding up to at most
    `leverage`.
    """
    weights = check_like("weights", values, closes)
    if np.any(np.isinf(weights)):
        raise BadInput("A weight is infinite.", hint="Use NaN for no order and 0 to sell.")
    gross = np.nansum(np.abs(weights), axis=0)
    if np.any(gross > leverage * (1.0 + TOLERANCE)):
        day = int(np.argmax(gross))
        raise BadInput(
            f"The weights of column {day} add up to {gross[day]:.6g} of the capital, more than"
            f" {leverage:g}.",
            hint="Scale them down, or allow it: leverage=2.0 is a full long beside a full short.",
        )
    return weights


def check_signals(values: ArrayLike, closes: Matrix, *, allow_short: bool) -> Matrix:
    """Signals: -1 to 1 or NaN (no order); without shorts a negative one means out."""
    signals = check_like("signals", values, closes)
    if np.any(np.abs(signals) > 1.0):
        raise BadInput("A signal lies outside -1..1.", hint="1 is long, -1 short, 0 out.")
    return signals if allow_short else np.where(signals < 0.0, 0.0, signals)


def check_costs(fee_bps: float, slippage_bps: float, impact_bps: float = 0.0) -> Costs:
    """Costs of at least zero, fee and slippage together below the whole trade."""
    parts = (fee_bps, slippage_bps, impact_bps)
    if not all(0.0 <= part < np.inf for part in parts) or fee_bps + slippage_bps >= 10_000.0:
        raise BadInput(
            f"Costs of {fee_bps:g} + {slippage_bps:g} + {impact_bps:g} bp make no sense.",
            hint="Basis points a side, at least 0: 10 is 0.1 % of each purchase and each sale.",
        )
    return Costs(fee_bps, slippage_bps, impact_bps)


def check_volume(volume_usd: ArrayLike | None, closes: Matrix, costs: Costs) -> Matrix:
    """Dollar volumes of the closes' shape; an empty matrix when none are given and none needed."""
    if volume_usd is not None:
        return check_like("volumes", volume_usd, closes)
    if costs.impact_bps > 0.0:
        raise BadInput(
            "Impact cannot be computed without volumes.",
            hint="Give volume_usd, dollars traded [tokens, days], or leave impact_bps at 0.",
        )
    return np.empty((0, 0))


def check_lag(lag: int) -> int:
    """Days between the close that decides and the close that fills, at least 0."""
    if lag < 0:
        raise BadInput(
            f"A lag of {lag} days trades before the decision.", hint="1 is the next close."
        )
    return int(lag)


def check_last_bars(last_bars: ArrayLike | None, closes: Matrix) -> NDArray[np.int64]:
    """Column of each token's last bar: as given, or the last one in the closes (-1: none)."""
    tokens, days = closes.shape
    if last_bars is None:
        bars = np.isfinite(closes)
        found = days - 1 - np.argmax(bars[:, ::-1], axis=1)
        return np.where(bars.any(axis=1), found, -1).astype(np.int64)
    given = np.ascontiguousarray(last_bars, dtype=np.int64)
    if given.shape != (tokens,):
        raise BadInput(
            f"last_bars has the shape {given.shape}, there are {tokens} tokens.",
            hint="One column for each token; the number of days for one that trades on.",
        )
    return given
