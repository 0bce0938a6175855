"""Walk-forward: purged to the day, causal to the bit, silent where too little is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.moonshots.worlds import DAYS, TOKENS, World, create_world, draw_world

from assay.evaluation import score_events
from assay.markets.types import Panel
from assay.moonshots.compute.base_rates import ENOUGH_LISTED, BaseRates
from assay.moonshots.compute.learning import (
    ENOUGH_EPISODES,
    LEAST_AUC,
    list_refit_columns,
)
from assay.moonshots.compute.outcomes import compute_outcomes
from assay.moonshots.judging import Study, study_panel
from assay.moonshots.types import OUTCOME_DAYS, Event
from assay.publishing import FIRST_DAY

WORLD = draw_world()
REFITS = [216, 306, 396, 486]


def study(world: World) -> Study:
    return study_panel(world.panel, world.tokens(world.panel.last_day))


@pytest.fixture(scope="module")
def whole() -> Study:
    return study(WORLD)


def change_later(panel: Panel, column: int, seed: int) -> Panel:
    """The same panel with other prices and holes after a column."""
    generator = np.random.default_rng(seed)
    close, volume = panel.close.copy(), panel.volume.copy()
    later = close[:, column + 1 :]
    later *= np.exp(generator.normal(0, 2, later.shape))
    later[generator.random(later.shape) < 0.3] = np.nan
    volume[:, column + 1 :] *= generator.uniform(0, 1e4)
    volume[np.isnan(close)] = np.nan
    return replace(panel, close=close, volume=volume)


def test_refits_stand_every_90_days_from_the_first_published_one(whole: Study) -> None:
    assert [refit.column for refit in whole.learnt.refits] == REFITS
    assert whole.panel.day(REFITS[0]) == FIRST_DAY
    assert list_refit_columns(5, 200) == [5, 95, 185]
    assert list_refit_columns(-5, 200) == [0, 85, 175]
    assert list_refit_columns(-90, 100) == [0, 90]


@pytest.mark.parametrize("column", [216, 305, 306, 400, 519])
@pytest.mark.parametrize("make", [change_later, lambda panel, c, _: panel.until(panel.day(c))])
def test_nothing_after_a_day_changes_what_was_learnt_by_it(
    whole: Study, column: int, make: Callable[[Panel, int, int], Panel]
) -> None:
    """The scores, probabilities, records and base rates of a day, with another future or none."""
    panel = make(WORLD.panel, column, column)
    other = study(replace(WORLD, panel=panel))
    for name in ("fall_scores", "rise_scores"):
        mine, theirs = getattr(whole.learnt, name), getattr(other.learnt, name)
        assert np.array_equal(mine[:, : column + 1], theirs[:, : column + 1], equal_nan=True)
    for event in Event:
        mine, theirs = whole.learnt.candidates[event], other.learnt.candidates[event]
        assert np.array_equal(mine[:, : column + 1], theirs[:, : column + 1], equal_nan=True)
        assert whole.base_rates.find(event, column) == other.base_rates.find(event, column)
    mine, theirs = whole.learnt.refit(column), other.learnt.refit(column)
    assert repr(mine.records) == repr(theirs.records)
    assert np.array_equal(mine.fall_weights, theirs.fall_weights)


@pytest.mark.parametrize("refit", REFITS)
def test_a_refit_reads_no_outcome_that_ends_after_it(whole: Study, refit: int) -> None:
    """What happens on the last day of an outcome counts from that day's close on, not before."""
    at = refit - OUTCOME_DAYS
    fell = compute_outcomes(whole.close).happened(Event.FALL_80)
    has_bars = np.isfinite(whole.close[:, at : refit + 2]).all(axis=1)
    row = int(np.flatnonzero(whole.sections.eligible[:, at] & ~fell[:, at] & has_bars)[0])

    def learn(column: int | None) -> tuple[list[float], float]:
        close = WORLD.panel.close.copy()
        if column is not None:
            close[row, column] *= 1e-3
        panel = replace(WORLD.panel, close=close).until(WORLD.panel.day(refit + 1))
        found = study(replace(WORLD, panel=panel))
        rate = found.base_rates.find(Event.FALL_80, refit).rate
        return found.learnt.refit(refit).fall_weights.tolist(), rate

    assert learn(refit + 1) == learn(None)
    # A fall on the day of the refit itself is in the outcome of the judgement 91 days before.
    assert learn(refit)[1] > learn(None)[1]


