"""serve, prepare, backfill: what runs for longer than a moment."""

import signal
from typing import Annotated

import typer

from assay import grades, markets
from assay.cli.context import command, err
from assay.cli.start import Preparation, ensure_sample
from assay.cli.start import prepare as run_preparation
from assay.kit.moments import parse_day

KindOption = Annotated[
    list[grades.GradeKind] | None, typer.Option("--kind", help="trader, investor or both.")
]


def serve() -> None:
    """Serve the API on ASSAY_HOST:ASSAY_PORT; the first start loads the sample and grades it."""
    from assay import api  # noqa: PLC0415 - only this command needs the web framework

    with command() as context:
        preparation = Preparation()

        def announce() -> None:
            if preparation.is_ready:
                err.print(f"[bold green]Assay is ready[/] {preparation.url}", highlight=False)
            else:
                err.print("[bold red]Preparation failed[/]; the lines above say why.")
                signal.raise_signal(signal.SIGTERM)

        preparation.listeners.append(announce)

        def listening(url: str) -> None:
            preparation.url = url
            preparation.start(context.progress)

        api.serve(
            context.home,
            context.settings,
            context.clock,
            grades=grades,
            markets=markets,
            is_ready=lambda: preparation.is_ready,
            progress=lambda: preparation.text,
            on_listening=listening,
        )
        if not preparation.is_ready:
            raise typer.Exit(1)


def prepare(
    progress_lines: Annotated[bool, typer.Option("--progress-lines", hidden=True)] = False,
) -> None:
    """Load the sample and publish every grade that is owed (what `serve` does first)."""
    with command(progress_lines=progress_lines) as context:
        run_preparation(context)


def backfill(
    start: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day, YYYY-MM-DD.")] = None,
    kind: KindOption = None,
    progress_lines: Annotated[bool, typer.Option("--progress-lines", hidden=True)] = False,
) -> None:
    """Publish the grades of past days that have none yet; they are marked backfilled."""
    with command(progress_lines=progress_lines) as context:
        ensure_sample(context)
        for each in kind or list(grades.GradeKind):
            count = grades.publish_missing(
                context.home,
                context.database,
                each,
                context.clock,
                context.progress,
                start=parse_day(start) if start else None,
                end=parse_day(end) if end else None,
            )
            if not progress_lines:
                err.print(f"{each}: {count} days published")
