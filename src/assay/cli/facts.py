"""import, fetch, tokens, redenominate, quarantine: what the markets room knows and learns."""

import asyncio
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from assay import grades, markets
from assay.cli.context import Context, command, out
from assay.cli.start import ensure_sample
from assay.cli.tables.common import WIDE
from assay.cli.tables.facts import draw_quarantine
from assay.kit.errors import BadInput
from assay.kit.moments import parse_day
from assay.markets import ImportReport
from assay.markets.types import Interval

importing = typer.Typer(help="Bring facts from files.", no_args_is_help=True)
fetching = typer.Typer(help="Bring facts from venues.", no_args_is_help=True)

IntervalOption = Annotated[Interval, typer.Option("--interval", help="1d, 1h or 1m.")]
_EMPTY_QUARANTINE = "Nothing is in quarantine."
HOME_VENUE = "binance"
"""Venue of the bundled market: candles imported under it go on where the sample ends."""


@importing.command("candles")
def import_candles(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet with symbol, time, ..., close.")],
    interval: IntervalOption = Interval.DAY,
    venue: Annotated[str, typer.Option(help="Where they traded.")] = HOME_VENUE,
) -> None:
    """Import candles: all of them or, if anything fails, none. Doing it twice changes nothing."""
    with command() as context:
        ensure_sample(context)
        report = markets.import_candles(
            context.home, file, interval, venue, context.clock, context.progress
        )
        print_report(report)
        tell_next(context, report)


@fetching.command("candles")
def fetch_candles(
    venue: Annotated[str, typer.Option(help="An exchange that ccxt knows, such as binance.")],
    symbols: Annotated[str, typer.Option(help="Comma separated, such as BTC,ETH.")],
    since: Annotated[str, typer.Option(help="First day, YYYY-MM-DD.")],
    interval: IntervalOption = Interval.DAY,
) -> None:
    """Fetch candles from an exchange; run again after a failure, it goes on where it stopped."""
    wanted = [symbol.strip() for symbol in symbols.split(",") if symbol.strip()]
    with command() as context:
        if not wanted:
            raise BadInput("No symbols were named.", hint="For example --symbols BTC,ETH.")
        ensure_sample(context)
        report = asyncio.run(
            markets.fetch_candles(
                context.home,
                venue,
                wanted,
                parse_day(since),
                interval,
                context.clock,
                context.progress,
                np.random.default_rng(),
            )
        )
        print_report(report)
        tell_next(context, report)


def tokens(
    as_of: Annotated[str | None, typer.Option("--as-of", help="As known on that day.")] = None,
) -> None:
    """List every token, the dead included."""
    with command() as context:
        ensure_sample(context)
        registry = markets.load_registry(context.home)
        table = Table(box=None, header_style="bold", pad_edge=False)
        for name in ("Id", "Symbol", "Name", "Kind", "First day", "Last day", "Ended"):
            table.add_column(name, justify="right" if name == "Id" else "left")
        for token in registry.tokens(parse_day(as_of) if as_of else None):
            last = token.last_day.isoformat() if token.last_day else ""
            table.add_row(
                str(token.token_id),
                token.symbol,
                token.name,
                token.kind.value,
                token.first_day.isoformat(),
                last,
                token.ended or "",
            )
        out.print(table)


def redenominate(
    symbol: Annotated[str, typer.Argument(help="Ticker, such as BNX.")],
    day: Annotated[str, typer.Option("--day", help="First day of the new units.")],
    factor: Annotated[float, typer.Option("--factor", help="New coins for one old coin.")],
) -> None:
    """Declare that one old coin became FACTOR new ones, so that the jump is not quarantined."""
    with command() as context:
        ensure_sample(context)
        markets.declare_redenomination(
            context.home, symbol, parse_day(day), factor, context.clock, context.progress
        )
        out.print(f"From {day} one old {symbol.upper()} is {factor:g} new ones.")


def quarantine(
    import_id: Annotated[
        str | None,
        typer.Option("--import", help="Only rows of this import (its id, or its start)."),
    ] = None,
) -> None:
    """Show rows that imports turned away, with the reason."""
    with command() as context:
        ensure_sample(context)
        rows = markets.list_quarantine(context.home, import_id)
        out.print(
            draw_quarantine(rows.to_dicts(), is_wide=out.width >= WIDE)
            if rows.height
            else _EMPTY_QUARANTINE
        )


def tell_next(context: Context, report: ImportReport) -> None:
    """Say how far the data reach now, and how to grade days that lack a grade."""
    if report.interval is not Interval.DAY or not report.has_changed_anything:
        return
    panel = markets.load_panel(context.home)
    newest = panel.complete_through
    out.print(f"The newest complete day is {newest}.")
    if panel.last_day > newest:
        out.print(
            f"Candles reach to {panel.last_day}; a day is complete when four fifths of the tokens"
            " of the week before it have a whole one.",
            soft_wrap=True,
        )
    if any(grades.load_grades(context.database, kind, newest) is None for kind in grades.GradeKind):
        out.print("Grade the days that have no grade yet with: assay backfill", highlight=False)


def print_report(report: ImportReport) -> None:
    """What became of every row; the counts add up."""
    table = Table(title=f"{report.source} ({report.interval})", title_justify="left", box=None)
    table.add_column("Rows")
    table.add_column("", justify="right")
    outcomes = {
        "read": report.rows,
        "new": report.accepted,
        "corrections": report.corrections,
        "completed days": report.completed,
        "known already": report.unchanged,
    }
    for label, count in outcomes.items():
        table.add_row(label, f"{count:,}")
    for fault, count in report.quarantined.items():
        table.add_row(f"[red]quarantined: {fault.value}[/red]", f"{count:,}")
    out.print(table)
    if report.quarantined:
        out.print("assay quarantine shows the rows that were turned away.", highlight=False)
    if report.new_tokens:
        out.print("New tokens: " + ", ".join(report.new_tokens), highlight=False)
    for hint in report.hints:
        out.print(hint, highlight=False, soft_wrap=True)
