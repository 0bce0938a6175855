"""The facts of a run of days as the arrays that all three judges read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.forecasts.compute.volatility import compute_spread
from assay.forecasts.rows import create_heads
from assay.forecasts.types import Flags, Matrix, NoView, Spread
from assay.markets.types import Panel, Token, TokenKind
from assay.publishing import Facts, list_coins

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Board:
    """A panel with its prices made continuous, how far they swing, and which rows are coins."""

    facts: Facts
    coins: Flags
    spread: Spread
    first_column: int

    @property
    def panel(self) -> Panel:
        """The facts' panel."""
        return self.facts.panel

    @property
    def closes(self) -> Matrix:
        """Continuous closes."""
        return self.spread.closes

    def listed(self, day: date) -> tuple[list[Token], Rows, list[dict[str, Any]]]:
        """The coins a list of `day` speaks of, their rows in the panel, their rows' heads."""
        tokens = list_coins(self.facts, day)
        rows = np.searchsorted(self.panel.token_ids, [int(token.token_id) for token in tokens])
        prices = np.asarray(self.panel.close[:, self.panel.column(day)])[rows]
        return tokens, rows, create_heads(tokens, prices)

    def list_silence(self, rows: Rows, column: int) -> list[NoView | None]:
        """Why nothing can be said of each token for want of bars; None if something can."""
        has_bar = (self.closes[rows, column] > 0.0).tolist()
        is_known = self.spread.universe[rows, column] & (self.spread.thirds[rows, column] >= 0)
        return [
            None if known else (NoView.SHORT_HISTORY if bar else NoView.STALE)
            for bar, known in zip(has_bar, is_known.tolist(), strict=True)
        ]


def create_board(days: Sequence[date], facts: Facts, horizons: Sequence[int]) -> Board:
    """The arrays for `days`, with a deviation for each of `horizons`.

    Closes are continuous through redenominations; only coins have thirds and a universe.
    """
    panel = facts.panel
    kinds = {int(token.token_id): token.kind for token in facts.tokens(days[-1])}
    coins = np.array([kinds.get(int(item)) is TokenKind.COIN for item in panel.token_ids])
    spread = compute_spread(np.asarray(panel.close * panel.unit), coins, horizons)
    return Board(facts, coins, spread, panel.column(days[0]))


def name_day(day: date, days_later: int) -> str:
    """The ISO date some days after `day`."""
    return (day + timedelta(days=days_later)).isoformat()
