"""What carries each kind of job out: the wiring between the forms of the API and the rooms."""

import asyncio
from typing import Any

import numpy as np
import orjson

from assay import grades, markets
from assay.api import (
    BACKFILL,
    BACKTEST,
    EVALUATION,
    FACTS,
    REPRODUCTION,
    TRAINING,
    BackfillParameters,
    BacktestParameters,
    EvaluationParameters,
    FactsParameters,
    ReproductionParameters,
    TrainingParameters,
)
from assay.cli.backtesting import run_backtest
from assay.cli.rooms import ROOMS, RoomName, find_room, list_needs, publish_room
from assay.cli.sampling import describe_sample, reproduce_sample
from assay.kit.jobs import JobContext, JobFile, JobFiles, JobKind

READING = "Reading what was published"


def evaluate(context: JobContext, parameters: EvaluationParameters) -> JobFiles:
    """Measure what was published; days that are owed are said first. Leaves every figure as
    `document`, and a page with charts.
    """
    measured = find_room(RoomName(parameters.kind))
    needs = list_needs(measured)
    context.step(READING, 0, len(needs) + 1)
    markets.ensure_ready(context.home, context.clock, context)
    for done, need in enumerate(needs, start=1):
        publish_room(context, need, context, end=parameters.end)
        context.step(READING, done, len(needs) + 1)
    found = measured.evaluate(
        context.home,
        context.database,
        context.clock,
        context,
        start=parameters.start,
        end=parameters.end,
    )
    return {
        "document": _write(found.document),
        "page": JobFile("text/html; charset=utf-8", found.page.encode()),
    }


def back_test(context: JobContext, parameters: BacktestParameters) -> JobFiles:
    """What would it have earned; safe to do again, as nothing is kept but the answer."""
    return {"document": _write(run_backtest(context, parameters))}


def backfill(context: JobContext, parameters: BackfillParameters) -> JobFiles:
    """Publish days that are owed, and what they read before them; what stands is left alone."""
    markets.ensure_ready(context.home, context.clock, context)
    names = {RoomName(kind) for kind in parameters.kinds}
    chosen = [room for room in ROOMS if not names or room.name in names]
    needed = {need.name for room in chosen for need in list_needs(room)}
    published = {}
    for room in ROOMS:
        if room not in chosen and room.name not in needed:
            continue
        # What is read must stand for every day, or the reader says less than it could.
        since = parameters.start if room in chosen and room.name not in needed else None
        count = publish_room(context, room, context, start=since, end=parameters.end)
        published[room.name.value] = count
    return {"document": _write({"published_days": published})}


def reproduce(context: JobContext, parameters: ReproductionParameters) -> JobFiles:
    """Draw publications and compute each again; the document says which came out equal."""
    report = reproduce_sample(
        context,
        context,
        parameters.sample,
        names=[str(kind) for kind in parameters.kinds],
        seed=parameters.seed,
        until=parameters.until,
    )
    return {"document": _write(describe_sample(report))}


def fetch_facts(context: JobContext, parameters: FactsParameters) -> JobFiles:
    """Fetch what is missing since the newest complete day; what is stored is not asked for."""
    markets.ensure_ready(context.home, context.clock, context)
    registry = markets.load_registry(context.home)
    alive = [token.symbol for token in registry.tokens() if token.last_day is None]
    since = markets.load_panel(context.home).complete_through
    stored = {}
    for interval in parameters.intervals:
        report = asyncio.run(
            markets.fetch_candles(
                context.home,
                parameters.venue,
                alive,
                since,
                interval,
                context.clock,
                context,
                np.random.default_rng(),
                is_tolerant=True,
            )
        )
        stored[interval.value] = {"accepted": report.accepted, "unchanged": report.unchanged}
    return {"document": _write({"venue": parameters.venue, "stored": stored})}


def train(context: JobContext, parameters: TrainingParameters) -> JobFiles:
    """Train again; the artefacts of a kind are kept when all of them are trained, or none is."""
    markets.ensure_ready(context.home, context.clock, context)
    trained = {}
    for kind in parameters.kinds:
        made = grades.train_models(context.home, kind, context.clock, context)
        trained[kind.value] = {each.name: each.trained_through.isoformat() for each in made}
    return {"document": _write({"trained_through": trained})}


KINDS = (
    JobKind(EVALUATION, evaluate),
    JobKind(BACKTEST, back_test),
    JobKind(BACKFILL, backfill),
    JobKind(REPRODUCTION, reproduce),
    JobKind(FACTS, fetch_facts),
    JobKind(TRAINING, train),
)


def _write(document: Any) -> JobFile:  # noqa: ANN401 - whatever is JSON
    return JobFile("application/json", orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY))
