"""Figures for Prometheus. What each one means is listed in docs/telemetry.md; a test compares."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from assay import alerts, ledger
from assay.accounts.types import Verb
from assay.api.routes.common import State, require
from assay.api.state import ApiState
from assay.kit.moments import close_of
from assay.kit.telemetry import DATABASE, UPSTREAM, expose
from assay.kit.telemetry.exposition import (
    Figures,
    list_database,
    list_requests,
    list_upstream,
    write_counter,
    write_gauge,
)

if TYPE_CHECKING:
    from prometheus_client import Metric

router = APIRouter(tags=["health"])

TEXT = {"text/plain": {"schema": {"type": "string"}}}
OPENMETRICS = {"application/openmetrics-text": {"schema": {"type": "string"}}}


class MetricsResponse(Response):
    """Text whose media type was negotiated."""

    media_type = "text/plain"


@router.get(
    "/metrics",
    dependencies=[Depends(require(Verb.OPERATE))],
    response_class=MetricsResponse,
    responses={200: {"content": TEXT | OPENMETRICS}},
)
async def get_metrics(request: Request, state: State) -> Response:
    """Get the figures of this process, as Prometheus text or, where `Accept` asks, OpenMetrics."""
    accept = request.headers.get("accept", "")
    text, media_type = await state.read(expose_all, state, accept)
    headers = {"cache-control": "no-store", "vary": "accept", "content-type": media_type}
    return Response(text, headers=headers)


def expose_all(state: ApiState, accept: str) -> tuple[bytes, str]:
    """(text, media type) of every figure of this process."""
    return expose(
        [
            lambda: list_requests(state.stats),
            lambda: list_upstream(UPSTREAM),
            lambda: list_database(DATABASE.rows),
            lambda: list_world(state),
            lambda: list_jobs(state),
            lambda: list_log(state),
            lambda: list_streams(state),
            lambda: list_alerts(state),
            *(companion.expose for companion in state.companions),
        ],
        accept,
    )


def list_world(state: ApiState) -> "Iterable[Metric]":
    """How old facts and statements are, and whether this process is ready."""
    now = state.clock.now()
    facts = state.world.facts
    ages: Figures = {} if facts is None else {(): _age_s(now, close_of(facts.newest_day))}
    yield write_gauge(
        "assay_facts_age_seconds", "Since the close of the newest day of facts.", (), ages
    )
    with state.database.read() as connection:
        newest = ledger.load_newest(connection)
    yield write_gauge(
        "assay_publication_age_seconds",
        "Since the newest statement of a kind was published.",
        ("kind",),
        {(kind,): _age_s(now, published_at) for kind, (_, published_at) in newest.items()},
    )
    yield write_gauge(
        "assay_publication_day_age_seconds",
        "Since the close of the newest day that a kind speaks of.",
        ("kind",),
        {(kind,): _age_s(now, close_of(day)) for kind, (day, _) in newest.items()},
    )
    yield write_gauge(
        "assay_ready",
        "1 once everything is loaded; 0 also while the process goes away.",
        (),
        {(): float(state.ready and not state.draining.began)},
    )


def list_log(state: ApiState) -> "Iterable[Metric]":
    """How long the log is, and how much of it those outside have seen."""
    with state.database.read() as connection:
        log = ledger.load_log(connection)
        size = 0 if log is None else ledger.load_end(connection, log.number)[0]
        witnesses = [] if log is None else ledger.list_witnesses(connection, log.number)
        anchors = [] if log is None else ledger.list_anchors(connection, log.number, limit=1)
        failures = ledger.list_failures(connection)
    yield write_gauge("assay_log_size", "Entries of the newest log.", (), {(): float(size)})
    yield write_gauge(
        "assay_log_cosigned_size",
        "Entries of the newest log that a witness has cosigned.",
        ("witness",),
        {(item.name,): float(item.size) for item in witnesses if item.size is not None},
    )
    yield write_gauge(
        "assay_log_anchored_size",
        "Entries of the newest log in its last final anchor.",
        ("chain",),
        {(str(item.chain_id),): float(item.size) for item in anchors},
    )
    yield write_gauge(
        "assay_log_outside_failures",
        "Failures in a row of a task with a witness or the chain; 0: the last one went well.",
        ("task",),
        {(task,): float(count) for task, count in failures.items()},
    )


def list_alerts(state: ApiState) -> "Iterable[Metric]":
    """Messages of alerts: how many there are in each state, and whether one is stuck."""
    counts, age_s = alerts.count_deliveries(state.database, state.clock)
    yield write_gauge(
        "assay_alert_deliveries",
        "Deliveries of alerts of the last 90 days by state.",
        ("state",),
        {(name,): float(count) for name, count in counts.items()},
    )
    yield write_gauge(
        "assay_alert_oldest_due_seconds",
        "How long the delivery that waits longest is due; 0: none waits.",
        (),
        {(): age_s},
    )


def list_jobs(state: ApiState) -> "Iterable[Metric]":
    """Long work: how much there is, how long it waits, who carries it out."""
    totals = state.jobs.load_totals()
    yield write_gauge(
        "assay_jobs",
        "Jobs by kind and state.",
        ("kind", "state"),
        {(kind, job_state.value): float(n) for (kind, job_state), n in totals.counts.items()},
    )
    yield write_gauge(
        "assay_job_oldest_queued_seconds",
        "How long the oldest queued job of a kind has waited.",
        ("kind",),
        {(kind,): age_s for kind, age_s in totals.oldest_queued_age_s.items()},
    )
    yield write_gauge(
        "assay_job_run_seconds",
        "Mean run of the jobs of a kind that were done within the last hour.",
        ("kind",),
        {(kind,): seconds for kind, seconds in totals.mean_run_s.items()},
    )
    yield write_gauge("assay_job_workers", "Workers that answer.", (), {(): float(totals.workers)})


def list_streams(state: ApiState) -> "Iterable[Metric]":
    """Who listens, what was told, and what could not be."""
    streams = state.streams
    hub = streams.hub
    open_now: Figures = {(): float(streams.admission.open)}
    yield write_gauge("assay_streams", "Streams that are open.", (), open_now)
    yield write_counter(
        "assay_stream_updates",
        "Updates by channel.",
        ("channel",),
        {(name,): float(count) for name, count in hub.published.items()},
    )
    delivered: Figures = {(): float(hub.delivered)}
    yield write_counter("assay_stream_deliveries", "Updates times readers.", (), delivered)
    yield write_counter(
        "assay_stream_lost",
        "Messages of the bus that were no updates, or came faster than they were read.",
        ("reason",),
        {
            ("malformed",): float(streams.malformed + hub.refused),
            ("overrun",): float(streams.lost),
        },
    )


def _age_s(now: datetime, moment: datetime) -> float:
    return (now - moment).total_seconds()
