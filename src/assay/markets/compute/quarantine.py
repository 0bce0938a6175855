"""Rows that were turned away, as quarantine keeps them, and what their owner can do. Pure."""

import polars as pl

from assay.markets.reports import Fault


def list_faulty(frame: pl.DataFrame, raw: pl.DataFrame) -> pl.DataFrame:
    """`symbol, time, reason, content`: rows for quarantine with their text as it was read."""
    faulty = frame.filter(pl.col("reason").is_not_null()).sort("row")
    rows = raw[(faulty["row"] - 1).to_list()]
    content = rows.select(pl.struct(pl.all().cast(pl.String, strict=False)).struct.json_encode())
    return faulty.select(
        pl.col("symbol").fill_null(""),
        pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%SZ").fill_null(""),
        "reason",
        content.to_series().alias("content"),
    )


def list_hints(frame: pl.DataFrame) -> tuple[str, ...]:
    """What to do about jumps, for the first few symbols that have some."""
    jumps = frame.filter(pl.col("reason") == Fault.JUMP.value)
    firsts = jumps.group_by("symbol").agg(pl.col("time").min()).sort("symbol").head(5)
    return tuple(
        f"If {symbol} was redenominated on {time.date()}, declare it (FACTOR: how many new coins"
        f" for one old) and import again: assay redenominate {symbol} --day {time:%Y-%m-%d}"
        " --factor FACTOR"
        for symbol, time in firsts.iter_rows()
    )
