"""Returns of holding each coin, and where its record begins."""

import numpy as np

from assay.kit.compiled import kernel
from assay.market_state.types import Counts, Matrix


@kernel
def _holding_returns(close: Matrix, out: Matrix) -> None:
    for token in range(close.shape[0]):
        last = np.nan
        for t in range(close.shape[1]):
            price = close[token, t]
            if price == price:
                out[token, t] = price / last - 1.0
                last = price


def compute_holding_returns(close: Matrix) -> Matrix:
    """Simple returns from one known close to the next, [tokens, days], on the day of the later one.

    After a gap the whole move across it falls on the day trading resumed: that is what a holder
    went through. NaN without a bar and on the first one.
    """
    out = np.full(close.shape, np.nan)
    _holding_returns(np.ascontiguousarray(close, dtype=np.float64), out)
    return out


def find_first_columns(returns: Matrix) -> Counts:
    """Column of each token's first known return; the number of columns where there is none."""
    known = np.isfinite(returns)
    return np.asarray(np.where(known.any(axis=1), known.argmax(axis=1), returns.shape[1]))
