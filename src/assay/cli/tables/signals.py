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
    draw_silence,
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
_NARROW: tuple[str, ...] = tuple(
    "Token Signal Entered Close Stop Target Sure Followed Constant Held".split()
)
_RIGHT = frozenset(_NARROW) - {"Token", "Signal", "Entered"} | {"Entry", "Trend"}


def order_signals(rows: Sequence[Row]) -> list[Row]:
    """Running positions first, the surest first; tokens without a view last."""

    def key(row: Row) -> tuple[bool, bool, Decimal, int]:
        confidence = Decimal(row["confidence"] or 0)
        return (row["no_view"] is not None, not row["signal"], -confidence, row["token_id"])

    return sorted(rows, key=key)


def draw_signals(title: str, rows: Sequence[Row], *, is_wide: bool) -> Group:
    """One line a token, and the rules that gave the signals in words."""
    columns = _NARROW
    if is_wide:
        columns = (*_NARROW[:2], "Trend", "Entered", "Entry", *_NARROW[3:])
    table = create_table(columns, title=title, right=tuple(_RIGHT), caption=CAPTION)
    for row in rows:
        cells = _cells(row)
        table.add_row(*(cells[name] for name in columns))
    reasons = dict.fromkeys(row["reason"] for row in rows if row["reason"])
    return Group(table, *(Text(reason, style="bright_black") for reason in list(reasons)[:REASONS]))


def _cells(row: Row) -> dict[str, Cell]:
    if row["no_view"] is not None:
        blank: dict[str, Cell] = dict.fromkeys(
            ("Trend", "Entered", "Entry", "Stop", "Target", "Sure", "Followed", "Constant", "Held"),
            "",
        )
        return blank | {
            "Token": draw_symbol(row),
            "Signal": draw_silence(row),
            "Close": format_price(row["close"]),
        }
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
