"""Triple-barrier labels: what is touched first, and that no label ends after what is known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.signals.worlds import create_bars

from assay.factors import compute_log
from assay.signals.compute.barriers import (
    BOTH,
    UNKNOWN,
    compute_labels,
    compute_widths,
    find_touches,
    label_touches,
)
from assay.signals.compute.trends import compute_trends
from assay.signals.types import DAILY

SHORT = replace(DAILY, horizon=3)


def touch(highs: list[float], lows: list[float], upper: float, lower: float) -> int:
    shape = (1, len(highs))
    found = find_touches(
        np.array([highs]), np.array([lows]), np.full(shape, upper), np.full(shape, lower), 3
    )
    return int(found[0, 0])


@pytest.mark.parametrize(
    ("highs", "lows", "expected"),
    [
        ([9, 1, 2, 1], [-9, 0, 0, 0], 1),
        ([9, 1, 1, 1], [-9, 0, -2, 0], -1),
        ([9, 2, 1, 1], [-9, 0, -2, 0], 1),
        ([9, 2, 1, 1], [-9, -2, 0, 0], BOTH),
        ([9, 1, 1, 1], [-9, 0, 0, 0], 0),
        ([9, 1, float("nan"), 2], [-9, 0, float("nan"), 0], 1),
        ([9, 1, 1, 1, 2], [-9, 0, 0, 0, 0], 0),
    ],
)
def test_the_first_level_counts_within_the_horizon(
    highs: list[float], lows: list[float], expected: int
) -> None:
    assert touch(highs, lows, 2.0, -2.0) == expected


def test_a_bar_that_reaches_both_counts_for_the_stop() -> None:
    both = np.array([[BOTH]], np.int8)
    assert label_touches(both, 1) == 0
    assert label_touches(both, -1) == 0


def test_a_missing_level_is_unknown() -> None:
    assert touch([1, 1, 1, 1], [0, 0, 0, 0], float("nan"), -2.0) == UNKNOWN


def test_a_coin_that_dies_reaches_nothing() -> None:
    gone = float("nan")
    assert touch([1, 1, gone, gone], [0, 0, gone, gone], 2.0, -2.0) == 0


def labels_of(seed: int, known: int | None = None) -> np.ndarray:
    bars = create_bars(seed, bars=260)
    _, deviation = compute_trends(bars, 1)
    sides = [compute_log(side[:, :known]) for side in (bars.close, bars.high, bars.low)]
    return compute_labels(SHORT, sides[0], sides[1], sides[2], deviation[:, :known])


@given(st.integers(0, 2**32 - 1), st.integers(60, 259))
@settings(max_examples=20)
def test_no_label_ends_after_what_is_known(seed: int, known: int) -> None:
    whole, of_prefix = labels_of(seed), labels_of(seed, known)
    assert (of_prefix[:, :, known - SHORT.horizon :] == UNKNOWN).all()
    sure = known - SHORT.horizon
    np.testing.assert_array_equal(whole[:, :, :sure], of_prefix[:, :, :sure])


def test_targets_and_stops_lie_where_the_book_says() -> None:
    _, deviation = compute_trends(create_bars(bars=260), 1)
    target, stop = compute_widths(DAILY, deviation)
    s = deviation[0, -1]
    assert target[0, -1] == pytest.approx(DAILY.target_width * s * np.sqrt(DAILY.horizon))
    assert stop[0, -1] == pytest.approx(DAILY.stop_width * s * np.sqrt(DAILY.horizon))
    assert np.isnan(target[0, :20]).all()


def test_long_and_short_labels_are_mirror_images() -> None:
    bars = create_bars(3, bars=260)
    _, deviation = compute_trends(bars, 1)
    sides = [compute_log(side) for side in (bars.close, bars.high, bars.low)]
    plain = compute_labels(SHORT, sides[0], sides[1], sides[2], deviation)
    mirrored = compute_labels(SHORT, -sides[0], -sides[2], -sides[1], deviation)
    np.testing.assert_array_equal(plain, mirrored[::-1])
    assert 0.05 < plain[plain >= 0].mean() < 0.6
