"""The exchange as a whole: the same replay again, in any stride, and nothing that nobody asked."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exchange.compute.candles import (
    CALM,
    MINUTE_MS,
    START_MS,
    load_night,
    make_recording,
    open_engine,
    run,
)

from assay.exchange.compute.engine import Engine, warm_kernels
from assay.exchange.compute.tape import Tape
from assay.exchange.types import (
    SCALE,
    BookTop,
    Channel,
    DepthDelta,
    Event,
    KlineUpdate,
    Options,
    OrderRequest,
    OrderType,
    PublicTrade,
    Recording,
    Refusal,
    Side,
    Ticker,
    format_e8,
)
from assay.kit.errors import BadInput

S = "SOLUSDT"
END_MS = START_MS + 5 * MINUTE_MS
LOOK_MS = START_MS + 2 * MINUTE_MS
"""Until when the busy exchange is followed."""


def open_busy(seed: int = 0) -> Engine:
    """Two pairs, everything watched, orders resting in both."""
    recordings = [make_recording(), make_recording(CALM[1:], "ETHUSDT", START_MS + MINUTE_MS)]
    engine = Engine(recordings, Options(seed=seed))
    engine.open_account("ann", {"USDT": 10**6 * SCALE, "SOL": 10**4 * SCALE})
    for symbol in (S, "ETHUSDT"):
        for channel in Channel:
            engine.watch(symbol, channel)
        engine.watch(symbol, Channel.KLINE, "3m")
        for price in (98, 99, 100):
            engine.place(
                "ann",
                OrderRequest(
                    symbol=symbol,
                    side=Side.BUY,
                    type=OrderType.LIMIT,
                    quantity=1_000 * SCALE,
                    price=price * SCALE,
                ),
            )
    return engine


def get_time(event: Event) -> int:
    return event.close_ms if isinstance(event, Ticker) else event.time_ms


@cache
def run_whole() -> list[Event]:
    return open_busy().advance(LOOK_MS)


def test_everything_watched_is_told_in_order_of_time() -> None:
    whole = run_whole()
    names = {type(event).__name__ for event in whole}
    assert names == {
        "PublicTrade",
        "KlineUpdate",
        "BookTop",
        "Ticker",
        "DepthDelta",
        "ExecutionReport",
        "AccountPosition",
    }
    times = [get_time(event) for event in whole]
    assert times == sorted(times)
    assert times[0] > START_MS
    assert times[-1] == LOOK_MS


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 60_000), max_size=6))
def test_the_stride_of_time_changes_nothing(strides: list[int]) -> None:
    engine, events, whole = open_busy(), list[Event](), run_whole()
    for stride in strides:
        events += engine.advance(min(engine.now_ms + stride, LOOK_MS))
    events += engine.advance(LOOK_MS)
    different = [pair for pair in zip(events, whole, strict=True) if pair[0] != pair[1]]
    assert different[:1] == []


def test_another_seed_gives_another_way_to_the_same_candles() -> None:
    whole, other = run_whole(), open_busy(seed=1)
    events = other.advance(LOOK_MS)
    assert events != whole

    def get_candles(told: list[Event]) -> list[tuple[int, ...]]:
        return [
            (each.kline.open_ms, each.kline.open, each.kline.high, each.kline.low, each.kline.close)
            for each in told
            if isinstance(each, KlineUpdate) and each.kline.is_closed
        ]

    assert get_candles(events) == get_candles(whole)


def test_two_exchanges_side_by_side_differ_as_asked() -> None:
    here, there = open_engine(), open_engine(options=Options(name="far", offset_bps=10.0))
    for engine in (here, there):
        engine.advance(END_MS)
    shifts = zip(here.list_trades(S), there.list_trades(S), strict=True)
    assert {b.price - a.price for a, b in shifts} == {10**7}, "the same way, so much higher"
    closes = [[kline.close for kline in engine.list_klines(S)] for engine in (here, there)]
    assert [b - a for a, b in zip(*closes, strict=True)] == [10**7] * 5
    namesake = open_engine(options=Options(name="far"))
    namesake.advance(END_MS)
    assert here.get_top(S).bid == namesake.get_top(S).bid
    assert here.get_depth(S).bids != namesake.get_depth(S).bids
    wide = open_engine(options=Options(spread=50.0, depth=3.0))
    top = wide.get_top(S)
    assert top.ask - top.bid > here.get_top(S).ask - here.get_top(S).bid


def test_a_pair_that_nobody_looks_at_is_not_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    traced: list[str] = []
    trace = Tape.trace

    def spy(self: Tape, number: int) -> object:
        traced.append(self.symbol)
        return trace(self, number)

    monkeypatch.setattr(Tape, "trace", spy)
    engine = Engine([make_recording(), make_recording(CALM, "ETHUSDT")], Options())
    engine.watch(S, Channel.TRADE)
    assert run(engine, 60)
    assert set(traced) == {S}
    engine.unwatch(S, Channel.TRADE)
    traced.clear()
    assert run(engine, 60) == []
    assert traced == []


def test_watching_is_counted() -> None:
    engine = open_engine()
    for _ in range(2):
        engine.watch(S, Channel.TICKER)
    engine.unwatch(S, Channel.TICKER)
    assert len(run(engine, 3)) == 3
    engine.unwatch(S, Channel.TICKER)
    engine.unwatch(S, Channel.TICKER)
    assert run(engine, 3) == []
    engine.watch(S, Channel.TICKER)
    assert len(run(engine, 3)) == 3


def test_who_comes_later_is_told_from_then_on() -> None:
    engine = open_engine()
    engine.watch(S, Channel.TRADE)
    run(engine, 61)
    before = engine.get_depth(S, 5_000)
    engine.watch(S, Channel.DEPTH)
    engine.watch(S, Channel.BOOK_TICKER)
    events = run(engine, 1)
    first = next(event for event in events if isinstance(event, DepthDelta))
    assert first.first_id == before.last_id + 1
    tops = [event for event in events if isinstance(event, BookTop)]
    assert (tops[-1].bid, tops[-1].ask) == (engine.get_top(S).bid, engine.get_top(S).ask)


def test_trades_told_are_trades_listed() -> None:
    engine = open_busy()
    engine.advance(LOOK_MS)
    told = [each for each in run_whole() if isinstance(each, PublicTrade) and each.symbol == S]
    assert engine.list_trades(S, 7) == told[-7:]
    assert engine.list_trades(S, 5, from_id=3) == told[2:7]
    assert engine.list_trades(S, 5, from_id=told[-1].trade_id + 1) == []
    early = open_engine()
    early.advance(told[2].time_ms)
    assert early.list_trades(S, 500) == told[:3]


def test_time_does_not_go_back_and_stops_trading_at_the_end() -> None:
    engine = open_engine()
    engine.watch(S, Channel.TRADE)
    engine.advance(END_MS)
    assert engine.end_ms == END_MS
    assert run(engine, 600) == []
    assert engine.get_price(S) == round(CALM[-1][3] * SCALE)
    with pytest.raises(BadInput, match="only moves on"):
        engine.advance(END_MS)


def test_a_replay_may_begin_in_the_middle() -> None:
    engine = Engine([make_recording()], Options(), START_MS + 2 * MINUTE_MS)
    assert len(engine.list_klines(S)) == 3, "two that closed before, and the one that opens"
    assert engine.get_price(S) == round(CALM[1][3] * SCALE)
    assert engine.get_depth(S).last_id > 0


def test_an_exchange_without_a_pair_is_refused() -> None:
    with pytest.raises(BadInput):
        Engine([], Options())


def test_an_unknown_pair_or_interval_cannot_be_watched() -> None:
    engine = open_engine()
    for symbol, interval, code in (("NOPE", "1m", -1121), (S, "7m", -1120)):
        with pytest.raises(Refusal) as refused:
            engine.watch(symbol, Channel.KLINE, interval)
        assert refused.value.venue_code == code
    with pytest.raises(BadInput, match="negative"):
        engine.open_account("ann", {"SOL": -1})


def test_kernels_can_be_compiled_ahead() -> None:
    warm_kernels()


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0.00000000"), (1, "0.00000001"), (150_000_000, "1.50000000"), (-5, "-0.00000005")],
)
def test_amounts_are_written_with_eight_decimals(amount: int, text: str) -> None:
    assert format_e8(amount) == text


@pytest.mark.slow
def test_every_pair_of_the_night_has_a_book() -> None:
    night: dict[str, Recording] = load_night()
    engine = Engine(night.values(), Options())
    for hours in (0, 3):
        engine.advance(engine.start_ms + hours * 60 * MINUTE_MS)
        for symbol, pair in engine.pairs.items():
            book = engine.get_depth(symbol, 1_000)
            assert len(book.asks) >= 20, symbol
            assert len(book.bids) >= 20, symbol
            assert book.bids[0][0] < book.asks[0][0]
            assert all(price % pair.tick == 0 < quantity for price, quantity in book.bids)
            assert all(quantity % pair.step == 0 for _, quantity in book.bids + book.asks)
    assert len(engine.get_depth("BTCUSDT", 1_000).bids) == 1_000
