"""The grid of a pair: tick and step from what was recorded, and the candles as whole ticks.

The recording has prices, not the venue's filters. The tick is the coarsest power of ten that all
its prices lie on, made finer where the whole price would be fewer than 100 ticks. The step is the
largest power of ten worth at most 4 % of the least order, and coarse enough that a tick of a step
is a whole number of 1e-8: every amount is then exact.
"""

import numpy as np
from numpy.typing import NDArray

from assay.exchange.compute.noise import draw_unit, name_seed
from assay.exchange.types import MINUTE_MS, SCALE, Options, Pair, Recording
from assay.kit.errors import BadInput

Ints = NDArray[np.int64]

MIN_NOTIONAL = {"BTC": 10_000, "ETH": 500_000, "BNB": 5_000_000}
"""The least worth of an order, in 1e-8 of the quote: Binance's of November 2022."""
MIN_NOTIONAL_USD = 10 * SCALE
MIN_TICKS = 100
STEP_SHARE = 0.04
DECIMALS = 8
MAX_ORDERS = 200
WIDEST = 10
"""Prices up to so many times the highest recorded one are taken."""


def get_min_notional(quote: str) -> int:
    """The least worth of an order (E8); any quote that is not a coin is taken for dollars."""
    return MIN_NOTIONAL.get(quote, MIN_NOTIONAL_USD)


def count_decimals(prices: NDArray[np.float64]) -> int:
    """Decimals that all prices fit on, 0 to 8, with the lowest at least 100 ticks if it can be."""
    for decimals in range(DECIMALS + 1):
        ticks = prices * 10.0**decimals
        if ticks.min() >= MIN_TICKS and np.abs(ticks - np.rint(ticks)).max() < 1e-6:
            return decimals
    return DECIMALS


def check_recording(recording: Recording) -> None:
    """Raise BadInput unless the candles are whole: one a minute, open and close within low..high,
    positive prices, volumes of 0 or more.
    """
    minutes = recording.open_ms
    low, high = recording.low, recording.high
    least = np.minimum(recording.open, recording.close)
    most = np.maximum(recording.open, recording.close)
    if minutes.size == 0 or (np.diff(minutes) != MINUTE_MS).any() or minutes[0] % MINUTE_MS:
        raise BadInput(f"{recording.symbol}: the candles are not one a minute.")
    sound = (low > 0) & (low <= least) & (most <= high) & np.isfinite(high)
    volume = recording.quote_volume
    if not sound.all() or not (np.isfinite(volume) & (volume >= 0)).all():
        raise BadInput(f"{recording.symbol}: a candle contradicts itself.")


def infer_pair(recording: Recording) -> Pair:
    """The pair with its filters. Raises BadInput for prices beyond what 1e-8 can hold."""
    check_recording(recording)
    decimals = count_decimals(
        np.concatenate([recording.open, recording.high, recording.low, recording.close])
    )
    tick = 10 ** (DECIMALS - decimals)
    highest = float(recording.high.max())
    if recording.low.min() * SCALE < tick or highest * SCALE > 2**50:
        raise BadInput(f"{recording.symbol}: its prices do not fit a grid of 1e-8.")
    least = get_min_notional(recording.quote)
    step = SCALE
    while step > 1 and step * float(recording.close.mean()) > STEP_SHARE * least:
        step //= 10
    step = max(step, SCALE // tick)
    return Pair(
        symbol=recording.symbol,
        base=recording.base,
        quote=recording.quote,
        tick=tick,
        step=step,
        min_price=tick,
        max_price=round(highest * 10**decimals) * tick * WIDEST,
        min_quantity=step,
        max_quantity=step * 10**10,
        min_notional=least,
        max_orders=MAX_ORDERS,
    )


def shift_prices(recording: Recording, pair: Pair, options: Options) -> Ints:
    """Ticks to add to each minute's candle, so that two exchanges differ; 0 with no offset."""
    minutes = recording.open_ms.size
    if not options.offset_bps and not options.noise_bps:
        return np.zeros(minutes, dtype=np.int64)
    seed = name_seed(options.seed, options.name, recording.symbol, "shift")
    noise = np.array([2 * draw_unit(seed, minute, 0) - 1 for minute in range(minutes)])
    bps = options.offset_bps + options.noise_bps * noise
    ticks = np.rint(recording.close * (SCALE / pair.tick) * bps / 10_000).astype(np.int64)
    return np.maximum(ticks, 1 - to_ticks(recording.low, pair))


def to_ticks(prices: NDArray[np.float64], pair: Pair) -> Ints:
    """Prices as whole ticks."""
    return np.rint(prices * (SCALE / pair.tick)).astype(np.int64)
