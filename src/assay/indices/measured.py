"""What was measured of the indices, and its two other forms: JSON values and a terminal's lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from assay import evaluation
from assay.evaluation import Performance
from assay.indices.types import KIND, Json, RuleBook

Series = NDArray[np.float64]

EQUAL_WEIGHT, TOP_25, BTC = "equal-weight universe", "top 25", "Bitcoin"
TOP_25_SLUG = "top-25"
TARGETED = ("investor", "trader")
"""The indices that the target of this room is about."""

TARGET_RESIDUAL_SHARPE = 1.2
TARGET_DRAWDOWN_POINTS = 0.20


@dataclass
class Path:
    """One published index, day by day."""

    name: str
    levels: list[float] = field(default_factory=list)
    exposures: list[float] = field(default_factory=list)
    cash: list[float] = field(default_factory=list)
    coins: list[int] = field(default_factory=list)
    turnover: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    ended: list[Json] = field(default_factory=list)


@dataclass(frozen=True)
class Measured:
    """All that the document and the page are made of; levels are [days] from `first`."""

    first: date
    last: date
    origin: str
    paths: Mapping[str, Path]
    benchmarks: Mapping[str, Series]
    performances: Mapping[str, Performance]
    books: Mapping[str, RuleBook]
    tried: Mapping[str, evaluation.Tried]
    trials: Sequence[Mapping[str, str]]
    coins: int
    died_inside: int
    notes: Sequence[str]


def check_target(measured: Measured, slug: str) -> Json:
    """The target's two figures of an index, and whether both are reached."""
    found = measured.performances[slug]
    residual = found.against[EQUAL_WEIGHT].residual_sharpe
    points = found.max_drawdown - measured.performances[TOP_25_SLUG].max_drawdown
    return {
        "residual_sharpe": residual,
        "residual_sharpe_target": TARGET_RESIDUAL_SHARPE,
        "drawdown_smaller_by": points,
        "drawdown_smaller_by_target": TARGET_DRAWDOWN_POINTS,
        "reached": bool(residual >= TARGET_RESIDUAL_SHARPE and points >= TARGET_DRAWDOWN_POINTS),
    }


def create_document(measured: Measured) -> Json:
    """Every figure as JSON values; a missing one is null."""
    years = (measured.last - measured.first).days / 365.0
    return {
        "kind": KIND,
        "origin": measured.origin,
        "advice": "Measured on past data. Not investment advice.",
        "window": {"from": measured.first.isoformat(), "to": measured.last.isoformat()},
        "universe": {"coins": measured.coins, "died_inside": measured.died_inside},
        "conventions": {
            "costs": "each index pays the fee and slippage of its own rule book on every trade",
            "lag": "decided at a close, filled at the next one",
            "residual_sharpe": "weekly r = a + b m + e; a / sd(e, n - 2) * sqrt(365 / 7)",
            EQUAL_WEIGHT: "set equal every 7 days, filled one close later, without costs",
        },
        "target": {
            slug: evaluation.create_json(check_target(measured, slug)) for slug in measured.tried
        },
        "indices": {
            slug: {
                "name": path.name,
                "performance": evaluation.create_json(measured.performances[slug]),
                "turnover_a_year": _rate(path.turnover, years),
                "costs_points": path.costs[-1] - path.costs[0],
                "mean_exposure": float(np.mean(path.exposures)),
                "mean_coins": float(np.mean(path.coins)),
                "least_coins": min((count for count in path.coins if count), default=0),
                "ended_holdings": path.ended,
                "months": evaluation.create_json(
                    evaluation.compute_monthly_returns(measured.first, np.array(path.levels))
                ),
                "levels": path.levels,
                "rules": dict(measured.books[slug].document) if slug in measured.books else None,
            }
            for slug, path in measured.paths.items()
        },
        "benchmarks": {
            name: {
                "performance": evaluation.create_json(measured.performances[name]),
                "levels": evaluation.create_json(levels),
            }
            for name, levels in measured.benchmarks.items()
        },
        "tried": {slug: evaluation.create_json(tried) for slug, tried in measured.tried.items()},
        "candidates": [dict(row) for row in measured.trials],
        "notes": list(measured.notes),
    }


def create_summary(measured: Measured) -> list[tuple[str, str]]:
    """The lines a terminal shows."""
    lines = [("window", f"{measured.first} to {measured.last}, {measured.origin}")]
    for slug in measured.tried:
        target = check_target(measured, slug)
        verdict = "reached" if target["reached"] else "missed"
        lines.append(
            (
                f"{slug}: residual Sharpe, drawdown",
                f"{target['residual_sharpe']:.2f} (target 1.2), smaller than the top 25's by"
                f" {100 * target['drawdown_smaller_by']:.0f} points (target 20): {verdict}",
            )
        )
        tried = measured.tried[slug]
        lines.append(
            (
                f"{slug}: deflated",
                f"{tried.deflated_sharpe:.2f} after {tried.configurations} candidates",
            )
        )
    for slug, path in measured.paths.items():
        found = measured.performances[slug]
        lines.append(
            (
                path.name,
                f"{found.total_return:+.0%}, drawdown {found.max_drawdown:.0%},"
                f" residual Sharpe {found.against[EQUAL_WEIGHT].residual_sharpe:.2f}",
            )
        )
    for name in measured.benchmarks:
        found = measured.performances[name]
        lines.append((name, f"{found.total_return:+.0%}, drawdown {found.max_drawdown:.0%}"))
    return lines


def _rate(cumulative: Sequence[float], years: float) -> float:
    return (cumulative[-1] - cumulative[0]) / years
