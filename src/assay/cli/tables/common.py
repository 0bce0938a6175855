"""What all tables share: columns, and numbers as people read them."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from decimal import Decimal
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

Row = Mapping[str, Any]
Cell = Text | str

WIDE = 110
"""Columns of a terminal that has room for names and intervals."""

MISSING = "-"
_BAR_WIDTH = 10
_UNITS = ((Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "K"))


class FittingTable(Table):
    """A table that leaves out its `spare` columns, the first of them first, where the terminal is
    too narrow: a number cut short would be read as another number.
    """

    spare: tuple[str, ...] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the columns that fit."""
        left_out: list[str] = []
        for name in self.spare:
            if self._fits(left_out, console, options):
                break
            left_out.append(name)
        for name in left_out[::-1]:
            fewer = [other for other in left_out if other != name]
            if self._fits(fewer, console, options):
                left_out = fewer
        yield from super(FittingTable, self._without(left_out)).__rich_console__(console, options)

    def _without(self, names: Sequence[str]) -> "FittingTable":
        table = copy(self)
        kept = [column for column in self.columns if column.header not in names]
        table.columns = [replace(column, _index=place) for place, column in enumerate(kept)]
        return table

    def _fits(self, left_out: Sequence[str], console: Console, options: ConsoleOptions) -> bool:
        unbounded = options.update(max_width=10_000)
        needed = self._without(left_out).__rich_measure__(console, unbounded).maximum
        return needed <= options.max_width


def create_table(
    columns: Sequence[str],
    *,
    title: str = "",
    right: Sequence[str] = (),
    caption: str = "",
    spare: Sequence[str] = (),
) -> FittingTable:
    """An empty table without lines. `right` columns are numbers; `spare` ones are left out, the
    first of them first, where the terminal is too narrow for all.
    """
    table = FittingTable(
        title=title or None,
        title_justify="left",
        title_style="bold",
        caption=caption or None,
        caption_justify="left",
        header_style="bold",
        box=None,
        pad_edge=False,
    )
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", no_wrap=True)
    table.spare = tuple(spare)
    return table


def draw_bar(value: Decimal) -> Text:
    """A value from 0 to 100 as a bar of ten cells, coloured from red over yellow to green."""
    cells = int((value * _BAR_WIDTH / 100).to_integral_value())
    colour = "green" if value >= 60 else "yellow" if value >= 40 else "red"
    return Text("█" * cells, style=colour) + draw_blank(_BAR_WIDTH - cells)


def draw_blank(cells: int = _BAR_WIDTH) -> Text:
    """An empty bar."""
    return Text("░" * cells, style="bright_black")


def draw_silence(row: Row) -> Text:
    """Why a row has no judgement."""
    return Text(f"no view: {row['no_view']['code']}", style="bright_black")


def draw_silent(rows: Sequence[Row]) -> list[Text]:
    """Below a table: the tokens among `rows` that have no judgement, by reason."""
    silent: dict[str, list[str]] = {}
    for row in rows:
        if row["no_view"] is not None:
            silent.setdefault(row["no_view"]["code"], []).append(row["symbol"])
    return [
        Text(f"no view: {code}  {' '.join(symbols)}", style="bright_black")
        for code, symbols in silent.items()
    ]


def draw_symbol(row: Row) -> Text:
    """A ticker."""
    return Text(str(row["symbol"]), style="bold")


def draw_faint(text: object) -> Text:
    """Something beside the point."""
    return Text(MISSING if text is None else str(text), style="bright_black")


def format_dollars(text: str | None) -> str:
    """Dollars in thousands, millions or billions."""
    if text is None:
        return MISSING
    value = Decimal(text)
    for limit, unit in _UNITS:
        if value >= limit:
            return f"${value / limit:.1f}{unit}"
    return f"${value:.0f}"


def format_price(text: str | None) -> str:
    """A price with about five digits."""
    if text is None:
        return MISSING
    value = Decimal(text)
    if value == 0:
        return "0"
    places = max(0, min(12, 4 - value.adjusted()))
    return f"{value:,.{places}f}"


def format_share(text: str | None, places: int = 1) -> str:
    """A share of one as percent."""
    return MISSING if text is None else f"{Decimal(text):.{places}%}"


def format_figure(text: str | None, places: int = 2) -> str:
    """A plain figure."""
    return MISSING if text is None else f"{Decimal(text):,.{places}f}"


def draw_return(text: str | None, places: int = 1) -> Text:
    """A return as percent with its sign, green or red."""
    if text is None:
        return Text(MISSING, style="bright_black")
    value = Decimal(text)
    style = "green" if value > 0 else "red" if value < 0 else "bright_black"
    return Text(f"{value:+,.{places}%}", style=style)
