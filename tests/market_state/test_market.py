"""Breadth, totals, the bull and bear indicator, regimes and the mood on hand-worked markets."""

import math

import numpy as np
import pytest
from tests.market_state.worlds import create_world, draw_world

from assay.market_state.compute.breadth import (
    compute_share_above,
    compute_share_beating,
    count_extremes,
)
from assay.market_state.compute.holding import compute_holding_returns, find_first_columns
from assay.market_state.compute.market import compute_market, prepare_coins
from assay.market_state.compute.rules import (
    carry_signal,
    compute_components,
    compute_signal,
    compute_volatility_regimes,
    label_mood,
    mix_components,
)
from assay.market_state.compute.totals import choose_largest, sum_columns
from assay.market_state.types import Mood

NAN = math.nan


def test_share_above_the_mean_by_hand() -> None:
    close = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [NAN, NAN, 5.0], [1.0, 1.0, 9.0]])
    universe = np.array([[True] * 3, [True] * 3, [True] * 3, [False] * 3])
    found = compute_share_above(close, universe, 3)
    np.testing.assert_array_equal(found, [NAN, NAN, 0.5])


def test_extremes_by_hand() -> None:
    rising, falling = np.arange(1.0, 101.0), np.arange(100.0, 0.0, -1.0)
    flat = np.full(100, 7.0)
    close = np.stack([rising, falling, flat])
    highs, lows = count_extremes(close, np.ones(close.shape, np.bool_))
    assert (highs[99], lows[99]) == (1, 1)
    assert (highs[50], lows[50]) == (0, 0), "fewer than four fifths of 90 days are known"


def test_share_beating_bitcoin() -> None:
    days = np.arange(91)
    btc = 1.0 + days / 90
    close = np.stack([btc, 1.0 + days / 45, np.ones(91), np.full(91, NAN)])
    found = compute_share_beating(close, np.ones(close.shape, np.bool_), btc)
    assert found[90] == pytest.approx(1 / 3)
    assert math.isnan(found[89])


def test_largest_and_sums_leave_the_unknown_out() -> None:
    sizes = np.array([[5.0], [NAN], [9.0], [5.0], [8.0]])
    chosen = np.array([[True], [True], [True], [True], [False]])
    largest = choose_largest(sizes, chosen, 2)
    assert largest[:, 0].tolist() == [True, False, True, False, False]
    assert sum_columns(sizes, chosen)[0] == 19.0
    assert math.isnan(sum_columns(sizes, np.zeros_like(chosen))[0])


def test_holding_over_a_halt_falls_on_the_day_trading_resumes() -> None:
    found = compute_holding_returns(np.array([[NAN, 1.0, NAN, NAN, 0.5, 1.0], [NAN] * 6]))
    np.testing.assert_array_equal(found[0], [NAN, NAN, NAN, NAN, -0.5, 1.0])
    assert find_first_columns(found).tolist() == [4, 6]


def test_indicator_needs_breadth_and_trend_and_keeps_its_last_signal() -> None:
    level = np.concatenate([np.linspace(0, 1, 150), np.linspace(1, -1, 150)])
    breadth = np.full(300, 0.5)
    breadth[120:130] = 0.7
    breadth[140:145] = 0.3
    breadth[260:] = 0.4
    signal = compute_signal(breadth, level)
    assert set(signal[:79]) == {0}, "the 100-day mean needs 80 days"
    assert set(signal[120:130]) == {1}
    assert set(signal[140:145]) == {0}, "weak breadth above the mean is no bear"
    assert set(signal[260:]) == {-1}
    last, since = carry_signal(signal)
    assert (last[119], since[119]) == (0, -1)
    assert (last[259], since[259]) == (1, 120)
    assert (last[299], since[299]) == (-1, 260)


def test_unknown_breadth_gives_no_signal() -> None:
    assert set(compute_signal(np.full(200, NAN), np.arange(200.0))) == {0}


def test_regime_is_left_only_beyond_its_border() -> None:
    history = np.concatenate([np.linspace(0.0, 1.0, 301), [0.32, 0.34, 0.40, 0.66, 0.68, 0.72]])
    percentile, regime, since = compute_volatility_regimes(history)
    assert set(regime[:179]) == {-1}
    assert math.isnan(percentile[178])
    assert regime[300] == 2
    assert regime[301:].tolist() == [0, 0, 1, 1, 1, 2]
    assert since[302] == 301


def test_mood_is_the_mean_of_what_is_known() -> None:
    parts = np.full((6, 200), NAN)
    parts[:4] = np.linspace(0, 1, 200)
    components = compute_components(parts)
    assert components[0, 199] == pytest.approx(100 * 199.5 / 200)
    assert math.isnan(components[0, 88])
    mood = mix_components(components)
    assert (mood[88], mood[199]) == (-1, 100)
    assert mix_components(components[[0, 1, 2, 4, 5]])[199] == -1, "three parts are too few"


def test_moods_have_the_names_of_the_known_index() -> None:
    found = [label_mood(value) for value in (0, 24, 25, 45, 46, 54, 55, 74, 75, 100)]
    expected = [Mood.EXTREME_FEAR] * 2 + [Mood.FEAR] * 2 + [Mood.NEUTRAL] * 2
    assert found == [*expected, *[Mood.GREED] * 2, *[Mood.EXTREME_GREED] * 2]


def test_a_rising_market_is_greedy_and_a_crash_fearful() -> None:
    days = np.arange(500)
    noise = np.random.default_rng(3).normal(0, 0.01, (12, 500))
    drift = np.where(days < 400, 0.004, -0.03)
    world = create_world(np.exp(np.cumsum(noise + drift, axis=1)))
    coins = prepare_coins(world.panel, np.ones(12, np.bool_))
    series = compute_market(coins, 0)
    assert series.fear_and_greed[399] > series.fear_and_greed[440] + 30
    assert (series.last_signal[399], series.last_signal[499]) == (1, -1)
    assert series.regime[430] == 2
    assert series.above_short[399] == 1.0
    assert series.above_short[499] == 0.0
    assert series.volume[499] == pytest.approx(12e6)
    assert np.isnan(series.market_cap).all()


def test_market_caps_are_summed_where_they_are_known() -> None:
    caps = np.full((130, 40), 2.0)
    caps[0] = 60.0
    caps[5, 10:] = NAN
    world = create_world(np.ones((130, 40)), caps=caps)
    series = compute_market(prepare_coins(world.panel, np.ones(130, np.bool_)), 0, caps)
    assert series.market_cap[39] == 60 + 128 * 2
    assert series.top_market_cap[39] == 60 + 99 * 2
    assert series.btc_cap_share[39] == pytest.approx(60 / 316)


def test_no_later_bar_changes_any_series() -> None:
    world = draw_world(30, 420, seed=5)
    whole = compute_market(prepare_coins(world.panel, np.ones(30, np.bool_)), 0)
    for width in (3, 120, 300, 419):
        part = compute_market(
            prepare_coins(world.panel.until(world.day(width - 1)), np.ones(30, np.bool_)), 0
        )
        for name in part.__dataclass_fields__:
            cut = getattr(whole, name)[..., :width]
            assert getattr(part, name).tobytes() == np.ascontiguousarray(cut).tobytes(), name
