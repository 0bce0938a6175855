"""The three judges of the state of the market: the market, its coins, their correlations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby

import numpy as np

from assay.backtest import compute_trailing_metrics
from assay.market_state.coin_rows import (
    WHOLE,
    YEARLY,
    WindowFormat,
    choose_ends,
    create_correlation_rows,
    create_names,
    create_silent_row,
    order_by_volume,
)
from assay.market_state.compute.correlations import (
    compute_correlations,
    compute_log_changes,
    compute_row_means,
    correlate_chosen,
)
from assay.market_state.compute.holding import compute_holding_returns, find_first_columns
from assay.market_state.compute.market import Coins, compute_market, prepare_coins
from assay.market_state.rows import Json, create_grades, create_market_row, create_price
from assay.market_state.types import (
    CORRELATION_DAYS,
    CORRELATIONS,
    INVESTOR,
    LARGEST_LISTED,
    METRIC_MINIMUM,
    MODEL,
    STATE,
    TOKENS,
    TOP,
    TRADER,
    YEAR,
    Counts,
    Matrix,
    NoView,
)
from assay.markets.types import Panel, Token, TokenKind
from assay.publishing import Judgement, Said, Speaker, daily_kind, select_listed
from assay.publishing.types import Facts

_DAYS_AT_ONCE = 64
_WHOLE, _YEARLY = WindowFormat(WHOLE), WindowFormat(YEARLY)


def judge_market(days: Sequence[date], facts: Facts, said: Said) -> Iterator[Judgement]:
    """One row a day: see `rows.create_market_row`."""
    coins = _prepare(facts, days[-1])
    for btc_row, group in _group_by_btc(days, facts):
        series = compute_market(coins, btc_row, facts.panel.market_cap)
        for day in group:
            t = facts.panel.column(day)
            before = facts.panel.day(t - 1) if t > 0 else None
            grades = {
                name.lower(): create_grades(
                    said.rows(kind, day),
                    said.rows(kind, before) if before else None,
                    name,
                )
                for kind, name in ((TRADER, "Trader"), (INVESTOR, "Investor"))
            }
            prices = {
                symbol.lower(): _create_price(facts, coins, day, symbol)
                for symbol in ("BTC", "ETH")
            }
            row = create_market_row(series, t, facts.panel.first_day, prices, grades)
            yield Judgement(day, [row], MODEL)


def judge_tokens(days: Sequence[date], facts: Facts, said: Said) -> Iterator[Judgement]:
    """Performance and risk of every listed coin since its first bar, and over the last year."""
    del said
    coins = _prepare(facts, days[-1])
    returns = compute_holding_returns(coins.close)
    first = find_first_columns(returns)
    for btc_row, group in _group_by_btc(days, facts):
        for start in range(0, len(group), _DAYS_AT_ONCE):
            some = group[start : start + _DAYS_AT_ONCE]
            windows = _measure(facts.panel, returns, btc_row, some)
            for day in some:
                at = (day - some[0]).days
                then = (windows[0][:, at], windows[1][:, at])
                rows = _create_token_rows(facts, coins, first, then, day, btc_row)
                yield Judgement(day, rows, MODEL)


def judge_correlations(days: Sequence[date], facts: Facts, said: Said) -> Iterator[Judgement]:
    """The coins most and least correlated with each of the 150 most liquid, among the top 100."""
    del said
    panel = facts.panel
    coins = _prepare(facts, days[-1])
    changes = compute_log_changes(coins.close)
    for day in days:
        t = panel.column(day)
        known = {panel.row(token.token_id): token for token in _list_coins(facts, day)}
        here = np.array([row for row in known if coins.universe[row, t]], np.int64)
        order = order_by_volume(coins.median_volume[:, t], here, panel.token_ids)
        chosen = order[:LARGEST_LISTED]
        window = changes[chosen, max(0, t - CORRELATION_DAYS + 1) : t + 1]
        values = compute_correlations(window, TOP)
        ends = choose_ends(values, panel.token_ids[chosen[:TOP]])
        rows = create_correlation_rows(
            [known[row] for row in chosen],
            values,
            compute_row_means(values),
            np.isfinite(window).sum(axis=1),
            {
                name: (columns, correlate_chosen(window, columns))
                for name, columns in zip(("most", "least"), ends, strict=True)
            },
        )
        yield Judgement(day, rows, MODEL)


def _prepare(facts: Facts, day: date) -> Coins:
    ids = {int(t.token_id) for t in facts.tokens(day) if t.kind is TokenKind.COIN}
    is_coin = np.array([int(token_id) in ids for token_id in facts.panel.token_ids], np.bool_)
    return prepare_coins(facts.panel, is_coin)


def _list_coins(facts: Facts, day: date) -> list[Token]:
    return select_listed(facts.tokens(day), facts.panel, day)


def _find_token(facts: Facts, day: date, symbol: str) -> Token | None:
    """The coin that bore a symbol on a day; the lowest id where several did."""
    bearers = (t for t in facts.tokens(day) if t.symbol == symbol and t.kind is TokenKind.COIN)
    return next(bearers, None)


def _group_by_btc(days: Sequence[date], facts: Facts) -> Iterator[tuple[int | None, list[date]]]:
    """Runs of days on which Bitcoin stands in the same row of the panel."""

    def find_row(day: date) -> int | None:
        token = _find_token(facts, day, "BTC")
        return None if token is None else facts.panel.row(token.token_id)

    for row, group in groupby(days, key=find_row):
        yield row, list(group)


def _create_price(facts: Facts, coins: Coins, day: date, symbol: str) -> Json | None:
    token = _find_token(facts, day, symbol)
    if token is None:
        return None
    row, t = facts.panel.row(token.token_id), facts.panel.column(day)
    return create_price(token, coins.close[row], float(facts.panel.close[row, t]), t)


def _measure(
    panel: Panel, returns: Matrix, btc_row: int | None, days: Sequence[date]
) -> tuple[Matrix, Matrix]:
    """Metrics since the first bar and of the last 365 days, each [tokens, days from the first of
    `days`, metrics].
    """
    start, end = panel.column(days[0]), panel.column(days[-1]) + 1
    benchmark = None if btc_row is None else returns[btc_row, :end]
    past = returns[:, :end]
    whole = compute_trailing_metrics(past, benchmark, start=start)
    year = compute_trailing_metrics(past, benchmark, window=YEAR, start=start)
    return np.moveaxis(whole, 0, 2), np.moveaxis(year, 0, 2)


def _create_token_rows(
    facts: Facts,
    coins: Coins,
    first: Counts,
    windows: tuple[Matrix, Matrix],
    day: date,
    btc_row: int | None,
) -> list[Json]:
    panel, t = facts.panel, facts.panel.column(day)
    known = {panel.row(token.token_id): token for token in _list_coins(facts, day)}
    listed = np.array(sorted(known), np.int64)
    benchmark = None if btc_row is None else int(panel.token_ids[btc_row])
    days = windows[0][:, 0].tolist()
    whole, year = _WHOLE.select(windows[0]), _YEARLY.select(windows[1])
    year_days, year_since = windows[1][:, 0].tolist(), _name_day(panel, t - YEAR + 1)
    rows = []
    for row in order_by_volume(coins.median_volume[:, t], listed, panel.token_ids):
        silence = _find_silence(coins.close[row, t], days[row])
        if silence is not None:
            rows.append(create_silent_row(known[row], silence, ("benchmark_id", "all", "year")))
            continue
        start = int(first[row])
        age = t - start + 1
        view: Json = {
            "no_view": None,
            "benchmark_id": benchmark,
            "all": _WHOLE.format(whole[row], _name_day(panel, start), days[row], age >= YEAR),
            "year": None,
        }
        if age > YEAR:
            view["year"] = _YEARLY.format(year[row], year_since, year_days[row], True)
        rows.append(create_names(known[row]) | view)
    return rows


def _name_day(panel: Panel, column: int) -> str:
    return (panel.first_day + timedelta(days=column)).isoformat()


def _find_silence(close: float, days: float) -> NoView | None:
    if np.isnan(close):
        return NoView.STALE
    return NoView.SHORT_HISTORY if days < METRIC_MINIMUM else None


_SOURCES = (
    "factors",
    "backtest/metrics.py",
    "backtest/metric_kernels.py",
    "market_state/compute",
    "market_state/types.py",
    "market_state/rows.py",
    "market_state/coin_rows.py",
    "market_state/judging.py",
)

MARKET_STATE = Speaker(
    kind=daily_kind(STATE), judge=judge_market, sources=_SOURCES, reads=(TRADER, INVESTOR)
)
MARKET_STATE_TOKENS = Speaker(kind=daily_kind(TOKENS), judge=judge_tokens, sources=_SOURCES)
MARKET_STATE_CORRELATIONS = Speaker(
    kind=daily_kind(CORRELATIONS), judge=judge_correlations, sources=_SOURCES
)
SPEAKERS = (MARKET_STATE, MARKET_STATE_TOKENS, MARKET_STATE_CORRELATIONS)
