"""schedules list, run, on, off: what becomes due by itself."""

from typing import Annotated

import typer
from rich.table import Table

from assay.cli.context import Context, command, out
from assay.kit.jobs import Jobs
from assay.kit.moments import format_utc
from assay.kit.schedules import Timekeeper

NameArgument = Annotated[str, typer.Argument(help="Name of the schedule.")]


def list_all() -> None:
    """List every schedule of this installation."""
    with command() as context:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for name in ("Schedule", "On", "Next", "Last job", "Does"):
            table.add_column(name, no_wrap=name != "Does")
        for turn in _open(context).list_turns():
            table.add_row(
                turn.schedule.name,
                "on" if turn.is_on else "off",
                format_utc(turn.due_at.replace(microsecond=0)),
                turn.last_job_id or "",
                turn.schedule.about,
            )
        out.print(table)


def run(name: NameArgument) -> None:
    """Queue the job of a schedule now; prints its id."""
    with command() as context:
        out.print(_open(context).run_now(name).job_id, highlight=False)


def turn_on(name: NameArgument) -> None:
    """Let a schedule run by itself; what it missed is not caught up."""
    _switch(name, is_on=True)


def turn_off(name: NameArgument) -> None:
    """Let a schedule run no more until it is turned on."""
    _switch(name, is_on=False)


def _switch(name: str, *, is_on: bool) -> None:
    with command() as context:
        turn = _open(context).switch(name, is_on=is_on)
        due = f"; next {format_utc(turn.due_at)}" if is_on else ""
        out.print(f"{name} is {'on' if is_on else 'off'}{due}.", highlight=False)


def _open(context: Context) -> Timekeeper:
    from assay.api import FORMS, list_schedules  # noqa: PLC0415 - loads the web framework

    jobs = Jobs(context.home, context.database, context.clock, FORMS)
    planned = list_schedules(context.settings)
    return Timekeeper(context.database, context.clock, jobs, planned)
