"""Whatever two users do: no balance is negative, no money is made or lost, no book is crossed,
and deltas add up to snapshots.
"""

from collections import Counter
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exchange.compute.candles import CALM, open_engine

from assay.exchange.compute.engine import Engine
from assay.exchange.types import (
    SCALE,
    AccountPosition,
    Channel,
    DepthDelta,
    DepthSnapshot,
    Event,
    ExecutionReport,
    Fill,
    Level,
    Options,
    Order,
    OrderRequest,
    OrderType,
    PublicTrade,
    Refusal,
    Side,
    TimeInForce,
)

S = "SOLUSDT"
NAMES = ("ann", "bob")
DEPOSIT = {"USDT": 40_000 * SCALE, "SOL": 300 * SCALE}

requests = st.builds(
    lambda name, side, kind, tif, steps, ticks: (
        name,
        OrderRequest(
            symbol=S,
            side=side,
            type=kind,
            time_in_force=tif if kind is OrderType.LIMIT else TimeInForce.GTC,
            quantity=steps * SCALE // 10,
            price=None if kind is OrderType.MARKET else 100 * SCALE + ticks * SCALE // 100,
        ),
    ),
    st.sampled_from(NAMES),
    st.sampled_from(list(Side)),
    st.sampled_from(list(OrderType)),
    st.sampled_from(list(TimeInForce)),
    st.integers(1, 2_000),
    st.integers(-150, 150),
)
by_worth = st.builds(
    lambda name, side, worth: (
        name,
        OrderRequest(symbol=S, side=side, type=OrderType.MARKET, quote_quantity=worth * SCALE // 7),
    ),
    st.sampled_from(NAMES),
    st.sampled_from(list(Side)),
    st.integers(70, 200_000),
)
acts = st.one_of(
    requests,
    requests,
    by_worth,
    st.integers(1, 20_000),  # milliseconds that pass
    st.tuples(st.just("cancel"), st.sampled_from(NAMES), st.integers(0, 5)),
)


class Watcher:
    """A client's books: kept by deltas, and compared with snapshots."""

    def __init__(self, first: DepthSnapshot) -> None:
        self.bids, self.asks = dict(first.bids), dict(first.asks)
        self.last_id = first.last_id
        self.has_delta = False

    def see(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, DepthDelta) and event.last_id > self.last_id:
                assert event.first_id <= self.last_id + 1, "a hole"
                if self.has_delta:
                    assert event.first_id == self.last_id + 1
                self.has_delta, self.last_id = True, event.last_id
                self._apply(self.bids, event.bids)
                self._apply(self.asks, event.asks)

    @staticmethod
    def _apply(side: dict[int, int], changes: list[Level]) -> None:
        for price, quantity in changes:
            if quantity:
                side[price] = quantity
            else:
                side.pop(price, None)


def check_books(engine: Engine, watchers: list[Watcher]) -> None:
    shown = engine.get_depth(S, 5_000)
    for side in (shown.bids, shown.asks):
        assert all(quantity > 0 for _, quantity in side)
    if shown.bids and shown.asks:
        assert shown.bids[0][0] < shown.asks[0][0], "crossed"
    assert [price for price, _ in shown.bids] == sorted({p for p, _ in shown.bids}, reverse=True)
    assert [price for price, _ in shown.asks] == sorted({price for price, _ in shown.asks})
    for watcher in watchers:
        if watcher.last_id != shown.last_id:
            continue
        assert (watcher.bids, watcher.asks) == (dict(shown.bids), dict(shown.asks))
    own = Counter[tuple[Side, int]]()
    for name in NAMES:
        for order in engine.list_open_orders(name):
            own[order.side, order.price] += order.quantity - order.executed
    for (way, price), quantity in own.items():
        levels = dict(shown.bids if way is Side.BUY else shown.asks)
        assert levels[price] >= quantity, "own orders show"


def check_money(engine: Engine, fills: dict[str, list[Fill]]) -> None:
    """Balances are the deposits plus what each fill moved; locks are what open orders need."""
    for name in NAMES:
        totals, locks = Counter(DEPOSIT), Counter[str]()
        for fill in fills[name]:
            sign = 1 if fill.side is Side.BUY else -1
            totals["SOL"] += sign * fill.quantity
            totals["USDT"] -= sign * fill.quote_quantity
            totals[fill.commission_asset] -= fill.commission
            assert fill.quote_quantity * SCALE == fill.price * fill.quantity
            received = fill.quantity if fill.side is Side.BUY else fill.quote_quantity
            assert fill.commission == received // 1_000
        for order in engine.list_open_orders(name):
            left = order.quantity - order.executed
            if order.side is Side.BUY:
                locks["USDT"] += left * order.price // SCALE
            else:
                locks["SOL"] += left
        for balance in engine.list_balances(name):
            assert balance.free >= 0
            assert balance.locked == locks[balance.asset]
            assert balance.free + balance.locked == totals[balance.asset]


def check_orders(orders: Iterable[Order]) -> None:
    for order in orders:
        assert order.executed == sum(fill.quantity for fill in order.fills)
        assert order.executed_quote == sum(fill.quote_quantity for fill in order.fills)
        assert order.executed <= order.quantity
        for fill in order.fills:
            if order.price:
                worse = fill.price > order.price
                assert not (worse if order.side is Side.BUY else fill.price < order.price)


def act(engine: Engine, deed: object) -> list[Event]:
    """Do one thing; a refusal changes nothing."""
    if isinstance(deed, int):
        return engine.advance(engine.now_ms + deed)
    assert isinstance(deed, tuple)
    before = [engine.list_balances(name) for name in NAMES]
    try:
        if deed[0] == "cancel":
            return list(engine.cancel(deed[1], S, deed[2]).events)
        return list(engine.place(*deed).events)
    except Refusal:
        assert [engine.list_balances(name) for name in NAMES] == before
        return []


def check_that_nothing_stays(engine: Engine, seed: int, spread: float) -> None:
    """Once orders are cancelled and levels drawn anew, the book is that of an untouched replay."""
    for name in NAMES:
        if engine.list_open_orders(name):
            engine.cancel_all(name, S)
    engine.advance(engine.now_ms + 10_000)
    untouched = open_engine(CALM, Options(seed=seed, spread=spread))
    untouched.advance(engine.now_ms)
    ours, theirs = engine.get_depth(S, 5_000), untouched.get_depth(S, 5_000)
    assert (ours.bids, ours.asks) == (theirs.bids, theirs.asks)


@settings(max_examples=80, deadline=None)
@given(st.lists(acts, min_size=1, max_size=25), st.integers(0, 3), st.sampled_from([1.0, 40.0]))
def test_money_and_books_hold_whatever_happens(
    deeds: list[object], seed: int, spread: float
) -> None:
    engine = open_engine(CALM, Options(seed=seed, spread=spread))
    for name in NAMES:
        engine.open_account(name, DEPOSIT)
    engine.watch(S, Channel.DEPTH)
    watchers = [Watcher(engine.get_depth(S, 5_000))]
    fills: dict[str, list[Fill]] = {name: [] for name in NAMES}
    for deed in deeds:
        events = act(engine, deed)
        for watcher in watchers:
            watcher.see(events)
        for event in events:
            if isinstance(event, ExecutionReport) and event.fill:
                fills[event.account].append(event.fill)
            elif isinstance(event, AccountPosition):
                assert all(min(each.free, each.locked) >= 0 for each in event.balances)
        # Whoever asks for a snapshot just now, between two deltas, must come to the same book.
        watchers.append(Watcher(engine.get_depth(S, 5_000)))
        check_books(engine, watchers)
        check_money(engine, fills)
    last = engine.advance(engine.now_ms + 100)
    shown = engine.get_depth(S, 5_000)
    for watcher in watchers:
        watcher.see(last)
        assert (watcher.bids, watcher.asks) == (dict(shown.bids), dict(shown.asks))
    check_that_nothing_stays(engine, seed, spread)
    for name in NAMES:
        check_orders(engine.list_orders(name, S))
        assert sorted(fills[name], key=lambda fill: fill.order_id) == sorted(
            engine.list_fills(name, S, 10_000), key=lambda fill: fill.order_id
        )


@settings(max_examples=25, deadline=None)
@given(st.lists(requests, min_size=1, max_size=6), st.integers(0, 3))
def test_resting_orders_get_no_more_than_was_traded(
    wishes: list[tuple[str, OrderRequest]], seed: int
) -> None:
    engine = open_engine(CALM, Options(seed=seed))
    for name in NAMES:
        engine.open_account(name, DEPOSIT)
    for name, request in wishes:
        act(engine, (name, request))
    engine.watch(S, Channel.TRADE)
    traded: dict[int, PublicTrade] = {}
    given_: Counter[int] = Counter()
    for event in engine.advance(engine.end_ms):
        if isinstance(event, PublicTrade):
            traded[event.trade_id] = event
        elif isinstance(event, ExecutionReport) and event.fill:
            given_[event.fill.trade_id] += event.fill.quantity
            trade, fill = traded[event.fill.trade_id], event.fill
            is_reached = trade.price <= fill.price
            assert is_reached if fill.side is Side.BUY else trade.price >= fill.price
    assert all(quantity <= traded[number].quantity for number, quantity in given_.items())
