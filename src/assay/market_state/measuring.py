"""Is the state of the market worth reading? What was published, against what came after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, cast

import numpy as np

from assay import markets
from assay.evaluation import create_json
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import BadInput
from assay.kit.home import Home
from assay.kit.progress import Progress
from assay.market_state.compute.correlations import compute_log_changes
from assay.market_state.compute.holding import compute_holding_returns
from assay.market_state.compute.market import prepare_coins
from assay.market_state.judging import SPEAKERS
from assay.market_state.page import create_market_page
from assay.market_state.persistence import AHEAD, score_lasting, score_pairs
from assay.market_state.reading import (
    Measured,
    align_known,
    list_origins,
    load_known,
    read_pairs,
    read_state,
    read_year_figures,
)
from assay.market_state.scoring import (
    HORIZONS,
    compare_with_known,
    compute_market_path,
    compute_next_volatility,
    compute_outcomes,
    correlate,
    group_outcomes,
    score_link,
    score_timing,
)
from assay.market_state.summary import list_summary
from assay.market_state.types import INDICATOR_RULE, REGIMES, STATE, Mood
from assay.markets.types import TokenKind
from assay.publishing import FIRST_DAY, Evaluation, load_facts, publish_missing

SEED = 20231230
STEP_DAYS = 30
LASTING = ("volatility", "total_return", "sharpe", "sortino", "max_drawdown", "beta", "var_95")
SILENT_DAYS = 14
"""Days without a bar at the end of the window after which a coin counts as dead."""

SIDES = {1: "bull", -1: "bear", 0: "none yet"}

Json = dict[str, Any]


def evaluate_market_state(
    home: Home,
    database: Database,
    clock: Clock,
    progress: Progress,
    *,
    start: date | None = None,
    end: date | None = None,
    known: Path | None = None,
) -> Evaluation:
    """Measure what was published of the market, its coins and their correlations in a window; days
    without a publication are published first.

    `known` is a CSV file of the known fear-and-greed index (see `load_known`); without one there is
    no comparison. Raises BadInput for a window that ends before it begins or another file,
    NotEnoughData for fewer than 10 days.
    """
    newest = markets.load_panel(home).complete_through
    first, last = max(start or FIRST_DAY, FIRST_DAY), end or newest
    if first > last:
        raise BadInput(
            f"The window from {first} to {last} ends before it begins.",
            hint=f"Choose days from {FIRST_DAY} to {newest}.",
        )
    theirs = load_known(known) if known else None
    for speaker in SPEAKERS:
        publish_missing(home, database, speaker, clock, progress, start=first, end=last)
    measured = _load_measured(home, database, clock, first, last)
    generator = np.random.default_rng(SEED)
    monthly = measured.days[::STEP_DAYS]
    quarterly = measured.days[::AHEAD]
    changes = compute_log_changes(measured.coins.close)
    document = {
        "kind": STATE,
        "window": {"first": first, "last": last, "days": len(measured.days)},
        "origin": list_origins(database, first, last),
        "universe": _describe_universe(measured),
        "fear_and_greed": _score_mood(measured, theirs, generator),
        "indicator": _score_indicator(measured, generator),
        "volatility": _score_volatility(measured, generator),
        "breadth": {"links": _link_all(measured, "above_mean_50", generator)},
        "grades": _describe_grades(measured),
        "correlations": score_pairs(read_pairs(database, measured.panel, quarterly), changes),
        "tokens": score_lasting(
            read_year_figures(database, measured.panel, monthly, LASTING),
            compute_holding_returns(measured.coins.close),
        ),
    }
    plain = cast(Json, create_json(document))
    morning = None if theirs is None else align_known(theirs, measured.days, 1)
    page = create_market_page(plain, measured, morning)
    return Evaluation(STATE, plain, page, list_summary(plain))


def _load_measured(
    home: Home, database: Database, clock: Clock, first: date, last: date
) -> Measured:
    facts = load_facts(home, markets.load_panel(home).complete_through, clock.now())
    panel = facts.panel
    tokens = facts.tokens(panel.complete_through)
    ids = {int(token.token_id) for token in tokens if token.kind is TokenKind.COIN}
    is_coin = np.array([int(token_id) in ids for token_id in panel.token_ids], np.bool_)
    coins = prepare_coins(panel, is_coin)
    days, figures, names = read_state(database, first, last)
    return Measured(
        days=days,
        columns=[panel.column(day) for day in days],
        figures=figures,
        names=names,
        panel=panel,
        coins=coins,
        market=compute_market_path(coins.close, coins.universe),
    )


def _describe_universe(measured: Measured) -> Json:
    window = slice(measured.columns[0], measured.columns[-1] + 1)
    traded = np.isfinite(measured.coins.close[:, window]) & measured.coins.is_coin[:, None]
    silent = traded.any(axis=1) & ~traded[:, -SILENT_DAYS:].any(axis=1)
    return {"coins": int(traded.any(axis=1).sum()), "died_inside": int(silent.sum())}


def _link_all(measured: Measured, name: str, generator: np.random.Generator) -> Json:
    """How a figure ranks the market's return over each horizon."""
    links = {}
    for horizon in HORIZONS:
        outcome = compute_outcomes(measured.market, measured.columns, horizon)
        link = score_link(measured.figures[name], outcome, generator)
        links[str(horizon)] = {**asdict(link), "words": link.describe()}
    return links


