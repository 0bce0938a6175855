"""Answers about facts: tokens and candles."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import polars as pl

from assay.api.answers.common import (
    choose_day,
    clamp_day,
    find_token,
    write_decimal,
    write_envelope,
    write_json,
)
from assay.api.cursors import Cursor, fingerprint, format_cursor, parse_cursor
from assay.api.parameters import (
    AsOfQuery,
    CandlesQuery,
    SeriesSort,
    TokensQuery,
    day_of,
    first_moment,
    last_moment,
)
from assay.api.sealed import Content
from assay.api.state import ApiState, Facts
from assay.kit.errors import BadInput
from assay.markets.types import Interval, Panel, Token, TokenId, moment_of

PRICES = ("open", "high", "low", "close", "volume")
OPTIONAL = ("market_cap_usd", "quote_volume")


def answer_tokens(facts: Facts, query: TokensQuery) -> Content:
    """All tokens that had begun by `as_of`, ascending by id."""
    scope = fingerprint("tokens", query.as_of, query.kind)
    after, as_of = -1, choose_day(facts, query.as_of)
    if query.cursor is not None:
        cursor = parse_cursor(query.cursor, scope)
        after, as_of = cursor.position, date.fromisoformat(cursor.anchor)
    found = [
        token
        for token in facts.registry.tokens(as_of)
        if token.token_id > after and (query.kind is None or token.kind is query.kind)
    ]
    page = found[: query.limit]
    following = None
    if len(found) > query.limit:
        following = format_cursor(Cursor(as_of.isoformat(), page[-1].token_id), scope)
    return write_envelope(write_json(page), as_of, next_cursor=following)


def answer_token(facts: Facts, name: str, query: AsOfQuery) -> Content:
    """One token and the names it had borne by `as_of`."""
    as_of = choose_day(facts, query.as_of)
    token = find_token(facts.registry, name, as_of)
    tickers = facts.registry.record(token.token_id).tickers
    detail = asdict(token) | {"tickers": [t for t in tickers if t.first_day <= as_of]}
    return write_envelope(write_json(detail), as_of)


def answer_candles(state: ApiState, facts: Facts, name: str, query: CandlesQuery) -> Content:
    """Candles of one token as known at `as_of`; daily from the panel, finer ones from the lake.

    Without `as_of` they hold every correction; with one only those that had been recorded by then.
    """
    start, end = query.start, query.end
    if start is not None and end is not None and first_moment(start) > last_moment(end):
        raise BadInput("`from` lies after `to`.", hint="Exchange the two.")
    scope = fingerprint(
        "candles", name.upper(), query.interval, start, end, query.as_of, query.sort
    )
    as_of, position = choose_day(facts, query.as_of), None
    if query.cursor is not None:
        cursor = parse_cursor(query.cursor, scope)
        position, as_of = cursor.position, date.fromisoformat(cursor.anchor)
    named_at = as_of if end is None else min(as_of, clamp_day(facts, day_of(end)))
    token = find_token(facts.registry, name, named_at)
    if query.interval is Interval.DAY:
        panel = facts.panel
        if query.as_of is not None:
            panel = state.markets.load_panel(state.home, query.as_of)
        frame = read_daily(panel, token, start, end, as_of)
    else:
        frame = read_finer(state, query, token.token_id, as_of)
    rows, following = cut_series(frame, query.sort, position, query.limit)
    next_cursor = None
    if following is not None:
        next_cursor = format_cursor(Cursor(as_of.isoformat(), following), scope)
    data = write_json([write_candle(row) for row in rows])
    return write_envelope(
        data,
        as_of,
        next_cursor=next_cursor,
        token_id=token.token_id,
        symbol=token.symbol,
        interval=query.interval.value,
    )


def read_daily(
    panel: Panel,
    token: Token,
    start: date | datetime | None,
    end: date | datetime | None,
    as_of: date,
) -> pl.DataFrame:
    """Daily candles with a close, ascending. Raises NotFound for a token without any."""
    row = panel.row(token.token_id)
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
    return pl.DataFrame(values, schema_overrides={"time": pl.Datetime("us", "UTC")})


def read_finer(
    state: ApiState, query: CandlesQuery, token_id: TokenId, as_of: date
) -> pl.DataFrame:
    """Hourly or minute candles from the lake that had closed by `as_of`, ascending."""
    # A candle counts when it had closed by then; the lake leaves out what opens at `end`.
    last = moment_of(as_of) - query.interval.length
    if query.end is not None:
        last = min(last, last_moment(query.end))
    first = None if query.start is None else first_moment(query.start)
    after = last + timedelta(microseconds=1)
    return state.markets.load_candles(
        state.home, int(token_id), query.interval, first, after, as_of=query.as_of
    )


def cut_series(
    frame: pl.DataFrame, sort: SeriesSort, position: int | None, limit: int
) -> tuple[list[dict[str, object]], int | None]:
    """One page of an ascending series and the key after which the next one goes on.

    Keys are microseconds since 1970 of the last row sent.
    """
    newest_first = sort is SeriesSort.NEWEST
    if position is not None:
        key = pl.col("time").dt.epoch("us")
        frame = frame.filter(key < position if newest_first else key > position)
    page = frame.tail(limit).reverse() if newest_first else frame.head(limit)
    if frame.height <= limit:
        return page.to_dicts(), None
    return page.to_dicts(), int(page["time"].dt.epoch("us")[-1])


def write_candle(row: dict[str, object]) -> dict[str, object]:
    """One candle as it is served: quoted prices as decimal strings."""
    candle: dict[str, object] = {"time": row["time"]}
    for field in (*PRICES, *OPTIONAL):
        if field in row:
            value = row[field]
            candle[field] = write_decimal(value if isinstance(value, float) else None)
    return candle


def _day_not_before(value: date | datetime) -> date:
    day = day_of(value)
    return day if first_moment(day) >= first_moment(value) else day + timedelta(days=1)
