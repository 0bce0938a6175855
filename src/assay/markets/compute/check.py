"""Which rows of candles may enter the lake, and why the others may not. Pure.

Frames hold one row a candle: `token_id, quote, time` (the key of a series and its bar), the numbers
(null = missing) and `reason` (null = fine so far). A row keeps the first fault that was found.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import polars as pl

from assay.markets.reports import Fault
from assay.markets.types import Interval, TokenRecord

KEY = ("token_id", "quote", "time")
PRICES = ("open", "high", "low", "close")
AMOUNTS = ("volume", "market_cap_usd", "quote_volume")
VALUES = PRICES + AMOUNTS
JUMP = 20.0
_BAR = {Interval.DAY: "1d", Interval.HOUR: "1h", Interval.MINUTE: "1m"}


def check_rows(frame: pl.DataFrame, interval: Interval, now: datetime) -> pl.DataFrame:
    """Mark rows that are wrong on their own: times, prices, volumes, order of high and low."""
    time, low, high = pl.col("time"), pl.col("low"), pl.col("high")
    filled = [pl.col(name) for name in PRICES]
    outside = [
        (column < low).fill_null(False) | (column > high).fill_null(False)
        for column in (pl.col("open"), pl.col("close"))
    ]
    faults = [
        (time != time.dt.truncate(_BAR[interval]), Fault.MISALIGNED),
        (time > now, Fault.FUTURE),
        (time + interval.length > now, Fault.UNFINISHED),
        (pl.col("close").is_null(), Fault.NO_CLOSE),
        (pl.any_horizontal(pl.col(VALUES).is_infinite().fill_null(False)), Fault.NOT_FINITE),
        (pl.any_horizontal([(c <= 0).fill_null(False) for c in filled]), Fault.NOT_POSITIVE),
        (
            pl.any_horizontal([(pl.col(name) < 0).fill_null(False) for name in AMOUNTS]),
            Fault.NEGATIVE_VOLUME,
        ),
        ((high < low).fill_null(False), Fault.HIGH_BELOW_LOW),
        (pl.any_horizontal(outside), Fault.OUTSIDE),
    ]
    reason = pl.col("reason")
    for is_faulty, fault in faults:
        reason = pl.coalesce(reason, pl.when(is_faulty).then(pl.lit(fault.value)))
    return frame.with_columns(reason.alias("reason"))


def check_duplicates(frame: pl.DataFrame) -> pl.DataFrame:
    """Keep the first fine row of each bar; mark the later ones, apart by whether they say the same.

    The order of the file decides, so the answer does not depend on which value looks better.
    """
    fine = frame.filter(pl.col("reason").is_null()).sort("row")
    again = fine.filter(pl.struct(KEY).is_first_distinct().not_())
    if again.is_empty():
        return frame
    first = fine.filter(pl.struct(KEY).is_first_distinct()).select(*KEY, *VALUES)
    same = pl.all_horizontal([pl.col(v).eq_missing(pl.col(f"{v}_first")) for v in VALUES])
    marks = again.join(first, on=KEY, suffix="_first").select(
        "row",
        pl.when(same)
        .then(pl.lit(Fault.DUPLICATE.value))
        .otherwise(pl.lit(Fault.CONFLICT.value))
        .alias("mark"),
    )
    return _mark(frame, marks)


def compute_units(records: Iterable[TokenRecord]) -> pl.DataFrame:
    """`token_id, time, unit`: the redenomination factor of a token from `time` on."""
    rows = []
    for record in records:
        unit = 1.0
        for change in sorted(record.redenominations, key=lambda item: item.day):
            unit *= change.factor
            rows.append((record.token_id, change.day, unit))
    frame = pl.DataFrame(
        rows, schema={"token_id": pl.Int64, "time": pl.Date, "unit": pl.Float64}, orient="row"
    )
    moment = pl.col("time").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return frame.with_columns(moment.alias("time")).sort("time")


def check_jumps(frame: pl.DataFrame, stored: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Mark rows that open 20 times above or below the close before them.

    The close before is that of the last accepted bar, stored or of this file, in units of today
    (known redenominations do not count). An open is compared, so a coin may lose everything within
    a day; without an open the close is. A bar whose close no neighbour confirms is itself at fault.
    """
    keep = [*KEY, "open", "close"]
    fresh = frame.filter(pl.col("reason").is_null()).select("row", *keep)
    known = stored.select(*keep).join(fresh, on=KEY, how="anti")
    rows = pl.concat(
        [fresh, known.with_columns(pl.lit(None, pl.Int64).alias("row"))], how="diagonal"
    )
    rows = rows.sort("time").join_asof(units, on="time", by="token_id", check_sortedness=False)
    unit = pl.col("unit").fill_null(1.0)
    rows = rows.with_columns(
        (pl.coalesce("open", "close") * unit).alias("begin"), (pl.col("close") * unit).alias("end")
    ).sort("token_id", "quote", "time")
    series = ["token_id", "quote"]
    before = pl.col("end").shift(1).over(series)
    ratio = pl.col("begin") / before
    suspects = rows.filter(
        pl.col("row").is_not_null() & ((ratio >= JUMP) | (ratio <= 1 / JUMP))
    ).select(series)
    marked: list[int] = []
    for _, part in rows.join(suspects.unique(), on=series, how="semi").group_by(
        series, maintain_order=True
    ):
        marked += _jumps(part["row"].to_list(), part["begin"].to_list(), part["end"].to_list())
    marks = pl.DataFrame(
        {"row": marked, "mark": [Fault.JUMP.value] * len(marked)},
        schema={"row": pl.Int64, "mark": pl.String},
    )
    return _mark(frame, marks)


def _jumps(rows: Sequence[int | None], begin: Sequence[float], end: Sequence[float]) -> list[int]:
    marked = []
    before: float | None = None
    for i, row in enumerate(rows):
        following = begin[i + 1] if i + 1 < len(rows) else None
        if row is not None and _is_fault(before, begin[i], end[i], following, begin[i + 2 : i + 3]):
            marked.append(row)
        else:
            before = end[i]
    return marked


def _is_fault(
    before: float | None, begin: float, end: float, following: float | None, later: Sequence[float]
) -> bool:
    if before is not None and _is_jump(begin, before):
        return True
    if following is None or not _is_jump(following, end):
        return False
    if before is None:
        return bool(later) and not _is_jump(later[0], following)
    return _is_jump(end, begin) and not _is_jump(following, before)


def _is_jump(new: float, old: float) -> bool:
    return new >= JUMP * old or old >= JUMP * new


def _mark(frame: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    if marks.is_empty():
        return frame
    joined = frame.join(marks, on="row", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("reason", "mark").alias("reason")).drop("mark")
