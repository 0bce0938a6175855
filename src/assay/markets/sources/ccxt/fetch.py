"""Asking an exchange for candles through ccxt: one page at a time, patient with failures."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from assay.kit.errors import AssayError, BadInput, NotFound, SourceUnavailable
from assay.kit.upstream import UPSTREAMS, Failure, Patience
from assay.markets.types import Interval

T = TypeVar("T")

PAGE = 1000
_BINANCE = {
    "defaultType": "spot",
    "fetchMarkets": {"types": ["spot"]},
    "fetchCurrencies": False,
    "fetchMargins": False,
}


class Exchange(Protocol):
    """What we use of a ccxt exchange."""

    id: str
    markets: dict[str, Any]

    async def load_markets(self) -> dict[str, Any]:
        """Read the venue's list of pairs."""
        ...

    async def fetch_ohlcv(
        self, symbol: str, timeframe: str, since: int, limit: int
    ) -> list[list[float | None]]:
        """One page of candles from `since` (milliseconds) on."""
        ...

    async def close(self) -> None:
        """Close its connections."""
        ...


@asynccontextmanager
async def open_exchange(venue: str, base_url: str | None = None) -> AsyncIterator[Exchange]:
    """A ccxt exchange that keeps the venue's rate limit; closed at the end of the block.

    `base_url` sends every request there instead (a mirror, a test server). Raises `NotFound` for
    a venue that ccxt does not know.
    """
    import ccxt.async_support as exchanges  # noqa: PLC0415 - takes half a second; few need it

    if venue not in exchanges.exchanges:
        raise NotFound(
            f"There is no venue {venue!r}.",
            hint="Give the name that ccxt uses, such as binance, kraken or coinbase.",
        )
    options = _BINANCE if venue.startswith("binance") else {}
    exchange = getattr(exchanges, venue)({"enableRateLimit": True, "options": options})
    if base_url is not None:
        exchange.urls["api"] = _point(exchange.urls["api"], base_url.rstrip("/"))
    try:
        yield exchange
    finally:
        await exchange.close()


def _point(urls: Any, base: str) -> Any:  # noqa: ANN401 - nested dictionaries of strings
    if isinstance(urls, dict):
        return {key: _point(value, base) for key, value in urls.items()}
    if isinstance(urls, str):
        return base + urlsplit(urls).path
    return urls


async def fetch_markets(exchange: Exchange, patience: Patience) -> dict[str, Any]:
    """The pairs of a venue, by ccxt symbol such as BTC/USDT."""
    return await _patiently(exchange, exchange.load_markets, "its list of pairs", patience)


async def fetch_page(
    exchange: Exchange, symbol: str, interval: Interval, since: datetime, patience: Patience
) -> list[list[float | None]]:
    """Up to a thousand candles from `since` on, as ccxt gives them.

    Raises `SourceUnavailable` when the venue did not answer in all attempts, `NotFound` or
    `BadInput` when it does not have what is asked for.
    """
    milliseconds = int(since.timestamp() * 1000)

    async def ask() -> list[list[float | None]]:
        return await exchange.fetch_ohlcv(symbol, interval.value, milliseconds, PAGE)

    return await _patiently(exchange, ask, f"candles of {symbol}", patience)


async def _patiently(
    exchange: Exchange, ask: Callable[[], Awaitable[T]], what: str, patience: Patience
) -> T:
    """What the venue answers to one of several attempts, through its circuit breaker."""
    import ccxt  # noqa: PLC0415 - see open_exchange

    try:
        return await UPSTREAMS.call(exchange.id, ask, _judge, patience, what)
    except SourceUnavailable as error:
        raise SourceUnavailable(
            error.message,
            hint="What was received is stored. Run the command again later;"
            " it goes on after the last stored bar.",
            retry_after_s=error.retry_after_s,
        ) from error
    except ccxt.BaseError as error:
        raise _translate(error, what) from error


def _judge(error: Exception) -> Failure | None:
    """ccxt's failures of the network and the venue are waited out, its refusals are answers."""
    import ccxt  # noqa: PLC0415 - see open_exchange

    if not isinstance(error, ccxt.OperationFailed):
        return None
    is_theirs = not isinstance(error, ccxt.RateLimitExceeded)
    return Failure(type(error).__name__, _short(error), is_theirs=is_theirs)


def _translate(error: Exception, what: str) -> AssayError:
    import ccxt  # noqa: PLC0415 - see open_exchange

    if isinstance(error, ccxt.BadSymbol):
        return NotFound(f"The venue has no {what}.", hint="Check the symbol on the venue.")
    if isinstance(error, ccxt.NotSupported | ccxt.BadRequest):
        return BadInput(f"The venue refuses to send {what}: {_short(error)}.", hint="Ask for less.")
    return SourceUnavailable(
        f"The venue refuses to send {what}: {_short(error)}.", hint="Try again later."
    )


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__} {text[:120]}".strip().rstrip(".")
