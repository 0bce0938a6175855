"""Scores against a readable reference; what they may not know."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.signals.worlds import create_bars

from assay.signals.compute.trends import carry_closes, compute_market_trends, compute_trends
from assay.signals.types import Bars, Shape

LOOKBACKS = {
    Shape.TREND_5_20: (5, 10, 20),
    Shape.TREND_7_56: (7, 14, 28, 56),
    Shape.TREND_14_84: (14, 28, 56, 84),
    Shape.MOMENTUM_28: (28,),
}


def refer(
    close: list[float], high: list[float], low: list[float], scale: int
) -> dict[Shape, float]:
    """The scores of the last bar, as the head of the module writes them."""
    logs = np.log(close)
    decay, square = (1.0 - 2.0 ** (-1.0 / 20.0)) / scale, 0.0
    for count, change in enumerate(np.diff(logs), start=1):
        square += (change**2 - square) * max(decay, 1.0 / count)
    s = np.sqrt(square)
    scores = {}
    for shape, widths in LOOKBACKS.items():
        parts = [(logs[-1] - logs[-1 - w * scale]) / (s * np.sqrt(w * scale)) for w in widths]
        scores[shape] = float(np.mean(np.clip(parts, -1.0, 1.0)))
    for shape, fast, slow in (
        (Shape.AVERAGES_10_50, 10 * scale, 50 * scale),
        (Shape.AVERAGES_20_100, 20 * scale, 100 * scale),
    ):
        ratio = np.log(np.mean(close[-fast:]) / np.mean(close[-slow:]))
        scores[shape] = float(np.clip(2.0 * ratio / (s * np.sqrt(slow)), -1.0, 1.0))
    for shape, width in ((Shape.CHANNEL_20, 20 * scale), (Shape.CHANNEL_55, 55 * scale)):
        top, bottom = np.log(max(high[-width:])), np.log(min(low[-width:]))
        scores[shape] = float(2.0 * (logs[-1] - bottom) / (top - bottom) - 1.0)
    return scores


@given(st.integers(0, 2**32 - 1), st.integers(1, 2))
@settings(max_examples=25)
def test_every_score_equals_its_formula(seed: int, scale: int) -> None:
    bars = create_bars(seed, tokens=3, bars=260)
    scores, _ = compute_trends(bars, scale)
    expected = refer(bars.close[0].tolist(), bars.high[0].tolist(), bars.low[0].tolist(), scale)
    for shape, value in expected.items():
        assert scores[shape, 0, -1] == pytest.approx(value, abs=2e-5)


def test_a_score_waits_for_its_longest_lookback() -> None:
    bars = create_bars(tokens=3, bars=260)
    scores, _ = compute_trends(bars, 1)
    for shape, first in (
        (Shape.TREND_5_20, 20),
        (Shape.TREND_7_56, 56),
        (Shape.TREND_14_84, 84),
        (Shape.MOMENTUM_28, 28),
        (Shape.AVERAGES_10_50, 49),
        (Shape.AVERAGES_20_100, 99),
        (Shape.CHANNEL_20, 19),
        (Shape.CHANNEL_55, 54),
    ):
        assert np.isnan(scores[shape, 0, :first]).all()
        assert np.isfinite(scores[shape, 0, first:]).all()


def test_a_price_that_does_not_move_has_no_score() -> None:
    flat = np.full((1, 200), 5.0)
    scores, deviation = compute_trends(Bars(np.array([1]), flat, flat, flat), 1)
    assert np.isnan(scores).all()
    assert (deviation[0, 20:] == 0.0).all()


def test_missing_bars_carry_the_close() -> None:
    bars = create_bars(bars=300)
    carried = carry_closes(bars)
    gap = 150
    assert np.isnan(bars.close[-2, gap : gap + 5]).all()
    assert (carried[-2, gap : gap + 5] == bars.close[-2, gap - 1]).all()
    assert np.isnan(carried[-1, :100]).all()


@given(st.integers(0, 2**32 - 1), st.integers(120, 299))
@settings(max_examples=15)
def test_later_bars_change_no_bit(seed: int, cut: int) -> None:
    bars = create_bars(seed, bars=300)
    short = Bars(
        bars.token_ids, *(side[:, :cut].copy() for side in (bars.close, bars.high, bars.low))
    )
    whole, of_prefix = compute_trends(bars, 1), compute_trends(short, 1)
    assert whole[0][:, :, :cut].tobytes() == of_prefix[0].tobytes()
    assert whole[1][:, :cut].tobytes() == of_prefix[1].tobytes()


def test_the_market_is_that_of_the_viewed_coins() -> None:
    bars = create_bars(tokens=5, bars=300)
    viewed = ~np.isnan(bars.close)
    viewed[1:] = False
    own, _ = compute_trends(bars, 1)
    market = compute_market_trends(bars, viewed, 1)
    np.testing.assert_allclose(
        market[Shape.TREND_7_56, 100:], own[Shape.TREND_7_56, 0, 100:], atol=1e-5
    )