def _group(measured: Measured, states: list[str | None], names: list[str]) -> object:
    outcomes = {h: compute_outcomes(measured.market, measured.columns, h) for h in HORIZONS}
    return group_outcomes(states, names, outcomes)


def _score_mood(
    measured: Measured, theirs: Mapping[date, float] | None, generator: np.random.Generator
) -> Json:
    values = measured.figures["fear_and_greed"]
    comparison = None
    if theirs is not None:
        same_date, morning = (align_known(theirs, measured.days, ahead) for ahead in (0, 1))
        comparison = compare_with_known(values, same_date, morning)
    return {
        "mean": float(np.nanmean(values)) if np.isfinite(values).any() else None,
        "links": _link_all(measured, "fear_and_greed", generator),
        "buckets": _group(measured, list(measured.names["mood"]), [mood.value for mood in Mood]),
        "comparison": comparison,
    }


def _score_indicator(measured: Measured, generator: np.random.Generator) -> Json:
    window = slice(measured.columns[0], measured.columns[-1] + 1)
    sides = [SIDES[int(value)] for value in measured.figures["last_signal"]]
    last_signal = np.zeros(window.stop - window.start)
    last_signal[np.array(measured.columns) - window.start] = measured.figures["last_signal"]
    close = measured.coins.close[measured.coins.is_coin][:, window]
    traded = close[np.isfinite(close).any(axis=1)]
    return {
        "rule": INDICATOR_RULE,
        "buckets": _group(measured, list(sides), list(SIDES.values())),
        "timing": score_timing(measured.market[window], traded, last_signal, generator),
    }


def _score_volatility(measured: Measured, generator: np.random.Generator) -> Json:
    coming = compute_next_volatility(measured.market, measured.columns, STEP_DAYS)
    regimes = np.array([name or "" for name in measured.names["regime"]])
    later = np.append(regimes[STEP_DAYS:], [""] * min(STEP_DAYS, regimes.size))
    found: Json = {
        "link": score_link(measured.figures["percentile"], coming, generator),
        "correlation": correlate(measured.figures["volatility"], coming),
        "regimes": [],
    }
    judged = (regimes != "") & (later != "")
    for name in (regime.value for regime in REGIMES):
        here = regimes == name
        known = coming[here & np.isfinite(coming)]
        same = here & judged
        found["regimes"].append(
            {
                "name": name,
                "days": int(here.sum()),
                "next_volatility": float(np.median(known)) if known.size else None,
                "same_a_month_later": _share(later[same] == name),
                "share_of_all": _share(later[judged] == name),
            }
        )
    return found


def _share(flags: np.ndarray[Any, np.dtype[np.bool_]]) -> float | None:
    return float(flags.mean()) if flags.size else None


def _describe_grades(measured: Measured) -> Json:
    """How little the share of coins graded high moves: grades rank coins within a day."""
    found = {}
    for name in ("trader_high", "investor_high"):
        known = measured.figures[name][np.isfinite(measured.figures[name])]
        found[name] = (
            {
                "days": int(known.size),
                "mean": known.mean(),
                "lowest": known.min(),
                "highest": known.max(),
            }
            if known.size
            else {"days": 0, "mean": None, "lowest": None, "highest": None}
        )
    return found
