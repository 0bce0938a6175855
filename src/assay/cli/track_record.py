"""track-record: what came of everything that was said; scores what is owed first."""

from pathlib import Path
from typing import Annotated

import typer

from assay import track_record as room
from assay.cli.context import command, err, out
from assay.cli.tables.track_record import draw_record
from assay.kit.atomic import write_atomic
from assay.kit.errors import BadInput
from assay.kit.moments import parse_day
from assay.ledger import Origin
from assay.track_record import Selection


def show(
    called: typer.Context,
    kind: Annotated[str | None, typer.Option(help="Only this kind, such as grades.trader.")] = None,
    origin: Annotated[Origin | None, typer.Option(help="Only of this origin.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day, YYYY-MM-DD.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with charts here.")] = None,
) -> None:
    """Show what came of everything that was said; what is owed is scored first."""
    if called.invoked_subcommand is not None:
        return
    if kind is not None and kind not in room.KINDS:
        raise typer.BadParameter(f"there are {', '.join(room.KINDS)}")
    with command() as context:
        asked = Selection(
            kind=kind,
            origin=origin,
            start=parse_day(start) if start else None,
            end=parse_day(end) if end else None,
        )
        if asked.start and asked.end and asked.start > asked.end:
            raise BadInput("--from lies after --to.", hint="Exchange the two.")
        if room.check_owed(context.home, context.database):
            room.update_record(context.home, context.database, context.clock, context.progress)
        record = room.load_record(context.database, asked)
        out.print(draw_record(record))
        if html:
            page = room.create_record_page(
                record,
                room.load_days(context.database, asked),
                room.load_calibration(context.database, asked),
            )
            write_atomic(html, page.encode())
            err.print(f"Wrote {html}")


def rebuild() -> None:
    """Forget every score and make all of them again from the ledger and the facts."""
    with command() as context:
        made = room.rebuild_record(context.home, context.database, context.clock, context.progress)
        out.print(f"{made.scored:,} publications scored")
