"""Watching a venue through ccxt's WebSocket side: slower than our own protocols, but any venue.

ccxt keeps sequence, checksums and snapshots by itself, in its own way: what comes is passed on as
whole books. What it reads was proved by nobody here, hence `documents only`. It is loaded when a
source is made. One exchange object lives as long as one connection; nothing of it is kept, since
its caches and futures have grown without end before.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from decimal import localcontext
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from assay.feeds.ports import Limits, Sink
from assay.feeds.sources.ccxt import parse
from assay.feeds.sources.closing import Closing
from assay.feeds.sources.numbers import NO_ID
from assay.feeds.types import (
    BookSnapshot,
    Event,
    Instrument,
    Refused,
    SequenceRule,
    Subscription,
    Topic,
    Verified,
)
from assay.kit.clock import Clock
from assay.kit.errors import BadInput, SourceMalformed, SourceUnavailable

_METHODS: Final = {
    Topic.TRADES: "watchTrades",
    Topic.TICKER: "watchTicker",
    Topic.CANDLES: "watchOHLCV",
    Topic.BOOK: "watchOrderBook",
}
# What ccxt's readers raise of a message that they do not expect.
_STUMBLES: Final = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
_MOST_GAPS: Final = 10
_PAUSE_S: Final = 0.02
_SAMPLE: Final = 2_000
_TOLD: Final = 160


class CcxtSource:
    """A venue under ccxt's name for it; symbols are ccxt's, such as BTC/USDT.

    `base_url` sends every request and stream there instead (a mirror, a test server). Raises
    BadInput for a name that ccxt cannot watch.
    """

    verified: ClassVar[Verified] = Verified.DOCUMENTS_ONLY
    rule: ClassVar[SequenceRule] = SequenceRule.WHOLE
    limits: ClassVar[Limits] = Limits(streams_per_connection=100)
    topics_apart: ClassVar[frozenset[Topic]] = frozenset()

    def __init__(
        self, venue: str, base_url: str | None, clock: Clock, *, name: str | None = None
    ) -> None:
        import ccxt.pro as exchanges  # noqa: PLC0415 - takes a second; only who names it needs it

        if venue not in exchanges.exchanges:
            raise BadInput(
                f"ccxt cannot watch a venue called {venue!r}.",
                hint="Give the name that ccxt uses, such as binance, kraken or coinbase.",
            )
        self._class: Callable[[dict[str, Any]], Any] = getattr(exchanges, venue)
        self._errors = exchanges
        self._venue = venue
        self._base_url = base_url
        self._clock = clock
        self.name = name or venue
        self.is_replay = False
        self._rest = self._make()

    @property
    def topics(self) -> frozenset[Topic]:
        """What ccxt can watch of the venue."""
        return frozenset(
            topic for topic, method in _METHODS.items() if self._rest.has.get(method) is True
        )

    async def fetch_instruments(self) -> list[Instrument]:
        """The spot pairs that trade. Raises SourceUnavailable or SourceMalformed."""
        markets = await self._ask(lambda: self._rest.load_markets(True), "its list of pairs")
        about = self._rest.last_json_response
        told = about.get("assay") if isinstance(about, dict) else None
        self.is_replay = isinstance(told, dict) and told.get("replay") is True
        try:
            return parse.parse_instruments(self.name, markets, self._rest.precisionMode)
        except _STUMBLES as error:
            raise SourceMalformed(
                f"ccxt handed over a list of pairs of {self.name} that is none: {_short(error)}."
            ) from error

    async def fetch_time(self) -> int | None:
        """The venue's time in milliseconds since 1970; None: it does not say."""
        if self._rest.has.get("fetchTime") is not True:
            return None
        moment = await self._ask(self._rest.fetch_time, "its time")
        return moment if isinstance(moment, int) else None

    async def fetch_snapshot(self, symbol: str) -> BookSnapshot | None:
        """None: every message is a whole book."""
        return None

    async def renew(self, symbol: str) -> None:
        """Nothing to be done: the next message is a whole book."""

    async def watch(self, subscriptions: Sequence[Subscription], sink: Sink) -> None:
        """Watch these until one of them fails. Raises SourceUnavailable; cancelled, it closes."""
        exchange = self._make()
        tasks: list[asyncio.Task[None]] = []
        try:
            if self._rest.markets is None:
                await self.fetch_instruments()
            exchange.set_markets_from_exchange(self._rest)
            sink.open()
            tasks = [
                asyncio.create_task(self._follow(exchange, wanted, sink))
                for wanted in subscriptions
            ]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
            raise SourceUnavailable(f"{self.name} refused all that was asked for.")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await exchange.close()

    async def close(self) -> None:
        """Close what asked for lists and times."""
        await self._rest.close()

    async def _follow(self, exchange: Any, wanted: Subscription, sink: Sink) -> None:  # noqa: ANN401 - ccxt has no types
        """Pass on what one subscription brings, until it fails or is refused."""
        closing = Closing()
        gaps = 0
        while True:
            try:
                answer = await self._hear(exchange, wanted)
            except self._errors.InvalidNonce as error:
                # ccxt lost its place in a book, and begins it anew when asked again.
                gaps += 1
                if gaps > _MOST_GAPS:
                    raise self._unavailable(error, "a book that keeps breaking") from error
                sink.refuse(_short(error), b"")
                await asyncio.sleep(_PAUSE_S)
                continue
            except self._errors.ExchangeClosedByUser as error:
                raise self._unavailable(error, "a closed connection") from error
            except self._errors.ExchangeError as error:
                sink.heard(Refused(NO_ID, f"{wanted.symbol}: {_short(error)}"), self._now_ms())
                return
            except (self._errors.BaseError, *_STUMBLES) as error:
                raise self._unavailable(error, f"{wanted.topic} of {wanted.symbol}") from error
            gaps = 0
            received_ms = self._now_ms()
            try:
                events = _read(wanted, answer, received_ms, closing)
            except SourceMalformed as error:
                sink.refuse(error.message, repr(answer)[:_SAMPLE].encode())
                continue
            for event in events:
                sink.heard(event, received_ms)

    async def _hear(self, exchange: Any, wanted: Subscription) -> Any:  # noqa: ANN401 - ccxt has no types
        # ccxt sets rounding and traps of the decimal context that it is called in.
        with localcontext():
            if wanted.topic is Topic.TRADES:
                return await exchange.watch_trades(wanted.symbol)
            if wanted.topic is Topic.TICKER:
                return await exchange.watch_ticker(wanted.symbol)
            if wanted.topic is Topic.CANDLES:
                return await exchange.watch_ohlcv(wanted.symbol, wanted.interval)
            return await exchange.watch_order_book(wanted.symbol)

    async def _ask(self, ask: Callable[[], Awaitable[Any]], what: str) -> Any:  # noqa: ANN401 - ccxt has no types
        try:
            return await ask()
        except (self._errors.BaseError, *_STUMBLES) as error:
            raise self._unavailable(error, what) from error

    def _unavailable(self, error: Exception, what: str) -> SourceUnavailable:
        return SourceUnavailable(f"{self.name} did not send {what}: {_short(error)}.")

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)

    def _make(self) -> Any:  # noqa: ANN401 - ccxt has no types
        is_binance = self._venue.startswith("binance")
        exchange = self._class(
            {
                "enableRateLimit": self._base_url is None,
                "newUpdates": True,
                "options": _describe_binance() if is_binance else {},
            }
        )
        exchange.enableLastJsonResponse = True
        if self._base_url is not None:
            exchange.urls["api"] = point(exchange.urls["api"], self._base_url.rstrip("/"))
            if is_binance:
                # ccxt tells spot from futures by this word in the address.
                exchange.urls["api"]["ws"]["spot"] = f"{_root_ws(self._base_url)}/stream/ws"
        return exchange


