"""Orders against the path and the book: worked examples, one rule each."""

from collections.abc import Callable

import pytest
from tests.exchange.compute.candles import CALM, Candle, open_engine, run

from assay.exchange.compute.engine import Engine
from assay.exchange.types import (
    SCALE,
    AccountPosition,
    Channel,
    ExecutionReport,
    ExecutionType,
    Options,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    PublicTrade,
    Refusal,
    Side,
    TimeInForce,
)

S = "SOLUSDT"
CENT = SCALE // 100


def open_with(
    candles: tuple[Candle, ...] = CALM, options: Options | None = None, **balances: int
) -> Engine:
    engine = open_engine(candles, options)
    held = balances or {"USDT": 10_000_000, "SOL": 100_000}
    for name in ("ann", "bob"):
        engine.open_account(name, {asset: amount * SCALE for asset, amount in held.items()})
    return engine


def ask_for(
    side: str,
    quantity: float,
    price: int | None = None,
    tif: str = "GTC",
    kind: str | None = None,
    client: str = "",
) -> OrderRequest:
    return OrderRequest(
        symbol=S,
        side=Side(side),
        type=OrderType(kind or ("LIMIT" if price else "MARKET")),
        time_in_force=TimeInForce(tif),
        quantity=round(quantity * SCALE),
        price=price,
        client_order_id=client,
    )


def refuse(engine: Engine, request: OrderRequest) -> tuple[int, str]:
    """The code and words of a refusal, by `check` and by `place` alike, with nothing done."""
    before = engine.list_balances("ann")
    with pytest.raises(Refusal) as tried:
        engine.check("ann", request)
    with pytest.raises(Refusal) as refused:
        engine.place("ann", request)
    assert (tried.value.venue_code, str(tried.value)) == (
        refused.value.venue_code,
        str(refused.value),
    )
    assert engine.list_balances("ann") == before
    return refused.value.venue_code, refused.value.message


def get_balance(engine: Engine, asset: str, account: str = "ann") -> tuple[int, int]:
    balance = next(each for each in engine.list_balances(account) if each.asset == asset)
    return balance.free, balance.locked


