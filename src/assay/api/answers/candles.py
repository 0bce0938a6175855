"""Answers about candles: of one token, and of many in bulk, as known at `as_of`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from assay.api.answers.common import choose_day, clamp_day, find_token, write_decimal
from assay.api.answers.lists import Found, Placed, read_cursor
from assay.api.answers.published import find_ids
from assay.api.cursors import fingerprint
from assay.api.formats import describe_columns
from assay.api.kinds.facts import TokenCandlesQuery
from assay.api.parameters import (
    CandleRangeQuery,
    CandlesQuery,
    SeriesSort,
    day_of,
    first_moment,
    last_moment,
)
from assay.api.schemas import Candle, TokenCandle
from assay.api.state import ApiState, Facts
from assay.kit.errors import BadInput
from assay.markets import Order
from assay.markets.types import Interval, Panel, TokenId, moment_of

PRICES = ("open", "high", "low", "close", "volume")
OPTIONAL = ("market_cap_usd", "quote_volume")
ORDERS = {None: Order.STORED, SeriesSort.NEWEST: Order.NEWEST, SeriesSort.OLDEST: Order.OLDEST}
MOST_TOKENS = 10**11
"""More than any token id: a candle's position is its minute since 1970 and its token."""
BATCH_ROWS = 16_384
_MINUTE_US = 60_000_000

Frames = Callable[[SeriesSort, int | None], Iterator[pl.DataFrame]]
"""Candles in order of time behind a position; `token_id` and `time` and the values."""


@dataclass(frozen=True, slots=True)
class Range:
    """The times asked for: `first` <= time < `after`, and the day on which symbols are read."""

    as_of: date
    named_at: date
    first: datetime | None
    after: datetime


def find_candles(state: ApiState, facts: Facts, name: str, query: CandlesQuery) -> Found:
    """Candles of one token; daily from the panel, finer ones from the lake.

    Without `as_of` they hold every correction; with one only those that had been recorded by then.
    """
    scope, position, span = open_range(facts, query, "candles", name.upper())
    token = find_token(facts.registry, name, span.named_at)
    ids = [int(token.token_id)]
    if query.interval is Interval.DAY:
        panel = facts.panel
        if query.as_of is not None:
            panel = state.markets.load_panel(state.home, query.as_of)
        daily = read_daily(panel, token.token_id, query.start, query.end, span.as_of)
        frames: Frames = partial(cut_frame, daily)
    else:
        frames = partial(read_frames, state, query, span, ids)
    return Found(
        row=Candle,
        name=f"candles_{query.interval.value}_{token.symbol}",
        scope=scope,
        anchor=span.as_of.isoformat(),
        as_of=span.as_of,
        read=partial(walk_candles, frames, query.sort, write_candle),
        explain=partial(explain_candles, state, facts, query, span, token.symbol),
        position=position,
        repeated={
            "token_id": token.token_id,
            "symbol": token.symbol,
            "interval": query.interval.value,
        },
        batches=partial(convert_frames, frames, query.sort),
    )


def find_token_candles(state: ApiState, facts: Facts, query: TokenCandlesQuery) -> Found:
    """Candles of the tokens asked for, or of all, straight from the lake."""
    scope, position, span = open_range(facts, query, "candles of tokens")
    wanted = find_ids(facts, query.symbol, span.named_at)
    ids = None if wanted is None else sorted(wanted)
    symbols = {int(t.token_id): t.symbol for t in facts.registry.tokens(span.named_at)}

    def write(row: Mapping[str, Any]) -> dict[str, object]:
        token_id = row["token_id"]
        named = {"token_id": token_id, "symbol": symbols.get(token_id, str(token_id))}
        return named | write_candle(row)

    return Found(
        row=TokenCandle,
        name=f"candles_{query.interval.value}",
        scope=scope,
        anchor=span.as_of.isoformat(),
        as_of=span.as_of,
        read=partial(
            walk_candles,
            partial(read_frames, state, query, span, ids),
            query.sort or SeriesSort.NEWEST,
            write,
        ),
        explain=partial(explain_candles, state, facts, query, span, query.symbol or "any token"),
        position=position,
        repeated={"interval": query.interval.value},
        batches=partial(read_batches, state, query, span, ids, symbols),
    )


