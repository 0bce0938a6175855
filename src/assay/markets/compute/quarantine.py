"""Rows that were turned away, as quarantine keeps them, and what their owner can do. Pure."""

import hashlib

import polars as pl

from assay.markets.reports import Fault

LONGEST = {"symbol": 100, "content": 400}
"""Characters that are kept: all of it is the key of a row, and PostgreSQL's keys end at 2,704 bytes
(a character has at most four).
"""


def list_faulty(frame: pl.DataFrame, raw: pl.DataFrame) -> pl.DataFrame:
    """`symbol, time, reason, content`: rows for quarantine with their text as it was read; of a
    long one its beginning and its digest.
    """
    faulty = frame.filter(pl.col("reason").is_not_null()).sort("row")
    rows = raw[(faulty["row"] - 1).to_list()]
    content = rows.select(pl.struct(pl.all().cast(pl.String, strict=False)).struct.json_encode())
    found = faulty.select(
        pl.col("symbol").fill_null(""),
        pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%SZ").fill_null(""),
        "reason",
        content.to_series().alias("content"),
    )
    return found.with_columns(_shorten(found[name], length) for name, length in LONGEST.items())


def _shorten(texts: pl.Series, length: int) -> pl.Series:
    """Long ones end in a digest of the whole, so that they stay different; NUL becomes a space."""
    short = [
        text if len(text) <= length else f"{text[:length]}... sha256:{_digest(text)}"
        for text in texts.str.replace_all("\0", " ", literal=True)
    ]
    return pl.Series(texts.name, short, pl.String)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


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
