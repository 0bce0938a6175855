"""Levels on prices drawn by hand, against a plain reading of the method, and their sequel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.forecasts.compute.levels import TURN_DAYS, compute_levels
from assay.forecasts.compute.touches import (
    BOUNCED,
    BROKEN,
    OPEN,
    UNTOUCHED,
    follow_levels,
)
from assay.forecasts.types import Series


def _zigzag() -> Series:
    """Between 100 and 110, turning every 10 days, then up to 105."""
    up = np.linspace(100.0, 110.0, 11)
    return np.concatenate([up, up[-2:0:-1], up, up[-2:0:-1], up, up[-2:4:-1]])


def test_a_price_between_two_walls_has_both_of_them_as_levels() -> None:
    close = _zigzag()
    tolerances = np.full(close.size, 0.01)
    levels = compute_levels(close * 1.001, close / 1.001, close, tolerances)
    known = np.isfinite(levels.level[-1])
    prices = np.exp(levels.level[-1][known])
    assert sorted(prices) == pytest.approx([100.0 / 1.001, 110.0 * 1.001])
    top, bottom = prices.argmax(), prices.argmin()
    # Tops on days 10, 30 and 50, bottoms on 20 and 40 (the price begins at 100 and turns nothing).
    assert levels.touches[-1, top] == 3
    assert levels.bounces[-1, top] == 3
    assert levels.touches[-1, bottom] == 2
    assert levels.bounces[-1, bottom] == 2
    # 109 times 1.001 lies inside the band of 1 %: a visit begins a day before the top.
    assert (levels.first[-1, top], levels.last[-1, top]) == (9, 49)
    assert (levels.first[-1, bottom], levels.last[-1, bottom]) == (19, 39)


def test_a_turning_point_is_known_five_days_later() -> None:
    close = _zigzag()
    levels = compute_levels(close * 1.001, close / 1.001, close, np.full(close.size, 0.01))
    # The second top, of day 30, makes the level of 110.
    assert np.isnan(levels.level[30 + TURN_DAYS - 1]).all()
    assert np.isfinite(levels.level[30 + TURN_DAYS]).sum() == 1


def test_a_level_that_gave_way_has_fewer_bounces_than_touches() -> None:
    close = np.concatenate([_zigzag(), np.linspace(106.0, 125.0, 20)])
    levels = compute_levels(close * 1.001, close / 1.001, close, np.full(close.size, 0.01))
    prices = np.exp(levels.level[-1])
    top = int(np.nanargmin(np.abs(prices - 110.11)))
    assert (levels.touches[-1, top], levels.bounces[-1, top]) == (4, 3)


def test_nothing_is_named_without_a_tolerance_or_a_bar_or_turns() -> None:
    close = _zigzag()
    bars = close * 1.001, close / 1.001
    assert np.isnan(compute_levels(*bars, close, np.full(close.size, np.nan)).level).all()
    assert np.isnan(compute_levels(*bars, close, np.zeros(close.size)).level).all()
    gone = close.copy()
    gone[-1] = np.nan
    assert np.isnan(compute_levels(*bars, gone, np.full(close.size, 0.01)).level[-1]).all()
    flat = np.full(80, 7.0)
    assert np.isnan(compute_levels(flat, flat, flat, np.full(80, 0.01)).level).all()


def _list_turns(high: Series, low: Series, day: int) -> list[tuple[float, int]]:
    found: list[tuple[float, int]] = []
    for center in range(max(5, day - 364), day - 4):
        around = [other for other in range(center - 5, center + 6) if other != center]
        for values, sign in ((high, 1.0), (low, -1.0)):
            peak = sign * values[center]
            if all(
                sign * values[other] < peak or (sign * values[other] == peak and other > center)
                for other in around
            ):
                found.append((float(values[center]), center))
    return found


def _cluster(turns: list[tuple[float, int]], width: float) -> list[float]:
    left = sorted(turns)
    found: list[float] = []
    while left and len(found) < 12:
        groups = [
            [turn for turn in left if start[0] <= turn[0] <= start[0] + width] for start in left
        ]
        best = max(groups, key=len)
        if len(best) < 2:
            break
        found.append(float(np.mean([price for price, _ in best])))
        left = [turn for turn in left if turn not in best]
    return found


@given(st.integers(0, 10_000), st.floats(0.005, 0.05))
def test_levels_equal_a_plain_reading(seed: int, tolerance: float) -> None:
    generator = np.random.default_rng(seed)
    close = np.exp(np.cumsum(generator.normal(0, 0.04, 450)))
    wide = 1 + np.abs(generator.normal(0, 0.02, (2, 450)))
    high, low = close * wide[0], close / wide[1]
    levels = compute_levels(high, low, close, np.full(450, tolerance), 449)
    price = float(np.log(close[-1]))
    named = _cluster(_list_turns(np.log(high), np.log(low), 449), 2 * tolerance)
    below = sorted((level for level in named if level < price), reverse=True)[:3]
    above = sorted(level for level in named if level >= price)[:3]
    shown = levels.level[-1][np.isfinite(levels.level[-1])]
    wanted = np.array(sorted(below + above))
    # A level that was never visited from outside is left out, so those shown are among the wanted.
    assert all(np.abs(wanted - level).min() < 1e-9 for level in shown)
    assert shown.size >= wanted.size - 1
    assert (levels.bounces <= levels.touches).all()


def test_a_longer_history_changes_no_earlier_row() -> None:
    generator = np.random.default_rng(4)
    close = np.exp(np.cumsum(generator.normal(0, 0.04, 300)))
    bars = np.stack([close * 1.02, close / 1.02, close, np.full(300, 0.02)])
    whole, part = compute_levels(*bars), compute_levels(*bars[:, :200])
    for name in ("level", "touches", "bounces", "first", "last"):
        assert getattr(whole, name)[:200].tobytes() == getattr(part, name).tobytes()


def test_what_became_of_a_level() -> None:
    close = np.array([[100.0, 104.0, 109.0, 107.0, 105.0, 112.0, 120.0, 121.0]])
    bars = close * 1.005, close / 1.005, close

    def follow(price: float, column: int, days: int) -> int:
        place = np.array([0]), np.array([column])
        level, tolerance = np.log(np.array([price])), np.array([0.01])
        return int(follow_levels(bars, *place, level, tolerance, days)[0])

    assert follow(110.0, 0, 4) == BOUNCED  # reached on day 2, below the band on day 3
    assert follow(111.0, 4, 2) == BROKEN  # reached on day 5, above it on day 6
    assert follow(104.0, 2, 3) == BOUNCED  # reached on day 4 from above, left upwards on day 5
    assert follow(120.5, 4, 3) == OPEN  # reached on day 6 and still inside on the last one
    assert follow(90.0, 0, 5) == UNTOUCHED
    assert follow(90.0, 0, 9) == OPEN  # the days it asks for have not all passed
