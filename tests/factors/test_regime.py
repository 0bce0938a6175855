"""Universe, market return, regime and relative volatility: as they say, causal and bounded."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assay.factors.compute.mathematics import compute_exp
from assay.factors.compute.regime import (
    REGIMES,
    VOLATILITY_REACH,
    compute_market_returns,
    compute_median_volumes,
    compute_regimes,
    compute_relative_volatility,
    compute_universe,
)

Matrix = NDArray[np.float64]
Flags = NDArray[np.bool_]
World = tuple[Matrix, Matrix, Flags]


@st.composite
def worlds(draw: st.DrawFn, max_days: int = 160) -> World:
    """Closes and volumes of tokens that list late, halt and die, and which of them are coins."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    tokens, days = draw(st.integers(1, 12)), draw(st.integers(1, max_days))
    holes = draw(st.sampled_from([0.0, 0.03, 0.4]))
    noise = draw(st.sampled_from([0.0, 0.05, 1.0]))
    close = compute_exp(np.cumsum(generator.normal(0.0, noise, (tokens, days)), axis=1))
    volume = compute_exp(generator.normal(11.5, 1.0, (tokens, days))) / close
    volume[generator.random((tokens, days)) < 0.2] = 0.0
    volume[generator.random((tokens, days)) < 0.3 * holes] = np.nan
    absent = generator.random((tokens, days)) < holes
    absent |= np.arange(days) < generator.integers(-days, days, tokens)[:, None]
    absent |= np.arange(days) > generator.integers(0, 2 * days, tokens)[:, None]
    close[absent] = np.nan
    volume[absent] = np.nan
    return close, volume, generator.random(tokens) < 0.8


def build_universe(world: World) -> Flags:
    close, volume, is_coin = world
    return compute_universe(close, compute_median_volumes(close, volume), is_coin)


def build_months(close: Matrix) -> Matrix:
    months = np.full(close.shape, np.nan)
    with np.errstate(invalid="ignore"):
        months[:, 30:] = np.log(close[:, 30:] / close[:, :-30])
    return months


@given(worlds())
def test_the_universe_is_what_its_sentence_says(world: World) -> None:
    close, volume, is_coin = world
    universe = build_universe(world)
    for token, day in np.ndindex(*close.shape):
        bars = np.flatnonzero(~np.isnan(close[token, : day + 1]))
        begin = max(day - 29, 0)
        traded = close[token, begin : day + 1] * volume[token, begin : day + 1]
        traded = traded[~np.isnan(traded)]
        is_member = (
            is_coin[token]
            and bars.size > 0
            and bars[-1] == day
            and day - bars[0] + 1 >= 30
            and traded.size > 0
            and np.median(traded) >= 100_000.0
        )
        assert universe[token, day] == is_member


@given(worlds())
def test_the_market_moves_by_the_mean_of_yesterdays_members(world: World) -> None:
    close = world[0]
    universe = build_universe(world)
    market = compute_market_returns(close, universe)
    assert np.isnan(market[0])
    for day in range(1, close.shape[1]):
        moves = np.log(close[:, day] / close[:, day - 1])[universe[:, day - 1]]
        moves = np.clip(moves[~np.isnan(moves)], -0.5, 0.5)
        expected = moves.mean() if moves.size >= 3 else np.nan
        np.testing.assert_allclose(market[day], expected, rtol=1e-12, atol=1e-15)


