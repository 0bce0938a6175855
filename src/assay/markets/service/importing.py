"""Taking candles into the lake: check, compare with what is stored, commit once, settle."""

import contextlib
import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import AssayError
from assay.kit.home import Home
from assay.kit.progress import Progress
from assay.markets.compute.check import check_duplicates, check_jumps, check_rows, compute_units
from assay.markets.compute.naming import name_tokens, new_record
from assay.markets.compute.quarantine import list_faulty, list_hints
from assay.markets.compute.revise import compare, part_completed, stamp
from assay.markets.reports import Fault, ImportReport
from assay.markets.service.building import daily_imports, refresh_panel
from assay.markets.service.reading import shipped_registry
from assay.markets.service.settling import reconcile_locked
from assay.markets.sources.file.fetch import fetch_file
from assay.markets.sources.file.parse import parse_candles
from assay.markets.store.lake import SCHEMA, is_committed, latest, load_revisions, save_candles
from assay.markets.store.records import (
    ImportRow,
    extend_registry,
    is_new_in_quarantine,
    load_imports,
    next_number,
    next_token_id,
    opened,
    save_import,
    settle,
)
from assay.markets.types import Interval, Registry, TokenRecord

LOCK = "markets"
STEPS = 6
# How far back a stored close may lie that an opening price is compared with.
_LOOK_BACK = {
    Interval.DAY: timedelta(days=400),
    Interval.HOUR: timedelta(days=400),
    Interval.MINUTE: timedelta(days=30),
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table of candles comes from; days from `partial_from` on are only partly in it."""

    name: str
    interval: Interval
    venue: str
    partial_from: date | None = None

    @property
    def label(self) -> str:
        """What progress calls the work."""
        return f"Importing {self.name}"


@dataclass(frozen=True)
class Checked:
    """Rows after all checks: `fine` with their tokens, `faulty` with their reasons.

    `earlier` are first days of known tokens before which the registry knew no bar of them.
    """

    fine: pl.DataFrame
    faulty: pl.DataFrame
    new: list[TokenRecord]
    earlier: dict[int, date]
    hints: tuple[str, ...]


def import_candles(
    home: Home, path: Path, interval: Interval, venue: str, clock: Clock, progress: Progress
) -> ImportReport:
    """Import a CSV or Parquet file of candles; afterwards all of it is stored, or nothing.

    Wanted are the columns symbol, time and close; open, high, low, volume (base units),
    market_cap_usd and quote_volume may be missing. Bad rows go to quarantine with a reason.
    Importing the same content again changes nothing; a value that differs from a stored one
    becomes a correction, known from now on. Raises `NotFound`, `BadInput` or `SourceMalformed`
    for a file that cannot be read and `StorageFull` for a full disk; the store is then unharmed.
    """
    source = Source(path.name, interval, venue)
    progress.step(source.label, 0, STEPS)
    raw = fetch_file(path)
    progress.step(source.label, 1, STEPS)
    return save_table(home, raw, source, clock, progress)


def save_table(
    home: Home, raw: pl.DataFrame, source: Source, clock: Clock, progress: Progress
) -> ImportReport:
    """Check and store a table of candles that was read before, as `import_candles` does."""
    now = clock.now()
    parsed = parse_candles(raw)
    with home.lock(LOCK), opened(home) as database:
        reconcile_locked(home, database, progress)
        registry = extend_registry(database, shipped_registry())
        stored = _load_stored(home, parsed, source)
        checked = _check(parsed, raw, registry, stored, source, now, next_token_id(database))
        progress.step(source.label, 2, STEPS)
        fresh, changed, same = compare(checked.fine, stored)
        partial = [(row.import_id, row.partial_from) for row in load_imports(database)]
        completed, corrected = part_completed(changed, partial)
        venue, length = source.venue, source.interval.length
        prompt = [stamp(part, venue, length, now) for part in (fresh, completed)]
        rows = pl.concat([*prompt, stamp(corrected, venue, length, now, is_late=True)])
        counts = fresh.height + completed.height, corrected.height
        import_id = _commit(home, database, source, now, rows, checked, counts, progress)
        if import_id is not None and source.interval is Interval.DAY:
            registry = extend_registry(database, shipped_registry())
            stamped = rows.with_columns(pl.lit(import_id).alias("import_id"))
            refresh_panel(home, registry, daily_imports(database), progress, stamped)
        progress.step(source.label, STEPS, STEPS)
    faults = checked.faulty.group_by("reason").len().sort("reason")
    return ImportReport(
        source=source.name,
        interval=source.interval,
        venue=source.venue,
        rows=raw.height,
        accepted=fresh.height,
        corrections=corrected.height,
        completed=completed.height,
        unchanged=same.height,
        quarantined={Fault(reason): count for reason, count in faults.iter_rows()},
        new_tokens=tuple(record.tickers[0].symbol for record in checked.new),
        hints=checked.hints,
        import_id=import_id,
    )


def _load_stored(home: Home, parsed: pl.DataFrame, source: Source) -> pl.DataFrame:
    """The latest revisions of the venue that the file may touch or follow."""
    first, last = parsed["time"].min(), parsed["time"].max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return pl.DataFrame(schema=SCHEMA)
    start = max(first, _EARLIEST) - _LOOK_BACK[source.interval]
    end = last + timedelta(days=1) if last < _LATEST else None
    revisions = load_revisions(
        home, source.interval, venue=source.venue, start=max(start, _EARLIEST), end=end
    )
    return latest(revisions)


_EARLIEST = datetime(1972, 1, 1, tzinfo=UTC)
_LATEST = datetime(9998, 1, 1, tzinfo=UTC)


def _check(
    parsed: pl.DataFrame,
    raw: pl.DataFrame,
    registry: Registry,
    stored: pl.DataFrame,
    source: Source,
    now: datetime,
    next_id: int,
) -> Checked:
    named, new = name_tokens(parsed, registry, next_id)
    frame = check_rows(named, source.interval, now)
    frame = check_duplicates(frame)
    frame = check_jumps(frame, stored, compute_units(registry.records))
    fine = frame.filter(pl.col("reason").is_null())
    firsts = dict(fine.group_by("token_id").agg(pl.col("time").min().dt.date()).iter_rows())
    return Checked(
        fine=fine,
        faulty=list_faulty(frame, raw),
        new=[
            new_record(token_id, base, quote, source.venue, firsts[token_id])
            for (base, quote), token_id in new.items()
            if token_id in firsts
        ],
        earlier={
            int(record.token_id): firsts[record.token_id]
            for record in registry.records
            if record.token_id in firsts and firsts[record.token_id] < record.first_day
        },
        hints=list_hints(frame),
    )


def _commit(
    home: Home,
    database: Database,
    source: Source,
    now: datetime,
    rows: pl.DataFrame,
    checked: Checked,
    counts: tuple[int, int],
    progress: Progress,
) -> str | None:
    """Announce, commit, settle; returns the import's id, or None when there is nothing to say."""
    if rows.is_empty() and not is_new_in_quarantine(
        database, source.venue, source.interval, checked.faulty
    ):
        return None
    number = next_number(database)
    text = f"{number}|{now.isoformat()}|{source.venue}|{source.interval}|{source.name}"
    import_id = hashlib.sha256(text.encode()).hexdigest()[:32]
    row = ImportRow(
        import_id=import_id,
        number=number,
        source=source.name,
        interval=source.interval,
        venue=source.venue,
        recorded_at=now,
        partial_from=source.partial_from,
        is_done=rows.is_empty(),
        accepted=counts[0],
        corrections=counts[1],
    )
    save_import(database, row, checked.new, checked.earlier, checked.faulty)
    progress.step(source.label, 3, STEPS)
    if rows.is_empty():
        return import_id
    try:
        stamped = rows.with_columns(pl.lit(import_id).alias("import_id"))
        save_candles(home, source.interval, stamped, import_id)
    except AssayError:
        # On a full disk even this may fail; then the next start settles it.
        with contextlib.suppress(AssayError):
            settle(database, import_id, is_committed=is_committed(home, import_id))
        raise
    progress.step(source.label, 4, STEPS)
    settle(database, import_id, is_committed=True)
    progress.step(source.label, 5, STEPS)
    return import_id
