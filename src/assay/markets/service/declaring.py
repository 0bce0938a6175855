"""Facts that a user states: redenominations that the registry does not ship."""

import math
from datetime import date

import polars as pl

from assay.kit.clock import Clock
from assay.kit.errors import BadInput, Conflict
from assay.kit.home import Home
from assay.kit.moments import close_of
from assay.kit.progress import Progress, SilentProgress
from assay.markets.compute.naming import known_symbols, parse_symbol
from assay.markets.service.building import daily_imports, refresh_panel
from assay.markets.service.reading import shipped_registry
from assay.markets.service.settling import LOCK, reconcile_locked
from assay.markets.store.lake import compact, load_revisions
from assay.markets.store.records import extend_registry, opened, save_redenomination
from assay.markets.types import Interval, Redenomination


def declare_redenomination(
    home: Home,
    symbol: str,
    day: date,
    factor: float,
    clock: Clock,
    progress: Progress | None = None,
) -> Redenomination:
    """State that from `day` on one old coin is `factor` new ones (1000: one became a thousand).

    Candles that were turned away as jumps can be imported afterwards. Where candles of `day` or
    later were stored before, the panel knows the factor only from now on: past judgements keep
    what they saw. The same statement again changes nothing. Raises `NotFound` for an unknown
    symbol, `BadInput` for an impossible factor and `Conflict` for another factor on that day.
    """
    if not (math.isfinite(factor) and factor > 0 and factor != 1):
        raise BadInput(
            f"{factor} is no redenomination factor.",
            hint="Give how many new coins one old coin became, such as 1000 or 0.01.",
        )
    news = progress or SilentProgress()
    with home.lock(LOCK), opened(home) as database:
        reconcile_locked(home, database, news)
        registry = extend_registry(database, shipped_registry())
        pair = parse_symbol(symbol.strip().upper(), known_symbols(registry))
        record = registry.record(registry.resolve(pair[0] if pair else symbol, day).token_id)
        for change in record.redenominations:
            if change.day == day and change.factor == factor:
                return change
            if change.day == day:
                raise Conflict(
                    f"{symbol} already has the factor {change.factor:g} on {day}.",
                    hint="State the day of the other redenomination.",
                )
        rows = load_revisions(home, Interval.DAY, token_ids=[int(record.token_id)])
        is_judged = not rows.filter(pl.col("time").dt.date() >= day).is_empty()
        now = clock.now()
        change = Redenomination(day, float(factor), now if is_judged else close_of(day), now)
        save_redenomination(database, record.token_id, change)
        registry = extend_registry(database, shipped_registry())
        refresh_panel(home, registry, daily_imports(database), news)
    return change


def compact_lake(home: Home) -> int:
    """Merge the small files that many imports leave; no row goes. Returns the files replaced."""
    with home.lock(LOCK):
        return sum(compact(home, interval) for interval in Interval)
