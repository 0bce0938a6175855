"""Forecast quantiles against GARCH(1,1), refitted monthly: the same coins, days and outcomes.

    .bench-venv/bin/python bench/garch/run.py [--coins 50] [--json bench/results/garch.json]

50 coins evenly spread over those with 200 bars before 2021-04-05, every day to the end of the
sample. Their quantiles come from the code that publishes them (walk-forward by construction).
GARCH is `arch`'s: zero mean, fitted on the 1st of each month on all returns before it (in percent),
filtered to each day with those parameters; the variance over h days is the sum of its forecasts,
the quantiles are normal or Student's (fitted degrees of freedom, unit variance). A fit that does
not converge keeps the month's before. The first line of each horizon is the random walk that
`assay evaluate` compares with. Exits with 1 when the Winkler score at 7 days is above the better
GARCH's.
"""

import argparse
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import NormalDist

import numpy as np
from arch import arch_model

from assay import evaluation, markets, publishing
from assay.forecasts.board import Board, create_board
from assay.forecasts.compute.conformal import compute_outcomes
from assay.forecasts.quantiles import compute_quantiles, learn_reaches
from assay.forecasts.types import HORIZONS, QUANTILES
from assay.kit.clock import SystemClock
from assay.kit.home import Home
from assay.kit.progress import SilentProgress

FIRST, LEAST_BARS = date(2021, 4, 5), 200
Matrix = np.ndarray
DISTRIBUTIONS = ("normal", "t")


def load_board(folder: Path) -> Board:
    home = Home(folder).create()
    markets.load_sample(home, SystemClock(), SilentProgress())
    newest = markets.load_panel(home).complete_through
    facts = publishing.load_facts(home, newest, SystemClock().now())
    return create_board([FIRST, newest], facts, HORIZONS)


def choose_coins(board: Board, count: int, column: int) -> np.ndarray:
    old = np.isfinite(board.closes[:, :column]).sum(axis=1) >= LEAST_BARS
    rows = np.flatnonzero(old & board.spread.universe[:, column])
    return rows[np.linspace(0, rows.size - 1, count).round().astype(int)]


def forecast_ours(board: Board, rows: np.ndarray, column: int) -> Matrix:
    """[horizons, quantiles, coins, days from `column`]."""
    reaches = learn_reaches(board)
    days = [
        compute_quantiles(board, reaches, rows, day) for day in range(column, board.panel.n_days)
    ]
    return np.stack(days, axis=-1).transpose(1, 2, 0, 3)


def forecast_garch(
    closes: np.ndarray, first_day: date, column: int, distribution: str
) -> tuple[Matrix, int]:
    """One coin's ([horizons, quantiles, days from `column`], fits that failed)."""
    returns = 100.0 * np.diff(np.log(closes), prepend=np.nan)
    out = np.full((len(HORIZONS), len(QUANTILES), closes.size - column), np.nan)
    parameters, failed = None, 0
    for day in range(column, closes.size):
        if parameters is None or (first_day + timedelta(days=day)).day == 1:
            fitted = fit(returns[:day], distribution)
            failed += fitted is None
            parameters = fitted or parameters
            if parameters is None:
                continue
            variance = filter_variance(returns[: day + 1], parameters)
        else:
            variance = step(variance, returns[day], parameters)
        if np.isfinite(closes[day]):
            out[:, :, day - column] = describe(variance, parameters)
    return out, failed


def fit(
    returns: np.ndarray, distribution: str
) -> tuple[float, float, float, Sequence[float]] | None:
    known = returns[np.isfinite(returns)]
    model = arch_model(known, mean="Zero", vol="GARCH", p=1, q=1, dist=distribution, rescale=False)
    result = model.fit(disp="off", show_warning=False)
    omega, alpha, beta = (float(value) for value in result.params[:3])
    if result.convergence_flag != 0 or not np.isfinite(omega):
        return None
    if distribution == "normal":
        units = [NormalDist().inv_cdf(level) for level in QUANTILES]
    else:
        units = model.distribution.ppf(np.array(QUANTILES), result.params[3:]).tolist()
    return omega, alpha, beta, units