def test_base_rates_are_those_of_outcomes_known_by_the_day(whole: Study) -> None:
    outcomes = compute_outcomes(whole.close)
    for column in (216, 350, 519):
        known = column - OUTCOME_DAYS + 1
        listed = whole.sections.eligible[:, :known]
        few = listed.sum() < ENOUGH_LISTED
        members = whole.sections.alive[:, :known] if few else listed
        for event in Event:
            happened = outcomes.happened(event)[:, :known] & members
            found = whole.base_rates.find(event, column)
            assert found.of_all_coins == few
            assert found.rate == happened.sum() / members.sum()
            score = score_events(np.zeros(happened.shape), happened, members, gap_days=90)
            assert found.episodes == score.episodes


def test_the_first_rates_are_of_all_coins_and_the_later_ones_of_listed_ones(whole: Study) -> None:
    assert whole.base_rates.find(Event.FALL_80, 216).of_all_coins
    assert whole.learnt.refits[0].uses_all_coins
    assert not whole.base_rates.find(Event.FALL_80, 519).of_all_coins
    assert not whole.learnt.refits[-1].uses_all_coins


def test_before_any_outcome_nothing_is_known() -> None:
    world = replace(WORLD, panel=WORLD.panel.until(WORLD.panel.day(60)))
    panel, tokens = world.panel, world.tokens(world.panel.last_day)
    found = study_panel(replace(panel, first_day=FIRST_DAY), tokens)
    rate = found.base_rates.find(Event.UP_2X, 60)
    assert math.isnan(rate.rate)
    assert (rate.trials, rate.episodes) == (0.0, 0)


def test_a_planted_risk_is_found_and_then_claimed() -> None:
    """Coins listed late collapse: the order finds them out of sample, and says so once it knows."""
    large = study(draw_world(tokens=400))
    outcomes = compute_outcomes(large.close)
    members = large.sections.eligible & np.isfinite(outcomes.highest)
    members[:, :216] = False
    score = score_events(
        np.nan_to_num(large.learnt.fall_scores),
        outcomes.happened(Event.FALL_80),
        members,
        gap_days=90,
    )
    assert score.auc_daily > 0.8
    first, *_, last = (refit.records[Event.FALL_80] for refit in large.learnt.refits)
    assert not first.has_skill
    assert first.episodes == 0
    assert math.isnan(first.slope)
    assert last.has_skill
    assert last.episodes >= ENOUGH_EPISODES
    assert last.auc > max(LEAST_AUC, last.volatility_auc)
    assert last.slope > 0


def test_pure_chance_is_never_claimed() -> None:
    generator = np.random.default_rng(1)
    changes = generator.standard_t(4, (TOKENS, DAYS)) * 0.06
    found = study(create_world(np.exp(np.cumsum(changes, axis=1))))
    for refit in found.learnt.refits:
        for event, record in refit.records.items():
            assert not record.has_skill, event
    late = found.learnt.refits[-1].records[Event.UP_2X]
    assert late.episodes >= ENOUGH_EPISODES
    assert abs(late.auc - 0.5) < 0.1


def test_a_market_of_a_hundred_coins_has_no_moonshots() -> None:
    panel = WORLD.panel
    cut = {f: getattr(panel, f)[:90] for f in ("open", "high", "low", "close", "volume", "unit")}
    small = replace(panel, token_ids=panel.token_ids[:90], **cut)
    found = study(World(small))
    assert not found.sections.eligible.any()
    assert BaseRates(found.sections, compute_outcomes(found.close)).uses_all_coins(519)
