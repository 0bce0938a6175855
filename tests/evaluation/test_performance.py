"""Figures of a path of levels, checked against paths whose figures are known."""

from datetime import date, timedelta

import numpy as np
import pytest

from assay.evaluation import (
    Trials,
    compute_monthly_returns,
    create_json,
    deflate_residual,
    score_performance,
)
from assay.evaluation.performance import compute_returns

FIRST = date(2021, 4, 5)


def grow(returns: np.ndarray) -> np.ndarray:
    return np.concatenate([[1000.0], 1000.0 * np.cumprod(1.0 + returns)])


def create_paths(alpha: float, beta: float, days: int = 1001) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    market = generator.normal(0.0, 0.03, days - 1)
    own = alpha + beta * market + generator.normal(0.0, 0.01, days - 1)
    return grow(own), grow(market)


def test_alpha_and_beta_of_a_made_path_are_found() -> None:
    own, market = create_paths(alpha=0.001, beta=0.5)
    found = score_performance(FIRST, own, {"market": market}, "market").against["market"]
    assert found.beta == pytest.approx(0.5, abs=0.05)
    assert found.alpha_annual == pytest.approx(0.365, abs=0.2)
    expected = 0.001 / 0.01 * np.sqrt(365.0)
    assert found.residual_sharpe == pytest.approx(expected, abs=0.7)


def test_a_benchmark_beside_itself_leaves_nothing() -> None:
    _, market = create_paths(0.0, 1.0)
    found = score_performance(FIRST, market, {"market": market}, "market")
    assert found.against["market"].beta == pytest.approx(1.0)
    assert abs(found.against["market"].alpha_annual) < 1e-9


def test_drawdown_and_return_are_those_of_the_levels() -> None:
    levels = np.array([1000.0, 2000.0, 500.0, 750.0])
    found = score_performance(FIRST, levels, {"market": levels}, "market")
    assert found.max_drawdown == pytest.approx(-0.75)
    assert found.total_return == pytest.approx(-0.25)
    assert np.isnan(found.sharpe)


def test_months_and_years_compound_to_the_whole() -> None:
    own, market = create_paths(0.0, 1.0)
    months = compute_monthly_returns(FIRST, own)
    assert months[0][:2] == (2021, 4)
    assert months[-1][:2] == ((FIRST + timedelta(days=1000)).year, 12)
    whole = own[-1] / own[0]
    assert np.prod([1.0 + value for *_, value in months]) == pytest.approx(whole)
    years = score_performance(FIRST, own, {"market": market}, "market").years
    assert [year.year for year in years] == [2021, 2022, 2023]
    assert np.prod([1.0 + year.total_return for year in years]) == pytest.approx(whole)


def test_a_month_that_ends_with_the_path_is_counted_once() -> None:
    levels = np.linspace(1.0, 2.0, 30)
    months = compute_monthly_returns(date(2021, 4, 2), levels)
    assert [month[:2] for month in months] == [(2021, 4), (2021, 5)]
    expected = [levels[28] / levels[0] - 1.0, 2.0 / levels[28] - 1.0]
    assert [month[2] for month in months] == pytest.approx(expected)


def test_more_tries_leave_less() -> None:
    own, market = create_paths(alpha=0.001, beta=0.5)
    sharpes = np.random.default_rng(0).normal(0.0, 1.0, 50)
    one = deflate_residual(own, market, Trials(1))
    many = deflate_residual(own, market, Trials(50, sharpes))
    assert one.sharpe == pytest.approx(many.sharpe)
    assert many.deflated_sharpe < one.deflated_sharpe
    assert many.expected_best_by_chance > 1.0


def test_plain_values_hold_no_missing_number() -> None:
    own, market = create_paths(0.0, 1.0, days=20)
    plain = create_json(score_performance(FIRST, own, {"market": market}, "market"))
    assert isinstance(plain, dict)
    assert plain["sharpe"] is None
    assert compute_returns(own).size == 19
