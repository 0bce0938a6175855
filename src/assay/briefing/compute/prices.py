"""What a coin, the median coin and Bitcoin returned between two closes, the dead included."""

from datetime import date, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from assay.briefing.compute.desk import choose_middle
from assay.markets.types import Panel, TokenKind
from assay.publishing.types import Facts


class Prices:
    """Closes as they were known, continuous through redenominations; a coin that stops keeps its
    last one.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._panel: Panel = facts.panel
        self._rows = {int(token_id): row for row, token_id in enumerate(self._panel.token_ids)}
        self._medians: dict[tuple[date, date], float] = {}
        self._coins: dict[date, NDArray[np.int64]] = {}

    @cached_property
    def _closes(self) -> NDArray[np.float64]:
        closes = self._panel.close * self._panel.unit
        columns = np.where(np.isnan(closes), 0, np.arange(self._panel.n_days))
        newest = np.maximum.accumulate(columns, axis=1)
        return np.take_along_axis(closes, newest, axis=1)

    def has_bar(self, token_id: int, day: date) -> bool:
        """True where the coin traded on the day."""
        row = self._rows.get(token_id)
        return row is not None and not np.isnan(self._panel.close[row, self._panel.column(day)])

    def compute_return(self, token_id: int, bought: date, until: date) -> float:
        """Simple return from the close of `bought` to that of `until`; NaN if it did not trade on
        the day it was to be bought.
        """
        if not self.has_bar(token_id, bought):
            return float("nan")
        closes = self._closes[self._rows[token_id]]
        start, end = self._panel.column(bought), self._panel.column(until)
        return float(closes[end]) / float(closes[start]) - 1.0

    def compute_median_return(self, bought: date, until: date) -> float:
        """The median over all coins that traded on `bought`; NaN if none did."""
        key = (bought, until)
        if key not in self._medians:
            self._medians[key] = choose_middle(self.compute_returns(bought, until).tolist())
        return self._medians[key]

    def compute_returns(self, bought: date, until: date) -> NDArray[np.float64]:
        """Of every coin that traded on `bought`, ascending by token id."""
        rows = self._list_coin_rows(bought)
        start, end = self._panel.column(bought), self._panel.column(until)
        rows = rows[~np.isnan(self._panel.close[rows, start])]
        return np.asarray(self._closes[rows, end] / self._closes[rows, start] - 1.0)

    def _list_coin_rows(self, day: date) -> NDArray[np.int64]:
        if day not in self._coins:
            tokens = self._facts.tokens(day)
            rows = [self._rows[int(t.token_id)] for t in tokens if t.kind is TokenKind.COIN]
            self._coins[day] = np.array(rows, np.int64)
        return self._coins[day]


def buy_day(said: date) -> date:
    """What is said at a close is bought at the next one."""
    return said + timedelta(days=1)
