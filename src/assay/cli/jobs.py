"""worker; jobs list, show, run, cancel: long work from the command line."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from pydantic import ValidationError
from rich.table import Table

from assay.accounts.types import LOCAL
from assay.cli.context import Context, command, err, out
from assay.kit.atomic import write_atomic
from assay.kit.errors import AssayError, BadInput, NotFound
from assay.kit.jobs import JobQuery, JobRecord, Jobs, JobState, describe_job
from assay.kit.moments import format_utc

WAIT_S = 0.5

JobArgument = Annotated[str, typer.Argument(help="Id of the job, job_...")]


def worker(
    beside: Annotated[int, typer.Option("--beside", hidden=True, help="Ends with it.")] = 0,
) -> None:
    """Run jobs until it is stopped; several workers share the queue."""
    from assay.cli.kinds import KINDS  # noqa: PLC0415 - loads every room and the web framework
    from assay.cli.workers import work  # noqa: PLC0415
    from assay.kit.telemetry import start_logs, start_traces  # noqa: PLC0415

    with command() as context:
        start_logs(context.settings.log_level, context.settings.log_format)
        endpoint = context.settings.otlp_endpoint
        start_traces(endpoint.get_secret_value() if endpoint else None, "assay-worker")

        def tell() -> None:
            if not beside:
                err.print("Working; stop with Ctrl-C.", highlight=False)

        work(context, KINDS, tell, beside or None)


def list_all(
    state: Annotated[JobState | None, typer.Option("--state", help="Only in this state.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Only of this kind.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
) -> None:
    """List jobs of everybody, newest first."""
    with command() as context:
        states = frozenset({state}) if state else frozenset()
        found = _open(context).list(JobQuery(states=states, kind=kind, limit=limit))
        table = Table(box=None, header_style="bold", pad_edge=False)
        table.add_column("Job", min_width=28, no_wrap=True)
        for name in ("Kind", "State", "%", "Doing", "Asked", "By"):
            table.add_column(name, justify="right" if name == "%" else "left")
        for record in found:
            table.add_row(
                record.job_id,
                record.kind,
                record.state.value,
                f"{record.percent:.0f}",
                record.label,
                format_utc(record.created_at.replace(microsecond=0)),
                record.account_id,
            )
        out.print(table)


def show(job_id: JobArgument) -> None:
    """Show one job."""
    with command() as context:
        record = _open(context).load(job_id)
        text = orjson.dumps(describe_job(record), option=orjson.OPT_INDENT_2).decode()
        out.print(text, markup=False, highlight=False, soft_wrap=True)


def cancel(job_id: JobArgument) -> None:
    """Cancel a job: at once while it waits, at its next step while it runs."""
    with command() as context:
        jobs = _open(context)
        jobs.load(job_id)
        jobs.cancel(job_id)
        state = jobs.load(job_id).state
        out.print(f"{job_id} {'is being cancelled' if state is JobState.RUNNING else state.value}.")


def run(
    kind: Annotated[str, typer.Argument(help="evaluation, backtest or backfill.")],
    param: Annotated[
        list[str] | None, typer.Option("--param", help="NAME=VALUE; VALUE as JSON or as text.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="All parameters, a JSON object.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for its end.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", help="With --wait: write the result here.")
    ] = None,
) -> None:
    """Queue a job for the workers; prints its id."""
    with command() as context:
        jobs = _open(context)
        record = jobs.submit(LOCAL.account_id, kind, _read(jobs, kind, file, param or ()))
        out.print(record.job_id, highlight=False)
        if not jobs.load_totals().workers:
            err.print("No worker runs: start `assay serve` or `assay worker`.", highlight=False)
        if wait:
            _finish(context, jobs, record.job_id, output)


def _finish(context: Context, jobs: Jobs, job_id: str, output: Path | None) -> None:
    record = _wait(context, jobs, job_id)
    if record.state is JobState.FAILED:
        error = record.error or {}
        raise AssayError(f"The job failed: {error.get('detail')}", hint=str(error.get("hint", "")))
    err.print(f"{job_id} is {record.state.value}.", highlight=False)
    if output is not None and record.state is JobState.DONE:
        write_atomic(output, jobs.load_file(job_id, "document").body)
        err.print(f"Wrote {output}")


def _wait(context: Context, jobs: Jobs, job_id: str) -> JobRecord:
    while True:
        record = jobs.load(job_id)
        if record.total:
            context.progress.step(record.label, record.done, record.total)
        if record.state.is_final:
            return record
        time.sleep(WAIT_S)


def _read(jobs: Jobs, kind: str, file: Path | None, given: Sequence[str]) -> dict[str, Any]:
    """The parameters as they are stored. Raises BadInput, NotFound."""
    from assay.api import read_parameters  # noqa: PLC0415 - loads the web framework

    form = jobs.forms.get(kind)
    if form is None:
        raise NotFound(f"There are no jobs of the kind {kind!r}.", hint=", ".join(jobs.forms))
    try:
        parameters = orjson.loads(file.read_bytes()) if file else {}
        parameters |= dict(_split(item) for item in given)
        return read_parameters(form, parameters)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"{name or kind}: {first['msg']}.", hint="docs/api.md, Jobs.") from error
    except (orjson.JSONDecodeError, TypeError) as error:
        raise BadInput(f"{file} is not a JSON object.", hint="docs/api.md, Jobs.") from error


def _split(item: str) -> tuple[str, Any]:
    name, sign, value = item.partition("=")
    if not sign:
        raise BadInput(f"{item!r} is not NAME=VALUE.", hint="For example --param kind=signals.")
    try:
        return name, orjson.loads(value)
    except orjson.JSONDecodeError:
        return name, value


def _open(context: Context) -> Jobs:
    from assay.api import FORMS  # noqa: PLC0415 - loads the web framework

    return Jobs(context.home, context.database, context.clock, FORMS)
