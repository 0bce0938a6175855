"""Timing the transactions of an engine from outside, whoever opens them."""

from time import perf_counter
from typing import TYPE_CHECKING, Any

from assay.kit.telemetry.figures import DATABASE, Times
from assay.kit.telemetry.traces import span

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_STARTED = "assay.started"


def watch_engine(engine: "Engine", times: Times = DATABASE) -> None:
    """Count each transaction of `engine` in `times`, and trace it where traces are on.

    Labels are (`read` or `write`, `ok` or `failed`). Waiting for the writer's turn counts.
    """
    from sqlalchemy import event  # noqa: PLC0415 - this package loads no library by itself

    def begin(connection: "Connection") -> None:
        kind = "write" if _is_writing(connection) else "read"
        opened = span(f"database {kind}")
        opened.__enter__().set({"db.system.name": engine.dialect.name})
        connection.info[_STARTED] = (perf_counter(), kind, opened)

    def end(connection: "Connection", outcome: str) -> None:
        started: tuple[float, str, Any] | None = connection.info.pop(_STARTED, None)
        if started is not None:
            at, kind, opened = started
            times.observe((kind, outcome), perf_counter() - at)
            opened.__exit__(None, None, None)

    event.listen(engine, "begin", begin, insert=True)
    event.listen(engine, "commit", lambda connection: end(connection, "ok"))
    event.listen(engine, "rollback", lambda connection: end(connection, "failed"))


def _is_writing(connection: "Connection") -> bool:
    """By the options that `kit.database` opens its blocks with."""
    options = connection.get_execution_options()
    if connection.dialect.name == "sqlite":
        return "assay_write_wait_ms" in options
    return not options.get("postgresql_readonly", False)
