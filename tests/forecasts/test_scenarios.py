"""Betas, tails and caps against numpy's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.forecasts.compute.scenarios import (
    compute_betas,
    compute_market_returns,
    compute_tails,
    compute_total_cap,
)


@given(st.integers(0, 10_000), st.floats(-1, 3))
def test_beta_is_half_way_between_least_squares_and_one(seed: int, slope: float) -> None:
    generator = np.random.default_rng(seed)
    market = generator.normal(0, 0.03, 400)
    returns = slope * market + generator.normal(0, 0.02, (1, 400))
    returns[0, 5] = np.nan
    betas = compute_betas(market, returns)
    x, y = market[-365:], returns[0, -365:]
    fitted = np.polyfit(x, y, 1)
    assert betas.beta[0, -1] == pytest.approx(0.5 * fitted[0] + 0.5, rel=1e-4, abs=1e-6)
    assert betas.correlation[0, -1] == pytest.approx(np.corrcoef(x, y)[0, 1], rel=1e-4, abs=1e-5)
    rest = y - np.polyval(fitted, x)
    assert betas.residual[0, -1] == pytest.approx(np.sqrt((rest**2).sum() / 363), rel=1e-4)


def test_the_market_itself_has_beta_one_and_strays_nowhere() -> None:
    market = np.random.default_rng(1).normal(0, 0.03, 200)
    betas = compute_betas(market, np.stack([market, np.zeros(200), np.full(200, np.nan)]))
    assert betas.beta[:2, -1].tolist() == [1.0, 0.5]
    assert betas.residual[:2, -1].tolist() == [0.0, 0.0]
    assert betas.correlation[:2, -1].tolist() == [1.0, 0.0]
    assert np.isnan(betas.beta[2]).all()
    assert np.isnan(betas.beta[0, :60]).all()
    still = compute_betas(np.zeros(200), market[None])
    assert np.isnan(still.beta).all()


def test_betas_and_tails_are_causal() -> None:
    generator = np.random.default_rng(2)
    market, returns = generator.normal(0, 0.03, 300), generator.normal(0, 0.03, (2, 300))
    whole, part = compute_betas(market, returns), compute_betas(market[:200], returns[:, :200])
    assert whole.beta[:, :200].tobytes() == part.beta.tobytes()
    level = np.exp(np.cumsum(market))
    assert compute_tails(level, 7)[:, :200].tobytes() == compute_tails(level[:200], 7).tobytes()


@given(st.integers(0, 10_000), st.integers(1, 30))
def test_tails_are_the_quantiles_of_past_windows(seed: int, horizon: int) -> None:
    level = np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.05, 120)))
    level[50] = np.nan
    tails = compute_tails(level, horizon)
    past = np.log(level[horizon:] / level[:-horizon])
    past = past[np.isfinite(past)]
    assert tails[:2, -1] == pytest.approx(np.quantile(past, [0.1, 0.9]))
    assert tails[2, -1] == past.size
    assert np.isnan(tails[:2, : 3 * horizon - 1]).all()


def test_a_cap_that_becomes_known_is_no_growth() -> None:
    caps = np.full((12, 4), 100.0)
    caps[11, :2] = np.nan
    caps[0, 3] = 210.0
    caps[:, 0] = np.nan
    total, index = compute_total_cap(caps)
    assert total[1:].tolist() == [1100.0, 1200.0, 1310.0]
    assert index[2] / index[1] == 1.0
    assert index[3] / index[2] == pytest.approx(1310 / 1200)
    assert np.isnan(total[0])
    assert np.isnan(compute_total_cap(caps[:9])[1]).all()


def test_market_returns_need_both_days() -> None:
    returns = compute_market_returns(np.array([1.0, 2.0, np.nan, 4.0, 8.0]))
    assert returns[[1, 4]] == pytest.approx(np.log([2.0, 2.0]))
    assert np.isnan(returns[[0, 2, 3]]).all()
