"""Figures as text that Prometheus reads, in its own format or OpenMetrics."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from assay.kit.telemetry.figures import BOUNDS_S, RequestStats, Row, UpstreamStats

if TYPE_CHECKING:
    from prometheus_client import Metric

BREAKER_STATES: Final = ("closed", "open", "half-open")

Figures = Mapping[tuple[str, ...], float]
Source = Callable[[], "Iterable[Metric]"]


def expose(sources: Iterable[Source], accept: str) -> tuple[bytes, str]:
    """(text, media type) of all figures and those of the process itself.

    OpenMetrics where `accept` asks for it, else Prometheus' own text format.
    """
    from prometheus_client import (  # noqa: PLC0415 - a tenth of a second; only a scrape needs it
        CollectorRegistry,
        GCCollector,
        PlatformCollector,
        ProcessCollector,
    )
    from prometheus_client.exposition import choose_encoder  # noqa: PLC0415
    from prometheus_client.registry import Collector  # noqa: PLC0415

    class Reader(Collector):
        def __init__(self, source: Source) -> None:
            self.source = source

        def collect(self) -> "Iterable[Metric]":
            return self.source()

    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    for source in sources:
        registry.register(Reader(source))
    encode, media_type = choose_encoder(accept)
    return encode(registry), media_type


def write_gauge(name: str, text: str, labels: tuple[str, ...], values: Figures) -> "Metric":
    """A figure that goes up and down."""
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - see expose

    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def write_counter(name: str, text: str, labels: tuple[str, ...], values: Figures) -> "Metric":
    """A figure that only grows while the process lives."""
    from prometheus_client.core import CounterMetricFamily  # noqa: PLC0415 - see expose

    family = CounterMetricFamily(name, text, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def write_times(
    name: str, text: str, labels: tuple[str, ...], rows: Mapping[tuple[str, ...], Row]
) -> "Metric":
    """Durations as cumulative buckets in seconds."""
    from prometheus_client.core import HistogramMetricFamily  # noqa: PLC0415 - see expose

    bounds = [*(str(bound) for bound in BOUNDS_S), "+Inf"]
    family = HistogramMetricFamily(name, text, labels=labels)
    for key, row in sorted(rows.items()):
        buckets: list[tuple[str, float]] = []
        total = 0.0
        for bound, count in zip(bounds, row[:-1], strict=True):
            total += count
            buckets.append((bound, total))
        family.add_metric(key, buckets, sum_value=row[-1])
    return family


def list_requests(stats: RequestStats) -> "Iterable[Metric]":
    """Rate, errors and duration of each route; what is under way; what limits turned away."""
    counts: Figures = {
        (route, method, str(status)): n for (route, method, status), n in stats.counts()
    }
    yield write_counter(
        "assay_requests",
        "Requests answered, by path template.",
        ("route", "method", "status"),
        counts,
    )
    yield write_times(
        "assay_request_duration_seconds",
        "From the request's headers to the last byte handed to the socket.",
        ("route", "method"),
        stats.times(),
    )
    yield write_gauge(
        "assay_requests_in_flight", "Requests under way.", (), {(): float(stats.in_flight)}
    )
    refused: Figures = {(code,): float(count) for code, count in stats.refused.items()}
    yield write_counter(
        "assay_requests_refused",
        "Requests that a limit or a quota turned away, by problem code.",
        ("code",),
        refused,
    )


def list_upstream(stats: UpstreamStats) -> "Iterable[Metric]":
    """Calls to other services: duration, failures, retries, breakers."""
    yield write_times(
        "assay_upstream_duration_seconds",
        "Attempts to call another service, by host and outcome.",
        ("host", "outcome"),
        dict(stats.times.rows),
    )
    yield write_counter(
        "assay_upstream_errors",
        "Failed attempts, by host and kind of failure.",
        ("host", "kind"),
        {key: float(count) for key, count in stats.errors.items()},
    )
    yield write_counter(
        "assay_upstream_retries",
        "Attempts that repeated a failed one.",
        ("host",),
        {(host,): float(count) for host, count in stats.retries.items()},
    )
    states: Figures = {
        (host, state): float(state == current)
        for host, current in stats.breakers.items()
        for state in BREAKER_STATES
    }
    yield write_gauge(
        "assay_upstream_breaker",
        "1 for the state that the host's circuit breaker is in.",
        ("host", "state"),
        states,
    )


def list_database(rows: Mapping[tuple[str, ...], Row]) -> "Iterable[Metric]":
    """How long transactions took."""
    yield write_times(
        "assay_database_duration_seconds",
        "Transactions from begin to commit or rollback.",
        ("kind", "outcome"),
        dict(rows),
    )
