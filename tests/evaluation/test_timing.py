"""Timing against its controls: what is measured, and that no share comes without them."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.evaluation import (
    SHARE_HEAD,
    BesideControls,
    compare_with_controls,
    compute_drawdowns,
    compute_exposures,
    compute_growth,
    create_constant,
    create_holding,
    draw_offsets,
    format_shares,
    measure_excess,
    measure_hits,
    measure_turnover,
    shift_signals,
)
from assay.kit.errors import BadInput, NotEnoughData

NAN = float("nan")


def beside(**changes: float) -> BesideControls:
    figures = {
        "coins": 200, "beat_holding": 0.92, "constant_beat_holding": 0.88,
        "shifted_beat_holding": 0.86, "beat_constant": 0.5, "shifted_beat_constant": 0.48,
        "shifted_low": 0.2, "shifted_high": 0.7, "shifts": 99, "chance": 0.4,
    }  # fmt: skip
    return BesideControls(**(figures | changes))  # type: ignore[arg-type]


def test_no_share_can_be_made_without_its_controls() -> None:
    for left_out in fields(BesideControls):
        figures = {f.name: 1 for f in fields(BesideControls) if f.name != left_out.name}
        with pytest.raises(TypeError):
            BesideControls(**figures)


def test_every_way_of_showing_a_share_shows_the_controls() -> None:
    record = beside()
    assert "92.0%" in record.describe_holding()
    assert "88.0%" in record.describe_holding()
    assert "86.0%" in record.describe_holding()
    assert "50.0%" in record.describe_constant()
    assert "48.0% (20% to 70%), p = 0.400" in record.describe_constant()
    assert record.create_holding_tile() == ("92% vs 88%", record.describe_holding())
    assert record.create_constant_tile() == ("50% vs 48%", record.describe_constant())
    assert len(record.list_cells()) == len(SHARE_HEAD)
    assert format_shares({"lag 1": record}) == [["lag 1", *record.list_cells()]]
    assert set(record.create_document()) == {f.name for f in fields(BesideControls)}


def test_growth_is_the_log_of_the_worth() -> None:
    daily = np.array([[NAN, 0.1, -0.2], [NAN, NAN, NAN], [0.5, -1.0, 0.5]])
    growth = compute_growth(daily)
    assert growth[0] == pytest.approx(np.log(1.1 * 0.8))
    assert np.isnan(growth[1])
    assert growth[2] == pytest.approx(np.log(1e-6))


def test_drawdowns_count_the_start_as_a_peak() -> None:
    daily = np.array([[-0.5, 0.5, 0.5], [0.1, 0.1, -0.5], [0.1, 0.0, 0.1], [NAN] * 3])
    falls = compute_drawdowns(daily)
    np.testing.assert_allclose(falls[:3], [-0.5, -0.5, 0.0])
    assert np.isnan(falls[3])


@given(st.integers(0, 2**32 - 1), st.integers(0, 40))
@settings(max_examples=40)
def test_a_shift_keeps_each_coins_life_and_exposure(seed: int, offset: int) -> None:
    generator = np.random.default_rng(seed)
    signals = generator.integers(-1, 2, (4, 30)).astype(float)
    signals[1, :7] = NAN
    signals[2, 20:] = NAN
    signals[3] = NAN
    shifted = shift_signals(signals, offset)
    np.testing.assert_array_equal(np.isnan(shifted), np.isnan(signals))
    np.testing.assert_allclose(np.nansum(shifted, axis=1), np.nansum(signals, axis=1))
    life = signals[2, :20]
    np.testing.assert_array_equal(shifted[2, :20], np.roll(life, offset))


def test_offsets_are_seeded_and_never_near_zero() -> None:
    one, other = (draw_offsets(np.random.default_rng(3), 200, 100) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert one.min() >= 10
    assert one.max() < 90
    with pytest.raises(NotEnoughData):
        draw_offsets(np.random.default_rng(3), 200, 9)


def test_exposure_counts_days_whose_outcome_is_in_the_window() -> None:
    signals = np.array([[NAN, 1.0, 0.0, 1.0, 1.0, 1.0], [NAN] * 6, [NAN] * 5 + [1.0]])
    np.testing.assert_allclose(compute_exposures(signals, 1)[0], 2.0 / 3.0)
    np.testing.assert_allclose(compute_exposures(signals, 0)[0], 3.0 / 4.0)
    assert np.isnan(compute_exposures(signals, 1)[1:]).all()
    constant = create_constant(signals, 1)
    np.testing.assert_allclose(constant[0, 1:], 2.0 / 3.0)
    assert np.isnan(constant[0, 0])
    np.testing.assert_array_equal(create_holding(signals)[0, 1:], 1.0)


def test_shares_are_counted_by_coin_and_by_shift() -> None:
    followed = np.array([2.0, 1.0, 0.0, -1.0, NAN])
    constant = np.array([1.0, 1.0, 1.0, -2.0, 0.0])
    holding = np.array([3.0, 0.0, -1.0, -3.0, 0.0])
    shifted = np.array([[2.0, 2.0, 2.0, -1.0, 9.0], [0.0, 0.0, 0.0, -3.0, 9.0]])
    record = compare_with_controls(followed, constant, holding, shifted)
    assert record.coins == 4
    assert record.beat_holding == 0.75
    assert record.constant_beat_holding == 0.75
    assert record.shifted_beat_holding == (0.75 + 0.25) / 2
    assert record.beat_constant == 0.5
    assert record.shifted_beat_constant == 0.5
    assert record.shifts == 2
    assert record.chance == pytest.approx(2 / 3)


def test_a_signal_without_skill_stands_amid_its_shifts() -> None:
    generator = np.random.default_rng(5)
    returns = generator.normal(0.0, 0.03, (120, 400))
    signals = (generator.uniform(size=returns.shape) < 0.5).astype(float)
    offsets = draw_offsets(generator, 60, 400)

    def grow(wishes: np.ndarray) -> np.ndarray:
        held = np.roll(wishes, 2, axis=1)
        held[:, :2] = 0.0
        return compute_growth(held * returns)

    seer = np.zeros_like(signals)
    seer[:, :-2] = returns[:, 2:] > 0.0
    for wishes, low, high in ((signals, 0.05, 1.0), (seer, 0.0, 0.02)):
        record = compare_with_controls(
            grow(wishes),
            grow(create_constant(wishes, 1)),
            grow(create_holding(wishes)),
            np.stack([grow(shift_signals(wishes, int(offset))) for offset in offsets]),
        )
        assert low <= record.chance <= high


def test_nothing_to_compare_is_refused() -> None:
    some, none = np.array([1.0]), np.array([NAN])
    with pytest.raises(NotEnoughData):
        compare_with_controls(none, some, some, np.ones((3, 1)))
    with pytest.raises(NotEnoughData):
        compare_with_controls(some, some, some, np.ones((0, 1)))
    with pytest.raises(BadInput):
        compare_with_controls(some, some, np.ones(2), np.ones((3, 1)))


def test_excess_is_over_the_coins_that_have_both() -> None:
    excess = measure_excess(np.array([1.0, 2.0, NAN]), np.array([0.0, 3.0, 1.0]))
    assert excess.mean == 0.0
    assert excess.median == 0.0
    assert np.isnan(measure_excess(np.array([NAN]), np.array([1.0])).mean)


def test_hits_are_positions_net_of_both_sides() -> None:
    closes = np.array([[1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 1.0005, NAN]])
    signals = np.array([[1.0, 0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0]])
    hits = measure_hits(signals, closes, 1, 0.001)
    assert hits.positions == 3
    # Bought at 1 and sold at 2; sold short at 2 and bought back at 1; 5 bp do not pay 20 bp.
    assert hits.share == pytest.approx(2 / 3)
    assert hits.mean_bars == 1.0
    assert measure_hits(np.zeros((1, 8)), closes, 1, 0.0).positions == 0


def test_a_position_still_open_counts_at_the_last_close() -> None:
    closes = np.array([[1.0, 1.0, 1.5, NAN]])
    hits = measure_hits(np.array([[1.0, 1.0, 1.0, 1.0]]), closes, 1, 0.0)
    assert (hits.positions, hits.share, hits.mean_bars) == (1, 1.0, 2.0)


def test_turnover_is_one_way_a_year() -> None:
    signals = np.array([[NAN, 1.0, 1.0, 0.0, -1.0]])
    assert measure_turnover(signals, 365.0) == pytest.approx(3.0 / 4.0 * 365.0)
    assert np.isnan(measure_turnover(np.full((1, 3), NAN), 365.0))
