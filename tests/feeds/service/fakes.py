"""A venue that does what a test says, behind the port of every source."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from assay.feeds.ports import Limits, Sink
from assay.feeds.service.own_time import OwnTime
from assay.feeds.types import (
    BookDelta,
    BookSnapshot,
    Instrument,
    SequenceRule,
    Subscription,
    Ticker,
    Topic,
    Trade,
    Verified,
)
from assay.kit.clock import FixedClock
from assay.kit.errors import SourceUnavailable
from assay.markets.types import Registry, TokenId, TokenKind, TokenRecord
from assay.markets.types import Ticker as Name

NOW = datetime(2026, 11, 1, tzinfo=UTC)
BTC = Instrument("fake", "BTCUSDT", "BTC", "USDT", 0.01)
ETH = Instrument("fake", "ETHUSDT", "ETH", "USDT", 0.01)


class SteppedTime(OwnTime):
    """A steady time that a test moves."""

    def __init__(self) -> None:
        self.at_ms = 1_000
        super().__init__(FixedClock(NOW))

    def steady_ms(self) -> int:
        return self.at_ms


class FakeSource:
    """One venue; `sinks` are its connections, the newest last."""

    name = "fake"
    verified = Verified.RECORDED
    topics = frozenset(Topic)
    topics_apart: frozenset[Topic] = frozenset()

    def __init__(
        self,
        instruments: Sequence[Instrument] = (BTC, ETH),
        rule: SequenceRule = SequenceRule.RANGE,
        limits: Limits | None = None,
    ) -> None:
        self.rule = rule
        self.limits = limits or Limits(snapshots_per_minute=6_000.0)
        self.is_replay = False
        self.instruments = list(instruments)
        self.snapshots: dict[str, Callable[[], BookSnapshot | None]] = {}
        self.failing: Exception | None = None
        self.sinks: list[Sink] = []
        self.watched: list[list[Subscription]] = []
        self.ends: list[asyncio.Future[None]] = []
        self.asked: list[str] = []
        self.renewed: list[str] = []
        self.attempts = 0
        self.hanging_up_s = 0.0
        self.answering = asyncio.Event()
        self.answering.set()
        self.hung_up = 0
        self.is_closed = False

    async def fetch_instruments(self) -> list[Instrument]:
        self.attempts += 1
        if self.failing is not None:
            raise self.failing
        return self.instruments

    async def fetch_time(self) -> int | None:
        return None

    async def fetch_snapshot(self, symbol: str) -> BookSnapshot | None:
        self.asked.append(symbol)
        await asyncio.sleep(0)
        await self.answering.wait()
        return self.snapshots[symbol]()

    async def renew(self, symbol: str) -> None:
        self.renewed.append(symbol)

    async def watch(self, subscriptions: Sequence[Subscription], sink: Sink) -> None:
        self.attempts += 1
        if self.failing is not None:
            raise self.failing
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sinks.append(sink)
        self.watched.append(list(subscriptions))
        self.ends.append(end)
        sink.open()
        try:
            await end
        finally:
            await asyncio.sleep(self.hanging_up_s)
            self.hung_up += 1

    async def close(self) -> None:
        self.is_closed = True

    def hang_up(self, place: int = -1) -> None:
        """End a connection from the venue's side."""
        if not self.ends[place].done():
            self.ends[place].set_exception(SourceUnavailable("fake: hung up."))


def make_snapshot(last_id: int, bid: str = "99.00", ask: str = "101.00") -> BookSnapshot:
    return BookSnapshot("BTCUSDT", last_id, [(bid, "1")], [(ask, "1")])


def make_delta(first_id: int, last_id: int, *bids: tuple[str, str], asks: object = ()) -> BookDelta:
    return BookDelta("BTCUSDT", first_id, last_id, bids, asks, 1_000)  # type: ignore[arg-type]


def make_trade(
    trade_id: int, price: float = 100.0, size: float = 1.0, time_ms: int = 1_000
) -> Trade:
    return Trade("BTCUSDT", trade_id, price, size, True, time_ms)


def make_ticker(last: float = 100.0, bid: float = 99.0, ask: float = 101.0) -> Ticker:
    return Ticker("BTCUSDT", last, bid, ask, 10.0, 1_000.0, 1_000, 80.0)


def make_registry(*symbols: str) -> Registry:
    """Tokens with ids from 1 on."""
    return Registry(
        tuple(
            TokenRecord(
                TokenId(place + 1),
                TokenKind.of_ticker(symbol),
                "fake",
                "USDT",
                (Name(symbol, f"{symbol}USDT", symbol, date(2020, 1, 1)),),
            )
            for place, symbol in enumerate(symbols)
        )
    )


async def until(condition: Callable[[], bool]) -> None:
    """Wait, generously, until something holds."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - any condition, of whatever a test looks at
            await asyncio.sleep(0.002)
