"""What this process does, for those who run it: figures, traces and log lines.

Figures: `RequestStats` and `Times` count in plain dictionaries; `expose` writes them as Prometheus
or OpenMetrics text. Traces: `span` does nothing until `start_traces` was given a receiver. Logs:
`start_logs` writes JSON lines to stderr, each passed through `redact`. Importing this package loads
none of the libraries behind it.
"""

from assay.kit.telemetry.exposition import expose
from assay.kit.telemetry.figures import DATABASE, UPSTREAM, RequestStats, Times, UpstreamStats
from assay.kit.telemetry.logs import REQUEST_ID, start_logs
from assay.kit.telemetry.redaction import redact
from assay.kit.telemetry.traces import (
    Span,
    carry,
    read_traceparent,
    span,
    start_traces,
    stop_traces,
    traceparent,
)
from assay.kit.telemetry.watching import watch_engine

__all__ = [
    "DATABASE",
    "REQUEST_ID",
    "UPSTREAM",
    "RequestStats",
    "Span",
    "Times",
    "UpstreamStats",
    "carry",
    "expose",
    "read_traceparent",
    "redact",
    "span",
    "start_logs",
    "start_traces",
    "stop_traces",
    "traceparent",
    "watch_engine",
]
