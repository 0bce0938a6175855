"""What the markets room turned away."""

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text


def draw_quarantine(rows: Sequence[Mapping[str, str]], *, is_wide: bool) -> Table:
    """Rows that imports turned away: what, why, and by which import; if wide, as they were read."""
    table = Table(box=None, header_style="bold", pad_edge=False, expand=is_wide)
    for name in ("Symbol", "Time", "Reason", "Import"):
        table.add_column(name, no_wrap=name != "Reason")
    if is_wide:
        table.add_column("As it was read", ratio=1, no_wrap=True, style="bright_black")
    for row in rows:
        time = row["time"].removesuffix("T00:00:00Z")
        cells: list[Text | str] = [Text(row["symbol"]), time, row["reason"], row["import_id"][:8]]
        table.add_row(*cells, *([Text(row["content"])] if is_wide else []))
    return table
