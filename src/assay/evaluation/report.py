"""Put every instrument together: does this judgement predict?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from assay.evaluation import portfolio
from assay.evaluation.calibration import score_calibration
from assay.evaluation.endings import score_deaths, score_stability
from assay.evaluation.intervals import compute_ewma_intervals, score_coverage
from assay.evaluation.labels import compute_forward_returns, compute_relative_returns
from assay.evaluation.ranks import compute_buckets, compute_daily_rank_ics, score_ranks
from assay.evaluation.trials import score_permutations, score_trials
from assay.evaluation.types import (
    HEADLINE_LAG,
    LAGS,
    Calibration,
    Coverage,
    EvaluationInputs,
    EvaluationReport,
    Flags,
    Matrix,
    RankScore,
    ReportSeries,
    Series,
    UniverseReport,
    Window,
    YearScore,
)
from assay.kit.errors import BadInput, NotEnoughData
from assay.kit.progress import Progress

LEAST_DAYS = 30
LEAST_VIEW_SHARE = 0.95
GATE_SD = 5.0
_LIQUIDITY_THIRDS = ("low", "mid", "high")
_LEAST_COINS_IN_A_PART = 10


@dataclass(frozen=True)
class _Cut:
    """The inputs inside the window, with the masks every instrument shares."""

    inputs: EvaluationInputs
    start: int
    stop: int
    members: Flags
    viewed: Flags
    scores: Matrix
    days: tuple[date, ...]

    def inside(self, values: Matrix) -> Matrix:
        return np.asarray(values[:, self.start : self.stop], dtype=np.float64)

    def rank(self, scores: Matrix, returns: Matrix, members: Flags, least: int) -> Series:
        return compute_daily_rank_ics(scores, returns, members, minimum_coins=least)


def evaluate_scores(inputs: EvaluationInputs, progress: Progress) -> EvaluationReport:
    """Measure one judgement over its window with every instrument of this room.

    Raises BadInput for matrices of different shapes or a window that ends before it begins,
    NotEnoughData when fewer than 30 days of the window can be scored (too few coins, no judgements,
    or outcomes not known yet).
    """
    cut = _cut_window(inputs)
    returns = {
        lag: cut.inside(compute_forward_returns(inputs.closes, inputs.horizon_days, lag))
        for lag in LAGS
    }
    lags, daily = _score_lags(cut, returns, progress)
    headline = returns[HEADLINE_LAG]
    relative = compute_relative_returns(headline, cut.members)
    baselines = _score_baselines(cut, headline, progress)
    progress.step("quintiles", 0, 2)
    liquid = cut.members & (cut.inside(inputs.median_volume_usd) > inputs.liquid_usd)
    spread = _score_quintiles(cut, liquid, f"liquid > ${inputs.liquid_usd:,.0f} a day")
    progress.step("quintiles", 1, 2)
    whole = _score_quintiles(cut, cut.members, "whole universe")
    progress.step("quintiles", 2, 2)
    series = _create_series(cut, daily, spread)
    weekly = portfolio.compute_weekly_spread(spread.books, portfolio.LOW_COST_BP)
    coverage = _score_intervals(cut, relative)
    calibration = _score_probabilities(cut, relative)
    permutation = score_permutations(lags[HEADLINE_LAG].rank_ic_mean, inputs.null_daily_ics)
    universe = _describe_universe(cut, daily)
    return EvaluationReport(
        kind=inputs.kind,
        origin=inputs.origin,
        horizon_days=inputs.horizon_days,
        window=_describe_window(cut, daily),
        universe=universe,
        lags=lags,
        permutation=permutation,
        residual=_score_residual(cut, headline),
        view_only=score_ranks(
            cut.rank(cut.scores, headline, cut.viewed, _LEAST_COINS_IN_A_PART), inputs.horizon_days
        ),
        baselines=baselines,
        by_year=_score_years(cut, daily, series.spread_equity),
        by_liquidity=_score_liquidity(cut, headline),
        quintiles=spread.report,
        quintiles_whole=whole.report,
        stability=score_stability(cut.scores, cut.viewed),
        deaths=score_deaths(
            cut.scores,
            cut.viewed,
            cut.members,
            inputs.deaths,
            first_day=cut.days[0],
            symbols=inputs.symbols,
            high_score=inputs.high_score,
        ),
        calibration=calibration,
        coverage=coverage,
        tried=score_trials(weekly, inputs.trials, portfolio.WEEKS_PER_YEAR),
        notes=_write_notes(inputs, universe, lags, permutation.distance_sd),
        series=series,
    )


def _cut_window(inputs: EvaluationInputs) -> _Cut:
    shape = inputs.closes.shape
    for name in ("scores", "no_view", "universe", "median_volume_usd", "volatility"):
        if getattr(inputs, name).shape != shape:
            raise BadInput(
                f"{name} has shape {getattr(inputs, name).shape}, closes {shape}",
                hint="Give every matrix as [tokens, days] on the same axes.",
            )
    if inputs.window_to < inputs.window_from:
        raise BadInput(
            f"the window ends on {inputs.window_to}, before it begins on {inputs.window_from}",
            hint="Exchange the two dates.",
        )
    start = max(0, (inputs.window_from - inputs.first_day).days)
    stop = min(shape[1], (inputs.window_to - inputs.first_day).days + 1)
    if stop <= start:
        last = inputs.first_day + timedelta(days=shape[1] - 1)
        raise NotEnoughData(
            f"there is no data from {inputs.window_from} to {inputs.window_to}",
            hint=f"Choose days from {inputs.first_day} to {last}, or import more candles.",
        )
    members = np.array(inputs.universe[:, start:stop], dtype=np.bool_)
    members[:, members.sum(axis=0) < inputs.minimum_coins] = False
    scores = np.asarray(inputs.scores[:, start:stop], dtype=np.float64)
    viewed = members & ~inputs.no_view[:, start:stop] & np.isfinite(scores)
    days = tuple(inputs.first_day + timedelta(days=day) for day in range(start, stop))
    if not viewed.any():
        raise NotEnoughData(
            f"nothing was judged from {days[0]} to {days[-1]}",
            hint="Back-fill the judgements of these days, or choose others.",
        )
    return _Cut(inputs, start, stop, members, viewed, np.where(viewed, scores, np.nan), days)


def _score_lags(
    cut: _Cut, returns: Mapping[int, Matrix], progress: Progress
) -> tuple[dict[int, RankScore], Series]:
    least = cut.inputs.minimum_coins
    lags: dict[int, RankScore] = {}
    headline = np.full(len(cut.days), np.nan)
    for done, lag in enumerate(LAGS):
        progress.step("lags", done, len(LAGS))
        daily = cut.rank(cut.scores, returns[lag], cut.members, least)
        lags[lag] = score_ranks(daily, cut.inputs.horizon_days)
        if lag == HEADLINE_LAG:
            headline = daily
    progress.step("lags", len(LAGS), len(LAGS))
    scored = int(np.isfinite(headline).sum())
    if scored < LEAST_DAYS:
        raise NotEnoughData(
            f"only {scored} days from {cut.days[0]} to {cut.days[-1]} can be scored "
            f"and {LEAST_DAYS} are needed",
            hint=(
                f"A day needs {least} coins and {cut.inputs.horizon_days + HEADLINE_LAG} more days "
                "of candles after it. "
                "Choose a longer or earlier window, or import more candles."
            ),
        )
    return lags, headline


def _score_baselines(cut: _Cut, returns: Matrix, progress: Progress) -> dict[str, RankScore]:
    found: dict[str, RankScore] = {}
    for done, name in enumerate(cut.inputs.baselines):
        progress.step("baselines", done, len(cut.inputs.baselines))
        scores = cut.inside(cut.inputs.baselines[name])
        daily = cut.rank(scores, returns, cut.members, cut.inputs.minimum_coins)
        found[name] = score_ranks(daily, cut.inputs.horizon_days)
    progress.step("baselines", len(found), len(found))
    return found


def _score_residual(cut: _Cut, returns: Matrix) -> RankScore:
    daily = compute_daily_rank_ics(
        cut.scores,
        returns,
        cut.members,
        control=cut.inside(cut.inputs.volatility),
        minimum_coins=cut.inputs.minimum_coins,
    )
    return score_ranks(daily, cut.inputs.horizon_days)


def _score_liquidity(cut: _Cut, returns: Matrix) -> dict[str, RankScore]:
    thirds = compute_buckets(cut.inside(cut.inputs.median_volume_usd), cut.members, 3)
    found = {}
    for third, name in enumerate(_LIQUIDITY_THIRDS):
        daily = cut.rank(cut.scores, returns, thirds == third, _LEAST_COINS_IN_A_PART)
        found[name] = score_ranks(daily, cut.inputs.horizon_days)
    return found


def _score_quintiles(cut: _Cut, members: Flags, name: str) -> portfolio.QuintileRun:
    return portfolio.score_quintiles(
        cut.inside(cut.inputs.closes),
        cut.scores,
        members,
        name=name,
        holding_days=cut.inputs.holding_days or cut.inputs.horizon_days,
        benchmark_row=cut.inputs.benchmark_row,
    )


def _score_probabilities(cut: _Cut, relative: Matrix) -> Calibration | None:
    if cut.inputs.probabilities is None:
        return None
    return score_calibration(cut.inside(cut.inputs.probabilities), relative, cut.viewed)


def _score_intervals(cut: _Cut, relative: Matrix) -> Coverage | None:
    inputs = cut.inputs
    if inputs.interval_low is None or inputs.interval_high is None:
        return None
    low, high = compute_ewma_intervals(
        np.asarray(inputs.closes, dtype=np.float64),
        np.asarray(inputs.universe, dtype=np.bool_),
        inputs.horizon_days,
        inputs.interval_level,
    )
    return score_coverage(
        cut.inside(inputs.interval_low),
        cut.inside(inputs.interval_high),
        relative,
        baseline=(cut.inside(low), cut.inside(high)),
        volatility=cut.inside(inputs.volatility),
        members=cut.viewed,
        level=inputs.interval_level,
        months=[day.strftime("%Y-%m") for day in cut.days],
    )


def _score_years(cut: _Cut, daily: Series, equity: Series) -> tuple[YearScore, ...]:
    years = np.array([day.year for day in cut.days])
    found = []
    for year in sorted(set(years.tolist())):
        here = np.flatnonzero(years == year)
        before = float(equity[here[0] - 1]) if here[0] > 0 else 1.0
        path = np.concatenate(([before], equity[here]))
        weekly = path[portfolio.WEEK :: portfolio.WEEK] / path[: -portfolio.WEEK : portfolio.WEEK]
        found.append(
            YearScore(
                year=int(year),
                rank=score_ranks(daily[here], cut.inputs.horizon_days),
                spread_return=float(path[-1] / before - 1.0),
                spread_sharpe=portfolio.compute_sharpe(weekly - 1.0),
            )
        )
    return tuple(found)


def _describe_universe(cut: _Cut, daily: Series) -> UniverseReport:
    ever = cut.members.any(axis=1)
    alive = np.isfinite(cut.inside(cut.inputs.closes))
    last_bar = np.where(alive.any(axis=1), alive.shape[1] - 1 - alive[:, ::-1].argmax(axis=1), -1)
    judged = cut.members.any(axis=0)
    return UniverseReport(
        coins=int(ever.sum()),
        died_inside=int((ever & (last_bar < alive.shape[1] - 1)).sum()),
        view_share=float(cut.viewed.sum() / cut.members.sum()),
        days=int(np.isfinite(daily).sum()),
        mean_coins=float(cut.members[:, judged].sum(axis=0).mean()),
        minimum_coins=cut.inputs.minimum_coins,
    )


def _describe_window(cut: _Cut, daily: Series) -> Window:
    scored = np.flatnonzero(np.isfinite(daily))
    return Window(
        first_day=cut.days[0],
        last_day=cut.days[-1],
        days=int(scored.size),
        days_too_few_coins=int((~cut.members.any(axis=0)).sum()),
        last_scored_day=cut.days[int(scored[-1])],
    )


def _create_series(cut: _Cut, daily: Series, run: portfolio.QuintileRun) -> ReportSeries:
    top = portfolio.FIFTHS - 1
    long_leg = portfolio.compute_part_returns(run.books, top, portfolio.LOW_COST_BP)
    equity = portfolio.compute_books_equity(run.books, portfolio.LOW_COST_BP)
    fifths = [
        portfolio.compute_equity(portfolio.compute_staggered(run.books.growth[:, part] - 1.0))
        for part in range(portfolio.FIFTHS)
    ]
    return ReportSeries(
        days=cut.days,
        rank_ic=daily,
        quintile_equity=np.array(fifths),
        spread_equity=equity,
        spread_drawdown=portfolio.compute_drawdowns(equity),
        spread_equity_gross=portfolio.compute_books_equity(run.books, 0.0),
        long_equity=portfolio.compute_equity(portfolio.compute_staggered(long_leg)),
        market_equity=portfolio.compute_equity(run.market),
        bitcoin_equity=None if run.bitcoin is None else portfolio.compute_equity(run.bitcoin),
    )


def _write_notes(
    inputs: EvaluationInputs,
    universe: UniverseReport,
    lags: Mapping[int, RankScore],
    distance_sd: float,
) -> tuple[str, ...]:
    notes = []
    if not np.isfinite(distance_sd):
        notes.append(
            "No permutation null was run: nothing here says how much of the rank IC is luck."
        )
    elif distance_sd < GATE_SD:
        notes.append(
            f"The rank IC stands {distance_sd:.1f} sd from its permutation null; "
            f"below {GATE_SD:.0f} it is no evidence."
        )
    if universe.view_share < LEAST_VIEW_SHARE:
        notes.append(
            f"Only {universe.view_share:.1%} of the universe had a view; "
            f"a fair figure needs {LEAST_VIEW_SHARE:.0%}."
        )
    if lags[10].rank_ic_mean < 0.5 * lags[0].rank_ic_mean:
        notes.append(
            "More than half of the rank IC is gone after ten days: it must be acted on at once."
        )
    if inputs.trials is None:
        notes.append(
            "Nobody said how many configurations were tried; the deflated Sharpe ratio assumes 1."
        )
    return tuple(notes)
