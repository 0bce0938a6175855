"""What fine rows mean beside those that are stored: new, equal, completing or correcting. Pure."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import polars as pl

from assay.markets.compute.check import KEY, VALUES


def compare(
    frame: pl.DataFrame, stored: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Split fine rows into those whose bar is new, differs from, and equals what is stored.

    `stored` holds the latest revision of each bar; the differing rows carry it as `revision`.
    """
    joined = frame.join(
        stored.select(*KEY, *VALUES, "revision", "import_id"), on=KEY, how="left", suffix="_stored"
    )
    is_new = pl.col("revision").is_null()
    same = pl.all_horizontal([pl.col(v).eq_missing(pl.col(f"{v}_stored")) for v in VALUES])
    drop = [f"{v}_stored" for v in VALUES]
    return (
        joined.filter(is_new).drop(drop),
        joined.filter(~is_new & ~same).drop(drop),
        joined.filter(~is_new & same).drop(drop),
    )


def part_completed(
    changed: pl.DataFrame, partial_from: Iterable[tuple[str, date | None]]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part changed rows into completions of partly recorded days and true corrections."""
    partial = pl.DataFrame(
        list(partial_from),
        schema={"import_id": pl.String, "partial_from": pl.Date},
        orient="row",
    )
    joined = changed.join(partial, on="import_id", how="left")
    is_partial = (pl.col("time").dt.date() >= pl.col("partial_from")).fill_null(False)
    return joined.filter(is_partial), joined.filter(~is_partial)


def stamp(
    rows: pl.DataFrame, venue: str, length: timedelta, now: datetime, *, is_late: bool = False
) -> pl.DataFrame:
    """Rows as the lake keeps them: known when their bar closed, or, if late, since `now`.

    The revision follows the stored one (null: there was none).
    """
    closes = pl.col("time") + length
    moment = pl.Datetime("us", "UTC")
    return rows.select(
        "token_id",
        "quote",
        pl.lit(venue).alias("venue"),
        "time",
        *VALUES,
        (pl.lit(now) if is_late else closes).cast(moment).alias("known_at"),
        pl.lit(now).cast(moment).alias("recorded_at"),
        (pl.col("revision") + 1).fill_null(0).cast(pl.Int32),
    )
