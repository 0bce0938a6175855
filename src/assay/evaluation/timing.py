"""Does a signal time anything? Its share of winners, never without the controls that explain it.

In a falling market whatever sits in cash beats holding. So the share of coins on which following a
signal beat holding means nothing without two controls, and `BesideControls` keeps them together:

    constant equal exposure   the signal's mean position, held all the time
    shifted signals           the same signal, moved round a circle of its own days by a random
                              offset (one for all coins, which keeps what coins share): as often in
                              the market, at moments that mean nothing

Daily returns [coins, days] are simple, net of costs, NaN where a coin is not traded. Growth is the
sum of log(1 + r); an account that is ruined counts as left with a millionth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.evaluation.types import Matrix, Series
from assay.kit.errors import BadInput, NotEnoughData

RUIN = 1e-6
NOTHING = float("nan")


@dataclass(frozen=True, slots=True)
class BesideControls:
    """Shares of coins, and the controls without which none of them may be shown.

    `constant_beat_holding` and `shifted_beat_holding` (mean over shifts) stand beside
    `beat_holding`; `shifted_beat_constant` with its 5 % and 95 % points beside `beat_constant`.
    `chance` is (1 + shifts that beat constant exposure on as many coins) / (1 + shifts). A tie
    beats nothing.
    """

    coins: int
    beat_holding: float
    constant_beat_holding: float
    shifted_beat_holding: float
    beat_constant: float
    shifted_beat_constant: float
    shifted_low: float
    shifted_high: float
    shifts: int
    chance: float

    def describe_holding(self) -> str:
        """The share that beat holding, in one sentence with both controls."""
        return (
            f"{self.beat_holding:.1%} of {self.coins} coins beat holding;"
            f" constant equal exposure {self.constant_beat_holding:.1%},"
            f" shifted signals {self.shifted_beat_holding:.1%}"
        )

    def describe_constant(self) -> str:
        """The share that beat constant equal exposure, in one sentence with the shifted signals."""
        return (
            f"{self.beat_constant:.1%} of {self.coins} coins beat constant equal exposure;"
            f" shifted signals {self.shifted_beat_constant:.1%}"
            f" ({self.shifted_low:.0%} to {self.shifted_high:.0%}), p = {self.chance:.3f}"
        )

    def create_holding_tile(self) -> tuple[str, str]:
        """Number and words of a tile; the constant control is in the number itself."""
        number = f"{self.beat_holding:.0%} vs {self.constant_beat_holding:.0%}"
        return number, self.describe_holding()

    def create_constant_tile(self) -> tuple[str, str]:
        """Number and words of a tile; the shifted signals are in the number itself."""
        number = f"{self.beat_constant:.0%} vs {self.shifted_beat_constant:.0%}"
        return number, self.describe_constant()

    def list_cells(self) -> list[str]:
        """Table cells under `SHARE_HEAD`."""
        return [
            str(self.coins),
            f"{self.beat_constant:.1%}",
            f"{self.shifted_beat_constant:.1%} ({self.shifted_low:.0%}..{self.shifted_high:.0%})",
            f"{self.chance:.3f}",
            f"{self.beat_holding:.1%}",
            f"{self.constant_beat_holding:.1%}",
            f"{self.shifted_beat_holding:.1%}",
        ]

    def create_document(self) -> dict[str, Any]:
        """All of it, JSON-ready."""
        return asdict(self)


SHARE_HEAD = (
    "coins",
    "beat constant exposure",
    "shifted signals did",
    "p",
    "beat holding",
    "constant exposure did",
    "shifted signals did",
)


@dataclass(frozen=True, slots=True)
class Excess:
    """Growth over constant equal exposure: log growth of the whole window, by coin."""

    mean: float
    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Hits:
    """Finished and open positions: how many, the share that made money net, their mean length in
    bars. NaN without one.
    """

    positions: int
    share: float
    mean_bars: float


def compute_growth(daily: Matrix) -> Series:
    """Log growth [coins] of daily returns [coins, days]; NaN for a coin that was never traded."""
    traded = np.isfinite(daily)
    worth = 1.0 + np.where(traded, daily, 0.0)
    growth = np.maximum(np.log(np.maximum(worth, RUIN)).sum(axis=1), np.log(RUIN))
    growth = np.where((worth <= RUIN).any(axis=1), np.log(RUIN), growth)
    return np.where(traded.any(axis=1), growth, np.nan)


def compute_drawdowns(daily: Matrix) -> Series:
    """Deepest fall from a peak [coins], 0 or negative; the start is a peak too. NaN if untraded."""
    traded = np.isfinite(daily)
    worth = np.cumprod(1.0 + np.where(traded, daily, 0.0), axis=1)
    peaks = np.maximum(np.maximum.accumulate(worth, axis=1), 1.0)
    return np.where(traded.any(axis=1), (worth / peaks - 1.0).min(axis=1), np.nan)


def draw_offsets(generator: np.random.Generator, shifts: int, days: int) -> NDArray[np.int64]:
    """Random offsets between a tenth and nine tenths of `days`. Raises NotEnoughData below 10."""
    if days < 10:
        raise NotEnoughData(
            f"{days} days cannot be shifted.", hint="Measure a window of at least 10 days."
        )
    return generator.integers(days // 10, days - days // 10, shifts)


def shift_signals(signals: Matrix, offset: int) -> Matrix:
    """Each coin's signals moved `offset` days round the circle of its own first to last day.

    NaN before the first and after the last signal of a coin stays; NaN in between travels along.
    """
    shifted = signals.copy()
    for row in range(signals.shape[0]):
        places = np.flatnonzero(~np.isnan(signals[row]))
        if places.size:
            life = slice(places[0], places[-1] + 1)
            shifted[row, life] = np.roll(signals[row, life], offset)
    return shifted


def compute_exposures(signals: Matrix, lag: int) -> Series:
    """Mean position [coins] over the days of a coin's life whose outcome lies in the window.

    A signal of day t earns from t + lag to t + lag + 1; NaN in a life counts as the position
    before it (no order). NaN for a coin without such a day.
    """
    out = np.full(signals.shape[0], np.nan)
    for row in range(signals.shape[0]):
        places = np.flatnonzero(~np.isnan(signals[row]))
        if not places.size:
            continue
        last = min(places[-1], signals.shape[1] - lag - 2)
        life = signals[row, places[0] : last + 1]
        if life.size:
            known = np.maximum.accumulate(np.where(np.isnan(life), 0, np.arange(life.size)))
            out[row] = life[known].mean()
    return out


def create_constant(signals: Matrix, lag: int) -> Matrix:
    """The first control: each coin's mean position, ordered on every day it has a signal."""
    return np.where(np.isnan(signals), np.nan, compute_exposures(signals, lag)[:, None])


