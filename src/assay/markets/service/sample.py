"""A home that is ready to use: the bundled sample, and everything settled."""

from datetime import timedelta

import polars as pl

from assay.kit.clock import Clock
from assay.kit.errors import FRESH_START, Corrupt
from assay.kit.home import Home
from assay.kit.progress import Progress
from assay.markets.reports import ImportReport
from assay.markets.service.importing import Source, save_table
from assay.markets.service.settling import is_settled, reconcile
from assay.markets.sources.sample.fetch import fetch_manifest, fetch_sample_file
from assay.markets.store.lake import has_table
from assay.markets.store.records import ImportRow, load_imports, opened
from assay.markets.types import Interval

# The daily candles come last: once they are in, the sample is whole.
_ORDER = (Interval.MINUTE, Interval.HOUR, Interval.DAY)
_PREFIX = "sample:"


def load_sample(home: Home, clock: Clock, progress: Progress) -> list[ImportReport]:
    """Import the bundled sample: minute, hourly and daily candles, one import each.

    Loading it again changes nothing; a load that was killed is completed by the next.
    """
    manifest = fetch_manifest()
    reports = []
    for interval in _ORDER:
        files = [file for file in manifest.files if file.interval is interval]
        raw = pl.concat([fetch_sample_file(file) for file in files])
        partial = manifest.complete_through + timedelta(days=1)
        source = Source(
            f"{_PREFIX}{interval.value}",
            interval,
            manifest.venue,
            partial if interval is Interval.DAY else None,
        )
        reports.append(save_table(home, raw, source, clock, progress))
    return reports


def ensure_ready(home: Home, clock: Clock, progress: Progress) -> None:
    """Make a home usable: settle what a crash left, and load the sample where nothing is.

    Every command calls it first. On a home in order it only looks.
    """
    home.create()
    with opened(home) as database:
        _check_tables(home, load_imports(database))
    if not is_settled(home):
        reconcile(home, progress)
    with opened(home) as database:
        loaded = {row.source for row in load_imports(database) if row.is_done}
    sample = {f"{_PREFIX}{interval.value}" for interval in _ORDER}
    if not loaded or (loaded & sample and not sample <= loaded):
        load_sample(home, clock, progress)


def _check_tables(home: Home, imports: list[ImportRow]) -> None:
    """Refuse a lake and a database that do not belong together: one of them was lost.

    Going on would give tokens new ids that the lake has given to others.
    """
    for interval in Interval:
        rows = [row for row in imports if row.interval is interval]
        is_filled = any(row.is_done and row.accepted + row.corrections > 0 for row in rows)
        if is_filled and not has_table(home, interval):
            raise Corrupt(
                f"The candles of {interval.value} are gone from the lake.", hint=FRESH_START
            )
        if not imports and has_table(home, interval):
            raise Corrupt(
                "The database assay.db does not know the candles of the lake: it was lost.",
                hint=FRESH_START,
            )
