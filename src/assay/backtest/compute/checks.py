"""What may be simulated: shapes, prices, costs and wishes that can mean something."""

import numpy as np
from numpy.typing import ArrayLike

from assay.backtest.compute.days import Columns, find_last_bars
from assay.backtest.types import Costs, Matrix
from assay.kit.errors import BadInput, NotEnoughData


def check_matrix(closes: ArrayLike) -> Matrix:
    """The closes as float64, contiguous, with at least one token and one day."""
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
    return prices


def check_closes(closes: ArrayLike) -> Matrix:
    """The same, each a finite positive number or NaN (no bar)."""
    prices = check_matrix(closes)
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


def check_capital(capital: float, leverage: float, costs: Costs, volumes: Matrix) -> None:
    """Capital and leverage above zero; volumes wherever an impact is to be computed."""
    if not 0.0 < capital < np.inf or not 0.0 < leverage < np.inf:
        raise BadInput(
            f"A capital of {capital:g} with leverage {leverage:g} cannot trade.",
            hint="Both are above zero.",
        )
    if costs.impact_bps > 0.0 and not volumes.size:
        raise BadInput(
            "Impact cannot be computed without volumes.",
            hint="Give volume_usd, dollars traded [tokens, days], or leave impact_bps at 0.",
        )


def check_lag(lag: int) -> int:
    """Days between the close that decides and the close that fills, at least 0."""
    if lag < 0:
        raise BadInput(
            f"A lag of {lag} days trades before the decision.", hint="1 is the next close."
        )
    return int(lag)


def check_last_bars(last_bars: ArrayLike | None, closes: Matrix) -> Columns:
    """Column of each token's last bar: as given, or the last one in the closes (-1: none)."""
    if last_bars is None:
        return find_last_bars(closes)
    given = np.ascontiguousarray(last_bars, dtype=np.int64)
    if given.shape != closes.shape[:1]:
        raise BadInput(
            f"last_bars has the shape {given.shape}, there are {closes.shape[0]} tokens.",
            hint="One column for each token; the number of days for one that trades on.",
        )
    return given


def check_account(
    closes: ArrayLike,
    weights: ArrayLike,
    volume_usd: ArrayLike | None,
    last_bars: ArrayLike | None,
) -> tuple[Matrix, Matrix, Matrix, Columns]:
    """Shapes of what an account follows; the account itself looks at each day's values.

    Volumes are an empty matrix when there are none.
    """
    prices = check_matrix(closes)
    volumes = np.empty((0, 0)) if volume_usd is None else check_like("volumes", volume_usd, prices)
    return (
        prices,
        check_like("weights", weights, prices),
        volumes,
        check_last_bars(last_bars, prices),
    )