def _describe_binance() -> dict[str, Any]:
    """Spot only, and tickers that tell best prices; made anew, as ccxt writes into options."""
    return {
        "defaultType": "spot",
        "fetchMarkets": {"types": ["spot"]},
        "fetchCurrencies": False,
        "fetchMargins": False,
        "watchTickers": {"name": "ticker"},
    }


def point(urls: Any, base: str) -> Any:  # noqa: ANN401 - nested dictionaries of texts
    """The same addresses below another root, so that nothing asks the venue itself."""
    if isinstance(urls, dict):
        return {key: point(value, base) for key, value in urls.items()}
    if not isinstance(urls, str):
        return urls
    root = _root_ws(base) if urls.startswith("ws") else base
    return root + urlsplit(urls).path


def _root_ws(base: str) -> str:
    return f"ws{base.rstrip('/').removeprefix('http')}"


def _read(
    wanted: Subscription,
    answer: Any,  # noqa: ANN401 - ccxt has no types
    received_ms: int,
    closing: Closing,
) -> Sequence[Event]:
    if wanted.topic is Topic.TRADES:
        return parse.parse_trades(wanted.symbol, answer)
    if wanted.topic is Topic.TICKER:
        return (parse.parse_ticker(wanted.symbol, answer, received_ms),)
    if wanted.topic is Topic.CANDLES:
        bars = parse.parse_candles(wanted.symbol, wanted.interval, answer)
        return [event for bar in bars for event in closing.follow(bar)]
    return (parse.parse_book(wanted.symbol, answer),)


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__} {text[:_TOLD]}".strip().rstrip(".")
