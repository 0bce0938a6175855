"""The fitted chance against scipy, and what it may learn from."""

import numpy as np
import pytest
from scipy.optimize import minimize

from assay.signals.compute.confidence import (
    MINIMAL_LABELS,
    RIDGE,
    compute_chances,
    compute_relative_deviation,
    fit_chance,
)

SHAPE = (40, 120)


def sample(seed: int, a: float, b: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    x = generator.normal(0.0, 0.5, SHAPE)
    labels = (generator.uniform(size=SHAPE) < 1.0 / (1.0 + np.exp(-(a + b * x)))).astype(np.int8)
    return x, np.ones(SHAPE, np.int8), labels


@pytest.mark.parametrize(("a", "b"), [(-0.9, 0.4), (0.3, -0.8), (-3.0, 0.0)])
def test_it_is_the_ridge_logistic_maximum(a: float, b: float) -> None:
    x, states, labels = sample(2, a, b)

    def loss(w: np.ndarray) -> float:
        z = w[0] + w[1] * x
        return float((np.logaddexp(0.0, z) - labels * z).sum() + 0.5 * RIDGE * w[1] ** 2)

    best = minimize(loss, [0.0, 0.0], method="BFGS", options={"gtol": 1e-6}).x
    fit = fit_chance(x, states, labels, 1, SHAPE[1])
    assert fit == pytest.approx(best, abs=1e-4)


def test_labels_after_the_known_column_teach_nothing() -> None:
    x, states, labels = sample(3, -0.5, 0.5)
    changed = labels.copy()
    changed[:, 61:] = 1 - changed[:, 61:]
    assert fit_chance(x, states, labels, 1, 60) == fit_chance(x, states, changed, 1, 60)
    assert fit_chance(x, states, labels, 1, 80) != fit_chance(x, states, changed, 1, 80)


def test_the_other_side_and_unknown_labels_teach_nothing() -> None:
    x, states, labels = sample(4, -0.5, 0.5)
    states[:20] = -1
    labels[20:, 100:] = -2
    altered = labels.copy()
    altered[:20] = 1
    assert fit_chance(x, states, labels, 1, 119) == fit_chance(x, states, altered, 1, 119)


def test_too_few_labels_give_no_confidence() -> None:
    x, states, labels = sample(5, 0.0, 0.0)
    states[:] = 0
    states.reshape(-1)[: MINIMAL_LABELS - 1] = 1
    assert fit_chance(x, states, labels, 1, 119) is None
    states.reshape(-1)[MINIMAL_LABELS - 1] = 1
    assert fit_chance(x, states, labels, 1, 119) is not None
    assert np.isnan(compute_chances(x, None)).all()
    assert fit_chance(x, states, labels, 1, -5) is None


def test_a_one_sided_sample_stays_finite() -> None:
    x, states, labels = sample(6, 0.0, 0.0)
    labels[:] = 0
    fit = fit_chance(x, states, labels, 1, 119)
    assert fit is not None
    chances = compute_chances(x, fit)
    assert (chances >= 0.0).all()
    assert chances.max() < 0.01


def test_deviation_is_relative_to_the_viewed_median() -> None:
    deviation = np.array([[0.01, 0.02], [0.02, 0.02], [0.04, np.nan], [9.0, 9.0]])
    viewed = np.array([[True, True], [True, True], [True, True], [False, False]])
    relative = compute_relative_deviation(deviation, viewed)
    np.testing.assert_allclose(relative[:3, 0], np.log([0.5, 1.0, 2.0]), atol=1e-5)
    np.testing.assert_allclose(relative[:2, 1], [0.0, 0.0], atol=1e-12)
    assert np.isnan(relative[3]).all()
    assert np.isnan(relative[2, 1])
    assert np.isnan(compute_relative_deviation(deviation, np.zeros_like(viewed))).all()
