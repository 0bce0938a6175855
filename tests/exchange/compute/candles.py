"""Recordings for tests: a few candles by hand, drawn ones, and the bundled night."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import polars as pl
from hypothesis import strategies as st

from assay.exchange.compute.engine import Engine
from assay.exchange.types import Event, Options, Recording

START_MS = 1_667_946_660_000
MINUTE_MS = 60_000
Candle = tuple[float, float, float, float, float]
"""Open, high, low, close, quote volume."""
QUOTES = ("USDT", "BUSD", "BTC", "ETH", "BNB")

CALM: tuple[Candle, ...] = (
    (100.0, 101.0, 99.5, 100.5, 250_000.0),
    (100.5, 100.5, 98.0, 98.5, 400_000.0),
    (98.4, 99.0, 98.4, 99.0, 90_000.0),
    (99.0, 99.0, 99.0, 99.0, 0.0),
    (99.2, 103.0, 99.1, 102.37, 600_000.0),
)


def make_recording(
    candles: Sequence[Candle] = CALM, symbol: str = "SOLUSDT", start_ms: int = START_MS
) -> Recording:
    """A recording of the candles, one minute each."""
    quote = next(quote for quote in QUOTES if symbol.endswith(quote))
    columns = np.array(candles, dtype=np.float64).T
    return Recording(
        symbol,
        symbol.removesuffix(quote),
        quote,
        start_ms + MINUTE_MS * np.arange(len(candles), dtype=np.int64),
        columns[0].copy(),
        columns[1].copy(),
        columns[2].copy(),
        columns[3].copy(),
        columns[4].copy(),
    )


def open_engine(
    candles: Sequence[Candle] = CALM, options: Options | None = None, symbol: str = "SOLUSDT"
) -> Engine:
    """An exchange of one pair."""
    return Engine([make_recording(candles, symbol)], options or Options())


def run(engine: Engine, seconds: int) -> list[Event]:
    """Everything that happens in so many seconds."""
    return engine.advance(engine.now_ms + 1_000 * seconds)


@cache
def load_night() -> dict[str, Recording]:
    """The 150 recorded pairs that are bundled."""
    folder = files("assay.samples")
    parts = [str(folder / f"candles_1m_20221108{part}.parquet") for part in "abc"]
    table = pl.concat([pl.read_parquet(part) for part in parts]).sort("symbol", "time")
    night = {}
    for (symbol,), rows in table.group_by("symbol", maintain_order=True):
        quote = next(quote for quote in QUOTES if str(symbol).endswith(quote))
        night[str(symbol)] = Recording(
            str(symbol),
            str(symbol).removesuffix(quote),
            quote,
            rows["time"].dt.epoch("ms").to_numpy(),
            rows["open"].to_numpy(),
            rows["high"].to_numpy(),
            rows["low"].to_numpy(),
            rows["close"].to_numpy(),
            rows["quote_volume"].cast(pl.Float64).to_numpy(),
        )
    return night


@st.composite
def draw_candles(draw: st.DrawFn, most: int = 4) -> list[Candle]:
    """Candles of cents around a hundred, some without volume, some with next to none."""
    candles = []
    for _ in range(draw(st.integers(1, most))):
        low = draw(st.integers(9_000, 10_500))
        high = low + draw(st.integers(0, 300))
        start, end = draw(st.integers(low, high)), draw(st.integers(low, high))
        volume = draw(st.sampled_from([0.0, 0.5, 37.5, 1e4, 3e6]))
        candles.append((start / 100, high / 100, low / 100, end / 100, volume))
    # A price with both decimals makes the tick a cent whatever else was drawn.
    candles.append((100.01, 100.01, 100.01, 100.01, 5.0))
    return candles
