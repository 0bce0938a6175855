"""The evaluation of a window: publish what is missing, read what stands, score it, draw it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from assay import evaluation, markets, publishing
from assay.forecasts.board import create_board
from assay.forecasts.measuring.levels import SAMPLED_EVERY, LevelScore, score_levels
from assay.forecasts.measuring.page import Findings, create_page, summarise
from assay.forecasts.measuring.quantiles import Members, score_horizons, score_trends
from assay.forecasts.measuring.reading import (
    SaidQuantiles,
    Window,
    list_origins,
    read_levels,
    read_quantiles,
    read_scenarios,
)
from assay.forecasts.measuring.scenarios import score_scenarios
from assay.forecasts.speakers import LEVELS, QUANTILES, SCENARIOS, SPEAKERS
from assay.forecasts.types import Flags
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import BadInput, NotEnoughData
from assay.kit.home import Home
from assay.kit.progress import Progress
from assay.publishing import FIRST_DAY, Evaluation

KIND = "forecasts"
_STEPS = 4


@dataclass(frozen=True)
class _Universe:
    """Who was in the universe inside the window, who had a view."""

    coins: int
    died_inside: int
    view_share: float
    mean_coins: float


def evaluate_forecasts(
    home: Home,
    database: Database,
    clock: Clock,
    progress: Progress,
    *,
    start: date | None = None,
    end: date | None = None,
) -> Evaluation:
    """Measure the published forecasts of a window; what is missing is published first.

    Default window: from the first day to the newest complete one. Raises BadInput for a window that
    ends before it begins, NotEnoughData when no outcome is known yet.
    """
    newest = markets.load_panel(home).complete_through
    first, last = max(start or FIRST_DAY, FIRST_DAY), end or newest
    if first > last:
        raise BadInput(
            f"The window from {first} to {last} ends before it begins.",
            hint=f"Choose days from {FIRST_DAY} to {newest}.",
        )
    for speaker in SPEAKERS:
        publishing.publish_missing(home, database, speaker, clock, progress, start=first, end=last)
    facts = publishing.load_facts(home, newest, clock.now())
    window = Window(facts.panel, first, last)
    board = create_board([first, newest], facts, ())
    spread = board.spread
    members = Members(
        members=spread.universe[:, window.columns], volatility=spread.recent[:, window.columns]
    )
    progress.step("Measuring quantiles", 0, _STEPS)
    said = read_quantiles(database, QUANTILES, window)
    horizons = score_horizons(said, window, members)
    if not any(horizons.values()):
        raise NotEnoughData(
            f"No outcome of a forecast from {first} to {last} is known yet.",
            hint="Choose a window that ends at least a day before the newest candle.",
        )
    progress.step("Measuring trends", 1, _STEPS)
    trends = score_trends(said, window, members)
    progress.step("Measuring levels", 2, _STEPS)
    levels = score_levels(read_levels(database, LEVELS, window, SAMPLED_EVERY), window)
    progress.step("Measuring scenarios", 3, _STEPS)
    scenarios = score_scenarios(
        read_scenarios(database, SCENARIOS, window), window, board, members.members
    )
    progress.step("Measuring forecasts", _STEPS, _STEPS)
    universe = _describe_universe(said, window, members.members)
    findings = Findings(
        first_day=first,
        last_day=last,
        origin=list_origins(database, QUANTILES, window),
        chips=_list_chips(window, universe),
        horizons={name: score for name, score in horizons.items() if score is not None},
        trends=trends,
        levels=levels,
        scenarios=scenarios,
    )
    return Evaluation(
        KIND, _create_document(findings, universe), create_page(findings), summarise(findings)
    )


def _describe_universe(said: SaidQuantiles, window: Window, members: Flags) -> _Universe:
    closes = window.closes
    inside = members.any(axis=1)
    last_bars = closes.shape[1] - 1 - np.isfinite(closes[:, ::-1]).argmax(axis=1)
    stopped = inside & (last_bars < window.columns.stop - 1)
    viewed = np.isfinite(said.returns[0, 0]) & members
    return _Universe(
        coins=int(inside.sum()),
        died_inside=int(stopped.sum()),
        view_share=float(viewed.sum() / max(int(members.sum()), 1)),
        mean_coins=float(members.sum(axis=0).mean()),
    )


def _list_chips(window: Window, universe: _Universe) -> list[tuple[str, str]]:
    return [
        ("Window", f"{window.first} to {window.last}, {window.days} days"),
        (
            "Universe",
            f"{universe.coins} coins with 30 days of history, {universe.died_inside} stopped "
            f"inside, {universe.mean_coins:.0f} a day",
        ),
        ("Views", f"{universe.view_share:.1%} of coin-days"),
        ("Outcome", "from the close of the day; a coin that stops gets its last price"),
    ]


def _create_document(findings: Findings, universe: _Universe) -> Mapping[str, Any]:
    days = [(findings.first_day + timedelta(days=day)).isoformat() for day in range(findings.days)]
    return {
        "kind": KIND,
        "origin": findings.origin,
        "window": {
            "from": findings.first_day.isoformat(),
            "to": findings.last_day.isoformat(),
            "days": len(days),
        },
        "universe": evaluation.create_json(universe),
        "quantiles": {
            str(horizon): _as_json(score) for horizon, score in findings.horizons.items()
        },
        "trends": [{**_as_json(score), "has_skill": score.has_skill} for score in findings.trends],
        "levels": _describe_levels(findings.levels),
        "scenarios": evaluation.create_json(findings.scenarios),
        "series": {"days": days},
    }


def _as_json(value: object) -> dict[str, Any]:
    made = evaluation.create_json(value)
    return made if isinstance(made, dict) else {}


def _describe_levels(score: LevelScore | None) -> dict[str, Any] | None:
    return None if score is None else {**_as_json(score), "has_skill": score.has_skill}
