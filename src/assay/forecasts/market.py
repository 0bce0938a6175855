"""What the scenarios call the market."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.forecasts.board import Board
from assay.forecasts.compute.conformal import compute_outcomes
from assay.forecasts.compute.scenarios import compute_total_cap
from assay.forecasts.types import Flags, Matrix, Series
from assay.markets.types import BITCOIN, Panel


@dataclass(frozen=True)
class Market:
    """What the tokens are measured against: an index that runs smoothly, the level to show, and
    how many US dollars it is (NaN where caps are unknown); each [days].
    """

    name: str
    index: Series
    level: Series
    caps: Series


def list_markets(board: Board) -> tuple[Market, ...]:
    """What may be the market, the first choice first: the total market cap of all coins where the
    panel has caps, then Bitcoin (all NaN without its candles).
    """
    return find_markets(board.panel, board.coins, board.closes)


def find_markets(panel: Panel, coins: Flags, closes: Matrix) -> tuple[Market, ...]:
    """The same from a panel, which of its rows are coins [tokens] and continuous closes."""
    unknown = np.full(panel.n_days, np.nan)
    place = int(np.searchsorted(panel.token_ids, BITCOIN))
    if place == panel.n_tokens or int(panel.token_ids[place]) != BITCOIN:
        bitcoin = Market("bitcoin", unknown, unknown, unknown)
    else:
        quoted = np.asarray(panel.close[place])
        bitcoin = Market("bitcoin", closes[place], quoted, unknown)
    if panel.market_cap is None:
        return (bitcoin,)
    caps, index = compute_total_cap(np.where(coins[:, None], panel.market_cap, np.nan))
    return Market("total_market_cap", index, caps, caps), bitcoin


def choose_market(markets: Sequence[Market], column: int) -> Market:
    """The first of `markets` that is known on a day, else the last.

    By the day alone: caps that begin later say nothing about it.
    """
    known = (market for market in markets if math.isfinite(market.index[column]))
    return next(known, markets[-1])


def measure_moves(markets: Sequence[Market], days: int, horizon: int) -> Series:
    """Log return of each day's own market over the horizon, [days]; NaN where it is not known."""
    chosen = [choose_market(markets, column).name for column in range(days)]
    moved = np.full(days, np.nan)
    for market in markets:
        is_its = np.array([name == market.name for name in chosen])
        moved[is_its] = compute_outcomes(market.index[None, :], horizon)[0, is_its]
    return moved


def compute_market_moves(panel: Panel, coins: Flags, closes: Matrix, horizon: int) -> Series:
    """Where the market that scenarios speak of went from each day on; see `measure_moves`."""
    return measure_moves(find_markets(panel, coins, closes), panel.n_days, horizon)
