"""The instruments of the evaluation on series whose answer is known."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr

from assay.kit.errors import NotEnoughData
from assay.market_state.persistence import (
    Said,
    correlate_rows,
    measure_ahead,
    score_lasting,
    score_pairs,
)
from assay.market_state.scoring import (
    compare_with_known,
    compute_market_path,
    compute_next_volatility,
    compute_outcomes,
    correlate,
    group_outcomes,
    rank,
    score_link,
    score_timing,
)

NAN = math.nan


def plain(changes: NDArray[np.float64]) -> float:
    return float(np.asarray(np.corrcoef(changes))[0, 1])


def generate(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_outcome_is_bought_a_close_later() -> None:
    returns = np.array([0.5, 0.1, 0.2, -0.1, 0.3])
    found = compute_outcomes(returns, [0, 2, 3], 1)
    np.testing.assert_allclose(found[:2], [0.2, 0.3])
    assert math.isnan(found[2]), "its end is not known yet"
    assert compute_outcomes(returns, [0], 3)[0] == pytest.approx(1.2 * 0.9 * 1.3 - 1)


def test_next_volatility_looks_only_ahead() -> None:
    returns = np.concatenate([np.full(50, 5.0), np.expm1(np.tile([0.02, -0.02], 20))])
    found = compute_next_volatility(returns, [49, 80], 30)
    assert found[0] == pytest.approx(0.02 * math.sqrt(365))
    assert math.isnan(found[1])


def test_market_path_holds_yesterdays_universe_and_the_dead_stand_still() -> None:
    close = np.array([[1.0, 2.0, 2.0], [1.0, NAN, NAN], [1.0, 1.0, 3.0]])
    universe = np.array([[True, True, True], [True, True, False], [False, False, True]])
    np.testing.assert_allclose(compute_market_path(close, universe), [NAN, 0.5, 0.0])


def test_ranks_share_the_mean_of_equals() -> None:
    assert rank(np.array([3.0, 1.0, 3.0, 2.0])).tolist() == [2.5, 0.0, 2.5, 1.0]
    x, y = generate().normal(size=(2, 80)).round(1)
    assert correlate(rank(x), rank(y)) == pytest.approx(spearmanr(x, y).statistic)


def test_link_finds_what_is_there_and_nothing_else() -> None:
    generator = generate()
    noise = np.cumsum(generator.normal(size=600))
    outcome = np.cumsum(generator.normal(size=600))
    assert score_link(noise, noise + generator.normal(size=600), generator).is_shown
    chances = [
        score_link(np.cumsum(generate(s).normal(size=400)), outcome[:400], generator).chance
        for s in range(30)
    ]
    assert sum(chance < 0.05 for chance in chances) <= 5, "persistence alone is no evidence"


def test_link_of_too_little_says_nothing() -> None:
    found = score_link(np.arange(20.0), np.arange(20.0), generate())
    assert math.isnan(found.rho)
    assert not found.is_shown
    assert found.describe() == "nothing to measure"
    assert (
        "nothing shown"
        in score_link(
            generate(5).normal(size=99), generate(6).normal(size=99), generate()
        ).describe()
    )


def test_buckets_keep_their_order_and_leave_the_unknown_out() -> None:
    outcome = {7: np.array([0.1, -0.3, NAN, 0.2, 0.5])}
    high, low, never = group_outcomes(
        ["high", "low", "high", None, "high"], ["high", "low", "no"], outcome
    )
    assert (high.name, high.days) == ("high", 3)
    assert high.means[7] == pytest.approx(0.3)
    assert high.shares_up[7] == 1.0
    assert low.shares_up[7] == 0.0
    assert never.days == 0
    assert math.isnan(never.means[7])


def test_perfect_foresight_times_and_a_constant_does_not() -> None:
    generator = generate(3)
    market = generator.normal(0, 0.03, 300)
    moves = market + generator.normal(0, 0.01, (25, 300))
    close = np.exp(np.cumsum(moves, axis=1, dtype=np.float64))
    foresight = np.zeros(300)
    foresight[:-2] = np.where(market[2:] > 0, 1, -1)
    timed = score_timing(market, close, foresight, generator)
    assert timed.chance == pytest.approx(1 / 1000)
    assert timed.coins.beat_constant == 1.0
    assert timed.followed > timed.constant
    always = score_timing(market, close, np.ones(300), generator)
    assert always.chance == 1.0
    assert always.followed == pytest.approx(always.constant)
    assert (always.exposure, always.changes) == (1.0, 0)


def test_timing_of_a_week_is_refused() -> None:
    with pytest.raises(NotEnoughData):
        score_timing(np.zeros(7), np.ones((2, 7)), np.ones(7), generate())


def test_known_index_of_the_next_morning_is_todays() -> None:
    own = 50 + np.cumsum(generate(4).normal(size=100))
    known = np.concatenate([[NAN], own])
    found = compare_with_known(own, known[:-1], known[1:])
    assert found["level_correlation"] == found["change_correlation"] == pytest.approx(1)
    assert abs(found["change_correlation_same_date"]) < 0.4
    assert found["mean_absolute_difference"] == 0
    nothing = compare_with_known(own, np.full(100, NAN), np.full(100, NAN))
    assert nothing["days"] == 0
    assert math.isnan(nothing["level_correlation"])


def test_pairs_are_compared_with_the_ninety_days_after() -> None:
    generator = generate(5)
    changes = generator.normal(size=(4, 200))
    changes[1, :100] = changes[0, :100] + 0.1 * generator.normal(size=100)
    changes[2, 100:] = changes[0, 100:]
    said = Said(99, [0, 0], [1, 2], np.array([0.8, 0.1]), [True, False])
    found = score_pairs([said, Said(150, [0], [1], np.array([0.5]), [True])], changes)
    most, least = found["most"], found["least"]
    assert (most.dates, most.pairs) == (1, 1), "the second date has no 90 days ahead"
    assert most.said == 0.8
    assert most.plain == pytest.approx(plain(changes[:2, 10:100]))
    assert most.realised == pytest.approx(plain(changes[:2, 100:190]))
    assert least.realised == pytest.approx(1.0)
    assert score_pairs([], changes)["most"].pairs == 0


def test_row_correlations_use_common_days() -> None:
    changes = generate(6).normal(size=(2, 90))
    changes[0, :10], changes[1, 80:] = NAN, NAN
    assert correlate_rows(changes, [0], [1])[0] == pytest.approx(plain(changes[:, 10:80]))
    changes[1, 60:] = NAN
    assert math.isnan(correlate_rows(changes, [0], [1])[0])


def test_what_comes_after_keeps_a_dead_coin_at_its_last_price() -> None:
    returns = np.full((2, 120), NAN)
    returns[0, 20:60] = -0.01
    returns[1] = 0.02
    ahead = measure_ahead(returns, 25)
    assert ahead["return"][0] == pytest.approx(0.99**34 - 1)
    assert ahead["max_drawdown"][0] == pytest.approx(0.99**34 - 1)
    assert ahead["volatility"][1] == pytest.approx(0.02)


def test_lasting_ranks_coins_within_a_day() -> None:
    generator = generate(7)
    risk = np.linspace(0.01, 0.05, 40)
    returns = risk[:, None] * generator.normal(size=(40, 300))
    found = score_lasting({100: {"volatility": risk}, 250: {"volatility": -risk}}, returns)
    assert found["volatility"]["volatility"] > 0.95
    assert score_lasting({100: {"beta": np.full(40, NAN)}}, returns) == {}