def open_range(
    facts: Facts, query: CandleRangeQuery, *listed: str
) -> tuple[str, int | None, Range]:
    """What a cursor must fit, where it goes on, and the times asked for. Raises BadInput for an
    empty range.
    """
    start, end = query.start, query.end
    if start is not None and end is not None and first_moment(start) > last_moment(end):
        raise BadInput("`from` lies after `to`.", hint="Exchange the two.")
    scope = fingerprint(*listed, query.name_filters())
    cursor = read_cursor(query, scope)
    as_of = choose_day(facts, query.as_of, cursor)
    named_at = as_of if end is None else min(as_of, clamp_day(facts, day_of(end)))
    # A candle counts when it had closed by then; the lake leaves out what opens at `after`.
    last = moment_of(as_of) - query.interval.length
    if end is not None:
        last = min(last, last_moment(end))
    first = None if start is None else first_moment(start)
    span = Range(as_of, named_at, first, last + timedelta(microseconds=1))
    return scope, None if cursor is None else cursor.position, span


def read_daily(
    panel: Panel,
    token_id: TokenId,
    start: date | datetime | None,
    end: date | datetime | None,
    as_of: date,
) -> pl.DataFrame:
    """Daily candles with a close, ascending. Raises NotFound for a token without any."""
    row = panel.row(token_id)
    earliest = panel.first_day if start is None else _day_not_before(start)
    latest = as_of if end is None else min(as_of, day_of(end))
    first = max((earliest - panel.first_day).days, 0)
    last = min((latest - panel.first_day).days, panel.n_days - 1)
    columns = np.arange(first, max(last, first - 1) + 1)
    columns = columns[~np.isnan(panel.close[row, columns])]
    opened = datetime.combine(panel.first_day, time(), UTC)
    values: dict[str, Sequence[object]] = {
        "time": [opened + timedelta(days=int(column)) for column in columns]
    }
    for field in PRICES:
        values[field] = getattr(panel, field)[row, columns]
    if panel.market_cap is not None:
        values["market_cap_usd"] = panel.market_cap[row, columns]
    frame = pl.DataFrame(values, schema_overrides={"time": pl.Datetime("us", "UTC")})
    return frame.with_columns(pl.lit(int(token_id), pl.Int64).alias("token_id"))


def cut_frame(
    frame: pl.DataFrame, sort: SeriesSort, position: int | None
) -> Iterator[pl.DataFrame]:
    """What lies behind a position of an ascending series, in either order."""
    if position is not None:
        frame = frame.filter(_lies_behind(sort, position))
    yield frame.reverse() if sort is SeriesSort.NEWEST else frame


