"""What ccxt hands over, in the house's words. Pure.

Follows the unified structures of the ccxt manual (4.5): trade, ticker, OHLCV, order book, market.
ccxt has read the venue's message before, so numbers are floats; those that are missing, not finite
or out of range are refused here.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Final

from assay.feeds.sources.numbers import FINEST, NAN, NO_ID, UNSAID, check_bar
from assay.feeds.types import BookSnapshot, Candle, Instrument, Levels, Ticker, Trade
from assay.kit.errors import SourceMalformed

DECIMAL_PLACES: Final = 2
TICK_SIZE: Final = 4
"""ccxt's names for how a venue's `precision` is meant."""
LEVELS: Final = 100
"""Levels a side that are passed on of a whole book."""
_GREATEST: Final = 1e24
_LATEST_MS: Final = 4_102_444_800_000


def parse_instruments(
    venue: str, markets: Mapping[str, Any], precision_mode: int
) -> list[Instrument]:
    """The spot pairs that trade, under ccxt's own symbols such as BTC/USDT."""
    return [
        Instrument(
            venue,
            str(market["symbol"]),
            str(market["base"]),
            str(market["quote"]),
            _read_grid(market, "price", precision_mode),
            _read_grid(market, "amount", precision_mode),
        )
        for market in markets.values()
        if market.get("spot") and market.get("active") is not False
    ]


def _read_grid(market: Mapping[str, Any], name: str, precision_mode: int) -> float:
    precision = (market.get("precision") or {}).get(name)
    if not isinstance(precision, int | float) or not isfinite(precision):
        return FINEST
    if precision_mode == TICK_SIZE:
        return float(precision) if precision > 0 else FINEST
    return float(f"1e{-int(precision)}") if precision_mode == DECIMAL_PLACES else FINEST


def parse_trades(symbol: str, rows: Sequence[Mapping[str, Any]]) -> list[Trade]:
    """New trades. Raises SourceMalformed."""
    found = []
    for row in rows:
        if row.get("side") not in ("buy", "sell"):
            raise _malformed(symbol, "a trade without a side")
        price, size = _read_positive(row, "price"), _read_positive(row, "amount")
        moment = _read_moment(row.get("timestamp"))
        found.append(Trade(symbol, NO_ID, price, size, row["side"] == "buy", moment))
    return found


def parse_ticker(symbol: str, row: Mapping[str, Any], received_ms: int) -> Ticker:
    """The last 24 hours; the time of receipt where the venue tells none. Raises SourceMalformed."""
    told = row.get("timestamp")
    return Ticker(
        symbol,
        _read_optional(row, "last"),
        _read_optional(row, "bid"),
        _read_optional(row, "ask"),
        _read_optional(row, "baseVolume", zero=0.0),
        _read_optional(row, "quoteVolume", zero=0.0),
        received_ms if told is None else _read_moment(told),
        _read_optional(row, "open"),
    )


def parse_candles(symbol: str, interval: str, rows: Sequence[Sequence[Any]]) -> list[Candle]:
    """Bars that changed; none is said to have closed. Raises SourceMalformed."""
    found = []
    for row in rows:
        try:
            moment, *numbers = row
            opened, high, low, closed, volume = (float(number) for number in numbers)
            check_bar(opened, high, low, closed)
        except (TypeError, ValueError) as error:
            raise _malformed(symbol, "a bar that is none") from error
        if not (low > 0 and high < _GREATEST and 0 <= volume < _GREATEST):
            raise _malformed(symbol, "a bar with impossible numbers")
        found.append(
            Candle(
                symbol,
                interval,
                _read_moment(moment),
                opened,
                high,
                low,
                closed,
                volume,
                NAN,
                UNSAID,
                is_closed=False,
            )
        )
    return found


def parse_book(symbol: str, book: Mapping[str, Any]) -> BookSnapshot:
    """The best levels of a whole book. Raises SourceMalformed."""
    moment = book.get("timestamp")
    number = book.get("nonce")
    return BookSnapshot(
        symbol,
        number if isinstance(number, int) else 0,
        _read_levels(symbol, book.get("bids")),
        _read_levels(symbol, book.get("asks")),
        0 if moment is None else _read_moment(moment),
    )


def _read_levels(symbol: str, side: object) -> Levels:
    if not isinstance(side, list):
        raise _malformed(symbol, "a book without sides")
    try:
        levels = [(float(price), float(size)) for price, size, *_ in side[:LEVELS]]
    except (TypeError, ValueError) as error:
        raise _malformed(symbol, "a book with levels that are none") from error
    if not all(0 < price < _GREATEST and 0 <= size < _GREATEST for price, size in levels):
        raise _malformed(symbol, "a book with impossible numbers")
    return [(repr(price), repr(size)) for price, size in levels]


def _read_positive(row: Mapping[str, Any], name: str) -> float:
    value = _read_optional(row, name)
    if value != value:
        raise _malformed(str(row.get("symbol")), f"no {name}")
    return value


def _read_optional(row: Mapping[str, Any], name: str, *, zero: float = NAN) -> float:
    """A number that may be missing: then NaN, and where it is 0, `zero`."""
    value = row.get(name)
    if value is None:
        return NAN
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _malformed(str(row.get("symbol")), f"{name} is no number")
    if not 0 <= value < _GREATEST:
        raise _malformed(str(row.get("symbol")), f"{name} cannot be {value}")
    return float(value) or zero


def _read_moment(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _malformed("a pair", "no time")
    if not 0 < value < _LATEST_MS:
        raise _malformed("a pair", f"a time that cannot be: {value}")
    return int(value)


def _malformed(symbol: str, what: str) -> SourceMalformed:
    return SourceMalformed(
        f"ccxt handed over of {symbol[:20]}: {what}.",
        hint="If it goes on, tell the maintainers, or use a venue that Assay speaks to itself.",
    )
