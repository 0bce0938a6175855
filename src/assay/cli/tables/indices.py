"""Indices: levels, what they hold, and what they traded."""

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Group
from rich.table import Table
from rich.text import Text

from assay.cli.tables.common import (
    Cell,
    Row,
    create_table,
    draw_faint,
    draw_return,
    draw_symbol,
    format_figure,
    format_price,
    format_share,
)

RETURNS = (("1 d", "return_1d"), ("7 d", "return_7d"), ("30 d", "return_30d"),
           ("All", "return_all"))  # fmt: skip


def draw_indices(title: str, rows: Sequence[Row]) -> Table:
    """One line an index."""
    columns = ["Index", "Level", *(name for name, _ in RETURNS), "Fall", "Coins", "Cash", "Costs",
               "Name", "Regime"]  # fmt: skip
    right = [name for name in columns if name not in ("Index", "Name", "Regime")]
    caption = "1,000 at the start, net of costs; Fall: from the peak; Costs: index points so far."
    spare = ("1 d", "Costs", "Regime", "Name", "7 d")
    table = create_table(columns, title=title, right=right, caption=caption, spare=spare)
    for row in rows:
        regime = row["regime"]
        cells: list[Cell] = [
            Text(row["slug"], style="bold"),
            format_figure(row["level"], 0),
            *(draw_return(row[member]) for _, member in RETURNS),
            draw_return(row["drawdown"], 0),
            str(row["coins"]),
            format_share(row["cash_share"], 0),
            format_figure(row["costs"], 0),
            Text(row["name"]),
            draw_faint(regime["state"] if regime else "always in"),
        ]
        table.add_row(*cells)
    return table


def draw_index(title: str, row: Row, top: int) -> Group:
    """One index: its rules in words, its largest holdings, and what it traded that day."""
    holdings = create_table(
        ("Token", "Weight", "", "Price", "Entered", "Since entry"),
        right=("Weight", "Price", "Since entry"),
    )
    largest = sorted(row["holdings"], key=lambda held: (-Decimal(held["weight"]), held["token_id"]))
    for held in largest[:top]:
        width = int(Decimal(held["weight"]) * 40)
        holdings.add_row(
            draw_symbol(held),
            format_share(held["weight"]),
            Text("█" * width, style="yellow"),
            format_price(held["price"]),
            held["entered"],
            draw_return(held["return"], 0),
        )
    trades = create_table(
        ("Traded", "", "From", "To", "Price", "Cost", "Why"), right=("From", "To", "Price", "Cost")
    )
    for trade in row["transactions"]:
        trades.add_row(
            draw_symbol(trade),
            Text(trade["action"], style="green" if trade["action"] == "buy" else "red"),
            format_share(trade["weight_from"]),
            format_share(trade["weight_to"]),
            format_price(trade["price"]),
            format_figure(trade["cost"], 3),
            draw_faint(trade["reason"]),
        )
    head = f"{row['name']}  {format_figure(row['level'], 2)}  {title}"
    parts = [Text(head, style="bold"), Text(row["words"])]
    if row["note"]:
        parts.append(Text(row["note"], style="yellow"))
    cash = f"{format_share(row['cash_share'])} in cash; next rebalance {row['next_rebalance']}"
    return Group(*parts, holdings, Text(cash, style="bright_black"),
                 *([trades] if row["transactions"] else []))  # fmt: skip
