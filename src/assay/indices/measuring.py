"""What the published indices were worth, beside Bitcoin, the equal-weight universe and the top 25.

Everything about an index is read from its publications. The equal-weight universe is set equal
every seven days among the coins that the grades judge, filled one close later like the indices, and
pays no costs: the harder benchmark.
"""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import orjson
from numpy.typing import NDArray

from assay import evaluation, grades, ledger, markets, moonshots, publishing
from assay.backtest import run_weights
from assay.evaluation import Trials
from assay.indices.books import load_rule_books, load_trials
from assay.indices.compute.accounting import ENDED
from assay.indices.compute.features import Features
from assay.indices.judging import create_watcher
from assay.indices.measured import (
    BTC,
    EQUAL_WEIGHT,
    TARGETED,
    TOP_25,
    TOP_25_SLUG,
    Measured,
    Path,
    create_document,
    create_summary,
)
from assay.indices.page import create_page
from assay.indices.speakers import INDICES
from assay.indices.types import KIND
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import BadInput, NotEnoughData
from assay.kit.home import Home
from assay.kit.progress import Progress
from assay.markets.types import BITCOIN
from assay.publishing import Evaluation

Series = NDArray[np.float64]

MARKET_EVERY_DAYS = 7
LEAST_DAYS = 60
_DAY = timedelta(days=1)


def evaluate_indices(
    home: Home,
    database: Database,
    clock: Clock,
    progress: Progress,
    *,
    start: date | None = None,
    end: date | None = None,
) -> Evaluation:
    """Measure the published indices from `start` (default: their first day) to `end` (the newest).

    Days without a publication are published first, and so are the grades and risks they read, from
    the first day on: an index goes on from the day before. Raises BadInput for a window that ends
    before it begins, NotEnoughData for fewer than 60 days.
    """
    newest = markets.load_panel(home).complete_through
    first, last = max(start or INDICES.first_day, INDICES.first_day), end or newest
    if first > last:
        raise BadInput(
            f"The window from {first} to {last} ends before it begins.",
            hint=f"Choose days from {INDICES.first_day} to {newest}.",
        )
    if (last - first).days < LEAST_DAYS:
        raise NotEnoughData(
            f"{(last - first).days + 1} days tell nothing about an index.",
            hint=f"Take at least {LEAST_DAYS + 1} days.",
        )
    for kind in grades.GradeKind:
        grades.publish_missing(home, database, kind, clock, progress, end=last)
    for speaker in (moonshots.MOONSHOTS, INDICES):
        publishing.publish_missing(home, database, speaker, clock, progress, end=last)
    progress.step("Measuring indices", 0, 1)
    measured = measure(home, database, clock, first, last)
    progress.step("Measuring indices", 1, 1)
    return Evaluation(
        KIND, create_document(measured), create_page(measured), create_summary(measured)
    )


def measure(home: Home, database: Database, clock: Clock, first: date, last: date) -> Measured:
    """Read what was published and compute every figure."""
    paths = load_paths(database, first, last)
    whole = {
        slug: path for slug, path in paths.items() if len(path.levels) == (last - first).days + 1
    }
    if TOP_25_SLUG not in whole:
        raise NotEnoughData(
            f"The indices do not reach from {first} to {last}.",
            hint="Back-fill them from the first day.",
        )
    features = create_watcher(publishing.load_facts(home, last, clock.now())).features
    benchmarks = compute_benchmarks(features, first, last)
    benchmarks[TOP_25] = np.array(whole[TOP_25_SLUG].levels)
    performances = {
        slug: evaluation.score_performance(first, np.array(path.levels), benchmarks, EQUAL_WEIGHT)
        for slug, path in whole.items()
    }
    for name, levels in benchmarks.items():
        performances[name] = evaluation.score_performance(first, levels, benchmarks, EQUAL_WEIGHT)
    rows = load_trials()
    trials = Trials(len(rows), np.array([float(row["residual_sharpe"]) for row in rows]))
    coins, died = _count_universe(features, first, last)
    return Measured(
        first=first,
        last=last,
        origin=_find_origin(database, first, last),
        paths=whole,
        benchmarks=benchmarks,
        performances=performances,
        books={book.slug: book for book in load_rule_books() if book.slug in whole},
        tried={
            slug: evaluation.deflate_residual(
                np.array(whole[slug].levels), benchmarks[EQUAL_WEIGHT], trials
            )
            for slug in TARGETED
            if slug in whole
        },
        trials=rows,
        coins=coins,
        died_inside=died,
        notes=_list_notes(paths, whole),
    )


def load_paths(database: Database, first: date, last: date) -> dict[str, Path]:
    """What was published of every index from `first` to `last`, by slug."""
    paths: dict[str, Path] = {}
    for day, payload in publishing.load_days(database, KIND, first, last):
        for row in orjson.loads(payload):
            path = paths.setdefault(row["slug"], Path(row["name"]))
            path.levels.append(float(row["level"]))
            path.exposures.append(float(row["exposure"]))
            path.cash.append(float(row["cash_share"]))
            path.coins.append(row["coins"])
            path.turnover.append(float(row["turnover"]))
            path.costs.append(float(row["costs"]))
            path.ended += [
                {"day": day.isoformat(), **trade}
                for trade in row["transactions"]
                if trade["reason"] == ENDED
            ]
    return paths


def compute_benchmarks(features: Features, first: date, last: date) -> dict[str, Series]:
    """Levels of the equal-weight universe (and of Bitcoin, where it trades), 1 on `first`."""
    panel = features.panel
    window = slice(panel.column(first), panel.column(last) + 1)
    closes = np.where(features.has_bar, features.filled, np.nan)[:, window]
    weights = np.full(closes.shape, np.nan)
    for place in range(0, closes.shape[1], MARKET_EVERY_DAYS):
        members = features.universe[:, window.start + place]
        weights[:, place] = members / max(int(members.sum()), 1)
    found = {EQUAL_WEIGHT: run_weights(closes, weights, fee_bps=0.0).equity}
    row = features.rows.get(BITCOIN)
    if row is not None:
        prices = features.filled[row, window]
        found[BTC] = np.asarray(prices / prices[0])
    return found


def _find_origin(database: Database, first: date, last: date) -> str:
    with database.read() as connection:
        standing = ledger.list_standing(connection, KIND, first, last)
    return ", ".join(sorted({item.origin.value for item in standing}))


def _count_universe(features: Features, first: date, last: date) -> tuple[int, int]:
    panel = features.panel
    window = slice(panel.column(first), panel.column(last) + 1)
    inside = features.universe[:, window].any(axis=1)
    recent = features.has_bar[:, max(window.stop - 14, 0) : window.stop].any(axis=1)
    return int(inside.sum()), int((inside & ~recent).sum())


def _list_notes(paths: Mapping[str, Path], whole: Mapping[str, Path]) -> list[str]:
    notes = [
        "The rules were chosen on these very years: that is selection. The deflated figure"
        " discounts for the number of candidates; the years after 2023 are the judge.",
        "Sectors were sorted by hand afterwards; read sector indices as a description.",
    ]
    late = sorted(set(paths) - set(whole))
    if late:
        notes.append(f"Begun inside the window and left out: {', '.join(late)}.")
    return notes
