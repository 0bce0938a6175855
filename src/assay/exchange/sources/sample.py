"""The bundled minute candles of 2022-11-08 and 09, read out of the installed package."""

import hashlib
import io
import json
from collections.abc import Collection
from importlib.resources import files
from typing import Final

import numpy as np
import polars as pl

from assay.exchange.types import MINUTE_MS, Recording
from assay.kit.errors import BadInput, Corrupt

QUOTES: Final = ("USDT", "BUSD", "BTC", "ETH", "BNB")
"""Longest first where one ends with another; the bundled pairs have no others."""


def load_recordings(pairs: Collection[str] | None = None) -> list[Recording]:
    """The recorded candles of `pairs` (None: of all), by symbol. Raises BadInput for a pair that
    was not recorded and Corrupt for files that are not those of the package.
    """
    frame = _fetch_minutes()
    known = frame["symbol"].unique().sort().to_list()
    wanted = known if pairs is None else sorted({pair.upper() for pair in pairs})
    missing = sorted(set(wanted) - set(known))
    if missing or not wanted:
        raise BadInput(
            f"These pairs are not in the recording: {', '.join(missing) or 'none was named'}.",
            hint=f"It holds {len(known)} pairs such as {', '.join(known[:3])} and BTCUSDT.",
        )
    parts = frame.partition_by("symbol", as_dict=True)
    return [_build(symbol, parts[(symbol,)].sort("time")) for symbol in wanted]


def _build(symbol: str, rows: pl.DataFrame) -> Recording:
    quote = next(quote for quote in QUOTES if symbol.endswith(quote))
    open_ms = rows["time"].dt.epoch("ms").to_numpy().astype(np.int64)
    if not np.all(np.diff(open_ms) == MINUTE_MS):
        raise _damaged(f"the minutes of {symbol}")
    columns = {
        name: rows[name].to_numpy().astype(np.float64)
        for name in ("open", "high", "low", "close", "quote_volume")
    }
    base = symbol.removesuffix(quote)
    return Recording(symbol=symbol, base=base, quote=quote, open_ms=open_ms, **columns)


def _fetch_minutes() -> pl.DataFrame:
    folder = files("assay.samples")
    manifest = json.loads((folder / "sample.json").read_text(encoding="utf-8"))
    frames = []
    for entry in manifest["files"]:
        if entry["interval"] != "1m":
            continue
        payload = (folder / entry["file"]).read_bytes()
        if hashlib.sha256(payload).hexdigest() != entry["sha256"]:
            raise _damaged(f"the bundled file {entry['file']}")
        frames.append(pl.read_parquet(io.BytesIO(payload)))
    return pl.concat(frames)


def _damaged(what: str) -> Corrupt:
    return Corrupt(
        f"Something changed {what}.", hint="Install the package again; its files were changed."
    )