@given(worlds())
def test_regimes_equal_their_formulas_and_stay_in_bounds(world: World) -> None:
    close = world[0]
    universe = build_universe(world)
    market, months = compute_market_returns(close, universe), build_months(close)
    regimes = compute_regimes(market, months, universe)
    assert regimes.shape == (len(REGIMES), close.shape[1])
    assert (np.abs(regimes) <= 1.0).all()
    known = np.nan_to_num(market)
    for day in range(close.shape[1]):
        row = dict(zip(REGIMES, regimes[:, day], strict=True))
        span = {
            days: known[max(day - days + 1, 0) : day + 1].sum() / (0.05 * np.sqrt(days))
            for days in (1, 7, 10, 30)
        }
        expected = {
            "day": span[1] / (1.0 + abs(span[1])),
            "week": np.tanh(span[7]),
            "ten_days": span[10] / (1.0 + abs(span[10])),
            "month": span[30] / (1.0 + abs(span[30])),
            "volatility": 0.0,
            "breadth": 0.0,
            "dispersion": 0.0,
        }
        square = (known[max(day - 29, 0) : day + 1] ** 2).sum() / 30.0
        if square > 0.0:
            expected["volatility"] = np.tanh(np.log(np.sqrt(square) / 0.045))
        months_of_members = months[universe[:, day], day]
        months_of_members = months_of_members[~np.isnan(months_of_members)]
        if months_of_members.size >= 5:
            expected["breadth"] = 2.0 * (months_of_members > 0.0).mean() - 1.0
            width = float(np.diff(np.quantile(months_of_members, [0.25, 0.75]))[0])
            expected["dispersion"] = np.tanh(1.5 * np.log(width / 0.25)) if width > 0.0 else -1.0
        expected["week_in_volatility"] = expected["week"] * expected["volatility"]
        expected["week_in_dispersion"] = expected["week"] * expected["dispersion"]
        for name, value in expected.items():
            assert row[name] == pytest.approx(value, rel=1e-5, abs=1e-12), name


@given(worlds())
def test_relative_volatility_is_a_weighted_mean_of_squares(world: World) -> None:
    close = world[0]
    universe = build_universe(world)
    ours = compute_relative_volatility(close, universe)
    changes = np.full(close.shape, np.nan)
    changes[:, 1:] = np.log(close[:, 1:] / close[:, :-1])
    for day in range(close.shape[1]):
        members = changes[universe[:, day], day]
        members = members[~np.isnan(members)]
        changes[:, day] -= np.median(members) if members.size else 0.0
    for token, day in np.ndindex(*close.shape):
        past = changes[token, max(day - VOLATILITY_REACH + 1, 0) : day + 1][::-1]
        weights = 0.94 ** np.arange(past.size)[~np.isnan(past)]
        past = past[~np.isnan(past)]
        expected = np.nan
        if past.size >= 20 and not np.isnan(close[token, day]):
            expected = np.sqrt((weights * past * past).sum() / weights.sum())
        np.testing.assert_allclose(ours[token, day], expected, rtol=5.1e-6, atol=1e-12)


@given(worlds(), st.data())
def test_a_longer_panel_changes_no_bit_of_the_past(world: World, data: st.DataObject) -> None:
    close, volume, is_coin = world
    days = data.draw(st.integers(1, close.shape[1]))
    cut = (close[:, :days], volume[:, :days], is_coin)
    np.testing.assert_array_equal(
        compute_median_volumes(*cut[:2]), compute_median_volumes(close, volume)[:, :days]
    )
    whole, part = build_universe(world), build_universe(cut)
    np.testing.assert_array_equal(part, whole[:, :days])
    market, market_of_part = (
        compute_market_returns(close, whole),
        compute_market_returns(cut[0], part),
    )
    np.testing.assert_array_equal(market_of_part, market[:days])
    months = build_months(close)
    np.testing.assert_array_equal(
        compute_regimes(market_of_part, months[:, :days], part),
        compute_regimes(market, months, whole)[:, :days],
    )
    np.testing.assert_array_equal(
        compute_relative_volatility(cut[0], part),
        compute_relative_volatility(close, whole)[:, :days],
    )


@settings(max_examples=60)
@given(worlds(max_days=400), st.data())
def test_a_later_start_gives_the_same_bits(world: World, data: st.DataObject) -> None:
    close, volume, is_coin = world
    start = data.draw(st.integers(0, close.shape[1] - 1))
    medians = compute_median_volumes(close, volume)
    late = compute_median_volumes(close, volume, start)
    assert np.isnan(late[:, :start]).all()
    np.testing.assert_array_equal(late[:, start:], medians[:, start:])
    # What a start reads: the universe of the days before it, not of all days.
    universe = compute_universe(close, medians, is_coin)
    near = universe.copy()
    near[:, : max(start - VOLATILITY_REACH, 0)] = False
    np.testing.assert_array_equal(
        compute_relative_volatility(close, near, start)[:, start:],
        compute_relative_volatility(close, universe)[:, start:],
    )
    market, market_of_near = (
        compute_market_returns(close, universe),
        compute_market_returns(close, near),
    )
    months = build_months(close)
    np.testing.assert_array_equal(
        compute_regimes(market_of_near, months[:, start:], near, start),
        compute_regimes(market, months, universe)[:, start:],
    )