def test_a_market_order_walks_the_book() -> None:
    engine = open_with()
    asks = engine.get_depth(S, 3).asks
    size = asks[0][1] + asks[1][1] + SCALE // 100
    order = engine.place("ann", ask_for("BUY", size / SCALE)).order
    assert order.status is OrderStatus.FILLED
    assert [(fill.price, fill.quantity) for fill in order.fills] == [
        asks[0],
        asks[1],
        (asks[2][0], SCALE // 100),
    ]
    cost = sum(fill.price * fill.quantity // SCALE for fill in order.fills)
    assert order.executed_quote == cost
    fees = sum(fill.quantity // 1_000 for fill in order.fills)
    assert [fill.commission_asset for fill in order.fills] == ["SOL"] * 3
    assert get_balance(engine, "USDT") == (10_000_000 * SCALE - cost, 0)
    assert get_balance(engine, "SOL") == (100_000 * SCALE + size - fees, 0)
    left = engine.get_depth(S, 1).asks[0]
    assert left == (asks[2][0], asks[2][1] - SCALE // 100)


def test_what_a_taker_took_is_back_when_its_level_is_drawn_anew() -> None:
    engine = open_with(((100.0,) * 4 + (0.0,), (100.01,) * 4 + (5e6,)))
    first = engine.get_depth(S, 1).asks[0]
    engine.place("ann", ask_for("BUY", first[1] / SCALE))
    assert engine.get_depth(S, 1).asks[0][0] > first[0]
    run(engine, 10)
    assert engine.get_depth(S, 1).asks[0][0] == first[0]


def test_a_market_order_by_worth_spends_no_more_than_said() -> None:
    engine = open_with()
    request = OrderRequest(
        symbol=S, side=Side.BUY, type=OrderType.MARKET, quote_quantity=1_234 * SCALE
    )
    order = engine.place("ann", request).order
    assert order.status is OrderStatus.FILLED
    assert order.quantity == order.executed
    step_worth = order.fills[-1].price // 100
    assert 1_234 * SCALE - step_worth < order.executed_quote <= 1_234 * SCALE
    assert order.quote_quantity == 1_234 * SCALE


def test_fees_are_of_what_is_received_and_differ_for_makers() -> None:
    engine = open_with(CALM, Options(maker_fee_ppm=200, taker_fee_ppm=750))
    taker = engine.place("ann", ask_for("SELL", 1)).order.fills[0]
    assert (taker.commission_asset, taker.is_maker) == ("USDT", False)
    assert taker.commission == taker.quote_quantity * 750 // 1_000_000
    engine.place("ann", ask_for("BUY", 3, 9_900 * CENT))
    run(engine, 119)
    maker = engine.list_fills("ann", S)[-1]
    assert (maker.commission_asset, maker.is_maker) == ("SOL", True)
    assert maker.commission == maker.quantity * 200 // 1_000_000


def test_a_limit_order_takes_what_crosses_and_rests_with_the_rest() -> None:
    engine = open_with()
    ask, bid = engine.get_depth(S, 2).asks[0], engine.get_top(S).bid
    outcome = engine.place("ann", ask_for("BUY", ask[1] / SCALE + 2, ask[0]))
    order = outcome.order
    assert (order.status, order.executed) == (OrderStatus.PARTIALLY_FILLED, ask[1])
    assert get_balance(engine, "USDT")[1] == 2 * ask[0]
    top = engine.get_top(S)
    assert (top.bid, top.bid_quantity) == (ask[0], 2 * SCALE)
    assert top.ask > ask[0] > bid
    reports = [event for event in outcome.events if isinstance(event, ExecutionReport)]
    assert [report.execution for report in reports] == [ExecutionType.NEW, ExecutionType.TRADE]
    assert isinstance(outcome.events[-1], AccountPosition)


def test_a_better_price_than_the_limit_frees_the_difference() -> None:
    engine = open_with()
    ask = engine.get_depth(S, 1).asks[0]
    order = engine.place("ann", ask_for("BUY", 0.5, ask[0] + 200 * CENT)).order
    assert order.fills[0].price == ask[0]
    assert get_balance(engine, "USDT") == (10_000_000 * SCALE - ask[0] // 2, 0)


@pytest.mark.parametrize("tif", ["IOC", "FOK"])
def test_what_may_not_rest_expires(tif: str) -> None:
    engine = open_with()
    ask = engine.get_depth(S, 1).asks[0]
    outcome = engine.place("ann", ask_for("BUY", ask[1] / SCALE + 2, ask[0], tif))
    order = outcome.order
    assert order.status is OrderStatus.EXPIRED
    assert order.executed == (ask[1] if tif == "IOC" else 0)
    assert get_balance(engine, "USDT")[1] == 0
    assert engine.list_open_orders("ann") == []
    whole = engine.place("bob", ask_for("BUY", 0.5, ask[0] + 100 * CENT, tif)).order
    assert whole.status is OrderStatus.FILLED


def test_a_maker_order_that_would_take_is_refused() -> None:
    engine = open_with()
    ask = engine.get_top(S).ask
    code = refuse(engine, ask_for("BUY", 1, ask, kind="LIMIT_MAKER"))
    assert code == (-2010, "Order would immediately match and take.")
    assert engine.place("ann", ask_for("BUY", 1, ask - CENT, kind="LIMIT_MAKER")).order.is_open


def rest_and_watch(engine: Engine, side: str, size: float, price: int) -> Order:
    engine.watch(S, Channel.TRADE)
    return engine.place("ann", ask_for(side, size, price)).order


def test_what_stood_at_a_price_before_an_order_is_served_before_it() -> None:
    # A minute that only sells, all at one price: the bid.
    flat: tuple[Candle, ...] = ((100.0,) * 4 + (50_000.0,), (100.01,) * 4 + (5.0,))
    engines = [open_with(flat, Options(seed=seed)) for seed in range(20)]
    engine = next(each for each in engines if each.get_top(S).bid == 10_000 * CENT)
    (bid, ahead), size = engine.get_depth(S, 1).bids[0], 10_000
    rest_and_watch(engine, "BUY", size, bid)
    assert engine.get_depth(S, 1).bids[0] == (bid, ahead + size * SCALE)
    events = run(engine, 59)
    sold = [event.quantity for event in events if isinstance(event, PublicTrade)]
    fills = [event.fill for event in events if isinstance(event, ExecutionReport) and event.fill]
    filled = sum(fill.quantity for fill in fills)
    assert {fill.price for fill in fills} == {bid}
    # Some of those before it may have withdrawn when their level was drawn anew, never before the
    # first trade.
    assert 0 < filled <= sum(sold) - min(sold[0], ahead)
    assert filled >= sum(sold) - ahead


def test_who_takes_the_front_of_a_queue_brings_the_rest_forward() -> None:
    still: tuple[Candle, ...] = ((100.0,) * 4 + (0.0,), (100.01,) * 4 + (5e6,))
    engine = open_with(still)
    bid, ahead = engine.get_depth(S, 1).bids[0]
    engine.place("ann", ask_for("BUY", 5, bid))
    engine.place("bob", ask_for("SELL", ahead / SCALE, bid))
    assert engine.list_fills("ann", S) == []
    engine.place("bob", ask_for("SELL", 2, bid))
    assert [fill.quantity for fill in engine.list_fills("ann", S)] == [2 * SCALE]


def test_synthetic_levels_stay_away_from_a_resting_order() -> None:
    # No trade fills it, and what it took is drawn anew after ten seconds at most.
    still: tuple[Candle, ...] = ((100.0,) * 4 + (0.0,), (100.01,) * 4 + (5e6,))
    for side, sign in (("BUY", 1), ("SELL", -1)):
        engine = open_with(still)
        book = engine.get_depth(S, 10)
        levels = book.asks if sign > 0 else book.bids
        wanted = sum(quantity for _, quantity in levels) / SCALE + 7
        order = engine.place("ann", ask_for(side, wanted, levels[-1][0])).order
        assert order.status is OrderStatus.PARTIALLY_FILLED
        for _ in range(25):
            run(engine, 1)
            top = engine.get_top(S)
            assert (top.bid if sign > 0 else top.ask) == levels[-1][0]
            assert top.bid < top.ask
        engine.cancel_all("ann", S)
        top = engine.get_top(S)
        assert (top.ask if sign > 0 else top.bid) == levels[0][0], "and come back when it goes"


def test_an_order_the_path_trades_through_is_filled_at_its_own_price() -> None:
    engine = open_with()
    order = rest_and_watch(engine, "BUY", 2, 9_900 * CENT)
    events = run(engine, 5 * 60)
    fills = [event.fill for event in events if isinstance(event, ExecutionReport) and event.fill]
    trades = {event.trade_id: event for event in events if isinstance(event, PublicTrade)}
    assert engine.get_order("ann", S, order.order_id).status is OrderStatus.FILLED
    for fill in fills:
        assert (fill.price, fill.is_maker) == (9_900 * CENT, True)
        assert trades[fill.trade_id].price <= fill.price
        assert trades[fill.trade_id].time_ms == fill.time_ms
        assert fill.quantity <= trades[fill.trade_id].quantity
    first = fills[0].trade_id
    before = [trade.price for number, trade in trades.items() if number < first]
    assert min(before) >= 9_900 * CENT


def test_an_order_the_path_never_reaches_stays_open() -> None:
    engine = open_with()
    order = rest_and_watch(engine, "SELL", 2, 10_301 * CENT)
    events = run(engine, 5 * 60)
    assert not any(isinstance(event, ExecutionReport) for event in events)
    assert engine.list_open_orders("ann", S)[0].order_id == order.order_id


def test_earlier_orders_at_a_price_are_filled_first() -> None:
    engine = open_with(CALM, Options(spread=20.0))
    price = engine.get_top(S).ask - CENT
    assert price > engine.get_top(S).bid
    engine.place("ann", ask_for("SELL", 2, price))
    engine.place("bob", ask_for("SELL", 2, price))
    engine.open_account("eve", {"USDT": 10_000 * SCALE})
    outcome = engine.place("eve", ask_for("BUY", 3, price))
    assert outcome.order.status is OrderStatus.FILLED
    assert [engine.list_orders(name, S)[0].executed for name in ("ann", "bob")] == [
        2 * SCALE,
        SCALE,
    ]
    assert {event.account for event in outcome.events} == {"ann", "bob", "eve"}
    ids = [fill.trade_id for fill in outcome.order.fills]
    assert [engine.list_fills(name, S)[0].trade_id for name in ("ann", "bob")] == ids


def test_what_is_locked_comes_back_on_cancelling() -> None:
    engine = open_with()
    order = engine.place("ann", ask_for("SELL", 5, 20_000 * CENT, client="mine")).order
    assert get_balance(engine, "SOL") == (99_995 * SCALE, 5 * SCALE)
    assert engine.get_depth(S, 5_000).asks[-1] == (20_000 * CENT, 5 * SCALE)
    outcome = engine.cancel("ann", S, client_order_id="mine", cancel_id="other")
    assert outcome.order.status is OrderStatus.CANCELED
    report = outcome.events[0]
    assert isinstance(report, ExecutionReport)
    assert (report.execution, report.cancel_id) == (ExecutionType.CANCELED, "other")
    assert get_balance(engine, "SOL") == (100_000 * SCALE, 0)
    assert engine.get_depth(S, 5_000).asks[-1][0] < 20_000 * CENT
    assert engine.get_order("ann", S, order.order_id) == outcome.order


def test_cancelling_all_cancels_one_pair() -> None:
    engine = open_with()
    for price in (5_000, 6_000):
        engine.place("ann", ask_for("BUY", 1, price * CENT))
    assert len(engine.cancel_all("ann", S)) == 2
    assert engine.list_open_orders("ann") == []
    assert [order.status for order in engine.list_orders("ann", S)] == [OrderStatus.CANCELED] * 2
    with pytest.raises(Refusal, match="Unknown order"):
        engine.cancel_all("ann", S)


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        (ask_for("BUY", 1, 10_000 * CENT + 1), -1013, "Filter failure: PRICE_FILTER"),
        (ask_for("BUY", 1, 200_000 * CENT), -1013, "Filter failure: PRICE_FILTER"),
        (ask_for("BUY", 1.0005, 9_000 * CENT), -1013, "Filter failure: LOT_SIZE"),
        (ask_for("BUY", 2e8, 9_000 * CENT), -1013, "Filter failure: LOT_SIZE"),
        (ask_for("BUY", 0.0, 9_000 * CENT), -1013, "Filter failure: LOT_SIZE"),
        (ask_for("BUY", 0.11, 9_000 * CENT), -1013, "Filter failure: NOTIONAL"),
        (ask_for("BUY", 0.09), -1013, "Filter failure: NOTIONAL"),
        (ask_for("BUY", 2e5, 9_000 * CENT), -2010, "insufficient balance"),
        (ask_for("SELL", 100_001), -2010, "insufficient balance"),
        (ask_for("SELL", 1, 20_000 * CENT, client="taken"), -2010, "Duplicate order sent."),
    ],
)
def test_what_the_exchange_refuses(request_: OrderRequest, code: int, words: str) -> None:
    engine = open_with()
    engine.place("bob", ask_for("SELL", 1, 20_000 * CENT, client="taken"))
    engine.place("ann", ask_for("SELL", 1, 20_000 * CENT, client="taken"))
    refused = refuse(engine, request_)
    assert refused[0] == code
    assert words in refused[1]


def test_a_clients_id_is_free_again_once_its_order_is_closed() -> None:
    engine = open_with()
    for _ in range(2):
        order = engine.place("ann", ask_for("SELL", 1, 20_000 * CENT, client="again")).order
        assert engine.get_order("ann", S, client_order_id="again").order_id == order.order_id
        engine.cancel("ann", S, order.order_id)


def test_so_many_open_orders_and_no_more() -> None:
    engine = open_with()
    for _ in range(200):
        engine.place("ann", ask_for("SELL", 1, 20_000 * CENT))
    refused = refuse(engine, ask_for("SELL", 1, 20_000 * CENT))
    assert refused == (-1013, "Filter failure: MAX_NUM_ORDERS")


def test_unknown_things_have_their_codes() -> None:
    engine = open_with()
    asked: dict[int, Callable[[], object]] = {
        -1121: lambda: engine.get_depth("NOPE"),
        -2011: lambda: engine.cancel("ann", S, 99),
        -2013: lambda: engine.get_order("ann", S, 99),
        -2015: lambda: engine.list_balances("nobody"),
    }
    for code, ask in asked.items():
        with pytest.raises(Refusal) as refused:
            ask()
        assert refused.value.venue_code == code


def test_nobody_sees_anothers_orders() -> None:
    engine = open_with()
    order = engine.place("ann", ask_for("SELL", 1, 20_000 * CENT, client="hers")).order
    for ask in (
        lambda: engine.get_order("bob", S, order.order_id),
        lambda: engine.cancel("bob", S, client_order_id="hers"),
    ):
        with pytest.raises(Refusal):
            ask()
    assert engine.list_open_orders("bob") == []
