"""Metrics: small cases by hand, equality with empyrical and skfolio, causality of the windows."""

import math
from dataclasses import asdict, fields

import empyrical
import numpy as np
import pytest
import skfolio.measures as oracle
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from assay.backtest.metric_kernels import METRICS, power_
from assay.backtest.metrics import Metrics, compute_metrics, compute_trailing_metrics
from assay.kit.errors import BadInput

Series = NDArray[np.float64]

daily = st.lists(st.floats(-0.6, 0.9).map(lambda r: round(r, 4)), min_size=5, max_size=400)


def near(expected: float) -> object:
    """Equal to 1e-9."""
    return pytest.approx(expected, rel=1e-9, abs=1e-9)


def draw_returns(days: int, seed: int = 1) -> Series:
    return np.random.default_rng(seed).standard_t(3, days).clip(-9, 9) * 0.04 + 0.001


def test_hand_worked_week() -> None:
    found = compute_metrics(np.array([0.10, -0.20, 0.05, -0.10, 0.60]))
    wealth = 1.1 * 0.8 * 1.05 * 0.9 * 1.6
    assert found.days == 5
    assert found.years == pytest.approx(5 / 365)
    assert found.total_return == pytest.approx(wealth - 1)
    assert found.cagr == pytest.approx(wealth ** (365 / 5) - 1)
    assert found.mean == pytest.approx(0.09)
    assert found.max_drawdown == pytest.approx(0.8 * 1.05 * 0.9 - 1)
    assert (found.drawdown_peak, found.drawdown_trough, found.drawdown_end) == (0, 3, 4)
    assert found.omega == pytest.approx(0.75 / 0.30)
    assert found.payoff_ratio == pytest.approx(0.25 / 0.15)
    assert found.share_positive == pytest.approx(0.6)
    assert (found.best_day, found.worst_day) == (0.60, -0.20)
    assert found.var_95 == pytest.approx(-0.18)
    assert found.cvar_95 == pytest.approx(-0.20)


def test_fall_from_the_first_day_counts_from_the_money_put_in() -> None:
    found = compute_metrics(np.array([-0.5, 0.1, 0.2]))
    assert (found.max_drawdown, found.drawdown_peak, found.drawdown_trough) == (-0.5, -1, 0)
    assert found.drawdown_end is None


def test_series_without_a_fall_has_no_drawdown_and_no_ratio_to_losses() -> None:
    found = compute_metrics(np.array([0.01, 0.02, 0.0, 0.03]))
    assert found.max_drawdown == 0.0
    assert found.drawdown_peak is found.drawdown_trough is None
    for name in ("calmar", "omega", "sortino", "payoff_ratio"):
        assert math.isnan(getattr(found, name)), name


@pytest.mark.parametrize("returns", [[], [math.nan, math.nan]])
def test_nothing_known_gives_nothing(returns: list[float]) -> None:
    found = compute_metrics(np.array(returns))
    assert found.days == 0
    left = [f.name for f in fields(Metrics) if f.name != "days" and "drawdown_" not in f.name]
    assert all(math.isnan(getattr(found, name)) for name in left)


def test_one_return_and_a_constant_series_have_no_sharpe() -> None:
    assert math.isnan(compute_metrics(np.array([0.1])).deviation)
    constant = compute_metrics(np.full(50, 0.01))
    assert math.isnan(constant.sharpe)
    assert math.isnan(constant.skew)
    assert constant.total_return == pytest.approx(1.01**50 - 1)


def test_total_loss() -> None:
    found = compute_metrics(np.array([0.1, -1.0, 0.0]))
    assert (found.total_return, found.cagr, found.max_drawdown) == (-1.0, -1.0, -1.0)


def test_missing_days_are_left_out_but_time_goes_on() -> None:
    holes = compute_metrics(np.array([math.nan, 0.1, math.nan, -0.05, 0.02]))
    solid = compute_metrics(np.array([0.1, -0.05, 0.02]))
    assert holes.years == pytest.approx(4 / 365)
    for name in ("total_return", "sharpe", "sortino", "var_95", "skew", "max_drawdown"):
        assert getattr(holes, name) == getattr(solid, name), name
    assert holes.drawdown_trough == 3


@given(daily)
def test_equal_to_empyrical(values: list[float]) -> None:
    returns = np.array(values)
    found = compute_metrics(returns)
    same = {
        "total_return": empyrical.cum_returns_final(returns),
        "cagr": empyrical.annual_return(returns, annualization=365),
        "volatility": empyrical.annual_volatility(returns, annualization=365),
        "max_drawdown": empyrical.max_drawdown(returns),
        "var_95": empyrical.value_at_risk(returns),
        "cvar_95": empyrical.conditional_value_at_risk(returns),
    }
    spread = returns.std() > 1e-9
    if spread:
        same["sharpe"] = empyrical.sharpe_ratio(returns, annualization=365)
    if (returns < 0).any():
        same["sortino"] = empyrical.sortino_ratio(returns, annualization=365)
        same["omega"] = empyrical.omega_ratio(returns)
    if abs(empyrical.value_at_risk(returns)) > 1e-6:
        same["tail_ratio"] = empyrical.tail_ratio(returns)
    if found.max_drawdown < 0 and np.isfinite(found.cagr):
        same["calmar"] = empyrical.calmar_ratio(returns, annualization=365)
    for name, expected in same.items():
        assert getattr(found, name) == near(expected), name


