"""Judging forecasts.scenarios: what a token would cost if the market fell, stood still or rose."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from assay import factors
from assay.forecasts.board import Board, Rows, create_board, name_day
from assay.forecasts.compute.conformal import DECAYS, compute_outcomes, compute_reaches
from assay.forecasts.compute.scenarios import (
    BETA_DAYS,
    BETA_SHRINK,
    LEAST_WINDOWS,
    TAIL,
    Betas,
    compute_betas,
    compute_market_returns,
    compute_tails,
)
from assay.forecasts.market import Market, choose_market, list_markets
from assay.forecasts.rows import (
    Numbers,
    Row,
    Words,
    create_scenario_row,
    create_silent_scenario_row,
    format_prices,
    format_returns,
    format_table,
    round_returns,
)
from assay.forecasts.rules import name_rules
from assay.forecasts.types import SCENARIO_HORIZONS, Cube, Matrix, NoView
from assay.markets.types import Panel
from assay.publishing import Facts, Judgement, Said, format_price

BAND = 1
"""Place among `conformal.SHARES` of the band around a scenario: 80 %."""
RULES = name_rules(
    horizons=SCENARIO_HORIZONS,
    beta=(BETA_DAYS, BETA_SHRINK),
    tail=TAIL,
    windows=LEAST_WINDOWS,
    forgetting=[DECAYS[horizon] for horizon in SCENARIO_HORIZONS],
)


@dataclass(frozen=True)
class _Learnt:
    """Everything the rows of a day are made of."""

    market: Market
    betas: Betas
    tails: list[Matrix]
    reaches: list[Cube]


def judge_scenarios(days: Sequence[date], facts: Facts, said: Said) -> Iterator[Judgement]:
    """Scenarios of every listed coin, for each of `days`; reads no earlier statement."""
    board = create_board(days, facts, ())
    markets = list_markets(board)
    learnt: dict[str, _Learnt] = {}
    for day in days:
        market = choose_market(markets, board.panel.column(day))
        if market.name not in learnt:
            learnt[market.name] = _learn(board, market)
        yield Judgement(day, _judge_day(board, learnt[market.name], day), RULES)


def _learn(board: Board, market: Market) -> _Learnt:
    betas = compute_betas(compute_market_returns(market.index), board.spread.returns)
    reaches = [_learn_reach(board, market, betas, horizon) for horizon in SCENARIO_HORIZONS]
    tails = [compute_tails(market.index, horizon) for horizon in SCENARIO_HORIZONS]
    return _Learnt(market, betas, tails, reaches)


def _learn_reach(board: Board, market: Market, betas: Betas, horizon: int) -> Cube:
    """How far tokens strayed from beta times the market, in residual deviations."""
    strayed = compute_outcomes(board.closes, horizon)
    strayed -= betas.beta * compute_outcomes(market.index[None, :], horizon)
    return compute_reaches(strayed, betas.residual, board.spread.thirds, horizon, DECAYS[horizon])


def _judge_day(board: Board, learnt: _Learnt, day: date) -> list[Row]:
    column = board.panel.column(day)
    _, rows, heads = board.listed(day)
    name = learnt.market.name
    betas = learnt.betas.beta[rows, column]
    correlations = learnt.betas.correlation[rows, column].tolist()
    is_market_known = math.isfinite(learnt.market.index[column])
    caps = _list_caps(board.panel, rows, column)
    horizons = _list_horizons(board, learnt, rows, caps, day)
    made: list[Row] = []
    for place, code in enumerate(board.list_silence(rows, column)):
        beta = float(betas[place])
        found = code
        if code is None and not is_market_known:
            found = NoView.NO_MARKET
        elif code is None and not math.isfinite(beta):
            found = NoView.SHORT_HISTORY
        elif code is None and not horizons[place]:
            found = NoView.NO_CALIBRATION
        if found is None:
            link = beta, correlations[place]
            row = create_scenario_row(heads[place], name, float(caps[place]), link, horizons[place])
        else:
            row = create_silent_scenario_row(heads[place], name, found)
        made.append(row)
    return made


def _list_caps(panel: Panel, rows: Rows, column: int) -> Numbers:
    if panel.market_cap is None:
        return np.full(rows.size, np.nan)
    return np.asarray(panel.market_cap[:, column])[rows]


def _list_horizons(
    board: Board, learnt: _Learnt, rows: Rows, caps: Numbers, day: date
) -> list[list[Row]]:
    """What each token's row says of each horizon that has a past long enough."""
    column = board.panel.column(day)
    closes = np.asarray(board.panel.close[:, column])[rows]
    found: list[list[Row]] = [[] for _ in range(rows.size)]
    for place, horizon in enumerate(SCENARIO_HORIZONS):
        low, high, windows = learnt.tails[place][:, column].tolist()
        if not math.isfinite(low):
            continue
        shared: Row = {
            "days": horizon,
            "through": name_day(day, horizon),
            "past_windows": int(windows),
            "independent_windows": int(windows) // horizon,
        }
        moves = round_returns(np.array([low, 0.0, high]))
        shared |= _describe_market(learnt.market, moves, column)
        returns, strays = _compute_returns(board, learnt, rows, column, place, moves)
        prices = _compute_prices(closes, returns, strays)
        said, said_prices = format_returns(returns), format_prices(prices, closes)
        said_caps = _format_caps(caps, returns)
        is_known = np.asarray(np.isfinite(prices).all(axis=1), np.bool_)
        for token, known in enumerate(is_known.tolist()):
            if known:
                words = said_prices[token]
                found[token].append(
                    shared
                    | {
                        "returns": said[token],
                        "prices": words[:3],
                        "prices_low": words[3:6],
                        "prices_high": words[6:],
                        "market_caps": said_caps[token],
                    }
                )
    return found


def _describe_market(market: Market, moves: Numbers, column: int) -> Row:
    growth = factors.compute_exp(moves)
    totals = market.caps[column] * growth
    is_known = math.isfinite(market.caps[column])
    return {
        "market_returns": format_returns(moves[None, :])[0],
        "market_levels": [
            format_price(value) for value in (market.level[column] * growth).tolist()
        ],
        "total_market_caps": format_table(totals[None, :], [0])[0] if is_known else None,
    }


def _compute_returns(
    board: Board, learnt: _Learnt, rows: Rows, column: int, place: int, moves: Numbers
) -> tuple[Numbers, Numbers]:
    """(log returns [tokens, scenarios], how far to stray from them [tokens]) of one horizon."""
    thirds = board.spread.thirds[rows, column]
    reach = learnt.reaches[place][column][thirds][:, BAND]
    strays = reach * learnt.betas.residual[rows, column] * math.sqrt(SCENARIO_HORIZONS[place])
    return round_returns(learnt.betas.beta[rows, column][:, None] * moves[None, :]), strays


def _compute_prices(closes: Numbers, returns: Numbers, strays: Numbers) -> Numbers:
    """Prices of bear, base and bull, then their low and their high ends, [tokens, 9]."""
    ends = [returns, returns - strays[:, None], returns + strays[:, None]]
    return closes[:, None] * factors.compute_exp(round_returns(np.concatenate(ends, axis=1)))


def _format_caps(caps: Numbers, returns: Numbers) -> list[Words | None]:
    words = format_table(caps[:, None] * factors.compute_exp(returns), [0] * caps.size)
    known = np.isfinite(caps).tolist()
    return [word if is_known else None for word, is_known in zip(words, known, strict=True)]
