"""The rule in force: the best past, nothing later, the default where there is none."""

from dataclasses import replace

import numpy as np
import pytest
from tests.signals.worlds import create_bars

from assay.backtest import run_signals
from assay.markets.types import BITCOIN
from assay.signals.compute.choosing import choose_rules, compute_gains
from assay.signals.compute.walking import Scene, compute_rule_states, compute_scene
from assay.signals.types import DAILY, Bars

REFITS = [200, 260, 320]


@pytest.fixture(scope="module")
def scene() -> Scene:
    return compute_scene(DAILY, create_bars(5, bars=400, drift=0.02), int(BITCOIN))


def gains_of(scene: Scene, refits: list[int]) -> np.ndarray:
    trends = (scene.own, scene.market, scene.bitcoin)
    return compute_gains(DAILY, trends, scene.viewed, scene.returns, refits)


def test_a_gain_is_the_growth_over_constant_exposure(scene: Scene) -> None:
    gains = gains_of(scene, REFITS)
    index, refit, coin = 27, 320, 0
    states, _ = compute_rule_states(DAILY, scene, index)
    start = int(scene.viewed[coin].argmax())
    position = np.maximum(states[coin, start : refit - 1], 0).astype(float)
    r = scene.returns[coin, start + 2 : refit + 1]
    fees = DAILY.side_cost * np.abs(np.diff(position, append=max(states[coin, refit - 1], 0)))
    f = position * r - fees
    e = position.mean()
    entry = DAILY.side_cost * position[0] / position.size
    expected = f.mean() - entry - 0.5 * f.var() - (e * r.mean() - 0.5 * e * e * r.var())
    assert gains[index, 2, coin] == pytest.approx(expected, abs=2e-5)


def test_a_gain_is_near_the_growth_of_the_back_tester(scene: Scene) -> None:
    gains = gains_of(scene, [399])
    index, coin = 27, 1
    states, _ = compute_rule_states(DAILY, scene, index)
    start = int(scene.viewed[coin].argmax())
    close = scene.bars.close[coin : coin + 1, start:]
    orders = np.maximum(states[coin : coin + 1, start:], 0).astype(float)
    exposure = np.full_like(orders, orders[0, :-2].mean())
    growth = [
        np.log1p(run_signals(close, wish, fee_bps=DAILY.fee_bps, slippage_bps=DAILY.slippage_bps))
        for wish in (orders, exposure)
    ]
    bars = close.shape[1] - 2
    expected = (growth[0].sum() - growth[1].sum()) / bars
    assert gains[index, 0, coin] == pytest.approx(expected, abs=2e-4)


def test_the_best_median_is_chosen_and_ties_go_to_the_earlier(scene: Scene) -> None:
    gains = gains_of(scene, REFITS)
    choices = choose_rules(DAILY, gains, REFITS)
    assert [choice.column for choice in choices] == [0, *REFITS]
    assert choices[0].rule == DAILY.default
    for place, choice in enumerate(choices[1:]):
        medians = np.nanmedian(gains[:, place], axis=1)
        assert medians[choice.rule] == np.nanmax(medians)
        assert choice.rule == int(np.nanargmax(medians))


def test_without_a_past_the_default_stands(scene: Scene) -> None:
    early = [10, 120]
    choices = choose_rules(DAILY, gains_of(scene, early), early)
    assert [choice.rule for choice in choices] == [DAILY.default] * 3
    assert all(np.isnan(choice.growth) for choice in choices)


def test_bars_after_a_refit_change_no_bit_of_its_gains() -> None:
    bars = create_bars(9, bars=400)
    altered = [side.copy() for side in (bars.close, bars.high, bars.low)]
    for side in altered:
        side[:, 261:] *= np.random.default_rng(3).uniform(0.3, 3.0, side[:, 261:].shape)
    other = compute_scene(DAILY, Bars(bars.token_ids, *altered), int(BITCOIN))
    one = compute_scene(DAILY, bars, int(BITCOIN))
    known = [200, 260]
    assert gains_of(one, known).tobytes() == gains_of(other, known).tobytes()
    assert not np.array_equal(gains_of(one, [399]), gains_of(other, [399]), equal_nan=True)


def test_dear_trading_lowers_every_gain(scene: Scene) -> None:
    trends = (scene.own, scene.market, scene.bitcoin)
    dear = replace(DAILY, fee_bps=100.0)
    cheap = compute_gains(DAILY, trends, scene.viewed, scene.returns, [399])
    costly = compute_gains(dear, trends, scene.viewed, scene.returns, [399])
    assert np.nanmax(costly - cheap) <= 1e-12
    assert np.nanmin(costly - cheap) < -1e-4
