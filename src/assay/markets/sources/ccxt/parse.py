"""What ccxt answers, as a table of candles. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import polars as pl

from assay.kit.errors import SourceMalformed

COLUMNS = ("time", "open", "high", "low", "close", "volume")


def parse_ohlcv(
    page: Sequence[Sequence[float | None]], symbol: str, length: timedelta, now: datetime
) -> pl.DataFrame:
    """Rows `symbol, time, open .. volume` of the bars that have closed by `now`.

    A venue sends the running bar as the last one; it is left out. Raises `SourceMalformed` for
    rows of another shape.
    """
    try:
        rows = [_row(symbol, *row[: len(COLUMNS)]) for row in page]
    except (TypeError, ValueError) as error:
        raise SourceMalformed(
            f"The venue sent candles of {symbol} that are none.",
            hint="Try again later; if it stays, report the venue and the symbol.",
        ) from error
    numbers = dict.fromkeys(COLUMNS[1:], pl.Float64)
    frame = pl.DataFrame(
        rows, schema={"symbol": pl.String, "time": pl.Int64, **numbers}, orient="row"
    )
    moment = pl.col("time").cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
    frame = frame.with_columns(moment.dt.cast_time_unit("us").alias("time"))
    return frame.filter(pl.col("time") + length <= now)


def _row(
    symbol: str,
    moment: float | None,
    opened: float | None,
    high: float | None,
    low: float | None,
    close: float | None,
    volume: float | None,
) -> list[str | int | float | None]:
    if moment is None:
        raise ValueError("a candle without a time")
    numbers = (opened, high, low, close, volume)
    return [symbol, int(moment), *(None if n is None else float(n) for n in numbers)]
