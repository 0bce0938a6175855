import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assay.evaluation import portfolio
from assay.evaluation.books import compute_books, compute_daily_growth
from assay.evaluation.types import Matrix
from assay.kit.errors import BadInput

SEEDS = st.integers(0, 2**32 - 1)


def simulate_book(
    closes: Matrix, buckets: NDArray[np.int8], part: int, start: int, holding: int
) -> tuple[Matrix, Matrix]:
    """The slow, readable book: a purse of coins whose values move with prices."""
    tokens, days = closes.shape
    parts = int(buckets.max()) + 1
    filled = closes.copy()
    for day in range(1, days):
        gone = np.isnan(filled[:, day])
        filled[gone, day] = filled[gone, day - 1]
    growth, traded = np.full(days, np.nan), np.zeros(days)
    weights: dict[int, float] | None = None
    for day in range(start + 1, days):
        if weights is not None:
            for token in weights:
                move = filled[token, day] / filled[token, day - 1]
                weights[token] *= move if np.isfinite(move) else 1.0
            growth[day] = sum(weights.values())
            weights = {token: value / growth[day] for token, value in weights.items()}
        if (day - start - 1) % holding or day + 1 >= days:
            continue
        chosen = [
            [
                token
                for token in range(tokens)
                if buckets[token, day - 1] == wanted and np.isfinite(closes[token, day])
            ]
            for wanted in range(parts)
        ]
        if any(not coins for coins in chosen):
            continue
        target = {token: 1.0 / len(chosen[part]) for token in chosen[part]}
        old = weights or {}
        traded[day + 1] = sum(
            abs(target.get(token, 0.0) - old.get(token, 0.0)) for token in {*target, *old}
        )
        weights = target
    return growth, traded


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.integers(1, 6))
def test_books_equal_the_readable_reference(seed: int, holding: int) -> None:
    rng = np.random.default_rng(seed)
    closes = np.exp(np.cumsum(rng.normal(0.0, 0.05, (9, 24)), axis=1))
    closes[rng.random(closes.shape) < 0.05] = np.nan
    closes[2, 12:] = np.nan
    buckets = rng.integers(-1, 3, closes.shape).astype(np.int8)
    books = compute_books(closes, buckets, parts=3, holding_days=holding)
    for start in range(holding):
        for part in range(3):
            growth, traded = simulate_book(closes, buckets, part, start, holding)
            np.testing.assert_allclose(books.growth[start, part], growth, atol=1e-12)
            np.testing.assert_allclose(books.traded[start, part], traded, atol=1e-12)


def test_a_book_buys_one_day_after_the_judgement_and_earns_from_the_day_after() -> None:
    closes = np.array([[1.0, 2.0, 6.0, 6.0]])
    books = compute_books(closes, np.zeros((1, 4), dtype=np.int8), parts=1, holding_days=2)
    assert np.isnan(books.growth[0, 0, :2]).all()
    assert books.growth[0, 0, 2] == pytest.approx(3.0)
    assert books.traded[0, 0, 2] == pytest.approx(1.0), "the entry is paid for"


def test_a_dead_coin_leaves_at_its_last_price() -> None:
    closes = np.array([[1.0, 1.0, 0.2, np.nan, np.nan, np.nan], [1.0] * 6])
    buckets = np.zeros((2, 6), dtype=np.int8)
    books = compute_books(closes, buckets, parts=1, holding_days=3)
    value = np.nancumprod(books.growth[0, 0])
    assert value[-1] == pytest.approx(0.6)


def test_a_coin_without_a_bar_on_the_trading_day_is_not_bought() -> None:
    closes = np.array([[1.0, np.nan, 50.0], [1.0, 1.0, 2.0]])
    books = compute_books(closes, np.zeros((2, 3), dtype=np.int8), parts=1, holding_days=5)
    assert books.growth[0, 0, 2] == pytest.approx(2.0)


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.integers(4, 20))
def test_a_books_past_does_not_depend_on_later_judgements_or_prices(seed: int, day: int) -> None:
    rng = np.random.default_rng(seed)
    closes = np.exp(np.cumsum(rng.normal(0.0, 0.05, (8, 24)), axis=1))
    buckets = rng.integers(0, 2, closes.shape).astype(np.int8)
    other_closes, other_buckets = closes.copy(), buckets.copy()
    other_closes[:, day + 1 :] *= rng.uniform(0.5, 2.0, (8, 23 - day))
    other_buckets[:, day - 1 :] = 1 - other_buckets[:, day - 1 :]
    first = compute_books(closes, buckets, parts=2, holding_days=3)
    second = compute_books(other_closes, other_buckets, parts=2, holding_days=3)
    np.testing.assert_array_equal(first.growth[:, :, : day + 1], second.growth[:, :, : day + 1])
    np.testing.assert_array_equal(first.traded[:, :, : day + 1], second.traded[:, :, : day + 1])


def test_a_book_needs_a_day() -> None:
    with pytest.raises(BadInput, match="at least 1 day"):
        compute_books(np.ones((2, 5)), np.zeros((2, 5), dtype=np.int8), parts=1, holding_days=0)


