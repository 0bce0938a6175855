"""The logistic fit against scikit-learn, and what cannot be fitted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from assay.kit.errors import BadInput
from assay.moonshots.compute.logistic import fit_logistic


def draw(seed: int, rows: int, rate: float) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    design = generator.uniform(-0.5, 0.5, (rows, 3))
    chance = 1 / (1 + np.exp(-(np.log(rate / (1 - rate)) + design @ [1.5, -1.0, 0.2])))
    outcome = (generator.random(rows) < chance).astype(np.float64)
    outcome[0], outcome[1] = 1.0, 0.0
    return design, outcome


@settings(max_examples=15)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(50, 3000),
    st.sampled_from([0.01, 0.05, 0.3]),
    st.sampled_from([1e-3, 1e-2, 1.0]),
)
def test_equals_scikit_learn(seed: int, rows: int, rate: float, penalty: float) -> None:
    design, outcome = draw(seed, rows, rate)
    found = fit_logistic(design, outcome, penalty)
    oracle = LogisticRegression(C=1 / (penalty * rows), solver="newton-cholesky", tol=1e-10)
    oracle.fit(design, outcome)
    assert found[0] == pytest.approx(oracle.intercept_[0], abs=1e-6)
    assert found[1:] == pytest.approx(oracle.coef_[0], abs=1e-6)


def test_the_gradient_vanishes_and_the_mean_is_the_base_rate() -> None:
    design, outcome = draw(3, 5000, 0.02)
    found = fit_logistic(design, outcome, 1e-4)
    chance = 1 / (1 + np.exp(-(found[0] + design @ found[1:])))
    assert chance.mean() == pytest.approx(outcome.mean(), abs=1e-10)
    slope = design.T @ (outcome - chance) / 5000 - 1e-4 * found[1:]
    assert slope == pytest.approx(np.zeros(3), abs=1e-10)


def test_one_outcome_alone_cannot_be_fitted() -> None:
    design, _ = draw(1, 20, 0.5)
    for outcome in (np.zeros(20), np.ones(20)):
        with pytest.raises(BadInput, match="cannot be fitted"):
            fit_logistic(design, outcome, 0.1)
    with pytest.raises(BadInput, match="penalty"):
        fit_logistic(design, np.tile([0.0, 1.0], 10), 0.0)
