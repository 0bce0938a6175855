"""Log lines for machines: one JSON object a line on stderr, without secrets.

Everything goes through the standard `logging`, so that libraries' lines look like ours:
`logger.info("text", extra={"route": route})`. Members: `time`, `level`, `logger`, `event`,
`request_id` where a request is under way, and what `extra` adds.
"""

import logging
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any, Final, Literal, TextIO

from assay.kit.telemetry.redaction import HIDDEN, is_secret_name, redact

REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("assay_request_id", default=None)
"""The id of the request that the running code belongs to."""

_QUIET: Final = (
    "httpx",
    "httpcore",
    "urllib3",
    "ccxt",
    "asyncio",
    "opentelemetry",
    "dbos",
    "numba",
    "redis",
    "matplotlib",
)
"""Libraries whose lower levels repeat URLs, headers or statements, or tell what a compiler does."""

_STANDARD: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}
_UNWANTED: Final = frozenset({"color_message"})

Event = MutableMapping[str, Any]


def start_logs(
    level: str, form: Literal["json", "text"] = "json", stream: TextIO | None = None
) -> None:
    """Write all log lines from `level` on to stderr (or `stream`), and nowhere else."""
    import structlog  # noqa: PLC0415 - takes a while to import; only servers and workers need it

    render = (
        structlog.processors.JSONRenderer(default=str)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=_format_plainly)
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                _take_extra,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
                structlog.processors.format_exc_info,
                _hide_members,
                render,
                _redact_line,
            ],
        )
    )
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _take_extra(_: object, __: str, event: Event) -> Event:
    """What `extra` gave, the logger's name and the request's id."""
    record: logging.LogRecord = event["_record"]
    event["logger"] = record.name
    request_id = REQUEST_ID.get()
    if request_id is not None:
        event["request_id"] = request_id
    extra = record.__dict__.items()
    event.update({k: v for k, v in extra if k not in _STANDARD and k not in _UNWANTED})
    return event


def _hide_members(_: object, __: str, event: Event) -> Event:
    for name in event:
        if is_secret_name(name):
            event[name] = HIDDEN
    return event


def _redact_line(_: object, __: str, line: Any) -> str:  # noqa: ANN401 - what was rendered
    return redact(str(line))


def _format_plainly(stream: TextIO, info: Any) -> None:  # noqa: ANN401 - structlog's own type
    import traceback  # noqa: PLC0415 - only where an error is shown

    stream.write("".join(traceback.format_exception(*info)))
