"""Given where the market went, did tokens go where the scenarios said?"""

from dataclasses import dataclass

import numpy as np

from assay.forecasts.board import Board
from assay.forecasts.compute.conformal import compute_outcomes
from assay.forecasts.market import list_markets, measure_moves
from assay.forecasts.measuring.reading import SaidScenarios, Window
from assay.forecasts.types import SCENARIO_HORIZONS, Flags


@dataclass(frozen=True, slots=True)
class ScenarioScore:
    """Coins inside their 80 % band once the market's move is known, and how far off beta times the
    market was on average (log return), beside beta 1 and beside no market at all. `below_bear`,
    `above_bull`: share of days after which the market itself ended outside (a tenth each, if the
    past were the future).
    """

    horizon_days: int
    band_coverage: float
    error: float
    error_beta_one: float
    error_no_market: float
    below_bear: float
    above_bull: float
    days: int
    forecasts: int


def score_scenarios(
    said: SaidScenarios, window: Window, board: Board, members: Flags
) -> list[ScenarioScore]:
    """One score for each horizon that has outcomes; Bitcoin's own row counts like any other."""
    markets = list_markets(board)
    found = []
    for horizon in SCENARIO_HORIZONS:
        moves = measure_moves(markets, board.panel.n_days, horizon)[window.columns]
        outcome = compute_outcomes(window.closes, horizon)[:, window.columns]
        band = said.bands[horizon]
        used = members & np.isfinite(outcome) & np.isfinite(band) & np.isfinite(moves)[None, :]
        if not used.any():
            continue
        low, high = said.tails[horizon]
        known = np.isfinite(moves) & np.isfinite(low)
        strayed = outcome - said.beta * moves[None, :]
        found.append(
            ScenarioScore(
                horizon_days=horizon,
                # Prices are sealed with 6 digits: half of the last one is not a miss.
                band_coverage=float((np.abs(strayed) <= band + 1e-4)[used].mean()),
                error=float(np.abs(strayed)[used].mean()),
                error_beta_one=float(np.abs(outcome - moves[None, :])[used].mean()),
                error_no_market=float(np.abs(outcome)[used].mean()),
                below_bear=float((moves < low)[known].mean()),
                above_bull=float((moves > high)[known].mean()),
                days=int(known.sum()),
                forecasts=int(used.sum()),
            )
        )
    return found
