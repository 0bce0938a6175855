"""What the scenarios call the market."""

from dataclasses import dataclass

import numpy as np

from assay.forecasts.board import Board
from assay.forecasts.compute.scenarios import compute_total_cap
from assay.forecasts.types import Series

BITCOIN = 3375


@dataclass(frozen=True)
class Market:
    """What the tokens are measured against: an index that runs smoothly, the level to show, and
    how many US dollars it is (NaN where caps are unknown); each [days].
    """

    name: str
    index: Series
    level: Series
    caps: Series


def choose_market(board: Board) -> Market:
    """The total market cap where caps are known, else Bitcoin; all NaN where neither is."""
    panel = board.panel
    unknown = np.full(panel.n_days, np.nan)
    if panel.market_cap is not None:
        coins = np.asarray(board.spread.universe.any(axis=1), np.bool_)
        caps, index = compute_total_cap(np.where(coins[:, None], panel.market_cap, np.nan))
        if np.isfinite(index).any():
            return Market("total_market_cap", index, caps, caps)
    place = int(np.searchsorted(panel.token_ids, BITCOIN))
    if place == panel.n_tokens or int(panel.token_ids[place]) != BITCOIN:
        return Market("bitcoin", unknown, unknown, unknown)
    return Market("bitcoin", board.closes[place], np.asarray(panel.close[place]), unknown)
