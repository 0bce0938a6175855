"""Judging forecasts.levels: support and resistance of every listed coin, with the evidence."""

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np

from assay import factors
from assay.forecasts.board import Board, create_board, name_day
from assay.forecasts.compute.levels import (
    LOOK_BACK_DAYS,
    SIDES,
    TOLERANCE_SHARE,
    TURN_DAYS,
    compute_levels,
)
from assay.forecasts.rows import Row, create_level, create_level_row, create_silent_level_row
from assay.forecasts.rules import name_rules
from assay.forecasts.types import Levels, Matrix, NoView
from assay.publishing import Facts, Judgement, Said, format_decimal, format_price

RULES = name_rules(look_back=LOOK_BACK_DAYS, turn=TURN_DAYS, tolerance=TOLERANCE_SHARE, sides=SIDES)


def judge_levels(days: Sequence[date], facts: Facts, said: Said) -> Iterator[Judgement]:
    """Levels of every listed coin, for each of `days`; reads no earlier statement."""
    board = create_board(days, facts, (1,))
    spread, panel = board.spread, board.panel
    tolerances = np.where(spread.thirds >= 0, TOLERANCE_SHARE * spread.deviations[0], np.nan)
    high, low = np.asarray(panel.high * panel.unit), np.asarray(panel.low * panel.unit)
    levels = [
        compute_levels(high[row], low[row], board.closes[row], tolerances[row], board.first_column)
        for row in range(panel.n_tokens)
    ]
    dates = [name_day(panel.first_day, column) for column in range(panel.n_days)]
    for day in days:
        yield Judgement(day, _judge_day(board, levels, tolerances, dates, day), RULES)


def _judge_day(
    board: Board, levels: list[Levels], tolerances: Matrix, dates: list[str], day: date
) -> list[Row]:
    column = board.panel.column(day)
    _, rows, heads = board.listed(day)
    made: list[Row] = []
    silence = board.list_silence(rows, column)
    for row, head, code in zip(rows.tolist(), heads, silence, strict=True):
        if code is None and not tolerances[row, column] > 0.0:
            code = NoView.NO_MOVEMENT
        sides = ([], []) if code else _list_levels(board, levels[row], dates, row, column)
        if code is None and not (sides[0] or sides[1]):
            code = NoView.NO_LEVELS
        if code is None:
            made.append(create_level_row(head, float(tolerances[row, column]), *sides))
        else:
            made.append(create_silent_level_row(head, code))
    return made


def _list_levels(
    board: Board, levels: Levels, dates: list[str], row: int, column: int
) -> tuple[list[Row], list[Row]]:
    """(supports, resistances), the nearest first."""
    close = float(board.closes[row, column])
    unit = float(board.panel.unit[row, column])
    prices = factors.compute_exp(levels.level[column])
    supports: list[Row] = []
    resistances: list[Row] = []
    # Prices sort the same in the last bit on any machine; NaN comes last.
    for place in np.argsort(prices, kind="stable").tolist():
        price = float(prices[place])
        if not price > 0.0:
            break
        is_below = price < close
        item = create_level(
            format_price(price / unit) or "",
            "support" if is_below else "resistance",
            format_decimal(price / close - 1.0, 4) or "",
            (int(levels.touches[column, place]), int(levels.bounces[column, place])),
            dates[levels.first[column, place]],
            dates[levels.last[column, place]],
        )
        (supports if is_below else resistances).append(item)
    return supports[::-1], resistances
