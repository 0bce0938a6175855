"""Ranks across the market: bounds, ties, missing values, and independence of the outsiders."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from assay.factors.compute.ranks import Ties, compute_centred_ranks, compute_quantised_ranks
from assay.kit.errors import BadInput

NAN = float("nan")
VALUES = st.one_of(st.floats(), st.sampled_from([1.0, 2.0, -0.0, 0.0]))


@st.composite
def cross_sections(
    draw: st.DrawFn,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    pairs = draw(st.lists(st.tuples(VALUES, st.booleans()), min_size=1, max_size=40))
    return (
        np.array([value for value, _ in pairs], dtype=np.float64),
        np.array([member for _, member in pairs], dtype=np.bool_),
    )


def test_ranks_by_a_worked_example() -> None:
    values = np.array([3.0, NAN, 1.0, 3.0, 99.0, 2.0])
    members = np.array([True, True, True, True, False, True])
    np.testing.assert_array_equal(
        compute_centred_ranks(values, members), [2 / 3 - 0.5, 0.0, -0.5, 0.5, NAN, 1 / 3 - 0.5]
    )
    np.testing.assert_array_equal(
        compute_centred_ranks(values, members, Ties.AVERAGE),
        [2.5 / 3 - 0.5, 0.0, -0.5, 2.5 / 3 - 0.5, NAN, 1 / 3 - 0.5],
    )
    np.testing.assert_array_equal(
        compute_quantised_ranks(values, members, 2), [0.5, 0.0, -0.5, 0.5, NAN, -0.5]
    )


@given(cross_sections())
def test_ranks_are_an_even_ladder_in_value_then_token_order(
    section: tuple[NDArray[np.float64], NDArray[np.bool_]],
) -> None:
    values, members = section
    ranks = compute_centred_ranks(values, members)
    ranked = [int(i) for i in np.flatnonzero(members & ~np.isnan(values))]
    ordered = sorted(ranked, key=lambda i: (values[i], i))
    count = len(ordered)
    expected = [i / (count - 1) - 0.5 for i in range(count)] if count > 1 else [0.0] * count
    assert [float(ranks[i]) for i in ordered] == expected
    assert np.all(ranks[members & np.isnan(values)] == 0.0)
    assert np.all(np.isnan(ranks[~members]))


@given(cross_sections())
def test_average_ranks_ignore_the_order_of_tokens(
    section: tuple[NDArray[np.float64], NDArray[np.bool_]],
) -> None:
    values, members = section
    backwards = compute_centred_ranks(values[::-1], members[::-1], Ties.AVERAGE)
    np.testing.assert_array_equal(
        compute_centred_ranks(values, members, Ties.AVERAGE), backwards[::-1]
    )


@given(cross_sections(), st.integers(2, 9))
def test_quantised_ranks_are_ordered_and_evenly_filled(
    section: tuple[NDArray[np.float64], NDArray[np.bool_]], levels: int
) -> None:
    values, members = section
    steps = compute_quantised_ranks(values, members, levels)
    ranks = compute_centred_ranks(values, members)
    ranked = members & ~np.isnan(values)
    by_rank = steps[ranked][np.argsort(ranks[ranked], kind="stable")]
    assert np.all(np.diff(by_rank) >= 0)
    assert np.all(np.abs(by_rank) <= 0.5)
    if ranked.sum() >= levels:
        _, filled = np.unique(by_rank, return_counts=True)
        assert filled.size == levels
        assert filled.max() - filled.min() <= 1


@given(cross_sections(), st.floats())
def test_a_token_that_is_no_member_changes_nothing(
    section: tuple[NDArray[np.float64], NDArray[np.bool_]], other: float
) -> None:
    values, members = section
    changed = np.where(members, values, other)
    np.testing.assert_array_equal(
        compute_centred_ranks(values, members), compute_centred_ranks(changed, members)
    )


def test_many_rows_are_ranked_as_one_by_one() -> None:
    generator = np.random.default_rng(7)
    values = generator.integers(0, 9, (3, 5, 20)).astype(np.float64)
    members = generator.random((3, 5, 20)) < 0.7
    together = compute_centred_ranks(values, members)
    shared = compute_centred_ranks(values, members[0, 0])
    for i in range(3):
        for j in range(5):
            np.testing.assert_array_equal(
                together[i, j], compute_centred_ranks(values[i, j], members[i, j])
            )
            np.testing.assert_array_equal(
                shared[i, j], compute_centred_ranks(values[i, j], members[0, 0])
            )


def test_bad_shapes_and_levels_are_refused() -> None:
    with pytest.raises(BadInput, match="membership"):
        compute_centred_ranks(np.zeros(3), np.ones(4, dtype=np.bool_))
    with pytest.raises(BadInput, match="levels"):
        compute_quantised_ranks(np.zeros(3), np.ones(3, dtype=np.bool_), 1)
