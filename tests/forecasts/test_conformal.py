"""What past outcomes teach about reach: purged, forgotten at the stated rate, apart by third."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.forecasts.compute.conformal import SHARES, compute_outcomes, compute_reaches
from assay.forecasts.types import Matrix, Thirds


def _weighted_quantile(values: list[float], weights: list[float], share: float) -> float:
    order = np.argsort(values)
    total, wanted = 0.0, share * sum(weights)
    for place in order:
        total += weights[place]
        if total >= wanted - 1e-12:
            break
    return float(values[place])


def _world(seed: int, tokens: int = 9, days: int = 60) -> tuple[Matrix, Matrix, Thirds]:
    generator = np.random.default_rng(seed)
    deviations = generator.uniform(0.01, 0.1, (tokens, days))
    outcomes = generator.standard_normal((tokens, days)) * deviations * np.sqrt(5.0)
    thirds = np.tile(np.repeat([0, 1, 2], tokens // 3)[:, None], days).astype(np.int8)
    return outcomes, deviations, thirds


@given(st.integers(0, 10_000))
def test_reach_is_the_weighted_quantile_of_known_outcomes(seed: int) -> None:
    outcomes, deviations, thirds = _world(seed)
    thirds[4, ::7] = -1
    outcomes[5, ::11] = np.nan
    reaches = compute_reaches(outcomes, deviations, thirds, 5, 0.97)
    units = np.abs(outcomes) / (deviations * np.sqrt(5.0))
    for day in (50, 59):
        for third in range(3):
            known = [
                (units[row, past], 0.97 ** (day - 5 - past))
                for past in range(day - 4)
                for row in range(9)
                if thirds[row, past] == third and np.isfinite(units[row, past])
            ]
            values, weights = zip(*known, strict=True)
            for place, share in enumerate(SHARES):
                wanted = _weighted_quantile(list(values), list(weights), float(share))
                assert reaches[day, third, place] == pytest.approx(wanted, abs=0.0041)


def test_no_outcome_after_the_day_is_learnt_from() -> None:
    outcomes, deviations, thirds = _world(3)
    spoilt = outcomes.copy()
    # The outcome of day 41 is known at the close of day 46: day 45 may not have seen it.
    spoilt[:, 41:] = 99.0
    whole = compute_reaches(outcomes, deviations, thirds, 5, 0.99)
    other = compute_reaches(spoilt, deviations, thirds, 5, 0.99)
    assert whole[:46].tobytes() == other[:46].tobytes()
    assert not np.array_equal(whole[46], other[46])
    part = compute_reaches(outcomes[:, :46], deviations[:, :46], thirds[:, :46], 5, 0.99)
    assert whole[:46].tobytes() == part.tobytes()


def test_reaches_need_a_hundred_outcomes_and_do_not_cross() -> None:
    outcomes, deviations, thirds = _world(4)
    reaches = compute_reaches(outcomes, deviations, thirds, 5, 0.99)
    # Three coins a third: 34 days of outcomes, the first of them known on day 5.
    assert np.isnan(reaches[:38]).all()
    assert np.isfinite(reaches[38:]).all()
    assert (np.diff(reaches[38:], axis=2) > 0.0).all()


def test_reach_of_a_normal_is_the_normal_one() -> None:
    outcomes, deviations, thirds = _world(5, tokens=90, days=200)
    last = compute_reaches(outcomes, deviations, thirds, 5, 0.999)[-1]
    assert last == pytest.approx(np.tile([0.674, 1.282, 1.645], (3, 1)), abs=0.05)


def test_zero_deviation_teaches_nothing_and_huge_outcomes_do_no_harm() -> None:
    outcomes, deviations, thirds = _world(6)
    deviations[0] = 0.0
    outcomes[1] = 1e6
    reaches = compute_reaches(outcomes, deviations, thirds, 5, 0.99)
    assert np.isfinite(reaches[-1]).all()
    assert reaches[-1, 0, 2] == pytest.approx(20.0, abs=0.01)


def test_outcome_of_a_coin_that_stops_is_its_last_price() -> None:
    closes = np.array([[1.0, 2.0, 4.0, np.nan, np.nan, np.nan], [1.0, np.nan, 3.0, 3.0, 6.0, 6.0]])
    outcomes = compute_outcomes(closes, 2)
    assert outcomes[0, :3] == pytest.approx(np.log([4.0, 2.0, 1.0]))
    assert outcomes[1, [0, 2, 3]] == pytest.approx(np.log([3.0, 2.0, 2.0]))
    assert np.isnan(outcomes[0, 3:]).all()
    assert np.isnan(outcomes[1, [1, 4, 5]]).all()
