"""The track record in a terminal."""

from rich.console import Group
from rich.text import Text

from assay.cli.tables.common import MISSING, create_table
from assay.track_record import UNSCORED, Record, Summary

COLUMNS: tuple[str, ...] = tuple(
    "Kind Measure Origin Said Open Hits Misses Rate Interval Stated Control Order Noise".split()
)
SPARE = ("Open", "Interval", "Noise", "Misses", "Hits", "Said", "Stated")
CAPTION = (
    "Rate: hits of hits and misses, with its 90 % interval; Stated: what it would be had the "
    "chances been right; Control: the same without knowledge. Order: mean rank IC (AUC of moonshots"
    "), Noise: half the 95 % band around what no knowledge gets."
)


def draw_record(record: Record) -> Group:
    """One line for each measure and origin, and what is not scored."""
    through = record.coverage.through
    title = f"Track record  facts to {through}" if through else "Track record"
    right = [name for name in COLUMNS if name not in ("Kind", "Measure", "Origin")]
    table = create_table(COLUMNS, title=title, right=right, caption=CAPTION, spare=SPARE)
    for item in record.summaries:
        table.add_row(*_cells(item))
    left = f"{record.left_out:,} of {record.left_out + record.statements:,} statements left out"
    notes = [Text(f"{left} by the filters.", style="bright_black")] if record.left_out else []
    notes += [Text(f"{item.kind}: {item.reason}", style="bright_black") for item in UNSCORED]
    return Group(table, *notes)


def _cells(item: Summary) -> list[str]:
    order = item.order
    return [
        item.measure.kind,
        item.measure.name,
        item.origin.value,
        f"{item.statements:,}",
        f"{item.open:,}",
        f"{item.hits:,}",
        f"{item.misses:,}",
        _share(item.rate),
        f"{_share(item.rate_low)}-{_share(item.rate_high)}",
        _share(item.stated_rate),
        _share(item.control_rate),
        MISSING if order is None or not order.days else f"{order.mean:.3f}",
        MISSING if order is None or order.noise != order.noise else f"{order.noise:.3f}",
    ]


def _share(value: float) -> str:
    return MISSING if value != value else f"{value:.1%}"
