"""Prices: `/price`, `/daily-ohlcv`, `/hourly-ohlcv`. All are facts: candles as quoted."""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import polars as pl

from assay.markets import Order
from assay.markets.types import Interval, moment_of
from assay.tokenmetrics.parameters import DATES, NAMED, PAGED, TOKEN_FIELDS
from assay.tokenmetrics.reading import Reading, Row
from assay.tokenmetrics.types import Asked, Endpoint, Field, Found, Missing
from assay.tokenmetrics.values import moment, number

PRICES = ("open", "high", "low", "close", "volume")

BARS = (
    Field("OPEN", "number", number("open"), "candle: open", Missing.DROP),
    Field("HIGH", "number", number("high"), "candle: high"),
    Field("LOW", "number", number("low"), "candle: low"),
    Field("CLOSE", "number", number("close"), "candle: close", Missing.DROP),
    Field("VOLUME", "number", number("volume"), "candle: volume, in coins"),
)


def answer_prices(reading: Reading, asked: Asked) -> Found:
    """The newest close of every token that trades, ascending by id."""
    chosen = reading.names.choose(asked)
    panel = reading.facts.panel
    closes = panel.close[:, panel.column(reading.newest_day)]
    rows = (
        reading.name(int(token_id)) | {"close": float(close)}
        for token_id, close in zip(panel.token_ids, closes, strict=True)
        if close == close and chosen.holds(int(token_id))
    )
    return Found(rows, chosen.absent)


def answer_daily(reading: Reading, asked: Asked) -> Found:
    """Daily candles, newest day first, ascending by id within a day."""
    chosen = reading.names.choose(asked)
    return Found(_walk_days(reading, asked, chosen.ids), chosen.absent)


def answer_hourly(reading: Reading, asked: Asked) -> Found:
    """Hourly candles, newest first, ascending by id within an hour."""
    chosen = reading.names.choose(asked)
    return Found(_walk_hours(reading, asked, chosen.ids), chosen.absent)


def _walk_days(reading: Reading, asked: Asked, ids: frozenset[int] | None) -> Iterator[Row]:
    panel = reading.facts.panel
    rows = np.arange(panel.n_tokens)
    if ids is not None:
        rows = np.flatnonzero(np.isin(panel.token_ids, list(ids)))
    first = panel.first_day if asked.start is None else max(asked.start, panel.first_day)
    last = reading.newest_day if asked.end is None else min(asked.end, reading.newest_day)
    if first > last or not rows.size:
        return
    close = np.asarray(panel.close[rows, panel.column(first) : panel.column(last) + 1])
    for place in range(close.shape[1] - 1, -1, -1):
        day = first + timedelta(days=place)
        column = panel.column(day)
        for row in rows[~np.isnan(close[:, place])]:
            bar: Row = {name: float(getattr(panel, name)[row, column]) for name in PRICES}
            yield reading.name(int(panel.token_ids[row])) | bar | {"time": day}


def _walk_hours(reading: Reading, asked: Asked, ids: frozenset[int] | None) -> Iterator[Row]:
    """Straight from the lake, only as far as the page goes."""
    newest = moment_of(reading.newest_day)
    end = newest if asked.end is None else min(newest, moment_of(asked.end))
    start = None if asked.start is None else moment_of(asked.start - timedelta(days=1))
    wanted = None if ids is None else sorted(ids)
    if ids is not None and not ids:
        return
    batches = reading.state.markets.stream_candles(
        reading.state.home, Interval.HOUR, wanted, start, end, order=Order.NEWEST
    )
    for batch in batches:
        for bar in pl.DataFrame(batch).iter_rows(named=True):
            if bar["token_id"] in reading.names.tokens:
                yield reading.name(bar["token_id"]) | bar


ENDPOINTS = (
    Endpoint(
        "price",
        "List the close of the newest complete day of every token that trades.",
        (
            *TOKEN_FIELDS,
            Field(
                "CURRENT_PRICE",
                "number",
                number("close"),
                "candle: close of the newest day",
                Missing.DROP,
            ),
        ),
        (*NAMED, *PAGED),
        answer_prices,
    ),
    Endpoint(
        "daily-ohlcv",
        "List daily candles as quoted, newest first.",
        (*TOKEN_FIELDS, Field("DATE", "string", moment("time"), "candle: day"), *BARS),
        (*NAMED, *DATES, *PAGED),
        answer_daily,
    ),
    Endpoint(
        "hourly-ohlcv",
        "List hourly candles as quoted, newest first.",
        (*TOKEN_FIELDS, Field("TIMESTAMP", "string", moment("time"), "candle: opening"), *BARS),
        (*NAMED, *DATES, *PAGED),
        answer_hourly,
        is_sealable=False,
    ),
)
