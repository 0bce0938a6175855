"""What the scenarios call the market."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.forecasts.board import Board
from assay.forecasts.compute.scenarios import compute_total_cap
from assay.forecasts.types import Series
from assay.markets.types import BITCOIN


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
    panel = board.panel
    unknown = np.full(panel.n_days, np.nan)
    place = int(np.searchsorted(panel.token_ids, BITCOIN))
    if place == panel.n_tokens or int(panel.token_ids[place]) != BITCOIN:
        bitcoin = Market("bitcoin", unknown, unknown, unknown)
    else:
        quoted = np.asarray(panel.close[place])
        bitcoin = Market("bitcoin", board.closes[place], quoted, unknown)
    if panel.market_cap is None:
        return (bitcoin,)
    caps, index = compute_total_cap(np.where(board.coins[:, None], panel.market_cap, np.nan))
    return Market("total_market_cap", index, caps, caps), bitcoin


def choose_market(markets: Sequence[Market], column: int) -> Market:
    """The first of `markets` that is known on a day, else the last.

    By the day alone: caps that begin later say nothing about it.
    """
    known = (market for market in markets if math.isfinite(market.index[column]))
    return next(known, markets[-1])