def read_frames(
    state: ApiState,
    query: CandleRangeQuery,
    span: Range,
    ids: Sequence[int] | None,
    sort: SeriesSort,
    position: int | None,
) -> Iterator[pl.DataFrame]:
    """The same of candles in the lake; only what is asked for is read."""
    first, after = span.first, span.after
    if position is not None:
        reached = datetime.fromtimestamp(position // MOST_TOKENS * 60, UTC)
        if sort is SeriesSort.NEWEST:
            after = min(after, reached + timedelta(microseconds=1))
        else:
            first = reached if first is None else max(first, reached)
    for batch in state.markets.stream_candles(
        state.home, query.interval, ids, first, after, as_of=query.as_of, order=ORDERS[sort]
    ):
        frame = pl.DataFrame(batch)
        yield frame if position is None else frame.filter(_lies_behind(sort, position))


def walk_candles(
    frames: Frames,
    sort: SeriesSort,
    write: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    position: int | None,
) -> Iterator[Placed]:
    """Candles as they are served, each with its position."""
    for frame in frames(sort, position):
        for row in frame.iter_rows(named=True):
            yield place_candle(row["time"], row["token_id"]), write(row)


def place_candle(opened: datetime, token_id: int) -> int:
    """The position of a candle: its minute since 1970, then its token."""
    return int(opened.timestamp()) // 60 * MOST_TOKENS + token_id


def write_candle(row: Mapping[str, Any]) -> dict[str, object]:
    """One candle as it is served: quoted prices as decimal strings."""
    candle: dict[str, object] = {"time": row["time"]}
    for field in (*PRICES, *OPTIONAL):
        value = row.get(field)
        candle[field] = write_decimal(value if isinstance(value, float) else None)
    return candle


def convert_frames(frames: Frames, sort: SeriesSort) -> Iterator[Any]:
    """One token's candles as record batches of the shape `Candle`."""
    schema = describe_columns(Candle).schema
    for frame in frames(sort, None):
        missing = [pl.lit(None, pl.Float64).alias(n) for n in OPTIONAL if n not in frame.columns]
        table = frame.with_columns(missing).select(schema.names).fill_nan(None).to_arrow()
        yield from table.cast(schema).to_batches(BATCH_ROWS)


def read_batches(
    state: ApiState,
    query: TokenCandlesQuery,
    span: Range,
    ids: Sequence[int] | None,
    symbols: Mapping[int, str],
) -> Iterator[Any]:
    """The tokens' candles as record batches of the shape `TokenCandle`, values as stored."""
    schema = describe_columns(TokenCandle).schema
    names = pa.array(symbols.values(), pa.string())
    places = {token_id: place for place, token_id in enumerate(symbols)}
    for batch in state.markets.stream_candles(
        state.home,
        query.interval,
        ids,
        span.first,
        span.after,
        as_of=query.as_of,
        order=ORDERS[query.sort],
    ):
        symbol = pa.DictionaryArray.from_arrays(place_tokens(batch, places), names)
        columns = {"symbol": symbol, **dict(zip(batch.schema.names, batch.columns, strict=True))}
        yield pa.RecordBatch.from_arrays([columns[n] for n in schema.names], schema=schema)


def place_tokens(batch: Any, places: Mapping[int, int]) -> Any:  # noqa: ANN401 - pyarrow
    """Where each row's token stands among the symbols, as int32; null for an unknown one."""
    tokens = batch.column("token_id").to_numpy()
    # Rows of a token stand together nearly always, so each run is looked up once.
    begins = np.flatnonzero(np.diff(tokens, prepend=tokens[:1] - 1))
    lengths = np.diff(begins, append=len(tokens))
    found = [places.get(int(token), -1) for token in tokens[begins]]
    numbers = np.repeat(np.array(found, dtype=np.int32), lengths)
    return pa.array(numbers, mask=numbers < 0 if -1 in found else None)


def explain_candles(
    state: ApiState, facts: Facts, query: CandleRangeQuery, span: Range, whose: str
) -> str:
    """Why there are no candles, and what to do."""
    interval = query.interval.value
    stored = state.markets.list_stored_days(state.home, query.interval)
    if stored is None:
        return (
            f"No {interval} candles are stored; import some with `assay import candles FILE` or "
            "`assay fetch candles`."
        )
    return (
        f"There are no {interval} candles of {whose} in the time asked for. The {interval} "
        f"candles stored reach from {stored[0]} to {stored[1]}; ask for another time or token."
    )


def _lies_behind(sort: SeriesSort, position: int) -> pl.Expr:
    minute, token_id = divmod(position, MOST_TOKENS)
    time_ = pl.col("time").dt.epoch("us") // _MINUTE_US
    beyond = time_ < minute if sort is SeriesSort.NEWEST else time_ > minute
    return beyond | ((time_ == minute) & (pl.col("token_id") > token_id))


def _day_not_before(value: date | datetime) -> date:
    day = day_of(value)
    return day if first_moment(day) >= first_moment(value) else day + timedelta(days=1)
