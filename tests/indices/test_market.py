"""The market's kernels against plain Python, and causal to the bit."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.indices.worlds import create_panel

from assay.indices.compute import market
from assay.indices.compute.features import compute_features
from assay.indices.types import CashRule
from assay.markets.types import Panel


def with_holes(seed: int) -> Panel:
    panel = create_panel(seed, tokens=6, days=150)
    generator = np.random.default_rng(seed)
    gone = generator.random(panel.close.shape) < 0.1
    return replace(
        panel,
        close=np.where(gone, np.nan, panel.close),
        volume=np.where(gone, np.nan, panel.volume),
    )


@given(st.integers(0, 1000))
def test_mean_volumes_are_those_of_ninety_days(seed: int) -> None:
    panel = with_holes(seed)
    found = market.compute_mean_volumes(panel.close, panel.volume)
    turnover = panel.close * panel.volume
    for row, column in ((0, 5), (3, 89), (5, 149)):
        window = turnover[row, max(column - 89, 0) : column + 1]
        if np.isnan(panel.close[row, column]):
            assert np.isnan(found[row, column])
        else:
            assert abs(found[row, column] / np.nanmean(window) - 1.0) < 1e-12


@given(st.integers(0, 1000))
def test_the_level_is_the_mean_of_yesterdays_universe(seed: int) -> None:
    panel = with_holes(seed)
    filled = market.fill_forward(panel.close)
    universe = np.random.default_rng(seed).random(panel.close.shape) < 0.7
    universe[:, :1] = False
    universe &= np.isfinite(filled)
    level = market.compute_market_level(filled, universe)
    expected = 1.0
    for column in range(1, panel.n_days):
        members = np.flatnonzero(universe[:, column - 1])
        changes = filled[members, column] / filled[members, column - 1] - 1.0
        if members.size >= 3:
            expected *= 1.0 + np.clip(changes, -0.6, 1.0).mean()
        assert abs(level[column] / expected - 1.0) < 1e-9


def test_votes_wait_for_the_band() -> None:
    level = np.concatenate([np.full(10, 100.0), [99.0, 97.0, 99.5, 101.0, 104.0]])
    means, votes = market.compute_votes(level, 10, 0.02)
    assert np.isnan(means[:9]).all()
    assert abs(means[10] - 99.9) < 1e-9
    # 99 is below its mean but within the band; 97 is not; 99.5 and 101 do not turn it back.
    assert votes.tolist() == [True] * 11 + [False, False, False, True]


@given(st.integers(0, 200), st.integers(60, 149))
def test_a_longer_panel_changes_no_earlier_value(seed: int, day: int) -> None:
    panel = with_holes(seed)
    coins = {int(key) for key in panel.token_ids}
    whole = compute_features(panel, coins)
    cut = compute_features(panel.until(panel.day(day)), coins)
    rule = CashRule((5, 20), 0.02, 0.25)
    assert np.array_equal(whole.level[: day + 1], cut.level)
    for name in ("filled", "volumes", "medians"):
        left, right = getattr(whole, name)[:, : day + 1], getattr(cut, name)
        assert np.array_equal(left, right, equal_nan=True)
    assert np.array_equal(whole.universe[:, : day + 1], cut.universe)
    for column in range(0, day + 1, 7):
        share = whole.invested_share(rule, column)
        assert share == cut.invested_share(rule, column)
        assert share in (0.25, 0.625, 1.0)


def test_sizes_are_caps_where_there_are_enough_of_them() -> None:
    panel = create_panel(tokens=6, days=80)
    caps = np.full(panel.close.shape, np.nan)
    caps[:4] = 1e9
    coins = {int(key) for key in panel.token_ids}
    features = compute_features(replace(panel, market_cap=caps), coins)
    assert features.sizes(79, 4)[1] == "market cap"
    assert features.sizes(79, 5)[1] == "volume"
    assert compute_features(panel, coins).sizes(79, 1)[1] == "volume"
