"""Do a coin's past figures last? Correlations and risk against the 90 days after. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assay.market_state.scoring import NOTHING, correlate, rank
from assay.market_state.types import Matrix, Series

AHEAD = 90
FEWEST_COINS = 20
OUTCOMES = ("volatility", "return", "max_drawdown")


@dataclass(frozen=True, slots=True)
class Pairs:
    """Correlations that were said of pairs, Pearson's before it was cut and shrunk, and the 90 days
    after, over `dates` days 90 days apart.
    """

    dates: int
    pairs: int
    said: float
    plain: float
    realised: float
    said_error: float
    plain_error: float


@dataclass(frozen=True, slots=True)
class Said:
    """The pairs of one day: rows of the panel, the correlation said, and which end it stood at."""

    column: int
    one: Sequence[int]
    other: Sequence[int]
    values: Series
    is_most: Sequence[bool]


def correlate_rows(changes: Matrix, one: Sequence[int], other: Sequence[int]) -> Series:
    """Correlation of pairs of rows of [tokens, days], NaN unless 60 common days are known."""
    x, y = changes[list(one)], changes[list(other)]
    both = np.isfinite(x) & np.isfinite(y)
    count = both.sum(axis=1)
    x, y = np.where(both, x, 0.0), np.where(both, y, 0.0)
    size = np.maximum(count, 1)[:, None]
    x = np.where(both, x - x.sum(axis=1, keepdims=True) / size, 0.0)
    y = np.where(both, y - y.sum(axis=1, keepdims=True) / size, 0.0)
    spread = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    known = (count >= 60) & (spread > 0.0)
    return np.asarray(np.where(known, (x * y).sum(axis=1) / np.where(known, spread, 1.0), np.nan))


def score_pairs(said: Sequence[Said], changes: Matrix) -> dict[str, Pairs]:
    """The said correlations of the most and the least correlated coins against the next 90 days."""
    ends: dict[str, list[Matrix]] = {"most": [], "least": []}
    for day in said:
        before = changes[:, max(0, day.column - AHEAD + 1) : day.column + 1]
        after = changes[:, day.column + 1 : day.column + 1 + AHEAD]
        if after.shape[1] < AHEAD or not len(day.one):
            continue
        table = np.stack(
            [
                day.values,
                correlate_rows(before, day.one, day.other),
                correlate_rows(after, day.one, day.other),
            ]
        )
        is_most = np.array(day.is_most, np.bool_)
        for name, chosen in (("most", is_most), ("least", ~is_most)):
            ends[name].append(table[:, chosen & np.isfinite(table).all(axis=0)])
    return {name: _sum_up(tables) for name, tables in ends.items()}


def _sum_up(tables: Sequence[Matrix]) -> Pairs:
    if not tables:
        return Pairs(0, 0, *[NOTHING] * 5)
    said, plain, realised = np.concatenate(tables, axis=1)
    return Pairs(
        dates=len(tables),
        pairs=int(said.size),
        said=float(said.mean()),
        plain=float(plain.mean()),
        realised=float(realised.mean()),
        said_error=float(np.sqrt(((said - realised) ** 2).mean())),
        plain_error=float(np.sqrt(((plain - realised) ** 2).mean())),
    )


def measure_ahead(returns: Matrix, column: int) -> Mapping[str, Series]:
    """What every coin did in the 90 days after: deviation, growth and deepest fall, [tokens]. A
    coin that ended is worth its last price; NaN with fewer than 20 known returns.
    """
    after = returns[:, column + 1 : column + 1 + AHEAD]
    known = np.isfinite(after)
    enough = known.sum(axis=1) >= 20
    moves = np.where(known, after, 0.0)
    squares = np.where(known, moves * moves, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    worth = np.cumprod(1.0 + moves, axis=1)
    peak = np.maximum(np.maximum.accumulate(worth, axis=1), 1.0)
    return {
        "volatility": np.where(enough, np.sqrt(squares), np.nan),
        "return": np.where(enough, worth[:, -1] - 1.0, np.nan),
        "max_drawdown": np.where(enough, (worth / peak - 1.0).min(axis=1), np.nan),
    }


def score_lasting(
    figures: Mapping[int, Mapping[str, Series]], returns: Matrix
) -> dict[str, dict[str, float]]:
    """Mean rank correlation, over the days given, of each figure with what came after it.

    `figures` by column and name are [tokens], of the trailing year. Days with fewer than 20 coins
    or 90 days ahead are left out.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for column, named in figures.items():
        if column + AHEAD >= returns.shape[1]:
            continue
        ahead = measure_ahead(returns, column)
        for name, values in named.items():
            for outcome in OUTCOMES:
                both = np.isfinite(values) & np.isfinite(ahead[outcome])
                if both.sum() >= FEWEST_COINS:
                    rho = correlate(rank(values[both]), rank(ahead[outcome][both]))
                    found.setdefault(name, {}).setdefault(outcome, []).append(rho)
    return {
        name: {outcome: float(np.mean(rhos)) for outcome, rhos in by_outcome.items()}
        for name, by_outcome in found.items()
    }
