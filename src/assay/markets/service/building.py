"""Keeping the panel in step with the lake."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assay.kit.database import Database
from assay.kit.errors import Corrupt, NotFound
from assay.kit.home import Home
from assay.kit.moments import format_utc
from assay.kit.progress import Progress
from assay.markets.compute.assemble import (
    compute_unit,
    find_complete_through,
    is_late,
    pack_late,
    place,
    split_late,
)
from assay.markets.compute.digest import digest_inputs
from assay.markets.layout import LateRows, Layout
from assay.markets.store.lake import load_revisions
from assay.markets.store.panels import (
    Generation,
    current_name,
    describe_change,
    load_generation,
    save_generation,
)
from assay.markets.store.records import ImportRow, load_imports
from assay.markets.types import Interval, Panel, Redenomination, Registry

LABEL = "Building the panel"


def daily_imports(database: Database) -> list[ImportRow]:
    """The settled imports that brought daily candles, in order."""
    return [
        row
        for row in load_imports(database)
        if row.is_done and row.interval is Interval.DAY and row.accepted + row.corrections > 0
    ]


def list_changes(registry: Registry) -> list[tuple[int, Redenomination]]:
    """Every redenomination of the registry with its token."""
    return [
        (int(record.token_id), change)
        for record in registry.records
        for change in record.redenominations
    ]


def _current(home: Home) -> Generation | None:
    try:
        return load_generation(home) if current_name(home) else None
    except (Corrupt, NotFound):
        return None


def is_current(home: Home, registry: Registry, imports: Sequence[ImportRow]) -> bool:
    """True if the panel on disk holds exactly these imports and redenominations."""
    generation = _current(home)
    return generation is not None and _matches(generation, registry, imports)


def _matches(generation: Generation, registry: Registry, imports: Sequence[ImportRow]) -> bool:
    same_imports = generation.imports == tuple(row.import_id for row in imports)
    return same_imports and list(generation.changes) == list_changes(registry)


def home_rows(rows: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """The rows of each token's own venue and quote: the only ones that the panel holds."""
    own = pl.DataFrame(
        [(int(r.token_id), r.quote, r.venue) for r in registry.records],
        schema={"token_id": pl.Int64, "quote": pl.String, "venue": pl.String},
        orient="row",
    )
    return rows.join(own, on=["token_id", "quote", "venue"], how="semi")


def refresh_panel(
    home: Home,
    registry: Registry,
    imports: Sequence[ImportRow],
    progress: Progress,
    fresh: pl.DataFrame | None = None,
) -> None:
    """Bring the panel up to `imports`; with `fresh`, the rows of the last one, it is only extended.

    Call it under the writer's lock.
    """
    if not imports:
        return
    generation = _current(home)
    if generation is not None and _matches(generation, registry, imports):
        return
    progress.step(LABEL, 0, 3)
    base, late = None, None
    before = tuple(row.import_id for row in imports[:-1])
    if fresh is not None and generation is not None and generation.imports == before:
        base, late, rows = generation.layout, generation.late, fresh
    else:
        rows = load_revisions(home, Interval.DAY)
    layout, late = _lay_out(base, late, home_rows(rows, registry), imports)
    progress.step(LABEL, 1, 3)
    if layout is None:
        return
    _save(home, layout, late, registry, imports, progress)
    progress.step(LABEL, 3, 3)


def _lay_out(
    base: Layout | None, late: LateRows | None, rows: pl.DataFrame, imports: Sequence[ImportRow]
) -> tuple[Layout | None, LateRows]:
    numbers = pl.DataFrame(
        {
            "import_id": [row.import_id for row in imports],
            "number": pl.Series([row.number for row in imports], dtype=pl.Int32),
        }
    )
    prompt, corrections = split_late(rows)
    layout = place(base, prompt.join(numbers, on="import_id"))
    packed = pack_late(corrections)
    if late is not None:
        packed = LateRows(
            **{
                name: np.concatenate([getattr(late, name), getattr(packed, name)])
                for name in LateRows.__dataclass_fields__
            }
        )
    return layout, packed


def _save(
    home: Home,
    layout: Layout,
    late: LateRows,
    registry: Registry,
    imports: Sequence[ImportRow],
    progress: Progress,
) -> None:
    changes = list_changes(registry)
    prompt = [item for item in changes if not is_late(item[1])]
    unit = compute_unit(layout.token_ids, layout.first_day, layout.n_days, prompt)
    partial = {row.number: row.partial_from for row in imports if row.partial_from is not None}
    complete = find_complete_through(layout.number, layout.first_day, partial)
    progress.step(LABEL, 2, 3)
    meta: dict[str, Any] = {
        "first_day": layout.first_day.isoformat(),
        "complete_through": complete.isoformat(),
        "imports": [row.import_id for row in imports],
        "recorded_at": {str(row.number): format_utc(row.recorded_at) for row in imports},
        "changes": [describe_change(*item) for item in changes],
        "digest": digest_inputs(_panel(layout, unit, complete)),
    }
    save_generation(home, layout, unit, late, meta)


def _panel(layout: Layout, unit: NDArray[np.float64], complete: date) -> Panel:
    fields = dict(layout.fields)
    return Panel(
        token_ids=layout.token_ids,
        first_day=layout.first_day,
        unit=unit,
        complete_through=complete,
        **fields,
    )