@given(daily)
def test_equal_to_skfolio(values: list[float]) -> None:
    returns = np.array(values)
    found = compute_metrics(returns)
    assert found.mean == near(oracle.mean(returns))
    assert found.deviation == near(oracle.standard_deviation(returns))
    assert found.worst_day == -oracle.worst_realization(returns)
    drawdowns = oracle.get_drawdowns(returns, compounded=True)
    assert found.max_drawdown == near(-oracle.max_drawdown(drawdowns))
    downside = oracle.semi_deviation(returns, min_acceptable_return=0.0, biased=True)
    if downside > 0:
        assert found.sortino == near(found.mean / downside * math.sqrt(365))
        lower = oracle.first_lower_partial_moment(returns, min_acceptable_return=0.0)
        upper = oracle.first_lower_partial_moment(-returns, min_acceptable_return=0.0)
        assert found.omega == near(upper / lower)
    if returns.std() > 1e-6:
        assert found.skew == near(oracle.skew(returns))
        assert found.kurtosis == near(oracle.kurtosis(returns))


@given(daily, st.integers(0, 99))
def test_beta_and_alpha_equal_empyrical(values: list[float], seed: int) -> None:
    returns = np.array(values)
    benchmark = draw_returns(returns.size, seed)
    found = compute_metrics(returns, benchmark)
    assert found.beta == near(empyrical.beta_aligned(returns, benchmark))
    alpha = empyrical.alpha_aligned(returns, benchmark, annualization=365)
    assert found.alpha == near(alpha)
    if returns.std() > 1e-6:
        expected = np.corrcoef(returns, benchmark)[0, 1]
        assert found.correlation == near(expected)


def test_beta_uses_the_days_both_know() -> None:
    returns, benchmark = draw_returns(60, 2), draw_returns(60, 3)
    returns[[4, 9]] = math.nan
    benchmark[[9, 30]] = math.nan
    both = np.isfinite(returns) & np.isfinite(benchmark)
    expected = compute_metrics(returns[both], benchmark[both])
    found = compute_metrics(returns, benchmark)
    for name in ("beta", "alpha", "correlation", "residual_sharpe"):
        assert getattr(found, name) == getattr(expected, name), name


def test_residual_sharpe_is_the_appraisal_ratio_of_a_regression() -> None:
    returns, benchmark = draw_returns(200, 4), draw_returns(200, 5)
    design = np.column_stack([np.ones(200), benchmark])
    (alpha, beta), squares, *_ = np.linalg.lstsq(design, returns, rcond=None)
    expected = alpha / math.sqrt(squares[0] / 198) * math.sqrt(365)
    found = compute_metrics(returns, benchmark)
    assert found.residual_sharpe == pytest.approx(expected, rel=1e-9)
    assert found.beta == pytest.approx(beta, rel=1e-9)
    assert math.isnan(compute_metrics(2.0 * benchmark, benchmark).residual_sharpe)


@given(st.floats(0.0, 50.0), st.floats(0.0, 400.0))
def test_power(base: float, exponent: float) -> None:
    found = power_(base, exponent)
    try:
        expected = base**exponent
    except OverflowError:
        expected = math.inf
    if 1e-13 < expected < 1e13:
        assert found == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("window", [None, 1, 30, 90])
def test_a_trailing_window_is_that_window_alone(window: int | None) -> None:
    returns = np.stack([draw_returns(150, seed) for seed in range(4)])
    returns[1, :70] = math.nan
    returns[2, 40:60] = math.nan
    returns[3, 100:] = math.nan
    benchmark = draw_returns(150, 9)
    found = compute_trailing_metrics(returns, benchmark, window=window, start=60)
    assert found.shape == (len(METRICS), 4, 90)
    for token in range(4):
        for t in (60, 61, 99, 149):
            low = 0 if window is None else max(0, t - window + 1)
            alone = compute_metrics(returns[token, low : t + 1], benchmark[low : t + 1])
            expected = [math.nan if v is None else v for v in asdict(alone).values()]
            np.testing.assert_array_equal(found[:, token, t - 60], expected)


@given(st.integers(1, 119), st.integers(0, 60), st.sampled_from([None, 7, 45]))
def test_a_longer_panel_and_another_start_change_no_bit(
    end: int, start: int, window: int | None
) -> None:
    returns = np.stack([draw_returns(120, seed) for seed in (6, 7)])
    returns[0, 50:55] = math.nan
    whole = compute_trailing_metrics(returns, returns[1], window=window)
    start = min(start, end)
    part = compute_trailing_metrics(returns[:, :end], returns[1, :end], window=window, start=start)
    assert part.tobytes() == whole[:, :, start:end].tobytes()


def test_fields_stand_in_the_order_of_the_metric_axis() -> None:
    assert tuple(field.name for field in fields(Metrics)) == METRICS


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadInput, match="benchmark"):
        compute_metrics(np.zeros(5), np.zeros(4))
    with pytest.raises(BadInput, match="2-dimensional"):
        compute_metrics(np.zeros((2, 5)))
    with pytest.raises(BadInput, match="window 0"):
        compute_trailing_metrics(np.zeros((2, 5)), window=0)
