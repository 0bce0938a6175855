"""Quantile scores against closed forms, plain loops and worked numbers."""

from datetime import date, timedelta
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.evaluation.quantiles import (
    QuantileScore,
    Windows,
    compute_pinball,
    compute_quantile_crps,
    compute_walk_quantiles,
    score_quantiles,
)
from assay.evaluation.types import Matrix
from assay.kit.errors import BadInput

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
DAY = date(2022, 1, 1)
NORMAL = NormalDist()


def _normal_crps(outcome: float) -> float:
    """Closed form of the score of a standard normal (Gneiting and Raftery 2007)."""
    return (
        outcome * (2 * NORMAL.cdf(outcome) - 1)
        + 2 * NORMAL.pdf(outcome)
        - 1 / float(np.sqrt(np.pi))
    )


@pytest.mark.parametrize("outcome", [-3.0, -0.4, 0.0, 1.1, 2.5])
def test_crps_of_many_quantiles_is_the_closed_form(outcome: float) -> None:
    levels = (np.arange(4000) + 0.5) / 4000
    quantiles = np.array([NORMAL.inv_cdf(level) for level in levels])[:, None]
    score = compute_quantile_crps(quantiles, np.array([outcome]), levels.tolist())
    assert score[0] == pytest.approx(_normal_crps(outcome), abs=2e-3)


@given(st.floats(-5, 5), st.lists(st.floats(-3, 3), min_size=5, max_size=5))
def test_crps_and_pinball_equal_plain_sums(outcome: float, values: list[float]) -> None:
    quantiles = np.sort(np.array(values))[:, None]
    edges = [0.0, 0.15, 0.375, 0.625, 0.85, 1.0]
    wanted = 0.0
    for place, level in enumerate(LEVELS):
        error = outcome - quantiles[place, 0]
        loss = level * error if error >= 0 else (level - 1) * error
        pinball = compute_pinball(quantiles[place : place + 1], np.array([outcome]), (level,))
        assert pinball[0, 0] == pytest.approx(loss)
        wanted += 2 * (edges[place + 1] - edges[place]) * loss
    score = compute_quantile_crps(quantiles, np.array([outcome]), LEVELS)
    assert score[0] == pytest.approx(wanted)


def test_the_random_walk_is_the_ewma_of_the_plain_returns() -> None:
    returns = np.array([0.02, -0.03] * 15 + [0.1])
    closes = np.exp(np.concatenate([[0.0], np.cumsum(returns)]))[None]
    variance = 0.0
    for count, value in enumerate(returns, start=1):
        rate = 1 / count if count <= 20 else 0.06
        variance += (value * value - variance) * rate
    walk = compute_walk_quantiles(closes, 7, LEVELS)
    assert walk[4, 0, -1] == pytest.approx(1.6448536 * np.sqrt(7 * variance))
    assert walk[2, 0, -1] == 0.0
    assert np.isnan(walk[:, 0, 19]).all()


def _try(
    quantiles: Matrix,
    outcome: Matrix,
    walk: Matrix | None = None,
    levels: tuple[float, ...] = LEVELS,
) -> QuantileScore | None:
    crash = ("crash", DAY + timedelta(days=40), 10)
    return score_quantiles(
        quantiles,
        quantiles if walk is None else walk,
        outcome,
        levels=levels,
        volatility=np.tile(np.arange(outcome.shape[0])[:, None] * 1.0, outcome.shape[1]),
        members=np.ones(outcome.shape, np.bool_),
        windows=Windows(DAY, (crash, ("far", date(2030, 1, 1), 9))),
    )


def _score(quantiles: Matrix, outcome: Matrix, walk: Matrix | None = None) -> QuantileScore:
    score = _try(quantiles, outcome, walk)
    assert score is not None
    return score


def test_a_true_normal_is_covered_as_said_and_a_wider_walk_costs_more() -> None:
    generator = np.random.default_rng(3)
    outcome = generator.standard_normal((60, 120))
    unit = np.array([NORMAL.inv_cdf(level) for level in LEVELS])
    quantiles = np.broadcast_to(unit[:, None, None], (5, *outcome.shape))
    score = _score(quantiles, outcome, quantiles * 1.5)
    assert [pair.level for pair in score.pairs] == [0.9, 0.5]
    assert score.pairs[0].coverage == pytest.approx(0.9, abs=0.012)
    assert score.pairs[1].coverage == pytest.approx(0.5, abs=0.02)
    assert score.pairs[0].walk_coverage > 0.97
    assert score.pairs[0].winkler_ratio < 0.95
    assert score.crps_ratio < 1.0
    assert score.thirds == pytest.approx((0.9,) * 3, abs=0.02)
    assert np.array(score.cells) == pytest.approx(np.array(score.nominal), abs=0.015)
    assert [name for name, _ in score.months] == ["2022-01", "2022-02", "2022-03", "2022-04"]
    assert score.forecasts == outcome.size
    assert score.pairs[0].width == pytest.approx(2 * 1.6448536)


def test_windows_thirds_and_missing_values_count_what_they_should() -> None:
    outcome = np.zeros((3, 60))
    outcome[:, 40:50] = 9.0
    outcome[2, :] = 9.0
    outcome[0, 0] = np.nan
    unit = np.array([NORMAL.inv_cdf(level) for level in LEVELS])
    quantiles = np.broadcast_to(unit[:, None, None], (5, *outcome.shape)).copy()
    quantiles[3, 1, 5] = np.nan
    score = _score(quantiles, outcome)
    assert score.forecasts == 178
    assert score.windows == (("crash", 0.0, 0.0),)
    assert score.thirds[2] == 0.0
    assert score.thirds[0] == pytest.approx(48 / 58)  # two days have too few coins for thirds
    assert score.worst_month[0] == "2022-02"
    assert score.daily_coverage[45] == 0.0
    assert score.daily_coverage[0] == pytest.approx(0.5)
    assert score.pairs[0].above == pytest.approx((60 + 20) / 178)


def test_nothing_to_score_and_lopsided_levels_are_named() -> None:
    outcome = np.full((2, 30), np.nan)
    assert _try(np.zeros((5, 2, 30)), outcome) is None
    with pytest.raises(BadInput):
        _try(np.zeros((2, 2, 30)), outcome, levels=(0.1, 0.5))
