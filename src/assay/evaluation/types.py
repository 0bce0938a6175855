"""The words of the evaluation room: what an evaluation needs, and the report it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""[tokens, days], NaN where nothing is known."""
Series = NDArray[np.float64]
Flags = NDArray[np.bool_]

LAGS = (0, 1, 2, 5, 10)
HEADLINE_LAG = 1
DAYS_PER_YEAR = 365.0


@dataclass(frozen=True, slots=True)
class Death:
    """A coin that really ended: it collapsed or was delisted; a rename or migration is no death."""

    row: int
    last_day: date


@dataclass(frozen=True, slots=True)
class Trials:
    """Every configuration that was tried before this one was chosen, the failures too.

    `sharpes`: annualised net Sharpe ratio of each, where measured. `daily`: [configurations, days]
    of one daily figure (net return or rank IC) for the probability of overfitting. Either may be
    None; `count` may not be guessed low.
    """

    count: int
    sharpes: Series | None = None
    daily: Matrix | None = None


@dataclass(frozen=True)
class EvaluationInputs:
    """One judgement over many coins and days, and what is needed to say whether it predicts.

    Matrices are [tokens, days] on one calendar axis whose column 0 is `first_day`, and reach from
    well before the window (intervals of the naive baseline need history) to the last **complete**
    day; outcomes after it are unknown.

    - `scores`: as published, higher is better; NaN where nothing was said. `no_view`: the coin is
      in the universe and the judgement abstained (its score is ignored, missing or not). A universe
      coin without a score counts as no view.
    - `universe`: the published, point-in-time universe. `closes`: continuous through
      redenominations, NaN = no bar.
    - `median_volume_usd`, `volatility`: 30-day median dollar volume and 30-day volatility known at
      the close of t.
    - `probabilities` of beating the day's median coin, `interval_low/high` of the log return minus
      the median coin's over the horizon from t+1: NaN or None where none was given.
    - `baselines`: name -> scores on the same axes; a lazy mapping is read one at a time.
    - `null_daily_ics`: [permutations, days] daily rank ICs, or [permutations] of their means, from
      the whole pipeline trained on labels permuted within the day and scored on the true ones.
    - `benchmark_row`: the row of Bitcoin. `deaths`: the real ones.
    """

    kind: str
    origin: str
    horizon_days: int
    first_day: date
    window_from: date
    window_to: date
    symbols: Sequence[str]
    closes: Matrix
    scores: Matrix
    no_view: Flags
    universe: Flags
    median_volume_usd: Matrix
    volatility: Matrix
    probabilities: Matrix | None = None
    interval_low: Matrix | None = None
    interval_high: Matrix | None = None
    interval_level: float = 0.9
    baselines: Mapping[str, Matrix] = field(default_factory=dict)
    null_daily_ics: Matrix | Series | None = None
    deaths: Sequence[Death] = ()
    trials: Trials | None = None
    benchmark_row: int | None = None
    high_score: float = 75.0
    liquid_usd: float = 1_000_000.0
    minimum_coins: int = 30
    holding_days: int | None = None


@dataclass(frozen=True, slots=True)
class RankScore:
    """Daily rank ICs in one line. `newey_west_t` is the naive reference, never the gate."""

    rank_ic_mean: float
    icir: float
    share_positive: float
    days: int
    rank_ic_sd: float
    newey_west_t: float


@dataclass(frozen=True, slots=True)
class PermutationNull:
    """How far the IC stands from what the same pipeline finds in shuffled labels; NaN without
    permutations.
    """

    permutations: int
    null_mean: float
    null_sd: float
    distance_sd: float
    share_above: float
    null_means: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CostedSpread:
    """Top minus bottom fifth after `cost_bp` basis points a side on everything traded.

    `sharpe` is of the staggered books together; the offsets are its single books, one a start day.
    """

    cost_bp: float
    sharpe: float
    sharpe_offset_mean: float
    sharpe_lowest_offset: float
    sharpe_highest_offset: float
    annual_return: float
    annual_volatility: float
    drawdown: float


@dataclass(frozen=True, slots=True)
class LegAgainst:
    """The long leg, net of 10 bp a side, regressed on a benchmark's weekly returns."""

    sharpe: float
    benchmark_sharpe: float
    alpha_annual: float
    beta: float
    residual_sharpe: float


