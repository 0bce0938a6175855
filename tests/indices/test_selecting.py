"""Ranks and buffer bands."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.indices.compute.selecting import choose_members, leave_out_largest, rank_rows
from assay.indices.types import Basket, RankBy


def create_basket(count: int, buffer: float) -> Basket:
    return Basket(RankBy.SIZE, count, buffer, 0.0, 0, None, ())


def test_ties_go_by_row_and_holes_are_left_out() -> None:
    values = np.array([1.0, 3.0, np.nan, 3.0, 5.0])
    eligible = np.array([True, True, True, True, False])
    assert rank_rows(values, eligible) == [1, 3, 0]


def test_a_holding_stays_until_it_leaves_the_band() -> None:
    order = list(range(20))
    basket = create_basket(10, 0.2)
    assert choose_members(order, {11}, basket) == [*range(9), 11]
    assert choose_members(order, {12}, basket) == list(range(10))


def test_a_newcomer_in_the_inner_band_pushes_the_worst_out() -> None:
    order = list(range(20))
    basket = create_basket(10, 0.2)
    held = {0, 1, 2, 3, 4, 5, 6, 8, 9, 10}
    # 7 is within the first 8 and enters by right; 10 is the worst of those held.
    assert choose_members(order, held, basket) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    # 9 is not within the first 8: nobody is pushed out for it.
    assert choose_members(order, {*range(9), 11}, basket) == [*range(9), 11]


@given(st.integers(1, 30), st.floats(0.0, 0.9), st.integers(0, 60), st.sets(st.integers(0, 59)))
def test_always_the_count_and_never_outside_the_band(
    count: int, buffer: float, coins: int, held: set[int]
) -> None:
    order = list(range(coins))
    chosen = choose_members(order, held, create_basket(count, buffer))
    assert len(chosen) == min(count, coins)
    assert chosen == sorted(set(chosen))
    assert set(range(min(int(count * (1 - buffer)), coins))) <= set(chosen)
    kept = held & set(chosen)
    assert all(rank < max(count * (1 + buffer), count) for rank in kept)


def test_without_a_band_it_is_the_best_of_the_day() -> None:
    assert choose_members([4, 2, 9, 1], {1}, create_basket(2, 0.0)) == [4, 2]


def test_outside_the_top_leaves_out_the_largest_eligible() -> None:
    sizes = np.array([5.0, 4.0, 3.0, 2.0])
    eligible = np.array([True, False, True, True])
    small = leave_out_largest(sizes, eligible, 2)
    assert small.tolist() == [False, False, False, True]
    assert eligible.tolist() == [True, False, True, True]


def test_empty_order() -> None:
    assert choose_members([], {1, 2}, create_basket(3, 0.2)) == pytest.approx([])
