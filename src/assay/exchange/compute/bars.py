"""Bars of any interval and the figures of 24 hours, summed up from the minutes of a tape."""

from collections.abc import Iterator

from assay.exchange.compute.tape import DAY_MINUTES, Sums, Tape
from assay.exchange.types import MINUTE_MS, BookTop, Kline, Refusal, Ticker

HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
INTERVALS = {
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": 7 * DAY_MS,
}
WEEK_STARTS_MS = 4 * DAY_MS
"""1970 began on a Thursday; weeks begin on Mondays."""
MOST_BARS = 1_000


def get_interval_ms(interval: str) -> int:
    """Length of an interval. Refusal(-1120) for one that is not served (`1s`, `1M`)."""
    if interval not in INTERVALS:
        raise Refusal(-1120, "Invalid interval.")
    return INTERVALS[interval]


def find_open_ms(interval_ms: int, at_ms: int) -> int:
    """When the bar that holds `at_ms` opens."""
    offset = WEEK_STARTS_MS if interval_ms == 7 * DAY_MS else 0
    return (at_ms - offset) // interval_ms * interval_ms + offset


def sum_minutes(tape: Tape, first: int, until: int, now_ms: int) -> Sums | None:
    """Minutes [first, until) as far as they have happened by now; None if none has begun."""
    current = tape.number(now_ms)
    first = max(first, 0)
    over = tape.sum_whole(first, min(until, current))
    if not first <= current < min(until, tape.minutes):
        return over
    live = tape.sum_live(current, now_ms)
    if over is None:
        return live
    if not live.trades:
        return over
    if not over.trades:
        return live
    return Sums(
        open=over.open,
        high=max(over.high, live.high),
        low=min(over.low, live.low),
        close=live.close,
        size=over.size + live.size,
        worth=over.worth + live.worth,
        bought=over.bought + live.bought,
        worth_bought=over.worth_bought + live.worth_bought,
        trades=over.trades + live.trades,
        first_id=over.first_id,
    )


def make_kline(tape: Tape, interval: str, open_ms: int, now_ms: int) -> Kline | None:
    """The bar that opens at `open_ms` as it stands now; None if nothing of it was recorded yet."""
    length = get_interval_ms(interval)
    first = (open_ms - tape.first_ms) // MINUTE_MS
    sums = sum_minutes(tape, first, first + length // MINUTE_MS, now_ms)
    if sums is None:
        return None
    tick, step, unit = tape.pair.tick, tape.pair.step, tape.unit
    return Kline(
        symbol=tape.symbol,
        interval=interval,
        open_ms=open_ms,
        close_ms=open_ms + length - 1,
        open=sums.open * tick,
        high=sums.high * tick,
        low=sums.low * tick,
        close=sums.close * tick,
        volume=sums.size * step,
        quote_volume=sums.worth * unit,
        trades=sums.trades,
        taker_volume=sums.bought * step,
        taker_quote_volume=sums.worth_bought * unit,
        first_id=sums.first_id,
        last_id=sums.first_id + sums.trades - 1 if sums.trades else -1,
        is_closed=now_ms >= open_ms + length,
    )


def _walk_opens(
    length: int, first_ms: int, last_ms: int, is_forward: bool, limit: int
) -> Iterator[int]:
    """Opening times of up to `limit` bars within first..last, from the asked end on."""
    opens = range(first_ms, last_ms + 1, length)
    yield from opens[:limit] if is_forward else opens[max(len(opens) - limit, 0) :]


def list_klines(
    tape: Tape,
    interval: str,
    start_ms: int | None,
    end_ms: int | None,
    limit: int,
    now_ms: int,
) -> list[Kline]:
    """Bars that open within [start_ms, end_ms] and have begun by now, oldest first; at most
    `limit` (at most 1,000), the newest of them unless `start_ms` is given.
    """
    length = get_interval_ms(interval)
    first = find_open_ms(length, tape.first_ms)
    if start_ms is not None and start_ms > first:
        first = find_open_ms(length, start_ms + length - 1)
    last = find_open_ms(length, min(now_ms, tape.end_ms - 1))
    if end_ms is not None:
        last = min(last, find_open_ms(length, end_ms))
    limit = max(1, min(limit, MOST_BARS))
    opens = _walk_opens(length, first, last, start_ms is not None, limit)
    bars = (make_kline(tape, interval, open_ms, now_ms) for open_ms in opens)
    return [bar for bar in bars if bar is not None]


def make_ticker(tape: Tape, top: BookTop, now_ms: int) -> Ticker:
    """The last 24 hours by whole minutes, or what was replayed of them."""
    current = min(tape.number(now_ms), tape.minutes - 1)
    first = max(current - DAY_MINUTES + 1, 0)
    sums = sum_minutes(tape, first, current + 1, now_ms)
    tick, step = tape.pair.tick, tape.pair.step
    found = tape.find_last(now_ms)
    last = tape.get_state(now_ms)[0]
    if sums is None:
        sums = Sums(last, last, last, last, 0, 0, 0, 0, 0, -1)
    return Ticker(
        symbol=tape.symbol,
        last=last * tick,
        last_quantity=0 if found is None else found[0].sizes[found[1]] * step,
        open=sums.open * tick,
        high=sums.high * tick,
        low=sums.low * tick,
        volume=sums.size * step,
        quote_volume=sums.worth * tape.unit,
        open_ms=min(tape.first_ms + first * MINUTE_MS, now_ms),
        close_ms=now_ms,
        first_id=sums.first_id,
        last_id=sums.first_id + sums.trades - 1 if sums.trades else -1,
        trades=sums.trades,
        top=top,
    )
