"""Who is listed, and the numbers behind the scores: by hand, and blind to the future."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.moonshots.worlds import DAYS, create_world, draw_world

from assay.moonshots.compute.sections import compute_sections, rank_sizes
from assay.moonshots.types import Matrix, Sections

WORLD = draw_world()


def section(close: Matrix, volume: Matrix, caps: Matrix | None = None) -> Sections:
    return compute_sections(close, close, volume, np.ones(close.shape[0], np.bool_), caps)


def test_a_coin_of_14_days_is_listed_and_one_of_13_is_not() -> None:
    close = np.full((120, 60), 1.0)
    close[110, :40] = np.nan  # first bar on column 40
    world = create_world(close)
    found = section(world.panel.close, world.panel.volume)
    assert not found.eligible[110, 52]
    assert found.age_days[110, 52] == 13
    assert found.eligible[110, 53]
    assert found.age_days[110, 53] == 14
    assert found.eligible[:, 53].sum() == 20
    assert not found.eligible[:100].any()


def test_a_coin_without_a_bar_today_is_not_listed() -> None:
    close = np.full((120, 60), 1.0)
    close[115, 50:55] = np.nan
    world = create_world(close)
    found = section(world.panel.close, world.panel.volume)
    assert found.eligible[115, 49]
    assert not found.eligible[115, 50:55].any()
    assert found.eligible[115, 55]


def test_size_is_the_mean_dollar_volume_of_90_days() -> None:
    found = section(WORLD.panel.close, WORLD.panel.volume)
    t = DAYS - 1
    dollars = WORLD.panel.close * WORLD.panel.volume
    for token in range(0, 160, 13):
        window = dollars[token, t - 89 : t + 1]
        if np.isfinite(dollars[token, t]):
            assert found.volume_usd[token, t] == pytest.approx(np.nanmean(window), rel=1e-5)
    there = np.flatnonzero(np.isfinite(WORLD.panel.close[:, t]))
    order = there[np.argsort(-found.volume_usd[there, t], kind="stable")]
    assert found.size_rank[order, t].tolist() == list(range(1, there.size + 1))
    assert (found.size_rank[~np.isfinite(WORLD.panel.close[:, t]), t] == 0).all()


def test_market_cap_decides_where_enough_of_them_are_known() -> None:
    world = create_world(np.full((130, 60), 1.0))
    caps = np.full((130, 60), np.nan)
    caps[:, 30] = np.arange(1.0, 131.0)  # the least traded coins are the largest
    caps[:5, 30] = np.nan
    caps[:100, 40] = 1.0  # too few to find 100 larger ones
    found = section(world.panel.close, world.panel.volume, caps)
    assert found.size_rank[129, 30] == 1
    assert not found.eligible[129, 30]
    assert found.eligible[5, 30]
    assert found.by_cap[5, 30]
    # Without a cap a coin keeps its place by volume: the five most traded are no moonshots.
    assert not found.eligible[:5, 30].any()
    assert not found.by_cap[:5, 30].any()
    assert not found.by_cap[:, 40].any()
    assert found.eligible[129, 40]


def test_ties_go_by_token_id_and_the_unknown_stand_last() -> None:
    sizes = np.array([[5.0], [np.nan], [9.0], [5.0], [7.0]])
    members = np.array([[True], [True], [True], [True], [False]])
    assert rank_sizes(sizes, members)[:, 0].tolist() == [2, 4, 1, 3, 0]


def test_the_daily_move_is_the_mean_absolute_log_return() -> None:
    found = section(WORLD.panel.close, WORLD.panel.volume)
    moves = np.abs(np.diff(np.log(WORLD.panel.close), axis=1))
    for token in (3, 6, 7, 33, 77):
        for t in (100, 300, DAYS - 1):
            window = moves[token, max(t - 30, 0) : t]
            known = window[np.isfinite(window)]
            if np.isfinite(WORLD.panel.close[token, t]) and known.size >= 10:
                assert found.daily_move[token, t] == pytest.approx(known.mean(), rel=1e-5)
            else:
                assert math.isnan(found.daily_move[token, t])


def test_features_are_centred_and_known_for_those_alive_only() -> None:
    found = section(WORLD.panel.close, WORLD.panel.volume)
    for values in found.features:
        assert np.array_equal(np.isfinite(values), found.alive)
        assert np.nanmax(values) <= 0.5
        assert np.nanmin(values) >= -0.5
    young = found.features[1]
    t = DAYS - 1
    ages = found.age_days[:, t]
    order = np.argsort(ages[found.alive[:, t]])
    assert (np.diff(young[found.alive[:, t], t][order]) <= 0).all()


@pytest.mark.parametrize("width", [120, 301, 519])
def test_a_longer_panel_changes_no_earlier_value(width: int) -> None:
    panel = WORLD.panel
    whole = section(panel.close, panel.volume)
    part = section(panel.close[:, :width], panel.volume[:, :width])
    for name in ("alive", "eligible", "size_rank", "features", "daily_move", "volume_usd"):
        cut = getattr(whole, name)[..., :width]
        assert np.array_equal(getattr(part, name), cut, equal_nan=cut.dtype.kind == "f"), name
