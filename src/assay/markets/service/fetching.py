"""Bringing candles from an exchange into the lake, as far as they are missing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

import numpy as np
import polars as pl

from assay.kit.clock import Clock
from assay.kit.errors import BadInput, NotFound
from assay.kit.home import Home
from assay.kit.progress import Progress
from assay.kit.upstream import Patience
from assay.markets.compute.naming import known_symbols, parse_symbol
from assay.markets.reports import ImportReport
from assay.markets.service.importing import Source, save_table
from assay.markets.service.reading import load_registry
from assay.markets.sources.ccxt.fetch import (
    Exchange,
    fetch_markets,
    fetch_page,
    open_exchange,
)
from assay.markets.sources.ccxt.parse import parse_ohlcv
from assay.markets.store.lake import latest, load_revisions
from assay.markets.store.records import load_imports, opened
from assay.markets.types import Interval, Registry

# So many pages are stored at once, of one series or of many: a killed fetch loses at most these.
_PAGES = 20
_BARE_QUOTES = ("USDT", "USD", "USDC", "EUR")


@dataclass(frozen=True, slots=True)
class _Wish:
    """One series to fetch: its name at the venue and where the missing bars begin and end."""

    market: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class _Context:
    home: Home
    venue: str
    interval: Interval
    clock: Clock
    progress: Progress
    patience: Patience


async def fetch_candles(
    home: Home,
    venue: str,
    symbols: Sequence[str],
    since: date,
    interval: Interval,
    clock: Clock,
    progress: Progress,
    random: np.random.Generator,
    *,
    base_url: str | None = None,
    patience: Patience | None = None,
    is_tolerant: bool = False,
) -> ImportReport:
    """Fetch the candles of `symbols` from `since` until now that are not stored yet.

    `venue` is a name that ccxt knows. Only what is missing before the first and after the last
    stored bar is asked for, so a fetch that broke off goes on where it stopped. Rows pass the same
    checks as those of a file. Failures of the network are waited out with growing pauses, jittered
    by `random`. Raises `NotFound` for an unknown venue or symbol (`is_tolerant`: symbols that the
    venue does not trade are left out) and `SourceUnavailable` when the venue stays away; what had
    come until then is stored.
    """
    if not symbols:
        raise BadInput("No symbols to fetch.", hint="Name some, such as BTC,ETH.")
    context = _Context(home, venue, interval, clock, progress, patience or Patience(random=random))
    reports: list[ImportReport] = []
    async with open_exchange(venue, base_url) as exchange:
        markets = await fetch_markets(exchange, context.patience)
        known = load_registry(home)
        names = _find_markets(known, symbols, frozenset(markets), is_tolerant=is_tolerant)
        start = datetime.combine(since, time(), UTC)
        wishes = [wish for name in names for wish in _find_missing(context, name, start)]
        label = f"Fetching from {venue}"
        kept: list[pl.DataFrame] = []
        try:
            for done, wish in enumerate(wishes):
                progress.step(label, done, len(wishes))
                async for page in _fetch_series(exchange, context, wish):
                    kept.append(page)
                    if len(kept) == _PAGES:
                        reports += await _save(context, kept)
                        kept = []
        finally:
            reports += await _save(context, kept)
        progress.step(label, len(wishes), len(wishes))
    return _add_up(context, reports)


def _find_markets(
    registry: Registry, symbols: Sequence[str], markets: frozenset[str], *, is_tolerant: bool
) -> list[str]:
    names = []
    known = known_symbols(registry)
    for symbol in symbols:
        wanted = symbol.strip().upper()
        parsed = parse_symbol(wanted, known)
        quotes = _BARE_QUOTES if parsed and parsed[0] == wanted else parsed[1:] if parsed else ()
        found = [f"{parsed[0]}/{quote}" for quote in quotes] if parsed else []
        name = next((name for name in found if name in markets), None)
        if name is not None:
            names.append(name)
        elif not is_tolerant:
            raise NotFound(
                f"The venue does not trade {symbol}.", hint="Check the symbol on the venue."
            )
    return list(dict.fromkeys(names))


def _find_missing(context: _Context, market: str, since: datetime) -> list[_Wish]:
    """Before the first stored bar and after the last whole one; a gap within is the venue's own."""
    registry = load_registry(context.home)
    base, quote = market.split("/")
    now = context.clock.now()
    record = registry.holder(base, now.date())
    if record is None:
        return [_Wish(market, since, now)]
    stored = load_revisions(
        context.home,
        context.interval,
        token_ids=[int(record.token_id)],
        quote=quote,
        venue=context.venue,
    )
    with opened(context.home) as database:
        partial = {row.import_id: row.partial_from for row in load_imports(database)}
    bounds = [
        moment
        for moment, import_id in latest(stored).select("time", "import_id").iter_rows()
        if (day := partial.get(import_id)) is None or moment.date() < day
    ]
    if not bounds:
        return [_Wish(market, since, now)]
    first, last = min(bounds), max(bounds)
    wishes = [_Wish(market, since, first)] if since < first else []
    after = max(since, last + context.interval.length)
    return (
        [*wishes, _Wish(market, after, now)] if after + context.interval.length <= now else wishes
    )


async def _fetch_series(
    exchange: Exchange, context: _Context, wish: _Wish
) -> AsyncIterator[pl.DataFrame]:
    start = wish.start
    while start < wish.end:
        page = await fetch_page(exchange, wish.market, context.interval, start, context.patience)
        rows = parse_ohlcv(page, wish.market, context.interval.length, context.clock.now())
        rows = rows.filter(pl.col("time") >= start, pl.col("time") < wish.end)
        if rows.is_empty():
            return
        yield rows
        newest = rows["time"].max()
        if not isinstance(newest, datetime):
            return
        start = newest + context.interval.length


async def _save(context: _Context, kept: list[pl.DataFrame]) -> list[ImportReport]:
    if not kept:
        return []
    rows = pl.concat(kept)
    names = rows["symbol"].unique(maintain_order=True).to_list()
    of = names[0] if len(names) == 1 else f"{len(names)} series"
    source = Source(f"{context.venue}:{of}", context.interval, context.venue)
    report = await asyncio.to_thread(
        save_table, context.home, rows, source, context.clock, context.progress
    )
    return [report]


def _add_up(context: _Context, reports: list[ImportReport]) -> ImportReport:
    total = ImportReport(context.venue, context.interval, context.venue, 0, 0, 0, 0, 0, {})
    for report in reports:
        faults = {*total.quarantined, *report.quarantined}
        total = replace(
            total,
            rows=total.rows + report.rows,
            accepted=total.accepted + report.accepted,
            corrections=total.corrections + report.corrections,
            completed=total.completed + report.completed,
            unchanged=total.unchanged + report.unchanged,
            quarantined={
                fault: total.quarantined.get(fault, 0) + report.quarantined.get(fault, 0)
                for fault in sorted(faults)
            },
            new_tokens=total.new_tokens + report.new_tokens,
            hints=total.hints + report.hints,
            import_id=report.import_id or total.import_id,
        )
    return total
