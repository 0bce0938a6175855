"""Reading facts as they were known: tokens, candles, the panel."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import numpy as np
import polars as pl

from assay.kit.errors import BadInput, InFuture
from assay.kit.home import Home
from assay.markets.compute.assemble import (
    apply_late,
    compute_unit,
    hide_unrecorded,
    is_late,
    select_changes,
)
from assay.markets.compute.naming import known_symbols, parse_symbol
from assay.markets.sources.sample.fetch import fetch_registry
from assay.markets.store.lake import known, load_revisions
from assay.markets.store.panels import Generation, load_generation
from assay.markets.store.records import extend_registry, load_quarantine, opened
from assay.markets.types import (
    AsOf,
    Interval,
    Panel,
    Registry,
    TokenRecord,
    last_whole_day,
    moment_of,
)

COLUMNS = ("time", "open", "high", "low", "close", "volume", "market_cap_usd", "quote_volume")


@cache
def shipped_registry() -> Registry:
    """The tokens that ship with the package, read once."""
    return fetch_registry()


def load_registry(home: Home) -> Registry:
    """All tokens of this home: the shipped ones and those that its imports brought."""
    with opened(home) as database:
        return extend_registry(database, shipped_registry())


def _series(registry: Registry, wanted: str | int, as_of: AsOf | None) -> tuple[TokenRecord, str]:
    if isinstance(wanted, int):
        record = registry.record(wanted)
        return record, record.quote
    symbol = wanted.strip().upper()
    parsed = parse_symbol(symbol, known_symbols(registry))
    if parsed is None:
        raise BadInput(f"{wanted!r} is no symbol.", hint="Write a ticker or a pair, such as BTC.")
    base, quote = parsed
    record = registry.record(registry.resolve(base, as_of).token_id)
    return record, record.quote if base == symbol else quote


def _moment(day: date | datetime, *, is_end: bool) -> datetime:
    if isinstance(day, datetime):
        return moment_of(day)
    return datetime.combine(day + timedelta(days=int(is_end)), time(), UTC)


def load_candles(
    home: Home,
    pair_or_token: str | int,
    interval: Interval,
    start: date | datetime | None = None,
    end: date | datetime | None = None,
    *,
    as_of: AsOf | None = None,
    recorded_by: datetime | None = None,
    venue: str | None = None,
) -> pl.DataFrame:
    """Candles of one series in order of time, as known at `as_of` (None: with all corrections).

    `pair_or_token` is a ticker or pair as named at `as_of` (BTC, ETHBTC, ETH/BTC) or a token id.
    Bare dates are whole days, both included; moments are `start` <= time < `end`. The venue is
    the token's own unless given. `recorded_by` further leaves out what was stored later.
    Columns: time, open, high, low, close, volume (base units), market_cap_usd, quote_volume,
    known_at, revision; null = missing. No bars give an empty frame. Raises `NotFound` for an
    unknown symbol and `BadInput` for one that is none.
    """
    record, quote = _series(load_registry(home), pair_or_token, as_of)
    rows = load_revisions(
        home,
        interval,
        token_ids=[int(record.token_id)],
        quote=quote,
        venue=venue or record.venue,
        start=None if start is None else _moment(start, is_end=False),
        end=None if end is None else _moment(end, is_end=True),
    )
    rows = known(rows, None if as_of is None else moment_of(as_of), recorded_by)
    return rows.sort("time").select(*COLUMNS, "known_at", "revision")


def list_pairs(home: Home, interval: Interval) -> pl.DataFrame:
    """Which series have candles: `token_id, quote, venue, first, last, bars`, in that order."""
    rows = load_revisions(home, interval).filter(pl.col("revision") == 0)
    series = rows.group_by("token_id", "quote", "venue").agg(
        pl.col("time").min().alias("first"),
        pl.col("time").max().alias("last"),
        pl.len().alias("bars"),
    )
    return series.sort("token_id", "quote", "venue")


def list_quarantine(home: Home, import_id: str | None = None) -> pl.DataFrame:
    """Rows that imports turned away, with the reason and the row as it was written."""
    with opened(home) as database:
        return load_quarantine(database, import_id)


def load_panel(home: Home, as_of: AsOf | None = None, recorded_by: datetime | None = None) -> Panel:
    """The panel as known at `as_of`: its days up to then, with the corrections known by then.

    Without `as_of` everything that is known. `recorded_by` leaves out what was stored later, so
    that a past publication sees what it saw. Arrays are read-only maps where nothing was
    corrected. Raises `NotFound` before the first import, `BadInput` for an `as_of` before the data
    and `InFuture` for a bare date after them; a moment after them sees all days there are.
    """
    generation = load_generation(home)
    moment = None if as_of is None else moment_of(as_of)
    panel = _with_late_units(generation, moment, recorded_by)
    if as_of is not None:
        check_as_of(panel, as_of)
        panel = panel.until(min(last_whole_day(as_of), panel.last_day))
    if recorded_by is not None:
        late = [n for n, recorded in generation.recorded_at.items() if recorded > recorded_by]
        if late:
            hidden = np.isin(generation.layout.number[:, : panel.n_days], late)
            panel = hide_unrecorded(panel, hidden)
    return apply_late(panel, generation.late, moment, recorded_by)


def check_as_of(panel: Panel, as_of: AsOf) -> None:
    """Refuse days outside the panel: `BadInput` before its first, `InFuture` after its last.

    A moment may lie after the last day: that is how late the present is on recorded data.
    """
    day = last_whole_day(as_of)
    between = f"Ask for a day from {panel.first_day} to {panel.complete_through}."
    if day < panel.first_day:
        raise BadInput(f"as_of {day} lies before the data.", hint=between)
    if day > panel.last_day and not isinstance(as_of, datetime):
        raise InFuture(f"as_of {day} lies after the newest day of the data.", hint=between)


def _with_late_units(
    generation: Generation, moment: datetime | None, recorded_by: datetime | None
) -> Panel:
    panel = generation.panel
    counted = select_changes(generation.changes, moment, recorded_by)
    if counted == [item for item in generation.changes if not is_late(item[1])]:
        return panel
    unit = compute_unit(panel.token_ids, panel.first_day, panel.n_days, counted)
    return Panel(**{**panel.__dict__, "unit": unit})
