"""Iterative caps: whole, none above, order kept; and weights as whole millionths."""

from itertools import pairwise
from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.indices.compute.caps import cap_weights, fit_weights, floor_weights
from assay.kit.errors import BadInput

sizes = st.lists(st.floats(1e-6, 1e12), min_size=1, max_size=60)


@given(sizes, st.floats(0.0, 1.0))
def test_whole_none_above_the_cap_and_in_order(values: list[float], spare: float) -> None:
    least = 1.0 / len(values)
    cap = min(1.0, least + spare * (1.0 - least) + 1e-9)
    weights = cap_weights(values, cap)
    assert fsum(weights) == pytest.approx(1.0, abs=1e-9)
    assert max(weights) <= cap
    assert min(weights) > 0.0
    pairs = sorted(zip(values, weights, strict=True))
    for (_, left), (_, right) in pairwise(pairs):
        assert left <= right * (1.0 + 1e-9)


def test_what_is_cut_off_goes_to_the_others_in_proportion() -> None:
    assert cap_weights([60.0, 20.0, 10.0, 10.0], 0.4) == pytest.approx([0.4, 0.3, 0.15, 0.15])
    # The second is pushed above the cap by what the first loses, and is capped in its turn.
    assert cap_weights([60.0, 30.0, 6.0, 4.0], 0.35) == pytest.approx([0.35, 0.35, 0.18, 0.12])


def test_a_cap_that_cannot_hold_says_what_would() -> None:
    with pytest.raises(BadInput, match=r"3 coins of at most 0\.25") as caught:
        cap_weights([1.0, 2.0, 3.0], 0.25)
    assert "0.3333" in caught.value.hint


@pytest.mark.parametrize("values", [[], [1.0, 0.0], [1.0, float("nan")], [-1.0]])
def test_sizes_that_mean_nothing_are_refused(values: list[float]) -> None:
    with pytest.raises(BadInput, match="sizes above 0"):
        cap_weights(values, 1.0)


def test_too_few_coins_leave_the_rest_to_cash() -> None:
    assert fit_weights([5.0, 1.0], 0.2) == [0.2, 0.2]
    assert fit_weights([], 0.2) == []


@given(st.lists(st.integers(0, 1_000_000), min_size=1, max_size=30))
def test_millionths_stay_what_they_are(parts: list[int]) -> None:
    weights = [part / 1_000_000 for part in parts]
    assert floor_weights(weights) == weights


@given(sizes)
def test_cut_weights_never_make_more_than_the_whole(values: list[float]) -> None:
    weights = floor_weights(cap_weights(values, 1.0))
    assert fsum(weights) <= 1.0 + 1e-8
    assert fsum(weights) >= 1.0 - 1.1e-6 * len(values)
