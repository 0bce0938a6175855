"""Synthetic levels: as the formula says, whatever is remembered; marks and changes as sets."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.exchange.compute.ladder import (
    KEY,
    RENEW_STEPS,
    SIZE,
    Cells,
    diff_side,
    draw_size,
    find_renewal,
    lay_side,
    make_cells,
    mark_side,
)
from assay.exchange.compute.noise import draw_below, name_seed

SEED = name_seed(7, "TESTUSDT", "book")
UNIT = 500
Levels = dict[int, int]


def lay(step: int, touch: int, sign: int, width: int, most: int, cells: Cells) -> Levels:
    out = np.zeros((2, most), dtype=np.int64)
    count = lay_side(SEED, step, touch, sign, width, UNIT, most, cells, out)
    assert (np.diff(out[KEY, :count]) > 0).all(), "best first, each price once"
    return dict(out[:, :count].T.tolist())


def lay_by_hand(step: int, touch: int, sign: int, width: int, most: int) -> Levels:
    """The same in words: the touch, then one level in each cell beyond it."""

    def size_at(tick: int) -> int:
        return draw_size(SEED, tick, find_renewal(SEED, tick, step), UNIT)

    levels = {sign * touch: 1 + size_at(touch) // 2}
    home = touch // width
    cell = home
    while len(levels) < most and cell >= 0:
        tick = cell * width + draw_below(SEED, cell, 1, width)
        if sign * tick > sign * touch and tick > 0:
            levels[sign * tick] = 1 + size_at(tick) * (2 + abs(cell - home).bit_length()) // 4
        cell += sign
    return levels


steps = st.integers(0, 2_000)
touches = st.integers(1, 3_000)
signs = st.sampled_from([-1, 1])
widths = st.sampled_from([1, 2, 7, 36])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(steps, touches), min_size=1, max_size=6), signs, widths)
def test_levels_are_the_formulas_whatever_came_before(
    moments: list[tuple[int, int]], sign: int, width: int
) -> None:
    cells = make_cells()
    for step, touch in sorted(moments):
        laid = lay(step, touch, sign, width, 60, cells)
        assert laid == lay_by_hand(step, touch, sign, width, 60)
        assert min(laid) == sign * touch
        assert min(laid.values()) >= 1


def test_an_empty_side_has_no_level() -> None:
    assert lay(5, 0, -1, 3, 60, make_cells()) == {}


def test_bids_end_above_nought() -> None:
    laid = lay(5, 30, -1, 1, 1_000, make_cells())
    assert sorted(laid) == list(range(-30, 0))


def test_a_level_is_drawn_anew_once_a_period_each_at_its_own_turn() -> None:
    turns = {find_renewal(SEED, tick, 0) for tick in range(400)}
    assert len(turns) > RENEW_STEPS * 0.9
    for tick in range(20):
        first = find_renewal(SEED, tick, 0)
        assert 0 < first <= RENEW_STEPS
        assert find_renewal(SEED, tick, first - 1) == first
        assert find_renewal(SEED, tick, first) == first + RENEW_STEPS


levels = st.dictionaries(st.integers(-40, 40), st.integers(1, 9), max_size=25)


def to_array(side: Levels, room: int = 0) -> np.ndarray:
    array = np.zeros((2, len(side) + room), dtype=np.int64)
    array[:, : len(side)] = np.array(sorted(side.items()), dtype=np.int64).reshape(-1, 2).T
    return array


def from_array(array: np.ndarray, count: int) -> Levels:
    keys = array[KEY, :count].tolist()
    assert keys == sorted(set(keys))
    return dict(zip(keys, array[SIZE, :count].tolist(), strict=True))


@settings(deadline=None)
@given(levels, levels)
def test_changes_turn_the_old_side_into_the_new(old: Levels, new: Levels) -> None:
    out = np.zeros((2, len(old) + len(new)), dtype=np.int64)
    count = diff_side(len(old), to_array(old), len(new), to_array(new), out)
    changes = from_array(out, count)
    assert {key: size for key, size in (old | changes).items() if size} == new
    assert all(old.get(key, 0) != size for key, size in changes.items()), "nothing needless"


@settings(deadline=None)
@given(
    levels,
    st.dictionaries(
        st.integers(-40, 40), st.tuples(st.integers(0, 9), st.integers(0, 5)), max_size=9
    ),
    st.integers(-45, 45),
)
def test_marks_take_off_and_put_on(
    laid: Levels, marks: dict[int, tuple[int, int]], hidden: int
) -> None:
    rows = np.array([(key, *marks[key]) for key in sorted(marks)], dtype=np.int64).reshape(-1, 3)
    out = np.zeros((2, len(laid) + len(marks)), dtype=np.int64)
    shown = from_array(out, mark_side(len(laid), to_array(laid), rows, hidden, out))
    expected = {}
    for key in laid.keys() | marks.keys():
        eaten, own = marks.get(key, (0, 0))
        expected[key] = max((laid.get(key, 0) if key > hidden else 0) - eaten, 0) + own
    assert shown == {key: size for key, size in expected.items() if size}
