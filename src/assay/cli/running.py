"""serve, prepare, backfill: what runs for longer than a moment."""

import signal
from typing import Annotated

import typer

from assay import grades, markets
from assay.cli.context import command, err
from assay.cli.rooms import ROOMS, RoomName, list_needs, publish_room
from assay.cli.start import Startup, ensure_sample
from assay.cli.start import prepare as run_preparation
from assay.kit.moments import parse_day

KindOption = Annotated[
    list[RoomName] | None, typer.Option("--kind", help="What to publish; default: everything.")
]


def serve() -> None:
    """Serve the API on ASSAY_HOST:ASSAY_PORT; the first start publishes the bundled market."""
    from assay import api  # noqa: PLC0415 - only this command needs the web framework

    with command() as context:

        def announce() -> None:
            if startup.is_complete:
                err.print("All history is published.", highlight=False)
            elif startup.is_ready:
                err.print(f"[bold green]Assay is ready[/] {startup.url}", highlight=False)
            else:
                err.print("[bold red]Preparation failed[/]; the lines above say why.")
                signal.raise_signal(signal.SIGTERM)

        startup = Startup(context, announce)

        def listening(url: str) -> None:
            startup.url = url
            startup.start(context.progress)

        try:
            api.serve(
                context.home,
                context.settings,
                context.clock,
                grades=grades,
                markets=markets,
                is_ready=lambda: startup.is_ready,
                progress=lambda: startup.text,
                history=lambda: startup.history,
                on_listening=listening,
            )
        finally:
            startup.stop()
        if not startup.is_ready:
            raise typer.Exit(1)


def prepare(
    progress_lines: Annotated[bool, typer.Option("--progress-lines", hidden=True)] = False,
) -> None:
    """Load the sample and publish what must stand before the server is ready."""
    with command(progress_lines=progress_lines) as context:
        run_preparation(context)


def backfill(
    start: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day, YYYY-MM-DD.")] = None,
    kind: KindOption = None,
    progress_lines: Annotated[bool, typer.Option("--progress-lines", hidden=True)] = False,
) -> None:
    """Publish past days that are owed, and what they read before them; all marked backfilled."""
    with command(progress_lines=progress_lines) as context:
        ensure_sample(context)
        first = parse_day(start) if start else None
        last = parse_day(end) if end else None
        chosen = [room for room in ROOMS if not kind or room.name in kind]
        needed = {need.name for room in chosen for need in list_needs(room)}
        for room in ROOMS:
            if room not in chosen and room.name not in needed:
                continue
            # What is read must stand for every day, or the reader says less than it could.
            since = first if room in chosen and room.name not in needed else None
            count = publish_room(context, room, context.progress, start=since, end=last)
            if not progress_lines:
                err.print(f"{room.name}: {count} days published")
