"""Judging forecasts.quantiles: where prices will stand in 1, 7, 30 and 90 days, and the trend."""

import math
from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np

from assay import factors
from assay.forecasts.board import Board, Rows, create_board, name_day
from assay.forecasts.compute.conformal import (
    DECAYS,
    SHARES,
    compute_outcomes,
    compute_reaches,
)
from assay.forecasts.compute.trends import (
    THRESHOLD,
    TREND_DAYS,
    compute_trends,
    name_direction,
)
from assay.forecasts.compute.volatility import FAST_DECAY, FAST_SHARES, SHRINK, SLOW_DECAY
from assay.forecasts.rows import (
    Numbers,
    Row,
    create_quantile_row,
    create_silent_quantile_row,
    create_trend,
    format_prices,
    format_returns,
    round_returns,
)
from assay.forecasts.rules import name_rules
from assay.forecasts.types import (
    HORIZONS,
    QUANTILES,
    THIRD_NAMES,
    Cube,
    NoView,
    Trends,
)
from assay.publishing import Facts, Judgement, Said

RULES = name_rules(
    horizons=HORIZONS,
    quantiles=QUANTILES,
    decays=(FAST_DECAY, SLOW_DECAY),
    fast_shares=[FAST_SHARES[horizon] for horizon in HORIZONS],
    shrink=SHRINK,
    forgetting=[DECAYS[horizon] for horizon in HORIZONS],
    shares=SHARES.tolist(),
    trend=(TREND_DAYS, THRESHOLD),
)


def judge_quantiles(days: Sequence[date], facts: Facts, said: Said) -> Iterator[Judgement]:
    """Quantiles and trend of every listed coin, for each of `days`; reads no earlier statement."""
    board = create_board(days, facts, HORIZONS)
    reaches = learn_reaches(board)
    trends = compute_trends(board.closes, board.first_column)
    for day in days:
        yield Judgement(day, _judge_day(board, reaches, trends, day), RULES)


def learn_reaches(board: Board) -> list[Cube]:
    """How far outcomes reached, by horizon: [days, thirds, shares] each."""
    return [
        compute_reaches(
            compute_outcomes(board.closes, horizon),
            board.spread.deviations[place],
            board.spread.thirds,
            horizon,
            DECAYS[horizon],
        )
        for place, horizon in enumerate(HORIZONS)
    ]


def compute_quantiles(board: Board, reaches: list[Cube], rows: Rows, column: int) -> Numbers:
    """Rounded quantiles of the log return, [tokens, horizons, quantiles], NaN unknown."""
    thirds = board.spread.thirds[rows, column]
    out = np.zeros((rows.size, len(HORIZONS), len(QUANTILES)))
    middle = len(QUANTILES) // 2
    for place, horizon in enumerate(HORIZONS):
        scale = board.spread.deviations[place][rows, column] * math.sqrt(horizon)
        reach = reaches[place][column][thirds] * scale[:, None]
        out[:, place, middle + 1 :] = reach
        out[:, place, :middle] = -reach[:, ::-1]
    return round_returns(out)


def _judge_day(board: Board, reaches: list[Cube], trends: Trends, day: date) -> list[Row]:
    column = board.panel.column(day)
    _, rows, heads = board.listed(day)
    returns = compute_quantiles(board, reaches, rows, column)
    volatility = board.spread.deviations[0][rows, column].tolist()
    is_known = np.asarray(np.isfinite(returns).all(axis=(1, 2)), np.bool_).tolist()
    horizons = _list_horizons(board, returns, rows, day)
    calls = _list_trends(trends, rows, column)
    thirds = board.spread.thirds[rows, column].tolist()
    made: list[Row] = []
    for place, code in enumerate(board.list_silence(rows, column)):
        found = code
        if code is None and not volatility[place] > 0.0:
            found = NoView.NO_MOVEMENT
        elif code is None and not is_known[place]:
            found = NoView.NO_CALIBRATION
        if found is None:
            third = THIRD_NAMES[thirds[place]]
            row = create_quantile_row(
                heads[place], volatility[place], third, horizons[place], calls[place]
            )
        else:
            row = create_silent_quantile_row(heads[place], found)
        made.append(row)
    return made


def _list_horizons(board: Board, returns: Numbers, rows: Rows, day: date) -> list[list[Row]]:
    """What each token's row says of each horizon."""
    closes = np.asarray(board.panel.close[:, board.panel.column(day)])[rows]
    prices = closes[:, None, None] * factors.compute_exp(returns)
    count = len(QUANTILES)
    # The width is spelt out: it cannot be found from a day on which nobody is listed.
    shape = rows.size, len(HORIZONS) * count
    said = format_returns(returns.reshape(shape))
    said_prices = format_prices(prices.reshape(shape), closes)
    parts = [
        (horizon, name_day(day, horizon), slice(place * count, (place + 1) * count))
        for place, horizon in enumerate(HORIZONS)
    ]
    return [
        [
            {"days": days, "through": through, "returns": one[part], "prices": other[part]}
            for days, through, part in parts
        ]
        for one, other in zip(said, said_prices, strict=True)
    ]


def _list_trends(trends: Trends, rows: Rows, column: int) -> list[Row | None]:
    numbers = [part[rows, column] for part in (trends.statistic, trends.slope, trends.change)]
    return [
        create_trend(name_direction(item[0]).value, item, TREND_DAYS)
        if math.isfinite(item[0])
        else None
        for item in zip(*(part.tolist() for part in numbers), strict=True)
    ]
