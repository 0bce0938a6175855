"""Signals: what to follow, and what following brought beside its controls."""

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Group
from rich.text import Text

from assay.cli.tables.common import (
    MISSING,
    Cell,
    Row,
    create_table,
    draw_faint,
    draw_return,
    draw_silent,
    draw_symbol,
    format_price,
    format_share,
)

SIDES = {
    1: Text("▲ long", style="green"),
    -1: Text("▼ short", style="red"),
    0: Text("· none", style="bright_black"),
}
REASONS = 3
CAPTION = (
    "Followed, Constant, Held: net returns of the signal, of its mean exposure held constantly, "
    "and of the coin. Followed says nothing without Constant: cash beats holding a falling coin."
)
COLUMNS: tuple[str, ...] = tuple(
    "Token Signal Trend Entered Entry Close Stop Target Sure Followed Constant Held".split()
)
SPARE = ("Entry", "Trend", "Entered", "Sure", "Close", "Target", "Stop")


def order_signals(rows: Sequence[Row]) -> list[Row]:
    """Running positions first, the surest first; tokens without a view last."""

    def key(row: Row) -> tuple[bool, bool, Decimal, int]:
        confidence = Decimal(row["confidence"] or 0)
        return (row["no_view"] is not None, not row["signal"], -confidence, row["token_id"])

    return sorted(rows, key=key)


def draw_signals(title: str, rows: Sequence[Row]) -> Group:
    """One line a token, and the rules that gave the signals in words."""
    right = [name for name in COLUMNS if name not in ("Token", "Signal", "Entered")]
    table = create_table(COLUMNS, title=title, right=right, caption=CAPTION, spare=SPARE)
    for row in rows:
        if row["no_view"] is None:
            cells = _cells(row)
            table.add_row(*(cells[name] for name in COLUMNS))
    reasons = dict.fromkeys(row["reason"] for row in rows if row["reason"])
    said = [Text(reason, style="bright_black") for reason in list(reasons)[:REASONS]]
    return Group(table, *said, *draw_silent(rows))


def _cells(row: Row) -> dict[str, Cell]:
    length = row.get("trend_days", row.get("trend_hours"))
    unit = "d" if "trend_days" in row else "h"
    trend = SIDES.get(row["trend"], Text(MISSING)).plain[:1]
    return {
        "Token": draw_symbol(row),
        "Signal": SIDES[row["signal"]],
        "Trend": f"{trend} {length} {unit}" if length is not None else MISSING,
        "Entered": (row["entry_time"] or "")[:10] or draw_faint(None),
        "Entry": format_price(row["entry_price"]),
        "Close": format_price(row["close"]),
        "Stop": format_price(row["stop"]),
        "Target": format_price(row["target"]),
        "Sure": format_share(row["confidence"], 0),
        "Followed": draw_return(row["signal_return"], 0),
        "Constant": draw_return(row["constant_return"], 0),
        "Held": draw_return(row["holding_return"], 0),
    }