def create_holding(signals: Matrix) -> Matrix:
    """Bought on the first day of a coin that has a signal, and kept."""
    return np.where(np.isnan(signals), np.nan, 1.0)


def compare_with_controls(
    followed: Series, constant: Series, holding: Series, shifted: Matrix
) -> BesideControls:
    """The shares and their controls from growth [coins] and, of the shifted signals, [shifts,
    coins]. Coins with a missing growth are left out. Raises NotEnoughData where none is left or
    nothing was shifted, BadInput for shapes that differ.
    """
    if not followed.shape == constant.shape == holding.shape == shifted.shape[1:]:
        raise BadInput(
            "Followed, constant, held and shifted growth are of different coins.",
            hint="Give [coins], [coins], [coins] and [shifts, coins].",
        )
    known = np.isfinite(followed) & np.isfinite(constant) & np.isfinite(holding)
    known &= np.isfinite(shifted).all(axis=0)
    if not known.any() or not shifted.shape[0]:
        raise NotEnoughData(
            "No coin was traded, or nothing was shifted: there is no share to show.",
            hint="Choose a window with signals in it, and at least one shift.",
        )
    f, c, h, s = followed[known], constant[known], holding[known], shifted[:, known]
    share = float((f > c).mean())
    by_shift = (s > c).mean(axis=1)
    low, high = np.quantile(by_shift, [0.05, 0.95]).tolist()
    return BesideControls(
        coins=int(known.sum()),
        beat_holding=float((f > h).mean()),
        constant_beat_holding=float((c > h).mean()),
        shifted_beat_holding=float((s > h).mean()),
        beat_constant=share,
        shifted_beat_constant=float(by_shift.mean()),
        shifted_low=low,
        shifted_high=high,
        shifts=int(shifted.shape[0]),
        chance=float((1 + (by_shift >= share).sum()) / (1 + shifted.shape[0])),
    )


def measure_excess(followed: Series, constant: Series) -> Excess:
    """Mean, median and outer tenths of the growth over constant exposure; NaN without coins."""
    excess = (followed - constant)[np.isfinite(followed) & np.isfinite(constant)]
    if not excess.size:
        return Excess(NOTHING, NOTHING, NOTHING, NOTHING)
    low, middle, high = np.quantile(excess, [0.1, 0.5, 0.9]).tolist()
    return Excess(float(excess.mean()), middle, low, high)


def measure_hits(signals: Matrix, closes: Matrix, lag: int, side_cost: float) -> Hits:
    """Positions of one sign from their fill to their end, net of the cost of both sides.

    A signal of day t is filled at the close of t + lag; the last close stands in for a missing one
    and for what came after the window.
    """
    won, lengths = 0, []
    for row in range(signals.shape[0]):
        price = _carry(closes[row])
        for start, end, side in _list_positions(signals[row]):
            entry, leave = start + lag, min(end + lag, price.size - 1)
            if entry >= leave or not np.isfinite(price[entry]):
                continue
            worth = 1.0 + side * (price[leave] / price[entry] - 1.0)
            won += worth * (1.0 - side_cost) ** 2 > 1.0
            lengths.append(leave - entry)
    count = len(lengths)
    if not count:
        return Hits(0, NOTHING, NOTHING)
    return Hits(count, won / count, float(np.mean(lengths)))


def measure_turnover(signals: Matrix, per_year: float) -> float:
    """Mean change of position a year, one way, over the days with a signal; NaN without any."""
    known = np.isfinite(signals)
    if not known.any():
        return NOTHING
    position = np.where(known, signals, 0.0)
    moved = np.abs(np.diff(position, axis=1, prepend=0.0)).sum()
    return float(moved / known.sum() * per_year)


def format_shares(shares: Mapping[str, BesideControls]) -> list[list[str]]:
    """Table rows under ("", *SHARE_HEAD)."""
    return [[name, *beside.list_cells()] for name, beside in shares.items()]


def _carry(values: Series) -> Series:
    known = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(values.size)))
    return values[known]


def _list_positions(signals: Series) -> list[tuple[int, int, int]]:
    position = np.where(np.isnan(signals), 0.0, signals)
    cuts = np.flatnonzero(np.diff(position, prepend=0.0, append=0.0))
    edges = [*cuts.tolist(), position.size]
    return [
        (start, end, int(position[start]))
        for start, end in pairwise(edges)
        if start < position.size and position[start] != 0.0
    ]
