"""A synthetic market for the evaluation tests: nothing in it was ever traded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from assay.evaluation import Death, EvaluationInputs

FIRST_DAY = date(2021, 1, 1)
TOKENS, DAYS = 48, 260


def create_synthetic_inputs(seed: int = 7, *, skill: float = 0.5) -> EvaluationInputs:
    """SYNTHETIC: coins whose drift is persistent and partly told by the score; two of them die."""
    rng = np.random.default_rng(seed)
    drift = np.zeros((TOKENS, DAYS))
    for day in range(1, DAYS):
        drift[:, day] = 0.95 * drift[:, day - 1] + rng.normal(0.0, 0.002, TOKENS)
    sigma = rng.uniform(0.02, 0.06, (TOKENS, 1))
    shocks = rng.normal(0.0, 1.0, (TOKENS, DAYS)) * sigma + rng.normal(0.0, 0.02, DAYS)
    closes = np.exp(np.cumsum(np.roll(drift, 1, axis=1) + shocks, axis=1))
    closes[3, 150:] = np.nan
    closes[4, 190:] = np.nan
    closes[5, 100] = np.nan
    universe = np.isfinite(closes)
    universe[:, :30] = False
    noise = rng.normal(0.0, 1.0, (TOKENS, DAYS))
    blend = skill * drift / drift.std() + noise
    scores = np.where(
        universe, 100.0 * blend.argsort(axis=0).argsort(axis=0) / (TOKENS - 1), np.nan
    )
    reach = 1.645 * np.sqrt(7.0) * sigma * np.ones((TOKENS, DAYS))
    return EvaluationInputs(
        kind="trader",
        origin="backfilled",
        horizon_days=7,
        first_day=FIRST_DAY,
        window_from=date(2021, 2, 1),
        window_to=date(2021, 9, 17),
        symbols=[f"SYN{row}" for row in range(TOKENS)],
        closes=closes,
        scores=scores,
        no_view=universe & (rng.random((TOKENS, DAYS)) < 0.03),
        universe=universe,
        median_volume_usd=np.exp(rng.normal(16.0, 1.5, (TOKENS, 1))) * np.ones((TOKENS, DAYS)),
        volatility=sigma * np.ones((TOKENS, DAYS)),
        probabilities=np.clip(0.5 + 0.002 * (scores - 50.0), 0.0, 1.0),
        interval_low=np.where(universe, -reach, np.nan),
        interval_high=np.where(universe, reach, np.nan),
        baselines={"calm": -sigma * np.ones((TOKENS, DAYS)), "noise": noise},
        null_daily_ics=rng.normal(0.0, 0.02, 40),
        deaths=(Death(3, date(2021, 5, 30)), Death(4, date(2021, 7, 9))),
        benchmark_row=0,
    )


@pytest.fixture(scope="session")
def inputs() -> EvaluationInputs:
    return create_synthetic_inputs()


@pytest.fixture(scope="session")
def blind_inputs() -> EvaluationInputs:
    return replace(create_synthetic_inputs(skill=0.0), kind="noise")
