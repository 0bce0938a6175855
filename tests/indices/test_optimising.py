"""skfolio's weights: within the cap, on the grid, the known answers, and never a crash."""

import warnings

import numpy as np
import pytest

from assay.indices.compute.optimising import optimise_weights
from assay.indices.types import Scheme, Weights

pytestmark = pytest.mark.slow

SCHEMES = (Scheme.HRP, Scheme.RISK_PARITY, Scheme.MIN_CVAR)


def draw(days: int, coins: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 0.04, (days, coins))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("days", "coins"), [(20, 3), (20, 30), (120, 12)])
def test_within_the_cap_on_the_grid_and_whole(scheme: Scheme, days: int, coins: int) -> None:
    returns = draw(days, coins)
    returns[:, 1] = returns[:, 0]
    found = optimise_weights(
        returns, Weights(scheme, 0.4, days, None), [0.0] * coins, daily_cost=0.0
    )
    assert max(found) <= 0.4
    assert all(round(weight * 10_000) == pytest.approx(weight * 10_000) for weight in found)
    assert 1.0 - coins / 10_000 <= sum(found) <= 1.0 + 1e-12


def test_equal_risk_is_inverse_volatility_where_nothing_moves_together() -> None:
    generator = np.random.default_rng(1)
    raw = np.linalg.qr(generator.normal(size=(400, 4)) - 0.0)[0]
    raw -= raw.mean(axis=0)
    scale = np.array([0.01, 0.02, 0.04, 0.08])
    returns = raw / raw.std(axis=0) * scale
    found = optimise_weights(
        returns, Weights(Scheme.RISK_PARITY, 1.0, 400, None), [0.0] * 4, daily_cost=0.0
    )
    expected = (1.0 / scale) / (1.0 / scale).sum()
    assert found == pytest.approx(expected, abs=0.02)


def test_a_turnover_limit_holds_where_it_can() -> None:
    returns, previous = draw(150, 10), [0.1] * 10
    free = optimise_weights(returns, Weights(Scheme.MIN_CVAR, 0.5, 150, None), previous, 0.0)
    held = optimise_weights(returns, Weights(Scheme.MIN_CVAR, 0.5, 150, 0.1), previous, 0.0)
    assert sum(abs(weight - 0.1) for weight in free) > 0.2
    assert sum(abs(weight - 0.1) for weight in held) <= 0.1 + 0.002
    dear = optimise_weights(returns, Weights(Scheme.MIN_CVAR, 0.5, 150, None), previous, 0.05)
    assert sum(abs(weight - 0.1) for weight in dear) < sum(abs(weight - 0.1) for weight in free)


def test_a_limit_that_cannot_hold_is_dropped() -> None:
    previous = [0.9, 0.1, *[0.0] * 8]
    found = optimise_weights(draw(150, 10), Weights(Scheme.MIN_CVAR, 0.2, 150, 0.05), previous, 0.0)
    assert max(found) <= 0.2
    assert sum(found) > 0.99


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_coin_that_never_moved_and_two_coins_are_equal(scheme: Scheme) -> None:
    still = draw(60, 5)
    still[:, 2] = 0.0
    rules = Weights(scheme, 0.5, 60, None)
    assert optimise_weights(still, rules, [0.0] * 5, 0.0) == [0.2] * 5
    assert optimise_weights(draw(60, 2), rules, [0.0] * 2, 0.0) == [0.5, 0.5]


def test_an_answer_the_solver_is_not_sure_of_counts_as_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from skfolio.optimization import RiskBudgeting  # noqa: PLC0415 - takes three seconds

    def unsure(*_: object) -> None:
        warnings.warn("Solution may be inaccurate.", UserWarning, stacklevel=1)

    monkeypatch.setattr(RiskBudgeting, "fit", unsure)
    rules = Weights(Scheme.RISK_PARITY, 0.4, 60, None)
    weights = optimise_weights(draw(60, 8), rules, [0.0] * 8, 0.0)
    assert weights == [0.125] * 8
