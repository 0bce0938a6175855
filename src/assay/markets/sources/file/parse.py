"""Reading a table of candles, whatever wrote it: text or typed columns in, our columns out. Pure.

Wanted columns: symbol, time, close; open, high, low, volume (base units), market_cap_usd and
quote_volume are optional and stay missing where they are. A market cap of 0 is missing too: that is
how aggregators write a supply they do not know. Other columns are ignored.
"""

import polars as pl

from assay.kit.errors import BadInput

REQUIRED = ("symbol", "time", "close")
NUMBERS = ("open", "high", "low", "close", "volume", "market_cap_usd", "quote_volume")
MOMENT = pl.Datetime("us", "UTC")

# Epochs count seconds, milliseconds, microseconds or nanoseconds; each limit is the year 5138.
_EPOCH_UNITS = ((1e11, 1_000_000), (1e14, 1_000), (1e17, 1))


def parse_candles(raw: pl.DataFrame) -> pl.DataFrame:
    """Rows as `row, symbol, time, open .. quote_volume, reason`; `reason` is null where readable.

    `row` counts data rows from 1. Numbers are float64 with null for missing, times are UTC (a time
    without a zone is taken as UTC). Raises `BadInput` when a required column is missing.
    """
    plain = {name: name.strip().lower() for name in raw.columns}
    twice = sorted({name for name in plain.values() if list(plain.values()).count(name) > 1})
    if twice:
        raise BadInput(
            f"The file has the column {', '.join(twice)} more than once"
            f" (upper and lower case count as the same): {', '.join(raw.columns)}.",
            hint="Keep one column of each name. Nothing was imported.",
        )
    named = raw.rename(plain)
    missing = [name for name in REQUIRED if name not in named.columns]
    if missing:
        raise BadInput(
            f"The file has no column {', '.join(missing)}; it has {', '.join(raw.columns)}.",
            hint="Separate columns by commas, and name them symbol, time, open, high, low, close,"
            " volume and, where known, market_cap_usd.",
        )
    columns = [_number(named, name).alias(name) for name in NUMBERS]
    unreadable = [_is_unreadable(named, name) for name in NUMBERS if name in named.columns]
    frame = named.with_row_index("row", offset=1).select(
        pl.col("row").cast(pl.Int64),
        pl.col("symbol").cast(pl.String).str.strip_chars().str.to_uppercase().alias("symbol"),
        _moment(named).alias("time"),
        *columns,
        pl.any_horizontal(unreadable).alias("unreadable"),
    )
    reason = (
        pl.when(pl.col("time").is_null())
        .then(pl.lit("unreadable time"))
        .when(pl.col("unreadable"))
        .then(pl.lit("unreadable number"))
    )
    cap = pl.when(pl.col("market_cap_usd") != 0.0).then(pl.col("market_cap_usd"))
    return frame.with_columns(reason.alias("reason"), cap.alias("market_cap_usd")).drop(
        "unreadable"
    )


def _number(frame: pl.DataFrame, name: str) -> pl.Expr:
    if name not in frame.columns:
        return pl.lit(None, pl.Float64)
    column = pl.col(name)
    if frame.schema[name] == pl.String:
        column = column.str.strip_chars()
    return column.cast(pl.Float64, strict=False).fill_nan(None)


def _is_unreadable(frame: pl.DataFrame, name: str) -> pl.Expr:
    if frame.schema[name] != pl.String:
        return pl.lit(False)
    text = pl.col(name).str.strip_chars()
    return (text != "") & text.is_not_null() & text.cast(pl.Float64, strict=False).is_null()


def _moment(frame: pl.DataFrame) -> pl.Expr:
    kind = frame.schema["time"]
    column = pl.col("time")
    if kind == pl.Date:
        return column.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if isinstance(kind, pl.Datetime):
        zoned = column if kind.time_zone else column.dt.replace_time_zone("UTC")
        return zoned.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    if kind.is_numeric():
        return _epoch(column.cast(pl.Float64, strict=False))
    if kind == pl.String:
        text = column.str.strip_chars()
        return pl.coalesce(_epoch(text.cast(pl.Float64, strict=False)), *_written(text))
    raise BadInput(
        f"The column time holds {kind}, which is no time.",
        hint="Write times as dates, ISO 8601 or seconds, milliseconds or microseconds since 1970.",
    )


def _epoch(number: pl.Expr) -> pl.Expr:
    number = pl.when(number.is_finite() & (number >= 0)).then(number)
    micros = pl.lit(None, pl.Float64)
    for limit, factor in _EPOCH_UNITS:
        micros = pl.coalesce(micros, pl.when(number < limit).then(number * factor))
    whole = pl.coalesce(micros, pl.when(number < 1e20).then(number / 1000))
    return (
        whole.round()
        .cast(pl.Int64, strict=False)
        .cast(pl.Datetime("us"))
        .dt.replace_time_zone("UTC")
    )


def _written(text: pl.Expr) -> list[pl.Expr]:
    plain = (
        text.str.replace(r"[Tt]", " ")
        .str.replace(r"\s*(?:[Zz]|UTC)$", "")
        .str.replace(r"([+-]\d{2}):?(\d{2})$", "+$1$2")
    )
    zoned = text.str.replace(r"[Tt]", " ").str.replace(r"([+-]\d{2}):(\d{2})$", "$1$2")
    patterns = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M")
    naive = [plain.str.to_datetime(p, strict=False, time_unit="us") for p in patterns]
    days = plain.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    aware = zoned.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%z", strict=False, time_unit="us")
    return [e.dt.replace_time_zone("UTC") for e in [days, *naive]] + [
        aware.dt.convert_time_zone("UTC")
    ]
