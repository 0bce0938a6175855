"""Who is listed on a day, and the three numbers about each coin that the models read.

- **daily move**: mean absolute log return of the last 30 days (10 returns or more), ranked among
  all coins of the day. Wild coins fall far.
- **youth**: the logarithm of the days since the first bar, from 730 (-0.5) to 18 (+0.5).
  Coins listed a short while ago fall more often.
- **price**: the quoted price of one coin, ranked among all coins of the day. Coins with few and
  dear units fall more often than coins with many cheap ones.

A column reads bars up to its own day, always in the same order.
"""

from __future__ import annotations

import numpy as np

from assay import factors
from assay.factors import log_, round_significant
from assay.kit.compiled import kernel
from assay.moonshots.types import LARGEST, MINIMUM_HISTORY_DAYS, Flags, Matrix, Sections, Series

FEATURES = ("daily_move", "youth", "price")
MOVE_DAYS = 30
MINIMUM_RETURNS = 10
VOLUME_DAYS = 90
YOUNGEST_DAYS = 18.0
OLDEST_DAYS = 730.0


@kernel
def _daily_moves(close: Matrix, out: Matrix) -> None:
    tokens, days = close.shape
    moves = np.empty(days)
    for token in range(tokens):
        moves[0] = np.nan
        for day in range(1, days):
            moves[day] = abs(log_(close[token, day] / close[token, day - 1]))
        for day in range(days):
            if not close[token, day] > 0.0:
                continue
            total = 0.0
            count = 0
            for i in range(max(day - MOVE_DAYS + 1, 0), day + 1):
                if moves[i] == moves[i]:
                    total += moves[i]
                    count += 1
            if count >= MINIMUM_RETURNS:
                out[token, day] = round_significant(total / count, 6)


@kernel
def _mean_volumes(close: Matrix, volume: Matrix, out: Matrix) -> None:
    tokens, days = close.shape
    for token in range(tokens):
        for day in range(days):
            if not close[token, day] > 0.0:
                continue
            total = 0.0
            count = 0
            for i in range(max(day - VOLUME_DAYS + 1, 0), day + 1):
                turnover = close[token, i] * volume[token, i]
                if turnover == turnover:
                    total += turnover
                    count += 1
            if count > 0:
                out[token, day] = round_significant(total / count, 6)


@kernel
def _youth(first: Series, broad_start: int, known: Flags, out: Matrix) -> None:
    low, high = log_(YOUNGEST_DAYS), log_(OLDEST_DAYS)
    for token in range(known.shape[0]):
        begin = max(int(first[token]), broad_start)
        for day in range(known.shape[1]):
            if known[token, day]:
                age = min(max(float(day - begin + 1), YOUNGEST_DAYS), OLDEST_DAYS)
                out[token, day] = round_significant((high - log_(age)) / (high - low) - 0.5, 6)


def rank_sizes(sizes: Matrix, members: Flags) -> Matrix:
    """Place of each member by size, 1 for the largest, [tokens, days]; ties by token id, members of
    unknown size last, 0 for no member.
    """
    known = np.where(members & np.isfinite(sizes), -sizes, np.inf)
    # Members of unknown size before those that are no members at all.
    order = np.lexsort((~members, known), axis=0)
    places = np.empty(sizes.shape, np.float64)
    np.put_along_axis(
        places, order, np.arange(1.0, sizes.shape[0] + 1.0)[:, None] + np.zeros(sizes.shape[1]), 0
    )
    return np.where(members, places, 0.0)


def compute_sections(
    close: Matrix,
    quoted: Matrix,
    volume: Matrix,
    is_coin: Flags,
    market_cap: Matrix | None,
) -> Sections:
    """Universe and features of every day.

    `close` and `volume` are continuous through redenominations, `quoted` is the price as quoted,
    all [tokens, days], NaN where there is no bar. Coins with a bar are placed by market cap on days
    on which more than 100 of them have a known one, those without a cap (and all coins on other
    days) by their 90-day mean dollar volume.
    """
    has_bar = np.isfinite(close)
    traded = has_bar & is_coin[:, None]
    first = np.where(has_bar.any(axis=1), has_bar.argmax(axis=1), close.shape[1])
    age = np.where(has_bar, np.arange(close.shape[1])[None, :] - first[:, None] + 1, 0)
    alive = traded & (age >= MINIMUM_HISTORY_DAYS)
    volumes = np.full(close.shape, np.nan)
    _mean_volumes(np.ascontiguousarray(close), np.ascontiguousarray(volume), volumes)
    place, by_cap = _place(volumes, market_cap, traded)
    moves = np.full(close.shape, np.nan)
    _daily_moves(np.ascontiguousarray(close), moves)
    youth = np.full(close.shape, np.nan)
    broad = factors.find_broad_start(close, is_coin)
    _youth(first.astype(np.float64), broad, np.ascontiguousarray(alive), youth)
    return Sections(
        alive=alive,
        eligible=alive & (place > LARGEST),
        size_rank=place.astype(np.int64),
        by_cap=by_cap,
        features=np.stack([_rank(moves, alive), youth, _rank(quoted, alive)]),
        daily_move=moves,
        age_days=age.astype(np.int64),
        volume_usd=volumes,
    )


def _place(volumes: Matrix, caps: Matrix | None, traded: Flags) -> tuple[Matrix, Flags]:
    by_volume = rank_sizes(volumes, traded)
    if caps is None:
        return by_volume, np.zeros(traded.shape, np.bool_)
    capped = traded & np.isfinite(caps)
    by_cap = capped & (capped.sum(axis=0) > LARGEST)[None, :]
    return np.where(by_cap, rank_sizes(caps, capped), by_volume), by_cap


def _rank(values: Matrix, members: Flags) -> Matrix:
    ranks = factors.compute_centred_ranks(
        np.ascontiguousarray(values.T), np.ascontiguousarray(members.T)
    )
    return np.ascontiguousarray(ranks.T)
