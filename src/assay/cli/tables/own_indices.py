"""A user's own indices: which there are, and what one was worth."""

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from assay.cli.tables.common import create_table, draw_return, format_figure
from assay.indices import OwnFigures, OwnIndex


def draw_own(indices: Sequence[OwnIndex]) -> Table:
    """One line an index, as it was last computed."""
    columns = ("Index", "Name", "Since", "Through", "Level", "All", "Fall", "Coins")
    table = create_table(
        columns,
        title="Your own indices",
        right=("Level", "All", "Fall", "Coins"),
        caption="" if indices else "None yet: `assay index create FILE.toml` makes one.",
    )
    for own in indices:
        table.add_row(
            Text(own.slug, style="bold"),
            Text(own.newest["name"]),
            str(own.start),
            str(own.last_day),
            format_figure(own.newest["level"], 0),
            draw_return(own.newest["return_all"]),
            draw_return(own.newest["drawdown"], 0),
            str(own.newest["coins"]),
        )
    return table


def draw_figures(figures: OwnFigures) -> Group:
    """Return and largest fall since the start, and every month."""
    head = (
        f"since the start {figures.total_return:+.1%}, a year {figures.annual_return:+.1%},"
        f" largest fall {figures.max_drawdown:.1%}, net of its costs"
    )
    months = [f"{n:02d}" for n in range(1, 13)]
    table = create_table(("Year", *months), right=months)
    known = {(year, month): value for year, month, value in figures.months}
    for year in sorted({year for year, _ in known}):
        cells = [known.get((year, month)) for month in range(1, 13)]
        table.add_row(
            str(year), *("" if value is None else draw_return(f"{value:.4f}", 0) for value in cells)
        )
    return Group(Text(head), table)
