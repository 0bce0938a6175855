"""Correlations: numpy as the oracle before shrinkage, a readable reference after it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from assay.market_state.compute.correlations import (
    compute_correlations,
    compute_log_changes,
    compute_mean_correlations,
    compute_row_means,
)

Matrix = NDArray[np.float64]


def draw_changes(tokens: int, days: int = 90, seed: int = 0) -> Matrix:
    generator = np.random.default_rng(seed)
    load = generator.uniform(0.2, 1.5, (tokens, 1))
    return load * generator.normal(0, 0.03, days) + generator.normal(0, 0.03, (tokens, days))


def plain(changes: Matrix) -> float:
    return float(np.asarray(np.corrcoef(changes))[0, 1])


def cut_outliers(row: Matrix) -> Matrix:
    middle = np.nanmedian(row)
    limit = 3 * 1.4826 * np.nanmedian(np.abs(row - middle))
    return np.asarray(np.clip(row, middle - limit, middle + limit))


def correlate_pair(one: Matrix, other: Matrix) -> tuple[float, int]:
    both = np.isfinite(one) & np.isfinite(other)
    one, other = cut_outliers(one), cut_outliers(other)
    return float(np.corrcoef(one[both], other[both])[0, 1]), int(both.sum())


def shrink_reference(changes: Matrix, peers: int) -> Matrix:
    tokens = changes.shape[0]
    pairs = {}
    for i in range(tokens):
        for j in range(min(i, peers)):
            r, n = correlate_pair(changes[i], changes[j])
            if n >= 60:
                pairs[i, j] = (math.atanh(r), 2 / (n - 3))
    z = np.array([pair[0] for pair in pairs.values()])
    noise = np.array([pair[1] for pair in pairs.values()])
    real = max(z.var(ddof=1) - noise.mean(), 0.0)
    out = np.full((tokens, peers), np.nan)
    for (i, j), (value, own) in pairs.items():
        out[i, j] = math.tanh(z.mean() + real / (real + own) * (value - z.mean()))
        if i < peers:
            out[j, i] = out[i, j]
    return out


def test_one_pair_without_outliers_is_plain_pearson() -> None:
    changes = np.clip(draw_changes(2), -0.05, 0.05)
    found = compute_correlations(changes, 2)
    expected = plain(changes)
    assert found[0, 1] == found[1, 0] == pytest.approx(expected, abs=1e-6)
    assert np.isnan(np.diag(found)).all()


@given(st.integers(0, 50), st.integers(3, 9), st.integers(2, 9))
def test_shrunk_correlations_equal_the_reference(seed: int, tokens: int, peers: int) -> None:
    changes = draw_changes(tokens, seed=seed)
    changes[1, :20] = np.nan
    peers = min(peers, tokens)
    found = compute_correlations(changes, peers)
    np.testing.assert_allclose(found, shrink_reference(changes, peers), atol=2e-6)


def test_one_pump_does_not_decide() -> None:
    common = draw_changes(1, seed=3)
    calm = common + 0.3 * draw_changes(2, seed=4)
    pumped = calm.copy()
    pumped[1, 40] = 2.5
    assert abs(plain(pumped) - plain(calm)) > 0.2
    assert compute_correlations(pumped, 2)[0, 1] == pytest.approx(
        compute_correlations(calm, 2)[0, 1], abs=0.08
    )


def test_the_window_that_was_given_stays_as_it_was() -> None:
    changes = draw_changes(3)
    changes[0, 0] = 9.0
    before = changes.copy()
    compute_correlations(changes, 3)
    np.testing.assert_array_equal(changes, before)


def test_shrinking_draws_pure_noise_to_its_mean() -> None:
    changes = np.random.default_rng(1).normal(0, 1, (40, 90))
    found = compute_correlations(changes, 40)
    assert np.nanstd(found) < 0.3 * np.nanstd(np.corrcoef(changes) - np.eye(40))


def test_pairs_with_few_common_days_or_no_movement_are_unknown() -> None:
    changes = draw_changes(5)
    changes[1, :31] = np.nan
    changes[2] = 0.0
    found = compute_correlations(changes, 5)
    assert np.isnan(found[1, [0, 3, 4]]).all()
    assert np.isnan(found[2]).all()
    assert np.isfinite(found[0, [3, 4]]).all()


@pytest.mark.parametrize("shape", [(0, 90), (1, 90), (3, 0)])
def test_empty_markets(shape: tuple[int, int]) -> None:
    found = compute_correlations(np.zeros(shape), 100)
    assert found.shape == (shape[0], min(100, shape[0]))
    assert np.isnan(found).all()


def test_mean_over_all_pairs() -> None:
    changes = draw_changes(12, days=130, seed=4)
    chosen = np.ones(changes.shape, np.bool_)
    changes[3, 100] = np.nan
    chosen[7, 129] = False
    found, counts = compute_mean_correlations(changes, chosen)
    members = [i for i in range(12) if i not in (3, 7)]
    table = np.asarray(np.corrcoef(changes[members, 40:130]))
    expected = table[np.triu_indices(10, 1)].mean()
    assert found[129] == pytest.approx(expected, abs=1e-6)
    assert counts[129] == 10
    assert np.isnan(found[:89]).all()


def test_log_changes_need_both_days() -> None:
    found = compute_log_changes(np.array([[1.0, math.e, math.nan, 1.0, 2.0]]))
    np.testing.assert_allclose(found[0], [np.nan, 1.0, np.nan, np.nan, math.log(2)], rtol=1e-15)


def test_row_means_leave_the_unknown_out() -> None:
    found = compute_row_means(np.array([[math.nan, 0.2, 0.4], [math.nan] * 3]))
    assert found[0] == pytest.approx(0.3)
    assert math.isnan(found[1])