@dataclass(frozen=True, slots=True)
class QuintileReport:
    """Equal-weight fifths by score, re-formed every `holding_days`, research and not investable."""

    universe: str
    holding_days: int
    gross: CostedSpread
    net: CostedSpread
    net_30bp: CostedSpread
    turnover: float
    annual_returns: tuple[float, ...]
    long_leg_market: LegAgainst
    long_leg_bitcoin: LegAgainst | None
    mean_coins: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often the outcome fell inside the interval, and its cost against the naive one (below 1
    is better).
    """

    level: float
    overall: float
    low_vol: float
    mid_vol: float
    high_vol: float
    worst_month: float
    worst_month_name: str
    winkler: float
    winkler_baseline: float
    winkler_ratio: float
    baseline_overall: float
    baseline_low_vol: float
    baseline_mid_vol: float
    baseline_high_vol: float
    intervals: int
    months: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Coins whose stated probability was alike, and how many of them did beat the median coin."""

    stated: float
    observed: float
    count: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether probabilities mean what they say; skill is 1 - Brier / Brier of the base rate."""

    brier: float
    brier_base: float
    skill: float
    expected_error: float
    base_rate: float
    count: int
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True)
class DeathRecord:
    """One real death and what was said in its last 30 days (NaN: nothing was said)."""

    symbol: str
    last_day: date
    days_judged: int
    days_viewed: int
    days_high: int
    highest: float
    mean: float


@dataclass(frozen=True, slots=True)
class DeathReport:
    """Share of real deaths that were judged highly in their last 30 days, by both definitions.

    The base shares are the same figures over every 30 days of every coin that was judged on their
    last one: what a judgement that knows nothing of death would show.
    """

    count: int
    high_score: float
    any_day_high: int
    share_any_day: float
    mean_high: int
    share_mean: float
    without_view: int
    base_share_any_day: float
    base_share_mean: float
    records: tuple[DeathRecord, ...]


@dataclass(frozen=True, slots=True)
class YearScore:
    """One calendar year: lag-1 ranks and the staggered spread (liquid, net of 10 bp)."""

    year: int
    rank: RankScore
    spread_return: float
    spread_sharpe: float


@dataclass(frozen=True, slots=True)
class Stability:
    """How much the judgement moves by itself; NaN where days share fewer than 3 viewed coins."""

    mean_absolute_change: float
    rank_autocorrelation_1d: float
    rank_autocorrelation_7d: float


@dataclass(frozen=True, slots=True)
class Tried:
    """How much of the Sharpe ratio is left once the number of tries is admitted."""

    configurations: int
    sharpe: float
    expected_best_by_chance: float
    deflated_sharpe: float
    overfit_probability: float


@dataclass(frozen=True, slots=True)
class UniverseReport:
    """Who was judged: `view_share` of the universe's coin-days had a view."""

    coins: int
    died_inside: int
    view_share: float
    days: int
    mean_coins: float
    minimum_coins: int


@dataclass(frozen=True, slots=True)
class Window:
    """What was asked for and what could be scored: `days` at lag 1."""

    first_day: date
    last_day: date
    days: int
    days_too_few_coins: int
    last_scored_day: date


@dataclass(frozen=True)
class ReportSeries:
    """Daily series over the window for charts; NaN where a day has no figure."""

    days: tuple[date, ...]
    rank_ic: Series
    quintile_equity: Matrix
    spread_equity: Series
    spread_drawdown: Series
    spread_equity_gross: Series
    long_equity: Series
    market_equity: Series
    bitcoin_equity: Series | None


@dataclass(frozen=True)
class EvaluationReport:
    """Does it predict? Everything measured about one judgement in one window."""

    kind: str
    origin: str
    horizon_days: int
    window: Window
    universe: UniverseReport
    lags: Mapping[int, RankScore]
    permutation: PermutationNull
    residual: RankScore
    view_only: RankScore
    baselines: Mapping[str, RankScore]
    by_year: tuple[YearScore, ...]
    by_liquidity: Mapping[str, RankScore]
    quintiles: QuintileReport
    quintiles_whole: QuintileReport
    stability: Stability
    deaths: DeathReport
    calibration: Calibration | None
    coverage: Coverage | None
    tried: Tried
    notes: tuple[str, ...]
    series: ReportSeries