def test_growth_bridges_a_gap_with_the_last_price() -> None:
    growth = compute_daily_growth(np.array([[np.nan, 2.0, np.nan, 3.0]]))
    np.testing.assert_allclose(growth[:, 0], [1.0, 1.0, 1.0, 1.5])


def test_costs_take_from_the_long_and_add_to_what_a_short_owes() -> None:
    closes = np.array([[1.0, 1.0, 1.1, 1.1], [1.0, 1.0, 1.1, 1.1]])
    books = compute_books(closes, np.zeros((2, 4), dtype=np.int8), parts=1, holding_days=9)
    gross = portfolio.compute_part_returns(books, 0, 0.0)[0, 2]
    long_leg = portfolio.compute_part_returns(books, 0, 10.0)[0, 2]
    short_leg = portfolio.compute_part_returns(books, 0, 10.0, short=True)[0, 2]
    assert gross == pytest.approx(0.1)
    assert long_leg == pytest.approx(1.1 * 0.999 - 1.0)
    assert short_leg == pytest.approx(1.1 * 1.001 - 1.0)


def test_weekly_returns_and_sharpe_of_a_worked_example() -> None:
    daily = np.concatenate([[np.nan], np.full(15, 0.01)])
    weekly = portfolio.compute_weekly(daily)
    np.testing.assert_allclose(weekly, [1.01**7 - 1.0] * 2)
    values = np.array([0.01, 0.03] * 10)
    expected = 0.02 / values.std(ddof=1) * np.sqrt(365.0 / 7.0)
    assert portfolio.compute_sharpe(values) == pytest.approx(expected)
    assert np.isnan(portfolio.compute_sharpe(values[:4]))
    assert np.isnan(portfolio.compute_sharpe(np.full(20, 0.5)))
    assert np.isnan(portfolio.compute_annual_mean(values[:0]))


def test_drawdown_counts_from_the_first_day() -> None:
    found = portfolio.compute_drawdowns(np.array([0.9, 1.2, 0.6]))
    np.testing.assert_allclose(found, [-0.1, 0.0, -0.5])


def test_spread_equity_steps_by_the_difference_of_weekly_returns() -> None:
    rng = np.random.default_rng(1)
    long_leg = np.concatenate([[np.nan, np.nan], rng.normal(0.002, 0.03, 30)])
    short_leg = np.concatenate([[np.nan, np.nan], rng.normal(0.0, 0.03, 30)])
    equity = portfolio.compute_spread_equity(long_leg, short_leg)
    weekly = portfolio.compute_weekly(long_leg) - portfolio.compute_weekly(short_leg)
    np.testing.assert_allclose(equity[8::7][:4], np.cumprod(1.0 + weekly))
    assert (equity[:2] == 1.0).all()
    assert (portfolio.compute_spread_equity(long_leg * np.nan, short_leg) == 1.0).all()


def test_leg_regression_finds_alpha_and_beta() -> None:
    rng = np.random.default_rng(1)
    market = rng.normal(0.0, 0.05, 20_000)
    leg = portfolio.score_leg(0.004 + 1.3 * market + rng.normal(0.0, 0.01, 20_000), market)
    assert leg.beta == pytest.approx(1.3, abs=0.02)
    assert leg.alpha_annual == pytest.approx(0.004 * 365 / 7, abs=0.06)
    assert leg.residual_sharpe == pytest.approx(0.4 * np.sqrt(365 / 7), abs=0.2)
    assert np.isnan(portfolio.score_leg(market, np.zeros(20_000)).beta)


@settings(deadline=None, max_examples=15)
@given(SEEDS)
def test_costs_only_ever_lower_the_spread(seed: int) -> None:
    rng = np.random.default_rng(seed)
    closes = np.exp(np.cumsum(rng.normal(0.0, 0.03, (30, 90)), axis=1))
    run = portfolio.score_quintiles(
        closes,
        rng.normal(size=closes.shape),
        np.ones(closes.shape, dtype=np.bool_),
        name="synthetic",
        holding_days=7,
        benchmark_row=None,
    )
    report = run.report
    assert report.gross.sharpe > report.net.sharpe > report.net_30bp.sharpe
    assert report.gross.annual_return > report.net.annual_return > report.net_30bp.annual_return
    assert report.long_leg_bitcoin is None
    # A score of pure noise swaps four fifths of both legs every week.
    assert 0.6 * 2 * 365 / 7 < report.turnover < 1.1 * 2 * 365 / 7


def test_an_oracle_earns_and_its_fifths_stand_in_order() -> None:
    rng = np.random.default_rng(8)
    closes = np.exp(np.cumsum(rng.normal(0.0, 0.03, (50, 200)), axis=1))
    future = np.full(closes.shape, np.nan)
    future[:, :-8] = closes[:, 8:] / closes[:, 1:-7]
    members = np.isfinite(future)
    report = portfolio.score_quintiles(
        closes, future, members, name="synthetic", holding_days=7, benchmark_row=3
    ).report
    assert list(report.annual_returns) == sorted(report.annual_returns)
    assert report.net.sharpe > 10.0
    assert report.long_leg_bitcoin is not None
    assert report.long_leg_market.alpha_annual > 0.0
