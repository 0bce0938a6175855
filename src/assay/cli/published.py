"""signals, forecasts, levels, scenarios, indices, moonshots, market, briefing: what was said of a
day. A day that is owed is said first.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.markdown import Markdown

from assay import briefing as desk
from assay import forecasts as forecasting
from assay import indices as baskets
from assay import market_state, markets
from assay import moonshots as moons
from assay import signals as signalling
from assay.cli.context import Context, command, err, out
from assay.cli.rooms import require_day
from assay.cli.start import ensure_sample
from assay.cli.tables.common import Row
from assay.cli.tables.forecasts import draw_levels, draw_quantiles, draw_ranges, draw_scenarios
from assay.cli.tables.indices import draw_index, draw_indices
from assay.cli.tables.market import draw_market
from assay.cli.tables.moonshots import draw_moonshots, draw_outcomes
from assay.cli.tables.signals import draw_signals, order_signals
from assay.kit.atomic import write_atomic
from assay.kit.errors import NotFound
from assay.kit.moments import parse_day
from assay.ledger import Publication
from assay.publishing import Speaker, find_speaker

Rows = list[dict[str, Any]]

AsOfOption = Annotated[str | None, typer.Option("--as-of", help="Day, YYYY-MM-DD.")]
TopOption = Annotated[int, typer.Option(min=1, help="How many rows.")]
SymbolOption = Annotated[
    str | None, typer.Option("--symbol", help="Ticker as named on that day, or token id.")
]


def signals(
    hourly: Annotated[bool, typer.Option("--hourly", help="The last hour of the day.")] = False,
    symbol: SymbolOption = None,
    top: TopOption = 25,
    as_of: AsOfOption = None,
) -> None:
    """Show the signals of a day: long, short or none, beside what following them brought."""
    with command() as context:
        kind = "signals.hourly" if hourly else "signals.daily"
        said = require(context, signalling.SPEAKERS, kind, as_of)
        rows = choose(context, said, symbol, top, order_signals(read(said)))
        out.print(draw_signals(describe(said, "Signals"), rows))
        sign(said)


def forecasts(symbol: SymbolOption = None, top: TopOption = 25, as_of: AsOfOption = None) -> None:
    """Show how far prices may go in 1, 7, 30 and 90 days; with --symbol every quantile."""
    with command() as context:
        said = require(context, forecasting.SPEAKERS, "forecasts.quantiles", as_of)
        rows = choose(context, said, symbol, top, read(said))
        if symbol:
            out.print(draw_quantiles(describe(said, "Forecast"), rows[0]))
        else:
            out.print(draw_ranges(describe(said, "Forecasts"), rows))
        sign(said)


def levels(symbol: SymbolOption = None, top: TopOption = 10, as_of: AsOfOption = None) -> None:
    """Show support and resistance, with the evidence for each level."""
    with command() as context:
        said = require(context, forecasting.SPEAKERS, "forecasts.levels", as_of)
        rows = choose(context, said, symbol, top, read(said))
        out.print(draw_levels(describe(said, "Levels"), rows))
        sign(said)


def scenarios(symbol: SymbolOption = None, top: TopOption = 10, as_of: AsOfOption = None) -> None:
    """Show what a bear, base and bull market would mean for tokens."""
    with command() as context:
        said = require(context, forecasting.SPEAKERS, "forecasts.scenarios", as_of)
        rows = choose(context, said, symbol, top, read(said))
        out.print(draw_scenarios(describe(said, "Scenarios"), rows))
        sign(said)


def indices(
    name: Annotated[str | None, typer.Argument(help="Slug or ticker, to see one of them.")] = None,
    top: TopOption = 25,
    as_of: AsOfOption = None,
) -> None:
    """Show the published indices of a day, or the holdings and trades of one."""
    with command() as context:
        said = require(context, baskets.SPEAKERS, "indices", as_of)
        rows = read(said)
        if name is None:
            out.print(draw_indices(describe(said, "Indices"), rows))
        else:
            wanted = name.casefold()
            known = {row["slug"].casefold(): row for row in rows}
            known |= {row["ticker"].casefold(): row for row in rows}
            if wanted not in known:
                slugs = ", ".join(row["slug"] for row in rows)
                raise NotFound(f"No index is called {name[:40]!r}.", hint=f"There are {slugs}.")
            out.print(draw_index(describe(said, ""), known[wanted], top))
        sign(said)


def moonshots(
    outcomes: Annotated[
        bool, typer.Option("--outcomes", help="What became of those listed before.")
    ] = False,
    symbol: SymbolOption = None,
    top: TopOption = 25,
    as_of: AsOfOption = None,
) -> None:
    """Show small coins with their chance of 2x, 5x, 10x and of an 80 % fall, beside base rates."""
    with command() as context:
        kind = "moonshots.outcomes" if outcomes else "moonshots"
        said = require(context, moons.SPEAKERS, kind, as_of)
        rows = choose(context, said, symbol, top, read(said))
        if outcomes:
            out.print(draw_outcomes(describe(said, "Outcomes of moonshots"), rows))
        else:
            title = describe(said, "Moonshots")
            out.print(draw_moonshots(title, rows))
        sign(said)


def market(as_of: AsOfOption = None) -> None:
    """Show the state of the market: bull or bear, breadth, volatility, fear and greed."""
    with command() as context:
        said = require(context, market_state.SPEAKERS, "market_state", as_of)
        out.print(draw_market(describe(said, "Market"), read(said)[0]))
        sign(said)


def briefing(
    as_of: AsOfOption = None,
    html: Annotated[Path | None, typer.Option(help="Write the page here.")] = None,
    md: Annotated[Path | None, typer.Option(help="Write the Markdown here.")] = None,
) -> None:
    """Show what changed on a day: grades, signals, indices, risks, picks with their record."""
    with command() as context:
        said = require(context, desk.SPEAKERS, "briefing", as_of)
        found = desk.load_briefing(context.database, said.as_of)
        if found is None:
            raise NotFound(f"There is no briefing of {said.as_of}.")
        resolve = desk.create_resolver(context.database)
        if html:
            write_atomic(html, desk.render_html(found, resolve).encode())
        if md:
            write_atomic(md, desk.render_markdown(found, resolve).encode())
        if not html and not md:
            out.print(Markdown(desk.render_markdown(found, resolve)))
        for path in filter(None, (html, md)):
            err.print(f"Wrote {path}")


def require(
    context: Context, speakers: tuple[Speaker, ...], kind: str, as_of: str | None
) -> Publication:
    """What stands of a kind for the day asked (default: the newest), said first if it is owed."""
    ensure_sample(context)
    day = parse_day(as_of) if as_of else markets.load_panel(context.home).complete_through
    return require_day(context, find_speaker(speakers, kind), day)


def read(said: Publication) -> Rows:
    """The rows of a publication."""
    rows: Rows = orjson.loads(said.rows)
    return rows


def choose(
    context: Context, said: Publication, symbol: str | None, top: int, rows: Sequence[Row]
) -> Sequence[Row]:
    """The first rows, or the one of a token. Raises NotFound for a token that is not among them."""
    if symbol is None:
        return rows[:top]
    token = find_token(context, symbol, said.as_of)
    found = [row for row in rows if row["token_id"] == token]
    if not found:
        raise NotFound(
            f"{symbol.upper()} is not in {said.kind} of {said.as_of}.",
            hint="assay tokens lists every token and its days.",
        )
    return found


def find_token(context: Context, symbol: str, day: date) -> int:
    """The id that a symbol or an id means on a day."""
    registry = markets.load_registry(context.home)
    if symbol.isascii() and symbol.isdecimal():
        return int(registry.by_id(int(symbol[:18])).token_id)
    return int(registry.resolve(symbol, day).token_id)


def describe(said: Publication, what: str) -> str:
    """The title of a table."""
    hour = "" if said.hour is None else f" {said.hour:02d}:00"
    return f"{what}  {said.as_of}{hour}  ({said.origin.value})".strip()


def sign(said: Publication) -> None:
    """What was shown, and what it is not."""
    out.print(f"{said.publication_id}  not investment advice", style="bright_black")