def step(variance: float, value: float, parameters: tuple) -> float:
    """Tomorrow's variance, once today's return is known; a missing one leaves its expectation."""
    omega, alpha, beta, _ = parameters
    square = value * value if np.isfinite(value) else variance
    return omega + alpha * square + beta * variance


def filter_variance(returns: np.ndarray, parameters: tuple) -> float:
    variance = float(np.nanvar(returns))
    for value in returns[np.isfinite(returns)]:
        variance = step(variance, value, parameters)
    return variance


def describe(variance: float, parameters: tuple) -> Matrix:
    omega, alpha, beta, units = parameters
    powers = (alpha + beta) ** np.arange(max(HORIZONS))
    added = np.concatenate([[0.0], np.cumsum(powers)[:-1]])
    totals = np.cumsum(variance * powers + omega * added)
    return np.sqrt([totals[horizon - 1] for horizon in HORIZONS])[:, None] * units / 100.0


def score(
    forecasts: dict[str, Matrix], board: Board, rows: np.ndarray, column: int
) -> dict[str, dict]:
    panel, found = board.panel, {}
    used = np.logical_and.reduce(
        [np.isfinite(item).all(axis=(0, 1)) for item in forecasts.values()]
    )
    closes = board.closes[rows]
    for place, horizon in enumerate(HORIZONS):
        walk = evaluation.compute_walk_quantiles(closes, horizon, QUANTILES)[:, :, column:]
        outcome = compute_outcomes(closes, horizon)[:, column:]
        named = {"random walk": walk, **{name: item[place] for name, item in forecasts.items()}}
        for name, quantiles in named.items():
            result = evaluation.score_quantiles(
                quantiles,
                walk,
                outcome,
                levels=QUANTILES,
                volatility=board.spread.recent[rows, column:],
                members=used & board.spread.universe[rows, column:],
                windows=evaluation.Windows(panel.day(column)),
            )
            pair = result.pairs[0]
            found[f"{horizon} {name}"] = {
                "horizon": horizon,
                "name": name,
                "coverage": pair.coverage,
                "winkler_ratio": pair.winkler_ratio,
                "crps_ratio": result.crps_ratio,
                "worst_month": result.worst_month[1],
                "forecasts": result.forecasts,
            }
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--coins", type=int, default=50)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        board = load_board(Path(folder))
    column = board.panel.column(FIRST)
    rows = choose_coins(board, options.coins, column)
    forecasts = {"Assay": forecast_ours(board, rows, column)}
    for distribution in DISTRIBUTIONS:
        start = time.perf_counter()
        made = [
            forecast_garch(board.closes[row], board.panel.first_day, column, distribution)
            for row in rows
        ]
        forecasts[f"GARCH {distribution}"] = np.stack([item for item, _ in made], axis=2)
        failed = sum(count for _, count in made)
        print(f"GARCH {distribution}: {time.perf_counter() - start:.0f} s, {failed} fits failed")
    found = score(forecasts, board, rows, column)
    print(f"{rows.size} coins from {FIRST} to {board.panel.last_day}, ratios to the random walk")
    for item in found.values():
        print(
            f"{item['horizon']:3d} d  {item['name']:13s} covered {item['coverage']:.3f}"
            f"  Winkler {item['winkler_ratio']:.3f}  CRPS {item['crps_ratio']:.3f}"
            f"  worst month {item['worst_month']:.3f}  n {item['forecasts']}"
        )
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    ours = found["7 Assay"]["winkler_ratio"]
    best = min(found[f"7 GARCH {name}"]["winkler_ratio"] for name in DISTRIBUTIONS)
    return int(ours > best)


if __name__ == "__main__":
    sys.exit(main())
